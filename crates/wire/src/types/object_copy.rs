//! An object on its way from one OSD to another.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::{ReqId, SnapId};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Text};

/// How far a copy has come: `object_copy_cursor_t`. A client gives it back as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectCopyCursor {
    /// Whether all extended attributes are there.
    pub attr_complete: bool,
    /// How many bytes of data are there.
    pub data_offset: u64,
    /// Whether these are all.
    pub data_complete: bool,
    /// The last omap key that is there.
    pub omap_offset: Text,
    /// Whether it is the last of all.
    pub omap_complete: bool,
}

impl Decode for ObjectCopyCursor {
    const MIN_SIZE: usize = 6 + 1 + 8 + 1 + 4 + 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("object_copy_cursor_t", 1, |d, _| {
            Ok(Self {
                attr_complete: bool::decode(d)?,
                data_offset: u64::decode(d)?,
                data_complete: bool::decode(d)?,
                omap_offset: Text::decode(d)?,
                omap_complete: bool::decode(d)?,
            })
        })
    }
}

impl Encode for ObjectCopyCursor {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.attr_complete.encode(e);
            self.data_offset.encode(e);
            self.data_complete.encode(e);
            self.omap_offset.encode(e);
            self.omap_complete.encode(e);
        });
    }
}

/// The answer to `COPY_GET`, a part of an object: `object_copy_data_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectCopyData {
    /// The object's size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub mtime: Wall,
    /// Its extended attributes.
    pub attrs: BTreeMap<Text, Bytes>,
    /// A part of its data.
    pub data: Bytes,
    /// A part of its omap, encoded.
    pub omap_data: Bytes,
    /// Where the next part starts.
    pub cursor: ObjectCopyCursor,
    /// The header of its omap.
    pub omap_header: Bytes,
    /// The snapshots that it serves, where it is a clone.
    pub snaps: Vec<SnapId>,
    /// The newest snapshot that it knows of, where it is none.
    pub snap_seq: SnapId,
    /// Which of the digests count (`FLAG_*`).
    pub flags: u32,
    /// A checksum of its data.
    pub data_digest: u32,
    /// A checksum of its omap.
    pub omap_digest: u32,
    /// The last requests that changed it, each with the version that came of it.
    pub reqids: Vec<(ReqId, u64)>,
    /// CephFS: counts truncations.
    pub truncate_seq: u64,
    /// CephFS: the size that the file was truncated to.
    pub truncate_size: u64,
    /// What came of those requests that failed, by place in `reqids`.
    pub reqid_return_codes: BTreeMap<u32, i32>,
}

impl ObjectCopyData {
    /// `data_digest` counts.
    pub const FLAG_DATA_DIGEST: u32 = 1 << 0;
    /// `omap_digest` counts.
    pub const FLAG_OMAP_DIGEST: u32 = 1 << 1;
}

const OBJECT_COPY_DATA: &str = "object_copy_data_t";
const KNOWN: u8 = 8;

impl Decode for ObjectCopyData {
    const MIN_SIZE: usize = 6 + 8 + 8 + 4 + 4 + 4 + ObjectCopyCursor::MIN_SIZE + 4 + 4 + 8 + 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned(OBJECT_COPY_DATA, KNOWN, |d, version| {
            if version < 7 {
                return Err(DecodeError::TooOld { type_name: OBJECT_COPY_DATA, version, oldest: 7 });
            }
            Ok(Self {
                size: u64::decode(d)?,
                mtime: Wall::decode(d)?,
                attrs: BTreeMap::decode(d)?,
                data: Bytes::decode(d)?,
                omap_data: Bytes::decode(d)?,
                cursor: ObjectCopyCursor::decode(d)?,
                omap_header: Bytes::decode(d)?,
                snaps: Vec::decode(d)?,
                snap_seq: SnapId::decode(d)?,
                flags: u32::decode(d)?,
                data_digest: u32::decode(d)?,
                omap_digest: u32::decode(d)?,
                reqids: Vec::decode(d)?,
                truncate_seq: u64::decode(d)?,
                truncate_size: u64::decode(d)?,
                reqid_return_codes: if version >= KNOWN { BTreeMap::decode(d)? } else { BTreeMap::new() },
            })
        })
    }
}

impl Encode for ObjectCopyData {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(KNOWN, 5, |e| {
            self.size.encode(e);
            self.mtime.encode(e);
            self.attrs.encode(e);
            self.data.encode(e);
            self.omap_data.encode(e);
            self.cursor.encode(e);
            self.omap_header.encode(e);
            self.snaps.encode(e);
            self.snap_seq.encode(e);
            self.flags.encode(e);
            self.data_digest.encode(e);
            self.omap_digest.encode(e);
            self.reqids.encode(e);
            self.truncate_seq.encode(e);
            self.truncate_size.encode(e);
            self.reqid_return_codes.encode(e);
        });
    }
}
