//! AES-128-GCM by the fastest crate that is there and that the processor can run: the measurements are in `docs/benchmarks.md`,
//! the reasons in `docs/decisions/ciphers.md`.

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod fast;
mod portable;

pub(crate) const KEY_LEN: usize = 16;
pub(crate) const NONCE_LEN: usize = 12;
/// The size of what proves that sealed bytes are whole.
pub(crate) const TAG_LEN: usize = 16;

/// Bytes that could not be sealed, or are not as they were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// AES-128-GCM under one key. The key is wiped when this is dropped.
pub(crate) enum Gcm {
    #[cfg(feature = "aws-lc")]
    AwsLc(aws_lc::Gcm),
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    Fast(fast::Gcm),
    Portable(portable::Gcm),
}

impl Gcm {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        #[cfg(feature = "aws-lc")]
        if let Some(gcm) = aws_lc::Gcm::new(key) {
            return Self::AwsLc(gcm);
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if let Some(gcm) = fast::Gcm::new(key) {
            return Self::Fast(gcm);
        }
        Self::Portable(portable::Gcm::new(key))
    }

    /// Encrypts in place, and gives the proof.
    pub(crate) fn seal(&self, nonce: &[u8; NONCE_LEN], bytes: &mut [u8]) -> Result<[u8; TAG_LEN], Failed> {
        match self {
            #[cfg(feature = "aws-lc")]
            Self::AwsLc(gcm) => gcm.seal(nonce, bytes),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Fast(gcm) => Ok(gcm.seal(nonce, bytes)),
            Self::Portable(gcm) => gcm.seal(nonce, bytes),
        }
    }

    /// Decrypts in place, what the last bytes prove to be whole, and gives what is before those.
    pub(crate) fn open<'a>(
        &self,
        nonce: &[u8; NONCE_LEN],
        bytes: &'a mut [u8],
    ) -> Result<&'a mut [u8], Failed> {
        match self {
            #[cfg(feature = "aws-lc")]
            Self::AwsLc(gcm) => gcm.open(nonce, bytes),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::Fast(gcm) => {
                let (sealed, tag) = bytes.split_last_chunk_mut().ok_or(Failed)?;
                gcm.open(nonce, sealed, tag)?;
                Ok(sealed)
            }
            Self::Portable(gcm) => {
                let (sealed, tag) = bytes.split_last_chunk_mut().ok_or(Failed)?;
                gcm.open(nonce, sealed, tag)?;
                Ok(sealed)
            }
        }
    }
}

#[cfg(test)]
mod tests;
