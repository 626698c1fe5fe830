//! AES-128 in CBC mode, as cephx uses it: a fixed initial vector and PKCS #7 padding (`CryptoAESKeyHandler`).

use alloc::vec::Vec;

use aes::Aes128;
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, InnerIvInit as _, KeyInit as _};
use bytes::{BufMut as _, BytesMut};
use loligo_wire::cephx::KeyType;
use zeroize::Zeroizing;

use super::SignatureBlock;
use crate::KeyError;

/// The bytes of a secret that are used.
pub(super) const KEY_LEN: usize = 16;
const BLOCK_LEN: usize = 16;

/// The initial vector of every sealed value (`CEPH_AES_IV`).
const IV: &[u8; BLOCK_LEN] = b"cephsageyudagreg";

/// An AES key, expanded. The cipher wipes itself when dropped.
pub(super) struct Aes(Aes128);

impl Aes {
    /// Takes the first 16 bytes of the secret, as Ceph does.
    pub(super) fn new(secret: &[u8]) -> Result<Self, KeyError> {
        let (key_type, length) = (KeyType::AES, secret.len());
        let too_short = KeyError::TooShort { key_type, length, wanted: KEY_LEN };
        secret.first_chunk().map(Self::from_array).ok_or(too_short)
    }

    pub(super) fn from_array(key: &[u8; KEY_LEN]) -> Self {
        Self(Aes128::new(GenericArray::from_slice(key)))
    }

    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Pads and encrypts in place; at least one byte of padding is always there.
    pub(super) fn encrypt(&self, mut plain: BytesMut) -> BytesMut {
        let padding = BLOCK_LEN - plain.len() % BLOCK_LEN;
        plain.put_bytes(u8::try_from(padding).unwrap_or_default(), padding);
        let mut cipher = cbc::Encryptor::inner_iv_init(&self.0, GenericArray::from_slice(IV));
        for block in plain.as_chunks_mut::<BLOCK_LEN>().0 {
            cipher.encrypt_block_mut(block.into());
        }
        plain
    }

    /// Decrypts and takes the padding off; nothing if these are not whole blocks.
    ///
    /// The padding is not checked, only bounded, as in Ceph: an answer that depended on it would tell an attacker
    /// about the plain text. What follows is checked by its magic.
    pub(super) fn decrypt(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if !sealed.len().is_multiple_of(BLOCK_LEN) {
            return None;
        }
        let mut plain = Zeroizing::new(sealed.to_vec());
        let mut cipher = cbc::Decryptor::inner_iv_init(&self.0, GenericArray::from_slice(IV));
        for block in plain.as_chunks_mut::<BLOCK_LEN>().0 {
            cipher.decrypt_block_mut(block.into());
        }
        let padding = usize::from(*plain.last()?).min(BLOCK_LEN);
        plain.truncate(sealed.len() - padding);
        Some(plain)
    }

    /// The first two blocks of the sealed form; the third, padding only, is not made.
    pub(super) fn encrypt_two_blocks(&self, mut block: SignatureBlock) -> SignatureBlock {
        let mut cipher = cbc::Encryptor::inner_iv_init(&self.0, GenericArray::from_slice(IV));
        for block in block.as_chunks_mut::<BLOCK_LEN>().0 {
            cipher.encrypt_block_mut(block.into());
        }
        block
    }
}
