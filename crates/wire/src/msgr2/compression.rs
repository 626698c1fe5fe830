//! How frames may be compressed.

use core::fmt;

use crate::codec::as_inner;

/// An algorithm (`Compressor::CompressionAlgorithm`, `COMP_ALG_*`). Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompressionAlgorithm(pub u32);

as_inner!(CompressionAlgorithm(u32));

impl CompressionAlgorithm {
    /// None.
    pub const NONE: Self = Self(0);
    /// Google's Snappy, without the framing of its files.
    pub const SNAPPY: Self = Self(1);
    /// Deflate, behind one byte that says which library made it.
    pub const ZLIB: Self = Self(2);
    /// Zstandard, behind the size of what comes out.
    pub const ZSTD: Self = Self(3);
    /// Blocks of LZ4, behind a table of their sizes.
    pub const LZ4: Self = Self(4);
    /// Google's Brotli, which Ceph is seldom built with.
    pub const BROTLI: Self = Self(5);

    /// All that have a name.
    pub const ALL: [Self; 6] = [Self::NONE, Self::SNAPPY, Self::ZLIB, Self::ZSTD, Self::LZ4, Self::BROTLI];

    /// Its name (`get_comp_alg_name`); `None` where it is not known.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::NONE => Some("none"),
            Self::SNAPPY => Some("snappy"),
            Self::ZLIB => Some("zlib"),
            Self::ZSTD => Some("zstd"),
            Self::LZ4 => Some("lz4"),
            Self::BROTLI => Some("brotli"),
            _ => None,
        }
    }

    /// The algorithm of that name (`get_comp_alg_type`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == Some(name))
    }
}

impl fmt::Display for CompressionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "algorithm {}", self.0),
        }
    }
}
