//! Keys of a session.

use alloc::boxed::Box;
use core::fmt;

use hmac::{Hmac, Mac as _};
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::Secret;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::{AuthError, CryptoKey};

/// The size of a signature over a transcript.
const SIGNATURE_LEN: usize = 32;

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

    /// The secret's bytes.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        self.0.to_wire().secret
    }

    /// Signs what was said until now, as the AUTH_SIGNATURE frame of msgr v2 carries it: HMAC-SHA256
    /// (`CryptoKey::hmac_sha256`).
    #[must_use]
    pub fn sign_transcript(&self, transcript: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.mac(transcript).finalize().into_bytes().into()
    }

    /// Checks the signature over what was said until now, in constant time.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongSignature`] when it is not the one that the key gives.
    pub fn check_transcript(&self, transcript: &[u8], signature: &[u8]) -> Result<(), AuthError> {
        let right = self.sign_transcript(transcript);
        if bool::from(right.ct_eq(signature)) { Ok(()) } else { Err(AuthError::WrongSignature) }
    }

    #[expect(
        clippy::expect_used,
        reason = "an HMAC takes keys of any length; the error is that of other hashes"
    )]
    fn mac(&self, transcript: &[u8]) -> Hmac<Sha256> {
        let secret = self.to_secret();
        let mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.expose());
        mac.expect("an HMAC takes keys of any length").chain_update(transcript)
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
    /// A new one of so many bytes, as a service makes; nothing where there are to be none.
    pub fn generate(len: usize, entropy: &mut dyn Entropy) -> Option<Self> {
        let mut secret = zeroize::Zeroizing::new(alloc::vec![0; len]);
        entropy.fill(&mut secret);
        Self::new(Secret::new(&secret))
    }

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
