use std::net::TcpListener;
use std::sync::Arc;

use loligo_base::{Mono, Now, SeededEntropy};
use loligo_msgr_proto::{ConId, Connect, Endpoint, Envelope, Input, Output, PeerError, Pool};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};

use super::*;
use crate::NodeOptions;
use crate::node::Shared;
use crate::transport::SocketOptions;

/// Wants nothing and says nothing.
struct Idle;

impl Endpoint for Idle {
    type Msg = ();
    type Call = ();
    type Done = ();

    fn decode(_envelope: Envelope) -> Result<(), PeerError> {
        Ok(())
    }

    fn handle(&mut self, _now: Now, _input: Input<(), ()>) {}

    fn poll(&mut self) -> Option<Output<()>> {
        None
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

#[test]
fn a_pipe_that_is_looked_at_before_it_is_dialled_keeps_its_timer() {
    let transport = Arc::new(AsyncTransport::new("test".to_owned(), 1).unwrap());
    let pool = Pool::new(Arc::new(NodeOptions::client().config), 1, Box::new(SeededEntropy::new(1)));
    let sink = Box::new(|_: &mut dyn Iterator<Item = ()>| {});
    let shared =
        Shared::new(Idle, pool, SocketOptions::default(), None, Arc::clone(&transport) as _, (sink, None));
    let poll = lock(&transport.polls).pop().unwrap();
    let mut reactor = Reactor::new(Arc::clone(&shared) as _, 0, poll, Arc::clone(&transport.homes)).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = EntityAddr::new(AddrType::LEGACY, silent.local_addr().unwrap(), 0);
    let con = ConId::opened(1);
    let dial =
        lock(&shared.pool).connect(shared.clock.now(), con, EntityType::OSD, EntityAddrVec::from(addr));
    let Connect::Dial { pipe, socket, .. } = dial else { panic!("it is called") };
    let line = Arc::new(Line::new(con, socket, *pipe, None));

    // Somebody sent on it, and the wish to write came before that to dial.
    reactor.settle(&line);
    reactor.dial(&line);
    assert!(reactor.timers.next().is_some(), "a peer that says nothing is given up some time");
}
