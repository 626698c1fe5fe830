//! Nodes that talk over the loopback.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use common::{Call, Caller, Note, Told, echo_server};
use loligo_msgr::proto::Fault;
use loligo_msgr::{BindAddr, Node, NodeOptions};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec};

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);

fn caller() -> (Node<Caller>, Receiver<Told>) {
    let (done, told) = mpsc::channel();
    // A test that has seen enough listens no more.
    let node =
        Node::start(Caller::default(), NodeOptions::client(), move |answer| drop(done.send(answer))).unwrap();
    (node, told)
}

fn connected(addrs: &EntityAddrVec) -> (Node<Caller>, Receiver<Told>) {
    let (node, told) = caller();
    node.call(Call::Connect(addrs.clone()));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    (node, told)
}

fn bulk(len: usize) -> Bytes {
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

#[test]
fn messages_of_all_sizes_come_back_in_order() {
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    let sizes = [0, 1, 4_096, 70_000, 9 << 20, 3];
    let notes: Vec<_> = (1..).zip(sizes).map(|(tid, size)| Note::new(tid, "front", bulk(size))).collect();
    for note in &notes {
        node.call(Call::Send(note.clone()));
    }
    for note in notes {
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(note)));
    }
}

#[test]
fn many_threads_share_a_node_and_each_message_comes_back_once() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    thread::scope(|scope| {
        for t in 0..THREADS {
            let node = node.clone();
            scope.spawn(move || {
                for i in 0..EACH {
                    node.call(Call::Send(Note::new(t * EACH + i, "", bulk(usize::try_from(i).unwrap()))));
                }
            });
        }
    });
    let mut tids = Vec::new();
    while tids.len() < usize::try_from(THREADS * EACH).unwrap() {
        match told.recv_timeout(PATIENCE) {
            Ok(Told::Answer(note)) => tids.push(note.tid),
            other => panic!("{other:?}"),
        }
    }
    // Each thread's messages come back in the order in which it sent them.
    for t in 0..THREADS {
        let of_thread: Vec<_> = tids.iter().copied().filter(|tid| tid / EACH == t).collect();
        assert_eq!(of_thread, (t * EACH..(t + 1) * EACH).collect::<Vec<_>>());
    }
}

#[test]
fn what_is_asked_for_in_the_sink_is_done() {
    let (_server, addrs) = echo_server();
    let place: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let (done, told) = mpsc::channel();
    let again = Arc::clone(&place);
    let node = Node::start(Caller::default(), NodeOptions::client(), move |answer| {
        let node = again.lock().unwrap().clone();
        match (answer, node) {
            (Told::Answer(note), Some(node)) if note.tid < 1_000 => {
                node.call(Call::Send(Note { tid: note.tid + 1, ..note }));
            }
            (other, _) => drop(done.send(other)),
        }
    })
    .unwrap();
    *place.lock().unwrap() = Some(node.clone());
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    node.call(Call::Send(Note::new(1, "", "x")));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(Note::new(1_000, "", "x"))));
    *place.lock().unwrap() = None;
}

#[test]
fn nobody_there_is_told_as_refused() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (node, told) = caller();
    node.call(Call::Connect(EntityAddrVec::from(EntityAddr::new(AddrType::ANY, free, 0))));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Refused)));
}

#[test]
fn something_else_than_ceph_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr: SocketAddr = listener.local_addr().unwrap();
    let other = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        stream
    });
    let (node, told) = caller();
    node.call(Call::Connect(EntityAddrVec::from(EntityAddr::new(AddrType::ANY, addr, 0))));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::NotCeph)));
    drop(other.join());
}

#[test]
fn a_silent_peer_is_given_up_after_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let mut options = NodeOptions::client();
    options.config.options.ms_connection_ready_timeout = Duration::from_millis(50);
    let (done, told) = mpsc::channel();
    let node = Node::start(Caller::default(), options, move |answer| drop(done.send(answer))).unwrap();
    node.call(Call::Connect(EntityAddrVec::from(EntityAddr::new(AddrType::ANY, addr, 0))));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::HandshakeTimeout)));
}

#[test]
fn a_peer_that_goes_is_told_once_and_can_be_called_again() {
    let (server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    // An answer shows that the server, too, has the connection open.
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(Note::new(1, "", ""))));
    server.call(());
    assert!(matches!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Closed | Fault::Io(_)))));
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(Note::new(1, "", ""))));
}

/// What a proxy keeps of what the server says, once it is told to keep it.
type Kept = Arc<Mutex<Option<Vec<u8>>>>;

/// Passes on what two ends say. When the server has closed, gives the stream on which the client waits for more.
fn proxy(server: EntityAddr, kept: Kept) -> (EntityAddr, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut stream = TcpStream::connect(server.socket_addr().unwrap()).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        // The server says where it is: banner, type, nonce, family, and then the port.
        let mut greeting = [0; 21];
        stream.read_exact(&mut greeting).unwrap();
        greeting[19..].copy_from_slice(&own.port().to_be_bytes());
        client.write_all(&greeting).unwrap();
        let mut room = [0; 4_096];
        loop {
            let n = stream.read(&mut room).unwrap();
            match &mut *kept.lock().unwrap() {
                _ if n == 0 => break,
                Some(kept) => kept.extend_from_slice(&room[..n]),
                None => client.write_all(&room[..n]).unwrap(),
            }
        }
        drop(tell.send(client));
    });
    (EntityAddr::new(AddrType::ANY, own, server.nonce), told)
}

#[test]
fn the_last_words_of_a_peer_are_heard_and_then_that_it_is_gone() {
    let (server, addrs) = echo_server();
    let kept = Kept::default();
    let (addr, gone) = proxy(addrs.front(), Arc::clone(&kept));
    let (done, told) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let node = Node::start(Caller::default(), NodeOptions::client(), move |answer| {
        let is_alarm = matches!(answer, Told::Alarm(_));
        drop(done.send(answer));
        // The thread that reads does not, until both the last words and the end are there.
        if is_alarm {
            released.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    })
    .unwrap();
    node.call(Call::Connect(EntityAddrVec::from(addr)));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    *kept.lock().unwrap() = Some(Vec::new());
    let note = Note::new(1, "the last words", "");
    node.call(Call::Send(note.clone()));
    while kept.lock().unwrap().as_ref().unwrap().is_empty() {
        thread::yield_now();
    }
    node.call(Call::Alarm(node.now().mono + Duration::from_millis(20)));
    assert!(matches!(told.recv_timeout(PATIENCE), Ok(Told::Alarm(_))));
    server.call(());
    let mut client = gone.recv_timeout(PATIENCE).unwrap();
    client.write_all(kept.lock().unwrap().as_ref().unwrap()).unwrap();
    client.shutdown(Shutdown::Both).unwrap();
    release.send(()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(note)));
    assert!(matches!(told.recv_timeout(PATIENCE), Ok(Told::Reset(_))));
}

#[test]
fn the_own_address_is_one_for_all_connections() {
    let (_a, first) = echo_server();
    let (_b, second) = echo_server();
    let (node, told) = connected(&first);
    let mine = node.my_addrs();
    assert_eq!(mine.front().ip(), Some("127.0.0.1".parse().unwrap()));
    assert_ne!(mine.front().nonce, 0);
    node.call(Call::Connect(second));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    assert_eq!(node.my_addrs(), mine);
}

#[test]
fn timers_of_the_endpoint_fire_when_due() {
    let (node, told) = caller();
    let now = node.now().mono;
    let at = [now + Duration::from_millis(60), now + Duration::from_millis(20), now];
    for at in at {
        node.call(Call::Alarm(at));
    }
    for due in [at[2], at[1], at[0]] {
        match told.recv_timeout(PATIENCE) {
            Ok(Told::Alarm(fired)) => assert!(fired >= due),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn shutdown_resets_everything_and_may_be_called_from_anywhere() {
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| node.shutdown());
        }
    });
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Stopped));
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
}

#[test]
fn shutdown_within_the_sink_does_not_wait_for_itself() {
    let (_server, addrs) = echo_server();
    let place: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let (done, told) = mpsc::channel();
    let own = Arc::clone(&place);
    let node = Node::start(Caller::default(), NodeOptions::client(), move |answer| {
        if let Told::Answer(_) = answer {
            own.lock().unwrap().take().unwrap().shutdown();
        }
        drop(done.send(answer));
    })
    .unwrap();
    *place.lock().unwrap() = Some(node.clone());
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Answer(Note::new(1, "", ""))));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
}

#[test]
fn nothing_is_heard_of_a_connection_after_mark_down() {
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    node.call(Call::MarkDown);
    node.call(Call::Send(Note::new(1, "", "")));
    node.shutdown();
    assert_eq!(told.try_recv(), Ok(Told::Stopped));
    assert!(told.try_recv().is_err());
}

#[test]
fn a_sink_that_panics_on_the_nodes_thread_ends_the_node_with_all_connections_reset() {
    let (_server, addrs) = echo_server();
    let (done, told) = mpsc::channel();
    let node = Node::start(Caller::default(), NodeOptions::client(), move |answer| {
        assert!(
            !matches!(answer, Told::Answer(_)) || thread::current().name() != Some("msgr"),
            "as the test wants"
        );
        drop(done.send(answer));
    })
    .unwrap();
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
    // Another thread may take an answer first, and keeps working then.
    while told.recv_timeout(Duration::ZERO) != Ok(Told::Reset(Fault::Shutdown)) {
        node.call(Call::Send(Note::new(1, "", "")));
        thread::yield_now();
    }
    // A sink that panics again loses what it was given, and no more.
    let rest = std::iter::from_fn(|| told.recv_timeout(PATIENCE).ok());
    assert!(rest.into_iter().any(|told| told == Told::Stopped));
}

#[test]
fn an_endpoint_that_panics_on_the_nodes_thread_hears_that_there_will_be_nothing_more() {
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    // It panics a second time while the node ends.
    node.call(Call::Panic);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Stopped));
    // Who asks now does not wait either.
    node.call(Call::Connect(addrs));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
}

#[test]
fn an_endpoint_that_panics_on_a_callers_thread_ends_the_node_as_well() {
    let (_server, addrs) = echo_server();
    let (node, told) = connected(&addrs);
    let caller = node.clone();
    assert!(thread::spawn(move || caller.call(Call::PanicNow)).join().is_err());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reset(Fault::Shutdown)));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Stopped));
}

#[test]
fn a_node_that_has_ended_takes_no_port() {
    let (node, told) = caller();
    node.shutdown();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Stopped));
    assert!(node.bind(BindAddr::at("127.0.0.1:0".parse().unwrap())).is_err());
}

#[test]
fn what_a_look_within_the_sink_brings_about_is_not_left_until_something_else_happens() {
    let (done, told) = mpsc::channel();
    let own: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let node = Node::start(Caller::default(), NodeOptions::client(), {
        let own = Arc::clone(&own);
        move |answer| {
            if matches!(answer, Told::Alarm(_)) {
                own.lock().unwrap().take().unwrap().with(|caller| caller.say(Told::Connected));
            }
            drop(done.send(answer));
        }
    })
    .unwrap();
    *own.lock().unwrap() = Some(node.clone());
    node.call(Call::Alarm(node.now().mono + Duration::from_millis(20)));
    assert!(matches!(told.recv_timeout(PATIENCE), Ok(Told::Alarm(_))));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Connected));
}
