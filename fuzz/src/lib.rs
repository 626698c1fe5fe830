//! What the targets and the maker of their seeds have in common.

use loligo_msgr_proto::compression::Compressor;
use loligo_wire::msgr1::{Side, StreamReader};
use loligo_wire::msgr2::{CrcEpilogue, LateStatus, MessageHeader2, Preamble, Tag};
use loligo_wire::{Features, crc32c};

/// How the bytes of the target `messages` are made up: which type, its version, how long the front is, the front, the data.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Which of the samples' messages.
    pub which: u8,
    /// The version in the header.
    pub version: u16,
    /// The fields.
    pub front: &'a [u8],
    /// Bulk data.
    pub data: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Takes them apart.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<6>()?;
        let [which, version, front @ ..] = head;
        let at = (u32::from_le_bytes(*front) as usize).min(rest.len());
        let (front, data) = rest.split_at(at);
        Some(Self { which: *which, version: u16::from(*version), front, data })
    }

    /// Puts them together.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { which, version, front, data } = self;
        let length = u32::try_from(front.len()).unwrap_or(u32::MAX);
        let head = [which, u8::try_from(version).unwrap_or(u8::MAX)];
        [&head, length.to_le_bytes().as_slice(), front, data].concat()
    }
}

/// How the bytes of the target `incrementals` are made up: how long the map is, the map, the change.
#[must_use]
pub fn map_and_change(map: &[u8], change: &[u8]) -> Vec<u8> {
    let length = u32::try_from(map.len()).unwrap_or(u32::MAX);
    [length.to_le_bytes().as_slice(), map, change].concat()
}

/// How the first byte of the target `streams` is read: whose bytes follow, or that they are from the middle of a connection of
/// peers that sign.
pub const CLIENT: u8 = 0;
/// The bytes of who accepted.
pub const SERVER: u8 = 1;
/// From the middle.
pub const MIDDLE: u8 = 2;

/// The reader that the first byte asks for.
#[must_use]
pub const fn reader(which: u8) -> StreamReader {
    match which {
        CLIENT => StreamReader::new(Side::Client),
        SERVER => StreamReader::new(Side::Server),
        _ => StreamReader::open(Features::MSG_AUTH),
    }
}

/// How much may come out of each segment in the target `frames`.
pub const COMPRESSED_LIMIT: u32 = 1 << 20;

/// How the bytes of the target `frames` are made up: with which algorithm, whether it is a message whose header is as it should be
/// (or one with any header, or an acknowledgement), how long its front and its middle are, and all that in one.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Which of the algorithms.
    pub which: u8,
    /// What it is.
    pub kind: u8,
    /// How long the front is.
    pub front_len: u16,
    /// How long the middle is.
    pub middle_len: u16,
    /// All segments; the data are what is behind the middle.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes them apart.
    #[must_use]
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let ([which, kind, a, b, c, d], bytes) = bytes.split_first_chunk::<6>()?;
        let (front_len, middle_len) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
        Some(Self { which: *which, kind: *kind, front_len, middle_len, bytes })
    }

    /// Puts them together.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { which, kind, front_len, middle_len, bytes } = self;
        [&[which, kind][..], &front_len.to_le_bytes(), &middle_len.to_le_bytes(), bytes].concat()
    }

    /// The algorithm.
    #[must_use]
    pub fn compressor(&self) -> Compressor {
        Compressor::ALL[usize::from(self.which) % Compressor::ALL.len()]
    }

    /// The frame in crc mode.
    ///
    /// # Panics
    ///
    /// If a header cannot be compressed.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        let good = MessageHeader2 { seq: 1, message_type: 42, ..MessageHeader2::default() };
        let good = self.compressor().compress(&good.to_array()).expect("it is small");
        let (front, rest) = self.bytes.split_at(usize::from(self.front_len).min(self.bytes.len()));
        let (middle, data) = rest.split_at(usize::from(self.middle_len).min(rest.len()));
        match self.kind % 3 {
            0 => frame(Tag::MESSAGE, [&good, front, middle, data]),
            1 => frame(Tag::MESSAGE, [front, middle, data, &[]]),
            _ => frame(Tag::ACK, [self.bytes, &[], &[], &[]]),
        }
    }
}

/// A compressed frame of these segments.
fn frame(tag: Tag, segments: [&[u8]; 4]) -> Vec<u8> {
    let crc = |segment: &[u8]| crc32c(u32::MAX, segment);
    let preamble =
        Preamble::new(tag, segments.map(|segment| u32::try_from(segment.len()).unwrap_or(u32::MAX)));
    let [first, front, middle, data] = segments;
    let mut wire = preamble.compressed().to_array().to_vec();
    wire.extend_from_slice(first);
    if !first.is_empty() {
        wire.extend_from_slice(&crc(first).to_le_bytes());
    }
    if preamble.segments().len() > 1 {
        let crc_values = [front, middle, data].map(crc);
        wire.extend_from_slice(&[front, middle, data].concat());
        wire.extend_from_slice(&CrcEpilogue { late_status: LateStatus::Complete, crc_values }.to_array());
    }
    wire
}
