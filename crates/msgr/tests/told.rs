//! What dispatchers are told of the end of connections, and of messages to their own messenger, over every transport.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loligo_msgr::proto::{AuthRequest, AuthStep, ConId, Config, Envelope, Fault, Peer, Posted};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Inject, Messenger, MsType, NoAuth, NodeOptions, Policy, PolicySet,
};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityName, EntityType};
use loligo_wire::message::MPing;

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq, Eq)]
enum Saw {
    Asked(ConId),
    Message(u64),
    Fast(u64),
    Reset(ConId),
}

/// Tells what it sees. Messages with an odd number are fast.
struct Watcher(Mutex<Sender<Saw>>);

impl Watcher {
    fn tell(&self, saw: Saw) {
        // A test that has seen enough listens no more.
        drop(self.0.lock().unwrap().send(saw));
    }
}

impl Dispatcher for Watcher {
    fn ms_can_fast_dispatch_any(&self) -> bool {
        true
    }

    fn ms_can_fast_dispatch(&self, message: &Envelope) -> bool {
        message.header.tid.0 % 2 == 1
    }

    fn ms_fast_dispatch(&self, _con: &Connection, message: &Envelope) {
        self.tell(Saw::Fast(message.header.tid.0));
    }

    fn ms_dispatch(&self, _con: &Connection, message: &Envelope) -> bool {
        self.tell(Saw::Message(message.header.tid.0));
        true
    }

    fn ms_authenticate(&self, con: ConId, request: &AuthRequest) -> Option<AuthStep> {
        if matches!(request, AuthRequest::Check { .. } | AuthRequest::CheckV2 { .. }) {
            self.tell(Saw::Asked(con));
        }
        None
    }

    fn ms_handle_reset(&self, con: &Connection, _why: &Fault) -> bool {
        self.tell(Saw::Reset(con.id()));
        true
    }
}

/// Whom the dispatcher was asked about, and whose end it was told.
#[derive(Debug, Default)]
struct Ends {
    asked: BTreeSet<ConId>,
    reset: BTreeSet<ConId>,
}

impl Ends {
    /// Says whether it was a message.
    fn note(&mut self, saw: Saw) -> bool {
        match saw {
            Saw::Asked(con) => self.asked.insert(con),
            Saw::Reset(con) => self.reset.insert(con),
            Saw::Message(_) | Saw::Fast(_) => return true,
        };
        false
    }
}

fn messenger(options: NodeOptions) -> (Messenger, Receiver<Saw>) {
    let messenger = Messenger::create(options, NoAuth).unwrap();
    let (tell, saw) = mpsc::channel();
    messenger.add_dispatcher_tail(Arc::new(Watcher(Mutex::new(tell))));
    (messenger, saw)
}

fn server(ms_type: MsType, policy: Policy) -> (Messenger, Receiver<Saw>) {
    server_with(ms_type, policy, Inject::default())
}

fn server_with(ms_type: MsType, policy: Policy, inject: Inject) -> (Messenger, Receiver<Saw>) {
    let mut options = NodeOptions::new(Config::new(EntityName::osd(0), PolicySet::new(policy)));
    (options.ms_type, options.inject) = (ms_type, inject);
    (options.ms_bind_port_min, options.ms_bind_port_max) = (0, 0);
    let (server, saw) = messenger(options);
    let at = BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() };
    server.bind(at.clone().v2()).unwrap();
    server.bind(at).unwrap();
    (server, saw)
}

fn ping(tid: u64) -> Posted<MPing> {
    Posted { tid: Tid(tid), message: MPing }
}

fn next(saw: &Receiver<Saw>) -> Saw {
    saw.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn who_is_marked_down_by_its_address_is_reset() {
    for ms_type in MsType::ALL {
        let (server, _saw) = server(ms_type, Policy::stateless_server());
        let (client, told) = messenger(NodeOptions { ms_type, ..NodeOptions::client() });
        let con = client.connect_to(EntityType::OSD, server.my_addrs());
        client.mark_down_addrs(&server.my_addrs());
        assert_eq!(next(&told), Saw::Reset(con.id()));
        // There is none any more: nothing comes of it.
        client.mark_down_addrs(&server.my_addrs());
        let other = client.connect_to(EntityType::OSD, server.my_addrs());
        client.mark_down_addrs(&server.my_addrs());
        assert_eq!(next(&told), Saw::Reset(other.id()));
    }
}

#[test]
fn fast_messages_to_ourselves_are_fast() {
    for ms_type in MsType::ALL {
        let (server, saw) = server(ms_type, Policy::stateless_server());
        let own = server.get_loopback_connection();
        (2..6).for_each(|tid| own.send_message(ping(tid)));
        let seen = [next(&saw), next(&saw), next(&saw), next(&saw)];
        assert_eq!(seen, [Saw::Message(2), Saw::Fast(3), Saw::Message(4), Saw::Fast(5)]);
    }
}

#[test]
fn who_was_asked_about_a_caller_hears_of_its_end_also_where_another_connection_took_its_stream() {
    for ms_type in MsType::ALL {
        let (server, saw) = server(ms_type, Policy::stateful_server());
        let policies = PolicySet::new(Policy::lossless_client());
        let mut options = NodeOptions::new(Config::new(EntityName::client(4), policies));
        options.ms_type = ms_type;
        options.inject = Inject { ms_inject_socket_failures: 20, seed: Some(5), ..Inject::default() };
        let client = Messenger::create(options, NoAuth).unwrap();
        let con = client.connect_to(EntityType::OSD, server.my_addrs());
        let mut ends = Ends::default();
        let deadline = Instant::now() + PATIENCE;
        // Each goes alone, until streams enough have failed.
        while ends.asked.len() < 4 {
            con.send_message(ping(2));
            while !ends.note(next(&saw)) {}
            assert!(Instant::now() < deadline, "too little broke: {ends:?}");
        }
        client.shutdown();
        server.mark_down_all();
        while server.connections() > 0 {
            assert!(Instant::now() < deadline);
            std::thread::yield_now();
        }
        server.shutdown();
        saw.try_iter().for_each(|saw| {
            ends.note(saw);
        });
        assert_eq!(ends.asked, ends.reset);
    }
}

/// Notes how connections open: on their own thread, and as others hear of it.
#[derive(Default)]
struct Opens {
    fast: Mutex<Vec<&'static str>>,
    queued: Mutex<Vec<&'static str>>,
}

impl Dispatcher for Opens {
    fn ms_dispatch(&self, _con: &Connection, _message: &Envelope) -> bool {
        false
    }

    fn ms_handle_fast_connect(&self, _con: &Connection, _peer: &Peer) {
        self.fast.lock().unwrap().push("connect");
    }

    fn ms_handle_fast_accept(&self, _con: &Connection, _peer: &Peer) {
        self.fast.lock().unwrap().push("accept");
    }

    fn ms_handle_connect(&self, _con: &Connection, _peer: &Peer) {
        self.queued.lock().unwrap().push("connect");
    }

    fn ms_handle_accept(&self, _con: &Connection, _peer: &Peer) {
        self.queued.lock().unwrap().push("accept");
    }
}

#[test]
fn a_connection_that_is_called_back_opens_as_an_accepted_one_for_all() {
    for ms_type in MsType::ALL {
        let inject = Inject { ms_inject_socket_failures: 20, seed: Some(5), ..Inject::default() };
        let (one, told) = server(ms_type, Policy::lossless_peer());
        let (two, saw) = server_with(ms_type, Policy::lossless_peer(), inject);
        let opens = Arc::new(Opens::default());
        one.add_dispatcher_head(Arc::clone(&opens) as _);
        let wait = |from: &Receiver<Saw>| while next(from) != Saw::Message(2) {};
        one.send_to(ping(2), EntityType::OSD, two.my_addrs());
        wait(&saw);
        let deadline = Instant::now() + PATIENCE;
        while !opens.queued.lock().unwrap().contains(&"accept") {
            assert!(Instant::now() < deadline, "nothing broke");
            two.send_to(ping(2), EntityType::OSD, one.my_addrs());
            wait(&told);
        }
        two.shutdown();
        one.shutdown();
        assert_eq!(*opens.fast.lock().unwrap(), *opens.queued.lock().unwrap());
    }
}
