//! Who can be called where, and what becomes of calls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};

use loligo_base::Prng;

use super::MemoryOptions;
use super::flow::Flow;
use super::link::{End, Link, Watch};
use crate::sync::{Mutex, lock};
use crate::transport::{Bound, SocketOptions};

/// Ports that are given to who wants any.
const PORTS: std::ops::RangeInclusive<u16> = 32_768..=60_999;
/// How many streams there are at least before those that have gone are looked for.
const LINKS_MIN: usize = 64;

/// What all hosts share.
pub(super) struct Network {
    options: MemoryOptions,
    world: Mutex<World>,
}

struct World {
    places: BTreeMap<SocketAddr, Place>,
    /// Calls that nobody answers.
    unanswered: Vec<(End, SocketAddr)>,
    links: Vec<Weak<Link>>,
    unplugged: BTreeSet<IpAddr>,
    /// The next port to give.
    port: u16,
    /// How often each address was called.
    calls: BTreeMap<SocketAddr, u64>,
}

/// An address that somebody took.
struct Place {
    /// Calls that wait, the oldest first. Those for which there is no room are not open.
    calls: VecDeque<End>,
    backlog: usize,
    /// How many bytes each stream from there holds on their way in.
    room: usize,
    watch: Option<Arc<dyn Watch>>,
}

impl Place {
    /// Takes a call in.
    fn ring(&mut self, call: End) -> Rung {
        let link = Arc::clone(call.link());
        self.calls.push_back(call);
        ((self.calls.len() <= self.backlog).then_some(link), self.watch.clone())
    }
}

impl World {
    fn is_unplugged(&self, link: &Link) -> bool {
        link.addrs().iter().any(|addr| self.unplugged.contains(&addr.ip()))
    }

    fn streams(&self) -> impl Iterator<Item = Arc<Link>> {
        self.links.iter().filter_map(Weak::upgrade)
    }

    /// A port of that host that nobody took, or `None` where there is none.
    fn free_port(&mut self, ip: IpAddr) -> Option<u16> {
        for _ in PORTS {
            let port = self.port;
            self.port = if port == *PORTS.end() { *PORTS.start() } else { port + 1 };
            if !self.places.contains_key(&SocketAddr::new(ip, port)) {
                return Some(port);
            }
        }
        None
    }

    fn remember(&mut self, link: &Arc<Link>) {
        if self.links.len() >= LINKS_MIN && self.links.len() == self.links.capacity() {
            self.links.retain(|link| link.strong_count() > 0);
        }
        self.links.push(Arc::downgrade(link));
    }
}

impl Network {
    pub(super) fn new(options: MemoryOptions) -> Arc<Self> {
        let world = Mutex::new(World {
            places: BTreeMap::new(),
            unanswered: Vec::new(),
            links: Vec::new(),
            unplugged: BTreeSet::new(),
            port: *PORTS.start(),
            calls: BTreeMap::new(),
        });
        Arc::new(Self { options, world })
    }

    /// Takes an address of a host.
    pub(super) fn bind(
        self: &Arc<Self>,
        host: IpAddr,
        addr: SocketAddr,
        sockets: &SocketOptions,
    ) -> io::Result<MemoryBound> {
        let ip = own_ip(host, addr.ip()).ok_or_else(not_available)?;
        let in_use = || io::Error::from_raw_os_error(libc::EADDRINUSE);
        let mut world = lock(&self.world);
        let port = if addr.port() == 0 { world.free_port(ip).ok_or_else(in_use)? } else { addr.port() };
        let at = SocketAddr::new(ip, port);
        if world.places.contains_key(&at) {
            return Err(in_use());
        }
        // As with sockets, there is room for one more than is said.
        let backlog = usize::try_from(sockets.backlog).unwrap_or(0) + 1;
        let place = Place { calls: VecDeque::new(), backlog, room: self.room(sockets), watch: None };
        world.places.insert(at, place);
        Ok(MemoryBound { network: Arc::clone(self), at, named: SocketAddr::new(addr.ip(), port) })
    }

    fn room(&self, sockets: &SocketOptions) -> usize {
        if sockets.rcvbuf > 0 { sockets.rcvbuf } else { self.options.buffer }
    }

    /// A host calls an address. It hears of the answer where it watches the end that it is given.
    pub(super) fn call(&self, host: IpAddr, to: SocketAddr, sockets: &SocketOptions) -> io::Result<End> {
        let (caller, rung) = self.ring(host, to, sockets)?;
        rung.into_iter().for_each(answer);
        Ok(caller)
    }

    /// Leaves a call where it is to be taken; gives what is to be done then.
    pub(super) fn ring(
        &self,
        host: IpAddr,
        to: SocketAddr,
        sockets: &SocketOptions,
    ) -> io::Result<(End, Option<Rung>)> {
        let to = if to.ip().is_unspecified() { SocketAddr::new(host, to.port()) } else { to };
        let mut world = lock(&self.world);
        let is_heard = ![host, to.ip()].iter().any(|ip| world.unplugged.contains(ip));
        let room = world.places.get(&to).map(|place| place.room);
        if is_heard && room.is_none() {
            return Err(io::Error::from_raw_os_error(libc::ECONNREFUSED));
        }
        let from = SocketAddr::new(host, world.free_port(host).ok_or_else(not_available)?);
        let mut dice = self.dice(world.calls.entry(to).or_default(), to);
        let mut flow = |room| Flow::new(room, &self.options, &mut dice);
        let from_caller = flow(room.unwrap_or(self.options.buffer));
        let (caller, called) = Link::between((from, from_caller), (to, flow(self.room(sockets))));
        world.remember(called.link());
        if !is_heard {
            world.unanswered.push((called, to));
            return Ok((caller, None));
        }
        let rung = world.places.get_mut(&to).map(|place| place.ring(called));
        Ok((caller, rung))
    }

    /// The dice of one more stream to that address. Who else is called, and when, does not change them.
    fn dice(&self, calls: &mut u64, to: SocketAddr) -> Prng {
        *calls += 1;
        Prng::new(self.options.seed ^ *calls ^ u64::from(to.port()) << 48)
    }

    /// Takes the next call at an address.
    fn accept(&self, at: SocketAddr) -> Option<End> {
        let mut world = lock(&self.world);
        let place = world.places.get_mut(&at)?;
        let call = place.calls.pop_front()?;
        let next = place.calls.get(place.backlog - 1).map(|call| Arc::clone(call.link()));
        drop(world);
        // Whoever calls may not have come to that yet. And there is room for one more.
        call.link().open();
        next.into_iter().for_each(|link| link.open());
        Some(call)
    }

    /// Gives an address up.
    fn leave(&self, at: SocketAddr) {
        let place = lock(&self.world).places.remove(&at);
        // Who waits there is refused or reset, when nothing is locked.
        drop(place);
    }

    /// Cuts all streams between two hosts; gives how many.
    pub(super) fn cut(&self, one: IpAddr, other: IpAddr) -> usize {
        let is_between = |link: &Arc<Link>| {
            let [caller, called] = link.addrs().map(|addr| addr.ip());
            (caller, called) == (one, other) || (caller, called) == (other, one)
        };
        let links: Vec<_> = lock(&self.world).streams().filter(is_between).collect();
        links.iter().filter(|link| link.cut()).count()
    }

    /// Nothing reaches that host any more, and nothing leaves it.
    pub(super) fn unplug(&self, ip: IpAddr) {
        let mut world = lock(&self.world);
        world.unplugged.insert(ip);
        world.streams().filter(|link| world.is_unplugged(link)).for_each(|link| link.silence(true));
    }

    /// What was held up goes on.
    pub(super) fn plug(&self, ip: IpAddr) {
        let mut world = lock(&self.world);
        world.unplugged.remove(&ip);
        world.streams().filter(|link| !world.is_unplugged(link)).for_each(|link| link.silence(false));
        let (mut rung, mut refused) = (Vec::new(), Vec::new());
        for (call, to) in std::mem::take(&mut world.unanswered) {
            if call.is_left() {
                refused.push(call);
            } else if world.is_unplugged(call.link()) {
                world.unanswered.push((call, to));
            } else {
                match world.places.get_mut(&to) {
                    Some(place) => rung.push(place.ring(call)),
                    None => refused.push(call),
                }
            }
        }
        drop(world);
        drop(refused);
        rung.into_iter().for_each(answer);
    }
}

/// What is to be done about a call when nothing is locked: to open its stream, where there is room, and to tell who takes calls.
pub(super) type Rung = (Option<Arc<Link>>, Option<Arc<dyn Watch>>);

fn not_available() -> io::Error {
    io::Error::from_raw_os_error(libc::EADDRNOTAVAIL)
}

/// Does that.
fn answer((open, watch): Rung) {
    if let Some(link) = open {
        link.open();
    }
    if let Some(watch) = watch {
        watch.readable();
    }
}

/// Which of a host's addresses is meant; `None` for one that it has not. Who is on the loopback has all of it.
fn own_ip(host: IpAddr, ip: IpAddr) -> Option<IpAddr> {
    if ip.is_unspecified() {
        return Some(host);
    }
    (ip == host || ip.is_loopback() && host.is_loopback()).then_some(ip)
}

/// An address that somebody took. Dropped, it is free again.
pub(super) struct MemoryBound {
    network: Arc<Network>,
    at: SocketAddr,
    /// As it was asked for: perhaps without an IP.
    named: SocketAddr,
}

impl MemoryBound {
    /// From now on that one is told of calls. What there was to tell before, it has to look for.
    pub(super) fn watch(&self, watch: Arc<dyn Watch>) {
        if let Some(place) = lock(&self.network.world).places.get_mut(&self.at) {
            place.watch = Some(watch);
        }
    }

    /// Takes the next call.
    pub(super) fn accept(&self) -> Option<End> {
        self.network.accept(self.at)
    }
}

impl Bound for MemoryBound {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.named)
    }
}

impl Drop for MemoryBound {
    fn drop(&mut self) {
        self.network.leave(self.at);
    }
}

impl fmt::Debug for MemoryBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryBound").field(&self.at).finish()
    }
}
