//! Of AWS-LC, which is C and assembly: the fastest.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{Failed, KEY_LEN, NONCE_LEN, TAG_LEN};

pub(crate) struct Gcm(LessSafeKey);

impl Gcm {
    /// Nothing where the library fails.
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Option<Self> {
        UnboundKey::new(&AES_128_GCM, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    pub(super) fn seal(&self, nonce: &[u8; NONCE_LEN], bytes: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::empty(), bytes).map_err(|_| Failed)?;
        tag.as_ref().try_into().map_err(|_| Failed)
    }

    pub(super) fn open<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        bytes: &'a mut [u8],
    ) -> Result<&'a mut [u8], Failed> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_in_place(nonce, Aad::empty(), bytes).map_err(|_| Failed)
    }
}
