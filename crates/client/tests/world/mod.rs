//! A client, a monitor and an OSD that are played by the test, with cephx and in virtual time. All messages go through
//! their encoding.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthorizeHandler, CryptoKey, EntityAuth, KeyServer, KeyServerOptions, LoginHandler,
    LoginRequest, Verdict,
};
use loligo_base::{Mono, Now, SeededEntropy, Wall};
use loligo_client::{Call, Client, ClientMsg, Done, Options, Outcome};
use loligo_msgr_proto::{
    AuthRequest, AuthStep, ConId, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Output, Peer,
};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::crush::CrushMap;
use loligo_wire::entity::{AuthEntityName, EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::{
    MAuth, MAuthReply, MMonGetVersion, MMonGetVersionReply, MMonMap, MMonSubscribe, MOSDMap, MOSDOp, Message,
    Payload, msg_type,
};
use loligo_wire::monmap::{MonInfo, MonMap};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::osdmap::{Incremental, OSDMap, OsdState, PgPool, PoolFlags, PoolType};
use loligo_wire::types::{ErrorCode, ReqId};
use loligo_wire::{Encode, Epoch, Features, OsdId, PoolId, Release, Text, Tid, Uuid};

pub(crate) const FSID: Uuid = Uuid([7; 16]);
pub(crate) const POOL: PoolId = PoolId(1);
const CEPHX: &[AuthMethod] = &[AuthMethod::CEPHX];

/// What the client sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) con: ConId,
    pub(crate) message_type: u16,
    pub(crate) tid: Tid,
    pub(crate) payload: Payload,
    /// The name under which it left.
    pub(crate) src: EntityName,
}

impl Sent {
    pub(crate) fn decode<M: Message>(&self) -> M {
        M::decode(&self.header::<M>(), self.payload.clone()).unwrap()
    }

    /// How an OSD calls this request.
    pub(crate) fn reqid(&self) -> ReqId {
        let header = MessageHeader { src: self.src, ..self.header::<MOSDOp>() };
        self.decode::<MOSDOp>().reqid_from(&header)
    }

    /// With the version of what was written, which the peer's features decide.
    fn header<M: Message>(&self) -> MessageHeader {
        let Payload { version, compat_version, .. } = self.payload;
        MessageHeader { version, compat_version, ..header::<M>(self.tid) }
    }
}

pub(crate) struct World {
    pub(crate) client: Client<&'static str>,
    pub(crate) keys: KeyServer,
    pub(crate) entropy: SeededEntropy,
    pub(crate) now: Now,
    /// The open connections and whom they lead to.
    pub(crate) cons: BTreeMap<ConId, EntityType>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) steps: Vec<(ConId, AuthStep)>,
    pub(crate) names: Vec<EntityName>,
    pub(crate) done: Vec<(&'static str, Outcome)>,
    pub(crate) told: Vec<Done<&'static str>>,
    monitor: LoginHandler,
}

fn header<M: Message>(tid: Tid) -> MessageHeader {
    MessageHeader {
        tid,
        message_type: M::TYPE,
        version: M::HEAD_VERSION,
        compat_version: M::COMPAT_VERSION,
        ..MessageHeader::default()
    }
}

const MON_ADDRS: &str = "v1:10.0.0.1:6789/0";

fn mon_addrs() -> EntityAddrVec {
    MON_ADDRS.parse().unwrap()
}

/// One OSD that is up and in, and one pool.
fn osdmap() -> OSDMap {
    let mut crush = CrushMap::with_hosts(1, 1);
    crush.add_simple_rule("replicated_rule", "default", "host", false).unwrap();
    let pool = PgPool {
        flags: PoolFlags::HASHPSPOOL,
        pool_type: PoolType::REPLICATED,
        size: 1,
        min_size: 1,
        object_hash: 2,
        pg_num: 8,
        pgp_num: 8,
        pg_num_pending: 8,
        pg_num_target: 8,
        pgp_num_target: 8,
        ..PgPool::default()
    };
    let first = Incremental {
        fsid: FSID,
        epoch: Epoch(1),
        new_max_osd: Some(1),
        new_state: [(OsdId(0), OsdState::EXISTS)].into(),
        new_up_client: [(OsdId(0), "v1:10.0.0.2:6800/1".parse().unwrap())].into(),
        new_weight: [(OsdId(0), OSDMap::IN)].into(),
        new_pools: [(POOL, pool)].into(),
        new_pool_names: [(POOL, Text::from("data"))].into(),
        new_pool_max: Some(POOL),
        new_require_osd_release: Release::PACIFIC,
        crush: crush.to_bytes(Features::PACIFIC),
        ..Incremental::default()
    };
    let mut map = OSDMap { fsid: FSID, ..OSDMap::default() };
    map.apply_incremental(&first).unwrap();
    map
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::at(options, MON_ADDRS)
    }

    /// With a monitor at these addresses.
    pub(crate) fn at(options: Options, mon_addrs: &str) -> Self {
        let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
        let mut entropy = SeededEntropy::new(1);
        let mut keys = KeyServer::new(KeyServerOptions::default(), now.wall, &mut entropy);
        let key = CryptoKey::generate(now.wall, &mut entropy);
        let own = CryptoKey::from_base64(&key.to_base64()).unwrap();
        let admin = AuthEntityName::client("admin");
        let caps = ["mon", "osd"].map(|service| (service.to_owned(), Bytes::from("allow *")));
        keys.add(admin.clone(), EntityAuth { key, caps: caps.into() });
        let auth = AuthClient::cephx(admin, own, EntityTypes::of(&[EntityType::MON, EntityType::OSD]));
        let random = Box::new(SeededEntropy::new(2));
        Self {
            client: Client::new(options, vec![mon_addrs.parse().unwrap()], auth, random),
            keys,
            entropy,
            now,
            cons: BTreeMap::new(),
            sent: Vec::new(),
            steps: Vec::new(),
            names: Vec::new(),
            done: Vec::new(),
            told: Vec::new(),
            monitor: LoginHandler::new(CEPHX),
        }
    }

    /// A client that is logged in and has the first map.
    pub(crate) fn connected() -> Self {
        let mut world = Self::new();
        world.connect();
        world
    }

    pub(crate) fn connect(&mut self) {
        self.call(Call::Start { deadline: None, done: "start" });
        self.open(EntityType::MON);
        self.serve_mon();
        assert!(matches!(self.outcome("start"), Outcome::Connected(Ok(_))));
    }

    /// The monitor is lost, does not give the client its number back, and lets it in under another.
    pub(crate) fn change_identity(&mut self) {
        let con = self.con(EntityType::MON);
        self.reset(con, Fault::NotCeph);
        self.open(EntityType::MON);
        let con = self.con(EntityType::MON);
        let refusal = MAuthReply {
            protocol: AuthMethod::CEPHX.0,
            result: ErrorCode::EACCES,
            global_id: self.client.global_id(),
            ..MAuthReply::default()
        };
        self.deliver(con, Tid(0), &refusal);
        self.monitor = LoginHandler::new(CEPHX);
        self.sent.clear();
        self.open(EntityType::MON);
        self.serve_mon();
    }

    /// The op that was sent, and not taken yet.
    pub(crate) fn op(&mut self) -> Sent {
        let place = self.sent.iter().position(|sent| sent.message_type == msg_type::OSD_OP).unwrap();
        self.sent.remove(place)
    }

    /// The first map, as a monitor sends it.
    pub(crate) fn first_map() -> MOSDMap {
        let maps = [(Epoch(1), osdmap().to_bytes(Features::PACIFIC))].into();
        MOSDMap { fsid: FSID, maps, newest_map: Epoch(1), ..MOSDMap::default() }
    }

    pub(crate) fn handle(&mut self, input: Input<ClientMsg, Call<&'static str>>) {
        self.client.handle(self.now, input);
        while let Some(output) = self.client.poll() {
            match output {
                Output::Net(command) => self.carry_out(command),
                Output::Done(Done::Call { done, outcome }) => self.done.push((done, outcome)),
                Output::Done(told) => self.told.push(told),
            }
        }
    }

    fn carry_out(&mut self, command: NetCommand) {
        match command {
            NetCommand::Connect { con, peer, .. } | NetCommand::ConnectAnon { con, peer, .. } => {
                self.cons.insert(con, peer);
            }
            NetCommand::Send { con, msg } => self.sent.push(Sent {
                con,
                message_type: msg.message_type(),
                tid: msg.tid(),
                src: self.names.last().copied().unwrap_or_default(),
                payload: msg.encode(Features::PACIFIC),
            }),
            NetCommand::MarkDown { con } => drop(self.cons.remove(&con)),
            NetCommand::SetMyName { name } => self.names.push(name),
            NetCommand::AuthStep { con, step } => self.steps.push((con, step)),
            NetCommand::SendKeepalive { .. } | NetCommand::MarkDisposable { .. } => {}
        }
    }

    pub(crate) fn call(&mut self, call: Call<&'static str>) {
        self.handle(Input::Call(call));
    }

    pub(crate) fn net(&mut self, event: NetEvent<ClientMsg>) {
        self.handle(Input::Net(event));
    }

    /// The connection to a peer of that type.
    pub(crate) fn con(&self, peer: EntityType) -> ConId {
        *self.cons.iter().find(|(_, kind)| **kind == peer).unwrap().0
    }

    /// The handshake of the connection to a peer of that type is done.
    pub(crate) fn open(&mut self, peer: EntityType) {
        let con = self.con(peer);
        let peer = Peer { name: EntityName::new(peer, 0), addrs: mon_addrs(), features: Features::PACIFIC };
        self.net(NetEvent::Connected { con, peer });
    }

    pub(crate) fn reset(&mut self, con: ConId, why: Fault) {
        self.cons.remove(&con);
        self.net(NetEvent::Reset { con, why });
    }

    pub(crate) fn deliver<M: Message>(&mut self, con: ConId, tid: Tid, message: &M) {
        let header = header::<M>(tid);
        let payload = message.encode(Features::PACIFIC);
        let msg = Client::<&str>::decode(Envelope { header, payload }).unwrap();
        self.net(NetEvent::Message { con, header, msg });
    }

    /// The monitor answers everything that was sent to it, until nothing more comes.
    pub(crate) fn serve_mon(&mut self) {
        while !self.sent.is_empty() {
            let sent = self.sent.remove(0);
            match sent.message_type {
                msg_type::AUTH => self.answer_auth(&sent),
                msg_type::MON_SUBSCRIBE if sent.decode::<MMonSubscribe>().what.contains_key("osdmap") => {
                    self.deliver(sent.con, Tid(0), &Self::first_map());
                }
                msg_type::MON_GET_VERSION => {
                    let handle = sent.decode::<MMonGetVersion>().handle;
                    let reply = MMonGetVersionReply { handle, version: 1, oldest_version: 1 };
                    self.deliver(sent.con, Tid(0), &reply);
                }
                _ => {}
            }
        }
    }

    fn answer_auth(&mut self, sent: &Sent) {
        let auth: MAuth = sent.decode();
        let request = LoginRequest { method: AuthMethod(auth.protocol), payload: auth.auth_payload };
        let answer = self.monitor.handle(&mut self.keys, self.now.wall, &request, &mut self.entropy);
        let reply = MAuthReply {
            protocol: answer.reply.method.0,
            result: ErrorCode(answer.reply.result),
            global_id: answer.reply.global_id,
            result_bl: answer.reply.payload,
            ..MAuthReply::default()
        };
        self.deliver(sent.con, Tid(0), &reply);
        if answer.client.is_some() {
            let mut map = MonMap { epoch: Epoch(1), fsid: FSID, ..MonMap::default() };
            map.add(MonInfo { name: "a".into(), public_addrs: mon_addrs(), ..MonInfo::default() });
            self.deliver(sent.con, Tid(0), &MMonMap { monmap: map.to_bytes(Features::PACIFIC) });
        }
    }

    pub(crate) fn auth(&mut self, con: ConId, request: AuthRequest) -> Option<AuthStep> {
        self.net(NetEvent::AuthWanted { con, request });
        self.step()
    }

    /// The answer to the last question of a handshake, if there is one.
    pub(crate) fn step(&mut self) -> Option<AuthStep> {
        self.steps.pop().map(|(_, step)| step)
    }

    /// An OSD looks at an authorizer.
    pub(crate) fn verify(&mut self, osd: &mut AuthorizeHandler, step: Option<AuthStep>) -> Verdict {
        let Some(AuthStep::Authorizer { method, authorizer }) = step else { panic!("{step:?}") };
        let keys = self.keys.service_keys(EntityType::OSD).unwrap();
        osd.verify(&keys, self.now.wall, AuthMethod(method), &authorizer, 0, &mut self.entropy).unwrap()
    }

    /// Lets time pass, with the timeouts that fall into it.
    pub(crate) fn after(&mut self, by: Duration) {
        let end = self.now.mono + by;
        while let Some(due) = self.client.next_timeout().filter(|due| *due <= end) {
            let by = due - self.now.mono;
            self.now = Now { mono: self.now.mono + by, wall: self.now.wall.saturating_add(by) };
            self.handle(Input::Timeout);
        }
        let by = end - self.now.mono;
        self.now = Now { mono: end, wall: self.now.wall.saturating_add(by) };
    }

    /// How that call ended; it must have ended once.
    pub(crate) fn outcome(&mut self, name: &str) -> Outcome {
        let mut found = self.done.extract_if(.., |(done, _)| *done == name).map(|(_, outcome)| outcome);
        let (first, second) = (found.next(), found.next());
        drop(found);
        assert!(second.is_none(), "{name} ended twice");
        first.unwrap_or_else(|| panic!("{name} did not end"))
    }
}
