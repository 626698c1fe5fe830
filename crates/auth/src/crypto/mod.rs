//! Keys that can be used.

mod aes;
mod aes256k;

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
use self::aes256k::Aes256k;
use crate::{KeyError, Unsealable};

/// What a sealed value is for. A key of type `aes` seals all alike; `aes256k` seals each use in its own way, so that a
/// value sealed for one cannot be passed off as another (`CEPHX_KEY_USAGE_*`).
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
    handler: Handler,
}

/// A type of key that can be made here: a value of `auth_service_cipher` and its like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cipher {
    /// `aes`: AES-128 in CBC mode. All releases know it; a new cluster of Tentacle does not let it in.
    #[default]
    Aes,
    /// `aes256k`: AES-256 with HMAC-SHA384 (RFC 8009). Known from Squid 19.2.6 and Tentacle 20.2.4 on.
    Aes256k,
}

impl Cipher {
    /// The number that stands in a key.
    #[must_use]
    pub const fn key_type(self) -> KeyType {
        match self {
            Self::Aes => KeyType::AES,
            Self::Aes256k => KeyType::AES256K,
        }
    }
}

/// A secret, prepared for use: `CryptoKeyHandler`. A new type is a new variant: the compiler then shows each place that
/// must know it.
#[expect(
    clippy::large_enum_variant,
    reason = "both are large; a SessionKey, of which there are many, is boxed"
)]
enum Handler {
    Aes(Aes),
    Aes256k(Aes256k),
}

impl CryptoKey {
    /// Makes something usable of a key as it is written.
    ///
    /// # Errors
    ///
    /// When there is no secret, the type is not supported here (the error names it), or the secret is too short.
    pub fn from_wire(key: cephx::CryptoKey) -> Result<Self, KeyError> {
        let handler = match key.key_type {
            KeyType::NONE => return Err(KeyError::Empty),
            _ if key.secret.is_empty() => return Err(KeyError::Empty),
            KeyType::AES => Handler::Aes(Aes::new(key.secret.expose())?),
            KeyType::AES256K => Handler::Aes256k(Aes256k::new(key.secret.expose())?),
            key_type => return Err(KeyError::Unsupported { key_type }),
        };
        Ok(Self { created: key.created, secret: key.secret, handler })
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

    /// A new key of type `aes`.
    pub fn generate(now: Wall, entropy: &mut dyn Entropy) -> Self {
        Self::generate_of(Cipher::Aes, now, entropy)
    }

    /// A new key of that type.
    pub fn generate_of(cipher: Cipher, now: Wall, entropy: &mut dyn Entropy) -> Self {
        let (secret, handler) = match cipher {
            Cipher::Aes => {
                let secret = fresh(entropy);
                (Secret::new(&*secret), Handler::Aes(Aes::from_array(&secret)))
            }
            Cipher::Aes256k => {
                let secret = fresh(entropy);
                (Secret::new(&*secret), Handler::Aes256k(Aes256k::from_array(&secret)))
            }
        };
        Self { created: now, secret, handler }
    }

    /// Its type.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        match self.handler {
            Handler::Aes(_) => Cipher::Aes,
            Handler::Aes256k(_) => Cipher::Aes256k,
        }
    }

    /// Its type, as the number that stands in a key.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.cipher().key_type()
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
        let handler = match &self.handler {
            Handler::Aes(aes) => Handler::Aes(aes.duplicate()),
            Handler::Aes256k(aes256k) => Handler::Aes256k(aes256k.duplicate()),
        };
        Self { created: self.created, secret: Secret::new(self.secret.expose()), handler }
    }

    /// Seals a value: who has this key, and only they, can read it (`encode_encrypt_enc_bl`).
    pub(crate) fn seal<T: Encode + ?Sized>(
        &self,
        usage: Usage,
        value: &T,
        entropy: &mut dyn Entropy,
    ) -> Bytes {
        match &self.handler {
            // Neither the use nor chance has a part in how these keys seal: the same value always gives the same bytes.
            Handler::Aes(aes) => aes.encrypt(envelope(&[], value)).freeze(),
            Handler::Aes256k(aes256k) => {
                let mut confounder = [0; aes256k::CONFOUNDER_LEN];
                entropy.fill(&mut confounder);
                aes256k.seal(usage as u32, envelope(&confounder, value)).freeze()
            }
        }
    }

    /// Reads what [`Self::seal`] wrote (`decode_decrypt_enc_bl`).
    ///
    /// # Errors
    ///
    /// One error whatever the reason, so that nobody learns from it.
    pub(crate) fn open<T: Decode>(&self, usage: Usage, sealed: &[u8]) -> Result<T, Unsealable> {
        let plain = match &self.handler {
            Handler::Aes(aes) => aes.decrypt(sealed),
            Handler::Aes256k(aes256k) => aes256k.open(usage as u32, sealed),
        };
        plain.and_then(|plain| decode_enc(&mut Decoder::new(&plain)).ok()).ok_or(Unsealable { usage })
    }

    /// The answer to a monitor's challenge (`cephx_calc_client_server_challenge`).
    pub(crate) fn answer(&self, blob: &CephXChallengeBlob) -> u64 {
        match &self.handler {
            Handler::Aes(aes) => {
                let sealed = aes.encrypt(envelope(&[], blob));
                let mut counted = Encoder::with_capacity(Features::NONE, 64);
                counted.counted_bytes(&sealed);
                fold(counted.written())
            }
            // A confounder would make it another answer each time, so it is hashed and not sealed.
            Handler::Aes256k(aes256k) => fold(&aes256k.hash(&blob.to_bytes(Features::NONE))),
        }
    }

    /// The signature over a block (`CephxSessionHandler::_calc_signature`).
    pub(crate) fn sign(&self, block: &SignatureBlock) -> u64 {
        match &self.handler {
            Handler::Aes(aes) => fold(&aes.encrypt_two_blocks(*block)),
            Handler::Aes256k(aes256k) => fold(&aes256k.hash(block)),
        }
    }

    /// The signature over a block by the rules before Mimic: the first 64 bits of the sealed block. Those rules are older
    /// than `aes256k`, and with a confounder nobody could check them: such a key signs in its own way.
    pub(crate) fn sign_old(&self, block: &[u8]) -> u64 {
        match &self.handler {
            Handler::Aes(aes) => {
                let sealed = aes.encrypt(BytesMut::from(block));
                sealed.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
            }
            Handler::Aes256k(aes256k) => fold(&aes256k.hash(block)),
        }
    }
}

impl fmt::Debug for CryptoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CryptoKey({})", self.key_type())
    }
}

/// A new secret.
fn fresh<const N: usize>(entropy: &mut dyn Entropy) -> Zeroizing<[u8; N]> {
    let mut secret = Zeroizing::new([0; N]);
    entropy.fill(&mut *secret);
    secret
}

/// A value as it is sealed, behind what comes before it.
fn envelope<T: Encode + ?Sized>(before: &[u8], value: &T) -> BytesMut {
    // Room for all that cephx seals but rotating secrets: the plain bytes are then overwritten, not moved.
    let mut e = Encoder::with_capacity(Features::NONE, 1024);
    e.raw(before);
    encode_enc(value, &mut e);
    e.finish().try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared))
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
