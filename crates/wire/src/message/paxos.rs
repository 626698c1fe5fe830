//! What begins the messages to services of the monitors.

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// Writes the fields of `PaxosServiceMessage`: the version, and two that are no longer used.
pub(super) fn encode(version: u64, e: &mut Encoder) {
    version.encode(e);
    (-1i16).encode(e);
    0u64.encode(e);
}

/// Reads them and gives the version.
pub(super) fn decode(d: &mut Decoder<'_>) -> Result<u64, DecodeError> {
    let version = u64::decode(d)?;
    let _session_mon = i16::decode(d)?;
    let _session_mon_tid = u64::decode(d)?;
    Ok(version)
}
