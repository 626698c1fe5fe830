//! One messenger of the world: its pool, its pipes, and what it saw.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use loligo_base::{Mono, Now, SeededEntropy};
use loligo_msgr_proto::{
    Answer, Arrived, Ask, AuthRequest, AuthStep, ConId, Config, Connect, Envelope, Fault, Held, Link,
    Meeting, Outgoing, Peer, Pipe, PipeEvent, Pool, Question, SessionAnswer,
};
use loligo_wire::entity::{AddrType, EntityAddrVec, EntityType};

use super::{HostId, StreamId, Wish};

/// What a host saw of one of its connections, in the order in which it came.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Connected(Peer),
    Accepted(Peer),
    Message(Envelope),
    Reset(Fault),
    RemoteReset,
    Refused,
}

/// Answers the questions of handshakes; `None` leaves one unanswered.
pub(crate) type Judge = Box<dyn FnMut(Now, ConId, &AuthRequest) -> Option<AuthStep>>;

/// What is added to the number of a message that is answered.
pub(crate) const ECHO: u64 = 1_000_000;

/// A pipe with the stream that it has.
struct Slot {
    pipe: Pipe,
    con: ConId,
    stream: Option<StreamId>,
}

pub(crate) struct Host {
    id: HostId,
    pub(crate) config: Arc<Config>,
    pub(crate) pool: Pool<usize>,
    pub(crate) ip: IpAddr,
    /// Where calls are taken.
    pub(crate) listens: Option<SocketAddr>,
    /// Calls are refused for now.
    pub(crate) is_deaf: bool,
    /// Where calls are taken in messenger v1, if elsewhere.
    listens_v1: Option<SocketAddr>,
    slots: BTreeMap<usize, Slot>,
    next_slot: usize,
    opened: u64,
    pub(crate) seen: Vec<(ConId, Seen)>,
    /// Keeps what messages take of throttles.
    pub(crate) held: Option<Vec<Held>>,
    pub(crate) auth: Judge,
    /// Why streams were given up, in that order.
    pub(crate) faults: Vec<Fault>,
    /// Answers each message with one that has a number above [`ECHO`].
    pub(crate) echo: bool,
    pub(crate) wishes: VecDeque<Wish>,
    /// What the pool was asked about the number of a connection and answers later ([`super::World::answer_late`]); `None` where it
    /// answers at once.
    pub(crate) late: Option<Vec<(usize, Ask)>>,
    /// Streams that belong to another slot now.
    pub(crate) moved: VecDeque<(StreamId, usize)>,
}

impl Host {
    pub(crate) fn new(id: HostId, config: Config, port: u16, seed: u64) -> Self {
        let config = Arc::new(config);
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, u8::try_from(id + 1).unwrap()));
        let mut host = Self {
            id,
            pool: Pool::new(Arc::clone(&config), 0, Box::new(SeededEntropy::new(seed))),
            config,
            ip,
            listens: (port > 0).then(|| (ip, port).into()),
            is_deaf: false,
            listens_v1: None,
            slots: BTreeMap::new(),
            next_slot: 0,
            opened: 0,
            seen: Vec::new(),
            held: None,
            auth: Box::new(|_, _, request| crate::common::no_auth(request)),
            echo: false,
            faults: Vec::new(),
            wishes: VecDeque::new(),
            late: None,
            moved: VecDeque::new(),
        };
        host.renew(seed);
        host
    }

    fn kind(&self) -> AddrType {
        if self.config.options.protocols.v2 { AddrType::MSGR2 } else { AddrType::LEGACY }
    }

    /// The protocol in which calls are taken there.
    pub(crate) fn listens_at(&self, to: SocketAddr) -> Option<AddrType> {
        match to {
            _ if self.is_deaf => None,
            _ if self.listens == Some(to) => Some(self.kind()),
            _ if self.listens_v1 == Some(to) => Some(AddrType::LEGACY),
            _ => None,
        }
    }

    /// Calls are taken in messenger v1 as well, at that port.
    pub(crate) fn listen_v1(&mut self, port: u16) {
        let addr = (self.ip, port).into();
        self.listens_v1 = Some(addr);
        self.pool.bound_to(AddrType::LEGACY, addr);
    }

    pub(crate) fn rebind(&mut self, port: u16) {
        let all: Vec<_> = self.pool.connections().map(|(con, _)| con).collect();
        all.into_iter().for_each(|con| self.mark_down(con));
        self.pool.renew_nonce();
        let addr = (self.ip, port).into();
        self.listens = Some(addr);
        self.pool.bound_to(self.kind(), addr);
    }

    fn renew(&mut self, seed: u64) {
        let nonce = u32::try_from(seed >> 33).unwrap();
        self.pool = Pool::new(Arc::clone(&self.config), nonce, Box::new(SeededEntropy::new(seed)));
        if let Some(listens) = self.listens {
            self.pool.bound_to(self.kind(), listens);
        }
    }

    /// All is forgotten. The address stays the same, nonce included where it is that of a daemon that says so.
    pub(crate) fn restart(&mut self, seed: u64) {
        let nonce = self.pool.my_addr().nonce;
        self.slots.clear();
        self.wishes.clear();
        self.moved.clear();
        self.pool = Pool::new(Arc::clone(&self.config), nonce, Box::new(SeededEntropy::new(seed)));
        if let Some(listens) = self.listens {
            self.pool.bound_to(self.kind(), listens);
        }
    }

    pub(crate) fn connect(&mut self, now: Now, kind: EntityType, addrs: EntityAddrVec) -> ConId {
        let con = ConId::opened(self.opened);
        self.opened += 1;
        match self.pool.connect(now, con, kind, addrs) {
            Connect::Dial { pipe, addrs, socket } => {
                let slot = self.insert(con, *pipe);
                self.pool.insert(con, addrs, slot);
                self.wishes.push_back(Wish::Dial { slot, to: socket });
            }
            Connect::Local(peer) => self.seen.push((con, Seen::Connected(peer))),
            Connect::Refused(fault) => self.seen.push((con, Seen::Reset(fault))),
        }
        con
    }

    fn insert(&mut self, con: ConId, pipe: Pipe) -> usize {
        let slot = self.next_slot;
        self.next_slot += 1;
        self.slots.insert(slot, Slot { pipe, con, stream: None });
        slot
    }

    fn slot(&self, con: ConId) -> Option<usize> {
        match self.pool.link(con)? {
            Link::Pipe(slot) => Some(*slot),
            Link::Local => None,
        }
    }

    /// The connection that there is to these addresses, or a new one (`connect_to`).
    pub(crate) fn get_connection(&mut self, now: Now, kind: EntityType, addrs: EntityAddrVec) -> ConId {
        let known = addrs.iter().find_map(|addr| self.pool.get_connection(*addr));
        known.unwrap_or_else(|| self.connect(now, kind, addrs))
    }

    /// The connection was asked for here.
    pub(crate) fn has_asked_for(&self, con: ConId) -> bool {
        (0..self.opened).any(|n| ConId::opened(n) == con)
    }

    /// The connection of a slot.
    pub(crate) fn con_of(&self, slot: usize) -> Option<ConId> {
        self.slots.get(&slot).map(|slot| slot.con)
    }

    pub(crate) fn with<R>(&mut self, con: ConId, act: impl FnOnce(&mut Pipe) -> R) -> Option<R> {
        let slot = self.slot(con)?;
        let value = act(&mut self.slots.get_mut(&slot)?.pipe);
        Some(value)
    }

    /// The same, with what comes of it.
    pub(crate) fn act(&mut self, now: Now, con: ConId, act: impl FnOnce(&mut Pipe)) {
        self.with(con, act);
        if let Some(slot) = self.slot(con) {
            self.pump(now, slot);
        }
    }

    pub(crate) fn is_open(&mut self, con: ConId) -> bool {
        self.with(con, |pipe| pipe.is_open()).unwrap_or(false)
    }

    pub(crate) fn send(&mut self, now: Now, con: ConId, msg: Box<dyn Outgoing>) {
        if let Some(slot) = self.slot(con) {
            self.slots.get_mut(&slot).unwrap().pipe.send(now, msg);
            self.pump(now, slot);
        }
    }

    pub(crate) fn mark_down(&mut self, con: ConId) {
        if let Some(Link::Pipe(slot)) = self.pool.remove(con) {
            self.drop_slot(slot);
        }
    }

    fn drop_slot(&mut self, slot: usize) {
        if let Some(mut slot) = self.slots.remove(&slot) {
            slot.pipe.mark_down();
            self.wishes.extend(slot.stream.map(Wish::Close));
        }
    }

    /// Somebody calls; gives the slot where the call is taken.
    pub(crate) fn ring(&mut self, now: Now, kind: AddrType, id: StreamId, from: SocketAddr) -> Option<usize> {
        let (con, pipe) = self.pool.accept_in(now, kind, from)?;
        let slot = self.insert(con, pipe);
        self.pool.insert(con, EntityAddrVec::NONE, slot);
        self.dialled(now, slot, Some(id));
        Some(slot)
    }

    /// What came of a wish for a stream.
    pub(crate) fn dialled(&mut self, now: Now, slot: usize, stream: Option<StreamId>) {
        let Some(entry) = self.slots.get_mut(&slot) else {
            self.wishes.extend(stream.map(Wish::Close));
            return;
        };
        let incarnation = entry.pipe.incarnation();
        entry.stream = stream;
        if stream.is_some() {
            entry.pipe.started(now, incarnation);
        } else {
            entry.pipe.lost(now, incarnation, Fault::Refused);
        }
        self.pump(now, slot);
    }

    /// A stream broke.
    pub(crate) fn lost(&mut self, now: Now, id: StreamId) {
        let found = self.slots.iter_mut().find(|(_, slot)| slot.stream == Some(id));
        let Some((slot, entry)) = found else { return };
        let slot = *slot;
        entry.stream = None;
        let incarnation = entry.pipe.incarnation();
        entry.pipe.lost(now, incarnation, Fault::Closed);
        self.pump(now, slot);
    }

    pub(crate) fn write(&mut self, now: Now, slot: usize, n: usize) -> Vec<u8> {
        let Some(entry) = self.slots.get_mut(&slot) else { return Vec::new() };
        let Some(batch) = entry.pipe.send_begin(now, n) else { return Vec::new() };
        let bytes: Vec<u8> = batch.pieces().flatten().copied().take(n).collect();
        entry.pipe.send_end(batch, bytes.len());
        self.pump(now, slot);
        bytes
    }

    /// Gives a pipe bytes; says how many it took.
    pub(crate) fn read(&mut self, now: Now, slot: usize, bytes: &[u8]) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        let Some(entry) = self.slots.get_mut(&slot) else { return 0 };
        let Some(mut chunk) = entry.pipe.recv_begin() else { return 0 };
        let taken = chunk.fill(bytes);
        entry.pipe.recv_end(now, chunk, taken);
        self.pump(now, slot);
        taken
    }

    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        self.slots.values().filter_map(|slot| slot.pipe.next_timeout()).min()
    }

    pub(crate) fn fire(&mut self, now: Now) {
        let due: Vec<_> = self.slots.keys().copied().collect();
        for slot in due {
            let Some(entry) = self.slots.get_mut(&slot) else { continue };
            if entry.pipe.next_timeout().is_some_and(|at| at <= now.mono) {
                entry.pipe.handle_timeout(now);
                self.pump(now, slot);
            }
        }
    }

    fn pump(&mut self, now: Now, slot: usize) {
        while let Some(entry) = self.slots.get_mut(&slot) {
            let con = entry.con;
            let Some(event) = entry.pipe.poll() else { break };
            self.event(now, slot, con, event);
        }
        self.pool.invariants();
    }

    fn event(&mut self, now: Now, slot: usize, con: ConId, event: PipeEvent) {
        match event {
            PipeEvent::Connected(peer) => self.seen.push((con, Seen::Connected(peer))),
            PipeEvent::Accepted(peer) => {
                self.pool.accepted(con);
                self.seen.push((con, Seen::Accepted(peer)));
            }
            PipeEvent::RemoteReset => self.seen.push((con, Seen::RemoteReset)),
            PipeEvent::Message(Arrived { envelope, held }) => {
                if self.echo
                    && let Some(entry) = self.slots.get_mut(&slot)
                {
                    let tid = envelope.header.tid.0 + ECHO;
                    entry.pipe.send(now, Box::new(crate::common::Note::new(tid, vec![1; 10], vec![2; 10])));
                }
                self.seen.push((con, Seen::Message(envelope)));
                if let Some(all) = &mut self.held {
                    all.push(held);
                }
            }
            PipeEvent::Dial(to) => self.wishes.push_back(Wish::Dial { slot, to }),
            PipeEvent::HangUp { why, .. } => {
                self.faults.push(why.clone());
                if why == Fault::Refused {
                    self.seen.push((con, Seen::Refused));
                }
                let stream = self.slots.get_mut(&slot).and_then(|slot| slot.stream.take());
                self.wishes.extend(stream.map(Wish::Close));
            }
            PipeEvent::Dead(why) => self.dead(slot, con, why),
            PipeEvent::Asked(ask) => self.asked(now, slot, con, ask),
        }
    }

    fn dead(&mut self, slot: usize, con: ConId, why: Fault) {
        self.faults.push(why.clone());
        let is_known = self.pool.bury(con);
        self.drop_slot(slot);
        if is_known {
            if why == Fault::Refused {
                self.seen.push((con, Seen::Refused));
            }
            self.seen.push((con, Seen::Reset(why)));
        }
    }

    fn asked(&mut self, now: Now, slot: usize, con: ConId, ask: Ask) {
        if let (Some(late), Ask::GlobalSeq { .. }) = (&mut self.late, &ask) {
            return late.push((slot, ask));
        }
        let answer = match self.pool.answer(ask) {
            Ok(answer) => Some(answer),
            Err(Question::Auth(request)) => (self.auth)(now, con, &request).map(Answer::Auth),
            Err(Question::Session(claim)) => match self.pool.rival(con, &claim) {
                None => Some(Answer::Session(SessionAnswer::New)),
                Some((old, existing)) => return self.meet(now, slot, con, &claim, old, existing),
            },
        };
        if let Some(answer) = answer {
            self.slots.get_mut(&slot).unwrap().pipe.answer(now, answer);
        }
    }

    /// The pool answers what it was asked, and at once from now on.
    pub(crate) fn answer_late(&mut self, now: Now) {
        for (slot, ask) in self.late.take().into_iter().flatten() {
            if let (Some(entry), Ok(answer)) = (self.slots.get_mut(&slot), self.pool.answer(ask)) {
                entry.pipe.answer(now, answer);
                self.pump(now, slot);
            }
        }
    }

    fn meet(
        &mut self,
        now: Now,
        slot: usize,
        con: ConId,
        claim: &loligo_msgr_proto::Claim,
        old: ConId,
        existing: usize,
    ) {
        let mut newcomer = self.slots.remove(&slot).unwrap();
        let entry = self.slots.get_mut(&existing).unwrap();
        match self.pool.meet(now, con, claim, &mut entry.pipe, &mut newcomer.pipe) {
            Meeting::Answered => drop(self.slots.insert(slot, newcomer)),
            Meeting::Moved => {
                let before = std::mem::replace(&mut entry.stream, newcomer.stream);
                self.wishes.extend(before.map(Wish::Close));
                self.pool.remove(con);
                self.moved.extend(newcomer.stream.map(|id| (id, existing)));
                self.pump(now, existing);
            }
            Meeting::Ended => {
                self.slots.insert(slot, newcomer);
                if self.pool.bury(old) {
                    self.seen.push((old, Seen::Reset(Fault::Replaced)));
                }
                self.drop_slot(existing);
            }
        }
    }

    /// What was seen of one connection.
    pub(crate) fn seen_of(&self, con: ConId) -> Vec<Seen> {
        self.seen.iter().filter(|(seen, _)| *seen == con).map(|(_, seen)| seen.clone()).collect()
    }

    /// The connections that peers opened, in that order.
    pub(crate) fn accepted(&self) -> Vec<ConId> {
        let mut all: Vec<ConId> = Vec::new();
        for (con, seen) in &self.seen {
            if matches!(seen, Seen::Accepted(_)) && !all.contains(con) {
                all.push(*con);
            }
        }
        all
    }

    /// The transactions of the messages that came, in order.
    pub(crate) fn tids(&self) -> Vec<u64> {
        let tid =
            |seen: &Seen| if let Seen::Message(envelope) = seen { Some(envelope.header.tid.0) } else { None };
        self.seen.iter().filter_map(|(_, seen)| tid(seen)).collect()
    }

    /// How many messages wait on all connections.
    pub(crate) fn pending(&self) -> usize {
        self.slots.values().map(|slot| slot.pipe.pending()).sum()
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.pool.connections().count()
    }
}
