use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use loligo_base::SeededEntropy;
use loligo_msgr_proto::{ConId, Connect, Pool};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};

use super::*;
use crate::NodeOptions;
use crate::node::Shared;
use crate::transport::SocketOptions;
use crate::transport::idle::Idle;

type Host = Arc<Shared<Idle>>;

fn reactor() -> (Reactor, Host) {
    let transport = Arc::new(AsyncTransport::new("test".to_owned(), 1).unwrap());
    let pool = Pool::new(Arc::new(NodeOptions::client().config), 1, Box::new(SeededEntropy::new(1)));
    let sink = Box::new(|_: &mut dyn Iterator<Item = ()>| {});
    let shared =
        Shared::new(Idle, pool, SocketOptions::default(), None, Arc::clone(&transport) as _, (sink, None));
    let poll = lock(&transport.polls).pop().unwrap();
    let host = Arc::clone(&shared);
    (Reactor::new(shared as _, 0, poll, Arc::clone(&transport.homes)).unwrap(), host)
}

/// A line to whoever listens there.
fn line(host: &Host, to: &TcpListener) -> Arc<Line> {
    let addr = EntityAddr::new(AddrType::LEGACY, to.local_addr().unwrap(), 0);
    let con = ConId::opened(1);
    let dial = lock(&host.pool).connect(host.clock.now(), con, EntityType::OSD, EntityAddrVec::from(addr));
    let Connect::Dial { pipe, socket, .. } = dial else { panic!("it is called") };
    Arc::new(Line::new(con, socket, *pipe, None))
}

#[test]
fn a_pipe_that_is_looked_at_before_it_is_dialled_keeps_its_timer() {
    let (mut reactor, host) = reactor();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = line(&host, &silent);

    // Somebody sent on it, and the wish to write came before that to dial.
    reactor.settle(&line);
    reactor.dial(&line);
    assert!(reactor.timers.next().is_some(), "a peer that says nothing is given up some time");
}

#[test]
fn the_end_of_an_earlier_stream_is_not_looked_for_in_the_next_one_for_ever() {
    let (mut reactor, host) = reactor();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = line(&host, &silent);
    reactor.dial(&line);
    let (_first, _) = silent.accept().unwrap();
    let socket = TcpStream::connect(silent.local_addr().unwrap()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let next = Arc::new(socket);
    // Another thread still writes to the stream that the pipe had.
    let earlier = line.lock().replace(Some(Arc::clone(&next) as _)).unwrap();
    line.started(host.clock.now(), &*next);
    reactor.adopt(&line);
    earlier.end();
    let mut events = mio::Events::with_capacity(16);
    reactor.poll.poll(&mut events, Some(Duration::from_secs(20))).unwrap();
    let mut told = 0;
    for event in events.iter().filter(|event| event.is_read_closed()) {
        reactor.event(event);
        told += 1;
    }
    assert_eq!(told, 1, "the system tells of the earlier one");
    assert!(!reactor.is_reading(), "nothing comes, and it is read again and again");
    assert!(line.has(&*next));
}
