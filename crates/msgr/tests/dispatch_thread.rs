//! Dispatchers that take their time, on the thread that they have for it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loligo_msgr::proto::{Config, Envelope, Fault, Posted};
use loligo_msgr::{
    BindAddr, Connection, Dispatcher, Messenger, MsType, NoAuth, NodeOptions, Policy, PolicySet,
};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityName, EntityType};
use loligo_wire::message::MPing;

/// Longer than anything here may take, on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages from here on go past the queue.
const FAST: u64 = 100;

/// What to do with a message that waits in the queue.
type Work = Box<dyn Fn(&Connection, u64) + Send + Sync>;

/// Works on messages, and tells what goes past the queue and which connections are reset.
struct Worker {
    work: Work,
    fast: Mutex<Sender<u64>>,
    reset: Mutex<Sender<Fault>>,
}

impl Dispatcher for Worker {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        (self.work)(con, message.header.tid.0);
        true
    }

    fn ms_can_fast_dispatch_any(&self) -> bool {
        true
    }

    fn ms_can_fast_dispatch(&self, message: &Envelope) -> bool {
        message.header.tid.0 >= FAST
    }

    fn ms_fast_dispatch(&self, _con: &Connection, message: &Envelope) {
        // A test that has seen enough listens no more.
        let _ = self.fast.lock().unwrap().send(message.header.tid.0);
    }

    fn ms_handle_reset(&self, _con: &Connection, why: &Fault) -> bool {
        drop(self.reset.lock().unwrap().send(why.clone()));
        true
    }
}

/// What a test hears of a messenger.
struct Told {
    fast: Receiver<u64>,
    reset: Receiver<Fault>,
}

fn ping(tid: u64) -> Posted<MPing> {
    Posted { tid: Tid(tid), message: MPing }
}

fn messenger(
    options: NodeOptions,
    work: impl Fn(&Connection, u64) + Send + Sync + 'static,
) -> (Messenger, Told) {
    let messenger = Messenger::create(options, NoAuth).unwrap();
    let ((tell_fast, fast), (tell_reset, reset)) = (mpsc::channel(), mpsc::channel());
    messenger.add_dispatcher_tail(Arc::new(Worker {
        work: Box::new(work),
        fast: Mutex::new(tell_fast),
        reset: Mutex::new(tell_reset),
    }));
    (messenger, Told { fast, reset })
}

fn server(ms_type: MsType, work: impl Fn(&Connection, u64) + Send + Sync + 'static) -> (Messenger, Told) {
    let config = Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server()));
    let mut options = NodeOptions { ms_type, ..NodeOptions::new(config) };
    (options.ms_bind_port_min, options.ms_bind_port_max) = (0, 0);
    let (server, told) = messenger(options, work);
    server.bind(BindAddr { ip: Some([127, 0, 0, 1].into()), ..BindAddr::default() }.v2()).unwrap();
    (server, told)
}

fn client(ms_type: MsType, work: impl Fn(&Connection, u64) + Send + Sync + 'static) -> (Messenger, Told) {
    messenger(NodeOptions { ms_type, ..NodeOptions::client() }, work)
}

#[test]
fn a_dispatcher_may_ask_and_wait_for_what_comes_past_the_queue() {
    for ms_type in MsType::ALL {
        let (done, answered) = mpsc::channel();
        let (came, answer) = mpsc::channel();
        let (answer, done) = (Mutex::new(answer), Mutex::new(done));
        let (server, told) = server(ms_type, move |con, tid| {
            con.send_message(ping(tid + 1));
            let answer: Result<u64, _> = answer.lock().unwrap().recv_timeout(PATIENCE);
            done.lock().unwrap().send(answer).unwrap();
        });
        // It answers the question that its own brought about.
        let (client, _told) = client(ms_type, |con, tid| con.send_message(ping(FAST + tid)));
        client.send_to(ping(1), EntityType::OSD, server.my_addrs());
        came.send(told.fast.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert_eq!(answered.recv_timeout(PATIENCE).unwrap(), Ok(FAST + 2));
    }
}

#[test]
fn a_dispatcher_that_waits_holds_up_no_other_connection() {
    for ms_type in MsType::ALL {
        let ((tell, told_of), (go, gate)) = (mpsc::channel(), mpsc::channel::<()>());
        let (tell, gate) = (Mutex::new(tell), Mutex::new(gate));
        let (server, told) = server(ms_type, move |_, tid| {
            tell.lock().unwrap().send(tid).unwrap();
            gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        });
        let (waits, _told) = client(ms_type, |_, _| ());
        waits.send_to(ping(1), EntityType::OSD, server.my_addrs());
        assert_eq!(told_of.recv_timeout(PATIENCE), Ok(1));
        let (goes_on, _told) = client(ms_type, |_, _| ());
        for tid in [2, FAST, FAST + 1] {
            goes_on.send_to(ping(tid), EntityType::OSD, server.my_addrs());
        }
        assert_eq!([FAST, FAST + 1].map(Ok), [(); 2].map(|()| told.fast.recv_timeout(PATIENCE)));
        assert!(told_of.try_recv().is_err());
        go.send(()).unwrap();
        assert_eq!(told_of.recv_timeout(PATIENCE), Ok(2));
        go.send(()).unwrap();
    }
}

#[test]
fn shutdown_returns_when_all_is_told_and_not_before_a_dispatcher_is_done() {
    for ms_type in MsType::ALL {
        let (tell, told_of) = mpsc::channel();
        let tell = Mutex::new(tell);
        let (server, told) = server(ms_type, move |_, tid| tell.lock().unwrap().send(tid).unwrap());
        let clients = [1, 2, 3].map(|tid| {
            let (client, _told) = client(ms_type, |_, _| ());
            client.send_to(ping(tid), EntityType::OSD, server.my_addrs());
            told_of.recv_timeout(PATIENCE).unwrap();
            client
        });
        server.shutdown();
        assert_eq!(told.reset.try_iter().collect::<Vec<_>>(), [const { Fault::Shutdown }; 3]);
        drop(clients);
    }
}

#[test]
fn a_dispatcher_may_shut_its_messenger_down() {
    for ms_type in MsType::ALL {
        let own = Arc::new(Mutex::new(None::<Messenger>));
        let ended = Arc::clone(&own);
        let (server, told) = server(ms_type, move |_, _| ended.lock().unwrap().take().unwrap().shutdown());
        let addrs = server.my_addrs();
        *own.lock().unwrap() = Some(server);
        let (client, heard) = client(ms_type, |_, _| ());
        client.send_to(ping(1), EntityType::OSD, addrs);
        assert_eq!(told.reset.recv_timeout(PATIENCE), Ok(Fault::Shutdown));
        heard.reset.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn a_dispatcher_that_panics_ends_the_messenger_and_others_hear_of_it() {
    for ms_type in MsType::ALL {
        let (server, told) = server(ms_type, |_, tid| assert!(tid != 2, "two"));
        let (client, heard) = client(ms_type, |_, _| ());
        client.send_to(ping(1), EntityType::OSD, server.my_addrs());
        client.send_to(ping(2), EntityType::OSD, server.my_addrs());
        assert_eq!(told.reset.recv_timeout(PATIENCE), Ok(Fault::Shutdown));
        heard.reset.recv_timeout(PATIENCE).unwrap();
    }
}
