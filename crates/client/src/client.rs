//! The client as an endpoint.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_auth::AuthClient;
use loligo_base::{Entropy, Mono, Now, Prng, Timers, Wall};
use loligo_monclient::{self as mon, MonClient, RequestError};
use loligo_msgr_proto::{ConId, Endpoint, Envelope, Fault, Input, IoKind, NetEvent, Output, PeerError};
use loligo_objecter::{self as osd, Objecter};
use loligo_wire::entity::{EntityAddr, EntityAddrVec};
use loligo_wire::message::MOSDMap;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{GlobalId, Uuid};

use crate::links::{Link, Links};
use crate::maps::Waiting;
use crate::under_way::{Place, UnderWay};
use crate::{Call, CallId, ClientMsg, Done, Options, Outcome};

/// A whole RADOS client as one [`Endpoint`]: a [`MonClient`] and an [`Objecter`], joined.
///
/// It logs in, follows the maps, and carries out ops and requests to the monitors. It has no socket, no thread and no clock:
/// `msgr::Node` drives it on sockets, the simulator on streams of its own. `C` is what a caller gives along with a
/// [`Call`] and gets back with its [`Done`].
pub struct Client<C> {
    pub(crate) options: Options,
    pub(crate) mon: MonClient<Asked<C>>,
    pub(crate) objecter: Objecter<Tagged<C>>,
    pub(crate) links: Links,
    pub(crate) waiting: Waiting<C>,
    pub(crate) under_way: UnderWay,
    /// Where the monitors of `mon_host` are, and what became of the last call to each.
    pub(crate) faults: BTreeMap<EntityAddr, Fault>,
    /// How often new tickets came.
    pub(crate) tickets: u64,
    pub(crate) life: Life,
    /// Messages have a name to go under.
    pub(crate) named: bool,
    pub(crate) name: alloc::string::String,
    pub(crate) timers: Timers<Timer>,
    pub(crate) outputs: VecDeque<Output<Done<C>>>,
    /// The time of the input that is being handled.
    pub(crate) now: Now,
}

/// How far the client's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Nobody asked it to start.
    New,
    /// It was started.
    Started,
    /// It was shut down.
    Stopped,
}

/// What there is to wait for, beside what the two machines wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The deadline of a wait for a connection or a map, by its number.
    Wait(u64),
}

/// A caller's token with the name of its call.
#[derive(Debug)]
pub(crate) struct Tagged<C> {
    pub(crate) id: CallId,
    pub(crate) done: C,
}

/// Who asked a monitor something.
#[derive(Debug)]
pub(crate) enum Asked<C> {
    /// A caller.
    Call(Tagged<C>),
    /// A caller that waits for the newest map, by the number of the wait.
    LatestMap(u64),
    /// The Objecter, by its number of the question.
    MapCheck(u64),
}

impl<C> Client<C> {
    /// A client that does nothing until [`Call::Start`].
    ///
    /// `mon_host` is a list of monitors, each with all its addresses; `auth` says who we are and wants tickets for OSDs;
    /// `entropy` is where secrets come from, also the seed for the order in which monitors are called.
    #[must_use]
    pub fn new(
        options: Options,
        mon_host: Vec<EntityAddrVec>,
        auth: AuthClient,
        mut entropy: Box<dyn Entropy>,
    ) -> Self {
        let prng = Prng::new(entropy.next_u64());
        let name = alloc::format!("{}", auth.name());
        let waiting = Waiting::new(&mon_host, options.mon.protocols);
        Self {
            mon: MonClient::new(options.mon.clone(), mon_host, auth, prng, entropy),
            objecter: Objecter::new(options.objecter.clone()),
            options,
            links: Links::default(),
            waiting,
            under_way: UnderWay::default(),
            faults: BTreeMap::new(),
            tickets: 0,
            life: Life::New,
            named: false,
            name,
            timers: Timers::new(),
            outputs: VecDeque::new(),
            now: Now { mono: Mono::ZERO, wall: Wall::ZERO },
        }
    }

    /// Sets the host name that the monitors list for this client.
    pub fn set_hostname(&mut self, hostname: impl Into<alloc::string::String>) {
        self.mon.set_hostname(hostname);
    }

    /// The newest map of the OSDs; of epoch 0 and empty before the first came.
    #[must_use]
    pub const fn osdmap(&self) -> &Arc<OSDMap> {
        self.objecter.osdmap()
    }

    /// How maps of the OSDs came in, since the start.
    #[must_use]
    pub const fn map_stats(&self) -> osd::MapStats {
        self.objecter.map_stats()
    }

    /// The cluster's id; nil before the first login.
    #[must_use]
    pub const fn fsid(&self) -> Uuid {
        self.mon.fsid()
    }

    /// Our number; 0 before the first login.
    #[must_use]
    pub const fn global_id(&self) -> GlobalId {
        self.mon.global_id()
    }

    /// How many ops have not ended.
    #[must_use]
    pub fn num_ops(&self) -> usize {
        self.objecter.num_ops()
    }

    /// How many calls that can be cancelled have not ended: ops, requests to the monitors, waits for maps.
    #[must_use]
    pub fn num_calls(&self) -> usize {
        self.under_way.len()
    }

    /// The ops that have not ended, in the order of their submission.
    pub fn dump_ops(&self) -> impl Iterator<Item = osd::OpInfo> {
        self.objecter.dump_ops()
    }

    fn call(&mut self, call: Call<C>) {
        match call {
            Call::Start { deadline, done } => self.start(deadline, done),
            Call::Op { id, op, done } => {
                let tid = self.objecter.op_submit(self.now, op, Tagged { id, done });
                self.under_way.insert(id, Place::Op(tid));
            }
            Call::Mon { id, request, deadline, done } => {
                let deadline = deadline.or(self.default_deadline());
                let tid = self.mon.submit(request, deadline, Asked::Call(Tagged { id, done }));
                self.under_way.insert(id, Place::Request(tid));
            }
            Call::WaitForLatestOsdMap { id, deadline, done } => {
                self.wait_for_latest(id, deadline.or(self.default_deadline()), done);
            }
            Call::WaitForOsdMap { id, epoch, deadline, done } => {
                self.wait_for_map(id, epoch, deadline.or(self.default_deadline()), done);
            }
            Call::SetEpochBarrier(epoch) => {
                self.objecter.handle(self.now, osd::Input::SetEpochBarrier(epoch))
            }
            Call::SetAddrs(addrs) => self.objecter.handle(self.now, osd::Input::SetAddrs(addrs)),
            Call::Cancel(id) => self.cancel(id),
            Call::Shutdown { done } => self.shutdown(done),
        }
    }

    /// When whatever the monitors have to answer is given up (`rados_mon_op_timeout`, where 0 is never).
    fn default_deadline(&self) -> Option<Mono> {
        let after = self.options.rados_mon_op_timeout.filter(|after| !after.is_zero())?;
        Some(self.now.mono + after)
    }

    fn start(&mut self, deadline: Option<Mono>, done: C) {
        if self.life == Life::New {
            self.life = Life::Started;
            self.mon.start(self.now);
        }
        let timeout = self.options.client_mount_timeout;
        let default = (!timeout.is_zero()).then(|| self.now.mono + timeout);
        self.wait_for_connection(deadline.or(default), done);
    }

    /// Ends a call with an error, if it has not ended.
    fn cancel(&mut self, id: CallId) {
        match self.under_way.get(id) {
            Some(Place::Op(tid)) => self.objecter.handle(self.now, osd::Input::Cancel(tid)),
            Some(Place::Request(tid)) => self.mon.cancel(tid),
            Some(Place::Wait(number)) => self.end_wait(number, RequestError::Cancelled { sent: false }),
            None => {}
        }
    }

    fn shutdown(&mut self, done: C) {
        self.stop();
        // Comes last: everything that ended goes out first.
        self.carry_out_all();
        self.tell(done, Outcome::Shutdown);
    }

    /// Ends everything. What is asked later ends at once.
    fn stop(&mut self) {
        self.life = Life::Stopped;
        self.objecter.handle(self.now, osd::Input::Shutdown);
        self.mon.shutdown();
        self.end_waits(RequestError::Shutdown { sent: false });
        self.timers.clear();
    }

    pub(crate) fn tell(&mut self, done: C, outcome: Outcome) {
        self.outputs.push_back(Output::Done(Done::Call { done, outcome }));
    }

    fn net(&mut self, event: NetEvent<ClientMsg>) {
        match event {
            NetEvent::Message { con, header, msg } => self.dispatch(con, header.tid, msg),
            NetEvent::AuthWanted { con, request } => self.auth_wanted(con, request),
            NetEvent::Connected { con, .. } => self.connected(con),
            NetEvent::Reset { con, why } => self.reset(con, why),
            // Ours are lossy: a reset follows, or there is nothing to lose.
            NetEvent::Refused { .. } | NetEvent::RemoteReset { .. } | NetEvent::Accepted { .. } => {}
        }
    }

    fn connected(&mut self, con: ConId) {
        let now = self.now;
        match self.links.established(con) {
            Some(Link::Mon { session, addr }) => {
                self.faults.remove(addr);
                self.mon.handle(now, mon::Input::Opened { session: *session });
            }
            Some(Link::Osd { session, .. }) => {
                self.objecter.handle(now, osd::Input::SessionOpened(*session));
            }
            None => {}
        }
    }

    fn reset(&mut self, con: ConId, why: Fault) {
        match self.links.remove(con) {
            Some(Link::Mon { session, addr }) => {
                let lost = if has_nothing_in_common(&why) {
                    mon::Input::NothingInCommon { session }
                } else {
                    mon::Input::Lost { session }
                };
                self.faults.insert(addr, why);
                self.mon.handle(self.now, lost);
            }
            Some(Link::Osd { session, .. }) => {
                self.objecter.handle(self.now, osd::Input::SessionReset(session));
            }
            None => {}
        }
    }

    /// A message, to whom it concerns.
    fn dispatch(&mut self, con: ConId, tid: loligo_wire::Tid, msg: ClientMsg) {
        let now = self.now;
        match (self.links.get(con), msg) {
            (Some(Link::Mon { session, .. }), ClientMsg::Mon(message)) => {
                self.mon.handle(now, mon::Input::Message { session: *session, tid, message });
            }
            (Some(link), ClientMsg::OsdMap(message)) if self.is_map_of_ours(link, &message) => {
                self.objecter.handle(now, osd::Input::OsdMap(message));
            }
            (Some(Link::Osd { session, .. }), ClientMsg::OsdOpReply(reply)) => {
                self.objecter.handle(now, osd::Input::Reply { session: *session, tid, reply });
            }
            (Some(Link::Osd { session, .. }), ClientMsg::OsdBackoff(backoff)) => {
                self.objecter.handle(now, osd::Input::Backoff { session: *session, backoff });
            }
            (_, msg) => tracing::debug!(%con, msg = msg.name(), "a message that nobody waits for"),
        }
    }

    /// Whether a map may count: it is of the cluster that we logged in to, and comes from an OSD that proved who it is, or from
    /// the monitor that let us in.
    fn is_map_of_ours(&self, link: &Link, message: &MOSDMap) -> bool {
        let from_ours = match link {
            Link::Mon { session, .. } => self.mon.is_active(*session),
            Link::Osd { .. } => true,
        };
        from_ours && message.fsid == self.mon.fsid()
    }

    fn timeout(&mut self) {
        self.mon.handle(self.now, mon::Input::Timeout);
        self.objecter.handle(self.now, osd::Input::Timeout);
        while let Some(Timer::Wait(number)) = self.timers.pop_expired(self.now.mono) {
            self.end_wait(number, RequestError::TimedOut { sent: false });
        }
    }
}

/// Whether a connection cannot be had, however often it is tried: what the two ends were told to speak does not fit together.
const fn has_nothing_in_common(why: &Fault) -> bool {
    matches!(why, Fault::NoCommonMode | Fault::NoModeWithoutKeys | Fault::NoCommonRevision)
        || matches!(why, Fault::Unreachable(kind) if kind.errno == IoKind::NO_PROTOCOL.errno)
}

impl<C> Endpoint for Client<C> {
    type Msg = ClientMsg;
    type Call = Call<C>;
    type Done = Done<C>;

    fn decode(envelope: Envelope) -> Result<Self::Msg, PeerError> {
        ClientMsg::decode(envelope)
    }

    fn handle(&mut self, now: Now, input: Input<Self::Msg, Self::Call>) {
        self.now = now;
        match input {
            Input::Net(event) => self.net(event),
            Input::Call(call) => self.call(call),
            Input::Timeout => self.timeout(),
            Input::Stopped => self.stop(),
        }
    }

    fn poll(&mut self) -> Option<Output<Self::Done>> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            if !self.carry_out() {
                return None;
            }
        }
    }

    fn next_timeout(&self) -> Option<Mono> {
        [self.mon.next_timeout(), self.objecter.next_timeout(), self.timers.next()]
            .into_iter()
            .flatten()
            .min()
    }
}
