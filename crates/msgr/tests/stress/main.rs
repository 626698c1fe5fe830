//! A hundred thousand messages on each transport, while sockets fail on purpose: under lossless policies each
//! comes once and in order, under lossy ones at most once and in order.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod checker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use checker::{Checker, Kind, Seen, Violation, content};
use loligo_msgr::proto::{ConId, Config, Envelope, Fault, Outgoing, Peer};
use loligo_msgr::transport::memory::{MemoryNetwork, MemoryOptions};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Inject, Messenger, MsType, NoAuth, NodeOptions, Policy, PolicySet,
};
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::priority;
use loligo_wire::{Features, Tid};

const SERVERS: u64 = 2;
const CLIENTS: u64 = 8;
/// How many messages there are on each transport, both ways together.
const MESSAGES: u64 = 100_000;
/// How many each client sends to each server, and gets back.
const EACH: u64 = MESSAGES / (2 * SERVERS * CLIENTS);
/// How many of a client's messages to one server are under way at once.
const WINDOW: u64 = 64;
/// One in so many reads and writes fails.
const FAILS_ONE_IN: u64 = 30;
/// The same in a network that cuts streams by itself, where what is lost is not sent again: with more of them hardly anything would
/// come through.
const LOSSY_IN_MEMORY_FAILS_ONE_IN: u64 = 300;
/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(100);

/// A message of a stream: the stream is the front, and the number the transaction.
#[derive(Debug)]
struct Note {
    stream: u64,
    number: u64,
}

impl Outgoing for Note {
    fn message_type(&self) -> u16 {
        900
    }

    fn tid(&self) -> Tid {
        Tid(self.number)
    }

    fn priority(&self) -> u16 {
        priority::DEFAULT
    }

    fn encode(&self, _features: Features) -> Payload {
        let front = Bytes::copy_from_slice(&self.stream.to_le_bytes());
        let data = Bytes::from(content(self.number)).into();
        Payload { version: 1, compat_version: 1, front, data, ..Payload::default() }
    }
}

fn stream_of(message: &Envelope) -> u64 {
    u64::from_le_bytes(message.payload.front[..].try_into().unwrap())
}

/// One direction between a client and a server. Each life of a lossy connection is a stream of its own.
struct Line {
    checker: Checker,
    seen: Seen,
}

/// What one end received.
struct Received {
    kind: Kind,
    lines: Mutex<BTreeMap<(Option<ConId>, u64), Line>>,
    wrong: Arc<Mutex<Vec<Violation>>>,
}

impl Received {
    /// A stream of messages goes on over all connections where none may be lost, and begins anew with each where they may.
    fn came(&self, con: ConId, message: &Envelope) {
        let con = (self.kind == Kind::Lossy).then_some(con);
        let mut lines = self.lines.lock().unwrap();
        let new = || Line { checker: Checker::new(self.kind), seen: Seen::default() };
        let line = lines.entry((con, stream_of(message))).or_insert_with(new);
        let bytes = message.payload.data.to_contiguous();
        if let Err(violation) = line.checker.came(&mut line.seen, message.header.tid.0, &bytes) {
            self.wrong.lock().unwrap().push(violation);
        }
    }
}

/// Sends everything back.
struct Server(Received);

impl Dispatcher for Server {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        self.0.came(con.id(), message);
        con.send_message(Note { stream: stream_of(message), number: message.header.tid.0 });
        true
    }
}

/// Counts what comes back, and the ends of connections.
struct Client {
    received: Received,
    /// For each server.
    back: Vec<AtomicU64>,
    connects: AtomicU64,
    resets: AtomicU64,
}

impl Dispatcher for Client {
    fn ms_handle_connect(&self, _con: &Connection, _peer: &Peer) {
        self.connects.fetch_add(1, Ordering::SeqCst);
    }

    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        self.received.came(con.id(), message);
        let server = usize::try_from(stream_of(message) % SERVERS).unwrap();
        self.back[server].fetch_add(1, Ordering::SeqCst);
        true
    }

    fn ms_handle_reset(&self, _con: &Connection, _why: &Fault) -> bool {
        self.resets.fetch_add(1, Ordering::SeqCst);
        true
    }
}

/// What moves the bytes.
enum Over {
    Sockets(MsType),
    Memory(MemoryNetwork),
}

impl Over {
    /// A network that fails by itself, too. One in so many pieces breaks a stream: where what is lost is not sent again, they
    /// must not be too small for anything to come through.
    fn memory(piece: usize) -> Self {
        let options = MemoryOptions { piece, cut_after: 400_000, seed: 1, ..MemoryOptions::default() };
        Self::Memory(MemoryNetwork::with_options(options))
    }
}

struct World {
    over: Over,
    kind: Kind,
    wrong: Arc<Mutex<Vec<Violation>>>,
}

impl World {
    fn options(&self, name: EntityName, policy: Policy, seed: u64) -> NodeOptions {
        let mut options = NodeOptions::new(Config::new(name, PolicySet::new(policy)));
        (options.ms_bind_port_min, options.ms_bind_port_max) = (0, 0);
        let fails_one_in = match (&self.over, self.kind) {
            (Over::Memory(_), Kind::Lossy) => LOSSY_IN_MEMORY_FAILS_ONE_IN,
            _ => FAILS_ONE_IN,
        };
        options.inject =
            Inject { ms_inject_socket_failures: fails_one_in, seed: Some(seed), ..Inject::default() };
        let ms = &mut options.config.options;
        (ms.ms_initial_backoff, ms.ms_max_backoff) = (Duration::from_millis(1), Duration::from_millis(20));
        options
    }

    fn messenger(&self, mut options: NodeOptions) -> Messenger {
        match &self.over {
            Over::Sockets(ms_type) => {
                options.ms_type = *ms_type;
                Messenger::create(options, NoAuth)
            }
            Over::Memory(network) => {
                Messenger::create_on(network.transport([127, 0, 0, 1].into()), options, NoAuth)
            }
        }
        .unwrap()
    }

    fn received(&self) -> Received {
        Received { kind: self.kind, lines: Mutex::default(), wrong: Arc::clone(&self.wrong) }
    }

    fn server(&self, id: u64) -> (Messenger, EntityAddr) {
        let policy = match self.kind {
            Kind::Lossless => Policy::stateful_server(),
            Kind::Lossy => Policy::stateless_server(),
        };
        let name = EntityName::osd(i64::try_from(id).unwrap());
        let server = self.messenger(self.options(name, policy, 100 + id));
        server.add_dispatcher_tail(Arc::new(Server(self.received())));
        let at = BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() };
        // Half of them are called in each protocol.
        let addr = server.bind(if id.is_multiple_of(2) { at } else { at.v2() }).unwrap();
        (server, addr)
    }

    /// Sends all messages of one client, a window at a time.
    fn client(&self, id: u64, servers: &[EntityAddr]) {
        let policy = match self.kind {
            Kind::Lossless => Policy::lossless_client(),
            Kind::Lossy => Policy::lossy_client(),
        };
        let name = EntityName::client(i64::try_from(id + 1).unwrap());
        let messenger = self.messenger(self.options(name, policy, id));
        let back = servers.iter().map(|_| AtomicU64::new(0)).collect();
        let client = Arc::new(Client {
            received: self.received(),
            back,
            connects: AtomicU64::new(0),
            resets: AtomicU64::new(0),
        });
        messenger.add_dispatcher_tail(Arc::clone(&client) as _);
        let deadline = Instant::now() + PATIENCE;
        for first in (0..EACH).step_by(usize::try_from(WINDOW).unwrap()) {
            let last = (first + WINDOW).min(EACH);
            for (server, addr) in (0..).zip(servers) {
                for number in first..last {
                    let note = Note { stream: id * SERVERS + server, number };
                    messenger.send_to(note, EntityType::OSD, (*addr).into());
                }
            }
            self.settle(&client, last, deadline);
        }
        assert!(client.connects.load(Ordering::SeqCst) > SERVERS, "no socket has failed");
        if self.kind == Kind::Lossless {
            assert_eq!(client.resets.load(Ordering::SeqCst), 0);
            let lines = client.received.lines.lock().unwrap();
            let ended: Vec<_> = lines.values().map(|line| line.checker.ended(EACH)).collect();
            assert_eq!(ended, vec![Ok(()); servers.len()]);
        } else {
            let back: u64 = client.back.iter().map(|back| back.load(Ordering::SeqCst)).sum();
            assert!(back > 0, "nothing has come back");
        }
        messenger.shutdown();
    }

    /// Waits for what must come back; where it need not, until nothing has come for a while.
    fn settle(&self, client: &Client, sent: u64, deadline: Instant) {
        let came = || client.back.iter().map(|back| back.load(Ordering::SeqCst)).sum::<u64>();
        let (mut before, mut still) = (came(), Instant::now());
        while came() < sent * SERVERS {
            assert!(Instant::now() < deadline, "{} of {} came back", came(), sent * SERVERS);
            if came() != before {
                (before, still) = (came(), Instant::now());
            }
            if self.kind == Kind::Lossy && still.elapsed() > Duration::from_millis(20) {
                break;
            }
            thread::yield_now();
        }
    }
}

fn run(over: Over, kind: Kind) {
    let world = World { over, kind, wrong: Arc::default() };
    let servers: Vec<_> = (0..SERVERS).map(|id| world.server(id)).collect();
    let addrs: Vec<_> = servers.iter().map(|(_, addr)| *addr).collect();
    thread::scope(|scope| {
        for id in 0..CLIENTS {
            let (world, addrs) = (&world, &addrs);
            scope.spawn(move || world.client(id, addrs));
        }
    });
    servers.iter().for_each(|(server, _)| server.shutdown());
    assert_eq!(*world.wrong.lock().unwrap(), []);
}

#[test]
fn a_hundred_thousand_messages_on_a_few_threads() {
    run(Over::Sockets(MsType::Async), Kind::Lossless);
}

#[test]
fn a_hundred_thousand_messages_on_two_threads_a_pipe() {
    run(Over::Sockets(MsType::Simple), Kind::Lossless);
}

#[test]
fn a_hundred_thousand_messages_that_may_be_lost_on_a_few_threads() {
    run(Over::Sockets(MsType::Async), Kind::Lossy);
}

#[test]
fn a_hundred_thousand_messages_that_may_be_lost_on_two_threads_a_pipe() {
    run(Over::Sockets(MsType::Simple), Kind::Lossy);
}

#[test]
fn a_hundred_thousand_messages_in_memory() {
    run(Over::memory(3_000), Kind::Lossless);
}

#[test]
fn a_hundred_thousand_messages_that_may_be_lost_in_memory() {
    run(Over::memory(0), Kind::Lossy);
}
