//! What scrubs found (`common/scrub_types.h`, `include/rados/rados_types.hpp`).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::codec::versioned_struct;
use crate::types::{ShardId, SnapId};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, OsdId};

versioned_struct! {
    /// An object of a pool: `librados::object_id_t`.
    ObjectId, "object_id_wrapper", version 1, compat 1 {
        /// Its name.
        name: Bytes,
        /// Its namespace.
        nspace: Bytes,
        /// What is hashed in place of its name.
        locator: Bytes,
        /// Which snapshot of it.
        snap: SnapId,
    }
}

/// A copy of an object: `librados::osd_shard_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OsdShard {
    /// Where it is.
    pub osd: OsdId,
    /// Which part of it.
    pub shard: ShardId,
}

impl Decode for OsdShard {
    const MIN_SIZE: usize = 6 + 4 + 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("osd_shard_wrapper", 1, |d, _| {
            Ok(Self { osd: OsdId(i32::decode(d)?), shard: ShardId::decode(d)? })
        })
    }
}

impl Encode for OsdShard {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.osd.0.encode(e);
            self.shard.encode(e);
        });
    }
}

/// What is known of a copy of an object: `librados::shard_info_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardInfo {
    /// What is wrong with it: bits of `librados::err_t`.
    pub errors: u64,
    /// Whether it is the primary's.
    pub primary: bool,
    /// Its extended attributes.
    pub attrs: BTreeMap<Bytes, Bytes>,
    /// Its size in bytes.
    pub size: u64,
    /// The checksum of its omap, where there is one.
    pub omap_digest: Option<u32>,
    /// The checksum of its data, where there is one.
    pub data_digest: Option<u32>,
    /// Whether its attributes were believed.
    pub selected_oi: bool,
}

impl ShardInfo {
    /// There is no such copy, and nothing more is known of it (`err_t::SHARD_MISSING`).
    pub const SHARD_MISSING: u64 = 1 << 1;

    const fn is_missing(&self) -> bool {
        self.errors & Self::SHARD_MISSING != 0
    }
}

/// A checksum stands there in any case, behind whether it is one.
fn decode_digest(d: &mut Decoder<'_>) -> Result<Option<u32>, DecodeError> {
    let (is_there, digest) = <(bool, u32)>::decode(d)?;
    Ok(is_there.then_some(digest))
}

fn encode_digest(digest: Option<u32>, e: &mut Encoder) {
    (digest.is_some(), digest.unwrap_or_default()).encode(e);
}

impl Decode for ShardInfo {
    const MIN_SIZE: usize = 6 + 8 + 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("shard_info_wrapper", 3, |d, version| {
            if version < 3 {
                return Err(DecodeError::TooOld { type_name: "shard_info_wrapper", version, oldest: 3 });
            }
            let (errors, primary) = <(u64, bool)>::decode(d)?;
            let known = Self { errors, primary, ..Self::default() };
            if known.is_missing() {
                return Ok(known);
            }
            Ok(Self {
                attrs: BTreeMap::decode(d)?,
                size: u64::decode(d)?,
                omap_digest: decode_digest(d)?,
                data_digest: decode_digest(d)?,
                selected_oi: bool::decode(d)?,
                ..known
            })
        })
    }
}

impl Encode for ShardInfo {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(3, 3, |e| {
            self.errors.encode(e);
            self.primary.encode(e);
            if self.is_missing() {
                return;
            }
            self.attrs.encode(e);
            self.size.encode(e);
            encode_digest(self.omap_digest, e);
            encode_digest(self.data_digest, e);
            self.selected_oi.encode(e);
        });
    }
}

versioned_struct! {
    /// An object of which copies differ: `librados::inconsistent_obj_t`.
    InconsistentObj, "inconsistent_obj_wrapper", version 2, compat 2 {
        /// How they differ: bits of `librados::obj_err_t`.
        errors: u64,
        /// Which object.
        object: ObjectId,
        /// Its version.
        version: u64,
        /// The copies.
        shards: BTreeMap<OsdShard, ShardInfo>,
        /// What is wrong with any of them: bits of `librados::err_t`.
        union_shards: u64,
    }
}

versioned_struct! {
    /// An object whose snapshots do not fit together: `librados::inconsistent_snapset_t`.
    InconsistentSnapset, "inconsistent_snapset_wrapper", version 2, compat 1 {
        /// What is wrong: its bits.
        errors: u64,
        /// Which object.
        object: ObjectId,
        /// Clones that should not be there.
        clones: Vec<SnapId>,
        /// Clones that should be there.
        missing: Vec<SnapId>,
        /// The `SnapSet` of the object, encoded.
        ss_bl: Bytes,
    }
}

/// What `SCRUBLS` is to give: `scrub_ls_arg_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubLsArg {
    /// The interval of the PG that the listing began in; 0 at its beginning.
    pub interval: Epoch,
    /// Whether objects with inconsistent snapshots are wanted, else those with inconsistent copies.
    pub get_snapsets: bool,
    /// Behind which object to go on; its locator key is not told.
    pub start_after: ObjectId,
    /// How many at most.
    pub max_return: u64,
}

impl Decode for ScrubLsArg {
    const MIN_SIZE: usize = 6 + 4 + 4 + 4 + 4 + 8 + 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("scrub_ls_arg_t", 1, |d, _| {
            let (interval, get_snapsets) = <(Epoch, u32)>::decode(d)?;
            let (name, nspace) = <(Bytes, Bytes)>::decode(d)?;
            let snap = SnapId::decode(d)?;
            Ok(Self {
                interval,
                get_snapsets: get_snapsets != 0,
                start_after: ObjectId { name, nspace, snap, ..ObjectId::default() },
                max_return: u64::decode(d)?,
            })
        })
    }
}

impl Encode for ScrubLsArg {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.interval.encode(e);
            u32::from(self.get_snapsets).encode(e);
            self.start_after.name.encode(e);
            self.start_after.nspace.encode(e);
            self.start_after.snap.encode(e);
            self.max_return.encode(e);
        });
    }
}

versioned_struct! {
    /// What `SCRUBLS` gives: `scrub_ls_result_t`.
    ScrubLsResult, "scrub_ls_result_t", version 1, compat 1 {
        /// The interval of the PG.
        interval: Epoch,
        /// Each an [`InconsistentObj`] or an [`InconsistentSnapset`], encoded.
        vals: Vec<Bytes>,
    }
}
