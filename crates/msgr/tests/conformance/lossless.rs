//! Connections that outlive their streams.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use loligo_msgr::proto::Config;
use loligo_msgr::{BindAddr, Inject, Node, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::{EntityAddrVec, EntityName};

use crate::bed::{ANY_PORT, Bed, PATIENCE, next, server_options};
use crate::cutting::Cutting;
use crate::peers::{Call, Caller, Echo, Note, Told};

/// A server that keeps sessions, in both protocols.
fn server(bed: &Bed) -> (Node<Echo>, [EntityAddrVec; 2]) {
    let mut options = server_options();
    options.config.policies = PolicySet::new(Policy::stateful_server());
    let (node, v1) = bed.echo_server_with(options);
    let v2 = node.bind(BindAddr::at(ANY_PORT).v2()).unwrap();
    (node, [v1, v2.into()])
}

fn client_options() -> NodeOptions {
    let policies = PolicySet::new(Policy::lossless_client());
    let mut options = NodeOptions::new(Config::new(EntityName::client(7), policies));
    options.config.options.ms_initial_backoff = Duration::from_millis(1);
    options.config.options.ms_max_backoff = Duration::from_millis(20);
    options
}

/// A caller that keeps its session, with what can cut its streams.
fn client(bed: &Bed, nonce: Option<u32>) -> (Node<Caller>, Receiver<Told>, Arc<Cutting>) {
    let options = NodeOptions { nonce, ..client_options() };
    let cutting = Cutting::new(bed.transport());
    let (done, told) = mpsc::channel();
    let sink = move |answers: &mut dyn Iterator<Item = Told>| answers.for_each(|told| drop(done.send(told)));
    let node = Node::start_on(Arc::clone(&cutting) as _, Caller::default(), options, sink).unwrap();
    (node, told, cutting)
}

/// The next answer, however often the session was opened anew before.
fn next_answer(told: &Receiver<Told>) -> u64 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match next(told) {
            Told::Connected => assert!(Instant::now() < deadline, "it is opened again and again"),
            Told::Answer(note) => return note.tid,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn a_stream_that_is_cut_is_replaced_and_nothing_is_lost_or_comes_twice(bed: &Bed) {
    let (_server, addrs) = server(bed);
    for addrs in addrs {
        let (node, told, cutting) = client(bed, None);
        node.call(Call::Connect(addrs));
        let (mut cuts, mut answered) = (0, 0);
        for tid in 0..300 {
            node.call(Call::Send(Note::new(tid, "", vec![1; 2_000])));
            if tid % 10 == 9 {
                cuts += cutting.cut();
            }
            // Ten are under way.
            if tid >= 10 {
                assert_eq!(next_answer(&told), answered);
                answered += 1;
            }
        }
        for tid in answered..300 {
            assert_eq!(next_answer(&told), tid);
        }
        assert!(cuts > 3, "{cuts}");
        node.shutdown();
    }
}

pub(crate) fn a_peer_that_calls_anew_takes_its_connection_over(bed: &Bed) {
    let (server, addrs) = server(bed);
    for addrs in addrs {
        let before = server.with(|echo| echo.open.len());
        let calls = || {
            // The same to the server, as if it had been started again.
            let (node, told, cutting) = client(bed, Some(77));
            node.call(Call::Connect(addrs.clone()));
            node.call(Call::Send(Note::new(1, "", "")));
            assert_eq!(next_answer(&told), 1);
            (node, told, cutting)
        };
        let first = calls();
        first.2.end_calls();
        let second = calls();
        let mut cons = server.with(|echo| echo.open.split_off(before));
        assert!(cons.len() >= 2, "{cons:?}");
        cons.dedup();
        assert_eq!(cons.len(), 1, "one connection, with one stream after the other");
        second.0.call(Call::Send(Note::new(2, "", "")));
        assert_eq!(next_answer(&second.1), 2);
    }
}

pub(crate) fn sockets_that_fail_on_purpose_lose_nothing(bed: &Bed) {
    let inject = Inject {
        ms_inject_socket_failures: 20,
        ms_inject_internal_delays: Duration::from_micros(50),
        seed: Some(1),
        ..Inject::default()
    };
    let mut options = server_options();
    options.config.policies = PolicySet::new(Policy::stateful_server());
    options.inject = inject.clone();
    let (_server, addrs) = bed.echo_server_with(options);
    let (node, told) = bed.caller_with(NodeOptions { inject, ..client_options() });
    node.call(Call::Connect(addrs));
    for tid in 0..500 {
        node.call(Call::Send(Note::new(tid, "", vec![1; 500])));
        if tid >= 5 {
            assert_eq!(next_answer(&told), tid - 5);
        }
    }
    for tid in 495..500 {
        assert_eq!(next_answer(&told), tid);
    }
}

pub(crate) fn messages_that_are_late_on_purpose_stay_in_order(bed: &Bed) {
    let (_server, [addrs, _]) = server(bed);
    let mut options = client_options();
    options.inject = Inject {
        ms_inject_delay_type: "osd".to_owned(),
        ms_inject_delay_max: Duration::from_millis(60),
        ms_inject_delay_probability: 0.2,
        seed: Some(1),
        ..Inject::default()
    };
    let (node, told) = bed.caller_with(options);
    node.call(Call::Connect(addrs));
    let start = Instant::now();
    (0..50).for_each(|tid| node.call(Call::Send(Note::new(tid, "", ""))));
    (0..50).for_each(|tid| assert_eq!(next_answer(&told), tid));
    // The dice of that seed make the last one wait for about so long.
    assert!(start.elapsed() > Duration::from_millis(20), "{:?}", start.elapsed());
}
