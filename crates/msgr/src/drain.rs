//! The endpoint behind its lock, with an inbox: who finds the lock free does the work of all.

use std::cell::Cell as ThreadCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{
    Answer, AuthStep, ConId, Config, Connect, Endpoint, Envelope, Fault, Held, Input, Link, NetCommand,
    NetEvent, Outgoing, Output, Pool,
};
use loligo_wire::entity::{EntityAddrVec, EntityType};
use loligo_wire::msgr1::MessageHeader;

use crate::cell::{After, Cell};
use crate::clock::Clock;
use crate::remote::{Command, Remote};
use crate::sync::lock;
use crate::turn::Turn;

thread_local! {
    /// The node whose results this thread is handing out, by address; 0 for none.
    static DELIVERING: ThreadCell<usize> = const { ThreadCell::new(0) };
}

/// This thread hands out results of a node for as long as this lives, also where the sink panics.
struct Within {
    before: usize,
}

impl Within {
    fn enter(node: usize) -> Self {
        Self { before: DELIVERING.replace(node) }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        DELIVERING.set(self.before);
    }
}

/// An input that waits for the endpoint, with what it holds of the throttles.
type Waiting<E> = (Input<<E as Endpoint>::Msg, <E as Endpoint>::Call>, Held);

/// All that the threads of a node share. Locks are taken in the order endpoint, pool, pipe; none is held while a
/// system call is made, somebody is woken, or foreign code runs.
pub(crate) struct Shared<E: Endpoint> {
    pub(crate) clock: Clock,
    pub(crate) config: Arc<Config>,
    pub(crate) pool: Mutex<Pool<Arc<Cell>>>,
    pub(crate) remote: Remote,
    pub(crate) stopped: AtomicBool,
    endpoint: Turn<E>,
    /// Somebody had a look at the endpoint, which may have something to say since.
    looked_at: AtomicBool,
    inbox: Mutex<VecDeque<Waiting<E>>>,
    dones: Mutex<VecDeque<E::Done>>,
    /// Held by the thread that hands results out, so that their order is kept.
    delivering: Turn<()>,
    sink: Sink<E>,
}

/// What takes results.
pub(crate) type Sink<E> = Box<dyn Fn(&mut dyn Iterator<Item = <E as Endpoint>::Done>) + Send + Sync>;

/// Ends the node where the endpoint or the sink panics on a caller's thread: what they were about to do is lost, and somebody
/// may wait for it.
struct EndsOnPanic<'a> {
    remote: &'a Remote,
    completed: bool,
}

impl EndsOnPanic<'_> {
    fn complete(mut self) {
        self.completed = true;
    }
}

impl Drop for EndsOnPanic<'_> {
    fn drop(&mut self) {
        if !self.completed {
            tracing::error!("the node ends because of a panic");
            self.remote.tell(Command::Stop);
        }
    }
}

/// Whose thread it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    /// That of the reactor.
    Reactor,
    /// Any other.
    Caller,
}

/// How many inputs the endpoint is given before what came of them is written and handed out.
const INPUTS_MAX: usize = 256;
/// How many such rounds a thread works for others before the reactor goes on.
const ROUNDS_MAX: usize = 16;

/// What is left to do when the endpoint's lock is free again.
#[derive(Default)]
struct Later {
    touched: Vec<Arc<Cell>>,
    commands: Vec<Command>,
    /// The reactor sleeps longer than the endpoint wants.
    wake: bool,
    /// When the work was done.
    now: Mono,
}

impl Later {
    /// The pipe has something to write. One that was touched before is not written twice.
    fn touch(&mut self, cell: &Arc<Cell>) {
        if !self.touched.iter().any(|known| Arc::ptr_eq(known, cell)) {
            self.touched.push(Arc::clone(cell));
        }
    }
}

impl<E: Endpoint> Shared<E> {
    pub(crate) fn new(endpoint: E, pool: Pool<Arc<Cell>>, remote: Remote, sink: Sink<E>) -> Self {
        Self {
            clock: Clock::start(),
            config: Arc::clone(pool.config()),
            pool: Mutex::new(pool),
            remote,
            stopped: AtomicBool::new(false),
            endpoint: Turn::new(endpoint),
            looked_at: AtomicBool::new(false),
            inbox: Mutex::default(),
            dones: Mutex::default(),
            delivering: Turn::new(()),
            sink,
        }
    }

    /// Leaves an input for the endpoint, to be worked on by [`Self::run`].
    pub(crate) fn post(&self, input: Input<E::Msg, E::Call>, held: Held) {
        lock(&self.inbox).push_back((input, held));
    }

    /// Works on the inbox, unless another thread does, which then takes all of it. Pipes are written, and results are
    /// handed out, when no lock is held. Within the sink of results the work is left to who called the sink, so that
    /// what is asked for there leaves in one go.
    ///
    /// Says whether something is left, which only the reactor hears: others leave the rest to it.
    pub(crate) fn run(&self, thread: Thread) -> bool {
        if DELIVERING.get() == self.address() {
            return false;
        }
        let ending = EndsOnPanic { remote: &self.remote, completed: thread == Thread::Reactor };
        let is_left = self.endpoint.take(
            ROUNDS_MAX,
            &mut Later::default(),
            |endpoint, later| self.work(endpoint, later),
            |later| {
                self.flush(later, thread);
                self.deliver();
            },
            || self.looked_at.swap(false, Ordering::SeqCst) || !lock(&self.inbox).is_empty(),
        );
        ending.complete();
        if is_left && thread == Thread::Caller {
            self.remote.tell(Command::Run);
        }
        is_left
    }

    /// A short look at the endpoint.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut E) -> T) -> T {
        let value = self.endpoint.with(f);
        // Others left their inputs while we had the lock, and the endpoint may have something to say: within the sink,
        // whoever called that must look again.
        self.looked_at.swap(true, Ordering::SeqCst);
        self.run(Thread::Caller);
        value
    }

    fn flush(&self, later: &mut Later, thread: Thread) {
        // Others may rely on this wake-up, and a pipe must be dialled before it is written: first what is quick.
        if std::mem::take(&mut later.wake) {
            self.remote.wake();
        }
        self.tell_all(later);
        for cell in later.touched.drain(..) {
            if thread == Thread::Caller && self.remote.leave(&cell, later.now) {
                continue;
            }
            if cell.flush(&self.clock) == After::Service {
                later.commands.push(Command::Service(cell));
            }
        }
        self.tell_all(later);
    }

    fn tell_all(&self, later: &mut Later) {
        for command in later.commands.drain(..) {
            self.remote.tell(command);
        }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }

    fn work(&self, endpoint: &mut E, later: &mut Later) {
        let now = self.clock.now();
        later.now = now.mono;
        let next = || lock(&self.inbox).pop_front();
        for (input, held) in std::iter::from_fn(next).take(INPUTS_MAX) {
            endpoint.handle(now, input);
            drop(held);
            self.carry_out(endpoint, now, later);
        }
        if endpoint.next_timeout().is_some_and(|at| at <= now.mono) {
            endpoint.handle(now, Input::Timeout);
        }
        self.carry_out(endpoint, now, later);
        later.wake |= self.remote.endpoint_due(endpoint.next_timeout());
    }

    fn carry_out(&self, endpoint: &mut E, now: Now, later: &mut Later) {
        while let Some(output) = endpoint.poll() {
            match output {
                Output::Done(done) => lock(&self.dones).push_back(done),
                Output::Net(command) => self.command(command, now, later),
            }
        }
    }

    fn command(&self, command: NetCommand, now: Now, later: &mut Later) {
        match command {
            NetCommand::Send { con, msg } => self.send(now, con, msg, later),
            NetCommand::Connect { con, peer, addrs } => self.connect(now, con, peer, addrs, later),
            NetCommand::AuthStep { con, step } => self.answer(now, con, step, later),
            NetCommand::SendKeepalive { con } => {
                self.on_pipe(con, later, |cell| cell.lock().pipe.send_keepalive(now))
            }
            NetCommand::MarkDisposable { con } => {
                self.on_pipe(con, later, |cell| cell.lock().pipe.mark_disposable())
            }
            NetCommand::MarkDown { con } => self.mark_down(con, later),
            NetCommand::SetMyName { name } => self.config.myname.set_num(name.num),
        }
    }

    fn pipe(&self, con: ConId) -> Option<Link<Arc<Cell>>> {
        lock(&self.pool).link(con).cloned()
    }

    fn on_pipe(&self, con: ConId, later: &mut Later, f: impl FnOnce(&Cell)) {
        if let Some(Link::Pipe(cell)) = self.pipe(con) {
            f(&cell);
            later.touch(&cell);
        }
    }

    fn send(&self, now: Now, con: ConId, msg: Box<dyn Outgoing>, later: &mut Later) {
        match self.pipe(con) {
            Some(Link::Pipe(cell)) => {
                cell.lock().pipe.send(now, msg);
                later.touch(&cell);
            }
            Some(Link::Local) => self.send_to_self(con, &*msg),
            None => {}
        }
    }

    /// A message to ourselves is encoded and decoded like any other, so that nobody needs another way for it.
    fn send_to_self(&self, con: ConId, msg: &dyn Outgoing) {
        let payload = msg.encode(self.config.features_supported);
        let header = MessageHeader {
            tid: msg.tid(),
            message_type: msg.message_type(),
            priority: msg.priority(),
            version: payload.version,
            compat_version: payload.compat_version,
            src: self.config.myname.get(),
            ..MessageHeader::default()
        };
        match E::decode(Envelope { header, payload }) {
            Ok(msg) => self.tell(NetEvent::Message { con, header, msg }),
            Err(error) => tracing::error!(%error, "a message to ourselves cannot be decoded"),
        }
    }

    fn connect(&self, now: Now, con: ConId, peer: EntityType, addrs: EntityAddrVec, later: &mut Later) {
        let mut pool = lock(&self.pool);
        // Looked at behind the lock: what is put in before the node stops is found and reset when it does.
        if self.stopped.load(Ordering::SeqCst) {
            return self.tell(NetEvent::Reset { con, why: Fault::Shutdown });
        }
        match pool.connect(now, con, peer, addrs) {
            Connect::Dial { pipe, addrs, socket } => {
                let cell = Arc::new(Cell::new(con, socket, *pipe));
                pool.insert(con, addrs, Arc::clone(&cell));
                later.commands.push(Command::Dial(cell));
            }
            Connect::Local(peer) => self.tell(NetEvent::Connected { con, peer }),
            Connect::Refused(why) => self.tell(NetEvent::Reset { con, why }),
        }
    }

    fn answer(&self, now: Now, con: ConId, step: AuthStep, later: &mut Later) {
        self.on_pipe(con, later, |cell| cell.lock().pipe.answer(now, Answer::Auth(step)));
    }

    fn mark_down(&self, con: ConId, later: &mut Later) {
        let link = lock(&self.pool).remove(con);
        if let Some(Link::Pipe(cell)) = link {
            cell.lock().pipe.mark_down();
            later.commands.push(Command::Close(cell));
        }
    }

    fn tell(&self, event: NetEvent<E::Msg>) {
        self.post(Input::Net(event), Held::default());
    }

    /// Hands results out in the order in which they came, one thread at a time.
    fn deliver(&self) {
        let next = || lock(&self.dones).pop_front();
        let hand_out = || {
            let _within = Within::enter(self.address());
            let count = lock(&self.dones).len();
            let mut results = std::iter::from_fn(next).take(count);
            if count > 0 {
                (self.sink)(&mut results);
            }
            // What the sink does not want is not offered again.
            results.for_each(drop);
        };
        let is_left = || !lock(&self.dones).is_empty();
        let _ = self.delivering.take(usize::MAX, &mut (), |(), ()| hand_out(), |()| {}, is_left);
    }
}
