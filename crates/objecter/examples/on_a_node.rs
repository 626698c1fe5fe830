//! An [`Objecter`] straight on a [`Node`]: ops on objects without monitors, for a cluster that believes everybody.
//!
//! ```text
//! cargo xtask ceph up --dir DIR --auth none
//! ceph osd pool create POOL
//! ceph osd getmap -o MAP
//! on_a_node MAP POOL OBJECT TEXT
//! ```
//!
//! writes TEXT to the object and reads it back. The map comes from a file in place of a monitor. Newer ones come from the
//! OSDs themselves, as they do for any client that shows an old one with its op.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use loligo_base::{Mono, Now};
use loligo_msgr::proto::{
    Accept, AuthRequest, AuthStep, ConId, Config, Endpoint, Envelope, Input, MyName, NetCommand, NetEvent,
    Outgoing, Output, PeerError, Posted,
};
use loligo_msgr::{Node, NodeOptions};
use loligo_objecter::{self as objecter, ObjectOperation, Objecter, Op, Outcome, SessionId};
use loligo_wire::cephx::{AuthMethod, AuthNoneAuthorizer};
use loligo_wire::message::{MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply, MPing, Message, Payload, msg_type};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::ObjectLocator;
use loligo_wire::{AuthEntityName, Decode, Encode, EntityName, EntityType, Features, GlobalId, Tid};

/// The endpoint: an Objecter, and what joins it to a messenger.
struct Client {
    objecter: Objecter<()>,
    /// What OSDs are shown.
    authorizer: Bytes,
    /// The connection of each session, and back.
    cons: BTreeMap<SessionId, ConId>,
    sessions: BTreeMap<ConId, SessionId>,
    last_con: u64,
    outputs: VecDeque<Output<Outcome>>,
}

/// What an OSD may say to us.
enum FromOsd {
    Reply(MOSDOpReply),
    Backoff(MOSDBackoff),
    Maps(MOSDMap),
    Other,
}

/// An op on its way out. The Objecter keeps the message too, to send it again.
#[derive(Debug)]
struct SharedOp(Tid, Arc<MOSDOp>);

impl Outgoing for SharedOp {
    fn message_type(&self) -> u16 {
        MOSDOp::TYPE
    }

    fn tid(&self) -> Tid {
        self.0
    }

    fn priority(&self) -> u16 {
        MOSDOp::PRIORITY
    }

    fn encode(&self, features: Features) -> Payload {
        Message::encode(&*self.1, features)
    }
}

impl Endpoint for Client {
    type Msg = FromOsd;
    type Call = objecter::Input<()>;
    type Done = Outcome;

    fn decode(envelope: Envelope) -> Result<FromOsd, PeerError> {
        Ok(match envelope.header.message_type {
            msg_type::OSD_OPREPLY => FromOsd::Reply(envelope.decode()?),
            msg_type::OSD_BACKOFF => FromOsd::Backoff(envelope.decode()?),
            msg_type::OSD_MAP => FromOsd::Maps(envelope.decode::<MOSDMap>()?),
            _ => FromOsd::Other,
        })
    }

    fn handle(&mut self, now: Now, input: Input<FromOsd, Self::Call>) {
        match input {
            Input::Call(input) => self.objecter.handle(now, input),
            Input::Net(event) => self.net(now, event),
            Input::Timeout => self.objecter.handle(now, objecter::Input::Timeout),
            Input::Stopped => self.objecter.handle(now, objecter::Input::Shutdown),
        }
    }

    fn poll(&mut self) -> Option<Output<Outcome>> {
        while self.outputs.is_empty() {
            let output = self.objecter.poll()?;
            self.carry_out(output);
        }
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        self.objecter.next_timeout()
    }
}

impl Client {
    fn new(authorizer: Bytes) -> Self {
        Self {
            objecter: Objecter::new(objecter::Options::default()),
            authorizer,
            cons: BTreeMap::new(),
            sessions: BTreeMap::new(),
            last_con: 0,
            outputs: VecDeque::new(),
        }
    }

    /// From the messenger to the Objecter.
    fn net(&mut self, now: Now, event: NetEvent<FromOsd>) {
        let input = match event {
            NetEvent::AuthWanted { con, request } => return self.auth_wanted(con, &request),
            NetEvent::Connected { con, .. } => {
                self.sessions.get(&con).map(|session| objecter::Input::SessionOpened(*session))
            }
            NetEvent::Reset { con, .. } => self.forget(con).map(objecter::Input::SessionReset),
            NetEvent::Message { con, header, msg } => self.sessions.get(&con).and_then(|session| {
                let session = *session;
                match msg {
                    FromOsd::Reply(reply) => Some(objecter::Input::Reply { session, tid: header.tid, reply }),
                    FromOsd::Backoff(backoff) => Some(objecter::Input::Backoff { session, backoff }),
                    FromOsd::Maps(message) => Some(objecter::Input::OsdMap(message)),
                    FromOsd::Other => None,
                }
            }),
            // A reset follows, or there is nothing to lose.
            NetEvent::Accepted { .. } | NetEvent::Refused { .. } | NetEvent::RemoteReset { .. } => None,
        };
        if let Some(input) = input {
            self.objecter.handle(now, input);
        }
    }

    /// From the Objecter to the messenger.
    fn carry_out(&mut self, output: objecter::Output<()>) {
        match output {
            objecter::Output::OpenSession { session, addrs } => {
                self.last_con += 1;
                let con = ConId::opened(self.last_con);
                self.cons.insert(session, con);
                self.sessions.insert(con, session);
                self.command(NetCommand::Connect { con, peer: EntityType::OSD, addrs });
            }
            objecter::Output::CloseSession(session) => {
                if let Some(con) = self.cons.get(&session).copied() {
                    self.forget(con);
                    self.command(NetCommand::MarkDown { con });
                }
            }
            objecter::Output::Send { session, tid, message } => self.send(session, SharedOp(tid, message)),
            objecter::Output::SendBackoffAck { session, ack } => {
                self.send(session, Posted { tid: Tid(0), message: *ack });
            }
            objecter::Output::Ping(session) => self.send(session, Posted { tid: Tid(0), message: MPing }),
            objecter::Output::Complete((), outcome) => self.outputs.push_back(Output::Done(outcome)),
            // There is no monitor that could be asked: a pool that the map does not have is waited for.
            objecter::Output::WantMap(_)
            | objecter::Output::GotMap(_)
            | objecter::Output::GetVersion { .. } => {}
        }
    }

    fn command(&mut self, command: NetCommand) {
        self.outputs.push_back(Output::Net(command));
    }

    fn send(&mut self, session: SessionId, msg: impl Outgoing + 'static) {
        if let Some(con) = self.cons.get(&session).copied() {
            self.command(NetCommand::Send { con, msg: Box::new(msg) });
        }
    }

    fn forget(&mut self, con: ConId) -> Option<SessionId> {
        let session = self.sessions.remove(&con)?;
        self.cons.remove(&session);
        Some(session)
    }

    /// An OSD asks who we are, or says who it is: with method none, both are believed.
    fn auth_wanted(&mut self, con: ConId, request: &AuthRequest) {
        let step = match request {
            AuthRequest::Authorizer { .. } | AuthRequest::Login => {
                AuthStep::Authorizer { method: AuthMethod::NONE.0, authorizer: self.authorizer.clone() }
            }
            AuthRequest::Verify { .. } | AuthRequest::Done { .. } => AuthStep::Accept(Accept::default()),
            _ => AuthStep::Refuse,
        };
        self.command(NetCommand::AuthStep { con, step });
    }
}

/// A number that no other client has: OSDs tell the ops of clients apart by it, and ours comes from no monitor.
fn made_up_id() -> Result<u64, Box<dyn Error>> {
    let micros = SystemTime::UNIX_EPOCH.elapsed()?.as_micros();
    Ok(u64::try_from(micros)?)
}

fn first_map(encoded: Bytes) -> Result<MOSDMap, Box<dyn Error>> {
    let map = OSDMap::decode_all(&encoded)?;
    let (fsid, epoch) = (map.fsid, map.epoch);
    Ok(MOSDMap { fsid, maps: [(epoch, encoded)].into(), ..MOSDMap::default() })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [map, pool, object, text] = args.as_slice() else {
        return Err("usage: on_a_node MAP POOL OBJECT TEXT".into());
    };
    let id = made_up_id()?;
    let authorizer = AuthNoneAuthorizer { name: AuthEntityName::client("admin"), global_id: GlobalId(id) };
    let myname = MyName::new(EntityName::client(i64::try_from(id)?));
    let options = NodeOptions::new(Config { myname, ..Config::client() });
    let (tell, told) = channel();
    let node = Node::start(Client::new(authorizer.to_bytes(Features::NONE)), options, move |outcome| {
        // Nobody listens any more when the time is over.
        let _ = tell.send(outcome);
    })?;

    node.call(objecter::Input::OsdMap(first_map(fs::read(map)?.into())?));
    let pool = node.with(|client| client.objecter.osdmap().lookup_pg_pool_name(pool));
    let locator = ObjectLocator::new(pool.ok_or("the map has no such pool")?);
    let ask = |op: Op| -> Result<objecter::OpReply, Box<dyn Error>> {
        node.call(objecter::Input::Submit(op, ()));
        let reply = told.recv_timeout(Duration::from_secs(10))??;
        if reply.is_err() { Err(reply.result.to_string().into()) } else { Ok(reply) }
    };

    let oid = Bytes::from(object.clone());
    let mut write = ObjectOperation::new();
    write.write_full(Bytes::from(text.clone()));
    let written = ask(Op::mutate(oid.clone(), locator.clone(), write))?;
    println!("written: version {}, by an OSD at epoch {}", written.version, written.epoch);

    let mut read = ObjectOperation::new();
    read.read(0, 0);
    let mut found = ask(Op::read(oid, locator, read))?;
    println!("read: {}", String::from_utf8_lossy(&found.take_data(0).to_contiguous()));
    Ok(())
}
