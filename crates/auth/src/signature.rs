//! Signatures of messages on msgr v1.

use core::fmt;

use loligo_wire::Features;
use loligo_wire::cephx::AUTH_ENC_MAGIC;
use subtle::ConstantTimeEq as _;

use crate::crypto::SignatureBlock;
use crate::{AuthError, Cipher, SessionKey};

/// What a signature covers: checksums and lengths of a message, from its header and footer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedParts {
    /// `ceph_msg_header::crc`
    pub header_crc: u32,
    /// `ceph_msg_footer::front_crc`
    pub front_crc: u32,
    /// `ceph_msg_header::front_len`
    pub front_len: u32,
    /// `ceph_msg_footer::middle_crc`
    pub middle_crc: u32,
    /// `ceph_msg_header::middle_len`
    pub middle_len: u32,
    /// `ceph_msg_footer::data_crc`
    pub data_crc: u32,
    /// `ceph_msg_header::data_len`
    pub data_len: u32,
    /// `ceph_msg_header::seq`, of which the lower half is covered.
    pub seq: u64,
}

impl SignedParts {
    #[expect(clippy::cast_possible_truncation, reason = "only the lower word of seq is signed, as in Ceph")]
    fn block(&self) -> SignatureBlock {
        let words = [
            self.header_crc,
            self.front_crc,
            self.front_len,
            self.middle_crc,
            self.middle_len,
            self.data_crc,
            self.data_len,
            self.seq as u32,
        ];
        let mut block = [0; 32];
        for (to, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        block
    }

    /// The block before Mimic: an envelope, a length, four checksums.
    fn old_block(&self) -> [u8; 29] {
        let mut block = [0; 29];
        let crcs = [self.header_crc, self.front_crc, self.middle_crc, self.data_crc];
        let bytes = [1u8]
            .into_iter()
            .chain(AUTH_ENC_MAGIC.to_le_bytes())
            .chain(16u32.to_le_bytes())
            .chain(crcs.into_iter().flat_map(u32::to_le_bytes));
        for (to, byte) in block.iter_mut().zip(bytes) {
            *to = byte;
        }
        block
    }
}

/// Which signatures a [`MessageSigner`] may use (`cephx_require_version`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireSignatures {
    /// Those since Mimic only (2, Ceph's default for clients and services today).
    #[default]
    V2,
    /// Also those before Mimic, which leave lengths and order unsigned: CVE-2018-1129 (1).
    V1,
}

/// Signs the messages of one connection on msgr v1 and checks the peer's (`CephxSessionHandler`).
///
/// Whether messages are signed at all is for the messenger to know: both sides must have `MSG_AUTH`, and a connection
/// to a monitor has no session key.
pub struct MessageSigner {
    key: SessionKey,
    is_old: bool,
}

impl MessageSigner {
    /// Signs with this key, by the rules that the features of both ends ask for.
    ///
    /// # Errors
    ///
    /// [`AuthError::OldSignatures`] when the peer lacks `CEPHX_V2` and that is required, or the key is of a type that no
    /// such peer knows.
    pub fn new(key: SessionKey, features: Features, require: RequireSignatures) -> Result<Self, AuthError> {
        let is_old = !features.has(Features::CEPHX_V2);
        if is_old && (require == RequireSignatures::V2 || key.key().cipher() != Cipher::Aes) {
            return Err(AuthError::OldSignatures);
        }
        Ok(Self { key, is_old })
    }

    /// The signature for the message's footer.
    #[must_use]
    pub fn sign(&self, parts: &SignedParts) -> u64 {
        if self.is_old {
            self.key.key().sign_old(&parts.old_block())
        } else {
            self.key.key().sign(&parts.block())
        }
    }

    /// Checks a message's signature, in constant time.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongSignature`] when it is not the one that the peer's key gives.
    pub fn check(&self, parts: &SignedParts, signature: u64) -> Result<(), AuthError> {
        if bool::from(self.sign(parts).ct_eq(&signature)) { Ok(()) } else { Err(AuthError::WrongSignature) }
    }
}

impl fmt::Debug for MessageSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSigner").field("is_old", &self.is_old).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
