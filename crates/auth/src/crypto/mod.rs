//! Keys that can be used.

mod aes;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::{self, CephXChallengeBlob, KeyType, Secret, decode_enc, encode_enc};
use loligo_wire::{Decode, Decoder, Encode, Encoder, Features};
use zeroize::Zeroizing;

use self::aes::Aes;
use crate::{KeyError, Unsealable};

/// What a sealed value is for. An AES key seals all alike; newer types of keys seal each use in its own way, so that
/// a value sealed for one cannot be passed off as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The secret of a connection, told by a monitor.
    ConnectionSecret = 0x03,
    /// What the holder of a ticket is told.
    TicketSessionKey = 0x04,
    /// A ticket, sealed once more with the session key of the one that it replaces.
    TicketBlob = 0x05,
    /// What a client shows a service.
    Authorize = 0x10,
    /// The service's challenge.
    AuthorizeChallenge = 0x11,
    /// The service's proof.
    AuthorizeReply = 0x12,
    /// The rotating secrets of a service.
    RotatingSecret = 0x20,
    /// What is in a ticket.
    TicketInfo = 0x30,
}

/// The block that a message's signature is made of.
pub(crate) type SignatureBlock = [u8; 32];

/// A key of a type that is supported here: Ceph's `CryptoKey` with its `CryptoKeyHandler`.
///
/// Not cloned, not printed, wiped when dropped.
pub struct CryptoKey {
    created: Wall,
    secret: Secret,
    cipher: Cipher,
}

/// One per supported type of key. A new type is a new variant: the compiler then shows each place that must know it.
enum Cipher {
    Aes(Aes),
}

impl CryptoKey {
    /// Makes something usable of a key as it is written.
    ///
    /// # Errors
    ///
    /// When there is no secret, the type is not supported here (the error names it), or the secret is too short.
    pub fn from_wire(key: cephx::CryptoKey) -> Result<Self, KeyError> {
        let cipher = match key.key_type {
            KeyType::NONE => return Err(KeyError::Empty),
            _ if key.secret.is_empty() => return Err(KeyError::Empty),
            KeyType::AES => Cipher::Aes(Aes::new(key.secret.expose())?),
            key_type => return Err(KeyError::Unsupported { key_type }),
        };
        Ok(Self { created: key.created, secret: key.secret, cipher })
    }

    /// Reads the text form: what `ceph-authtool --print-key` prints, and what a keyring holds. White space around it
    /// is ignored.
    ///
    /// # Errors
    ///
    /// When the text is not base64, not a key, or a key that cannot be used here.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        wire_from_base64(text).and_then(Self::from_wire)
    }

    /// A new AES key.
    pub fn generate(now: Wall, entropy: &mut dyn Entropy) -> Self {
        let mut secret = Zeroizing::new([0; aes::KEY_LEN]);
        entropy.fill(&mut *secret);
        Self { created: now, secret: Secret::new(&*secret), cipher: Cipher::Aes(Aes::from_array(&secret)) }
    }

    /// Its type.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        match self.cipher {
            Cipher::Aes(_) => KeyType::AES,
        }
    }

    /// When it was made.
    #[must_use]
    pub const fn created(&self) -> Wall {
        self.created
    }

    /// The key as it is written. The only way to a second one: on purpose, not by a derive.
    #[must_use]
    pub fn to_wire(&self) -> cephx::CryptoKey {
        cephx::CryptoKey {
            key_type: self.key_type(),
            created: self.created,
            secret: Secret::new(self.secret.expose()),
        }
    }

    /// The text form, as in a keyring. It is the secret: it belongs into a keyring and nowhere else.
    #[must_use]
    pub fn to_base64(&self) -> Zeroizing<String> {
        wire_to_base64(&self.to_wire())
    }

    /// The same key once more, for a second owner inside this crate.
    pub(crate) fn duplicate(&self) -> Self {
        let cipher = match &self.cipher {
            Cipher::Aes(aes) => Cipher::Aes(aes.duplicate()),
        };
        Self { created: self.created, secret: Secret::new(self.secret.expose()), cipher }
    }

    /// Seals a value: who has this key, and only they, can read it (`encode_encrypt_enc_bl`).
    pub(crate) fn seal<T: Encode + ?Sized>(
        &self,
        usage: Usage,
        value: &T,
        entropy: &mut dyn Entropy,
    ) -> Bytes {
        // Room for all that cephx seals but rotating secrets: the plain bytes are then overwritten, not moved.
        let mut e = Encoder::with_capacity(Features::NONE, 1024);
        encode_enc(value, &mut e);
        let plain = e.finish().try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared));
        match &self.cipher {
            // Neither the use nor chance has a part in how AES keys seal: the same value always gives the same bytes.
            Cipher::Aes(aes) => {
                let _ = (usage, entropy);
                aes.encrypt(plain).freeze()
            }
        }
    }

    /// Reads what [`Self::seal`] wrote (`decode_decrypt_enc_bl`).
    ///
    /// # Errors
    ///
    /// One error whatever the reason, so that nobody learns from it.
    pub(crate) fn open<T: Decode>(&self, usage: Usage, sealed: &[u8]) -> Result<T, Unsealable> {
        let plain = match &self.cipher {
            Cipher::Aes(aes) => aes.decrypt(sealed),
        };
        plain.and_then(|plain| decode_enc(&mut Decoder::new(&plain)).ok()).ok_or(Unsealable { usage })
    }

    /// The answer to a monitor's challenge (`cephx_calc_client_server_challenge`).
    pub(crate) fn answer(&self, blob: &CephXChallengeBlob) -> u64 {
        let mut e = Encoder::with_capacity(Features::NONE, 64);
        encode_enc(blob, &mut e);
        match &self.cipher {
            Cipher::Aes(aes) => {
                let sealed = aes.encrypt(BytesMut::from(e.written()));
                let mut counted = Encoder::with_capacity(Features::NONE, 64);
                counted.counted_bytes(&sealed);
                fold(counted.written())
            }
        }
    }

    /// The signature over a block (`CephxSessionHandler::_calc_signature`).
    pub(crate) fn sign(&self, block: &SignatureBlock) -> u64 {
        match &self.cipher {
            Cipher::Aes(aes) => fold(&aes.encrypt_two_blocks(*block)),
        }
    }

    /// The signature over a block by the rules before Mimic: the first 64 bits of the sealed block.
    pub(crate) fn sign_old(&self, block: &[u8]) -> u64 {
        match &self.cipher {
            Cipher::Aes(aes) => {
                let sealed = aes.encrypt(BytesMut::from(block));
                sealed.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
            }
        }
    }
}

impl fmt::Debug for CryptoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CryptoKey({})", self.key_type())
    }
}

/// The exclusive or of all whole words of 64 bits.
fn fold(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(0, |folded, word| folded ^ u64::from_le_bytes(*word))
}

/// Reads the text form of a key, of whatever type.
pub(crate) fn wire_from_base64(text: &str) -> Result<cephx::CryptoKey, KeyError> {
    let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).map_err(|_| KeyError::NotBase64)?;
    let mut d = Decoder::new(&bytes);
    let key = cephx::CryptoKey::decode(&mut d)?;
    d.end("key")?;
    Ok(key)
}

/// The text form of a key, of whatever type.
pub(crate) fn wire_to_base64(key: &cephx::CryptoKey) -> Zeroizing<String> {
    let bytes: Vec<u8> = key.to_bytes(Features::NONE).into();
    Zeroizing::new(STANDARD.encode(&*Zeroizing::new(bytes)))
}

#[cfg(test)]
mod tests;
