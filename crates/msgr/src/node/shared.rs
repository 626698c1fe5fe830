//! The endpoint behind its lock, with an inbox: who finds the lock free does the work of all.

use std::cell::Cell as ThreadCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::LocalKey;

use loligo_base::{Mono, Now, Wall};
use loligo_msgr_proto::{
    Answer, Arrived, AuthStep, ConId, Config, Connect, Endpoint, Envelope, Fault, Held, Input, Link,
    NetCommand, NetEvent, Outgoing, Output, Peer, Pool,
};
use loligo_wire::entity::{EntityAddrVec, EntityType};
use loligo_wire::msgr1::MessageHeader;

use crate::clock::Clock;
use crate::sync::lock;
use crate::transport::{Faults, Line, SocketOptions, Thread, Transport};
use crate::turn::Turn;

thread_local! {
    /// The node whose results this thread is handing out, by address; 0 for none.
    static DELIVERING: ThreadCell<usize> = const { ThreadCell::new(0) };
    /// The node that made this thread.
    static THREAD_OF: ThreadCell<usize> = const { ThreadCell::new(0) };
}

/// What this thread is to a node for as long as this lives, also where somebody panics.
pub(super) struct Within {
    place: &'static LocalKey<ThreadCell<usize>>,
    before: usize,
}

impl Within {
    /// It hands out results of that node.
    pub(super) fn delivering(node: usize) -> Self {
        Self { place: &DELIVERING, before: DELIVERING.replace(node) }
    }

    /// It was made by that node.
    pub(super) fn thread_of(node: usize) -> Self {
        Self { place: &THREAD_OF, before: THREAD_OF.replace(node) }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.place.set(self.before);
    }
}

/// An input that waits for the endpoint, with what it holds of the throttles.
type Waiting<E> = (Input<<E as Endpoint>::Msg, <E as Endpoint>::Call>, Held);

/// All that the threads of a node share. Locks are taken in the order endpoint, pool, pipe; none is held while a
/// system call is made, somebody is woken, or foreign code runs.
pub(crate) struct Shared<E: Endpoint> {
    pub(crate) clock: Clock,
    pub(crate) config: Arc<Config>,
    pub(crate) pool: Mutex<Pool<Arc<Line>>>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(super) sockets: SocketOptions,
    pub(super) faults: Option<Arc<Faults>>,
    pub(crate) stopped: AtomicBool,
    /// Counts how often all listeners were given up.
    pub(super) listeners: AtomicU64,
    /// For the threads that are made for it.
    pub(super) own: Weak<Self>,
    endpoint: Turn<E>,
    /// Somebody had a look at the endpoint, which may have something to say since.
    looked_at: AtomicBool,
    inbox: Mutex<VecDeque<Waiting<E>>>,
    dones: Mutex<VecDeque<E::Done>>,
    /// Held by the thread that hands results out, so that their order is kept.
    delivering: Turn<()>,
    sink: Sink<E>,
    /// Hears of some things first.
    pub(super) fast: Option<Box<dyn Fast>>,
}

/// What takes results.
pub(crate) type Sink<E> = Box<dyn Fn(&mut dyn Iterator<Item = <E as Endpoint>::Done>) + Send + Sync>;

/// What hears of some things before the endpoint does, on the thread of the pipe, in the order in which they happen there.
pub(crate) trait Fast: Send + Sync {
    /// A message arrived. Gives it back where it is the endpoint's.
    fn message(&self, con: ConId, arrived: Arrived) -> Option<Arrived>;

    /// A connection is open: the peer called, or was called. One that was opened here may be called back, and the other way round.
    fn open(&self, con: ConId, peer: &Peer, is_accepted: bool);
}

/// Ends the node where the endpoint or the sink panics on a caller's thread: what they were about to do is lost, and somebody
/// may wait for it.
struct EndsOnPanic<'a> {
    transport: &'a dyn Transport,
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
            self.transport.stop();
        }
    }
}

/// How many inputs the endpoint is given before what came of them is written and handed out.
const INPUTS_MAX: usize = 256;
/// How many such rounds a thread works for others before the reactor goes on.
const ROUNDS_MAX: usize = 16;

/// What is left to do when the endpoint's lock is free again.
struct Later {
    touched: Vec<Arc<Line>>,
    wishes: Vec<Wish>,
    /// The transport sleeps longer than the endpoint wants.
    wake: bool,
    /// When the work was done.
    now: Now,
}

/// What the transport is asked to do.
enum Wish {
    Dial(Arc<Line>),
    Close(Arc<Line>),
}

impl Later {
    const fn nothing() -> Self {
        let never = Now { mono: Mono::ZERO, wall: Wall::ZERO };
        Self { touched: Vec::new(), wishes: Vec::new(), wake: false, now: never }
    }

    /// The pipe has something to write. One that was touched before is not written twice.
    fn touch(&mut self, line: &Arc<Line>) {
        if !self.touched.iter().any(|known| Arc::ptr_eq(known, line)) {
            self.touched.push(Arc::clone(line));
        }
    }
}

impl<E: Endpoint> Shared<E> {
    pub(crate) fn new(
        endpoint: E,
        pool: Pool<Arc<Line>>,
        sockets: SocketOptions,
        faults: Option<Arc<Faults>>,
        transport: Arc<dyn Transport>,
        (sink, fast): (Sink<E>, Option<Box<dyn Fast>>),
    ) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            clock: Clock::start(),
            config: Arc::clone(pool.config()),
            pool: Mutex::new(pool),
            transport,
            sockets,
            faults,
            stopped: AtomicBool::new(false),
            listeners: AtomicU64::new(0),
            own: Weak::clone(own),
            endpoint: Turn::new(endpoint),
            looked_at: AtomicBool::new(false),
            inbox: Mutex::default(),
            dones: Mutex::default(),
            delivering: Turn::new(()),
            sink,
            fast,
        })
    }

    /// Leaves an input for the endpoint, to be worked on by [`Self::work_off`].
    pub(crate) fn post(&self, input: Input<E::Msg, E::Call>, held: Held) {
        lock(&self.inbox).push_back((input, held));
    }

    /// The same, of something that happened on a line; dropped where the line is over.
    pub(super) fn post_of(&self, line: &Line, event: NetEvent<E::Msg>, held: Held) {
        let mut inbox = lock(&self.inbox);
        if !line.is_over.load(Ordering::Relaxed) {
            inbox.push_back((Input::Net(event), held));
        }
    }

    /// Tells that a connection is dead: the last that is told of it.
    pub(super) fn reset(&self, line: &Line, why: Fault) {
        let event = NetEvent::Reset { con: line.con(), why };
        let mut inbox = lock(&self.inbox);
        if !line.is_over.swap(true, Ordering::Relaxed) {
            inbox.push_back((Input::Net(event), Held::default()));
        }
    }

    /// Tells nothing more of a connection: neither what happens on its line from now on, nor what waits in the inbox.
    fn hush(&self, con: ConId, line: Option<&Line>) {
        let is_of = |(input, _): &Waiting<E>| matches!(input, Input::Net(event) if event.con() == con);
        let mut inbox = lock(&self.inbox);
        if let Some(line) = line {
            line.is_over.store(true, Ordering::Relaxed);
        }
        let mut gone = VecDeque::new();
        if inbox.iter().any(is_of) {
            (gone, *inbox) = std::mem::take(&mut *inbox).into_iter().partition(is_of);
        }
        drop(inbox);
        // Messages may be large, and others wait for the inbox.
        drop(gone);
    }

    /// Works on the inbox, unless another thread does, which then takes all of it. Pipes are written, and results are
    /// handed out, when no lock is held. Within the sink of results the work is left to who called the sink, so that
    /// what is asked for there leaves in one go.
    ///
    /// Says whether something is left, which only threads of the transport hear: others leave the rest to it.
    pub(crate) fn work_off(&self, thread: Thread) -> bool {
        if DELIVERING.get() == self.address() {
            return false;
        }
        let ending = EndsOnPanic { transport: &*self.transport, completed: thread == Thread::Transport };
        let is_left = self.endpoint.take(
            ROUNDS_MAX,
            &mut Later::nothing(),
            |endpoint, later| self.work(endpoint, later),
            |later| {
                self.flush(later, thread);
                self.deliver();
            },
            || self.looked_at.swap(false, Ordering::SeqCst) || !lock(&self.inbox).is_empty(),
        );
        ending.complete();
        if is_left && thread == Thread::Caller {
            self.transport.run_soon();
        }
        is_left
    }

    /// A short look at the endpoint.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut E) -> T) -> T {
        let value = self.endpoint.with(f);
        // Others left their inputs while we had the lock, and the endpoint may have something to say: within the sink,
        // whoever called that must look again.
        self.looked_at.swap(true, Ordering::SeqCst);
        self.work_off(Thread::Caller);
        value
    }

    fn flush(&self, later: &mut Later, thread: Thread) {
        // Others may rely on this wake-up, and a pipe must be dialled before it is written: first what is quick.
        if std::mem::take(&mut later.wake) {
            self.transport.wake();
        }
        for wish in later.wishes.drain(..) {
            match wish {
                Wish::Dial(line) => self.transport.dial(&line),
                Wish::Close(line) => self.close(&line),
            }
        }
        for line in later.touched.drain(..) {
            self.transport.touched(&line, later.now, thread);
        }
    }

    pub(super) fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }

    /// Whether this thread is one of the node's.
    pub(super) fn is_own_thread(&self) -> bool {
        THREAD_OF.get() == self.address()
    }

    fn work(&self, endpoint: &mut E, later: &mut Later) {
        let now = self.clock.now();
        later.now = now;
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
        later.wake |= self.transport.wanted_at(endpoint.next_timeout());
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
            NetCommand::Connect { con, peer, addrs } => self.connect(now, (con, peer, addrs), false, later),
            NetCommand::ConnectAnon { con, peer, addrs } => {
                self.connect(now, (con, peer, addrs), true, later)
            }
            NetCommand::AuthStep { con, step } => self.answer(now, con, step, later),
            NetCommand::SendKeepalive { con } => {
                self.on_pipe(con, later, |line| line.lock().pipe.send_keepalive(now))
            }
            NetCommand::MarkDisposable { con } => {
                self.on_pipe(con, later, |line| line.lock().pipe.mark_disposable())
            }
            NetCommand::MarkDown { con } => self.mark_down(con, later),
            NetCommand::SetMyName { name } => self.config.myname.set_num(name.num),
        }
    }

    fn pipe(&self, con: ConId) -> Option<Link<Arc<Line>>> {
        lock(&self.pool).link(con).cloned()
    }

    fn on_pipe(&self, con: ConId, later: &mut Later, f: impl FnOnce(&Line)) {
        if let Some(Link::Pipe(line)) = self.pipe(con) {
            f(&line);
            later.touch(&line);
        }
    }

    fn send(&self, now: Now, con: ConId, msg: Box<dyn Outgoing>, later: &mut Later) {
        match self.pipe(con) {
            Some(Link::Pipe(line)) => {
                line.lock().pipe.send(now, msg);
                later.touch(&line);
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

    fn connect(
        &self,
        now: Now,
        (con, peer, addrs): (ConId, EntityType, EntityAddrVec),
        anon: bool,
        later: &mut Later,
    ) {
        let mut pool = lock(&self.pool);
        // Looked at behind the lock: what is put in before the node stops is found and reset when it does.
        if self.stopped.load(Ordering::SeqCst) {
            return self.tell(NetEvent::Reset { con, why: Fault::Shutdown });
        }
        match pool.connect(now, con, peer, addrs) {
            Connect::Dial { pipe, addrs, socket } => {
                let line = Arc::new(Line::new(con, socket, *pipe, self.faults.clone()));
                pool.insert(con, if anon { EntityAddrVec::NONE } else { addrs }, Arc::clone(&line));
                later.wishes.push(Wish::Dial(line));
            }
            Connect::Local(peer) => self.tell(NetEvent::Connected { con, peer }),
            Connect::Refused(why) => self.tell(NetEvent::Reset { con, why }),
        }
    }

    fn answer(&self, now: Now, con: ConId, step: AuthStep, later: &mut Later) {
        self.on_pipe(con, later, |line| line.lock().pipe.answer(now, Answer::Auth(step)));
    }

    fn mark_down(&self, con: ConId, later: &mut Later) {
        let link = lock(&self.pool).remove(con);
        let line = link.and_then(|link| if let Link::Pipe(line) = link { Some(line) } else { None });
        self.hush(con, line.as_deref());
        if let Some(line) = line {
            line.lock().pipe.mark_down();
            later.wishes.push(Wish::Close(line));
        }
    }

    /// Hands results out in the order in which they came, one thread at a time.
    fn deliver(&self) {
        let next = || lock(&self.dones).pop_front();
        let hand_out = || {
            let _within = Within::delivering(self.address());
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
