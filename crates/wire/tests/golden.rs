//! Messages between Ceph's own clients and daemons, heard on the wire, read and written again.
//!
//! Each line of the files is one message: `client` or `server` for who sent it, the type, the version, the oldest
//! reader's version, the front and the data, both in hexadecimal, `-` for none.

use bytes::Bytes;
use loligo_wire::message::{Payload, msg_type};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::samples::message_cases;
use loligo_wire::{BufferList, Features};

/// `rados` and `ceph` of 16.2.15 against a cluster of the same release, over messenger v1 with cephx.
const PACIFIC: &str = include_str!("golden/messages-16.2.15.txt");

/// What both ends of those connections had.
const PACIFIC_FEATURES: Features = Features(0x3f01_cfbd_fffd_ffff);

fn hex(text: &str) -> Option<Bytes> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().map(Bytes::from)
}

fn parse(line: &str) -> Option<(MessageHeader, Payload)> {
    let [_sender, message_type, version, compat_version, front, data] =
        line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let header = MessageHeader {
        message_type: message_type.parse().ok()?,
        version: version.parse().ok()?,
        compat_version: compat_version.parse().ok()?,
        ..MessageHeader::default()
    };
    let data = BufferList::from(hex(data)?);
    Some((header, Payload::received(&header, hex(front)?, Bytes::new(), data)))
}

#[test]
fn messages_heard_on_the_wire_are_read_and_written_as_they_were() {
    let cases = message_cases();
    let mut troubles = Vec::new();
    for (number, line) in PACIFIC.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let Some((header, payload)) = parse(line) else {
            troubles.push(format!("line {}: not in the format of the file", number + 1));
            continue;
        };
        let name = msg_type::name(header.message_type);
        let Some(case) = cases.iter().find(|case| case.header.message_type == header.message_type) else {
            troubles.push(format!("line {}: no sample of {name:?}", number + 1));
            continue;
        };
        match (case.rewrite)(&header, payload.clone(), PACIFIC_FEATURES) {
            Ok(written) if written == payload => {}
            Ok(written) => {
                let pairs = written.front.iter().zip(&payload.front);
                let at = pairs.clone().position(|(written, heard)| written != heard).unwrap_or(pairs.len());
                troubles.push(format!(
                    "line {}: {name:?} differs in byte {at} of the front, or behind it",
                    number + 1
                ));
            }
            Err(error) => troubles.push(format!("line {}: {name:?}: {error}", number + 1)),
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}
