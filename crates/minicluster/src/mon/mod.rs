//! A monitor in memory.

mod command;
mod maps;
mod session;
mod show;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use core::fmt;

use bytes::Bytes;
use loligo_auth::{KeyServer, LoginRequest};
use loligo_base::{Entropy, Mono, Now};
use loligo_msgr_proto::{
    Accept, AuthRequest, AuthStep, ConId, Endpoint, Envelope, Input, NetCommand, NetEvent, Output, PeerError,
    Posted,
};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddrVec, EntityType};
use loligo_wire::message::{
    MAuth, MMonCommand, MMonGetMap, MMonGetVersion, MMonSubscribe, MStatfs, Message, msg_type,
};
use loligo_wire::osdmap::OsdMapFlags;
use loligo_wire::types::PgId;
use loligo_wire::{Epoch, OsdId, Tid, Uuid};

use crate::bus::{Body, BusMessage, Daemon};
use maps::Maps;
use session::Session;

/// A message that the monitor understands.
#[derive(Debug)]
pub enum MonMsg {
    /// A step of a login.
    Auth(MAuth),
    /// What a client wants to be told of.
    Subscribe(MMonSubscribe),
    /// Which monitors there are.
    GetMap(MMonGetMap),
    /// Which version of a map is the newest.
    GetVersion(MMonGetVersion),
    /// A command.
    Command(MMonCommand),
    /// How full the cluster is.
    Statfs(MStatfs),
    /// Anything else; ignored.
    Other(u16),
}

/// What the monitor is asked from outside of the network.
#[derive(Debug)]
pub enum MonCall {
    /// It starts, and can be reached there.
    Start(EntityAddrVec),
    /// An OSD says something.
    Bus(BusMessage),
    /// An OSD does not answer any more.
    OsdFailed(OsdId),
}

/// What kind of cluster the monitor keeps.
pub struct MonOptions {
    /// The cluster.
    pub fsid: Uuid,
    /// How many OSDs there are.
    pub osds: u16,
    /// How clients may authenticate.
    pub methods: &'static [AuthMethod],
    /// Who may log in.
    pub keys: KeyServer,
    /// Where secrets come from.
    pub entropy: Box<dyn Entropy>,
    /// `osd_pool_default_size`.
    pub osd_pool_default_size: u8,
    /// `osd_pool_default_pg_num`.
    pub osd_pool_default_pg_num: u32,
}

/// A monitor in memory: an endpoint that speaks the real protocol to clients. What it says to the OSDs comes out as
/// [`BusMessage`]s.
pub struct Mon {
    fsid: Uuid,
    methods: &'static [AuthMethod],
    keys: KeyServer,
    entropy: Box<dyn Entropy>,
    maps: Maps,
    monmap: Bytes,
    sessions: BTreeMap<ConId, Session>,
    /// OSDs that asked to be marked up while `noup` was set.
    booting: BTreeMap<OsdId, EntityAddrVec>,
    default_size: u8,
    default_pg_num: u32,
    out: VecDeque<Output<BusMessage>>,
    /// When the keys of services are looked at again.
    next_rotation: Option<Mono>,
}

impl Mon {
    /// A monitor of a new cluster.
    #[must_use]
    pub fn new(options: MonOptions, now: Now) -> Self {
        Self {
            fsid: options.fsid,
            methods: options.methods,
            keys: options.keys,
            entropy: options.entropy,
            maps: Maps::new(options.fsid, options.osds, now.wall),
            monmap: Bytes::new(),
            sessions: BTreeMap::new(),
            booting: BTreeMap::new(),
            default_size: options.osd_pool_default_size,
            default_pg_num: options.osd_pool_default_pg_num,
            out: VecDeque::new(),
            next_rotation: None,
        }
    }

    /// The OSD map.
    #[must_use]
    pub fn osdmap(&self) -> &Arc<loligo_wire::osdmap::OSDMap> {
        self.maps.current()
    }

    fn call(&mut self, now: Now, call: MonCall) {
        match call {
            MonCall::Start(addrs) => self.start(now, &addrs),
            MonCall::Bus(message) => self.heard(now, message),
            MonCall::OsdFailed(osd) => {
                self.booting.remove(&osd);
                let nodown = self.maps.current().flags.contains(OsdMapFlags::NODOWN);
                if self.maps.current().is_up(osd) && !nodown {
                    self.maps.osd_down(now.wall, &[osd]);
                    self.publish();
                }
            }
        }
    }

    fn start(&mut self, now: Now, addrs: &EntityAddrVec) {
        self.monmap = session::monmap(self.fsid, addrs, now.wall);
        self.sessions.clear();
        self.rotate(now);
    }

    /// Makes new secrets for the services where the old ones are over, and tells the OSDs.
    fn rotate(&mut self, now: Now) {
        self.keys.rotate(now.wall, &mut *self.entropy);
        self.next_rotation = self.keys.next_rotation().map(|at| now.mono + at.saturating_since(now.wall));
        for osd in self.maps.current().get_all_osds().collect::<alloc::vec::Vec<_>>() {
            self.give_keys(osd);
        }
    }

    fn give_keys(&mut self, osd: OsdId) {
        if let Some(keys) = self.keys.service_keys(EntityType::OSD) {
            self.bus(osd, Body::ServiceKeys(Arc::new(keys)));
        }
    }

    fn heard(&mut self, now: Now, message: BusMessage) {
        let Daemon::Osd(osd) = message.from else { return };
        match *message.body {
            Body::Boot { addrs } => self.boot(now, osd, addrs),
            Body::HistoryWanted { pg, since } => {
                let last_active = self.maps.last_active(pg);
                self.bus(osd, Body::History { pg, since, last_active });
            }
            Body::Activate { pg, since, acting } => self.activate(osd, pg, since, acting),
            _ => {}
        }
    }

    fn activate(&mut self, osd: OsdId, pg: PgId, since: Epoch, acting: alloc::vec::Vec<OsdId>) {
        if self.maps.activate(pg, since, acting) {
            self.bus(osd, Body::Activated { pg, since });
        }
    }

    fn boot(&mut self, now: Now, osd: OsdId, addrs: EntityAddrVec) {
        self.give_keys(osd);
        if self.maps.current().flags.contains(OsdMapFlags::NOUP) {
            self.booting.insert(osd, addrs);
            // It still learns what is going on.
            self.give_map(osd);
            return;
        }
        self.mark_up(now, osd, &addrs);
        self.publish();
    }

    /// Marks an OSD up. One that is up elsewhere was started anew before anybody missed it: it is marked down first, so that
    /// its PGs begin new intervals; what was under way with it is lost.
    fn mark_up(&mut self, now: Now, osd: OsdId, addrs: &EntityAddrVec) {
        let map = self.maps.current();
        if map.is_up(osd) {
            if map.get_addrs(osd) == addrs {
                return;
            }
            self.maps.osd_down(now.wall, &[osd]);
        }
        self.maps.osd_up(now.wall, osd, addrs);
    }

    /// OSDs that waited for `noup` to go.
    fn boot_waiting(&mut self, now: Now) {
        if !self.maps.current().flags.contains(OsdMapFlags::NOUP) {
            for (osd, addrs) in core::mem::take(&mut self.booting) {
                self.mark_up(now, osd, &addrs);
                self.publish();
            }
        }
    }

    fn give_map(&mut self, osd: OsdId) {
        let map = self.maps.current().clone();
        let (intervals, history) = (self.maps.intervals().clone(), self.maps.history().clone());
        self.bus(osd, Body::Map { map, intervals, history });
    }

    /// Tells everybody of the newest map.
    fn publish(&mut self) {
        for osd in self.maps.current().get_all_osds().collect::<alloc::vec::Vec<_>>() {
            self.give_map(osd);
        }
        for con in self.sessions.keys().copied().collect::<alloc::vec::Vec<_>>() {
            self.send_subscribed_osdmap(con);
        }
    }

    fn bus(&mut self, osd: OsdId, body: Body) {
        self.out.push_back(Output::Done(BusMessage {
            from: Daemon::Mon,
            to: Daemon::Osd(osd),
            body: Box::new(body),
        }));
    }

    fn send<M: Message + fmt::Debug + Send + Sync + 'static>(&mut self, con: ConId, tid: Tid, message: M) {
        let msg = Box::new(Posted { tid, message });
        self.out.push_back(Output::Net(NetCommand::Send { con, msg }));
    }

    fn net(&mut self, now: Now, event: NetEvent<MonMsg>) {
        match event {
            NetEvent::Accepted { con, .. } => {
                // On v2 it has logged in already.
                self.sessions.entry(con).or_insert_with(|| Session::new(self.methods));
            }
            NetEvent::Message { con, header, msg } => self.message(now, con, header.tid, msg),
            NetEvent::AuthWanted { con, request } => {
                let step = match request {
                    // A client shows a monitor nothing when it connects on v1: it logs in with messages.
                    AuthRequest::Check { .. } => AuthStep::Accept(Accept::default()),
                    AuthRequest::CheckV2 { method, payload, more, connection_secret_len, .. } => {
                        let request = LoginRequest { method, payload };
                        self.login_v2(now, con, &request, more, connection_secret_len)
                    }
                    _ => AuthStep::Refuse,
                };
                self.out.push_back(Output::Net(NetCommand::AuthStep { con, step }));
            }
            NetEvent::Reset { con, .. } => {
                self.sessions.remove(&con);
            }
            NetEvent::Connected { .. } | NetEvent::RemoteReset { .. } | NetEvent::Refused { .. } => {}
        }
    }

    fn message(&mut self, now: Now, con: ConId, tid: Tid, message: MonMsg) {
        match message {
            MonMsg::Auth(message) => self.login(now, con, tid, &message),
            MonMsg::GetMap(_) => self.send_monmap(con),
            // Everything else needs a login; a real monitor drops it without an answer, too.
            _ if !self.sessions.get(&con).is_some_and(|session| session.is_authenticated) => {}
            MonMsg::Subscribe(message) => self.subscribe(con, message),
            MonMsg::GetVersion(message) => self.get_version(con, tid, &message),
            MonMsg::Command(message) => self.command(now, con, tid, message),
            MonMsg::Statfs(_) => self.statfs(con, tid),
            MonMsg::Other(_) => {}
        }
    }

    /// The epoch of the newest map.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.maps.epoch()
    }
}

impl fmt::Debug for Mon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mon").field("fsid", &self.fsid).field("epoch", &self.epoch()).finish_non_exhaustive()
    }
}

impl Endpoint for Mon {
    type Msg = MonMsg;
    type Call = MonCall;
    type Done = BusMessage;

    fn decode(envelope: Envelope) -> Result<MonMsg, PeerError> {
        Ok(match envelope.header.message_type {
            msg_type::AUTH => MonMsg::Auth(envelope.decode()?),
            msg_type::MON_SUBSCRIBE => MonMsg::Subscribe(envelope.decode()?),
            msg_type::MON_GET_MAP => MonMsg::GetMap(envelope.decode()?),
            msg_type::MON_GET_VERSION => MonMsg::GetVersion(envelope.decode()?),
            msg_type::MON_COMMAND => MonMsg::Command(envelope.decode()?),
            msg_type::STATFS => MonMsg::Statfs(envelope.decode()?),
            other => MonMsg::Other(other),
        })
    }

    fn handle(&mut self, now: Now, input: Input<MonMsg, MonCall>) {
        match input {
            Input::Net(event) => self.net(now, event),
            Input::Call(call) => self.call(now, call),
            Input::Timeout => {
                if self.next_rotation.is_some_and(|at| at <= now.mono) {
                    self.rotate(now);
                }
            }
            Input::Stopped => {}
        }
    }

    fn poll(&mut self) -> Option<Output<BusMessage>> {
        self.out.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        self.next_rotation
    }
}
