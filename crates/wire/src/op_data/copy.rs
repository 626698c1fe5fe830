//! Copies of objects, and what is kept elsewhere.

use bytes::Bytes;

use super::plain_struct;
use crate::types::{ObjectCopyCursor, ObjectLocator};

plain_struct! {
    /// How far a copy has come that `COPY_GET` goes on with.
    CopyGet {
        /// From where on.
        cursor: ObjectCopyCursor,
        /// What an OSD takes as the features of the asking one; clients put the most bytes of data here again.
        features: u64,
    }
}

plain_struct! {
    /// The object that `COPY_FROM` copies, or that `SET_REDIRECT` points to.
    CopySource {
        /// Its name.
        object: Bytes,
        /// Where it is.
        locator: ObjectLocator,
    }
}

plain_struct! {
    /// The object that `COPY_FROM2` copies, and how the new one is truncated.
    CopySource2 {
        /// Its name.
        object: Bytes,
        /// Where it is.
        locator: ObjectLocator,
        /// CephFS: counts truncations.
        truncate_seq: u32,
        /// CephFS: the size that the file was truncated to.
        truncate_size: u64,
    }
}

plain_struct! {
    /// A range of an object, and where its data are kept: `SET_CHUNK`.
    ChunkTarget {
        /// Where the range starts.
        src_offset: u64,
        /// How many bytes.
        src_length: u64,
        /// Where the object with the data is.
        locator: ObjectLocator,
        /// Its name.
        object: Bytes,
        /// Where in it the data start.
        tgt_offset: u64,
    }
}
