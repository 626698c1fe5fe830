//! What goes through streams.

use std::io::Write as _;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use loligo_msgr::{Node, NodeOptions};
use loligo_wire::entity::EntityAddrVec;

use crate::bed::{Bed, PATIENCE, next, server_options};
use crate::peers::{Call, Caller, Note, Told};
use crate::proxy::{Kept, proxy};

fn bulk(len: usize) -> Bytes {
    (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

pub(crate) fn messages_of_all_sizes_come_back_in_order(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    let sizes = [0, 1, 4_096, 70_000, 9 << 20, 3];
    let notes: Vec<_> = (1..).zip(sizes).map(|(tid, size)| Note::new(tid, "front", bulk(size))).collect();
    for note in &notes {
        node.call(Call::Send(note.clone()));
    }
    for note in notes {
        assert_eq!(next(&told), Told::Answer(note));
    }
}

pub(crate) fn many_threads_share_a_node_and_each_message_comes_back_once(bed: &Bed) {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
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

pub(crate) fn what_is_asked_for_in_the_sink_is_done(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let place: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let (done, told) = mpsc::channel();
    let again = Arc::clone(&place);
    let node = bed.start(Caller::default(), NodeOptions::client(), move |answer| {
        let node = again.lock().unwrap().clone();
        match (answer, node) {
            (Told::Answer(note), Some(node)) if note.tid < 1_000 => {
                node.call(Call::Send(Note { tid: note.tid + 1, ..note }));
            }
            (other, _) => drop(done.send(other)),
        }
    });
    *place.lock().unwrap() = Some(node.clone());
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    node.call(Call::Send(Note::new(1, "", "x")));
    assert_eq!(next(&told), Told::Answer(Note::new(1_000, "", "x")));
    *place.lock().unwrap() = None;
}

pub(crate) fn the_last_words_of_a_peer_are_heard_and_then_that_it_is_gone(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let kept = Kept::default();
    let (addr, gone) = proxy(bed, addrs.front(), Arc::clone(&kept));
    let (done, told) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let node = bed.start(Caller::default(), NodeOptions::client(), move |answer| {
        let is_alarm = matches!(answer, Told::Alarm(_));
        drop(done.send(answer));
        // The thread that reads does not, until both the last words and the end are there.
        if is_alarm {
            released.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    });
    node.call(Call::Connect(EntityAddrVec::from(addr)));
    assert_eq!(next(&told), Told::Connected);
    *kept.lock().unwrap() = Some(Vec::new());
    let note = Note::new(1, "the last words", "");
    node.call(Call::Send(note.clone()));
    while kept.lock().unwrap().as_ref().unwrap().is_empty() {
        thread::yield_now();
    }
    node.call(Call::Alarm(node.now().mono + Duration::from_millis(20)));
    assert!(matches!(next(&told), Told::Alarm(_)));
    server.call(());
    let mut client = gone.recv_timeout(PATIENCE).unwrap();
    client.write_all(kept.lock().unwrap().as_ref().unwrap()).unwrap();
    client.end();
    release.send(()).unwrap();
    assert_eq!(next(&told), Told::Answer(note));
    assert!(matches!(next(&told), Told::Reset(_)));
}

pub(crate) fn large_messages_both_ways_at_once_do_not_block_each_other(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    // More than the buffers of the system take, before anybody reads.
    let data = bulk(8 << 20);
    for tid in 0..8 {
        node.call(Call::Send(Note::new(tid, "", data.clone())));
    }
    for tid in 0..8 {
        assert_eq!(next(&told), Told::Answer(Note::new(tid, "", data.clone())));
    }
}

pub(crate) fn buffers_of_the_system_may_be_small(bed: &Bed) {
    let (mut server, mut client) = (server_options(), NodeOptions::client());
    (server.ms_tcp_rcvbuf, client.ms_tcp_rcvbuf) = (16 << 10, 16 << 10);
    let (_server, addrs) = bed.echo_server_with(server);
    let (node, told) = bed.caller_with(client);
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    for (tid, size) in [(1, 3_000_000), (2, 0), (3, 70_001)] {
        node.call(Call::Send(Note::new(tid, "front", bulk(size))));
    }
    for (tid, size) in [(1, 3_000_000), (2, 0), (3, 70_001)] {
        assert_eq!(next(&told), Told::Answer(Note::new(tid, "front", bulk(size))));
    }
}
