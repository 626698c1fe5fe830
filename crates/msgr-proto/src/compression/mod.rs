//! On-wire compression of messenger v2: the algorithms, as Ceph puts what they make on the wire, and which peers use which.
//!
//! Both ends offer it in their banners. Once they know each other, a caller asks for it, and who is called decides
//! ([`Compression`]). From then on whoever sends a frame of at least [`Compression::ms_osd_compress_min_size`] bytes compresses
//! each of its segments that is not empty, and says so in its preamble; lengths and checksums are those of what is sent.

mod lz4;
mod registry;
mod snappy;
mod zlib;
mod zstd;

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_wire::msgr2::CompressionAlgorithm;
use thiserror::Error;

pub use registry::{Compression, CompressionMode};

/// The largest segment that is compressed: what every algorithm can do.
const PLAIN_MAX: usize = 1 << 30;

/// Compresses and decompresses segments of frames (`Compressor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// [`CompressionAlgorithm::SNAPPY`]
    Snappy,
    /// [`CompressionAlgorithm::ZLIB`]
    Zlib,
    /// [`CompressionAlgorithm::ZSTD`]
    Zstd,
    /// [`CompressionAlgorithm::LZ4`]
    Lz4,
}

/// Why what came compressed cannot be had back. It is the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompressionError {
    /// The bytes are not what the algorithm makes.
    #[error("these bytes were not compressed with {0}")]
    Malformed(CompressionAlgorithm),
    /// The bytes say how many come out, and others do.
    #[error("{announced} bytes were announced, and others come out")]
    WrongSize {
        /// How many the bytes say.
        announced: u64,
    },
    /// More comes out than may.
    #[error("{size} bytes or more would come out, where {limit} may")]
    TooLarge {
        /// How many at least.
        size: u64,
        /// How many may.
        limit: u64,
    },
}

impl Compressor {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Snappy, Self::Zlib, Self::Zstd, Self::Lz4];

    /// The one for that algorithm; `None` where there is none (`Compressor::create`).
    #[must_use]
    pub const fn create(algorithm: CompressionAlgorithm) -> Option<Self> {
        match algorithm {
            CompressionAlgorithm::SNAPPY => Some(Self::Snappy),
            CompressionAlgorithm::ZLIB => Some(Self::Zlib),
            CompressionAlgorithm::ZSTD => Some(Self::Zstd),
            CompressionAlgorithm::LZ4 => Some(Self::Lz4),
            _ => None,
        }
    }

    /// What it compresses with.
    #[must_use]
    pub const fn algorithm(self) -> CompressionAlgorithm {
        match self {
            Self::Snappy => CompressionAlgorithm::SNAPPY,
            Self::Zlib => CompressionAlgorithm::ZLIB,
            Self::Zstd => CompressionAlgorithm::ZSTD,
            Self::Lz4 => CompressionAlgorithm::LZ4,
        }
    }

    /// Compresses a segment. It may become larger. `None` where it is too large to begin with, or the algorithm fails: the frame
    /// goes as it is then.
    #[must_use]
    pub fn compress(self, plain: &[u8]) -> Option<Vec<u8>> {
        if plain.len() > PLAIN_MAX {
            return None;
        }
        match self {
            Self::Snappy => snappy::compress(plain),
            Self::Zlib => Some(zlib::compress(plain)),
            Self::Zstd => zstd::compress(plain),
            Self::Lz4 => lz4::compress(plain),
        }
    }

    /// The same, but one that is empty stays so.
    pub(crate) fn segment(self, plain: &[u8]) -> Option<Bytes> {
        if plain.is_empty() { Some(Bytes::new()) } else { self.compress(plain).map(Bytes::from) }
    }

    /// Decompresses a segment into at most `limit` bytes. Memory is taken for what comes out, or for what the bytes announce where
    /// so many bytes can come out of them; never for more than `limit`.
    ///
    /// # Errors
    ///
    /// When more would come out, or the bytes are not what the algorithm makes.
    pub fn decompress(self, compressed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
        match self {
            Self::Snappy => snappy::decompress(compressed, limit),
            Self::Zlib => zlib::decompress(compressed, limit),
            Self::Zstd => zstd::decompress(compressed, limit),
            Self::Lz4 => lz4::decompress(compressed, limit),
        }
    }

    const fn malformed(self) -> CompressionError {
        CompressionError::Malformed(self.algorithm())
    }
}

/// How many bytes a peer may send for so many: the worst algorithm adds a sixth, and all add something of their own.
pub(crate) const fn most(plain: u32) -> u32 {
    plain.saturating_add(plain / 4).saturating_add(256)
}

/// Checks how many bytes are announced, where each byte that came can become `ratio` at the most. Gives the number.
fn announced(size: u64, came: usize, ratio: u64, limit: usize) -> Result<usize, CompressionError> {
    if size > limit as u64 {
        return Err(CompressionError::TooLarge { size, limit: limit as u64 });
    }
    if size > (came as u64).saturating_mul(ratio) {
        return Err(CompressionError::WrongSize { announced: size });
    }
    Ok(usize::try_from(size).unwrap_or(limit))
}
