//! Ops with their data. Those without arguments are made by [`OsdOp::new`].

use alloc::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    ChunkTarget, CopySource, CopySource2, ListFilter, NotifyAck, NotifyRequest, OmapAssertion, OmapGetKeys,
    OmapGetVals, OmapRange, ScrubLsArg,
};
use crate::types::{OpArgs, OpCode, OsdOp, SnapId};
use crate::{BufferList, Encode, Epoch, Features};

impl OsdOp {
    /// An op with that value. No feature changes how what is in it is written.
    fn with_value(code: OpCode, args: OpArgs, value: &impl Encode) -> Self {
        Self { data: value.to_bytes(Features::NONE).into(), ..Self::new(code, args) }
    }

    /// An op on an omap, which tells the length of its data twice.
    fn omap(code: OpCode, value: &impl Encode) -> Self {
        let op = Self::with_value(code, OpArgs::None, value);
        Self { args: OpArgs::extent(0, op.data.len() as u64), ..op }
    }

    /// Gives keys of the omap.
    #[must_use]
    pub fn omap_get_keys(wanted: &OmapGetKeys) -> Self {
        Self::omap(OpCode::OMAPGETKEYS, wanted)
    }

    /// Gives keys of the omap with their values.
    #[must_use]
    pub fn omap_get_vals(wanted: &OmapGetVals) -> Self {
        Self::omap(OpCode::OMAPGETVALS, wanted)
    }

    /// Gives the values of those keys that there are.
    #[must_use]
    pub fn omap_get_vals_by_keys(keys: &BTreeSet<Bytes>) -> Self {
        Self::omap(OpCode::OMAPGETVALSBYKEYS, keys)
    }

    /// Sets values.
    #[must_use]
    pub fn omap_set_vals(vals: &BTreeMap<Bytes, Bytes>) -> Self {
        Self::omap(OpCode::OMAPSETVALS, vals)
    }

    /// Sets the header of the omap.
    #[must_use]
    pub fn omap_set_header(header: BufferList) -> Self {
        let args = OpArgs::extent(0, header.len() as u64);
        Self { data: header, ..Self::new(OpCode::OMAPSETHEADER, args) }
    }

    /// Removes those keys.
    #[must_use]
    pub fn omap_rm_keys(keys: &BTreeSet<Bytes>) -> Self {
        Self::omap(OpCode::OMAPRMKEYS, keys)
    }

    /// Removes all keys of a range.
    #[must_use]
    pub fn omap_rm_key_range(range: &OmapRange) -> Self {
        Self::omap(OpCode::OMAPRMKEYRANGE, range)
    }

    /// Fails with `ECANCELED` unless all values compare so.
    #[must_use]
    pub fn omap_cmp(assertions: &BTreeMap<Bytes, OmapAssertion>) -> Self {
        Self::omap(OpCode::OMAP_CMP, assertions)
    }

    /// Tells the watchers of the object, in the name of the watch of that cookie.
    #[must_use]
    pub fn notify(cookie: u64, request: &NotifyRequest) -> Self {
        Self::with_value(OpCode::NOTIFY, OpArgs::Notify { cookie }, request)
    }

    /// Answers what was told.
    #[must_use]
    pub fn notify_ack(ack: &NotifyAck) -> Self {
        Self::with_value(OpCode::NOTIFY_ACK, OpArgs::None, ack)
    }

    /// Copies another object over this one; `from` is an [`OpArgs::CopyFrom`].
    #[must_use]
    pub fn copy_from(from: OpArgs, source: &CopySource) -> Self {
        Self::with_value(OpCode::COPY_FROM, from, source)
    }

    /// As [`Self::copy_from`], with the truncation of the new object.
    #[must_use]
    pub fn copy_from2(from: OpArgs, source: &CopySource2) -> Self {
        Self::with_value(OpCode::COPY_FROM2, from, source)
    }

    /// Makes the object point to another one; `target` is an [`OpArgs::CopyFrom`].
    #[must_use]
    pub fn set_redirect(target: OpArgs, object: &CopySource) -> Self {
        Self::with_value(OpCode::SET_REDIRECT, target, object)
    }

    /// Says where the data of a range are kept.
    #[must_use]
    pub fn set_chunk(target: &ChunkTarget) -> Self {
        Self::with_value(OpCode::SET_CHUNK, OpArgs::None, target)
    }

    /// Makes the object what it was at a snapshot.
    #[must_use]
    pub const fn rollback(snapid: SnapId) -> Self {
        Self::new(OpCode::ROLLBACK, OpArgs::Snap { snapid })
    }

    /// As [`Self::pgnls`], of those objects that the filter lets pass.
    #[must_use]
    pub fn pgnls_filter(count: u64, filter: &ListFilter, start_epoch: Epoch) -> Self {
        Self::with_value(OpCode::PGNLS_FILTER, OpArgs::Pgls { count, start_epoch }, filter)
    }

    /// Lists what scrubs of the PG found.
    #[must_use]
    pub fn scrubls(wanted: &ScrubLsArg) -> Self {
        Self::with_value(OpCode::SCRUBLS, OpArgs::None, wanted)
    }
}
