//! Messengers with chains of dispatchers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loligo_msgr::proto::{Config, Envelope, Fault, Peer, Posted};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet, proto::ConId,
};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::MPing;

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a dispatcher saw.
#[derive(Debug, PartialEq, Eq)]
enum Saw {
    Message(&'static str, u64),
    Connect(EntityType),
    Accept(EntityType),
    Refused,
    Reset(Fault),
}

/// Tells what it sees; takes messages up to a number, and answers odd ones.
struct Watcher {
    name: &'static str,
    takes_below: u64,
    tell: Mutex<Sender<Saw>>,
}

impl Watcher {
    fn tell(&self, saw: Saw) {
        // A test that has seen enough listens no more.
        drop(self.tell.lock().unwrap().send(saw));
    }
}

impl Dispatcher for Watcher {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        let tid = message.header.tid.0;
        if tid >= self.takes_below {
            return false;
        }
        self.tell(Saw::Message(self.name, tid));
        if tid % 2 == 1 {
            con.send_message(ping(tid + 1));
        }
        true
    }

    fn ms_handle_connect(&self, _con: &Connection, peer: &Peer) {
        self.tell(Saw::Connect(peer.name.kind));
    }

    fn ms_handle_accept(&self, _con: &Connection, peer: &Peer) {
        self.tell(Saw::Accept(peer.name.kind));
    }

    fn ms_handle_reset(&self, _con: &Connection, why: &Fault) -> bool {
        self.tell(Saw::Reset(why.clone()));
        true
    }

    fn ms_handle_refused(&self, _con: &Connection) -> bool {
        self.tell(Saw::Refused);
        true
    }
}

fn ping(tid: u64) -> Posted<MPing> {
    Posted { tid: Tid(tid), message: MPing }
}

fn watched(options: NodeOptions, names: &[(&'static str, u64)]) -> (Messenger, Receiver<Saw>) {
    let messenger = Messenger::create(options, NoAuth).unwrap();
    let (tell, saw) = mpsc::channel();
    for (name, takes_below) in names.iter().copied() {
        let tell = Mutex::new(tell.clone());
        messenger.add_dispatcher_tail(Arc::new(Watcher { name, takes_below, tell }));
    }
    (messenger, saw)
}

fn daemon(names: &[(&'static str, u64)]) -> (Messenger, Receiver<Saw>) {
    let policies = PolicySet::new(Policy::stateless_registered_server());
    watched(NodeOptions::new(Config::new(EntityName::osd(0), policies)), names)
}

fn loopback() -> BindAddr {
    BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() }
}

fn next(saw: &Receiver<Saw>) -> Saw {
    saw.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn dispatchers_are_asked_in_order_until_one_takes_the_message() {
    let (server, saw) = daemon(&[("first", 10), ("second", 100)]);
    let addr = server.bind(loopback()).unwrap();
    let (client, told) = watched(NodeOptions::client(), &[("client", u64::MAX)]);
    let con = client.connect_to(EntityType::OSD, addr.into());
    for tid in [3, 30, 300, 5] {
        con.send_message(ping(tid));
    }
    assert_eq!(next(&told), Saw::Connect(EntityType::OSD));
    assert_eq!(con.peer().map(|peer| peer.addrs), Some(EntityAddrVec::from(addr)));
    assert_eq!([next(&saw), next(&saw)], [Saw::Accept(EntityType::CLIENT), Saw::Accept(EntityType::CLIENT)]);
    let taken = [next(&saw), next(&saw), next(&saw)];
    assert_eq!(taken, [Saw::Message("first", 3), Saw::Message("second", 30), Saw::Message("first", 5)]);
    assert_eq!([next(&told), next(&told)], [Saw::Message("client", 4), Saw::Message("client", 6)]);
}

#[test]
fn a_living_connection_is_used_again_and_a_dead_one_is_not() {
    let (server, _saw) = daemon(&[("server", u64::MAX)]);
    let addrs = EntityAddrVec::from(server.bind(loopback()).unwrap());
    let (client, told) = watched(NodeOptions::client(), &[("client", u64::MAX)]);
    let con = client.connect_to(EntityType::OSD, addrs.clone());
    assert_eq!(client.connect_to(EntityType::OSD, addrs.clone()), con);
    assert_eq!(next(&told), Saw::Connect(EntityType::OSD));
    con.mark_down();
    let second = client.connect_to(EntityType::OSD, addrs);
    assert_ne!(second, con);
    assert_eq!(con.peer(), None);
    con.send_message(ping(1));
    second.send_message(ping(3));
    assert_eq!(next(&told), Saw::Connect(EntityType::OSD));
    assert_eq!(next(&told), Saw::Message("client", 4));
}

#[test]
fn a_message_to_ourselves_needs_no_socket() {
    let (server, saw) = daemon(&[("own", u64::MAX)]);
    server.bind(loopback()).unwrap();
    let con = server.get_loopback_connection();
    assert_eq!(next(&saw), Saw::Connect(EntityType::OSD));
    con.send_message(ping(1));
    assert_eq!([next(&saw), next(&saw)], [Saw::Message("own", 1), Saw::Message("own", 2)]);
    assert_eq!(con.id(), ConId::opened(0));
}

/// Opens a second connection when a message comes, and sends it on.
struct Forward {
    to: EntityAddrVec,
    own: Mutex<Option<Messenger>>,
}

impl Dispatcher for Forward {
    fn ms_dispatch(&self, _con: &Connection, message: &Envelope) -> bool {
        let own = self.own.lock().unwrap();
        let next = own.as_ref().unwrap().connect_to(EntityType::OSD, self.to.clone());
        next.send_message(ping(message.header.tid.0 * 10));
        true
    }
}

#[test]
fn a_dispatcher_may_open_connections() {
    let (last, saw) = daemon(&[("last", u64::MAX)]);
    let to = EntityAddrVec::from(last.bind(loopback()).unwrap());
    let policies = PolicySet::new(Policy::stateless_server()).with(EntityType::OSD, Policy::lossy_client());
    let middle = Messenger::create(
        NodeOptions::new(Config::new(EntityName::new(EntityType::MDS, 0), policies)),
        NoAuth,
    )
    .unwrap();
    let forward = Arc::new(Forward { to, own: Mutex::new(Some(middle.clone())) });
    middle.add_dispatcher_tail(Arc::clone(&forward) as Arc<dyn Dispatcher>);
    let addrs = EntityAddrVec::from(middle.bind(loopback()).unwrap());
    let client = Messenger::create(NodeOptions::client(), NoAuth).unwrap();
    client.connect_to(EntityType::MDS, addrs).send_message(ping(2));
    assert_eq!(next(&saw), Saw::Accept(EntityType::MDS));
    assert_eq!(next(&saw), Saw::Message("last", 20));
    forward.own.lock().unwrap().take();
}

/// Opens one more connection when it hears of the first.
struct Second {
    to: EntityAddrVec,
    own: Mutex<Option<Messenger>>,
}

impl Dispatcher for Second {
    fn ms_dispatch(&self, _con: &Connection, _message: &Envelope) -> bool {
        true
    }

    fn ms_handle_connect(&self, _con: &Connection, _peer: &Peer) {
        if let Some(own) = self.own.lock().unwrap().take() {
            let _con = own.connect_to(EntityType::OSD, self.to.clone());
        }
    }
}

#[test]
fn a_connection_that_is_opened_in_a_callback_is_dialled_at_once() {
    let (first, _) = daemon(&[("first", u64::MAX)]);
    let (second, saw) = daemon(&[("second", u64::MAX)]);
    let to = EntityAddrVec::from(second.bind(loopback()).unwrap());
    let client = Messenger::create(NodeOptions::client(), NoAuth).unwrap();
    client.add_dispatcher_tail(Arc::new(Second { to, own: Mutex::new(Some(client.clone())) }));
    let addrs = EntityAddrVec::from(first.bind(loopback()).unwrap());
    let _con = client.connect_to(EntityType::OSD, addrs);
    assert_eq!(next(&saw), Saw::Accept(EntityType::CLIENT));
}

#[test]
fn refusal_and_reset_are_both_told() {
    let free: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (client, told) = watched(NodeOptions::client(), &[("client", 0)]);
    let addrs = loligo_wire::entity::EntityAddr::legacy(free, 0).into();
    let con = client.connect_to(EntityType::OSD, addrs);
    assert_eq!([next(&told), next(&told)], [Saw::Refused, Saw::Reset(Fault::Refused)]);
    assert_eq!(con.peer(), None);
}

#[test]
fn ports_are_taken_from_the_range_and_given_ones_are_taken_or_refused() {
    let (one, _) = daemon(&[]);
    let (two, _) = daemon(&[]);
    let first = one.bind(loopback()).unwrap();
    let second = two.bind(loopback()).unwrap();
    assert!((6800..=7568).contains(&first.port()) && first.port() < second.port());

    let mut options = NodeOptions::client();
    (options.ms_bind_port_min, options.ms_bind_port_max) = (first.port(), first.port());
    (options.ms_bind_retry_count, options.ms_bind_retry_delay) = (1, Duration::ZERO);
    let full = Messenger::create(options, NoAuth).unwrap();
    assert!(full.bind(loopback()).is_err());
    assert!(full.bind(BindAddr { avoid_ports: vec![first.port()], ..loopback() }).is_err());

    let given = BindAddr::at(first.socket_addr().unwrap());
    assert!(full.bind(given.clone()).is_err());
    one.shutdown();
    assert_eq!(full.bind(given).unwrap().port(), first.port());
}

#[test]
fn rebind_resets_everybody_and_moves_to_another_port_and_nonce() {
    let (server, _saw) = daemon(&[("server", u64::MAX)]);
    let before = server.bind(loopback()).unwrap();
    let (client, told) = watched(NodeOptions::client(), &[("client", u64::MAX)]);
    let _con = client.connect_to(EntityType::OSD, before.into());
    assert_eq!(next(&told), Saw::Connect(EntityType::OSD));
    let after = server.rebind(vec![before.port() + 1]).unwrap();
    assert!(after.port() != before.port() && after.port() != before.port() + 1);
    assert_eq!((after.ip(), after.nonce), (before.ip(), before.nonce.wrapping_add(1_000_000)));
    assert!(matches!(next(&told), Saw::Reset(Fault::Closed | Fault::Io(_))));
    client.connect_to(EntityType::OSD, after.into()).send_message(ping(1));
    assert_eq!([next(&told), next(&told)], [Saw::Connect(EntityType::OSD), Saw::Message("client", 2)]);
}

#[test]
fn callers_that_say_nothing_are_capped_and_hung_up_on() {
    let policies = PolicySet::new(Policy::stateless_server());
    let mut options = NodeOptions::new(Config::new(EntityName::osd(0), policies));
    options.config.limits.half_open_per_host = 2;
    options.config.options.ms_connection_ready_timeout = Duration::from_millis(200);
    let (server, _saw) = watched(options, &[]);
    let addr = server.bind(loopback()).unwrap().socket_addr().unwrap();
    let silent: Vec<_> = (0..3).map(|_| TcpStream::connect(addr).unwrap()).collect();
    let greeted = |mut stream: &TcpStream| {
        use std::io::Read;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut all = Vec::new();
        // Hanging up with unread bytes is a reset.
        drop(stream.read_to_end(&mut all));
        !all.is_empty()
    };
    let greeted: Vec<_> = silent.iter().map(greeted).collect();
    assert_eq!(greeted, [true, true, false]);
    // When those are gone there is room again.
    let (client, told) = watched(NodeOptions::client(), &[("client", 0)]);
    let _con = client.connect_to(EntityType::OSD, server.my_addrs());
    assert_eq!(next(&told), Saw::Connect(EntityType::OSD));
}
