//! What the targets and the maker of their seeds have in common.

use loligo_wire::Features;
use loligo_wire::msgr1::{Side, StreamReader};

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
