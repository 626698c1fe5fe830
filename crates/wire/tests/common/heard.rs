//! Messages between Ceph's own clients and daemons, heard on the wire.
//!
//! Each line of the files is one message: `client` or `server` for who sent it, the type, the version, the oldest
//! reader's version, the front and the data, both in hexadecimal, `-` for none.

use bytes::Bytes;
use loligo_wire::message::Payload;
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::{BufferList, Features};

/// `rados`, `ceph` and daemons of a release over messenger v1 with cephx, and the features of both ends.
pub(crate) const RELEASES: [(&str, Features, &str); 4] = [
    ("14.2.21", Features(0x3ffd_dff8_ffec_ffff), include_str!("../golden/messages-14.2.21.txt")),
    ("16.2.15", Features(0x3f01_cfbd_fffd_ffff), include_str!("../golden/messages-16.2.15.txt")),
    ("18.2.7", Features(0x3f01_cfbf_fffd_ffff), include_str!("../golden/messages-18.2.7.txt")),
    ("20.2.4", Features(0x3f07_ffff_fffd_ffff), include_str!("../golden/messages-20.2.4.txt")),
];

fn hex(text: &str) -> Option<Bytes> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().map(Bytes::from)
}

/// The message of a line.
pub(crate) fn parse(line: &str) -> Option<(MessageHeader, Payload)> {
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
