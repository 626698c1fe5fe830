//! Every value that Ceph itself has encoded is read, printed and written again, byte for byte.
//!
//! The values are those of ceph-object-corpus, below `$CEPH_OBJECT_CORPUS`; where that is not set, this says so and passes.
//! A type that is not read here has its reason in the list `OUT_OF_SCOPE`, a value that is not written as it was has it in
//! [`NOT_IDENTICAL`]; an entry that is not needed fails.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

#[path = "common/corpus.rs"]
mod files;
#[path = "common/out_of_scope.rs"]
mod out_of_scope;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use loligo_wire::dump::{self, Formatter, TypeEntry};
use loligo_wire::{Decoder, Encoder, Features};

use crate::files::{ARCHIVES, Corpus};
use crate::out_of_scope::{OUT_OF_SCOPE, covers, reason};

/// More types than that, and the corpus is the whole of it.
const WHOLE: usize = 500;

/// The releases that made the values, and what they encoded them for.
const RELEASES: [(&str, Features); 5] = [
    ("15.", Features::OCTOPUS),
    ("16.", Features::PACIFIC),
    ("18.", Features::REEF),
    ("19.", Features::SQUID),
    ("20.", Features::TENTACLE),
];

/// What else values of some types were encoded for.
const ALSO: [(&str, Features); 4] = [
    // Some maps are without `CRUSH_MSR`, which decides whether a CRUSH map has the tunables of MSR rules.
    ("19.2.0-404-g78ddc7f9027/OSDMap/", Features::REEF),
    ("20.3.0-4314-g034eb49a9ce/OSDMap/", Features::TENTACLE.without(Features(1 << 38))),
    // Made before monitors knew how keys are made, which came with 20.2.
    ("20.3.0-4314-g034eb49a9ce/MonMap/", Features::SQUID),
    ("20.3.0-4314-g034eb49a9ce/mon_info_t/", Features::SQUID),
];

/// Old names of types that are read under their new ones.
const OLD_NAMES: [(&str, &str); 3] = [
    ("lock_info_t", "rados::cls::lock::lock_info_t"),
    ("locker_id_t", "rados::cls::lock::locker_id_t"),
    ("locker_info_t", "rados::cls::lock::locker_info_t"),
];

/// Bit 31 of the features was MON_SINGLE_PAXOS when this test value was made; since Reef it asks for a newer version.
const BIT_31: &str = "names bit 31 among its features";
/// Up to 18.2.2 the version of an incremental did not depend on SERVER_REEF; these were made while not all OSDs were known to
/// have it, and are of the newer version all the same.
const EARLY_REEF: &str = "is of Reef's version without Reef's feature";

/// The last of a series of releases writes a newer version than the first, and no feature tells them apart.
const LATER_IN_SERIES: &str = "is of the version of its series' first release";

/// A value that others follow, which are not its own.
const MORE_BEHIND: &str = "16.2.0-90-g50f1821b4c/MgrMap::ModuleOption/f97d85482139c3de61f9ec00522b6bd6";

/// Values that cannot be written again as they were, and why; all of a type where there is no name.
const NOT_IDENTICAL: [(&str, &str); 13] = [
    ("15.2.1-40-ga838bb1aae/OSDMap::Incremental/4d3b620746a163d1bd40d8f99613d638", BIT_31),
    ("16.2.0-90-g50f1821b4c/MgrMap/", LATER_IN_SERIES),
    ("18.2.0/MgrMap/", LATER_IN_SERIES),
    ("16.2.0-90-g50f1821b4c/OSDMap::Incremental/d568fb7c9638aff5e3400c08e58eb331", BIT_31),
    ("18.2.0/OSDMap::Incremental/9410c01accfc194cc59e065d4e53edce", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/cbc4d44a66a82c0e63d3f3933fca28ac", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/e75362ee68f2dcea72e6a4549fcfc1d8", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/eea043325876ec7d6032a3d02fb3a31f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/ef0fcfaaffb0f5eaf3866d2e3e72ca6f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f1d516e71403a18b215cd3be145677c9", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f3f9d2cff8bf718d92045ef99a25455f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f92c119eafd656973f58e2042458cade", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f9e91dc218fe6f00679362eeffc26c0f", EARLY_REEF),
];

/// A value of the corpus.
struct Sample {
    id: String,
    features: Vec<Features>,
    bytes: Bytes,
}

/// All values, by type.
fn samples(corpus: &Corpus) -> BTreeMap<String, Vec<Sample>> {
    let mut samples = BTreeMap::<String, Vec<Sample>>::new();
    for version in ARCHIVES {
        let (_, features) = RELEASES.iter().find(|(release, _)| version.starts_with(release)).unwrap();
        for type_name in corpus.types(version) {
            let values = corpus.values(version, &type_name).into_iter();
            let sample = |(id, bytes): (String, Bytes)| {
                let also = ALSO.iter().filter(|(start, _)| id.starts_with(start)).map(|(_, also)| *also);
                Sample { features: std::iter::once(*features).chain(also).collect(), id, bytes }
            };
            samples.entry(type_name).or_default().extend(values.map(sample));
        }
    }
    samples
}

fn entry(type_name: &str) -> Option<TypeEntry> {
    let new_name = OLD_NAMES.iter().find(|(old, _)| *old == type_name).map(|(_, new)| *new);
    dump::find(new_name.unwrap_or(type_name))
}

/// What the value says itself that it was encoded with.
fn own_features(type_name: &str, bytes: &Bytes) -> Option<Features> {
    use loligo_wire::Decode;
    use loligo_wire::osdmap::Incremental;
    (type_name == "OSDMap::Incremental").then(|| Incremental::decode_all(bytes).unwrap().encode_features)
}

/// What is wrong with how a value is read, printed and written, if anything. Gives whether it is identical.
fn check(type_name: &str, entry: &TypeEntry, sample: &Sample) -> Result<bool, String> {
    let mut d = Decoder::of(&sample.bytes);
    let value = (entry.decode)(&mut d).map_err(|error| error.to_string())?;
    let behind = d.left();
    if (sample.id == MORE_BEHIND) != (behind > 0) {
        return Err(format!("{behind} bytes behind the value"));
    }
    let printed = Formatter::new().dump(&*value);
    serde_json::from_str::<serde_json::Value>(&printed).map_err(|error| format!("printed as {error}"))?;

    let own = own_features(type_name, &sample.bytes);
    let features = own.as_ref().map_or(&sample.features[..], std::slice::from_ref);
    let write = |features: &Features| {
        let mut e = Encoder::new(*features);
        value.encode(&mut e);
        e.finish()
    };
    let written: Vec<Bytes> = features.iter().map(write).collect();
    for bytes in &written {
        let again =
            (entry.decode)(&mut Decoder::of(bytes)).map_err(|error| format!("reads not again: {error}"))?;
        if Formatter::new().dump(&*again) != printed {
            return Err("reads again as another value".into());
        }
    }
    let own = sample.bytes.get(..sample.bytes.len() - behind);
    Ok(written.iter().any(|written| own == Some(written)))
}

#[test]
fn every_type_is_read_or_has_a_reason_not_to_be() {
    let Some(corpus) = Corpus::find("values made by Ceph") else { return };
    let found: BTreeSet<String> = samples(&corpus).into_keys().collect();
    let read = |name: &&String| entry(name).is_some();
    let unknown: Vec<_> = found.iter().filter(|name| !read(name) && reason(name).is_none()).collect();
    assert!(unknown.is_empty(), "neither read nor out of scope: {unknown:?}");
    let both: Vec<_> = found.iter().filter(|name| read(name) && reason(name).is_some()).collect();
    assert!(both.is_empty(), "out of scope and read all the same: {both:?}");
    // A part of the corpus does not have all types.
    let is_whole = found.len() > WHOLE;
    let names = OUT_OF_SCOPE.iter().flat_map(|(_, names)| *names);
    let needless: Vec<_> =
        names.filter(|name| is_whole && !found.iter().any(|found| covers(name, found))).collect();
    assert!(needless.is_empty(), "out of scope, but not in the corpus: {needless:?}");
}

#[test]
fn every_value_is_read_and_printed_and_written_as_it_was() {
    let Some(corpus) = Corpus::find("values made by Ceph") else { return };
    let (mut troubles, mut seen) = (Vec::new(), 0);
    for (type_name, samples) in samples(&corpus) {
        let Some(entry) = entry(&type_name) else { continue };
        for sample in samples {
            seen += 1;
            let reason =
                NOT_IDENTICAL.iter().find(|(id, _)| sample.id.starts_with(id)).map(|(_, reason)| *reason);
            match (check(&type_name, &entry, &sample), reason) {
                (Ok(true), None) | (Ok(false), Some(_)) => {}
                (Ok(true), Some(_)) => {
                    troubles.push(format!("{}: is written as it was after all", sample.id))
                }
                (Ok(false), None) => troubles.push(format!("{}: is written otherwise", sample.id)),
                (Err(error), _) => troubles.push(format!("{}: {error}", sample.id)),
            }
        }
    }
    assert!(troubles.is_empty(), "{} troubles\n{}", troubles.len(), troubles.join("\n"));
    assert!(seen > 0, "no values of {ARCHIVES:?}");
}
