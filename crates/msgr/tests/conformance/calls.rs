//! Calls, and how they end.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use loligo_msgr::proto::Fault;
use loligo_msgr::{BindAddr, NodeOptions};

use crate::bed::{ANY_PORT, Bed, PATIENCE, at, next};
use crate::peers::{Call, Note, Told};

pub(crate) fn callers_and_called_meet(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    node.call(Call::Send(Note::new(1, "front", "data")));
    assert_eq!(next(&told), Told::Answer(Note::new(1, "front", "data")));
    assert_eq!(server.with(|echo| echo.open.len()), 1);
}

pub(crate) fn many_callers_come_at_once(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let callers: Vec<_> = (0..20).map(|_| bed.caller()).collect();
    for (node, _) in &callers {
        node.call(Call::Connect(addrs.clone()));
        node.call(Call::Send(Note::new(1, "", "")));
    }
    for (_, told) in &callers {
        assert_eq!([next(told), next(told)], [Told::Connected, Told::Answer(Note::new(1, "", ""))]);
    }
    assert_eq!(server.with(|echo| echo.open.len()), 20);
}

pub(crate) fn a_host_that_does_not_answer_is_given_up(bed: &Bed) {
    let (addrs, _kept) = bed.unanswered();
    let mut options = NodeOptions::client();
    options.config.options.ms_connection_ready_timeout = Duration::from_millis(100);
    let (node, told) = bed.caller_with(options);
    let start = Instant::now();
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Reset(Fault::HandshakeTimeout));
    assert!(start.elapsed() < PATIENCE / 4, "{:?}", start.elapsed());
}

pub(crate) fn who_rebinds_leaves_its_port_and_is_called_at_another(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    let after = server.rebind(vec![]).unwrap();
    assert!(matches!(next(&told), Told::Reset(Fault::Closed | Fault::Io(_))));
    assert_ne!(after.port(), addrs.front().port());
    node.call(Call::Connect(after.into()));
    node.call(Call::Send(Note::new(2, "", "")));
    assert_eq!([next(&told), next(&told)], [Told::Connected, Told::Answer(Note::new(2, "", ""))]);
    // The old port is given up, if not at once.
    let deadline = Instant::now() + PATIENCE;
    while bed.dialler()(addrs.front().socket_addr().unwrap()).is_ok() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
    assert_eq!(server.with(|echo| echo.resets.clone()), [Fault::Closed]);
}

pub(crate) fn nobody_there_is_told_as_refused(bed: &Bed) {
    let (node, told) = bed.caller();
    node.call(Call::Connect(bed.nobody()));
    assert_eq!(next(&told), Told::Reset(Fault::Refused));
}

pub(crate) fn something_else_than_ceph_is_told_as_such(bed: &Bed) {
    let listener = bed.listen();
    let addr = listener.local_addr();
    let other = thread::spawn(move || {
        let mut stream = listener.accept();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        stream
    });
    let (node, told) = bed.caller();
    node.call(Call::Connect(at(addr)));
    assert_eq!(next(&told), Told::Reset(Fault::NotCeph));
    drop(other.join());
}

pub(crate) fn a_silent_peer_is_given_up_after_the_timeout(bed: &Bed) {
    let listener = bed.listen();
    let addr = listener.local_addr();
    let mut options = NodeOptions::client();
    options.config.options.ms_connection_ready_timeout = Duration::from_millis(50);
    let (node, told) = bed.caller_with(options);
    node.call(Call::Connect(at(addr)));
    assert_eq!(next(&told), Told::Reset(Fault::HandshakeTimeout));
}

pub(crate) fn a_peer_that_goes_is_told_once_and_can_be_called_again(bed: &Bed) {
    let (server, addrs) = bed.echo_server();
    let (node, told) = bed.connected(&addrs);
    // An answer shows that the server, too, has the connection open.
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(next(&told), Told::Answer(Note::new(1, "", "")));
    server.call(());
    assert!(matches!(next(&told), Told::Reset(Fault::Closed | Fault::Io(_))));
    node.call(Call::Connect(addrs));
    assert_eq!(next(&told), Told::Connected);
    node.call(Call::Send(Note::new(1, "", "")));
    assert_eq!(next(&told), Told::Answer(Note::new(1, "", "")));
}

pub(crate) fn the_own_address_is_one_for_all_connections(bed: &Bed) {
    let (_a, first) = bed.echo_server();
    let (_b, second) = bed.echo_server();
    let (node, told) = bed.connected(&first);
    let mine = node.my_addrs();
    assert_eq!(mine.front().ip(), Some("127.0.0.1".parse().unwrap()));
    assert_ne!(mine.front().nonce, 0);
    node.call(Call::Connect(second));
    assert_eq!(next(&told), Told::Connected);
    assert_eq!(node.my_addrs(), mine);
}

pub(crate) fn a_node_that_has_ended_takes_no_port(bed: &Bed) {
    let (node, told) = bed.caller();
    node.shutdown();
    assert_eq!(next(&told), Told::Stopped);
    assert!(node.bind(BindAddr::at(ANY_PORT)).is_err());
}
