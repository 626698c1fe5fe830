//! A network in memory: nodes that talk without a socket, in one process.
//!
//! For tests of programs: no port is taken, and nothing of the system is waited for. Names are ordinary addresses. A stream
//! behaves as one of sockets does: it holds a limited number of bytes, so that who writes more has to wait; bytes come in pieces;
//! each direction can be closed by itself; what is dropped hangs up, and resets where something was left unread; a call is
//! refused where nobody listens, and gets no answer where no host is. The conformance suite runs on it, but for what needs file
//! descriptors.
//!
//! Beyond that, a network can be made a bad one: with [`MemoryOptions`] the pieces and the points at which streams are cut are drawn
//! from a seed, [`MemoryNetwork::cut`] cuts what is between two hosts, and [`MemoryNetwork::unplug`] takes one away, as if
//! it had lost its power or its cable. Time is that of the host: for a world in which time is an input as well, see
//! `loligo-sim`.
//!
//! A node is started on its network by [`Node::start_on`](crate::Node::start_on), a messenger by
//! [`Messenger::create_on`](crate::Messenger::create_on). Peers that are no nodes, as one that sends nonsense, have
//! [`MemoryStream`] and [`MemoryListener`].
//!
//! # Examples
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use loligo_msgr::proto::{Config, Envelope, Posted};
//! use loligo_msgr::transport::memory::MemoryNetwork;
//! use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
//! use loligo_wire::Tid;
//! use loligo_wire::entity::{EntityName, EntityType};
//! use loligo_wire::message::MPing;
//!
//! /// Sends everything back.
//! struct Echo;
//!
//! impl Dispatcher for Echo {
//!     fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
//!         con.send_message(message.clone());
//!         true
//!     }
//! }
//!
//! /// Tells what came back.
//! struct Told(mpsc::Sender<Tid>);
//!
//! impl Dispatcher for Told {
//!     fn ms_dispatch(&self, _: &Connection, message: &Envelope) -> bool {
//!         self.0.send(message.header.tid).is_ok()
//!     }
//! }
//!
//! let network = MemoryNetwork::new();
//! let [here, there] = [[10, 0, 0, 1], [10, 0, 0, 2]].map(Into::into);
//!
//! let policies = PolicySet::new(Policy::stateless_server());
//! let options = NodeOptions::new(Config::new(EntityName::osd(0), policies));
//! let server = Messenger::create_on(network.transport(there), options, NoAuth)?;
//! server.add_dispatcher_tail(Arc::new(Echo));
//! let addr = server.bind(BindAddr { ip: Some(there), port: 6800, ..BindAddr::default() })?;
//!
//! let (tell, told) = mpsc::channel();
//! let client = Messenger::create_on(network.transport(here), NodeOptions::client(), NoAuth)?;
//! client.add_dispatcher_tail(Arc::new(Told(tell)));
//! client.send_to(Posted { tid: Tid(7), message: MPing }, EntityType::OSD, addr.into());
//! assert_eq!(told.recv()?, Tid(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod flow;
mod link;
mod network;
mod stream;
mod turns;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use loligo_base::{Mono, Now};

use super::{After, Bound, Host, Line, Listener, SocketOptions, Thread, Transport};
use crate::bell::Desk;
use crate::sync::AtomicU64;
use network::Network;
use turns::Turns;

pub use stream::{MemoryListener, MemoryStream};

/// How many calls may wait where nothing is said.
const BACKLOG: usize = 127;

/// How a network in memory behaves.
#[derive(Clone, Debug)]
pub struct MemoryOptions {
    /// How many bytes a stream holds in each direction that were written and not read. The size of a receive buffer
    /// (`ms_tcp_rcvbuf`), where the reader has one, takes its place.
    pub buffer: usize,
    /// The largest piece that is written or read at once, in bytes; 0 for any. How large each one is, the dice say.
    pub piece: usize,
    /// Each stream is cut after so many bytes in one direction at the latest, and the dice say when; 0 for never.
    pub cut_after: u64,
    /// What the dice begin with. The n-th stream to an address draws the same in each run.
    pub seed: u64,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self { buffer: 64 << 10, piece: 0, cut_after: 0, seed: 0 }
    }
}

/// A network in memory. A cheap handle.
#[derive(Clone)]
pub struct MemoryNetwork(Arc<Network>);

impl Default for MemoryNetwork {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryNetwork {
    /// A network on which nothing goes wrong.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(MemoryOptions::default())
    }

    /// A network that behaves like that.
    #[must_use]
    pub fn with_options(options: MemoryOptions) -> Self {
        Self(Network::new(options))
    }

    /// The transport of one node, whose host has that IP. Several nodes may be on one host. A host on the loopback may bind any
    /// address of it.
    #[must_use]
    pub fn transport(&self, ip: IpAddr) -> Arc<MemoryTransport> {
        let (network, desk) = (Arc::clone(&self.0), Arc::new(Desk::new()));
        Arc::new(MemoryTransport { own: Shared { network, ip, desk, keys: AtomicU64::new(0) } })
    }

    /// Takes calls at an address, as a peer that is no node. Port 0 for any.
    ///
    /// # Errors
    ///
    /// `AddrInUse` where somebody else does.
    pub fn listen(&self, addr: SocketAddr) -> io::Result<MemoryListener> {
        self.listen_with(addr, BACKLOG)
    }

    /// The same, with room for so many calls that nobody has taken. One more gets no answer, until one is taken.
    ///
    /// # Errors
    ///
    /// As [`listen`](Self::listen).
    pub fn listen_with(&self, addr: SocketAddr, backlog: usize) -> io::Result<MemoryListener> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        let sockets = SocketOptions { backlog, ..SocketOptions::default() };
        self.0.bind(addr.ip(), addr, &sockets).map(MemoryListener::new)
    }

    /// Calls an address from a host, as a peer that is no node, and waits until the call is taken.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` where nobody listens.
    pub fn connect(&self, from: IpAddr, to: SocketAddr) -> io::Result<MemoryStream> {
        MemoryStream::new(self.0.call(from, to, &SocketOptions::default())?).connected()
    }

    /// Cuts all streams between two hosts, so that both ends see a reset, and loses what is under way; gives how many there
    /// were. They may call again.
    pub fn cut(&self, one: IpAddr, other: IpAddr) -> usize {
        self.0.cut(one, other)
    }

    /// Takes a host away, as if it had lost its power: nobody hears of it any more, nor that it went. What is written to it
    /// or by it is kept where there is room, and calls wait. It need not be one that there is.
    pub fn unplug(&self, ip: IpAddr) {
        self.0.unplug(ip);
    }

    /// Brings a host back: what was held up goes on where it stopped, as after a cable was pulled out and put back.
    pub fn plug(&self, ip: IpAddr) {
        self.0.plug(ip);
    }
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryNetwork")
    }
}

/// The transport of one node on a [`MemoryNetwork`]. It has no thread but the node's own, and no file descriptor.
pub struct MemoryTransport {
    own: Shared,
}

/// What the threads of a node share.
struct Shared {
    network: Arc<Network>,
    ip: IpAddr,
    desk: Arc<Desk<Wish>>,
    /// Names that were given to lines.
    keys: AtomicU64,
}

/// What is kept of a line.
struct Seat {
    key: u64,
}

/// What the node's own thread is asked to do.
enum Wish {
    /// Open the line's stream.
    Dial(Arc<Line>),
    /// The line has a stream.
    Adopt(Arc<Line>),
    /// The stream of the first is now that of the second.
    HandOver(Arc<Line>, Arc<Line>),
    /// See to all that the line may want.
    Service(Arc<Line>),
    /// The line's stream has room again.
    Writable(Arc<Line>),
    /// Forget the line.
    Close(Arc<Line>),
    /// Take calls.
    Listen(Listener),
    /// Take those that there are.
    Accept(Arc<Listener>),
    /// Take no more calls.
    Unlisten,
    /// Work on the endpoint's inbox.
    Run,
    /// End.
    Stop,
}

impl Transport for MemoryTransport {
    fn run(&self, host: &Arc<dyn Host>) {
        Turns::new(&self.own, host).work();
    }

    fn stop(&self) {
        self.own.desk.tell(Wish::Stop);
    }

    fn join(&self) {
        // Nobody sees to these any more.
        self.own.desk.take(&mut Vec::new());
    }

    fn dial(&self, line: &Arc<Line>) {
        self.own.desk.tell(Wish::Dial(Arc::clone(line)));
    }

    fn adopt(&self, line: &Arc<Line>) {
        self.own.desk.tell(Wish::Adopt(Arc::clone(line)));
    }

    fn moved(&self, from: &Arc<Line>, to: &Arc<Line>) {
        self.own.desk.tell(Wish::HandOver(Arc::clone(from), Arc::clone(to)));
    }

    fn touched(&self, line: &Arc<Line>, now: Now, _thread: Thread) {
        if line.flush(now) == After::Service {
            self.own.desk.tell(Wish::Service(Arc::clone(line)));
        }
    }

    fn close(&self, line: &Arc<Line>) {
        self.own.desk.tell(Wish::Close(Arc::clone(line)));
    }

    fn bind(&self, addr: SocketAddr, _is_given: bool, sockets: &SocketOptions) -> io::Result<Box<dyn Bound>> {
        Ok(Box::new(self.own.network.bind(self.own.ip, addr, sockets)?))
    }

    fn listen(&self, listener: Listener) {
        self.own.desk.tell(Wish::Listen(listener));
    }

    fn unlisten(&self) {
        self.own.desk.tell(Wish::Unlisten);
    }

    fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.own.desk.wanted_at(at)
    }

    fn wake(&self) {
        self.own.desk.wake();
    }

    fn run_soon(&self) {
        self.own.desk.tell(Wish::Run);
    }
}

impl fmt::Debug for MemoryTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryTransport").field(&self.own.ip).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests;
