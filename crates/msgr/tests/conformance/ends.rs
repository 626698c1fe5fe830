//! How nodes and connections end.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use loligo_msgr::proto::Fault;
use loligo_msgr::{Node, NodeOptions};

use crate::bed::{Bed, PATIENCE, at, next};
use crate::peers::{Call, Caller, Note, Told};

pub(crate) fn shutdown_resets_everything_and_may_be_called_from_anywhere(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| node.shutdown());
        }
    });
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
    assert_eq!(next(&told), Told::Stopped);
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
}

pub(crate) fn shutdown_within_the_sink_does_not_wait_for_itself(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let place: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let (done, told) = mpsc::channel();
    let own = Arc::clone(&place);
    let node = bed.start(Caller::default(), NodeOptions::client(), move |answer| {
        if let Told::Answer(_) = answer {
            own.lock().unwrap().take().unwrap().shutdown();
        }
        drop(done.send(answer));
    });
    *place.lock().unwrap() = Some(node.clone());
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(next(&told), Told::Answer(Note::new(1, "", "")));
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
}

pub(crate) fn nothing_is_heard_of_a_connection_after_mark_down(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    node.call(Call::MarkDown);
    node.call(Call::Send(Note::new(1, "", "")));
    node.shutdown();
    assert_eq!(told.try_recv(), Ok(Told::Stopped));
    assert!(told.try_recv().is_err());
}

pub(crate) fn a_sink_that_panics_on_the_nodes_thread_ends_the_node_with_all_connections_reset(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (done, told) = mpsc::channel();
    let node = bed.start(Caller::default(), NodeOptions::client(), move |answer| {
        assert!(
            !matches!(answer, Told::Answer(_))
                || !thread::current().name().is_some_and(|name| name.starts_with("msgr")),
            "as the test wants"
        );
        drop(done.send(answer));
    });
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    // Another thread may take an answer first, and keeps working then.
    while told.recv_timeout(Duration::ZERO) != Ok(Told::Reset(Fault::Shutdown)) {
        node.call(Call::Send(Note::new(1, "", "")));
        thread::yield_now();
    }
    // A sink that panics again loses what it was given, and no more.
    let rest = std::iter::from_fn(|| told.recv_timeout(PATIENCE).ok());
    assert!(rest.into_iter().any(|told| told == Told::Stopped));
}

pub(crate) fn an_endpoint_that_panics_on_the_nodes_thread_hears_that_there_will_be_nothing_more(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    // It panics a second time while the node ends.
    node.call(Call::Panic);
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
    assert_eq!(next(&told), Told::Stopped);
    // Who asks now does not wait either.
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
}

pub(crate) fn an_endpoint_that_panics_on_a_callers_thread_ends_the_node_as_well(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    let caller = node.clone();
    assert!(thread::spawn(move || caller.call(Call::PanicNow)).join().is_err());
    assert_eq!(next(&told), Told::Reset(Fault::Shutdown));
    assert_eq!(next(&told), Told::Stopped);
}

pub(crate) fn shutdown_ends_who_is_calling_and_who_is_writing(bed: &Bed) {
    let silent = bed.listen();
    let (node, told) = bed.caller();
    node.call(Call::Connect(at(silent.local_addr())));
    node.call(Call::Send(Note::new(1, "", vec![1; 32 << 20])));
    let _call = silent.accept();
    let start = Instant::now();
    node.shutdown();
    assert!(start.elapsed() < PATIENCE / 4, "{:?}", start.elapsed());
    assert_eq!([next(&told), next(&told)], [Told::Reset(Fault::Shutdown), Told::Stopped]);
}

pub(crate) fn mark_down_within_the_sink_is_the_last_of_the_connection(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let place: Arc<Mutex<Option<Node<Caller>>>> = Arc::default();
    let (done, told) = mpsc::channel();
    let own = Arc::clone(&place);
    let node = bed.start(Caller::default(), NodeOptions::client(), move |answer| {
        if let Told::Answer(_) = answer {
            own.lock().unwrap().as_ref().unwrap().call(Call::MarkDown);
        }
        drop(done.send(answer));
    });
    *place.lock().unwrap() = Some(node.clone());
    node.call(Call::Connect(addrs.clone()));
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!([next(&told), next(&told)], [Told::Connected, Told::Answer(Note::new(1, "", ""))]);
    // The other end sees it go.
    let deadline = Instant::now() + PATIENCE;
    while server.with(|echo| echo.resets.is_empty()) {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    *place.lock().unwrap() = None;
}
