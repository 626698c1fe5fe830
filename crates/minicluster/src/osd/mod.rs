//! An OSD in memory.

mod auth;
mod execute;
mod inspect;
mod listing;
mod object;
mod peering;
mod pg;
mod pg_data;
mod request;
mod share;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_base::{Entropy, Mono, Now};
use loligo_msgr_proto::{ConId, Endpoint, Envelope, Input, NetCommand, NetEvent, Output, PeerError, Posted};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::message::{MOSDOp, msg_type};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::PgId;
use loligo_wire::{Epoch, OsdId, PoolId};

use crate::bus::{Body, BusMessage, Daemon};
use crate::history::MapHistory;
use crate::interval::Interval;
use auth::OsdAuth;
pub use inspect::LoggedWrite;
pub(crate) use object::Object;
use pg::{Pg, PgOut};
pub(crate) use pg_data::LogEntry;
use request::Request;

/// A message that an OSD understands.
#[derive(Debug)]
pub enum OsdMsg {
    /// A client's request.
    Op(Box<MOSDOp>),
    /// Anything else; ignored.
    Other(u16),
}

/// What an OSD is asked from outside of the network.
#[derive(Debug)]
pub enum OsdCall {
    /// It starts, and can be reached there.
    Start(EntityAddrVec),
    /// Another daemon says something.
    Bus(BusMessage),
}

/// An OSD in memory: an endpoint that speaks the real protocol to clients. What it says to the other daemons comes out as
/// [`BusMessage`]s.
///
/// It keeps its objects while it is stopped: a driver that stops one drops its connections and its timers, not the
/// value, and tells it to [start](OsdCall::Start) again.
#[derive(Debug)]
pub struct Osd {
    id: OsdId,
    auth: OsdAuth,
    map: Arc<OSDMap>,
    history: Arc<MapHistory>,
    intervals: Arc<BTreeMap<PgId, Interval>>,
    pgs: BTreeMap<PgId, Pg>,
    /// How many PGs each pool had when its data were last cut into PGs.
    pg_nums: BTreeMap<PoolId, u32>,
    /// Connections, and the newest map that each client is known to have.
    cons: BTreeMap<ConId, Epoch>,
    /// Requests that were sent under a newer map than ours.
    early_requests: VecDeque<Request>,
    /// What other daemons said of a newer map than ours.
    early_messages: VecDeque<BusMessage>,
    out: VecDeque<Output<BusMessage>>,
}

impl Osd {
    /// An OSD with no data, to which clients may authenticate by `methods`.
    #[must_use]
    pub fn new(id: OsdId, methods: &'static [AuthMethod], entropy: Box<dyn Entropy>) -> Self {
        Self {
            id,
            auth: OsdAuth::new(methods, entropy),
            map: Arc::default(),
            history: Arc::default(),
            intervals: Arc::default(),
            pgs: BTreeMap::new(),
            pg_nums: BTreeMap::new(),
            cons: BTreeMap::new(),
            early_requests: VecDeque::new(),
            early_messages: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Which one it is.
    #[must_use]
    pub const fn id(&self) -> OsdId {
        self.id
    }

    /// The epoch of the newest map that it has.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.map.epoch
    }

    fn net(&mut self, now: Now, event: NetEvent<OsdMsg>) {
        match event {
            NetEvent::Accepted { con, .. } => {
                self.cons.insert(con, Epoch(0));
            }
            NetEvent::Message { con, header, msg: OsdMsg::Op(message) } => self.op(con, &header, *message),
            NetEvent::AuthWanted { con, request } => {
                let step = self.auth.step(now, con, request);
                self.send(NetCommand::AuthStep { con, step });
            }
            NetEvent::Reset { con, .. } => self.forget(con),
            NetEvent::Message { .. }
            | NetEvent::Connected { .. }
            | NetEvent::RemoteReset { .. }
            | NetEvent::Refused { .. } => {}
        }
    }

    fn forget(&mut self, con: ConId) {
        self.cons.remove(&con);
        self.auth.forget(con);
        self.early_requests.retain(|request| request.con != con);
        for pg in self.pgs.values_mut() {
            pg.waiting.retain(|request| request.con != con);
        }
    }

    fn op(&mut self, con: ConId, header: &MessageHeader, message: MOSDOp) {
        let request = Request::new(con, header, message);
        if request.epoch > self.map.epoch {
            self.early_requests.push_back(request);
        } else {
            self.admit(request);
        }
    }

    fn start(&mut self, addrs: EntityAddrVec) {
        // What a process had in flight is gone with it; what it stored is not.
        self.cons.clear();
        self.auth.forget_all();
        self.early_requests.clear();
        self.early_messages.clear();
        self.out.clear();
        for pg in self.pgs.values_mut() {
            *pg = Pg::new(pg.id, self.id, core::mem::take(&mut pg.data));
        }
        self.bus(Daemon::Mon, Body::Boot { addrs });
    }

    fn bus(&mut self, to: Daemon, body: Body) {
        self.out.push_back(Output::Done(BusMessage { from: Daemon::Osd(self.id), to, body: Box::new(body) }));
    }

    fn send(&mut self, command: NetCommand) {
        self.out.push_back(Output::Net(command));
    }

    /// Carries out what a PG wants.
    fn carry_out(&mut self, pg: PgId, wanted: Vec<PgOut>) {
        for one in wanted {
            match one {
                PgOut::Bus(to, body) => self.bus(to, body),
                PgOut::Answer(answer) => {
                    let msg = Box::new(Posted { tid: answer.tid, message: answer.reply });
                    self.send(NetCommand::Send { con: answer.con, msg });
                }
                PgOut::Dropped(request) => self.share_map(request.con, request.epoch),
                PgOut::Ready => self.run_waiting(pg),
            }
        }
    }
}

impl Endpoint for Osd {
    type Msg = OsdMsg;
    type Call = OsdCall;
    type Done = BusMessage;

    fn decode(envelope: Envelope) -> Result<OsdMsg, PeerError> {
        match envelope.header.message_type {
            msg_type::OSD_OP => Ok(OsdMsg::Op(Box::new(envelope.decode()?))),
            other => Ok(OsdMsg::Other(other)),
        }
    }

    fn handle(&mut self, now: Now, input: Input<OsdMsg, OsdCall>) {
        match input {
            Input::Net(event) => self.net(now, event),
            Input::Call(OsdCall::Start(addrs)) => self.start(addrs),
            Input::Call(OsdCall::Bus(message)) => self.heard(message),
            Input::Timeout | Input::Stopped => {}
        }
    }

    fn poll(&mut self) -> Option<Output<BusMessage>> {
        self.out.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}
