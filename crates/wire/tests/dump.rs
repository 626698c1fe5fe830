//! Values are printed as Ceph prints them.

use std::collections::BTreeSet;

use bytes::Bytes;
use loligo_wire::dump::{self, Formatter, TypeEntry};
use loligo_wire::samples::cases;
use loligo_wire::{DecodeError, Decoder};
use proptest::prelude::*;
use proptest::sample::Index;

/// What the value that is encoded there is printed as.
fn print(entry: &TypeEntry, bytes: &Bytes, formatter: Formatter) -> Result<String, DecodeError> {
    (entry.decode)(&mut Decoder::of(bytes)).map(|value| formatter.dump(&*value))
}

#[test]
fn an_osd_map_is_printed_as_osdmaptool_prints_it() {
    let map = Bytes::from_static(include_bytes!("../testdata/pacific/osdmap-93"));
    let wanted = include_str!("../testdata/pacific/osdmap-93.json");
    let printed = print(dump::find("OSDMap").unwrap(), &map, Formatter::pretty()).unwrap();
    for (number, (printed, wanted)) in printed.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(printed, wanted, "line {}", number + 1);
    }
    assert_eq!(printed.lines().count(), wanted.lines().count());
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
            let printed = print(entry, &case.bytes, formatter).unwrap();
            let read = serde_json::from_str::<serde_json::Value>(&printed);
            assert!(read.is_ok_and(|value| value.is_object()), "{}: {printed}", case.type_name);
        }
    }
}

#[test]
fn no_secret_is_printed() {
    for case in cases() {
        let Some(entry) = dump::find(case.type_name) else { continue };
        let printed = print(entry, &case.bytes, Formatter::new()).unwrap();
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
            if let Ok(printed) = print(entry, &bytes.into(), Formatter::new()) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&printed).is_ok(), "{printed}");
            }
        }
    }
}
