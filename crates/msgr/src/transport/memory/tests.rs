use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use loligo_base::SeededEntropy;
use loligo_msgr_proto::Pool;
use loligo_wire::entity::AddrType;

use super::link::{End, Watch};
use super::*;
use crate::NodeOptions;
use crate::node::Shared as NodeShared;
use crate::sync::{AtomicBool, Ordering, lock};
use crate::transport::idle::Idle;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PLACE: SocketAddr = SocketAddr::new(HOST, 6_800);

/// Remembers that there is room.
#[derive(Default)]
struct HasRoom(AtomicBool);

impl Watch for HasRoom {
    fn readable(&self) {}

    fn writable(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn network(buffer: usize) -> Arc<Network> {
    Network::new(MemoryOptions { buffer, ..MemoryOptions::default() })
}

fn call(network: &Arc<Network>) -> End {
    network.call(HOST, PLACE, &SocketOptions::default()).unwrap()
}

#[test]
fn who_had_to_wait_for_a_call_to_be_open_is_told_at_either_end() {
    let network = network(10);
    let sockets = SocketOptions { backlog: 0, ..SocketOptions::default() };
    let bound = network.bind(HOST, PLACE, &sockets).unwrap();
    let (_first, second) = (call(&network), call(&network));
    let watch = Arc::<HasRoom>::default();
    second.watch(Arc::clone(&watch) as _);
    assert_eq!(second.write(&mut std::iter::once(&b"x"[..])).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(second.connected(), Ok(false));

    let taken = bound.accept().unwrap();
    assert!(watch.0.load(Ordering::SeqCst), "there is room for it");
    assert_eq!(second.connected(), Ok(true));
    drop(taken);
}

#[test]
fn a_call_that_is_taken_before_whoever_calls_goes_on_is_open() {
    let network = network(10);
    let bound = network.bind(HOST, PLACE, &SocketOptions::default()).unwrap();
    // Whoever calls has left its call there, and has not looked further.
    let (caller, _rung) = network.ring(HOST, PLACE, &SocketOptions::default()).unwrap();
    assert_eq!(caller.connected(), Ok(false));
    let called = bound.accept().unwrap();
    assert_eq!(called.write(&mut std::iter::once(&b"banner"[..])).unwrap(), 6);
}

#[test]
fn a_line_that_is_given_a_stream_writes_what_there_was_room_for_before() {
    let network = network(1);
    let bound = network.bind(HOST, PLACE, &SocketOptions::default()).unwrap();
    let caller = call(&network);
    let called = bound.accept().unwrap();

    let transport = MemoryNetwork(Arc::clone(&network)).transport(HOST);
    let pool = Pool::new(Arc::new(NodeOptions::client().config), 1, Box::new(SeededEntropy::new(1)));
    let sink = Box::new(|_: &mut dyn Iterator<Item = ()>| {});
    let shared = NodeShared::new(
        Idle,
        pool,
        SocketOptions::default(),
        None,
        Arc::clone(&transport) as _,
        (sink, None),
    );
    let (now, from) = (shared.clock.now(), called.peer_addr());
    let (con, pipe) = lock(&shared.pool).accept_in(now, AddrType::LEGACY, from).unwrap();
    let line = Arc::new(Line::new(con, from, pipe, None));
    let called = Arc::new(called);
    assert!(line.attach(Arc::clone(&called) as _));
    line.started(now, &*called);

    // The first byte of the greeting. Nobody is told that it is read.
    let _ = line.flush(now);
    let read = || caller.read([&mut [0; 1], &mut []]);
    assert_eq!(read().unwrap(), 1);
    assert_eq!(read().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let host: Arc<dyn Host> = Arc::clone(&shared) as _;
    Turns::new(&transport.own, &host).adopt(&line);
    assert_eq!(read().unwrap(), 1);
}
