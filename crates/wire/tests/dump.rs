//! Values are printed as Ceph prints them.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

use std::collections::BTreeSet;

use bytes::Bytes;
use loligo_wire::dump::{self, Formatter, TypeEntry};
use loligo_wire::samples::{cases, message_cases};
use loligo_wire::{DecodeError, Decoder};
use proptest::prelude::*;
use proptest::sample::Index;

/// What the value that is encoded there is printed as.
fn print(entry: &TypeEntry, bytes: &Bytes, formatter: Formatter) -> Result<String, DecodeError> {
    (entry.decode)(&mut Decoder::of(bytes)).map(|value| formatter.dump(&*value))
}

fn is_printed_as(type_name: &str, value: &'static [u8], wanted: &str) {
    let printed = print(&dump::find(type_name).unwrap(), &value.into(), Formatter::pretty()).unwrap();
    for (number, (printed, wanted)) in (1..).zip(printed.lines().zip(wanted.lines())) {
        assert_eq!(printed, wanted, "line {number} of a {type_name}");
    }
    assert_eq!(printed.lines().count(), wanted.lines().count());
}

#[test]
fn maps_are_printed_as_ceph_prints_them() {
    let map = include_bytes!("../testdata/pacific/osdmap-93");
    is_printed_as("OSDMap", map, include_str!("../testdata/pacific/osdmap-93.json"));
    let map = include_bytes!("../testdata/reef/monmap");
    is_printed_as("MonMap", map, include_str!("../testdata/reef/monmap.json"));
    let map = include_bytes!("../testdata/tentacle/monmap-located");
    is_printed_as("MonMap", map, include_str!("../testdata/tentacle/monmap-located.json"));
    let map = include_bytes!("../testdata/tentacle/crush");
    is_printed_as("CrushWrapper", map, include_str!("../testdata/tentacle/crush.json"));
}

#[test]
fn messages_in_files_are_printed_in_a_line_and_written_as_they_were() {
    for case in message_cases() {
        let entry = dump::find(case.type_name).unwrap();
        let file = case.to_file();
        let mut d = Decoder::of(&file);
        let message = (entry.decode)(&mut d).unwrap();
        assert_eq!((d.left(), message.to_bytes(case.features)), (0, file.clone()), "{}", case.type_name);
        let printed: serde_json::Value = serde_json::from_str(&Formatter::new().dump(&*message)).unwrap();
        assert!(printed["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{printed}");
        for cut in 0..file.len() {
            assert!((entry.decode)(&mut Decoder::of(&file.slice(..cut))).is_err(), "{}", case.type_name);
        }
    }
}

#[test]
fn every_type_that_is_printed_has_a_sample() {
    let samples: BTreeSet<&str> = cases().iter().map(|case| case.type_name).collect();
    let without: Vec<_> = dump::types().iter().filter(|entry| !samples.contains(entry.name)).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn every_sample_is_printed_as_json() {
    for case in cases() {
        let Some(entry) = dump::find(case.type_name) else { continue };
        for formatter in [Formatter::new(), Formatter::pretty()] {
            let printed = print(&entry, &case.bytes, formatter).unwrap();
            let read = serde_json::from_str::<serde_json::Value>(&printed);
            assert!(read.is_ok_and(|value| value.is_object()), "{}: {printed}", case.type_name);
        }
    }
}

#[test]
fn no_secret_is_printed() {
    for case in cases() {
        let Some(entry) = dump::find(case.type_name) else { continue };
        let printed = print(&entry, &case.bytes, Formatter::new()).unwrap();
        // The samples' secrets repeat these bytes.
        for secret in ["\\u0007\\u0007", "\\u0001\\u0001", "BwcH", "AQEB"] {
            assert!(!printed.contains(secret), "{}: {printed}", case.type_name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Whatever is read can be printed.
    #[test]
    fn damaged_values_are_printed_or_refused(
        damage in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        for case in cases() {
            let Some(entry) = dump::find(case.type_name) else { continue };
            let mut bytes = case.bytes.to_vec();
            for (at, byte) in damage.iter().filter(|_| !case.bytes.is_empty()) {
                bytes[at.index(case.bytes.len())] = *byte;
            }
            if let Ok(printed) = print(&entry, &bytes.into(), Formatter::new()) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&printed).is_ok(), "{printed}");
            }
        }
    }
}
