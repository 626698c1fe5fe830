//! With whom, and how.

use alloc::vec;
use alloc::vec::Vec;

use loligo_wire::entity::EntityType;
use loligo_wire::msgr2::CompressionAlgorithm;

use super::Compressor;

/// Whether frames are compressed (`Compressor::CompressionMode`, those values that the messenger has a use for).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompressionMode {
    /// Never (`COMP_NONE`).
    #[default]
    None,
    /// Always (`COMP_FORCE`).
    Force,
}

impl CompressionMode {
    /// The mode of that name (`get_comp_mode_type`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "force" => Some(Self::Force),
            _ => None,
        }
    }
}

/// Who compresses what (`CompressorRegistry`). The defaults are Ceph's.
///
/// Ceph looks at the type of the other end at both ends, and compresses with OSDs alone: OSDs do so among themselves, and tell
/// clients that ask that they do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Whether to compress with OSDs.
    pub ms_osd_compress_mode: CompressionMode,
    /// How, best first.
    pub ms_osd_compression_algorithm: Vec<CompressionAlgorithm>,
    /// The least that a frame must have in its segments to be compressed, in bytes.
    pub ms_osd_compress_min_size: u64,
    /// Whether to compress also what is encrypted, whose size then tells something about what is in it.
    pub ms_compress_secure: bool,
    /// Whether what is said of OSDs holds for all peers. Not an option of Ceph.
    pub ms_compress_all_peers: bool,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            ms_osd_compress_mode: CompressionMode::None,
            ms_osd_compression_algorithm: vec![CompressionAlgorithm::SNAPPY],
            ms_osd_compress_min_size: 1 << 10,
            ms_compress_secure: false,
            ms_compress_all_peers: false,
        }
    }
}

impl Compression {
    const fn is_for(&self, peer: EntityType) -> bool {
        self.ms_compress_all_peers || matches!(peer, EntityType::OSD)
    }

    /// Whether to compress with that peer (`get_mode`).
    #[must_use]
    pub fn get_mode(&self, peer: EntityType, is_secure: bool) -> CompressionMode {
        if self.is_for(peer) && (self.ms_compress_secure || !is_secure) {
            self.ms_osd_compress_mode
        } else {
            CompressionMode::None
        }
    }

    /// The algorithms for that peer, best first (`get_methods`).
    #[must_use]
    pub fn get_methods(&self, peer: EntityType) -> &[CompressionAlgorithm] {
        if self.is_for(peer) { &self.ms_osd_compression_algorithm } else { &[] }
    }

    /// The least that is compressed with that peer (`get_min_compression_size`).
    #[must_use]
    pub fn get_min_compression_size(&self, peer: EntityType) -> u64 {
        if self.is_for(peer) { self.ms_osd_compress_min_size } else { 0 }
    }

    /// The first of a peer's algorithms that is used here too (`pick_method`); none where none is.
    #[must_use]
    pub fn pick_method(&self, peer: EntityType, preferred: &[CompressionAlgorithm]) -> CompressionAlgorithm {
        let allowed = self.get_methods(peer);
        let is_ours = |method: &_| allowed.contains(method) && Compressor::create(*method).is_some();
        let both = preferred.iter().copied().find(is_ours);
        both.unwrap_or(CompressionAlgorithm::NONE)
    }
}
