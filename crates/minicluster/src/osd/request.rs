//! A client's request on its way through an OSD.

use alloc::vec::Vec;

use loligo_base::Wall;
use loligo_msgr_proto::ConId;
use loligo_wire::message::{MOSDOp, MOSDOpReply, OpResult};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::types::{EVersion, ErrorCode, HObject, OsdFlags, OsdOp, PgId, ReqId};
use loligo_wire::{Epoch, Tid};

/// A request, and where its answer goes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) con: ConId,
    pub(super) tid: Tid,
    pub(super) reqid: ReqId,
    pub(super) pg: PgId,
    pub(super) epoch: Epoch,
    pub(super) flags: OsdFlags,
    pub(super) hobj: HObject,
    pub(super) ops: Vec<OsdOp>,
    pub(super) mtime: Wall,
    pub(super) retry_attempt: i32,
}

/// An answer on its way back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) con: ConId,
    pub(super) tid: Tid,
    pub(super) reply: MOSDOpReply,
}

impl Request {
    pub(super) fn new(con: ConId, header: &MessageHeader, message: MOSDOp) -> Self {
        Self {
            con,
            tid: header.tid,
            reqid: message.reqid_from(header),
            pg: message.pgid.pgid,
            epoch: message.osdmap_epoch,
            flags: message.flags,
            hobj: message.hobj,
            ops: message.ops,
            mtime: message.mtime,
            retry_attempt: message.retry_attempt,
        }
    }

    pub(super) const fn writes(&self) -> bool {
        self.flags.has(OsdFlags::WRITE)
    }

    /// Whether it is about a whole PG. The ops say so (`OpRequest::set_pg_op`); librados does not set the flag for it.
    pub(super) fn is_pg_op(&self) -> bool {
        self.ops.iter().any(|op| op.code.is_pg())
    }

    /// Bytes that came with it.
    pub(super) fn data_len(&self) -> u64 {
        self.ops.iter().map(|op| op.data.len() as u64).sum()
    }

    /// The answer with these ops and results (`MOSDOpReply::MOSDOpReply`).
    pub(super) fn answer(
        self,
        epoch: Epoch,
        result: i32,
        ops: Vec<(OsdOp, i32)>,
        version: EVersion,
        user_version: u64,
    ) -> Answer {
        let acknowledged = OsdFlags::ACK | OsdFlags::ONDISK;
        let mut reply = MOSDOpReply {
            oid: self.hobj.oid,
            pgid: self.pg,
            flags: self.flags.without(acknowledged | OsdFlags::ONNVRAM) | acknowledged,
            result: ErrorCode(result),
            osdmap_epoch: epoch,
            ops: ops.into_iter().map(|(op, rval)| OpResult { op, rval: ErrorCode(rval) }).collect(),
            retry_attempt: self.retry_attempt,
            ..MOSDOpReply::default()
        };
        reply.set_reply_versions(version, user_version);
        Answer { con: self.con, tid: self.tid, reply }
    }

    /// The answer to a request that was not executed, or that needs none of its data back.
    pub(super) fn answer_result(
        mut self,
        epoch: Epoch,
        result: i32,
        version: EVersion,
        user_version: u64,
    ) -> Answer {
        let ops = core::mem::take(&mut self.ops)
            .into_iter()
            .map(|op| (OsdOp { data: loligo_wire::BufferList::new(), ..op }, 0))
            .collect();
        self.answer(epoch, result, ops, version, user_version)
    }
}
