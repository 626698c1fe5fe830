//! Bytes between the two ends of a pair, as somebody else writes them or changes them.

use loligo_wire::crc32c;
use loligo_wire::msgr2::{ControlFrame, Preamble, Tag};

use super::Pair;

/// The client reads these bytes.
pub(crate) fn feed_client(pair: &mut Pair, bytes: impl AsRef<[u8]>) {
    pair.client.inbound.extend(bytes.as_ref());
    while pair.client.read(pair.now, usize::MAX) {}
}

/// The server reads these bytes.
pub(crate) fn feed_server(pair: &mut Pair, bytes: impl AsRef<[u8]>) {
    pair.server.inbound.extend(bytes.as_ref());
    while pair.server.read(pair.now, usize::MAX) {}
}

/// A frame of messenger v2 with one segment, in crc mode.
pub(crate) fn frame(tag: Tag, segment: &[u8]) -> Vec<u8> {
    let length = u32::try_from(segment.len()).unwrap();
    let mut bytes = Preamble::new(tag, [length, 0, 0, 0]).to_array().to_vec();
    bytes.extend_from_slice(segment);
    if !segment.is_empty() {
        bytes.extend_from_slice(&crc32c(u32::MAX, segment).to_le_bytes());
    }
    bytes
}

/// The same, of what it says.
pub(crate) fn control<F: ControlFrame>(control: &F) -> Vec<u8> {
    frame(F::TAG, &control.to_segment())
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// Runs a pair while somebody between them sees all bytes, at which place of their way they are, and may change them.
pub(crate) fn through(pair: &mut Pair, mut between: impl FnMut(Way, usize, &mut Vec<u8>)) {
    let mut passed = [0, 0];
    loop {
        let mut out = pair.client.write(pair.now, usize::MAX);
        let mut back = pair.server.write(pair.now, usize::MAX);
        if out.is_empty() && back.is_empty() {
            return;
        }
        for (way, at, bytes) in [(Way::ToServer, 0, &mut out), (Way::ToClient, 1, &mut back)] {
            let length = bytes.len();
            between(way, passed[at], bytes);
            passed[at] += length;
        }
        feed_server(pair, out);
        feed_client(pair, back);
    }
}
