//! What Ceph's own tests ask of a messenger on a network (`src/test/msgr/test_msgr.cc`), on each transport and over both
//! protocols. The same with virtual time, with every fault at every place, is in `loligo-msgr-proto`; `docs/messenger-tests.md` has the table.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loligo_msgr::proto::{Config, Envelope, Fault, Peer, Protocols};
use loligo_msgr::transport::memory::{MemoryNetwork, MemoryOptions};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Messenger, MsType, NoAuth, NodeOptions, Policy, PolicySet,
};
use loligo_wire::entity::{EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::{BufferList, Tid};

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a dispatcher saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saw {
    Message(u64, usize),
    Connect,
    Accept,
    Reset,
    RemoteReset,
}

/// Tells what it sees, and sends messages back where it is a server's.
struct Watcher {
    tell: Mutex<Sender<(Connection, Saw)>>,
    echoes: bool,
}

impl Watcher {
    fn tell(&self, con: &Connection, saw: Saw) {
        // A test that has seen enough listens no more.
        drop(self.tell.lock().unwrap().send((con.clone(), saw)));
    }
}

impl Dispatcher for Watcher {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        self.tell(con, Saw::Message(message.header.tid.0, message.payload.data.len()));
        if self.echoes {
            con.send_message(message.clone());
        }
        true
    }

    fn ms_handle_connect(&self, con: &Connection, _peer: &Peer) {
        self.tell(con, Saw::Connect);
    }

    fn ms_handle_accept(&self, con: &Connection, _peer: &Peer) {
        self.tell(con, Saw::Accept);
    }

    fn ms_handle_reset(&self, con: &Connection, _why: &Fault) -> bool {
        self.tell(con, Saw::Reset);
        true
    }

    fn ms_handle_remote_reset(&self, con: &Connection) {
        self.tell(con, Saw::RemoteReset);
    }
}

/// A messenger, and what its dispatcher saw.
struct Side {
    messenger: Messenger,
    saw: Receiver<(Connection, Saw)>,
}

impl Side {
    /// Waits until it has seen that; gives the connection, and what was seen before.
    fn until(&self, wanted: Saw) -> (Connection, Vec<Saw>) {
        let deadline = Instant::now() + PATIENCE;
        let mut before = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let next = self.saw.recv_timeout(left);
            let (con, saw) = next.unwrap_or_else(|_| panic!("{wanted:?} does not come; but {before:?} did"));
            if saw == wanted {
                return (con, before);
            }
            before.push(saw);
        }
    }

    /// Sends a message, and waits for its echo.
    fn ping(&self, con: &Connection, tid: u64) -> Vec<Saw> {
        con.send_message(message(tid, 0));
        self.until(Saw::Message(tid, 0)).1
    }

    fn connect(&self, addrs: &EntityAddrVec) -> Connection {
        self.messenger.connect_to(EntityType::OSD, addrs.clone())
    }
}

fn message(tid: u64, size: usize) -> Envelope {
    let header = MessageHeader { message_type: 0x7fff, tid: Tid(tid), ..MessageHeader::default() };
    let data =
        if size == 0 { BufferList::new() } else { BufferList::from(bytes::Bytes::from(vec![7; size])) };
    Envelope { header, payload: Payload { version: 1, compat_version: 1, data, ..Payload::default() } }
}

/// What moves the bytes.
#[derive(Clone, Debug)]
enum Over {
    Sockets(MsType, usize),
    Memory(MemoryNetwork),
}

/// Where the tests run: a transport, and a protocol.
#[derive(Clone, Debug)]
struct Way {
    over: Over,
    v2: bool,
}

impl Way {
    fn all() -> impl Iterator<Item = Self> {
        let pieces = MemoryOptions { piece: 900, seed: 3, ..MemoryOptions::default() };
        let transports = [
            Over::Sockets(MsType::Async, 1),
            Over::Sockets(MsType::Async, 3),
            Over::Sockets(MsType::Simple, 1),
            Over::Memory(MemoryNetwork::new()),
            Over::Memory(MemoryNetwork::with_options(pieces)),
        ];
        transports.into_iter().flat_map(|over| {
            [false, true].map(|v2| {
                let way = Self { over: over.clone(), v2 };
                println!("{way:?}");
                way
            })
        })
    }

    fn side(&self, name: EntityName, policy: Policy, nonce: Option<u32>, echoes: bool) -> Side {
        let mut config = Config::new(name, PolicySet::new(policy));
        config.options.protocols = Protocols { v1: true, v2: self.v2 };
        config.options.ms_initial_backoff = Duration::from_millis(5);
        config.options.ms_max_backoff = Duration::from_millis(50);
        let options = NodeOptions { nonce, ..NodeOptions::new(config) };
        let messenger = match &self.over {
            Over::Sockets(ms_type, ms_async_op_threads) => {
                let (ms_type, ms_async_op_threads) = (*ms_type, *ms_async_op_threads);
                Messenger::create(NodeOptions { ms_type, ms_async_op_threads, ..options }, NoAuth)
            }
            Over::Memory(network) => {
                Messenger::create_on(network.transport(Ipv4Addr::LOCALHOST.into()), options, NoAuth)
            }
        }
        .unwrap();
        let (tell, saw) = mpsc::channel();
        messenger.add_dispatcher_tail(Arc::new(Watcher { tell: Mutex::new(tell), echoes }));
        Side { messenger, saw }
    }

    fn client(&self, policy: Policy) -> Side {
        self.side(EntityName::client(4), policy, None, false)
    }

    /// A server that sends everything back.
    fn server(&self, policy: Policy) -> (Side, EntityAddrVec) {
        // Each on an address of its own, so that its port is free, also when it comes back.
        static HOSTS: AtomicU8 = AtomicU8::new(1);
        let host = HOSTS.fetch_add(1, Ordering::Relaxed);
        self.server_at(policy, ([127, 0, 9, host], 7_100).into())
    }

    fn server_at(&self, policy: Policy, addr: SocketAddr) -> (Side, EntityAddrVec) {
        let side = self.side(EntityName::osd(0), policy, Some(9), true);
        let at = BindAddr::at(addr);
        let addr = side.messenger.bind(if self.v2 { at.v2() } else { at }).unwrap();
        (side, addr.into())
    }
}

#[test]
fn simple() {
    for way in Way::all() {
        let (server, addrs) = way.server(Policy::stateless_server());
        let client = way.client(Policy::lossy_client());
        let first = client.connect(&addrs);
        client.ping(&first, 1);
        assert!(first.peer().is_some());
        assert_eq!(client.connect(&addrs), first, "the same as long as it lives");

        server.messenger.shutdown();
        assert_eq!(client.until(Saw::Reset).0, first);
        let (server, addrs) = way.server_at(Policy::stateless_server(), addrs.front().socket_addr().unwrap());
        let second = client.connect(&addrs);
        assert_ne!(second, first);
        client.ping(&second, 2);

        second.mark_down();
        let third = client.connect(&addrs);
        assert_ne!(third, second);
        assert!(!client.ping(&third, 3).contains(&Saw::Reset), "nothing is heard of what was marked down");

        let own = server.messenger.get_loopback_connection();
        own.send_message(message(4, 0));
        assert_eq!(server.until(Saw::Message(4, 0)).0, own);
    }
}

#[test]
fn simple_msgr2() {
    for way in Way::all().filter(|way| way.v2) {
        let (server, _) = way.server(Policy::stateless_server());
        let ip = server.messenger.my_addrs().front().ip();
        server.messenger.bind(BindAddr { ip, ..BindAddr::default() }).unwrap();
        let addrs = server.messenger.my_addrs();
        assert_eq!(addrs.0.len(), 2);
        for v2 in [true, false] {
            let client = Way { v2, ..way.clone() }.client(Policy::lossy_client());
            let con = client.connect(&addrs);
            client.ping(&con, 1);
            assert_eq!(con.peer().unwrap().addrs, addrs);
        }
    }
}

#[test]
fn stateless() {
    for way in Way::all() {
        let (server, addrs) = way.server(Policy::stateless_server());
        let client = way.client(Policy::lossy_client());
        let first = client.connect(&addrs);
        client.ping(&first, 1);
        let (taken, _) = server.until(Saw::Accept);
        first.mark_down();
        assert_eq!(server.until(Saw::Reset).0, taken);

        let second = client.connect(&addrs);
        client.ping(&second, 2);
        let (taken, _) = server.until(Saw::Accept);
        taken.mark_down();
        assert_eq!(client.until(Saw::Reset).0, second);
        let third = client.connect(&addrs);
        assert!(!client.ping(&third, 3).contains(&Saw::RemoteReset), "there is no session to reset");
    }
}

#[test]
fn stateful() {
    for way in Way::all() {
        let (server, addrs) = way.server(Policy::stateful_server());
        let client = way.client(Policy::lossless_client());
        let con = client.connect(&addrs);
        client.ping(&con, 1);
        let (taken, _) = server.until(Saw::Accept);

        // The server forgets the session: the client begins it anew by itself, on the same connection.
        taken.mark_down();
        let (reset, before) = client.until(Saw::RemoteReset);
        assert_eq!(reset, con);
        assert!(!before.contains(&Saw::Reset));
        client.ping(&con, 2);
        let (taken, _) = server.until(Saw::Accept);
        server.until(Saw::Message(2, 0));

        // The client forgets it: the server is told so, and goes on with the same connection.
        con.mark_down();
        let con = client.connect(&addrs);
        client.ping(&con, 3);
        assert_eq!(server.until(Saw::RemoteReset).0, taken);
        assert_eq!(server.until(Saw::Message(3, 0)).0, taken);
    }
}

#[test]
fn client_standby() {
    for way in Way::all() {
        let (server, addrs) = way.server(Policy::stateful_server());
        let client = way.client(Policy::lossless_peer());
        let con = client.connect(&addrs);
        client.ping(&con, 1);
        let (taken, _) = server.until(Saw::Accept);
        taken.mark_down();
        // With nothing to say the client leaves it at that. A message wakes it, and is lost with the session that it was for.
        con.send_message(message(2, 0));
        let (reset, before) = client.until(Saw::RemoteReset);
        assert!(reset == con && !before.contains(&Saw::Reset), "{before:?}");
        client.ping(&con, 3);
    }
}

#[test]
fn anonymous_connections() {
    for way in Way::all() {
        let (server, addrs) = way.server(Policy::stateless_server());
        let client = way.client(Policy::lossy_client());
        let anon = || client.messenger.connect_to_anon(EntityType::OSD, addrs.clone());
        let cons = [anon(), anon(), client.connect(&addrs)];
        assert!(cons[0] != cons[1] && cons[1] != cons[2]);
        for (con, tid) in cons.iter().zip(1..) {
            client.ping(con, tid);
        }
        cons.iter().for_each(Connection::mark_down);
        (0..3).for_each(|_| drop(server.until(Saw::Reset)));
    }
}

#[test]
fn large_messages() {
    const SIZE: usize = 16 << 20;
    for way in Way::all() {
        let (_server, addrs) = way.server(Policy::stateless_server());
        let client = way.client(Policy::lossy_client());
        let con = client.connect(&addrs);
        for tid in 1..=3 {
            con.send_message(message(tid, SIZE));
        }
        let came = (1..=3).flat_map(|tid| client.until(Saw::Message(tid, SIZE)).1);
        assert_eq!(came.collect::<Vec<_>>(), [Saw::Connect]);
    }
}

#[test]
fn mark_down_while_messages_come() {
    for way in Way::all() {
        let servers = [way.server(Policy::stateless_server()), way.server(Policy::stateless_server())];
        let client = way.client(Policy::lossy_client());
        for round in 0..20_u64 {
            let cons = [0, 1].map(|n: usize| client.connect(&servers[n].1));
            for tid in 0..40 {
                cons[usize::try_from(tid % 2).unwrap()].send_message(message(tid, 500));
            }
            if round % 3 == 0 {
                servers[usize::from(round % 2 == 0)].0.messenger.mark_down_all();
            } else {
                cons.iter().for_each(Connection::mark_down);
            }
        }
        client.messenger.mark_down_all();
        for (_, addrs) in servers.iter().skip(1) {
            let con = client.connect(addrs);
            client.ping(&con, 1_000);
        }
    }
}
