//! Zstandard (`ZstdCompressor`): one frame of it, behind the size of what comes out.

use alloc::vec::Vec;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{CompressionError, Compressor, announced};

/// The size of the size.
const SIZE_LEN: usize = 4;
/// How much is decoded before what came out is looked at.
const STEP: usize = 256 << 10;
/// A window that is always allowed: how far back may be looked. Who knows the size beforehand has no use for a larger one
/// than that, rounded up to a power of two.
const WINDOW: u64 = 1 << 20;
/// The most that a byte can become: a block of four bytes is 128 KiB of one byte.
const RATIO: u64 = 32 << 10;

pub(super) fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(plain.len()).ok()?;
    let frame = compress_to_vec(plain, CompressionLevel::Fastest);
    let mut compressed = Vec::with_capacity(SIZE_LEN + frame.len());
    compressed.extend_from_slice(&size.to_le_bytes());
    compressed.extend_from_slice(&frame);
    Some(compressed)
}

pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let malformed = Compressor::Zstd.malformed();
    let Some((size, mut frame)) = compressed.split_first_chunk::<SIZE_LEN>() else { return Err(malformed) };
    let size = announced(u64::from(u32::from_le_bytes(*size)), frame.len(), RATIO, limit)?;
    let wrong_size = CompressionError::WrongSize { announced: size as u64 };
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW.max((size as u64).next_power_of_two()));
    decoder.reset(&mut frame).map_err(|_| malformed)?;
    let mut plain = Vec::new();
    while !decoder.is_finished() {
        decoder.decode_blocks(&mut frame, BlockDecodingStrategy::UptoBytes(STEP)).map_err(|_| malformed)?;
        if decoder.can_collect() > size - plain.len() {
            return Err(wrong_size);
        }
        plain.append(&mut decoder.collect().unwrap_or_default());
    }
    match (plain.len() == size, frame.is_empty()) {
        (true, true) => Ok(plain),
        (true, false) => Err(malformed),
        (false, _) => Err(wrong_size),
    }
}
