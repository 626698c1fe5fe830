//! The table of types and versions, `VERSIONS.md`, says what the code does.
//!
//! `LOLIGO_WRITE_VERSIONS=1 cargo test -p loligo-wire --test versions` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use loligo_wire::samples::{Case, MessageCase, cases, message_cases};
use loligo_wire::{DecodeError, Features};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/VERSIONS.md");

const HEAD: &str = "\
# Types and versions

Which versions of each type are read, and which version is written for a peer of each release from Nautilus to Tentacle,
with the oldest reader's version behind a stroke. `tests/versions.rs` derives these tables from what the code does, and
fails where the two differ.

What a newer writer appends is skipped, as long as it lets readers of the version that is known here read it. Older versions
than those of Nautilus are read where that cost nothing.

";

/// Whether the bytes are a versioned struct: its length is that of all that follows.
fn is_versioned(bytes: &[u8]) -> bool {
    let length = bytes.get(2..6).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|length| length as usize + 6 == bytes.len())
}

/// The versioned structs of a value: itself, or the parts of a map of OSDs, with where each starts.
fn parts(type_name: &str, bytes: &[u8]) -> Vec<(String, usize)> {
    const HEAD: usize = 6;
    if !type_name.starts_with("OSDMap") {
        return vec![(type_name.to_owned(), 0)];
    }
    let length =
        bytes.get(HEAD + 2..HEAD + 6).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
    let behind = 2 * HEAD + length as usize;
    vec![
        (type_name.to_owned(), 0),
        (format!("{type_name}, client part"), HEAD),
        (format!("{type_name}, OSD part"), behind),
    ]
}

fn head_at(bytes: &[u8], start: usize) -> String {
    match bytes.get(start..start + 2) {
        Some([version, compat]) => format!("{version}/{compat}"),
        _ => "?".into(),
    }
}

/// The oldest and the newest version that are read, found out by asking for others.
fn read_range(case: &Case, start: usize) -> (u16, u16) {
    let read = |version, compat| {
        let mut bytes = case.bytes.to_vec();
        bytes.splice(start..start + 2, [version, compat]);
        (case.read)(&bytes.into())
    };
    let newest = match read(u8::MAX, u8::MAX) {
        Err(DecodeError::Incompatible { known, .. }) => known,
        // The greatest is not refused.
        _ => u8::MAX,
    };
    let too_old = |version: &u8| matches!(read(*version, 1), Err(DecodeError::TooOld { .. }));
    let oldest = (1..=newest).find(|version| !too_old(version)).unwrap_or(newest);
    (oldest.into(), newest.into())
}

fn message_read_range(case: &MessageCase) -> (u16, u16) {
    let read = |version, compat_version| {
        let mut header = case.header;
        (header.version, header.compat_version) = (version, compat_version);
        (case.read)(&header, case.payload.clone())
    };
    let newest = match read(u16::MAX, u16::MAX) {
        Err(DecodeError::Incompatible { known, .. }) => known.into(),
        _ => u16::MAX,
    };
    let oldest = (1..=newest).find(|version| !matches!(read(*version, 1), Err(DecodeError::TooOld { .. })));
    (oldest.unwrap_or(newest), newest)
}

/// A row: what is read, and what is written from which release on.
fn row(name: &str, (oldest, newest): (u16, u16), written: &[String]) -> String {
    let mut row = format!("| `{name}` | ");
    row += &if oldest == newest { newest.to_string() } else { format!("{oldest} to {newest}") };
    row += " | ";
    let mut last = None;
    for ((release, _), version) in Features::RELEASES.iter().zip(written) {
        match last.replace(version) {
            None => row += version,
            Some(before) if before == version => {}
            Some(_) => _ = write!(row, ", {version} since {release}"),
        }
    }
    row + " |\n"
}

const HEAD_OF_TABLE: &str = "| name | read | written |\n|---|---|---|\n";

fn table_of_types() -> String {
    let mut by_name = BTreeMap::<&str, Case>::new();
    for case in cases().into_iter().filter(|case| is_versioned(&case.bytes)) {
        // The value that asks for most: some have fields that an older version leaves out where they are not needed.
        let newest =
            |case: &Case| (case.rewrite)(&case.bytes, Features::TENTACLE).map(|bytes| bytes.first().copied());
        if by_name.get(case.type_name).is_none_or(|known| newest(known).ok() < newest(&case).ok()) {
            by_name.insert(case.type_name, case);
        }
    }
    let mut table = HEAD_OF_TABLE.to_owned();
    for (name, case) in by_name {
        let write = |features| (case.rewrite)(&case.bytes, features).unwrap_or_default();
        let written = Features::RELEASES.map(|(_, features)| write(features));
        for (at, (part, start)) in parts(name, &case.bytes).into_iter().enumerate() {
            let versions = written.each_ref().map(|bytes| {
                let parts = parts(name, bytes);
                parts.get(at).map_or_else(String::new, |(_, start)| head_at(bytes, *start))
            });
            table += &row(&part, read_range(&case, start), &versions);
        }
    }
    table
}

fn table_of_messages() -> String {
    let mut by_name = BTreeMap::<&str, MessageCase>::new();
    for case in message_cases() {
        by_name.entry(case.type_name).or_insert(case);
    }
    let mut table = HEAD_OF_TABLE.to_owned();
    for (name, case) in by_name {
        let written = Features::RELEASES.map(|(_, features)| {
            let payload = (case.rewrite)(&case.header, case.payload.clone(), features);
            payload.map_or_else(|error| error.to_string(), |p| format!("{}/{}", p.version, p.compat_version))
        });
        table += &row(name, message_read_range(&case), &written);
    }
    table
}

/// What has no version, or one without an oldest reader's version.
fn plain_types() -> String {
    let all = cases();
    let versioned = |name| all.iter().any(|case| case.type_name == name && is_versioned(&case.bytes));
    let mut names: Vec<_> = all.iter().map(|case| case.type_name).filter(|name| !versioned(*name)).collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[test]
fn the_table_says_what_the_code_does() {
    let text = format!(
        "{HEAD}## Messages\n\n{}\n## Types\n\n{}\n## Types without such versions\n\n{}\n",
        table_of_messages(),
        table_of_types(),
        plain_types()
    );
    if std::env::var_os("LOLIGO_WRITE_VERSIONS").is_some() {
        assert!(std::fs::write(PATH, &text).is_ok());
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    for (number, (is, should)) in written.lines().zip(text.lines()).enumerate() {
        assert_eq!(is, should, "line {} of VERSIONS.md", number + 1);
    }
    assert_eq!(written.len(), text.len());
}
