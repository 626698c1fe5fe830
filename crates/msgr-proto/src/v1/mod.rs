//! Messenger v1 (Ceph 18.2, `msg/async/ProtocolV1.cc`, and `doc/dev/network-protocol.rst`): the greeting, then
//! messages between a header and a footer. What is said here goes to and from one socket; the session is above.

mod client;
mod open;
mod server;
mod write;

use bytes::Bytes;
use loligo_auth::SessionKey;
use loligo_base::Now;
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityType};
use loligo_wire::msgr1::{BANNER, LEGACY_ADDR_SIZE, Tag};
use loligo_wire::{Decode, DecodeError, Decoder, Encoder, Features};

use crate::config::Config;
use crate::pipe::{Answer, Arrived, Ask, Chores, Gather, Spares, Stage, Writer};
use crate::policy::Policy;
use crate::session::Session;
use crate::{Fault, Outgoing};

pub(crate) use open::Open;

/// The method of authentication of which peers need a challenge, and whose first version is refused (`CEPH_AUTH_CEPHX`,
/// `cephx_require_version`).
const CEPHX: u32 = 2;

/// What a step works with: all that belongs to the pipe and not to the protocol.
pub(crate) struct Cx<'a> {
    pub(crate) config: &'a Config,
    pub(crate) policy: &'a mut Policy,
    pub(crate) session: &'a mut Session,
    pub(crate) stage: &'a mut Stage,
    pub(crate) spares: &'a mut Spares,
    pub(crate) writer: &'a mut Writer,
    pub(crate) chores: &'a mut Chores,
    pub(crate) now: Now,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Step {
    /// The stage holds too little to go on.
    NeedBytes,
    /// There may be more to do.
    Again,
    /// The handshake waits for an answer.
    Ask(Ask),
    /// The greeting is over.
    Opened(Opened),
    /// A message.
    Message(Arrived),
    /// A throttle is full: come back a little later.
    Throttled,
}

/// What a greeting came to.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) peer_type: EntityType,
    pub(crate) peer_addrs: EntityAddrVec,
    pub(crate) features: Features,
    pub(crate) session_key: Option<SessionKey>,
}

/// Where the protocol stands. Each state of the parts is named for what it waits for.
#[derive(Debug)]
pub(crate) enum V1 {
    /// We called and greet.
    Client(client::Client),
    /// A peer called and is greeted.
    Server(server::Server),
    /// Messages go both ways.
    Open(Open),
    /// Over.
    Closed,
}

impl V1 {
    /// For a call to a peer of that type at these addresses.
    pub(crate) fn client(peer_type: EntityType, peer_addrs: EntityAddrVec, global_seq: u32) -> Self {
        Self::Client(client::Client::new(peer_type, peer_addrs, global_seq))
    }

    /// For a call that came from `seen`, to a messenger at `my_addr`.
    pub(crate) const fn server(my_addr: EntityAddr, seen: EntityAddr) -> Self {
        Self::Server(server::Server::new(my_addr, seen))
    }

    /// The socket is there: says the first words.
    pub(crate) fn start(&self, cx: &mut Cx<'_>) {
        match self {
            Self::Client(_) => cx.writer.put(BANNER),
            Self::Server(server) => server.greet(cx),
            Self::Open(_) | Self::Closed => {}
        }
    }

    /// Goes on with what the stage holds.
    pub(crate) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match self {
            Self::Client(client) => client.step(cx),
            Self::Server(server) => server.step(cx),
            Self::Open(open) => open.step(cx),
            Self::Closed => Ok(Step::NeedBytes),
        }
    }

    /// Goes on with an answer.
    pub(crate) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<Step, Fault> {
        match self {
            Self::Client(client) => client.answer(cx, answer),
            Self::Server(server) => server.answer(cx, answer),
            Self::Open(_) | Self::Closed => Ok(Step::Again),
        }
    }

    /// The bulk that is being read, if any.
    pub(crate) const fn gather(&mut self) -> Option<&mut Gather> {
        match self {
            Self::Open(open) => open.gather(),
            Self::Client(_) | Self::Server(_) | Self::Closed => None,
        }
    }

    /// The number of the message that is being read, once it has taken of the throttles.
    pub(crate) fn reading(&self) -> Option<u64> {
        match self {
            Self::Open(open) => open.reading(),
            Self::Client(_) | Self::Server(_) | Self::Closed => None,
        }
    }

    /// Writes a message; says whether it could, that is, whether the pipe is open.
    pub(crate) fn write(&mut self, cx: &mut Cx<'_>, msg: &dyn Outgoing) -> bool {
        match self {
            Self::Open(open) => {
                open.write(cx, msg);
                true
            }
            Self::Client(_) | Self::Server(_) | Self::Closed => false,
        }
    }

    /// Writes what there is to say beside messages.
    pub(crate) fn write_chores(&self, cx: &mut Cx<'_>) {
        if let Self::Open(open) = self {
            open.write_chores(cx);
        }
    }

    /// What it waits for, in words.
    pub(crate) const fn waits_for(&self) -> &'static str {
        match self {
            Self::Client(client) => client.waits_for(),
            Self::Server(server) => server.waits_for(),
            Self::Open(open) => open.waits_for(),
            Self::Closed => "nothing",
        }
    }
}

/// Appends an address in the old form: what both sides say in the greeting, whatever their features.
fn put_legacy_addr(writer: &mut Writer, addr: &EntityAddr) {
    let mut e = Encoder::with_capacity(Features::NONE, LEGACY_ADDR_SIZE);
    addr.encode_legacy(&mut e);
    writer.put(e.written());
}

/// Reads a structure of the greeting.
fn parse<T>(bytes: &[u8], read: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>) -> Result<T, Fault> {
    read(&mut Decoder::new(bytes)).map_err(Fault::Malformed)
}

/// Takes the banner with `n` bytes behind it, and gives these; nothing while they are not all there.
fn take_greeting(stage: &mut Stage, n: usize) -> Result<Option<&[u8]>, Fault> {
    // Something that is not Ceph may never send so much: look at what there is.
    if !stage.starts_like(BANNER) {
        return Err(Fault::NotCeph);
    }
    Ok(stage.take(BANNER.len() + n).and_then(|bytes| bytes.get(BANNER.len()..)))
}

/// Takes how far the peer has received, once it is there, and says whether it was. It comes behind [`Tag::SEQ`].
fn take_acked(cx: &mut Cx<'_>, state: &'static str) -> Result<bool, Fault> {
    let Some(bytes) = cx.stage.take(8) else { return Ok(false) };
    let seq = parse(bytes, u64::decode)?;
    if cx.session.acknowledged(seq) { Ok(true) } else { Err(Fault::Unexpected { tag: Tag::SEQ.0, state }) }
}

/// Checks the length of an authorizer and begins to collect it.
fn gather_authorizer(config: &Config, length: u32) -> Result<Gather, Fault> {
    let limit = config.limits.authorizer;
    if length > limit {
        let (size, limit) = (u64::from(length), u64::from(limit));
        return Err(Fault::TooLarge { what: "authorizer", size, limit });
    }
    Ok(Gather::new(length as usize, false))
}

/// The bytes of a finished gather, in one piece.
fn whole(gather: Gather) -> Bytes {
    gather.finish().0.to_contiguous()
}
