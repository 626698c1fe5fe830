//! LZ4 (`LZ4Compressor`): a number of blocks, the sizes of each before and after, and the blocks. Each may copy what came out of
//! those before it. Ceph makes one of all; older ones had one for each piece of memory that it came from.

use alloc::vec;
use alloc::vec::Vec;

use loligo_wire::{Decode, Decoder};
use lz4_flex::block::{compress_into, decompress_into_with_dict, get_maximum_output_size};

use super::{CompressionError, Compressor, announced};

/// The sizes of one block.
const ENTRY_LEN: usize = 8;
/// The most that a byte can become: one of a long length stands for 255.
const RATIO: u64 = 255;

/// A block.
struct Block {
    /// What comes out.
    plain_len: usize,
    /// What it takes.
    compressed_len: usize,
}

pub(super) fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let head = 4 + ENTRY_LEN;
    let mut compressed = vec![0; head + get_maximum_output_size(plain.len())];
    let (table, block) = compressed.split_at_mut_checked(head)?;
    let length = compress_into(plain, block).ok()?;
    let sizes = [1, u32::try_from(plain.len()).ok()?, u32::try_from(length).ok()?];
    for (to, from) in table.iter_mut().zip(sizes.into_iter().flat_map(u32::to_le_bytes)) {
        *to = from;
    }
    compressed.truncate(head + length);
    Some(compressed)
}

pub(super) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let malformed = Compressor::Lz4.malformed();
    let (blocks, mut rest) = table(compressed).ok_or(malformed)?;
    let total = |size: fn(&Block) -> usize| blocks.iter().map(|block| size(block) as u64).sum::<u64>();
    let size = announced(total(|block| block.plain_len), rest.len(), RATIO, limit)?;
    if total(|block| block.compressed_len) != rest.len() as u64 {
        return Err(malformed);
    }
    let mut plain = vec![0; size];
    let mut done = 0;
    for Block { plain_len, compressed_len } in blocks {
        let (block, behind) = rest.split_at_checked(compressed_len).ok_or(malformed)?;
        let (before, to) = plain.split_at_mut_checked(done).ok_or(malformed)?;
        let to = to.get_mut(..plain_len).ok_or(malformed)?;
        let length = decompress_into_with_dict(block, to, before).map_err(|_| malformed)?;
        if length != plain_len {
            return Err(CompressionError::WrongSize { announced: plain_len as u64 });
        }
        done += length;
        rest = behind;
    }
    Ok(plain)
}

/// The table, and what is behind it.
fn table(compressed: &[u8]) -> Option<(Vec<Block>, &[u8])> {
    let (count, rest) = compressed.split_first_chunk::<4>()?;
    let table_len = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(ENTRY_LEN)?;
    let (table, rest) = rest.split_at_checked(table_len)?;
    let entries = table.chunks_exact(ENTRY_LEN).map(|entry| {
        let mut d = Decoder::new(entry);
        let mut size = || usize::try_from(u32::decode(&mut d).ok()?).ok();
        Some(Block { plain_len: size()?, compressed_len: size()? })
    });
    Some((entries.collect::<Option<_>>()?, rest))
}
