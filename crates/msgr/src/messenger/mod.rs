//! A node whose endpoint is a chain of dispatchers.

mod chain;
mod connection;
mod deliver;
mod dispatch_thread;
mod dispatcher;

use std::io;
use std::sync::{Arc, Mutex};

use loligo_msgr_proto::{DispatchQueue, Outgoing};
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityType};

use crate::bind::BindAddr;
use crate::node::{Node, Sink, transport_of};
use crate::options::NodeOptions;
use crate::sync::lock;
use crate::transport::Transport;

pub use chain::{Delivery, DispatcherChain};
pub use connection::Connection;
use deliver::Deliverer;
use dispatch_thread::DispatchThread;
pub use dispatcher::{Authenticate, Dispatcher, NoAuth};

/// The dispatchers of a messenger, in the order in which they are asked.
type Dispatchers = Arc<Mutex<Vec<Arc<dyn Dispatcher>>>>;

/// Sends messages to peers and hands theirs to [`Dispatcher`]s: Ceph's `Messenger`. A cheap handle.
///
/// What arrives is handed out one at a time in the order of [`DispatchQueue`]: what is told of connections, then messages by
/// priority, those of one connection and priority in order. That is done on a thread of its own, where a dispatcher may take its time:
/// connections go on meanwhile, until a throttle is full, as a message keeps its share of the throttles until it is dispatched. Without
/// that thread ([`NodeOptions::dispatch_thread`]) it is done where messages are read. Messages that
/// [`ms_can_fast_dispatch`](Dispatcher::ms_can_fast_dispatch) names go past the queue: there in any case. What a connection brought and
/// that still waits when it is reset or marked down is dropped.
#[derive(Clone)]
pub struct Messenger {
    node: Node<DispatcherChain>,
    dispatchers: Dispatchers,
    /// If it has one.
    dispatch_thread: Option<Arc<DispatchThread>>,
}

impl Messenger {
    /// Starts a messenger (`Messenger::create`). `auth` answers the questions of handshakes.
    ///
    /// # Errors
    ///
    /// As [`Node::start`].
    pub fn create(options: NodeOptions, auth: impl Authenticate + 'static) -> io::Result<Self> {
        Self::create_on(transport_of(&options)?, options, auth)
    }

    /// As [`create`](Self::create), on a transport of the caller's own, which serves this messenger alone: as that of a
    /// [network in memory](crate::transport::memory).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_on(
        transport: Arc<dyn Transport>,
        options: NodeOptions,
        auth: impl Authenticate + 'static,
    ) -> io::Result<Self> {
        let deliverer = Deliverer {
            dispatchers: Dispatchers::default(),
            queue: Arc::new(Mutex::new(DispatchQueue::new(
                options.ms_pq_max_tokens_per_priority,
                options.ms_pq_min_cost,
            ))),
            node: Arc::default(),
        };
        let (dispatchers, own) = (Arc::clone(&deliverer.dispatchers), Arc::clone(&deliverer.node));
        let queue = Arc::clone(&deliverer.queue);
        let policies = options.config.policies.clone();
        let chain = DispatcherChain::new(Box::new(auth), Arc::clone(&dispatchers), policies, queue);
        let fast = Box::new(deliverer.clone());
        let (sink, dispatch_thread) = sink(deliverer, options.dispatch_thread)?;
        let node = Node::start_fast_on(transport, chain, options, sink, fast)?;
        let _ = own.set(node.downgrade());
        Ok(Self { node, dispatchers, dispatch_thread })
    }

    /// Adds a dispatcher that is asked before the others.
    pub fn add_dispatcher_head(&self, dispatcher: Arc<dyn Dispatcher>) {
        lock(&self.dispatchers).insert(0, dispatcher);
    }

    /// Adds a dispatcher that is asked after the others.
    pub fn add_dispatcher_tail(&self, dispatcher: Arc<dyn Dispatcher>) {
        lock(&self.dispatchers).push(dispatcher);
    }

    /// Takes calls from now on: see [`Node::bind`].
    ///
    /// # Errors
    ///
    /// When no port could be bound.
    pub fn bind(&self, addr: BindAddr) -> io::Result<EntityAddr> {
        self.node.bind(addr)
    }

    /// Becomes somebody new at another port: see [`Node::rebind`].
    ///
    /// # Errors
    ///
    /// When no port could be bound.
    pub fn rebind(&self, avoid_ports: Vec<u16>) -> io::Result<EntityAddr> {
        self.node.rebind(avoid_ports)
    }

    /// The addresses that peers are told.
    #[must_use]
    pub fn my_addrs(&self) -> EntityAddrVec {
        self.node.my_addrs()
    }

    /// The connection to a peer: the living one to that address, else a new one (`connect_to`). Messages can be sent at
    /// once; they leave when the connection is open.
    #[must_use]
    pub fn connect_to(&self, peer: EntityType, addrs: EntityAddrVec) -> Connection {
        let con = self.node.with(|chain| chain.connect_to(peer, addrs));
        Connection::new(self.node.downgrade(), con)
    }

    /// A new connection to a peer, that nobody else is given and that no other is taken for (`connect_to` with `anon`).
    #[must_use]
    pub fn connect_to_anon(&self, peer: EntityType, addrs: EntityAddrVec) -> Connection {
        let con = self.node.with(|chain| chain.connect_to_anon(peer, addrs));
        Connection::new(self.node.downgrade(), con)
    }

    /// Sends a message to whoever is at these addresses (`send_to`).
    pub fn send_to(&self, msg: impl Outgoing + 'static, peer: EntityType, addrs: EntityAddrVec) {
        self.connect_to(peer, addrs).send_message(msg);
    }

    /// Closes the connection to these addresses, if there is one (`mark_down_addrs`). Other than with
    /// [`Connection::mark_down`], dispatchers hear that it is reset, as in Ceph.
    pub fn mark_down_addrs(&self, addrs: &EntityAddrVec) {
        self.node.with(|chain| chain.mark_down_addrs(addrs));
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.node.connections()
    }

    /// Resets all connections: see [`Node::mark_down_all`].
    pub fn mark_down_all(&self) {
        self.node.mark_down_all();
    }

    /// The connection to ourselves (`get_loopback_connection`). Only for a messenger that is bound: without an address,
    /// it is reset at once.
    #[must_use]
    pub fn get_loopback_connection(&self) -> Connection {
        // The type decides the policy, and there is none to decide on for ourselves.
        self.connect_to(EntityType::default(), self.my_addrs())
    }

    /// Closes all connections and ends the threads: see [`Node::shutdown`]. Returns when dispatchers have heard of each connection
    /// that it is reset; before that where it is called on a thread of the messenger.
    pub fn shutdown(&self) {
        let is_over = self.node.end();
        if let Some(thread) = self.dispatch_thread.as_ref().filter(|_| is_over) {
            thread.join();
        }
    }
}

/// What hands out what was put into the queue, with the thread that does it where there is to be one.
fn sink(
    deliverer: Deliverer,
    on_a_thread: bool,
) -> io::Result<(Sink<DispatcherChain>, Option<Arc<DispatchThread>>)> {
    if !on_a_thread {
        let deliver = move |()| {
            deliverer.deliver_next();
        };
        let sink = move |new: &mut dyn Iterator<Item = ()>| new.for_each(&deliver);
        return Ok((Box::new(sink), None));
    }
    let (thread, ringer) = DispatchThread::start(deliverer)?;
    let sink = move |_: &mut dyn Iterator<Item = ()>| ringer.ring();
    Ok((Box::new(sink), Some(Arc::new(thread))))
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messenger").field("node", &self.node).finish_non_exhaustive()
    }
}
