//! Structs that are handed on.

use bytes::Bytes;

use super::{Decode, DecodeError, Decoder, Encode, Encoder};

/// A versioned struct that is of no concern here, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpaqueStruct {
    /// The version of its writer.
    pub version: u8,
    /// The oldest reader that understands it.
    pub compat: u8,
    /// Its fields.
    pub body: Bytes,
}

impl Decode for OpaqueStruct {
    const MIN_SIZE: usize = 6;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let [version, compat] = d.array()?;
        Ok(Self { version, compat, body: Bytes::decode(d)? })
    }
}

impl Encode for OpaqueStruct {
    fn encode(&self, e: &mut Encoder) {
        [self.version, self.compat].encode(e);
        self.body.encode(e);
    }
}
