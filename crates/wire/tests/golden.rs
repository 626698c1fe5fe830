//! Messages between Ceph's own clients and daemons, heard on the wire, read and written again.
//!
//! Each line of the files is one message: `client` or `server` for who sent it, the type, the version, the oldest
//! reader's version, the front and the data, both in hexadecimal, `-` for none.

use bytes::Bytes;
use loligo_wire::message::{Payload, msg_type};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::samples::{MessageCase, message_cases};
use loligo_wire::{BufferList, Features};

/// `rados`, `ceph` and daemons of a release over messenger v1 with cephx, and the features of both ends.
const RELEASES: [(&str, Features, &str); 4] = [
    ("14.2.21", Features(0x3ffd_dff8_ffec_ffff), include_str!("golden/messages-14.2.21.txt")),
    ("16.2.15", Features(0x3f01_cfbd_fffd_ffff), include_str!("golden/messages-16.2.15.txt")),
    ("18.2.7", Features(0x3f01_cfbf_fffd_ffff), include_str!("golden/messages-18.2.7.txt")),
    ("20.2.4", Features(0x3f07_ffff_fffd_ffff), include_str!("golden/messages-20.2.4.txt")),
];

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

/// What is wrong with how the message of a line is read and written, if anything.
fn trouble(cases: &[MessageCase], features: Features, line: &str) -> Option<String> {
    let Some((header, payload)) = parse(line) else { return Some("not in the format of the file".into()) };
    let name = msg_type::name(header.message_type);
    let Some(case) = cases.iter().find(|case| case.header.message_type == header.message_type) else {
        return Some(format!("no sample of {name:?}"));
    };
    match (case.rewrite)(&header, payload.clone(), features) {
        Ok(written) if written == payload => None,
        Ok(written) => {
            let pairs = written.front.iter().zip(&payload.front);
            let at = pairs.clone().position(|(written, heard)| written != heard).unwrap_or(pairs.len());
            Some(format!("{name:?} differs in byte {at} of the front, or behind it"))
        }
        Err(error) => Some(format!("{name:?}: {error}")),
    }
}

#[test]
fn messages_heard_on_the_wire_are_read_and_written_as_they_were() {
    let cases = message_cases();
    let mut troubles = Vec::new();
    for (release, features, lines) in RELEASES {
        for (number, line) in (1..).zip(lines.lines()).filter(|(_, line)| !line.starts_with('#')) {
            let trouble = trouble(&cases, features, line);
            troubles.extend(trouble.map(|what| format!("{release}, line {number}: {what}")));
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}
