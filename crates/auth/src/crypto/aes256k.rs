//! Keys of type `aes256k` (`CryptoAES256KRB5KeyHandler`): the encryption type `aes256-cts-hmac-sha384-192` of Kerberos
//! (RFC 8009).
//!
//! | bytes | what is in a sealed value |
//! |---|---|
//! | 16 and more | AES-256 in CBC mode with ciphertext stealing, over 16 random bytes, the confounder, and the plain bytes |
//! | 24 | the start of an HMAC-SHA384 over the initial vector and the bytes before |
//!
//! Each use has two keys of its own, one for each row, derived from the secret. They are derived anew each time: values
//! are sealed while a connection is made, and not later.

use alloc::vec::Vec;

use aes::Aes256;
use aes::cipher::{BlockDecrypt as _, BlockDecryptMut as _, BlockEncryptMut as _, InnerIvInit as _};
use bytes::{BufMut as _, BytesMut};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac as _};
use loligo_wire::cephx::KeyType;
use sha2::{Sha256, Sha384};
use zeroize::{Zeroize as _, Zeroizing};

use crate::KeyError;

/// The least length of a secret, and the length of those made here. All of a longer one is used.
pub(super) const KEY_LEN: usize = 32;
/// The length of a confounder.
pub(super) const CONFOUNDER_LEN: usize = BLOCK_LEN;

const BLOCK_LEN: usize = 16;
const TAG_LEN: usize = 24;
const IV: [u8; BLOCK_LEN] = [0; BLOCK_LEN];

/// What a derived key is for.
#[derive(Clone, Copy)]
enum Purpose {
    /// `Ki`
    Integrity = 0x55,
    /// `Ke`
    Encryption = 0xAA,
}

/// The secret, ready to derive keys and to hash with.
pub(super) struct Aes256k {
    derive: Keyed<Hmac<Sha384>>,
    hash: Keyed<Hmac<Sha256>>,
}

impl Aes256k {
    pub(super) fn new(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < KEY_LEN {
            let (key_type, length) = (KeyType::AES256K, secret.len());
            return Err(KeyError::TooShort { key_type, length, wanted: KEY_LEN });
        }
        Ok(Self { derive: Keyed::new(secret), hash: Keyed::new(secret) })
    }

    pub(super) fn from_array(secret: &[u8; KEY_LEN]) -> Self {
        Self { derive: Keyed::new(secret), hash: Keyed::new(secret) }
    }

    pub(super) fn duplicate(&self) -> Self {
        Self { derive: Keyed(self.derive.0.clone()), hash: Keyed(self.hash.0.clone()) }
    }

    /// Seals in place what is a confounder and the plain bytes.
    pub(super) fn seal(&self, usage: u32, mut data: BytesMut) -> BytesMut {
        encrypt(&self.cipher(usage), &mut data);
        let tag = self.mac(usage, &data).finalize().into_bytes();
        data.put(tag.get(..TAG_LEN).unwrap_or_default());
        data
    }

    /// The plain bytes, without the confounder; nothing if they were not sealed with this key for this use.
    pub(super) fn open(&self, usage: u32, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (data, tag) = sealed.split_last_chunk::<TAG_LEN>()?;
        if data.len() < CONFOUNDER_LEN {
            return None;
        }
        self.mac(usage, data).verify_truncated_left(tag).ok()?;
        let mut plain = decrypt(&self.cipher(usage), data);
        plain.drain(..CONFOUNDER_LEN);
        Some(plain)
    }

    /// HMAC-SHA256 under the secret itself (`CryptoKeyHandler::hmac_sha256`).
    pub(super) fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        self.hash.0.clone().chain_update(bytes).finalize().into_bytes().into()
    }

    fn cipher(&self, usage: u32) -> Aes256 {
        let key: Zeroizing<[u8; 32]> = self.key(usage, Purpose::Encryption);
        Aes256::new((&*key).into())
    }

    /// Behind the initial vector, as if that were the block before the first.
    fn mac(&self, usage: u32, data: &[u8]) -> Hmac<Sha384> {
        let key: Zeroizing<[u8; TAG_LEN]> = self.key(usage, Purpose::Integrity);
        Keyed::<Hmac<Sha384>>::new(&*key).0.clone().chain_update(IV).chain_update(data)
    }

    /// `KDF-HMAC-SHA2` of RFC 8009.
    fn key<const N: usize>(&self, usage: u32, purpose: Purpose) -> Zeroizing<[u8; N]> {
        let bits = u32::try_from(8 * N).unwrap_or_default();
        let label = self.derive.0.clone().chain_update(1u32.to_be_bytes()).chain_update(usage.to_be_bytes());
        let input = label.chain_update([purpose as u8, 0]).chain_update(bits.to_be_bytes());
        let mut output = input.finalize().into_bytes();
        let mut key = Zeroizing::new([0; N]);
        for (to, from) in key.iter_mut().zip(&output) {
            *to = *from;
        }
        output.as_mut_slice().zeroize();
        key
    }
}

/// An HMAC that has taken its key in. It does not wipe itself, so it is overwritten when dropped.
struct Keyed<M: KeyInit>(M);

impl<M: KeyInit> Keyed<M> {
    #[expect(
        clippy::expect_used,
        reason = "an HMAC takes keys of any length; the error is that of other hashes"
    )]
    fn new(key: &[u8]) -> Self {
        Self(M::new_from_slice(key).expect("an HMAC takes keys of any length"))
    }
}

impl<M: KeyInit> Drop for Keyed<M> {
    fn drop(&mut self) {
        self.0 = <M as KeyInit>::new(&hmac::digest::Key::<M>::default());
        zeroize::optimization_barrier(&self.0);
    }
}

/// CBC with ciphertext stealing, the third way of NIST SP 800-38A's addendum (CS3): the last two blocks change places,
/// and the one that is then last is cut to what the plain bytes lacked of a whole block.
fn encrypt(cipher: &Aes256, data: &mut BytesMut) {
    let length = data.len();
    data.resize(length.next_multiple_of(BLOCK_LEN), 0);
    let (blocks, _) = data.as_chunks_mut::<BLOCK_LEN>();
    let mut cbc = cbc::Encryptor::inner_iv_init(cipher, &IV.into());
    for block in blocks.iter_mut() {
        cbc.encrypt_block_mut(block.into());
    }
    if let [.., last_but_one, last] = blocks {
        core::mem::swap(last_but_one, last);
    }
    data.truncate(length);
}

/// The way back. What was cut off is found again under the block that was encrypted last.
fn decrypt(cipher: &Aes256, sealed: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = sealed.len().next_multiple_of(BLOCK_LEN);
    let mut plain = Zeroizing::new(Vec::with_capacity(length));
    plain.extend_from_slice(sealed);
    plain.resize(length, 0);
    let (blocks, _) = plain.as_chunks_mut::<BLOCK_LEN>();
    if let [.., last_but_one, last] = blocks {
        let mut under = Zeroizing::new(*last_but_one);
        cipher.decrypt_block((&mut *under).into());
        let is_there = BLOCK_LEN - (length - sealed.len());
        for (to, from) in last.iter_mut().zip(&*under).skip(is_there) {
            *to = *from;
        }
        core::mem::swap(last_but_one, last);
    }
    let mut cbc = cbc::Decryptor::inner_iv_init(cipher, &IV.into());
    for block in blocks.iter_mut() {
        cbc.decrypt_block_mut(block.into());
    }
    plain.truncate(sealed.len());
    plain
}

#[cfg(test)]
mod tests;
