//! Listing the objects of a pool, a placement group at a time: `NListContext`.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{ErrorCode, HObject, ListObject, ObjectLocator, PgId, PgNlsResponse};
use loligo_wire::{Decode, DecodeError, Decoder, PoolId};
use thiserror::Error;

use crate::operation::{ObjectOperation, Op};
use crate::result::OpReply;

/// Why a listing cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ListError {
    /// The map has no such pool.
    #[error("no such pool")]
    NoSuchPool,
    /// The OSD answered with an error.
    #[error("the OSD answered {0:?}")]
    Osd(ErrorCode),
    /// The OSD's answer cannot be read.
    #[error("the OSD's list cannot be read: {0}")]
    Malformed(DecodeError),
    /// The OSD answered with a place that is not behind the one it was asked for: the listing would never end.
    #[error("the OSD's list does not go on")]
    NoProgress,
}

/// A place in the listing of a pool. Objects come in the order of their hashes; those that are created or removed
/// meanwhile may or may not be seen, and others are seen once, also over splits of placement groups.
///
/// Take an op with [`Self::next_op`], submit it, give its answer to [`Self::accept`]; again, until there is no next op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListCursor {
    pool: PoolId,
    nspace: Bytes,
    pos: HObject,
}

impl ListCursor {
    /// The namespace that stands for all of them (`LIBRADOS_ALL_NSPACES`).
    pub const ALL_NSPACES: Bytes = Bytes::from_static(b"\x01");

    /// The start of a pool's listing, within a namespace or [all](Self::ALL_NSPACES) of them.
    #[must_use]
    pub const fn new(pool: PoolId, nspace: Bytes) -> Self {
        Self { pool, nspace, pos: HObject::MIN }
    }

    /// The same, from a place on that [`Self::position`] gave.
    #[must_use]
    pub const fn at(pool: PoolId, nspace: Bytes, pos: HObject) -> Self {
        Self { pool, nspace, pos }
    }

    /// The first place that was not listed yet.
    #[must_use]
    pub const fn position(&self) -> &HObject {
        &self.pos
    }

    /// Whether all is listed.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        self.pos.is_max()
    }

    /// The op that lists the next part, `max_entries` objects at most; `None` when all is listed (`list_nobjects`).
    ///
    /// # Errors
    ///
    /// [`ListError::NoSuchPool`] where the map has no such pool.
    pub fn next_op(&self, map: &OSDMap, max_entries: u64) -> Result<Option<Op>, ListError> {
        let pool = map.get_pg_pool(self.pool).ok_or(ListError::NoSuchPool)?;
        if self.is_end() {
            return Ok(None);
        }
        let mut operation = ObjectOperation::new();
        operation.pg_nls(max_entries.max(1), &self.pos, map.get_epoch());
        // The number of the group, as Ceph sends it, not the hash: either falls into the same group.
        let pgid = loligo_placement::raw_pg_to_pg(pool, PgId::new(self.pool, self.pos.hash));
        let oloc = ObjectLocator { nspace: self.nspace.clone(), ..ObjectLocator::new(self.pool) };
        Ok(Some(Op::pg_read(pgid, oloc, operation)))
    }

    /// Takes the answer to [`Self::next_op`]: gives the objects and moves on (`_nlist_reply`).
    ///
    /// # Errors
    ///
    /// When the answer is an error or cannot be followed. The place stays as it was.
    pub fn accept(&mut self, reply: &OpReply) -> Result<Vec<ListObject>, ListError> {
        if reply.is_err() {
            return Err(ListError::Osd(reply.result));
        }
        let data = reply.data(0).map(|data| data.to_contiguous()).unwrap_or_default();
        // Behind the response stands what older clients want to see.
        let response = PgNlsResponse::decode(&mut Decoder::of(&data)).map_err(ListError::Malformed)?;
        if response.handle <= self.pos {
            return Err(ListError::NoProgress);
        }
        self.pos = response.handle;
        Ok(response.entries)
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec;

    use loligo_wire::message::OpResult;
    use loligo_wire::osdmap::PgPool;
    use loligo_wire::types::OsdOp;
    use loligo_wire::{Encode, Features};

    use super::*;

    fn map() -> OSDMap {
        let mut map = OSDMap::default();
        map.pools.insert(PoolId(1), Arc::new(PgPool { pg_num: 12, ..PgPool::default() }));
        map
    }

    fn answer(handle: HObject, result: i32) -> OpReply {
        let entries = vec![ListObject { oid: Bytes::from_static(b"a"), ..ListObject::default() }];
        let data = PgNlsResponse { handle, entries }.to_bytes(Features::PACIFIC);
        let op = OsdOp { data: data.into(), ..OsdOp::default() };
        let ops = vec![OpResult { op, rval: ErrorCode(result) }];
        OpReply { result: ErrorCode(result), ops, ..OpReply::default() }
    }

    #[test]
    fn goes_from_group_to_group_and_ends() {
        let map = map();
        let mut cursor = ListCursor::new(PoolId(1), Bytes::new());
        assert!(cursor.next_op(&map, 10).unwrap().is_some());
        // 1 is the answer of an OSD at the end of a group.
        assert_eq!(cursor.accept(&answer(HObject::boundary(PoolId(1), 8), 1)).unwrap().len(), 1);
        assert_eq!(cursor.position().hash, 8);
        assert!(!cursor.is_end());
        cursor.accept(&answer(HObject::MAX, 1)).unwrap();
        assert!(cursor.is_end());
        assert!(cursor.next_op(&map, 10).unwrap().is_none());
    }

    #[test]
    fn an_answer_that_leads_back_is_refused() {
        let mut cursor = ListCursor::at(PoolId(1), Bytes::new(), HObject::boundary(PoolId(1), 8));
        let before = cursor.clone();
        let back = answer(HObject::boundary(PoolId(1), 0), 1);
        assert_eq!(cursor.accept(&back), Err(ListError::NoProgress));
        assert_eq!(cursor.accept(&answer(HObject::boundary(PoolId(1), 8), 0)), Err(ListError::NoProgress));
        assert_eq!(cursor.accept(&answer(HObject::MAX, -5)), Err(ListError::Osd(ErrorCode::EIO)));
        assert!(matches!(cursor.accept(&OpReply::default()), Err(ListError::Malformed(_))));
        assert_eq!(cursor, before);
        assert!(matches!(cursor.next_op(&OSDMap::default(), 1), Err(ListError::NoSuchPool)));
    }
}
