//! What holds for every type of the codec, tried with a value of each.

use bytes::Bytes;
use loligo_wire::BufferList;
use loligo_wire::samples::{Case, MessageCase, cases, message_cases};
use proptest::prelude::*;
use proptest::sample::Index;

#[test]
fn every_value_comes_back() {
    for case in cases() {
        assert!(case.comes_back, "{case:?}");
        assert!(case.bytes.len() >= case.min_size, "{} has less than its least size", case.type_name);
        assert_eq!((case.rewrite)(&case.bytes, case.features), Ok(case.bytes.clone()), "{}", case.type_name);
    }
    for case in message_cases() {
        assert!(case.comes_back, "{case:?}");
        let again = (case.rewrite)(&case.header, case.payload.clone(), case.features);
        assert_eq!(again, Ok(case.payload.clone()), "{}", case.type_name);
    }
}

/// What has no version and no length, and grew at its end: old writers leave off what newer ones append.
const OPEN_ENDED: [&str; 1] = ["CrushWrapper"];

#[test]
fn no_strict_prefix_is_a_value() {
    for Case { type_name, bytes, rewrite, features, .. } in
        cases().into_iter().filter(|case| !OPEN_ENDED.contains(&case.type_name))
    {
        for cut in 0..bytes.len() {
            assert!(
                rewrite(&bytes.slice(..cut), features).is_err(),
                "{cut} of {} bytes of {type_name}",
                bytes.len()
            );
        }
    }
}

#[test]
fn no_strict_prefix_of_a_front_is_a_message() {
    // Of answers before Jewel, those of today's OSDs have the context of a trace at the end.
    let is_open_ended = |case: &MessageCase| case.type_name == "MOSDOpReply" && case.payload.version < 7;
    for case in message_cases().into_iter().filter(|case| !is_open_ended(case)) {
        let front = &case.payload.front;
        for cut in 0..front.len() {
            let cut_short = case.rewrite_parts(front.slice(..cut), case.payload.data.clone());
            assert!(cut_short.is_err(), "{cut} of {} bytes of {}", front.len(), case.type_name);
        }
    }
}

#[test]
fn ops_do_not_make_up_data_that_are_missing() {
    for case in message_cases().into_iter().filter(|case| case.type_name.starts_with("MOSDOp")) {
        let mut data = case.payload.data.clone();
        if data.is_empty() {
            continue;
        }
        let short = data.split_to(data.len() - 1);
        assert!(case.rewrite_parts(case.payload.front.clone(), short).is_err(), "{}", case.type_name);
    }
}

#[test]
fn a_byte_behind_a_value_is_told() {
    for Case { type_name, bytes, rewrite, features, .. } in cases() {
        let longer: Bytes = [&bytes[..], &[0]].concat().into();
        assert!(rewrite(&longer, features).is_err(), "{type_name}");
    }
}

/// Bytes that were changed here and there.
fn damaged(bytes: &Bytes, damage: &[(Index, u8)], cut: Option<Index>) -> Bytes {
    let mut damaged = bytes.to_vec();
    for (at, byte) in damage.iter().filter(|_| !bytes.is_empty()) {
        if let Some(place) = damaged.get_mut(at.index(bytes.len())) {
            *place = *byte;
        }
    }
    if let Some(cut) = cut.filter(|_| !bytes.is_empty()) {
        damaged.truncate(cut.index(bytes.len()));
    }
    damaged.into()
}

/// Bytes that do harm more often than others.
fn nasty_byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0u8), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()]
}

/// Whatever is read is written in a form that is read and written alike.
fn settles(case: &Case, bytes: &Bytes) {
    if let Ok(written) = (case.rewrite)(bytes, case.features) {
        assert_eq!((case.rewrite)(&written, case.features), Ok(written), "{}", case.type_name);
    }
}

fn message_settles(case: &MessageCase, front: Bytes, data: BufferList) {
    if let Ok(written) = case.rewrite_parts(front, data) {
        let again = case.rewrite_parts(written.front.clone(), written.data.clone());
        assert_eq!(again, Ok(written), "{}", case.type_name);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(nasty_byte(), 0..256)) {
        let bytes = Bytes::from(bytes);
        for case in cases() {
            settles(&case, &bytes);
        }
        for case in message_cases() {
            message_settles(&case, bytes.clone(), BufferList::from(bytes.clone()));
        }
    }

    #[test]
    fn damaged_values_are_a_value_or_an_error(
        damage in proptest::collection::vec((any::<Index>(), nasty_byte()), 1..6),
        cut in any::<Option<Index>>(),
    ) {
        for case in cases() {
            settles(&case, &damaged(&case.bytes, &damage, cut));
        }
        for case in message_cases() {
            message_settles(&case, damaged(&case.payload.front, &damage, cut), case.payload.data.clone());
        }
    }
}
