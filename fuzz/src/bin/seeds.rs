//! Writes what the fuzzer starts from: `seeds OUT`. Samples of every type, the maps of `tests/golden`, and the values of
//! Ceph's corpus where `$CEPH_OBJECT_CORPUS` has them.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use loligo_fuzz::{CLIENT, Frame, MIDDLE, Parts, SERVER, map_and_change};
use loligo_msgr_proto::compression::Compressor;
use loligo_wire::dump::types;
use loligo_wire::msgr1::{Footer, Item, MessageFooter, MessageHeader};
use loligo_wire::samples::{cases, message_cases};
use loligo_wire::{Encode, Features};

/// Files that are larger slow the fuzzer down.
const SIZE_MAX: usize = 64 << 10;
/// Values of one type from one archive of the corpus.
const VALUES_MAX: usize = 20;

/// Texts of every kind that is read.
const TEXTS: &[&str] = &[
    "[client.admin]\n\tkey = AQD/////AAAAABAAAAAAAAAAAAAAAAAAAAAAAA==\n\tcaps mon = \"allow *\"\n",
    "[global]\nfsid = 0609a4ec-d851-4621-92dd-0486c80af6af\nmon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]\n; note\n",
    "[client]\nkeyring = /etc/ceph/$cluster.$name.keyring\nlog file = /var/log/$type.$id.log # note\n",
    "[v2:192.0.2.1:3300/0,v1:192.0.2.1:6789/0],192.0.2.2 [2001:db8::1]:6789",
    "v1:192.0.2.1:6789/123",
    "client.4123",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::args_os().nth(1).ok_or("say where to: seeds OUT")?);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    for text in TEXTS {
        put(&out, "texts", text.as_bytes())?;
    }
    for (which, case) in (0_u16..).zip(cases()) {
        put_type(&out, case.type_name, &case.bytes)?;
        put(&out, "samples", &[&which.to_le_bytes(), case.bytes.as_ref()].concat())?;
    }
    for (which, case) in (0..).zip(message_cases()) {
        let data = case.payload.data.to_contiguous();
        let parts = Parts { which, version: case.payload.version, front: &case.payload.front, data: &data };
        put(&out, "messages", &parts.to_bytes())?;
    }
    streams(&out)?;
    compressed(&out)?;
    for release in fs::read_dir(golden)? {
        maps(&out, &release?.path())?;
    }
    match std::env::var_os("CEPH_OBJECT_CORPUS") {
        Some(corpus) => values(&out, Path::new(&corpus))?,
        None => eprintln!("CEPH_OBJECT_CORPUS is not set: no values of Ceph's corpus among the seeds"),
    }
    Ok(())
}

/// Connections of Ceph's own programs, which tests of `loligo-wire` read too; and each message of the samples in the middle of one.
fn streams(out: &Path) -> Result<(), Box<dyn Error>> {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wire/testdata/pacific");
    for name in ["mon", "watch", "import"] {
        for (which, side) in [(CLIENT, "client"), (SERVER, "server")] {
            let bytes = fs::read(recorded.join(format!("stream-{name}-{side}")))?;
            let start = bytes.get(..SIZE_MAX - 1).unwrap_or(&bytes);
            put(out, "streams", &[&[which], start].concat())?;
        }
    }
    for case in message_cases() {
        let (header, payload) = (case.header, case.payload);
        let length = |bytes: usize| u32::try_from(bytes);
        let header = MessageHeader {
            version: payload.version,
            compat_version: payload.compat_version,
            front_len: length(payload.front.len())?,
            data_len: length(payload.data.len())?,
            ..header
        };
        let message = Item::Message(Box::new((header, payload, Footer::New(MessageFooter::default()))));
        put(out, "streams", &[&[MIDDLE], message.to_bytes(Features::NONE).as_ref()].concat())?;
    }
    Ok(())
}

/// Texts and zeros with each algorithm, by themselves and as the segments of frames.
fn compressed(out: &Path) -> Result<(), Box<dyn Error>> {
    for (which, compressor) in (0..).zip(Compressor::ALL) {
        let of = |plain: &[u8]| compressor.compress(plain).unwrap_or_default();
        let plains =
            TEXTS.iter().map(|text| text.as_bytes().to_vec()).chain([vec![0; 5_000], vec![7; 200_000]]);
        for plain in plains {
            let bytes = of(&plain);
            put(out, "compressed", &[&[which], &bytes[..]].concat())?;
            let length = u16::try_from(bytes.len())?;
            for kind in 0..3 {
                let all = [&bytes[..], &bytes, &bytes].concat();
                let frame = Frame { which, kind, front_len: length, middle_len: length, bytes: &all };
                put(out, "frames", &frame.to_bytes())?;
            }
        }
    }
    Ok(())
}

/// The maps of one release.
fn maps(out: &Path, dir: &Path) -> Result<(), Box<dyn Error>> {
    let crush = fs::read(dir.join("crush/map"))?;
    put(out, "crush", &[&[0], crush.as_slice()].concat())?;
    put_type(out, "CrushWrapper", &crush)?;
    for epoch in (1..).step_by(10) {
        let Ok(map) = fs::read(dir.join(format!("osdmap/full_{epoch}"))) else { break };
        put_type(out, "OSDMap", &map)?;
        if let Ok(change) = fs::read(dir.join(format!("osdmap/inc_{}", epoch + 1))) {
            put_type(out, "OSDMap::Incremental", &change)?;
            put(out, "incrementals", &map_and_change(&map, &change))?;
        }
    }
    Ok(())
}

/// `CORPUS/ARCHIVE/TYPE/HASH`, or `CORPUS/archive/VERSION/objects/TYPE/HASH`, as Ceph keeps it.
fn values(out: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let inside = corpus.join("archive");
    let archives = if inside.is_dir() { inside } else { corpus.to_path_buf() };
    for archive in fs::read_dir(archives)? {
        let archive = archive?.path();
        let objects = archive.join("objects");
        let root = if objects.is_dir() { objects } else { archive };
        if !root.is_dir() {
            continue;
        }
        for entry in types() {
            let Ok(files) = fs::read_dir(root.join(entry.name)) else { continue };
            for file in files.take(VALUES_MAX) {
                put_type(out, entry.name, &fs::read(file?.path())?)?;
            }
        }
    }
    Ok(())
}

fn put_type(out: &Path, name: &str, value: &[u8]) -> Result<(), Box<dyn Error>> {
    let Some(which) = types().iter().position(|entry| entry.name == name) else { return Ok(()) };
    put(out, "types", &[&[u8::try_from(which)?], value].concat())
}

fn put(out: &Path, target: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    if bytes.len() > SIZE_MAX {
        return Ok(());
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let dir = out.join(target);
    fs::create_dir_all(&dir)?;
    Ok(fs::write(dir.join(format!("{:016x}", hasher.finish())), bytes)?)
}
