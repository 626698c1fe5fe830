//! Of graviola, whose assembly stands in its Rust: ten times as fast, on processors of the last ten years.

// What the processor can do is asked of it by the standard library alone.
extern crate std;

use graviola::aead::AesGcm;

use super::{Failed, KEY_LEN, NONCE_LEN, TAG_LEN};

pub(crate) struct Gcm(AesGcm);

/// Whether the processor has all that graviola asks for; on others it would panic.
#[cfg(target_arch = "x86_64")]
fn is_supported() -> bool {
    std::arch::is_x86_feature_detected!("adx")
        && std::arch::is_x86_feature_detected!("aes")
        && std::arch::is_x86_feature_detected!("avx")
        && std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("pclmulqdq")
        && std::arch::is_x86_feature_detected!("ssse3")
}

/// Whether the processor has all that graviola asks for; on others it would panic.
#[cfg(target_arch = "aarch64")]
fn is_supported() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("neon")
        && std::arch::is_aarch64_feature_detected!("pmull")
        && std::arch::is_aarch64_feature_detected!("sha2")
}

impl Gcm {
    /// Nothing where the processor is too old.
    pub(super) fn new(key: &[u8; KEY_LEN]) -> Option<Self> {
        is_supported().then(|| Self(AesGcm::new(key)))
    }

    pub(super) fn seal(&self, nonce: &[u8; NONCE_LEN], bytes: &mut [u8]) -> [u8; TAG_LEN] {
        let mut tag = [0; TAG_LEN];
        self.0.encrypt(nonce, &[], bytes, &mut tag);
        tag
    }

    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        bytes: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Failed> {
        self.0.decrypt(nonce, &[], bytes, tag).map_err(|_| Failed)
    }
}
