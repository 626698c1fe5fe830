//! How messages reach dispatchers, and what messengers are asked for, over every transport.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo_msgr::proto::{AuthRequest, AuthStep, ConId, Config, Envelope, Outgoing, Peer, Throttle};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Messenger, MsType, NoAuth, NodeOptions, Policy, PolicySet,
};
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::priority;
use loligo_wire::{Features, Tid};
use socket2::{Domain, Socket, Type};

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message with a number, of any type, priority and size.
#[derive(Clone, Debug)]
struct Note {
    tid: u64,
    kind: u16,
    priority: u16,
    len: usize,
}

fn note(tid: u64, priority: u16) -> Note {
    Note { tid, kind: 900, priority, len: 0 }
}

/// The type of those that go past the queue.
const FAST: u16 = 901;

impl Outgoing for Note {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn tid(&self) -> Tid {
        Tid(self.tid)
    }

    fn priority(&self) -> u16 {
        self.priority
    }

    fn encode(&self, _features: Features) -> Payload {
        let data = Bytes::from(vec![1; self.len]).into();
        Payload { version: 1, compat_version: 1, data, ..Payload::default() }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Saw {
    Message(u64),
    Fast(u64),
    Preprocessed(u64),
    FastOpen(EntityType),
    Open(EntityType),
    Reset,
}

/// Tells what it sees, and stops at the first message until it is let go.
struct Watcher {
    tell: Mutex<Sender<Saw>>,
    gate: Mutex<Option<Receiver<()>>>,
}

impl Watcher {
    fn tell(&self, saw: Saw) {
        // A test that has seen enough listens no more.
        drop(self.tell.lock().unwrap().send(saw));
    }
}

impl Dispatcher for Watcher {
    fn ms_can_fast_dispatch_any(&self) -> bool {
        true
    }

    fn ms_can_fast_dispatch(&self, message: &Envelope) -> bool {
        message.header.message_type == FAST
    }

    fn ms_fast_dispatch(&self, _con: &Connection, message: &Envelope) {
        self.tell(Saw::Fast(message.header.tid.0));
    }

    fn ms_fast_preprocess(&self, _con: &Connection, message: &Envelope) {
        self.tell(Saw::Preprocessed(message.header.tid.0));
    }

    fn ms_handle_fast_accept(&self, _con: &Connection, peer: &Peer) {
        self.tell(Saw::FastOpen(peer.name.kind));
    }

    fn ms_dispatch(&self, _con: &Connection, message: &Envelope) -> bool {
        self.tell(Saw::Message(message.header.tid.0));
        let gate = self.gate.lock().unwrap().take();
        if let Some(gate) = gate {
            gate.recv_timeout(PATIENCE).unwrap();
        }
        true
    }

    fn ms_handle_accept(&self, _con: &Connection, peer: &Peer) {
        self.tell(Saw::Open(peer.name.kind));
    }

    fn ms_handle_reset(&self, _con: &Connection, _why: &loligo_msgr::proto::Fault) -> bool {
        self.tell(Saw::Reset);
        true
    }
}

fn server_with(
    policy: Policy,
    change: impl FnOnce(&mut NodeOptions),
) -> (Messenger, Receiver<Saw>, Sender<()>) {
    let mut options = NodeOptions::new(Config::new(EntityName::osd(0), PolicySet::new(policy)));
    (options.ms_bind_port_min, options.ms_bind_port_max) = (0, 0);
    change(&mut options);
    let server = Messenger::create(options, NoAuth).unwrap();
    let ((tell, saw), (open, gate)) = (mpsc::channel(), mpsc::channel());
    server.add_dispatcher_tail(Arc::new(Watcher { tell: Mutex::new(tell), gate: Mutex::new(Some(gate)) }));
    server.bind(BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() }).unwrap();
    (server, saw, open)
}

/// What moves the bytes, and whether dispatchers have a thread of their own.
#[derive(Clone, Copy)]
struct Way {
    ms_type: MsType,
    dispatch_thread: bool,
}

impl Way {
    fn all() -> impl Iterator<Item = Way> {
        let ways = |ms_type| [true, false].map(|dispatch_thread| Way { ms_type, dispatch_thread });
        MsType::ALL.into_iter().flat_map(ways)
    }

    fn set(self, options: &mut NodeOptions) {
        (options.ms_type, options.dispatch_thread) = (self.ms_type, self.dispatch_thread);
    }
}

fn server(way: Way) -> (Messenger, Receiver<Saw>, Sender<()>) {
    server_with(Policy::stateless_server(), |options| way.set(options))
}

fn client(way: Way) -> Messenger {
    let mut options = NodeOptions::client();
    way.set(&mut options);
    Messenger::create(options, NoAuth).unwrap()
}

fn next(saw: &Receiver<Saw>) -> Saw {
    saw.recv_timeout(PATIENCE).unwrap()
}

/// What comes next, but for what is seen before the queue.
fn next_queued(saw: &Receiver<Saw>) -> Saw {
    loop {
        match next(saw) {
            Saw::Preprocessed(_) | Saw::FastOpen(_) => {}
            other => return other,
        }
    }
}

/// Waits until so many messages were seen before the queue.
fn preprocessed(saw: &Receiver<Saw>, count: usize) {
    let mut left = count;
    while left > 0 {
        left -= usize::from(matches!(next(saw), Saw::Preprocessed(_)));
    }
}

/// A message to itself holds the others up, on a thread that does nothing else.
fn hold_up(server: &Messenger, saw: &Receiver<Saw>) {
    let own = server.clone();
    thread::spawn(move || own.get_loopback_connection().send_message(note(1, priority::DEFAULT)));
    assert_eq!(next_queued(saw), Saw::Message(1));
}

#[test]
fn what_waits_is_handed_out_by_priority_and_in_order_within_one() {
    for way in Way::all() {
        let (server, saw, open) = server(way);
        let client = client(way);
        hold_up(&server, &saw);
        let con = client.connect_to(EntityType::OSD, server.my_addrs());
        for (tid, priority) in [(2, priority::LOW), (3, 10), (4, priority::HIGH), (5, priority::LOW), (6, 1)]
        {
            con.send_message(note(tid, priority));
            // The pipe has priorities of its own. And when the last one is seen, those before it are in the queue.
            preprocessed(&saw, 1);
        }
        open.send(()).unwrap();
        let seen: Vec<_> = (0..6).map(|_| next_queued(&saw)).collect();
        let expected = [4, 2, 5, 3, 6].map(Saw::Message);
        assert_eq!(seen[0], Saw::Open(EntityType::CLIENT));
        assert_eq!(seen[1..], expected);
    }
}

#[test]
fn fast_messages_go_past_the_queue_and_fast_events_come_first() {
    for way in Way::all() {
        let (server, saw, open) = server(way);
        let client = client(way);
        hold_up(&server, &saw);
        let con = client.connect_to(EntityType::OSD, server.my_addrs());
        for tid in 2..5 {
            con.send_message(Note { kind: FAST, ..note(tid, priority::DEFAULT) });
        }
        assert_eq!(next(&saw), Saw::FastOpen(EntityType::CLIENT));
        for tid in 2..5 {
            assert_eq!([next(&saw), next(&saw)], [Saw::Preprocessed(tid), Saw::Fast(tid)]);
        }
        open.send(()).unwrap();
        assert_eq!(next(&saw), Saw::Open(EntityType::CLIENT));
    }
}

#[test]
fn what_waits_of_a_connection_that_is_reset_is_dropped() {
    for way in Way::all() {
        let (server, saw, open) = server(way);
        hold_up(&server, &saw);
        let before = server.connections();
        let gone = client(way);
        gone.connect_to(EntityType::OSD, server.my_addrs()).send_message(note(2, priority::DEFAULT));
        preprocessed(&saw, 1);
        gone.shutdown();
        let deadline = Instant::now() + PATIENCE;
        while server.connections() > before {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        let client = client(way);
        client.send_to(note(3, priority::DEFAULT), EntityType::OSD, server.my_addrs());
        preprocessed(&saw, 1);
        open.send(()).unwrap();
        let seen: Vec<_> = (0..4).map(|_| next_queued(&saw)).collect();
        let open = || Saw::Open(EntityType::CLIENT);
        assert_eq!(seen, [open(), Saw::Reset, open(), Saw::Message(3)]);
    }
}

#[test]
fn a_message_keeps_its_share_of_the_throttle_until_it_is_dispatched() {
    for way in Way::all() {
        let throttle = Arc::new(Throttle::new(1_000));
        let own = Arc::clone(&throttle);
        let (server, saw, open) = server_with(Policy::stateless_server(), |options| {
            way.set(options);
            options.config.dispatch_throttle = own;
        });
        let client = client(way);
        let con = client.connect_to(EntityType::OSD, server.my_addrs());
        con.send_message(Note { len: 800, ..note(1, priority::DEFAULT) });
        while next_queued(&saw) != Saw::Message(1) {}
        assert!(throttle.current() >= 800, "{}", throttle.current());
        con.send_message(Note { len: 800, ..note(2, priority::DEFAULT) });
        open.send(()).unwrap();
        assert_eq!(next_queued(&saw), Saw::Message(2));
        let deadline = Instant::now() + PATIENCE;
        while throttle.current() > 0 {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
    }
}

#[test]
fn connections_are_found_by_address_but_for_anonymous_ones() {
    for way in Way::all() {
        let (server, saw, open) = server(way);
        open.send(()).unwrap();
        let (client, addrs) = (client(way), server.my_addrs());
        let con = client.connect_to(EntityType::OSD, addrs.clone());
        let anon = client.connect_to_anon(EntityType::OSD, addrs.clone());
        assert_ne!(con, anon);
        assert_ne!(client.connect_to_anon(EntityType::OSD, addrs.clone()), anon);
        assert_eq!(client.connect_to(EntityType::OSD, addrs.clone()), con);
        client.send_to(note(5, priority::DEFAULT), EntityType::OSD, addrs.clone());
        while next_queued(&saw) != Saw::Message(5) {}
        client.mark_down_addrs(&addrs);
        assert_ne!(client.connect_to(EntityType::OSD, addrs), con);
        anon.send_message(note(6, priority::DEFAULT));
        while next_queued(&saw) != Saw::Message(6) {}
    }
}

#[test]
fn a_peer_that_called_is_called_back_by_the_same_connection() {
    for way in Way::all() {
        let peer = |id, change: &dyn Fn(&mut NodeOptions)| {
            server_with(Policy::lossless_peer(), |options| {
                options.config.myname = loligo_msgr::proto::MyName::new(EntityName::osd(id));
                way.set(options);
                change(options);
            })
        };
        let (one, told, go) = peer(1, &|_| {});
        let (two, saw, open) = peer(2, &|_| {});
        open.send(()).unwrap();
        go.send(()).unwrap();
        one.send_to(note(1, priority::DEFAULT), EntityType::OSD, two.my_addrs());
        while next_queued(&saw) != Saw::Message(1) {}
        two.send_to(note(2, priority::DEFAULT), EntityType::OSD, one.my_addrs());
        while next_queued(&told) != Saw::Message(2) {}
        assert_eq!((one.connections(), two.connections()), (1, 1));
    }
}

#[test]
fn all_are_marked_down_and_told_so_and_calls_are_taken_still() {
    for way in Way::all() {
        let (server, saw, open) = server(way);
        open.send(()).unwrap();
        let (client, addrs) = (client(way), server.my_addrs());
        client.send_to(note(1, priority::DEFAULT), EntityType::OSD, addrs.clone());
        while next_queued(&saw) != Saw::Message(1) {}
        server.mark_down_all();
        assert_eq!(next_queued(&saw), Saw::Reset);
        let anon = client.connect_to_anon(EntityType::OSD, addrs);
        anon.send_message(note(2, priority::DEFAULT));
        while next_queued(&saw) != Saw::Message(2) {}
    }
}

/// Refuses everybody, and counts whom.
#[derive(Default)]
struct Bouncer(AtomicUsize);

impl Dispatcher for Bouncer {
    fn ms_dispatch(&self, _con: &Connection, _message: &Envelope) -> bool {
        false
    }

    fn ms_authenticate(&self, _con: ConId, request: &AuthRequest) -> Option<AuthStep> {
        matches!(request, AuthRequest::Check { .. }).then(|| {
            self.0.fetch_add(1, Ordering::SeqCst);
            AuthStep::Refuse
        })
    }
}

#[test]
fn dispatchers_are_asked_for_authorizers_before_the_messenger() {
    let way = Way { ms_type: MsType::Async, dispatch_thread: true };
    let (server, _saw, _open) = server(way);
    let bouncer = Arc::new(Bouncer::default());
    server.add_dispatcher_head(Arc::clone(&bouncer) as _);
    let client = client(way);
    let (tell, saw) = mpsc::channel();
    client.add_dispatcher_tail(Arc::new(Watcher { tell: Mutex::new(tell), gate: Mutex::new(None) }));
    let _con = client.connect_to(EntityType::OSD, server.my_addrs());
    assert_eq!(next(&saw), Saw::Reset);
    assert!(bouncer.0.load(Ordering::SeqCst) > 0);
}

/// Passes on what two ends say, and calls the server from another address.
fn proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&"127.0.0.3:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.connect(&server.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        let (mut from, mut to) = (client.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || io::copy(&mut from, &mut to));
        io::copy(&mut stream, &mut client)
    });
    own
}

#[test]
fn the_own_address_is_what_the_peer_sees_or_what_the_socket_says() {
    let (server, _saw, _open) = server(Way { ms_type: MsType::Async, dispatch_thread: true });
    let at = BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() };
    let addr = server.bind(at.v2()).unwrap().socket_addr().unwrap();
    for (from_peer, expected) in [(true, [127, 0, 0, 3]), (false, [127, 0, 0, 1])] {
        let mut options = NodeOptions::client();
        options.config.options.ms_learn_addr_from_peer = from_peer;
        let client = Messenger::create(options, NoAuth).unwrap();
        // It may not go further than that, since the server says that it is at another address.
        let _con = client.connect_to(EntityType::OSD, EntityAddr::msgr2(proxy(addr), 0).into());
        let deadline = Instant::now() + PATIENCE;
        while client.my_addrs().front().is_blank_ip() {
            assert!(Instant::now() < deadline);
            thread::yield_now();
        }
        assert_eq!(client.my_addrs().front().ip(), Some(expected.into()));
        assert_eq!(client.my_addrs().front().port(), 0);
    }
}
