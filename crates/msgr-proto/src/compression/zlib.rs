//! Deflate (`ZlibCompressor`): without zlib's header and checksum, behind a byte that is 0 for zlib's own library and 1 for Intel's
//! ISA-L, and that nobody looks at. Nothing says how much comes out.

use alloc::vec;
use alloc::vec::Vec;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::{CompressionError, Compressor};

/// How hard it tries (`compressor_zlib_level`).
const LEVEL: u8 = 5;
/// What made it.
const ZLIB: u8 = 0;

pub(super) fn compress(plain: &[u8]) -> Vec<u8> {
    let mut compressed = vec![ZLIB];
    compressed.append(&mut compress_to_vec(plain, LEVEL));
    compressed
}

pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let Some((_, deflated)) = compressed.split_first() else { return Err(Compressor::Zlib.malformed()) };
    decompress_to_vec_with_limit(deflated, limit).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => {
            CompressionError::TooLarge { size: limit as u64 + 1, limit: limit as u64 }
        }
        _ => Compressor::Zlib.malformed(),
    })
}
