//! Keys of a session.

use alloc::boxed::Box;
use core::fmt;

use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::Secret;

use crate::CryptoKey;

/// The key that two ends share for as long as a ticket lives.
///
/// It cannot be cloned: whoever is given one is the one to use it.
///
/// Boxed: the prepared cipher is large, and the key travels within values that are moved often.
pub struct SessionKey(Box<CryptoKey>);

impl SessionKey {
    /// A new one, as a monitor makes for a ticket.
    pub fn generate(now: Wall, entropy: &mut dyn Entropy) -> Self {
        Self(Box::new(CryptoKey::generate(now, entropy)))
    }

    pub(crate) fn new(key: CryptoKey) -> Self {
        Self(Box::new(key))
    }

    pub(crate) fn key(&self) -> &CryptoKey {
        &self.0
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(Box::new(self.0.duplicate()))
    }

    /// The secret's bytes, for the key of an HMAC over a transcript as in msgr v2.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        self.0.to_wire().secret
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.0.key_type())
    }
}

/// The secret of one connection, of which msgr v2 makes the keys and nonces of its secure mode.
#[derive(Debug)]
pub struct ConnectionSecret(Secret);

impl ConnectionSecret {
    /// Nothing if there are no bytes.
    pub(crate) fn new(secret: Secret) -> Option<Self> {
        (!secret.is_empty()).then_some(Self(secret))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}
