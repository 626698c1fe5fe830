//! All connections of a messenger, and its own address.

mod half_open;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;

use loligo_base::{Entropy, Now};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};

use crate::config::Config;
use crate::pipe::{Answer, Ask, Claim, Meeting, Pipe};
use crate::session::Wanted;
use crate::{AuthRequest, ConId, Fault, IoKind, Peer};
use half_open::HalfOpen;

/// All connections of a messenger: which pipe belongs to which [`ConId`], which address has which connection, and the
/// one address and nonce that all pipes tell their peers (`AsyncMessenger`).
///
/// `H` is what the driver finds a pipe by. The pool dials and closes nothing itself: it says what is to be done.
pub struct Pool<H> {
    config: Arc<Config>,
    entropy: Box<dyn Entropy>,
    my_addr: EntityAddr,
    /// Where calls are taken, messenger v2 first.
    bound: EntityAddrVec,
    global_seq: u32,
    accepted: u64,
    cons: BTreeMap<ConId, Entry<H>>,
    by_addr: BTreeMap<EntityAddr, ConId>,
    half_open: HalfOpen,
}

#[derive(Debug)]
struct Entry<H> {
    link: Link<H>,
    /// Where the peer is, as far as it is known.
    addrs: EntityAddrVec,
    /// The endpoint hears of its end: it asked for it, was asked about it, or was told that it was accepted.
    hears_of_end: bool,
}

/// What a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<H> {
    /// A peer, through a pipe.
    Pipe(H),
    /// Ourselves (`local_connection`): what is sent arrives without a socket.
    Local,
}

/// What becomes of the wish for a connection.
#[derive(Debug)]
pub enum Connect {
    /// A pipe is to be opened to that address, and [`Pool::insert`]ed.
    Dial {
        /// The pipe.
        pipe: Box<Pipe>,
        /// Where the peer is, for [`Pool::insert`].
        addrs: EntityAddrVec,
        /// Where to.
        socket: SocketAddr,
    },
    /// The address is our own: the connection is ready, and this is who is at the other end.
    Local(Peer),
    /// It cannot be.
    Refused(Fault),
}

/// A question of a handshake that the pool cannot answer alone.
#[derive(Debug)]
pub enum Question {
    /// For the endpoint.
    Auth(AuthRequest),
    /// Which session may this peer have? See [`Pool::rival`].
    Session(Claim),
}

impl<H: Clone> Pool<H> {
    /// No connections yet; the address is not known, but for its nonce, which must be new for each messenger: by
    /// address and nonce a cluster tells clients apart, and blocks them. Sessions get their names from `entropy`.
    #[must_use]
    pub fn new(config: Arc<Config>, nonce: u32, entropy: Box<dyn Entropy>) -> Self {
        let half_open = HalfOpen::new(config.limits.half_open, config.limits.half_open_per_host);
        Self {
            config,
            entropy,
            my_addr: EntityAddr { nonce, ..EntityAddr::NONE },
            bound: EntityAddrVec::NONE,
            global_seq: 0,
            accepted: 0,
            cons: BTreeMap::new(),
            by_addr: BTreeMap::new(),
            half_open,
        }
    }

    /// What all pipes share.
    #[must_use]
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Our own address, the one that all pipes tell their peers. Without an IP until it is learned or bound.
    #[must_use]
    pub const fn my_addr(&self) -> EntityAddr {
        self.my_addr
    }

    /// All our addresses: where calls are taken, with the IP that was learned where that is at every one, else the one that all
    /// pipes tell their peers.
    #[must_use]
    pub fn my_addrs(&self) -> EntityAddrVec {
        if self.bound.is_empty() { EntityAddrVec::from(self.my_addr) } else { self.my_addrs_at(self.my_addr) }
    }

    /// A listener for messenger v1 is bound there.
    pub fn bound(&mut self, addr: SocketAddr) {
        self.bound_to(AddrType::LEGACY, addr);
    }

    /// A listener for a protocol is bound there. Instead of the one that the protocol had, if it had one.
    pub fn bound_to(&mut self, kind: AddrType, addr: SocketAddr) {
        let addr = EntityAddr::new(kind, addr, self.my_addr.nonce);
        self.bound.0.retain(|bound| bound.kind != kind);
        let at = if kind == AddrType::MSGR2 { 0 } else { self.bound.0.len() };
        self.bound.0.insert(at, addr);
        let port = self.bound.legacy_or_front_addr().port();
        self.my_addr = addr.with_kind(AddrType::LEGACY).with_port(port);
    }

    /// From now on this messenger is another one for its peers. Gives where it took calls, as it was bound, else the address that
    /// it had.
    pub fn renew_nonce(&mut self) -> EntityAddrVec {
        let old = self.my_addr;
        // As far away as in Ceph, so that nobody who counts up from the old one meets it.
        self.my_addr.nonce = old.nonce.wrapping_add(1_000_000);
        let bound = core::mem::take(&mut self.bound);
        if bound.is_empty() { old.into() } else { bound }
    }

    /// Learns our own IP from what a peer sees, if it is not known yet (`learned_addr`).
    pub fn learned_addr(&mut self, seen: EntityAddr) -> EntityAddr {
        if self.my_addr.is_blank_ip() && !seen.is_blank_ip() {
            let port = self.my_addr.port();
            self.my_addr = seen.with_kind(AddrType::LEGACY).with_port(port).with_nonce(self.my_addr.nonce);
        }
        self.my_addr
    }

    /// What messenger v2 tells: all addresses that calls are taken at, else ours in the form that no protocol is named in
    /// (`AsyncMessenger::learned_addr`).
    fn tell_addrs(&mut self, seen: EntityAddr) -> EntityAddrVec {
        let mine = self.learned_addr(seen);
        if self.bound.is_empty() { mine.with_kind(AddrType::ANY).into() } else { self.my_addrs_at(mine) }
    }

    /// Where calls are taken, with the IP of `mine` where they are taken at every one.
    fn my_addrs_at(&self, mine: EntityAddr) -> EntityAddrVec {
        let at = |addr: &EntityAddr| {
            if addr.is_blank_ip() { mine.with_kind(addr.kind).with_port(addr.port()) } else { *addr }
        };
        self.bound.iter().map(at).collect()
    }

    /// A sequence number for a connection, above `above` (`get_global_seq`).
    pub fn get_global_seq(&mut self, above: u32) -> u32 {
        self.global_seq = self.global_seq.max(above).wrapping_add(1);
        self.global_seq
    }

    /// Opens a connection (`connect_rank`), or finds that it leads to ourselves.
    pub fn connect(&mut self, now: Now, con: ConId, peer: EntityType, addrs: EntityAddrVec) -> Connect {
        let target = self.config.target_addr(&addrs).and_then(|addr| Some((addr, addr.socket_addr()?)));
        let Some((addr, socket)) = target else {
            return Connect::Refused(Fault::Unreachable(IoKind::NO_PROTOCOL));
        };
        if self.is_own(addr) {
            self.cons.insert(con, Entry { link: Link::Local, addrs, hears_of_end: true });
            return Connect::Local(self.myself());
        }
        let seed = self.entropy.next_u64();
        let pipe = Pipe::connect(Arc::clone(&self.config), now, peer, addrs.clone(), seed);
        Connect::Dial { pipe: Box::new(pipe), addrs, socket }
    }

    fn is_own(&self, addr: EntityAddr) -> bool {
        let mine = self.my_addr;
        !mine.is_blank_ip() && (addr.with_kind(AddrType::LEGACY) == mine || self.my_addrs().contains(&addr))
    }

    fn myself(&self) -> Peer {
        Peer {
            name: self.config.myname.get(),
            addrs: self.my_addrs(),
            features: self.config.features_supported,
        }
    }

    /// Names the pipe of a connection that is dialled, to a peer that is at `addrs`, or was accepted, from one that has not said
    /// yet where it is. Without addresses it is one that no other is found by (anonymous).
    pub fn insert(&mut self, con: ConId, addrs: EntityAddrVec, handle: H) {
        let hears_of_end = !con.is_accepted();
        let entry = Entry { link: Link::Pipe(handle), addrs: EntityAddrVec::NONE, hears_of_end };
        let before = self.cons.insert(con, entry);
        let _ = loligo_base::never!(before.is_some(), "a connection has two pipes");
        self.register(con, addrs);
        self.check();
    }

    /// From now on the connection is found by these addresses.
    fn register(&mut self, con: ConId, addrs: EntityAddrVec) {
        self.unregister(con);
        // A client without a place may share its nonce with others.
        for addr in addrs.iter().filter(|addr| !addr.is_blank_ip()) {
            self.by_addr.insert(*addr, con);
        }
        if let Some(entry) = self.cons.get_mut(&con) {
            entry.addrs = addrs;
        }
    }

    fn unregister(&mut self, con: ConId) {
        let before =
            self.cons.get_mut(&con).map(|entry| core::mem::take(&mut entry.addrs)).unwrap_or_default();
        for addr in before.iter() {
            if self.by_addr.get(addr) == Some(&con) {
                self.by_addr.remove(addr);
            }
        }
    }

    /// A call came from `seen` in messenger v1: a pipe for it, to be [`Self::insert`]ed; `None` where too many callers have
    /// not said who they are, so that this one is to be hung up on.
    pub fn accept(&mut self, now: Now, seen: SocketAddr) -> Option<(ConId, Pipe)> {
        self.accept_in(now, AddrType::LEGACY, seen)
    }

    /// As [`Self::accept`], in the protocol that the listener is bound for.
    pub fn accept_in(&mut self, now: Now, kind: AddrType, seen: SocketAddr) -> Option<(ConId, Pipe)> {
        let con = ConId::accepted(self.accepted);
        if !self.half_open.enter(con, seen.ip()) {
            return None;
        }
        self.accepted += 1;
        let config = Arc::clone(&self.config);
        let seed = self.entropy.next_u64();
        let seen = EntityAddr::new(kind, seen, 0);
        let pipe = if kind == AddrType::MSGR2 {
            Pipe::accept_v2(config, now, self.my_addrs_at(self.my_addr), seen, seed)
        } else {
            Pipe::accept(config, now, self.my_addr, seen, seed)
        };
        Some((con, pipe))
    }

    /// The driver finds the pipe of a connection by another handle from now on.
    pub fn relink(&mut self, con: ConId, handle: H) {
        if let Some(entry) = self.cons.get_mut(&con) {
            entry.link = Link::Pipe(handle);
        }
    }

    /// What a connection leads to, if it is alive.
    #[must_use]
    pub fn link(&self, con: ConId) -> Option<&Link<H>> {
        self.cons.get(&con).map(|entry| &entry.link)
    }

    /// The living connection to an address, if there is one (`get_connection`).
    #[must_use]
    pub fn get_connection(&self, addr: EntityAddr) -> Option<ConId> {
        self.by_addr.get(&addr).copied()
    }

    /// Answers what a pipe asks of the pool alone; gives back what it cannot.
    ///
    /// # Errors
    ///
    /// With the question: one for the endpoint, or one about a session, see [`Self::rival`].
    pub fn answer(&mut self, ask: Ask) -> Result<Answer, Question> {
        match ask {
            Ask::MyAddr { seen } => Ok(Answer::MyAddr(self.learned_addr(seen))),
            Ask::MyAddrs { seen } => Ok(Answer::MyAddrs(self.tell_addrs(seen))),
            Ask::GlobalSeq { above } => {
                Ok(Answer::GlobalSeq { seq: self.get_global_seq(above), random: self.entropy.next_u64() })
            }
            Ask::Session(claim) => Err(Question::Session(claim)),
            Ask::Auth(request) => Err(Question::Auth(request)),
        }
    }

    /// The other connection with the peer that has called by `con`, if there is one (`lookup_conn`): the two are to
    /// [`meet`](Self::meet). If there is none, this one is found by the peer's addresses from now on, and is to be answered
    /// [`SessionAnswer::New`](crate::SessionAnswer::New).
    pub fn rival(&mut self, con: ConId, claim: &Claim) -> Option<(ConId, H)> {
        if !self.cons.contains_key(&con) {
            // Marked down since it asked: whatever it is answered, it is dead.
            return None;
        }
        // Who asks for a session has said who it is.
        self.half_open.leave(con);
        let others =
            claim.addrs.iter().filter_map(|addr| self.by_addr.get(addr)).filter(|other| **other != con);
        for other in others {
            if let Some(Entry { link: Link::Pipe(handle), .. }) = self.cons.get(other) {
                return Some((*other, handle.clone()));
            }
        }
        self.register(con, claim.addrs.clone());
        None
    }

    /// Decides which of two connections with one peer goes on: the one that there was, or that by which the peer has called
    /// now. Nobody else may have the newcomer meanwhile.
    pub fn meet(
        &mut self,
        now: Now,
        con: ConId,
        claim: &Claim,
        existing: &mut Pipe,
        newcomer: &mut Pipe,
    ) -> Meeting {
        if newcomer.is_dead() {
            // Its stream broke since it asked, and is worth nobody's session.
            return Meeting::Answered;
        }
        let at = |addrs: &EntityAddrVec| match claim.wanted {
            Wanted::V1 { .. } => addrs.legacy_addr(),
            Wanted::Ident { .. } | Wanted::Reconnect { .. } => addrs.msgr2_addr(),
        };
        let wins = at(&claim.addrs) < at(&self.my_addrs());
        let random = self.entropy.next_u64();
        let meeting = existing.meet(now, newcomer, claim, wins, random);
        if meeting == Meeting::Ended {
            self.register(con, claim.addrs.clone());
        }
        meeting
    }

    /// The greeting of an accepted connection is over, and the endpoint is told of it.
    pub fn accepted(&mut self, con: ConId) {
        self.half_open.leave(con);
        self.introduce(con);
    }

    /// The endpoint is asked about an accepted connection that is not open yet: it may keep something of it, and is to hear of its
    /// end.
    pub fn introduce(&mut self, con: ConId) {
        if let Some(entry) = self.cons.get_mut(&con) {
            entry.hears_of_end = true;
        }
    }

    /// The pipe of a connection is dead: forgets it. Says whether the endpoint is to be told, which it is not of what it does not
    /// know, or has marked down.
    pub fn bury(&mut self, con: ConId) -> bool {
        let hears_of_end = self.cons.get(&con).is_some_and(|entry| entry.hears_of_end);
        self.remove(con);
        hears_of_end
    }

    /// Forgets a connection; gives what it led to, if it was alive. What comes of its pipe after this is not told
    /// to the endpoint.
    pub fn remove(&mut self, con: ConId) -> Option<Link<H>> {
        self.half_open.leave(con);
        self.unregister(con);
        let entry = self.cons.remove(&con)?;
        self.check();
        Some(entry.link)
    }

    /// The living connections, by name.
    pub fn connections(&self) -> impl Iterator<Item = (ConId, &Link<H>)> {
        self.cons.iter().map(|(con, entry)| (*con, &entry.link))
    }

    /// [`Self::invariants`] where they cost nobody time.
    fn check(&self) {
        if cfg!(debug_assertions) {
            self.invariants();
        }
    }

    /// Panics in debug builds where the pool contradicts itself.
    pub fn invariants(&self) {
        let dangling = self.by_addr.values().any(|con| !self.cons.contains_key(con));
        let _ = loligo_base::never!(dangling, "an address leads to a dead connection");
        let _ = loligo_base::never!(
            self.half_open.len() > self.config.limits.half_open,
            "too many half-open calls"
        );
    }
}

impl<H: fmt::Debug> fmt::Debug for Pool<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("my_addr", &self.my_addr)
            .field("cons", &self.cons)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
