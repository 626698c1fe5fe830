//! Every type of messages: what decodes can be shown and written, and what was written says the same.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use loligo_fuzz::Parts;
use loligo_wire::Features;
use loligo_wire::dump::find_message;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::samples::{MessageCase, message_cases};

static CASES: LazyLock<Vec<MessageCase>> = LazyLock::new(message_cases);

fuzz_target!(|data: &[u8]| {
    let Some(Parts { which, version, front, data }) = Parts::of(data) else { return };
    let case = &CASES[usize::from(which) % CASES.len()];
    let header = MessageHeader { version, compat_version: 0, ..case.header };
    let (front, data) = (Bytes::copy_from_slice(front), Bytes::copy_from_slice(data));
    let payload = Payload::received(&header, front, Bytes::new(), data.into());
    if let Some(entry) = find_message(header.message_type) {
        let _ = (entry.summary)(&header, payload.clone());
    }
    for (_, features) in Features::RELEASES {
        let Ok(written) = (case.rewrite)(&header, payload.clone(), features) else { return };
        let header =
            MessageHeader { version: written.version, compat_version: written.compat_version, ..header };
        let again = (case.rewrite)(&header, written.clone(), features).expect("what was written can be read");
        assert_eq!(again, written, "{}", case.type_name);
    }
});
