//! The encoding of maps and incrementals.
//!
//! Both are a wrapper (version 8) of two sections that clients and OSDs read, with a checksum behind them. Clients may
//! stop after the first section; here both are read. What newer releases append to either is skipped. The old form
//! without sections, which peers before Emperor (2013) know, is neither read nor written.

mod inc_client;
mod inc_osd;
mod map_client;
mod map_osd;

use alloc::collections::BTreeMap;

use bytes::Bytes;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityAddrVec, Features, OsdId, crc32c};

use super::osd_addrs::{decode_addrs, encode_addrs};
use super::{Incremental, OSDMap, OsdState};

const WRAPPER: u8 = 8;
const WRAPPER_COMPAT: u8 = 7;
/// Ceph's sentinel: the caller of an encoder promises that it may encode maps. Never on the wire.
const RESERVED: Features = Features(1 << 62);

impl Decode for OSDMap {
    const MIN_SIZE: usize = 200;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::default();
        let crc = decode_wrapper(d, "OSDMap", |d, version| {
            map.decode_client(d)?;
            map.decode_osd(d)?;
            Crc::decode(d, version)
        })?;
        map.crc = crc;
        Ok(map)
    }
}

/// With the versions that the peer's features ask for. [`OSDMap::pg_upmap_primaries`] is lost on peers older than Reef;
/// the monitors do not allow any while there are such clients.
impl Encode for OSDMap {
    fn encode(&self, e: &mut Encoder) {
        encode_wrapper(e, |e| {
            self.encode_client(e);
            self.encode_osd(e);
            Crc::reserve(e)
        });
    }
}

impl OSDMap {
    /// The map encoded for a peer with these features, and the checksum in it: the [`Incremental::full_crc`] of the
    /// incremental that leads to this map, where the features are its [`Incremental::encode_features`].
    #[must_use]
    pub fn to_bytes_and_crc(&self, features: Features) -> (Bytes, u32) {
        let bytes = self.to_bytes(features);
        let crc = bytes.last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc));
        (bytes, crc)
    }
}

impl Decode for Incremental {
    const MIN_SIZE: usize = 150;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut inc = Self::default();
        let crc = decode_wrapper(d, "OSDMap::Incremental", |d, version| {
            inc.decode_client(d)?;
            inc.decode_osd(d)?;
            let crc = Crc::decode(d, version)?;
            if crc.is_some() {
                inc.full_crc = u32::decode(d)?;
            }
            Ok(crc)
        })?;
        inc.inc_crc = crc;
        Ok(inc)
    }
}

/// With the versions that the peer's features ask for; they are written as its [`Incremental::encode_features`].
impl Encode for Incremental {
    fn encode(&self, e: &mut Encoder) {
        encode_wrapper(e, |e| {
            self.encode_client(e);
            self.encode_osd(e, e.features().without(RESERVED));
            let crc = Crc::reserve(e);
            self.full_crc.encode(e);
            crc
        });
    }
}

/// A checksum within what it covers.
struct Crc {
    /// Its value; 0 while it is only reserved.
    value: u32,
    /// Where it stands: when reading, how many bytes there are from its start to the end of the wrapper; when writing,
    /// how many there are before it.
    place: usize,
}

impl Crc {
    fn decode(d: &mut Decoder<'_>, version: u8) -> Result<Option<Self>, DecodeError> {
        if version < WRAPPER {
            return Ok(None);
        }
        let place = d.left();
        Ok(Some(Self { value: u32::decode(d)?, place }))
    }

    fn reserve(e: &mut Encoder) -> Self {
        let place = e.len();
        0u32.encode(e);
        Self { value: 0, place }
    }

    /// The checksum over what stands before and behind the place at `front`.
    fn compute(all: &[u8], front: usize) -> u32 {
        let (before, rest) = all.split_at_checked(front).unwrap_or((all, &[]));
        crc32c(crc32c(!0, before), rest.get(size_of::<u32>()..).unwrap_or_default())
    }
}

/// Reads a wrapper and what is in it, and compares the checksum, where it has one.
fn decode_wrapper(
    d: &mut Decoder<'_>,
    type_name: &'static str,
    body: impl FnOnce(&mut Decoder<'_>, u8) -> Result<Option<Crc>, DecodeError>,
) -> Result<Option<u32>, DecodeError> {
    let all = d.rest();
    if let Some(&version) = all.first().filter(|version| **version < WRAPPER_COMPAT) {
        return Err(DecodeError::TooOld { type_name, version, oldest: WRAPPER_COMPAT });
    }
    let Some(crc) = d.versioned(type_name, WRAPPER, body)? else { return Ok(None) };
    let length = all.len().saturating_sub(d.left());
    let all = all.get(..length).unwrap_or(all);
    let computed = Crc::compute(all, length.saturating_sub(crc.place));
    if computed != crc.value {
        return Err(DecodeError::Checksum { what: type_name, found: crc.value, computed });
    }
    Ok(Some(crc.value))
}

/// Writes a wrapper around `body`, and the checksum into the place that it reserved.
fn encode_wrapper(e: &mut Encoder, body: impl FnOnce(&mut Encoder) -> Crc) {
    let start = e.len();
    let crc = e.versioned(WRAPPER, WRAPPER_COMPAT, body);
    let written = e.written().get(start..).unwrap_or_default();
    let value = Crc::compute(written, crc.place.saturating_sub(start));
    e.patch(crc.place, &value.to_le_bytes());
}

/// Checks the length of a vector over OSDs.
const fn expect_len(len: usize, max_osd: usize) -> Result<(), DecodeError> {
    if len == max_osd {
        Ok(())
    } else {
        Err(DecodeError::Invalid { what: "length of a vector over OSDs", value: len as u64 })
    }
}

/// States had 8 bits before Luminous.
fn decode_state(d: &mut Decoder<'_>, wide: bool) -> Result<OsdState, DecodeError> {
    if wide { OsdState::decode(d) } else { u8::decode(d).map(|state| OsdState(state.into())) }
}

/// The 8 bits of a state that peers before Luminous know.
const fn narrow(state: OsdState) -> u8 {
    let [low, ..] = state.0.to_le_bytes();
    low
}

/// Writes addresses by OSD; to peers older than Nautilus the v1 address alone.
fn encode_addr_map(addrs: &BTreeMap<OsdId, EntityAddrVec>, since_nautilus: bool, e: &mut Encoder) {
    e.count(addrs.len());
    for (osd, addrs) in addrs {
        osd.encode(e);
        if since_nautilus {
            addrs.encode(e);
        } else {
            addrs.legacy_addr().encode(e);
        }
    }
}
