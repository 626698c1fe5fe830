//! Deflate (`ZlibCompressor`): without zlib's header and checksum, behind a byte that is 0 for zlib's own library and 1 for Intel's
//! ISA-L, and that nobody looks at. Nothing says how much comes out.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF as IN_ONE_PIECE;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress as inflate};

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
    let malformed = Compressor::Zlib.malformed();
    let Some((_, mut deflated)) = compressed.split_first() else { return Err(malformed) };
    let mut inflater = Box::<DecompressorOxide>::default();
    let mut plain = vec![0; deflated.len().saturating_mul(2).min(limit)];
    let mut done = 0;
    loop {
        let (status, came, out) = inflate(&mut inflater, deflated, &mut plain, done, IN_ONE_PIECE);
        done += out;
        deflated = deflated.get(came..).unwrap_or_default();
        match status {
            TINFLStatus::Done => {
                plain.truncate(done);
                return Ok(plain);
            }
            TINFLStatus::HasMoreOutput if plain.len() < limit => {
                let more = plain.len().max(64).min(limit - plain.len());
                // Not twice as much again, as it would be without this.
                plain.reserve_exact(more);
                plain.resize(plain.len() + more, 0);
            }
            TINFLStatus::HasMoreOutput => {
                return Err(CompressionError::TooLarge { size: limit as u64 + 1, limit: limit as u64 });
            }
            _ => return Err(malformed),
        }
    }
}
