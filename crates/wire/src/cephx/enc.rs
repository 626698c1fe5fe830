//! What is put around a value before it is sealed.

use super::struct_v;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// By what a reader knows that it used the right key.
pub const AUTH_ENC_MAGIC: u64 = 0xff00_9cad_8826_aa55;

/// Writes a version byte, [`AUTH_ENC_MAGIC`] and the value: what is then sealed (`encode_encrypt_enc_bl`).
pub fn encode_enc<T: Encode + ?Sized>(value: &T, e: &mut Encoder) {
    1u8.encode(e);
    AUTH_ENC_MAGIC.encode(e);
    value.encode(e);
}

/// Reads what [`encode_enc`] wrote. Bytes behind the value are a newer writer's (`decode_decrypt_enc_bl`).
///
/// # Errors
///
/// When the magic is not there, or the value cannot be read.
pub fn decode_enc<T: Decode>(d: &mut Decoder<'_>) -> Result<T, DecodeError> {
    struct_v(d)?;
    match u64::decode(d)? {
        AUTH_ENC_MAGIC => T::decode(d),
        value => Err(DecodeError::Invalid { what: "AUTH_ENC_MAGIC", value }),
    }
}
