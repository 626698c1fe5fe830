//! Links, and OSDs that take ops from them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use loligo_objecter::SessionId;
use loligo_wire::message::{MOSDBackoff, MOSDOp, MOSDOpReply, OpResult};
use loligo_wire::types::{BackoffOp, ErrorCode, HObject, OpCode, SpgId};
use loligo_wire::{Epoch, Tid};

use super::ledger::Ledger;
use super::placement::Places;
use super::world::Tally;
use crate::common::Cluster;

pub(crate) enum ToOsd {
    Op(Tid, Arc<MOSDOp>),
    Ack(Box<MOSDBackoff>),
}

pub(crate) enum ToClient {
    Opened,
    Reply(Tid, Box<MOSDOpReply>),
    Backoff(Box<MOSDBackoff>),
    Reset,
}

/// A back-off as its OSD sees it.
pub(crate) struct Blocked {
    pgid: SpgId,
    range: (HObject, HObject),
    acked: bool,
}

impl Blocked {
    fn covers(&self, pgid: SpgId, object: &HObject) -> bool {
        let (begin, end) = &self.range;
        pgid == self.pgid && (object == begin || (object > begin && object < end))
    }
}

/// A connection. What is in it is lost when it breaks.
#[derive(Default)]
pub(crate) struct Link {
    pub(crate) broken: bool,
    pub(crate) up: VecDeque<ToOsd>,
    pub(crate) down: VecDeque<ToClient>,
    pub(crate) blocked: BTreeMap<u64, Blocked>,
}

impl Link {
    /// Cut: all that is under way is lost, and the client will hear of it.
    pub(crate) fn cut(&mut self) {
        self.broken = true;
        self.up.clear();
        self.down.clear();
        self.down.push_back(ToClient::Reset);
    }
}

/// What all OSDs keep together: their peering is assumed to be perfect.
#[derive(Default)]
pub(crate) struct Store {
    /// The requests that were executed, by which a replay is known.
    executed: BTreeMap<Tid, u64>,
    version: u64,
    next_backoff: u64,
    /// The ops that were refused. What refuses one refuses the later ones on the same object, until that one is executed.
    refused: BTreeSet<usize>,
}

pub(crate) struct Arrival<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) places: &'a mut Places,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) tally: &'a mut Tally,
    /// The map of the OSD.
    pub(crate) epoch: Epoch,
    pub(crate) session: SessionId,
}

/// What the dice say about an op that arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whim {
    Execute,
    Block,
    Refuse,
}

impl Store {
    /// An op arrives at an OSD.
    pub(crate) fn take(&mut self, at: &mut Arrival<'_>, link: &mut Link, tid: Tid, op: &MOSDOp, whim: Whim) {
        let group = Places::group(at.cluster, at.epoch, op.hobj.pool, op.hobj.hash);
        let welcome =
            group == Some(op.pgid.pgid) && at.places.is_welcome(at.cluster, at.session.osd, op, at.epoch);
        if !welcome {
            // Invariant O4: by its own map, the client must not have sent it here.
            let primary = at.places.primary(at.cluster, op.osdmap_epoch, op.pgid.pgid);
            assert_eq!(primary, Some(at.session.osd), "misdirected by epoch {}", op.osdmap_epoch);
            at.tally.dropped += 1;
            return;
        }
        self.check_flags(at, op);
        if let Some(blocked) = link.blocked.values().find(|blocked| blocked.covers(op.pgid, &op.hobj)) {
            // Invariant O8: once the OSD knows that the client knows, nothing may come.
            assert!(!blocked.acked, "sent into a back-off");
            at.tally.dropped += 1;
            return;
        }
        let number = number(op);
        let after_refused = |refused: &&usize| {
            let asked = &at.ledger.ops[**refused];
            asked.object == object(op) && asked.outcome.is_none() && **refused < number
        };
        let whim =
            if self.refused.iter().any(|refused| after_refused(&refused)) { Whim::Refuse } else { whim };
        // A replay is known before anything else is looked at.
        let whim = if self.executed.contains_key(&tid) { Whim::Execute } else { whim };
        match whim {
            Whim::Block => self.block(at, link, op),
            Whim::Refuse => {
                at.tally.refused += 1;
                self.refused.insert(number);
                link.down.push_back(ToClient::Reply(tid, reply(op, ErrorCode::EAGAIN, 0, at.epoch)));
            }
            Whim::Execute => self.execute(at, link, tid, op),
        }
    }

    /// Invariant O6: by the client's own map, the op was allowed to go.
    fn check_flags(&self, at: &Arrival<'_>, op: &MOSDOp) {
        use loligo_wire::osdmap::OsdMapFlags as F;
        use loligo_wire::types::OsdFlags;
        let map = &at.cluster.maps[&op.osdmap_epoch];
        let stops = if op.flags.has(OsdFlags::WRITE) { F::PAUSEWR | F::FULL } else { F::PAUSERD };
        assert!(!map.test_flag(stops), "sent although epoch {} pauses", op.osdmap_epoch);
    }

    fn block(&mut self, at: &mut Arrival<'_>, link: &mut Link, op: &MOSDOp) {
        self.next_backoff += 1;
        at.tally.backoffs += 1;
        let id = self.next_backoff;
        let whole = id.is_multiple_of(2);
        let range = if whole {
            (HObject::boundary(op.hobj.pool, 0), HObject::MAX)
        } else {
            (op.hobj.clone(), op.hobj.clone())
        };
        let message = MOSDBackoff {
            pgid: op.pgid,
            map_epoch: at.epoch,
            op: BackoffOp::BLOCK,
            id,
            begin: range.0.clone(),
            end: range.1.clone(),
        };
        link.blocked.insert(id, Blocked { pgid: op.pgid, range, acked: false });
        link.down.push_back(ToClient::Backoff(Box::new(message)));
    }

    fn execute(&mut self, at: &mut Arrival<'_>, link: &mut Link, tid: Tid, op: &MOSDOp) {
        self.refused.remove(&number(op));
        if op.ops[0].code == OpCode::APPEND {
            if let Some(version) = self.executed.get(&tid) {
                at.tally.replays += 1;
                link.down.push_back(ToClient::Reply(tid, reply(op, ErrorCode(0), *version, at.epoch)));
                return;
            }
            self.version += 1;
            self.executed.insert(tid, self.version);
            at.ledger.objects.entry(object(op)).or_default().push(number(op));
        }
        link.down.push_back(ToClient::Reply(tid, reply(op, ErrorCode(0), self.version, at.epoch)));
    }

    pub(crate) fn acked(link: &mut Link, ack: &MOSDBackoff) {
        assert_eq!(ack.op, BackoffOp::ACK_BLOCK);
        if let Some(blocked) = link.blocked.get_mut(&ack.id) {
            blocked.acked = true;
        }
    }

    /// Frees one of the back-offs that were acknowledged.
    pub(crate) fn unblock(link: &mut Link, epoch: Epoch) {
        let Some(id) = link.blocked.iter().find(|(_, blocked)| blocked.acked).map(|(id, _)| *id) else {
            return;
        };
        let Blocked { pgid, range: (begin, end), .. } = link.blocked.remove(&id).unwrap();
        let message = MOSDBackoff { pgid, map_epoch: epoch, op: BackoffOp::UNBLOCK, id, begin, end };
        link.down.push_back(ToClient::Backoff(Box::new(message)));
    }
}

/// The number of the op in the ledger: the model gives it as its time.
fn number(op: &MOSDOp) -> usize {
    usize::try_from(op.mtime.secs()).unwrap()
}

fn object(op: &MOSDOp) -> u32 {
    String::from_utf8_lossy(&op.hobj.oid).parse().unwrap()
}

fn reply(op: &MOSDOp, result: ErrorCode, version: u64, epoch: Epoch) -> Box<MOSDOpReply> {
    Box::new(MOSDOpReply {
        oid: op.hobj.oid.clone(),
        pgid: op.pgid.pgid,
        flags: op.flags,
        result,
        osdmap_epoch: epoch,
        ops: op.ops.iter().map(|op| OpResult { op: op.clone(), rval: result }).collect(),
        retry_attempt: op.retry_attempt,
        user_version: version,
        ..MOSDOpReply::default()
    })
}
