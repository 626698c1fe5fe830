//! The network in memory by itself: streams between peers that are no nodes, and what can be done to it on purpose. What nodes
//! may rely on is in `conformance`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use loligo_msgr::proto::{Config, Envelope, Posted};
use loligo_msgr::transport::memory::{MemoryListener, MemoryNetwork, MemoryOptions, MemoryStream};
use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::MPing;

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for what should not come to come.
const A_WHILE: Duration = Duration::from_millis(50);

fn host(n: u8) -> IpAddr {
    [10, 0, 0, n].into()
}

fn at(n: u8, port: u16) -> SocketAddr {
    SocketAddr::new(host(n), port)
}

/// A stream from the first host to the second.
fn pair(network: &MemoryNetwork) -> (MemoryStream, MemoryStream) {
    let listener = network.listen(at(2, 0)).unwrap();
    let mut caller = network.connect(host(1), listener.local_addr().unwrap()).unwrap();
    let (mut called, from) = listener.accept();
    assert_eq!(from, caller.local_addr().unwrap());
    assert_eq!(caller.peer_addr(), called.local_addr().unwrap());
    caller.set_read_timeout(Some(PATIENCE));
    called.set_read_timeout(Some(PATIENCE));
    (caller, called)
}

fn with(options: MemoryOptions) -> MemoryNetwork {
    MemoryNetwork::with_options(options)
}

/// What is read until the end, or until the stream breaks, in the pieces in which it comes.
fn pieces(stream: &mut MemoryStream) -> (Vec<usize>, Option<ErrorKind>) {
    let (mut sizes, mut room) = (Vec::new(), [0; 4_096]);
    loop {
        match stream.read(&mut room) {
            Ok(0) => return (sizes, None),
            Ok(n) => sizes.push(n),
            Err(error) => return (sizes, Some(error.kind())),
        }
    }
}

#[test]
fn what_is_written_is_read_also_after_the_writer_has_gone() {
    let (mut caller, mut called) = pair(&MemoryNetwork::new());
    caller.write_all(b"last words").unwrap();
    drop(caller);
    let mut heard = String::new();
    called.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "last words");
    // Nobody is there any more, and the answer to the first write says so.
    called.write_all(b"and?").unwrap();
    assert_eq!(called.write(b"and?").unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn each_direction_is_closed_by_itself() {
    let (mut caller, mut called) = pair(&MemoryNetwork::new());
    caller.write_all(b"question").unwrap();
    caller.shutdown(Shutdown::Write);
    assert_eq!(caller.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut heard = String::new();
    called.read_to_string(&mut heard).unwrap();
    called.write_all(b"answer").unwrap();
    drop(called);
    let mut answer = String::new();
    caller.read_to_string(&mut answer).unwrap();
    assert_eq!((&*heard, &*answer), ("question", "answer"));
}

#[test]
fn who_leaves_something_unread_resets_the_stream() {
    let (mut caller, called) = pair(&MemoryNetwork::new());
    caller.write_all(b"nobody reads this").unwrap();
    drop(called);
    assert_eq!(pieces(&mut caller).1, Some(ErrorKind::ConnectionReset));
}

#[test]
fn who_writes_more_than_there_is_room_for_waits_for_the_reader() {
    let (mut caller, mut called) = pair(&with(MemoryOptions { buffer: 10, ..MemoryOptions::default() }));
    assert_eq!(caller.write(b"more than ten").unwrap(), 10);
    let (done, written) = mpsc::channel();
    let writer = thread::spawn(move || {
        caller.write_all(b"ten").unwrap();
        done.send(()).unwrap();
        caller
    });
    assert!(written.recv_timeout(A_WHILE).is_err(), "there is no room");
    let mut heard = [0; 13];
    called.read_exact(&mut heard).unwrap();
    written.recv_timeout(PATIENCE).unwrap();
    assert_eq!(&heard, b"more than ten");
    drop(writer.join());
}

#[test]
fn a_read_waits_as_long_as_it_was_told() {
    let (mut caller, _called) = pair(&MemoryNetwork::new());
    caller.set_read_timeout(Some(Duration::from_millis(1)));
    assert_eq!(caller.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_seed_draws_the_same_pieces_again() {
    let drawn = |seed| {
        let (mut caller, mut called) =
            pair(&with(MemoryOptions { piece: 100, seed, ..MemoryOptions::default() }));
        caller.write_all(&[7; 5_000]).unwrap();
        drop(caller);
        pieces(&mut called).0
    };
    let sizes = drawn(3);
    assert_eq!(sizes.iter().sum::<usize>(), 5_000);
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert_eq!(sizes, drawn(3));
    assert_ne!(sizes, drawn(4));
}

#[test]
fn a_seed_cuts_at_the_same_byte_again() {
    let cut = |seed| {
        let network = with(MemoryOptions { cut_after: 10_000, seed, ..MemoryOptions::default() });
        let (mut caller, mut called) = pair(&network);
        let passed = std::iter::from_fn(|| caller.write(&[7]).ok()).count();
        assert_eq!(pieces(&mut called).1, Some(ErrorKind::ConnectionReset));
        passed
    };
    assert!((1..=10_000).contains(&cut(1)));
    assert_eq!(cut(1), cut(1));
    assert_ne!(cut(1), cut(2));
}

#[test]
fn streams_between_two_hosts_are_cut_and_no_others() {
    let network = MemoryNetwork::new();
    let (mut caller, mut called) = pair(&network);
    let other = network.listen(at(3, 0)).unwrap();
    let mut bystander = network.connect(host(1), other.local_addr().unwrap()).unwrap();
    caller.write_all(b"lost").unwrap();
    assert_eq!(network.cut(host(2), host(1)), 1);
    for end in [&mut caller, &mut called] {
        assert_eq!(pieces(end), (vec![], Some(ErrorKind::ConnectionReset)));
    }
    bystander.write_all(b"well").unwrap();
}

#[test]
fn a_host_that_is_unplugged_hears_nothing_until_it_is_plugged_in_again() {
    let network = MemoryNetwork::new();
    let (mut caller, mut called) = pair(&network);
    let listener = network.listen(at(2, 6_800)).unwrap();
    network.unplug(host(2));
    caller.write_all(b"late").unwrap();
    called.set_read_timeout(Some(A_WHILE));
    assert_eq!(called.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut);
    let (tell, told) = mpsc::channel();
    let calls = thread::spawn({
        let network = network.clone();
        move || tell.send(network.connect(host(1), at(2, 6_800)).map(drop)).unwrap()
    });
    assert!(told.recv_timeout(A_WHILE).is_err(), "nobody answers, and nobody refuses");

    network.plug(host(2));
    assert!(told.recv_timeout(PATIENCE).unwrap().is_ok());
    drop(listener.accept());
    let mut heard = [0; 4];
    called.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"late");
    calls.join().unwrap();
}

#[test]
fn a_call_to_a_host_that_comes_back_without_its_listener_is_refused() {
    let network = MemoryNetwork::new();
    network.unplug(host(2));
    let (tell, told) = mpsc::channel();
    let calls = thread::spawn({
        let network = network.clone();
        move || tell.send(network.connect(host(1), at(2, 6_800)).unwrap_err().kind()).unwrap()
    });
    assert!(told.recv_timeout(A_WHILE).is_err(), "nobody answers");
    network.plug(host(2));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(ErrorKind::ConnectionRefused));
    calls.join().unwrap();
}

#[test]
fn an_address_is_one_listeners_until_it_is_dropped() {
    let network = MemoryNetwork::new();
    let kind = |listener: std::io::Result<MemoryListener>| listener.map(drop).unwrap_err().kind();
    let first = network.listen(at(1, 6_800)).unwrap();
    assert_eq!(kind(network.listen(at(1, 6_800))), ErrorKind::AddrInUse);
    network.listen(at(2, 6_800)).unwrap();
    let mut waits = network.connect(host(3), at(1, 6_800)).unwrap();
    drop(first);
    assert_eq!(pieces(&mut waits), (vec![], None), "who was not taken is hung up on");
    assert_eq!(network.connect(host(3), at(1, 6_800)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    network.listen(at(1, 6_800)).unwrap();
}

/// Sends everything back, or tells what came back.
enum Ends {
    Echo,
    Told(Sender<u64>),
}

impl Dispatcher for Ends {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        match self {
            Self::Echo => con.send_message(message.clone()),
            // A test that has seen enough listens no more.
            Self::Told(tell) => drop(tell.send(message.header.tid.0)),
        }
        true
    }
}

fn server(network: &MemoryNetwork, n: u8) -> (Messenger, EntityAddr) {
    let config = Config::new(EntityName::osd(0), PolicySet::new(Policy::stateful_server()));
    let server = Messenger::create_on(network.transport(host(n)), NodeOptions::new(config), NoAuth).unwrap();
    server.add_dispatcher_tail(Arc::new(Ends::Echo));
    let addr = server.bind(BindAddr { ip: Some(host(n)), ..BindAddr::default() }.v2()).unwrap();
    (server, addr)
}

fn client(network: &MemoryNetwork, n: u8) -> (Messenger, Receiver<u64>) {
    let mut config = Config::new(EntityName::client(4), PolicySet::new(Policy::lossless_client()));
    config.options.ms_initial_backoff = Duration::from_millis(1);
    let client = Messenger::create_on(network.transport(host(n)), NodeOptions::new(config), NoAuth).unwrap();
    let (tell, told) = mpsc::channel();
    client.add_dispatcher_tail(Arc::new(Ends::Told(tell)));
    (client, told)
}

#[test]
fn a_call_for_which_there_is_no_room_waits_until_another_is_taken() {
    let network = MemoryNetwork::new();
    let listener = network.listen_with(at(2, 6_800), 0).unwrap();
    let _first = network.connect(host(1), at(2, 6_800)).unwrap();
    let (tell, told) = mpsc::channel();
    let calls = thread::spawn({
        let network = network.clone();
        move || tell.send(network.connect(host(1), at(2, 6_800)).unwrap()).unwrap()
    });
    assert!(told.recv_timeout(A_WHILE).is_err(), "there is no room");
    drop(listener.accept());
    let second = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(listener.accept().1, second.local_addr().unwrap());
    calls.join().unwrap();
}

#[test]
fn a_session_goes_on_when_streams_are_cut_and_hosts_are_gone_for_a_while() {
    let network = with(MemoryOptions { piece: 100, ..MemoryOptions::default() });
    let (_server, addr) = server(&network, 2);
    assert_eq!(addr.socket_addr().map(|addr| addr.ip()), Some(host(2)));
    let (client, told) = client(&network, 1);
    let con = client.connect_to(EntityType::OSD, addr.into());
    let mut cuts = 0;
    for round in 0..20_u64 {
        if round % 2 == 1 {
            network.unplug(host(2));
        }
        let tids = round * 10..(round + 1) * 10;
        for tid in tids.clone() {
            con.send_message(Posted { tid: Tid(tid), message: MPing });
        }
        if round % 3 == 1 {
            cuts += network.cut(host(1), host(2));
        }
        network.plug(host(2));
        for tid in tids {
            assert_eq!(told.recv_timeout(PATIENCE), Ok(tid));
        }
    }
    assert!(cuts >= 7, "{cuts}");
}

#[test]
fn a_node_binds_addresses_of_its_host_only() {
    let network = MemoryNetwork::new();
    let (client, _) = client(&network, 1);
    let bind = |addr| client.bind(BindAddr { ip: Some(addr), ..BindAddr::default() });
    let options = NodeOptions { ms_bind_retry_count: 0, ..NodeOptions::client() };
    let stranger = Messenger::create_on(network.transport(host(3)), options, NoAuth).unwrap();
    let error = stranger.bind(BindAddr::at(at(1, 0))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    assert_eq!(bind(host(1)).unwrap().port(), 6_800, "the first of the range");
    assert_eq!(bind(host(1)).unwrap().port(), 6_801, "the next one");
}
