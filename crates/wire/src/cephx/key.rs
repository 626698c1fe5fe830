//! Keys as they are written.

use core::fmt;

use loligo_base::Wall;
use zeroize::Zeroizing;

use super::KeyType;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};
use alloc::vec::Vec;

/// Secret bytes: not cloned, not printed, wiped when dropped.
#[derive(Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A copy of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len())
    }
}

/// A key of any type, as Ceph writes it; `loligo-auth` makes something usable of it.
///
/// | size | field |
/// |---|---|
/// | 2 | type |
/// | 8 | created |
/// | 2 | length of the secret |
/// | | secret |
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CryptoKey {
    /// Its type, which says how the secret is used. Types that are not known here survive a round trip.
    pub key_type: KeyType,
    /// When it was made.
    pub created: Wall,
    /// The secret; nothing in a key that is none.
    pub secret: Secret,
}

impl Decode for CryptoKey {
    const MIN_SIZE: usize = 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let key_type = KeyType::decode(d)?;
        let created = Wall::decode(d)?;
        let length = u16::decode(d)?;
        Ok(Self { key_type, created, secret: Secret::new(d.take(usize::from(length))?) })
    }
}

impl Encode for CryptoKey {
    /// A secret longer than the form can say, 65,535 bytes, is cut there.
    fn encode(&self, e: &mut Encoder) {
        let length = u16::try_from(self.secret.len()).unwrap_or(u16::MAX);
        self.key_type.encode(e);
        self.created.encode(e);
        length.encode(e);
        e.raw(self.secret.expose().get(..usize::from(length)).unwrap_or_default());
    }
}
