//! Of RustCrypto: on every processor.

use aes_gcm::aead::{AeadInPlace as _, consts::U12};
use aes_gcm::aes::Aes128;
use aes_gcm::{AesGcm, KeyInit as _};

use super::{Failed, KEY_LEN, NONCE_LEN, TAG_LEN};

pub(crate) struct Gcm(AesGcm<Aes128, U12>);

impl Gcm {
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Self {
        Self(AesGcm::new(key.into()))
    }

    pub(super) fn seal(&self, nonce: &[u8; NONCE_LEN], bytes: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        let tag = self.0.encrypt_in_place_detached(nonce.into(), &[], bytes);
        tag.map(Into::into).map_err(|_| Failed)
    }

    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        bytes: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0.decrypt_in_place_detached(nonce.into(), &[], bytes, tag.into()).map_err(|_| Failed)
    }
}
