//! Messengers in memory: pools and pipes with virtual time, over streams of bytes that break when the test, or a seed, says.
#![allow(dead_code, reason = "each test binary uses another part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

pub(crate) mod checker;
mod host;
pub(crate) mod kit;
pub(crate) mod script;
mod stream;
pub(crate) mod tap;

use std::collections::BTreeMap;
use std::time::Duration;

use loligo_base::{Mono, Now, Prng, Wall};
use loligo_msgr_proto::{ConId, Config, Outgoing};
use loligo_wire::entity::{AddrType, EntityAddrVec, EntityType};

#[allow(unused_imports, reason = "each test binary uses another part")]
pub(crate) use host::{ECHO, Host, Seen};
#[allow(unused_imports, reason = "each test binary uses another part")]
pub(crate) use script::{Act, Held, Logged, Rule, Script, Way};
pub(crate) use stream::{End, Stream};

/// Names a host.
pub(crate) type HostId = usize;
/// Names a stream.
pub(crate) type StreamId = u64;

/// All hosts, and the streams between them.
pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) prng: Prng,
    pub(crate) hosts: Vec<Host>,
    pub(crate) streams: BTreeMap<StreamId, Stream>,
    next_stream: StreamId,
    /// One in so many moves of bytes breaks the stream; 0 for none.
    pub(crate) failures: u64,
    /// After one in so many writes the end waits, up to [`Self::delay_max`]; 0 for none.
    pub(crate) delays: u64,
    pub(crate) delay_max: Duration,
    /// How many streams were broken so.
    pub(crate) broken: u64,
    /// The most bytes that move at once.
    pub(crate) step: usize,
    /// What happens at the items of streams; `None` where nobody asks for items.
    pub(crate) script: Option<Script>,
    /// Who does not know yet that a stream broke.
    stalled: Vec<(HostId, StreamId)>,
}

/// What a host wants of the world.
pub(crate) enum Wish {
    /// A stream from one of its pipes.
    Dial { slot: usize, to: std::net::SocketAddr },
    /// A stream of its is of no use any more.
    Close(StreamId),
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: Now { mono: Mono::ZERO, wall: Wall::new(1_000, 0) },
            prng: Prng::new(seed),
            hosts: Vec::new(),
            streams: BTreeMap::new(),
            next_stream: 1,
            failures: 0,
            delays: 0,
            delay_max: Duration::ZERO,
            broken: 0,
            step: 64 << 10,
            script: None,
            stalled: Vec::new(),
        }
    }

    /// A host that is `10.0.0.N`, and takes calls at that port in the protocol that its config has first; 0 for none.
    pub(crate) fn host(&mut self, config: Config, port: u16) -> HostId {
        let id = self.hosts.len();
        let seed = self.prng.next_u64();
        self.hosts.push(Host::new(id, config, port, seed));
        id
    }

    pub(crate) fn addrs(&self, host: HostId) -> EntityAddrVec {
        self.hosts[host].pool.my_addrs()
    }

    /// A connection from one host to another.
    pub(crate) fn connect(&mut self, from: HostId, to: HostId) -> ConId {
        let (kind, addrs) = (self.kind(to), self.addrs(to));
        let con = self.hosts[from].connect(self.now, kind, addrs);
        self.settle(from);
        con
    }

    /// The connection from one host to another that there is, or a new one.
    pub(crate) fn get_connection(&mut self, from: HostId, to: HostId) -> ConId {
        let (kind, addrs) = (self.kind(to), self.addrs(to));
        let con = self.hosts[from].get_connection(self.now, kind, addrs);
        self.settle(from);
        con
    }

    /// The host takes calls at another port, as somebody new (`rebind`): its connections are over.
    pub(crate) fn rebind(&mut self, host: HostId, port: u16) {
        self.hosts[host].rebind(port);
        self.settle(host);
    }

    fn kind(&self, host: HostId) -> EntityType {
        self.hosts[host].config.myname.get().kind
    }

    pub(crate) fn send(&mut self, from: HostId, con: ConId, msg: Box<dyn Outgoing>) {
        self.hosts[from].send(self.now, con, msg);
        self.settle(from);
    }

    pub(crate) fn keepalive(&mut self, from: HostId, con: ConId) {
        let now = self.now;
        self.hosts[from].act(now, con, |pipe| pipe.send_keepalive(now));
        self.settle(from);
    }

    pub(crate) fn mark_down(&mut self, host: HostId, con: ConId) {
        self.hosts[host].mark_down(con);
        self.settle(host);
    }

    pub(crate) fn mark_disposable(&mut self, host: HostId, con: ConId) {
        let now = self.now;
        self.hosts[host].act(now, con, loligo_msgr_proto::Pipe::mark_disposable);
        self.settle(host);
    }

    /// The host dies and comes back as somebody new, at the same port: nobody is told but by the streams.
    pub(crate) fn restart(&mut self, id: HostId) {
        let all: Vec<_> =
            self.streams.iter().filter(|(_, stream)| stream.has(id)).map(|(id, _)| *id).collect();
        let seed = self.prng.next_u64();
        self.hosts[id].restart(seed);
        all.into_iter().for_each(|stream| self.cut(stream));
    }

    /// Breaks all streams that there are.
    pub(crate) fn cut_all(&mut self) {
        let all: Vec<_> = self.streams.keys().copied().collect();
        all.into_iter().for_each(|stream| self.cut(stream));
    }

    /// Breaks a stream: what was under way is lost, and both ends learn it.
    pub(crate) fn cut(&mut self, id: StreamId) {
        let Some(stream) = self.streams.remove(&id) else { return };
        for end in stream.ends.into_iter().flatten() {
            self.hosts[end.host].lost(self.now, id);
            self.settle(end.host);
        }
    }

    /// Breaks all streams of a host, as it sees; the other ends do not learn it until [`Self::release`].
    pub(crate) fn cut_for(&mut self, host: HostId) {
        for id in self.streams.keys().copied().collect::<Vec<_>>() {
            let Some(stream) = self.streams.get_mut(&id).filter(|stream| stream.has(host)) else { continue };
            for (end, held) in stream.ends.iter().zip(&mut stream.held) {
                if end.is_some_and(|end| end.host != host) {
                    *held = Some(Held::Released);
                }
            }
            stream.close(host);
            self.hosts[host].lost(self.now, id);
            self.after(host);
        }
    }

    /// The pool of a host answers what it has not answered yet.
    pub(crate) fn answer_late(&mut self, host: HostId) {
        self.hosts[host].answer_late(self.now);
        self.after(host);
    }

    /// Carries out what a host wants.
    fn settle(&mut self, host: HostId) {
        while let Some(wish) = self.hosts[host].wishes.pop_front() {
            match wish {
                Wish::Dial { slot, to } => self.dial(host, slot, to),
                Wish::Close(id) => self.close(host, id),
            }
        }
    }

    /// One end closes its socket: the other reads what was sent, and then the end.
    fn close(&mut self, host: HostId, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.close(host);
        if stream.is_over() {
            self.streams.remove(&id);
        }
    }

    fn dial(&mut self, from: HostId, slot: usize, to: std::net::SocketAddr) {
        let id = self.next_stream;
        self.next_stream += 1;
        let ip = self.hosts[from].ip;
        let callee = self.hosts.iter().position(|host| host.listens_at(to).is_some());
        let mut is_v2 = false;
        let taken = callee.and_then(|callee| {
            let port = u16::try_from(10_000 + id % 50_000).unwrap();
            let kind = self.hosts[callee].listens_at(to)?;
            is_v2 = kind == AddrType::MSGR2;
            let slot = self.hosts[callee].ring(self.now, kind, id, (ip, port).into())?;
            Some(End { host: callee, slot })
        });
        if let Some(server) = taken {
            let tap = self.script.is_some().then(|| tap::Tap::new(is_v2));
            self.streams.insert(id, Stream::new([End { host: from, slot }, server], tap));
            self.hosts[from].dialled(self.now, slot, Some(id));
            self.settle(server.host);
        } else {
            self.hosts[from].dialled(self.now, slot, None);
        }
        self.settle(from);
    }

    /// The stream of one pipe belongs to another now.
    fn find_moved(&mut self, host: HostId) {
        while let Some((id, slot)) = self.hosts[host].moved.pop_front() {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.move_to(host, slot);
            }
        }
    }

    /// Whatever can moves once; says whether anything did.
    pub(crate) fn turn(&mut self) -> bool {
        let mut all: Vec<_> = self.streams.keys().copied().collect();
        self.prng.shuffle(&mut all);
        let moved = all.into_iter().filter(|id| self.move_bytes(*id)).count();
        moved > 0
    }

    /// Bytes of one stream move, in one direction or the other.
    fn move_bytes(&mut self, id: StreamId) -> bool {
        let first = usize::from(self.prng.chance(1, 2));
        [first, 1 - first].into_iter().any(|end| self.write(id, end) || self.read(id, end))
    }

    fn some(&mut self) -> usize {
        1 + usize::try_from(self.prng.below(self.step as u64)).unwrap()
    }

    fn fails(&mut self, id: StreamId) -> bool {
        let fails = self.failures > 0 && self.prng.chance(1, self.failures);
        if fails {
            self.broken += 1;
            self.cut(id);
        }
        fails
    }

    /// An end writes.
    fn write(&mut self, id: StreamId, end: usize) -> bool {
        let n = self.some();
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let Some(End { host, slot }) = stream.ends[end] else { return false };
        if stream.held[end].is_some() {
            return false;
        }
        let bytes = self.hosts[host].write(self.now, slot, n);
        if bytes.is_empty() {
            return false;
        }
        if let Some(tap) = &mut stream.tap {
            let items = tap.feed(end, &bytes);
            stream.out[end].extend(items);
            self.transmit(id, end);
        } else {
            stream.push(1 - end, bytes);
        }
        self.after(host);
        self.dawdles(id, end);
        self.fails(id);
        true
    }

    fn dawdles(&mut self, id: StreamId, end: usize) {
        if self.delays > 0
            && self.prng.chance(1, self.delays)
            && let Some(stream) = self.streams.get_mut(&id)
        {
            let nanos = u64::try_from(self.delay_max.as_nanos()).unwrap();
            let time = Duration::from_nanos(self.prng.below(nanos));
            stream.held[end] = Some(Held::Until(self.now.mono + time));
        }
    }

    /// Lets go what an end has written, as far as the script lets it.
    fn transmit(&mut self, id: StreamId, end: usize) {
        while let Some(stream) = self.streams.get_mut(&id) {
            let Some(item) = stream.out[end].front().filter(|_| stream.held[end].is_none()) else { return };
            let name = item.name;
            if !std::mem::replace(&mut stream.asked[end], true) && self.ask(id, end, Way::Write, name) {
                return;
            }
            let Some(stream) = self.streams.get_mut(&id) else { return };
            if stream.held[end].is_none()
                && let Some(item) = stream.out[end].pop_front()
            {
                if let Some(script) = &mut self.script {
                    script.first.entry((end, item.name)).or_insert_with(|| item.bytes.clone());
                }
                stream.asked[end] = false;
                stream.push_item(1 - end, item);
            }
        }
    }

    /// Asks the script about an item; says whether the stream broke.
    fn ask(&mut self, id: StreamId, end: usize, way: Way, item: &'static str) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else { return true };
        let Some(End { host, slot }) = stream.ends[end] else { return true };
        let con = self.hosts[host].con_of(slot);
        let logged = Logged { host, con, stream: id, called: end == 0, way, item };
        let Some(act) = self.script.as_mut().and_then(|script| script.at(logged)) else { return false };
        match act {
            Act::Fail => {
                stream.close(host);
                if stream.is_over() {
                    self.streams.remove(&id);
                }
                self.hosts[host].lost(self.now, id);
                self.after(host);
                return true;
            }
            Act::Swap => {
                let swap = self.script.as_ref().map(|script| script.swap.clone()).unwrap_or_default();
                stream.swap(end, &swap);
                stream.held[1 - end] = Some(Held::Released);
            }
            Act::Stall => {
                stream.close(host);
                self.stalled.push((host, id));
                return true;
            }
            Act::Stop => stream.held = [Some(Held::Never); 2],
            Act::Hold => stream.held[end] = Some(Held::Released),
            Act::Delay(time) => stream.held[end] = Some(Held::Until(self.now.mono + time)),
        }
        false
    }

    /// All that waits for it goes on.
    pub(crate) fn release(&mut self) {
        self.unhold(|held| held == Held::Released);
        for (host, id) in std::mem::take(&mut self.stalled) {
            self.hosts[host].lost(self.now, id);
            self.after(host);
        }
    }

    /// Both ends of a stream go on.
    pub(crate) fn release_one(&mut self, id: StreamId) {
        self.unhold_of(&[id], |held| held == Held::Released);
    }

    fn unhold(&mut self, is_over: impl Fn(Held) -> bool) {
        let all: Vec<_> = self.streams.keys().copied().collect();
        self.unhold_of(&all, is_over);
    }

    fn unhold_of(&mut self, streams: &[StreamId], is_over: impl Fn(Held) -> bool) {
        for (id, end) in streams.iter().flat_map(|id| [(*id, 0), (*id, 1)]) {
            if let Some(stream) = self.streams.get_mut(&id)
                && stream.held[end].is_some_and(&is_over)
            {
                stream.held[end] = None;
                self.transmit(id, end);
            }
        }
    }

    /// Some end is held.
    pub(crate) fn is_held(&self) -> bool {
        let is_held = self.streams.values().any(|stream| stream.held.contains(&Some(Held::Released)));
        is_held || !self.stalled.is_empty()
    }

    /// An end reads.
    fn read(&mut self, id: StreamId, end: usize) -> bool {
        let n = self.some();
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let Some(End { host, slot }) = stream.ends[end] else { return false };
        if stream.held[end].is_some() {
            return false;
        }
        if let Some(mark) = stream.marks[end].front_mut() {
            let name = mark.name;
            if !std::mem::replace(&mut mark.asked, true) && self.ask(id, end, Way::Read, name) {
                return true;
            }
        }
        let Some(stream) = self.streams.get_mut(&id) else { return true };
        if stream.held[end].is_some() {
            return true;
        }
        let n = n.min(stream.readable(end));
        if stream.is_at_end(end) {
            stream.close(host);
            if stream.is_over() {
                self.streams.remove(&id);
            }
            self.hosts[host].lost(self.now, id);
            self.after(host);
            return true;
        }
        let taken = self.hosts[host].read(self.now, slot, stream.front(end, n));
        stream.pop(end, taken);
        self.after(host);
        if taken > 0 {
            self.fails(id);
        }
        taken > 0
    }

    fn after(&mut self, host: HostId) {
        self.find_moved(host);
        self.settle(host);
    }

    /// When something is due next.
    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        let held = self.streams.values().flat_map(|stream| stream.held).filter_map(|held| match held {
            Some(Held::Until(until)) => Some(until),
            _ => None,
        });
        self.hosts.iter().filter_map(Host::next_timeout).chain(held).min()
    }

    /// Time goes on to that point, with what is due there.
    pub(crate) fn at(&mut self, mono: Mono) {
        let by = mono.saturating_since(self.now.mono);
        self.now = Now { mono: self.now.mono + by, wall: self.now.wall.saturating_add(by) };
        self.unhold(|held| matches!(held, Held::Until(until) if until <= mono));
        for host in 0..self.hosts.len() {
            self.hosts[host].fire(self.now);
            self.after(host);
        }
    }

    /// Runs until nothing moves, without waiting for anything.
    pub(crate) fn run(&mut self) {
        let mut left = 10_000_000_u64;
        while self.turn() {
            left -= 1;
            assert!(left > 0, "it does not come to rest");
        }
    }

    /// Runs for so long.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let end = self.now.mono + time;
        self.run();
        while let Some(next) = self.next_timeout().filter(|next| *next <= end) {
            self.at(next);
            self.run();
        }
        self.at(end);
        self.run();
    }
}
