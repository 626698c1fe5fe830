//! What moves the bytes of pipes: the seam, and the transports behind it.
//!
//! A [`Transport`] dials, listens, moves bytes, keeps timers and wakes. It decides nothing: what the bytes mean is known to
//! the pipe of a [`Line`], and what becomes of events to the [`Host`], which is the node. What its bytes move through is a
//! [`Stream`] of its own making. The [conformance suite] runs each of its promises over every transport.
//!
//! [conformance suite]: https://github.com/loligo-rs/loligo/tree/main/crates/msgr/tests/conformance

#[cfg(test)]
mod idle;
mod inject;
mod line;
pub mod memory;
mod ms_type;
mod reactor;
mod settle;
mod simple;
mod socket;
mod stream;

use std::any::Any;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use loligo_base::{Mono, Now};
use loligo_msgr_proto::PipeEvent;
use loligo_wire::entity::AddrType;

pub(crate) use inject::Faults;
pub use inject::Inject;
pub use line::{After, Line, ReadOutcome};
pub use ms_type::{MsType, UnknownMsType};
use reactor::AsyncTransport;
use simple::SimpleTransport;
pub use socket::SocketOptions;
pub use stream::{Bound, Stream};

/// What moves the bytes of a node's pipes, accepts, dials, keeps time and wakes.
///
/// # The contract
///
/// The node calls [`run`](Self::run) once, on a thread that it made for that; other threads are made by [`Host::spawn`], and
/// all have ended when [`join`](Self::join) returns. All other methods may be called by any thread, at any time, also before
/// `run` and after its end, and do not wait for the network nor for another thread of the transport; they are called with
/// nothing locked, where they do not say otherwise.
///
/// For each [`Line`], at most one thread at a time is within [`Host::pump`], and one within each of
/// [`Line::read`] (or between [`Line::recv_begin`] and [`Line::recv_end`]). Any number may write. Whatever changes a pipe is
/// followed by a look at [`Line::after`], be it by the transport, where it reads, writes or keeps time, or by the node, which
/// then calls [`touched`](Self::touched). After pumping, [`Host::run`] lets the endpoint work; it may be called once for many
/// lines.
///
/// What the transport keeps of a line, it keeps in the line's [`seat`](Line::seat).
pub trait Transport: Send + Sync {
    /// Works until [`stop`](Self::stop) is called.
    fn run(&self, host: &Arc<dyn Host>);

    /// Asks all threads to end. A panic on one of them comes here too.
    fn stop(&self);

    /// Waits until all threads have ended, but for the one that called [`run`](Self::run), which is the one that asks.
    fn join(&self);

    /// Opens a stream to the [address](Line::addr) of a line and [attaches](Line::attach) it; then it is
    /// [started](Line::started), or [lost](Line::lost). Nothing is done for a dead line.
    fn dial(&self, line: &Arc<Line>);

    /// A line has a stream that is open and that the transport has not seen yet.
    fn adopt(&self, line: &Arc<Line>);

    /// The stream of a line was given to another one. That of `from` is [closed](Self::close).
    fn moved(&self, from: &Arc<Line>, to: &Arc<Line>);

    /// Something was done to a line's pipe: it may have something to write, to tell or to wait for, or want to read again.
    fn touched(&self, line: &Arc<Line>, now: Now, thread: Thread);

    /// The line is over, and has no stream any more: forgets it.
    fn close(&self, line: &Arc<Line>);

    /// Takes a place where calls can come in. They wait there until it is [listened](Self::listen) to. `is_given`: somebody
    /// asked for that port, which is then had even where old streams of it linger; one that is tried is not.
    ///
    /// # Errors
    ///
    /// `AddrInUse` where another has it; what else the system says.
    fn bind(&self, addr: SocketAddr, is_given: bool, sockets: &SocketOptions) -> io::Result<Box<dyn Bound>>;

    /// Takes the calls that come in at a place that this transport [bound](Self::bind), until [`unlisten`](Self::unlisten). They
    /// are told by [`Host::add_accept_pipe`].
    fn listen(&self, listener: Listener);

    /// Takes no more calls.
    fn unlisten(&self);

    /// The endpoint wants [`Host::run`] to be called at that time, and no longer at the one that it wanted before. Called with
    /// the endpoint locked: makes no system call, but says whether [`wake`](Self::wake) must be called for it.
    fn wanted_at(&self, at: Option<Mono>) -> bool;

    /// Wakes whoever is to keep that time.
    fn wake(&self);

    /// There is work left for [`Host::run`].
    fn run_soon(&self);
}

/// A transport for one node, that names its threads after `name`. `async` has so many threads.
///
/// # Errors
///
/// When the system has no event queue for it.
pub fn create(ms_type: MsType, name: &str, ms_async_op_threads: usize) -> io::Result<Arc<dyn Transport>> {
    Ok(match ms_type {
        MsType::Async => Arc::new(AsyncTransport::new(name.to_owned(), ms_async_op_threads)?),
        MsType::Simple => Arc::new(SimpleTransport::new(name.to_owned())),
    })
}

/// The node, as a [`Transport`] sees it.
pub trait Host: Send + Sync {
    /// The time.
    fn now(&self) -> Now;

    /// How sockets are to be made.
    fn sockets(&self) -> &SocketOptions;

    /// A call came (`add_accept_pipe`): gives the line for it, which has the stream and is to be seen to like any other that
    /// is [adopted](Transport::adopt). `None` where the call was hung up on.
    fn add_accept_pipe(
        &self,
        listener: &Listener,
        stream: Arc<dyn Stream>,
        from: SocketAddr,
    ) -> Option<Arc<Line>>;

    /// Tells upward what happened on a line, in order. One thread at a time for each line. `scratch` is kept by the caller so
    /// that nothing need be allocated.
    fn pump(&self, line: &Arc<Line>, scratch: &mut Scratch);

    /// Lets the endpoint work on what it was told, and hands out what comes of it. Says whether there is work left, which the
    /// caller has then to see to, by calling this again when others had their turn.
    fn run(&self) -> bool;

    /// Makes a thread. A panic on it ends the node.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;
}

/// Room for the events of a pipe. See [`Host::pump`].
#[derive(Debug, Default)]
pub struct Scratch(pub(crate) Vec<PipeEvent>);

/// Where calls are taken.
#[derive(Debug)]
pub struct Listener {
    /// What the transport bound.
    pub bound: Box<dyn Bound>,
    /// The protocol that is spoken there.
    pub kind: AddrType,
    /// Tells it from listeners that the node has given up.
    pub(crate) generation: u64,
}

impl Listener {
    /// What the transport bound, where it is of that type.
    #[must_use]
    pub fn bound_as<B: Bound>(&self) -> Option<&B> {
        let bound: &dyn Any = &*self.bound;
        bound.downcast_ref()
    }
}

/// Whose thread it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thread {
    /// One of the transport.
    Transport,
    /// Any other.
    Caller,
}
