//! `perf-client`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo::{Conf, Error, node_options};
use loligo_msgr::proto::{ConId, Config, Envelope, Fault, Modes, Peer, Posted};
use loligo_msgr::{Connection, Dispatcher, Messenger, NodeOptions, Policy, PolicySet};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::{MOSDOp, MOSDOpReply, Message as _};
use loligo_wire::msgr2::ConMode;
use loligo_wire::types::{HObject, OsdFlags, OsdOp, SnapId};
use loligo_wire::{BufferList, Features, PoolId};

use super::args::{ClientArgs, ClientPolicy, Mode, Sender};
use super::auth::{Auth, SECURE_SERVER, keys};
use super::report::{ClientReport, PerfError, cpu_time};
use super::window::Window;
use crate::args::Global;
use crate::context;
use crate::fail::Fail;

/// How long to wait for an answer, or a connection, where nothing is said.
const PATIENCE: Duration = Duration::from_secs(30);

/// How soon to look again whether a login has failed, of which nobody tells.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often in a row a connection may fail before it stands.
const MAX_FAILURES: u32 = 1000;

/// The pool of the object that Ceph's client writes.
const POOL: PoolId = PoolId(1);

/// Sends, measures, and says what came of it.
pub(crate) fn call(args: &ClientArgs, global: &Global) -> Result<(), Fail> {
    let patience = global.timeout.unwrap_or(PATIENCE);
    let jobs = (0..args.jobs).map(|_| Job::start(args, global)).collect::<Result<Vec<_>, Fail>>()?;
    for job in &jobs {
        job.await_connection(Instant::now() + patience)?;
    }
    let (start, cpu) = (Instant::now(), cpu_time());
    let sent = thread::scope(|scope| {
        let runs: Vec<_> = jobs.iter().map(|job| scope.spawn(|| job.run(args.sender, patience))).collect();
        runs.into_iter().try_for_each(|run| run.join().unwrap_or(Ok(())))
    });
    let (took, cpu) = (start.elapsed(), cpu_time().saturating_sub(cpu));
    let told = jobs.iter().map(|job| job.lock().window.told.clone()).collect();
    for job in &jobs {
        job.messenger.shutdown();
    }
    let report = ClientReport::new(args, took, cpu, told);
    report.print(global.format)?;
    sent.and_then(|()| report.check())
}

/// One client.
struct Job {
    messenger: Messenger,
    shared: Arc<Shared>,
}

/// What a client's threads share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    think: Duration,
    data: Bytes,
    /// Whether answers send what there is room for.
    pumps: bool,
    /// Whether a login has failed.
    refused: Arc<AtomicBool>,
}

struct State {
    window: Window,
    is_connected: bool,
    failures: u32,
    why: Option<Fault>,
    last_reset: Option<ConId>,
    /// Somebody sends already; who makes room leaves it to them.
    is_pumping: bool,
    /// The thread of the job sleeps: it is to be woken.
    sleeps: bool,
}

impl State {
    /// Whether to call again. What was cut before the first connection stood may have been an accident; other things are none.
    fn goes_on(&self) -> bool {
        if matches!(self.why, Some(Fault::Shutdown)) {
            return false;
        }
        let was_cut = matches!(self.why, None | Some(Fault::Closed | Fault::Io(_)));
        (self.is_connected || was_cut) && self.failures <= MAX_FAILURES
    }
}

impl Job {
    fn start(args: &ClientArgs, global: &Global) -> Result<Self, Fail> {
        let keys = keys(global, args.common.mode)?;
        if args.addr.addr.port() == 0 {
            return Err(Fail::Usage("a port is needed, as in v2:127.0.0.1:7700".to_owned()));
        }
        let refused = Arc::default();
        let auth = Auth::client(keys, &global.name, &refused)?;
        let messenger = Messenger::create(options(args, global)?, auth)?;
        let depth = usize::try_from(args.concurrency.max(1)).unwrap_or(usize::MAX);
        let state = State {
            window: Window::new(depth, args.ios),
            is_connected: false,
            failures: 0,
            why: None,
            last_reset: None,
            is_pumping: false,
            sleeps: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            think: Duration::from_micros(args.think_us),
            data: vec![0; usize::try_from(args.length).unwrap_or(0)].into(),
            pumps: args.sender == Sender::Dispatch,
            refused,
        });
        let peer = if args.common.mode == Mode::Secure { SECURE_SERVER } else { EntityType::OSD };
        let addr = args.addr.entity_addr(args.addr.protocol.unwrap_or(args.common.protocol));
        let calls = Arc::new(Calls { messenger: messenger.clone(), shared: Arc::clone(&shared), peer, addr });
        let dispatcher = Arc::clone(&calls);
        messenger.add_dispatcher_tail(dispatcher);
        calls.connect();
        Ok(Self { messenger, shared })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    /// Returns when the first connection stands.
    fn await_connection(&self, end: Instant) -> Result<(), Fail> {
        let mut state = self.lock();
        while !state.is_connected {
            if state.failures > 0 && !state.goes_on() {
                return Err(PerfError::NoConnection { why: state.why.clone() }.into());
            }
            if self.shared.refused.load(Ordering::Relaxed) {
                return Err(PerfError::NoConnection { why: Some(Fault::AuthFailed) }.into());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(PerfError::NoConnection { why: None }.into());
            }
            state = self.wait(state, left.min(LOOK_AGAIN));
        }
        Ok(())
    }

    /// Sends until all is answered.
    fn run(&self, sender: Sender, patience: Duration) -> Result<(), Fail> {
        if sender == Sender::Dispatch {
            self.shared.pump();
        }
        let (mut answered, mut end) = (0, Instant::now() + patience);
        let mut state = self.lock();
        loop {
            if state.window.is_done() {
                return Ok(());
            }
            if sender == Sender::Thread
                && let Some((connection, tid)) = state.window.next()
            {
                drop(state);
                self.shared.send(&connection, tid);
                state = self.lock();
                continue;
            }
            if state.window.told.answered > answered {
                answered = state.window.told.answered;
                end = Instant::now() + patience;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.failures > MAX_FAILURES {
                return Err(PerfError::NoAnswers { why: state.why.clone() }.into());
            }
            state = self.wait(state, left);
        }
    }

    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>, left: Duration) -> MutexGuard<'a, State> {
        state.sleeps = true;
        let mut state =
            self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        state.sleeps = false;
        state
    }
}

impl Shared {
    fn send(&self, connection: &Connection, tid: Tid) {
        connection.send_message(Posted { tid, message: write(&self.data) });
    }

    /// Sends all that there is room for. An answer may come while a message is sent, on the same thread: it only makes room.
    fn pump(&self) {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.is_pumping, true) {
            return;
        }
        while let Some((connection, tid)) = state.window.next() {
            drop(state);
            self.send(&connection, tid);
            state = lock(&self.state);
        }
        state.is_pumping = false;
        if state.window.is_done() {
            self.changed.notify_all();
        }
    }

    /// Wakes who waits, or does what there is to do.
    fn go_on(&self, mut state: MutexGuard<'_, State>) {
        // Once is enough.
        let sleeps = std::mem::take(&mut state.sleeps);
        drop(state);
        if self.pumps {
            self.pump();
        } else if sleeps {
            self.changed.notify_all();
        }
    }
}

/// What the messenger calls.
struct Calls {
    messenger: Messenger,
    shared: Arc<Shared>,
    peer: EntityType,
    addr: EntityAddr,
}

impl Calls {
    /// Opens a connection, and another where it is dead already.
    fn connect(&self) {
        loop {
            // It may die before it is known.
            let connection = self.messenger.connect_to(self.peer, self.addr.into());
            let mut state = lock(&self.shared.state);
            let is_dead = state.last_reset == Some(connection.id());
            if !is_dead || !state.goes_on() {
                state.window.reconnected(connection);
                return self.shared.go_on(state);
            }
        }
    }
}

impl Dispatcher for Calls {
    fn ms_dispatch(&self, _: &Connection, _: &Envelope) -> bool {
        false
    }

    // As Ceph's client has it.
    fn ms_can_fast_dispatch_any(&self) -> bool {
        true
    }

    fn ms_can_fast_dispatch(&self, message: &Envelope) -> bool {
        message.header.message_type == MOSDOpReply::TYPE
    }

    fn ms_fast_dispatch(&self, con: &Connection, message: &Envelope) {
        if !self.shared.think.is_zero() {
            thread::sleep(self.shared.think);
        }
        let mut state = lock(&self.shared.state);
        state.window.answered(con, message.header.tid);
        self.shared.go_on(state);
    }

    fn ms_handle_connect(&self, _: &Connection, _: &Peer) {
        let mut state = lock(&self.shared.state);
        (state.is_connected, state.failures) = (true, 0);
        state.window.told.connects += 1;
        self.shared.changed.notify_all();
    }

    fn ms_handle_reset(&self, con: &Connection, why: &Fault) -> bool {
        let mut state = lock(&self.shared.state);
        state.window.told.resets += u64::from(state.is_connected);
        state.failures += 1;
        state.why = Some(why.clone());
        state.last_reset = Some(con.id());
        let is_known = state.window.connection() == Some(con);
        let goes_on = state.goes_on();
        drop(state);
        // Of one that is not known yet, who opens it will notice.
        if is_known && goes_on {
            self.connect();
        }
        self.shared.changed.notify_all();
        true
    }

    /// A session that is to outlive its connection is not over by that; but before it has begun, it is reason enough to give up.
    fn ms_handle_refused(&self, _: &Connection) -> bool {
        let mut state = lock(&self.shared.state);
        if !state.is_connected {
            state.failures += 1;
            state.why = Some(Fault::Refused);
            self.shared.changed.notify_all();
        }
        false
    }

    fn ms_handle_remote_reset(&self, _: &Connection) {
        let mut state = lock(&self.shared.state);
        state.window.begun_anew();
        self.shared.go_on(state);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message of Ceph's client: a write to an object of no cluster.
fn write(data: &Bytes) -> MOSDOp {
    let oid = Bytes::from_static(b"object-name");
    MOSDOp {
        flags: OsdFlags::WRITE,
        hobj: HObject { oid, snap: SnapId::HEAD, pool: POOL, ..HObject::default() },
        ops: vec![OsdOp::write(0, BufferList::from(data.clone()))],
        ..MOSDOp::default()
    }
}

fn options(args: &ClientArgs, global: &Global) -> Result<NodeOptions, Fail> {
    let policy = match args.policy {
        ClientPolicy::Lossy => Policy::lossy_client(),
        ClientPolicy::Lossless => Policy::lossless_client(),
    };
    let name = EntityName::client(0);
    let mut config = Config::new(name, PolicySet::new(policy));
    config.features_supported = Features::TENTACLE;
    let mut options = NodeOptions::new(config);
    set(global, &mut options)?;
    options.config.options.modes = modes(args.common.mode);
    Ok(options)
}

/// What `--set` says of the messenger. No `ceph.conf` is read: it is about a cluster.
pub(super) fn set(global: &Global, options: &mut NodeOptions) -> Result<(), Fail> {
    let mut conf = Conf::new(&global.name).map_err(Error::from)?;
    context::set(global, &mut conf);
    Ok(node_options(&conf, options).map_err(Error::from)?)
}

/// That mode alone, whoever the ends are.
pub(super) fn modes(mode: Mode) -> Modes {
    let only = || vec![if mode == Mode::Secure { ConMode::SECURE } else { ConMode::CRC }];
    Modes {
        ms_cluster_mode: only(),
        ms_service_mode: only(),
        ms_client_mode: only(),
        ms_mon_cluster_mode: only(),
        ms_mon_service_mode: only(),
        ms_mon_client_mode: only(),
    }
}
