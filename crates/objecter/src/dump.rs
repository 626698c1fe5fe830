//! What is under way, for a look from outside: `dump_ops`, the `objecter_requests` of an admin socket.

use core::fmt;

use bytes::Bytes;
use loligo_wire::types::SpgId;
use loligo_wire::{OsdId, PoolId, Tid};

use crate::Objecter;
use crate::gate::Reason;
use crate::io::SessionId;
use crate::ops::{Home, Row};

/// One op that has not ended yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpInfo {
    /// The tid that it was submitted under.
    pub tid: Tid,
    /// The tid that it has on the wire.
    pub wire_tid: Tid,
    /// The pool of its locator.
    pub pool: PoolId,
    /// The object; empty for an op on a placement group.
    pub oid: Bytes,
    /// The placement group that it goes to, as far as that is known.
    pub pgid: SpgId,
    /// The OSD that serves it; `None` where there is none.
    pub osd: Option<OsdId>,
    /// Why it waits; `None` where it is under way.
    pub held: Option<Reason>,
    /// How often it was sent.
    pub attempts: u32,
    /// By which link it was sent last.
    pub sent_by: Option<SessionId>,
}

impl OpInfo {
    fn new<C>(tid: Tid, row: &Row<C>) -> Self {
        Self {
            tid,
            wire_tid: row.wire_tid,
            pool: row.oloc.pool,
            oid: row.message.hobj.oid.clone(),
            pgid: row.target.actual_pgid,
            osd: match row.home {
                Home::Osd(osd) => Some(osd),
                Home::Nowhere | Home::Homeless => None,
            },
            held: row.held(),
            attempts: row.attempts,
            sent_by: row.sent.map(|(session, _)| session),
        }
    }
}

/// `7 greeting @1 pg 1.3 osd.2 in flight, sent 1 times`.
impl fmt::Display for OpInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} @{}", self.tid, self.oid.escape_ascii(), self.pool)?;
        match self.osd {
            Some(osd) => write!(f, " pg {} osd.{osd}", self.pgid)?,
            None if self.held == Some(Reason::Budget) => {}
            None => f.write_str(" homeless")?,
        }
        match self.held {
            Some(reason) => write!(f, " held: {reason:?}")?,
            None => f.write_str(" in flight")?,
        }
        write!(f, ", sent {} times", self.attempts)
    }
}

impl<C> Objecter<C> {
    /// The ops that have not ended yet, in the order of their submission (`dump_ops`).
    pub fn dump_ops(&self) -> impl Iterator<Item = OpInfo> {
        self.ops.iter().map(|(tid, row)| OpInfo::new(tid, row))
    }
}
