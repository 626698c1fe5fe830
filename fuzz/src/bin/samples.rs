//! Every type that has a sample, those without a name in `ceph-dencoder` included, such as what goes with ops and the frames of
//! messenger v2: what decodes can be written, and what was written says the same.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use loligo_wire::Features;
use loligo_wire::samples::{Case, cases};

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first_chunk::<2>() else { return };
    let case = &CASES[usize::from(u16::from_le_bytes(*which)) % CASES.len()];
    let Ok(written) = (case.rewrite)(&Bytes::copy_from_slice(bytes), case.features) else { return };
    let again = (case.rewrite)(&written, case.features).expect("what was written can be read");
    if case.features.has(Features::MSG_ADDR2) {
        assert_eq!(again, written, "{}", case.type_name);
    } else {
        // In the form of old, an address of an unknown family is written, and read as none; so does Ceph.
        assert_eq!((case.rewrite)(&again, case.features), Ok(again), "{}", case.type_name);
    }
});
