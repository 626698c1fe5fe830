//! What cannot be brought about from outside: a fork, and commands that overtake each other.

use std::net::TcpListener;

use loligo_base::Mono;
use loligo_msgr_proto::{
    ConId, Connect, Envelope, Fault, Input, Link, NetCommand, NetEvent, Output, PeerError,
};
use loligo_wire::entity::{AddrType, EntityType};

use super::*;
use crate::transport::Line;

/// Tells of each reset.
#[derive(Default)]
struct Witness {
    outputs: Vec<Output<Fault>>,
}

impl Endpoint for Witness {
    type Msg = ();
    type Call = NetCommand;
    type Done = Fault;

    fn decode(_: Envelope) -> Result<(), PeerError> {
        Ok(())
    }

    fn handle(&mut self, _now: Now, input: Input<(), NetCommand>) {
        self.outputs.extend(match input {
            Input::Call(command) => Some(Output::Net(command)),
            Input::Net(NetEvent::Reset { why, .. }) => Some(Output::Done(why)),
            _ => None,
        });
    }

    fn poll(&mut self) -> Option<Output<Fault>> {
        self.outputs.pop()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

fn listener() -> (TcpListener, EntityAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, EntityAddr::new(AddrType::LEGACY, addr, 0))
}

#[test]
fn a_child_that_drops_its_copy_of_a_handle_leaves_the_node_to_its_parent() {
    let (listener, addr) = listener();
    let node = Node::start(Witness::default(), NodeOptions::client(), |_| {}).unwrap();
    // A fork copies the handle and not the thread: to the child, it is that of another process.
    let parent = &*node.0;
    let child = Owner {
        shared: Arc::clone(&parent.shared),
        thread: Mutex::new(parent.thread.lock().unwrap().take()),
        pid: parent.pid + 1,
        options: parent.options,
    };
    child.shutdown();
    let thread = child.thread.lock().unwrap().take();
    drop(child);
    assert!(thread.as_ref().is_some_and(|thread| !thread.is_finished()));
    *parent.thread.lock().unwrap() = thread;
    // It still calls whom it is told to call.
    node.call(NetCommand::Connect {
        con: ConId::opened(1),
        peer: EntityType::OSD,
        addrs: EntityAddrVec::from(addr),
    });
    assert!(listener.accept().is_ok());
}

#[test]
fn a_pipe_that_was_closed_before_it_is_to_be_dialled_is_not_dialled() {
    let (listener, addr) = listener();
    let node = Node::start(Witness::default(), NodeOptions::client(), |_| {}).unwrap();
    let shared = &node.0.shared;
    let cell = |con| {
        let addrs = EntityAddrVec::from(addr);
        let connect = lock(&shared.pool).connect(shared.clock.now(), con, EntityType::OSD, addrs);
        let Connect::Dial { pipe, socket, .. } = connect else { panic!("{connect:?}") };
        Arc::new(Line::new(con, socket, *pipe, None))
    };
    let (closed, open) = (cell(ConId::opened(1)), cell(ConId::opened(2)));
    // Another thread marked it down, and its command came first.
    closed.lock().pipe.mark_down();
    shared.transport.close(&closed);
    shared.transport.dial(&closed);
    shared.transport.dial(&open);
    let _call = listener.accept().unwrap();
    node.shutdown();
    assert_eq!((closed.stream().is_some(), open.stream().is_some()), (false, true));
}

#[test]
fn what_waits_of_a_connection_is_not_told_after_it_is_marked_down() {
    let (_listener, addr) = listener();
    let (tell, told) = std::sync::mpsc::channel();
    let node =
        Node::start(Witness::default(), NodeOptions::client(), move |why| drop(tell.send(why))).unwrap();
    let con = ConId::opened(1);
    node.call(NetCommand::Connect { con, peer: EntityType::OSD, addrs: EntityAddrVec::from(addr) });
    let line = match lock(&node.0.shared.pool).link(con) {
        Some(Link::Pipe(line)) => Arc::clone(line),
        other => panic!("{other:?}"),
    };
    // Nobody works on the inbox meanwhile.
    node.with(|_| {
        let shared = &node.0.shared;
        shared.post(Input::Call(NetCommand::MarkDown { con }), Held::default());
        shared.reset(&line, Fault::Idle);
        let other = NetEvent::Reset { con: ConId::opened(2), why: Fault::Stalled };
        shared.post(Input::Net(other), Held::default());
    });
    assert_eq!(told.recv_timeout(std::time::Duration::from_secs(20)), Ok(Fault::Stalled));
}
