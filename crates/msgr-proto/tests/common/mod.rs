//! Two real pipes in memory with virtual time, their bytes chopped as a seed says.
#![allow(dead_code, reason = "each test binary uses another part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

pub(crate) mod cephx;
pub(crate) mod feed;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{ConnectionSecret, SessionKey};
use loligo_base::{Mono, Now, Prng, SeededEntropy, Wall};
use loligo_msgr_proto::{
    Accept, Answer, Arrived, Ask, AuthRequest, AuthStep, Config, Envelope, Fault, Outgoing, Peer, Pipe,
    PipeEvent, Policy, PolicySet, SessionAnswer,
};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::msgr2::ConMode;
use loligo_wire::{BufferList, Features, GlobalId, Tid};

/// A message of any content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) tid: u64,
    pub(crate) priority: u16,
    pub(crate) front: Bytes,
    pub(crate) middle: Bytes,
    pub(crate) data: Bytes,
    pub(crate) reply_len: usize,
}

impl Note {
    pub(crate) fn new(tid: u64, front: impl Into<Bytes>, data: impl Into<Bytes>) -> Self {
        Self {
            tid,
            priority: 127,
            front: front.into(),
            middle: Bytes::new(),
            data: data.into(),
            reply_len: 0,
        }
    }

    pub(crate) fn of(envelope: &Envelope) -> Self {
        let Payload { front, middle, data, .. } = envelope.payload.clone();
        let header = envelope.header;
        Self {
            tid: header.tid.0,
            priority: header.priority,
            front,
            middle,
            data: data.to_contiguous(),
            reply_len: 0,
        }
    }
}

impl Outgoing for Note {
    fn message_type(&self) -> u16 {
        777
    }

    fn tid(&self) -> Tid {
        Tid(self.tid)
    }

    fn priority(&self) -> u16 {
        self.priority
    }

    fn encode(&self, _features: Features) -> Payload {
        Payload {
            version: 1,
            compat_version: 1,
            data_off: 0,
            front: self.front.clone(),
            middle: self.middle.clone(),
            data: BufferList::from(self.data.clone()),
        }
    }

    fn reply_len(&self) -> usize {
        self.reply_len
    }
}

/// What a test saw of one pipe.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) opened: Vec<Peer>,
    pub(crate) notes: Vec<Note>,
    pub(crate) seqs: Vec<u64>,
    /// Of how many pieces the data of each message are.
    pub(crate) pieces: Vec<usize>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) asked: Vec<AuthRequest>,
    /// Where the peer said that it sees this end.
    pub(crate) seen_as: Vec<EntityAddr>,
    pub(crate) held: Vec<loligo_msgr_proto::Held>,
}

/// Answers the questions of a handshake; `None` leaves one unanswered.
pub(crate) type Judge = Box<dyn FnMut(&AuthRequest) -> Option<AuthStep>>;

/// One end: a pipe, the bytes on their way to it, and how its questions are answered.
pub(crate) struct End {
    pub(crate) pipe: Pipe,
    pub(crate) my_addr: EntityAddr,
    pub(crate) inbound: VecDeque<u8>,
    pub(crate) seen: Seen,
    /// Keep what messages take of throttles until the test drops it.
    pub(crate) hold: bool,
    pub(crate) auth: Judge,
}

pub(crate) struct Pair {
    pub(crate) now: Now,
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) prng: Prng,
    /// The most bytes that move at once.
    pub(crate) step: usize,
}

pub(crate) fn addr(text: &str, nonce: u32) -> EntityAddr {
    EntityAddr::legacy(text.parse().unwrap(), nonce)
}

pub(crate) fn server_addr() -> EntityAddr {
    addr("10.0.0.1:6800", 11)
}

pub(crate) fn client_addr() -> EntityAddr {
    addr("10.0.0.2:0", 22)
}

pub(crate) fn client_config() -> Config {
    Config::client()
}

pub(crate) fn server_config() -> Config {
    Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server()))
}

/// Answers as with `auth none`: whatever is shown is accepted.
pub(crate) fn no_auth(request: &AuthRequest) -> Option<AuthStep> {
    Some(match request {
        AuthRequest::Authorizer { .. } | AuthRequest::Login => {
            AuthStep::Authorizer { method: 1, authorizer: Bytes::from_static(b"me") }
        }
        AuthRequest::Check { .. }
        | AuthRequest::CheckV2 { .. }
        | AuthRequest::Verify { .. }
        | AuthRequest::Done { .. } => AuthStep::Accept(Accept::default()),
        AuthRequest::Challenge { .. } | AuthRequest::BadMethod { .. } | AuthRequest::Rejected => {
            AuthStep::Refuse
        }
    })
}

/// Answers as with cephx, with the same keys for all.
pub(crate) fn keyed(request: &AuthRequest) -> Option<AuthStep> {
    let accept = |reply: &'static str, secret_len: usize| {
        let mut entropy = SeededEntropy::new(7);
        AuthStep::Accept(Accept {
            reply: reply.into(),
            session_key: Some(SessionKey::generate(Wall::ZERO, &mut entropy)),
            connection_secret: ConnectionSecret::generate(secret_len, &mut entropy),
            global_id: GlobalId(0),
        })
    };
    Some(match request {
        AuthRequest::Authorizer { .. } | AuthRequest::Login => {
            AuthStep::Authorizer { method: 2, authorizer: "first".into() }
        }
        AuthRequest::Challenge { challenge } if challenge == "riddle" => {
            AuthStep::Authorizer { method: 2, authorizer: "solved".into() }
        }
        AuthRequest::CheckV2 { payload, more: false, .. } if payload == "first" => {
            AuthStep::Challenge { challenge: "riddle".into() }
        }
        AuthRequest::CheckV2 { payload, more: true, connection_secret_len, .. } if payload == "solved" => {
            accept("proof", *connection_secret_len)
        }
        AuthRequest::Done { reply, .. } if reply == "proof" => accept("", ConMode::SECURE.secret_len()),
        _ => AuthStep::Refuse,
    })
}

impl End {
    fn new(pipe: Pipe, my_addr: EntityAddr) -> Self {
        let auth = Box::new(no_auth);
        Self { pipe, my_addr, inbound: VecDeque::new(), seen: Seen::default(), hold: false, auth }
    }

    /// Gives the pipe up to `n` of its bytes; says whether it took any.
    pub(crate) fn read(&mut self, now: Now, n: usize) -> bool {
        if self.inbound.is_empty() {
            return false;
        }
        let Some(mut chunk) = self.pipe.recv_begin() else { return false };
        let n = n.min(self.inbound.len());
        let taken = chunk.fill(&self.inbound.make_contiguous()[..n]);
        self.inbound.drain(..taken);
        self.pipe.recv_end(now, chunk, taken);
        self.pump(now);
        taken > 0
    }

    /// Takes up to `n` bytes that the pipe wants written.
    pub(crate) fn write(&mut self, now: Now, n: usize) -> Vec<u8> {
        let Some(batch) = self.pipe.send_begin(now, 1 << 20) else { return Vec::new() };
        let bytes: Vec<u8> = batch.pieces().flatten().copied().take(n).collect();
        self.pipe.send_end(batch, bytes.len());
        self.pump(now);
        bytes
    }

    pub(crate) fn pump(&mut self, now: Now) {
        while let Some(event) = self.pipe.poll() {
            match event {
                PipeEvent::Connected(peer) | PipeEvent::Accepted(peer) => self.seen.opened.push(peer),
                PipeEvent::Message(Arrived { envelope, held }) => {
                    self.seen.notes.push(Note::of(&envelope));
                    self.seen.seqs.push(envelope.header.seq);
                    self.seen.pieces.push(envelope.payload.data.pieces().len());
                    if self.hold {
                        self.seen.held.push(held);
                    }
                }
                PipeEvent::Dead(fault) => self.seen.faults.push(fault),
                PipeEvent::Asked(Ask::MyAddr { .. }) => self.pipe.answer(now, Answer::MyAddr(self.my_addr)),
                PipeEvent::Asked(Ask::MyAddrs { seen }) => {
                    self.seen.seen_as.push(seen);
                    let mine = EntityAddrVec::from(self.my_addr.with_kind(AddrType::ANY));
                    self.pipe.answer(now, Answer::MyAddrs(mine));
                }
                PipeEvent::Asked(Ask::GlobalSeq { above }) => {
                    self.pipe.answer(now, Answer::GlobalSeq { seq: above + 1, random: 4 })
                }
                PipeEvent::Asked(Ask::Session(_)) => {
                    self.pipe.answer(now, Answer::Session(SessionAnswer::New))
                }
                PipeEvent::RemoteReset | PipeEvent::Dial(_) | PipeEvent::HangUp { .. } => {
                    panic!("a lossy connection has no session")
                }
                PipeEvent::Asked(Ask::Auth(request)) => {
                    let step = (self.auth)(&request);
                    self.seen.asked.push(request);
                    if let Some(step) = step {
                        self.pipe.answer(now, Answer::Auth(step));
                    }
                }
            }
        }
    }

    pub(crate) fn send(&mut self, note: Note) {
        self.pipe.send(Now { mono: Mono::ZERO, wall: Wall::ZERO }, Box::new(note));
    }

    /// Its stream is open.
    pub(crate) fn started(&mut self, now: Now) {
        self.pipe.started(now, self.pipe.incarnation());
    }

    /// Its stream breaks.
    pub(crate) fn lost(&mut self, now: Now, fault: Fault) {
        self.pipe.lost(now, self.pipe.incarnation(), fault);
    }

    pub(crate) fn fire(&mut self, now: Now) {
        self.pipe.handle_timeout(now);
        self.pump(now);
    }
}

impl Pair {
    pub(crate) fn new(client: Config, server: Config) -> Self {
        Self::calling(EntityType::OSD, client, server)
    }

    pub(crate) fn calling(peer: EntityType, client: Config, server: Config) -> Self {
        let now = Now { mono: Mono::ZERO, wall: Wall::new(1_000, 0) };
        let addrs = EntityAddrVec::from(server_addr());
        let client = Pipe::connect(Arc::new(client), now, peer, addrs, 1);
        let server = Pipe::accept(Arc::new(server), now, server_addr(), addr("10.0.0.2:50000", 0), 2);
        Self {
            now,
            client: End::new(client, client_addr()),
            server: End::new(server, server_addr()),
            prng: Prng::new(1),
            step: usize::MAX,
        }
    }

    /// The same on messenger v2.
    pub(crate) fn v2(client: Config, server: Config) -> Self {
        Self::v2_calling(EntityType::OSD, client, server)
    }

    pub(crate) fn v2_calling(peer: EntityType, client: Config, server: Config) -> Self {
        let mut pair = Self::calling(peer, client_config(), server_config());
        let addrs = EntityAddrVec::from(server_addr().with_kind(AddrType::MSGR2));
        pair.client.pipe = Pipe::connect(Arc::new(client), pair.now, peer, addrs.clone(), 1);
        let seen = addr("10.0.0.2:50000", 0).with_kind(AddrType::MSGR2);
        pair.server.pipe = Pipe::accept_v2(Arc::new(server), pair.now, addrs, seen, 2);
        pair
    }

    /// Both ends know each other by a key, after a challenge, and have a secret where they want one.
    pub(crate) fn with_keys(mut self) -> Self {
        self.client.auth = Box::new(keyed);
        self.server.auth = Box::new(keyed);
        self
    }

    pub(crate) fn start(mut self) -> Self {
        self.client.started(self.now);
        self.server.started(self.now);
        self
    }

    /// A pair that is open.
    pub(crate) fn open(client: Config, server: Config) -> Self {
        let mut pair = Self::new(client, server).start();
        pair.run();
        assert!(
            pair.client.pipe.is_open() && pair.server.pipe.is_open(),
            "{:?} {:?}",
            pair.client.seen,
            pair.server.seen
        );
        pair
    }

    fn some(&mut self) -> usize {
        if self.step == usize::MAX {
            return usize::MAX;
        }
        1 + usize::try_from(self.prng.below(self.step as u64)).unwrap()
    }

    /// Moves bytes until none move.
    pub(crate) fn run(&mut self) {
        loop {
            let n = [self.some(), self.some(), self.some(), self.some()];
            let out = self.client.write(self.now, n[0]);
            let back = self.server.write(self.now, n[1]);
            let moved = !out.is_empty() || !back.is_empty();
            self.server.inbound.extend(out);
            self.client.inbound.extend(back);
            let read = self.client.read(self.now, n[2]) | self.server.read(self.now, n[3]);
            if !moved && !read {
                return;
            }
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now.mono += by;
        self.now.wall = self.now.wall.saturating_add(by);
        self.client.fire(self.now);
        self.server.fire(self.now);
    }
}
