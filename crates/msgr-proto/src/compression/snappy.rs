//! Snappy (`SnappyCompressor`): raw, which begins with the size of what comes out.

use alloc::vec::Vec;

use snap::raw::{Decoder, Encoder, decompress_len};

use super::{CompressionError, Compressor, announced};

/// The most that a byte can become: three bytes copy 64.
const RATIO: u64 = 22;

pub(super) fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    Encoder::new().compress_vec(plain).ok()
}

pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let malformed = |_| Compressor::Snappy.malformed();
    let size = decompress_len(compressed).map_err(malformed)?;
    announced(size as u64, compressed.len(), RATIO, limit)?;
    Decoder::new().decompress_vec(compressed).map_err(malformed)
}
