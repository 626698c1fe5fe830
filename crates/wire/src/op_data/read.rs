//! What reads give.

use alloc::collections::BTreeMap;

use bytes::Bytes;
use loligo_base::Wall;

use super::plain_struct;

plain_struct! {
    /// What `STAT` gives.
    ObjectStat {
        /// The size in bytes.
        size: u64,
        /// When it was last changed.
        mtime: Wall,
    }
}

plain_struct! {
    /// What `SPARSE_READ` gives.
    SparseRead {
        /// Offsets and lengths of what is no hole.
        extents: BTreeMap<u64, u64>,
        /// The data of all extents, one after the other.
        data: Bytes,
    }
}
