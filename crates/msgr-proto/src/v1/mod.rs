//! Messenger v1 (Ceph 18.2, `msg/async/ProtocolV1.cc`, and `doc/dev/network-protocol.rst`): the greeting, then
//! messages between a header and a footer. What is said here goes to and from one socket; the session is above.

mod client;
mod open;
mod server;
mod write;

use loligo_auth::{MessageSigner, RequireSignatures, SessionKey};
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr1::{BANNER, LEGACY_ADDR_SIZE, Tag};
use loligo_wire::msgr2::BANNER_PREFIX;
use loligo_wire::{Decode, Encoder, Features};

use crate::config::Config;
use crate::pipe::{Answer, Gather, Stage, Writer};
use crate::protocol::{CEPHX, Cx, not_this, parse, whole};
use crate::{Fault, Outgoing, Peer};

use open::Open;

/// What came of a step of the greeting.
type Step = crate::protocol::Step<Opened>;

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
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what a connection is for almost all of its life"
)]
pub(crate) enum V1 {
    /// We called and greet.
    Client(client::Client),
    /// A peer called and is greeted.
    Server(server::Server),
    /// Messages go both ways.
    Open(Open),
}

impl V1 {
    /// For a call to a peer of that type at these addresses.
    pub(crate) const fn client(peer_type: EntityType, peer_addrs: EntityAddrVec) -> Self {
        Self::Client(client::Client::new(peer_type, peer_addrs))
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
            Self::Open(_) => {}
        }
    }

    /// Goes on with what the stage holds.
    pub(crate) fn step(&mut self, cx: &mut Cx<'_>) -> Result<crate::protocol::Step, Fault> {
        let step = match self {
            Self::Client(client) => client.step(cx),
            Self::Server(server) => server.step(cx),
            // Messages come by here: they take no detour.
            Self::Open(open) => return open.step(cx),
        };
        step?.opened(|opened| self.open(cx, opened))
    }

    /// Goes on with an answer.
    pub(crate) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<crate::protocol::Step, Fault> {
        let step = match self {
            Self::Client(client) => client.answer(cx, answer),
            Self::Server(server) => server.answer(cx, answer),
            Self::Open(_) => Ok(Step::Again),
        };
        step?.opened(|opened| self.open(cx, opened))
    }

    /// From the greeting to messages.
    fn open(&mut self, cx: &Cx<'_>, opened: Opened) -> Result<Peer, Fault> {
        let Opened { peer_type, peer_addrs, features, session_key } = opened;
        let signs = cx.config.options.cephx_sign_messages;
        if signs && session_key.is_some() && !features.has(Features::MSG_AUTH) {
            // Nothing proves what features the peer has: whoever sits between could strip this one.
            return Err(Fault::FeaturesMissing(Features::MSG_AUTH));
        }
        let signer =
            session_key.filter(|_| signs).map(|key| MessageSigner::new(key, features, RequireSignatures::V2));
        let signer = signer.transpose().map_err(|_| Fault::FeaturesMissing(Features::CEPHX_V2))?;
        *self = Self::Open(Open::new(features, signer));
        // v1 does not tell numbers: who needs the peer's knows it from its own map.
        Ok(Peer { name: EntityName::new(peer_type, EntityName::NEW), addrs: peer_addrs, features })
    }

    /// Whether messages go both ways.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The bulk that is being read, if any.
    pub(crate) const fn gather(&mut self) -> Option<&mut Gather> {
        match self {
            Self::Open(open) => open.gather(),
            Self::Client(_) | Self::Server(_) => None,
        }
    }

    /// The number of the message that is being read, once it has taken of the throttles.
    pub(crate) fn reading(&self) -> Option<u64> {
        match self {
            Self::Open(open) => open.reading(),
            Self::Client(_) | Self::Server(_) => None,
        }
    }

    /// Writes a message, if the pipe is open.
    pub(crate) fn write(&mut self, cx: &mut Cx<'_>, seq: u64, msg: &dyn Outgoing) {
        if let Self::Open(open) = self {
            open.write(cx, seq, msg);
        }
    }

    /// Writes what there is to say beside messages.
    pub(crate) fn write_chores(&self, cx: &mut Cx<'_>) {
        if let Self::Open(open) = self {
            open.write_chores(cx);
        }
    }

    /// Writes the acknowledgement of what has come.
    pub(crate) fn write_ack(&self, cx: &mut Cx<'_>) {
        if let (Self::Open(_), Some(seq)) = (self, cx.chores.ack.take()) {
            write::ack(cx, seq);
        }
    }

    /// What it waits for, in words.
    pub(crate) const fn waits_for(&self) -> &'static str {
        match self {
            Self::Client(client) => client.waits_for(),
            Self::Server(server) => server.waits_for(),
            Self::Open(open) => open.waits_for(),
        }
    }
}

/// Appends an address in the old form: what both sides say in the greeting, whatever their features.
fn put_legacy_addr(writer: &mut Writer, addr: &EntityAddr) {
    let mut e = Encoder::with_capacity(Features::NONE, LEGACY_ADDR_SIZE);
    addr.encode_legacy(&mut e);
    writer.put(e.written());
}

/// Takes the banner with `n` bytes behind it, and gives these; nothing while they are not all there.
fn take_greeting(stage: &mut Stage, n: usize) -> Result<Option<&[u8]>, Fault> {
    // Something that is not Ceph may never send so much: look at what there is.
    if !stage.starts_like(BANNER) {
        return Err(not_this(stage, BANNER_PREFIX, 2));
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
