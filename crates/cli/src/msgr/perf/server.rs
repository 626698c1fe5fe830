//! `perf-server`.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use loligo_msgr::proto::{ConId, Config, Envelope, Fault, Peer, Posted};
use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::EntityName;
use loligo_wire::message::{MOSDOp, MOSDOpReply, Message as _, OpResult};
use loligo_wire::types::OsdOp;
use loligo_wire::{Features, Tid};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::args::{Mode, ServerArgs, ServerPolicy};
use super::auth::{Auth, SECURE_SERVER, keys};
use super::client::{modes, set};
use super::count::Count;
use super::report::ServerReport;
use crate::args::Global;
use crate::fail::Fail;
use crate::msgr::addr::Protocol;

/// How long to wait for the clients to go when all messages have come.
const LINGER: Duration = Duration::from_secs(10);

/// Serves until there is no more to serve, and says what came.
pub(crate) fn serve(args: &ServerArgs, global: &Global) -> Result<(), Fail> {
    // Before there is a thread that would be ended by them.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let keys = keys(global, args.common.mode)?;
    let messenger = Messenger::create(options(args, global)?, Auth::server(keys)?)?;
    let shared = Arc::new(Shared::new(args));
    let (queue, questions) = mpsc::channel();
    let queue = (args.threads > 0).then_some(queue);
    messenger.add_dispatcher_tail(Arc::new(Calls { shared: Arc::clone(&shared), queue }));
    let questions = Arc::new(Mutex::new(questions));
    for _ in 0..args.threads {
        let questions = Arc::clone(&questions);
        thread::Builder::new().name("answer".to_owned()).spawn(move || answer_all(&questions))?;
    }
    let protocol = args.addr.protocol.unwrap_or(args.common.protocol);
    let at = BindAddr::at(args.addr.addr);
    let bound = messenger.bind(if protocol == Protocol::V2 { at.v2() } else { at })?;
    eprintln!("loligo: serving at {bound}");
    let waker = Arc::clone(&shared);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if signals.forever().next().is_some() {
            waker.lock().is_interrupted = true;
            waker.changed.notify_all();
        }
    })?;
    shared.await_end(args.messages);
    messenger.shutdown();
    let report = ServerReport::new(args, bound, shared.lock().cons.values().cloned().collect());
    report.print(global.format)
}

fn options(args: &ServerArgs, global: &Global) -> Result<NodeOptions, Fail> {
    let policy = match args.policy {
        ServerPolicy::Stateless => Policy::stateless_server(),
        ServerPolicy::Stateful => Policy::stateful_server(),
    };
    let name = match args.common.mode {
        Mode::Crc => EntityName::osd(0),
        Mode::Secure => EntityName::new(SECURE_SERVER, 0),
    };
    let mut config = Config::new(name, PolicySet::new(policy));
    config.features_supported = Features::TENTACLE;
    let mut options = NodeOptions::new(config);
    set(global, &mut options)?;
    options.config.options.modes = modes(args.common.mode);
    // Callers that know only IP and port say nonce 0, as of a monitor.
    options.nonce = Some(args.addr.nonce);
    Ok(options)
}

/// What came by one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Who called.
    pub(super) peer: Option<Peer>,
    /// How often a stream was opened.
    pub(super) accepts: u64,
    /// Whether the connection is over.
    pub(super) is_reset: bool,
    /// How often the client began the session anew.
    pub(super) remote_resets: u64,
    /// By their numbers on the connection.
    pub(super) by_seq: Count,
    /// By their transactions.
    pub(super) by_tid: Count,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    think: Duration,
    wanted: u64,
}

#[derive(Default)]
struct State {
    cons: BTreeMap<ConId, Seen>,
    total: u64,
    is_interrupted: bool,
}

impl Shared {
    fn new(args: &ServerArgs) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            think: Duration::from_micros(args.think_us),
            wanted: args.messages.unwrap_or(u64::MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns on an interrupt, or when so many messages have come and, for a while at most, their senders have gone.
    fn await_end(&self, messages: Option<u64>) {
        let mut state = self.lock();
        while !state.is_interrupted && messages.is_none_or(|messages| state.total < messages) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let end = Instant::now() + LINGER;
        while !state.is_interrupted && state.cons.values().any(|seen| !seen.is_reset) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A message that waits for its answer.
struct Question {
    con: Connection,
    envelope: Envelope,
}

fn answer_all(questions: &Mutex<Receiver<Question>>) {
    loop {
        let next = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(Question { con, envelope }) => answer(&con, envelope),
            Err(_) => return,
        }
    }
}

/// Says that all went well.
fn answer(con: &Connection, envelope: Envelope) {
    let tid: Tid = envelope.header.tid;
    let Ok(request) = envelope.decode::<MOSDOp>() else { return con.mark_down() };
    let done = |op: OsdOp| OpResult { op: OsdOp::new(op.code, op.args), ..OpResult::default() };
    let message = MOSDOpReply {
        oid: request.hobj.oid,
        pgid: request.pgid.pgid,
        flags: request.flags,
        osdmap_epoch: request.osdmap_epoch,
        ops: request.ops.into_iter().map(done).collect(),
        retry_attempt: request.retry_attempt,
        ..MOSDOpReply::default()
    };
    con.send_message(Posted { tid, message });
}

/// What the messenger calls.
struct Calls {
    shared: Arc<Shared>,
    queue: Option<Sender<Question>>,
}

impl Calls {
    fn see(&self, con: &Connection, what: impl FnOnce(&mut Seen)) {
        what(self.shared.lock().cons.entry(con.id()).or_default());
        self.shared.changed.notify_all();
    }
}

impl Dispatcher for Calls {
    fn ms_dispatch(&self, _: &Connection, _: &Envelope) -> bool {
        false
    }

    // As Ceph's server has it.
    fn ms_can_fast_dispatch_any(&self) -> bool {
        true
    }

    fn ms_can_fast_dispatch(&self, message: &Envelope) -> bool {
        message.header.message_type == MOSDOp::TYPE
    }

    fn ms_fast_dispatch(&self, con: &Connection, message: &Envelope) {
        let mut state = self.shared.lock();
        let seen = state.cons.entry(con.id()).or_default();
        seen.by_seq.add(message.header.seq);
        seen.by_tid.add(message.header.tid.0);
        state.total += 1;
        if state.total >= self.shared.wanted {
            self.shared.changed.notify_all();
        }
        drop(state);
        if !self.shared.think.is_zero() {
            thread::sleep(self.shared.think);
        }
        match &self.queue {
            // The threads end after the queue does.
            Some(queue) => drop(queue.send(Question { con: con.clone(), envelope: message.clone() })),
            None => answer(con, message.clone()),
        }
    }

    fn ms_handle_accept(&self, con: &Connection, peer: &Peer) {
        self.see(con, |seen| {
            seen.accepts += 1;
            seen.peer = Some(peer.clone());
        });
    }

    fn ms_handle_reset(&self, con: &Connection, _: &Fault) -> bool {
        // Of one that was never accepted, nobody wants to hear.
        if let Some(seen) = self.shared.lock().cons.get_mut(&con.id()) {
            seen.is_reset = true;
        }
        self.shared.changed.notify_all();
        true
    }

    fn ms_handle_remote_reset(&self, con: &Connection) {
        self.see(con, |seen| seen.remote_resets += 1);
    }
}
