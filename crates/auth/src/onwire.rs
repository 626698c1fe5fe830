//! The ciphers of a connection in the secure mode of msgr v2.1 (`AES128GCM_OnWireTxHandler` and `RxHandler`).
//!
//! Both directions have the key, and a nonce each: a fixed part of 32 bits and a counter of 64, which goes up with each
//! sealed part. A nonce that came again would give the key away (CVE-2020-1759), so a counter that has gone round ends the
//! connection.

use core::fmt;

use alloc::vec::Vec;
use zeroize::Zeroize as _;

use crate::gcm::{Gcm, KEY_LEN, NONCE_LEN, TAG_LEN};
use crate::{AuthError, ConnectionSecret};

/// Which end of a connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that called.
    Client,
    /// The one that was called.
    Server,
}

/// What seals and opens the parts of frames on one connection.
#[derive(Debug)]
pub struct FrameCiphers {
    /// For what is sent.
    pub sealer: FrameSealer,
    /// For what is received.
    pub opener: FrameOpener,
}

impl FrameCiphers {
    /// The ciphers of a connection with that secret: a key, the nonce of what the server sends, the nonce of what the client
    /// sends.
    ///
    /// # Errors
    ///
    /// [`AuthError::ShortSecret`] when the secret is too short.
    pub fn new(secret: &ConnectionSecret, side: Side) -> Result<Self, AuthError> {
        let wanted = KEY_LEN + 2 * NONCE_LEN;
        let short = AuthError::ShortSecret { length: secret.expose().len(), wanted };
        let parts = secret.expose().split_first_chunk::<KEY_LEN>().and_then(|(key, rest)| {
            let (of_server, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
            let (of_client, _) = rest.split_first_chunk::<NONCE_LEN>()?;
            Some((key, of_server, of_client))
        });
        let (key, of_server, of_client) = parts.ok_or(short)?;
        let (tx, rx) = match side {
            Side::Client => (of_client, of_server),
            Side::Server => (of_server, of_client),
        };
        let cipher = |nonce| OneWay { gcm: Gcm::new(key), nonce: Nonce::new(nonce) };
        Ok(Self { sealer: FrameSealer(cipher(tx)), opener: FrameOpener(cipher(rx)) })
    }
}

/// One direction.
struct OneWay {
    gcm: Gcm,
    nonce: Nonce,
}

/// Seals what is sent.
pub struct FrameSealer(OneWay);

/// Opens what is received.
pub struct FrameOpener(OneWay);

impl FrameSealer {
    /// Encrypts a part of a frame in place and appends the proof that it is whole, 16 bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::OutOfNonces`] when the connection has lasted too long.
    pub fn seal(&mut self, part: &mut Vec<u8>) -> Result<(), AuthError> {
        part.resize(part.len() + TAG_LEN, 0);
        self.seal_in_place(part)
    }

    /// Encrypts a part of a frame that has room for the proof behind it, its last 16 bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::OutOfNonces`] when the connection has lasted too long, or there is no such room.
    pub fn seal_in_place(&mut self, part: &mut [u8]) -> Result<(), AuthError> {
        let nonce = self.0.nonce.next()?;
        let (plain, room) = part.split_last_chunk_mut::<TAG_LEN>().ok_or(AuthError::OutOfNonces)?;
        *room = self.0.gcm.seal(&nonce, plain).map_err(|_| AuthError::OutOfNonces)?;
        Ok(())
    }
}

impl FrameOpener {
    /// Decrypts a part of a frame in place, the last 16 bytes of which prove that it is whole; gives the plain bytes.
    ///
    /// # Errors
    ///
    /// [`AuthError::WrongSignature`] when the part is not as it was sent; [`AuthError::OutOfNonces`] when the connection has
    /// lasted too long.
    pub fn open<'a>(&mut self, part: &'a mut [u8]) -> Result<&'a mut [u8], AuthError> {
        let nonce = self.0.nonce.next()?;
        self.0.gcm.open(&nonce, part).map_err(|_| AuthError::WrongSignature)
    }
}

impl fmt::Debug for FrameSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameSealer")
    }
}

impl fmt::Debug for FrameOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameOpener")
    }
}

/// What makes each sealed part another one.
struct Nonce {
    fixed: [u8; 4],
    counter: u64,
    /// How many more there are.
    left: u64,
}

impl Nonce {
    fn new(bytes: &[u8; NONCE_LEN]) -> Self {
        let [a, b, c, d, counter @ ..] = *bytes;
        Self { fixed: [a, b, c, d], counter: u64::from_le_bytes(counter), left: u64::MAX }
    }

    fn next(&mut self) -> Result<[u8; NONCE_LEN], AuthError> {
        self.left = self.left.checked_sub(1).ok_or(AuthError::OutOfNonces)?;
        let mut bytes = [0; NONCE_LEN];
        for (to, from) in bytes.iter_mut().zip(self.fixed.into_iter().chain(self.counter.to_le_bytes())) {
            *to = from;
        }
        self.counter = self.counter.wrapping_add(1);
        Ok(bytes)
    }
}

impl Drop for Nonce {
    fn drop(&mut self) {
        self.fixed.zeroize();
        self.counter.zeroize();
    }
}

#[cfg(test)]
mod tests;
