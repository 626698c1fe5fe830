//! A node whose endpoint is a chain of dispatchers.

mod chain;
mod connection;
mod dispatcher;

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityType};

use crate::bind::BindAddr;
use crate::node::{Node, WeakNode};
use crate::options::NodeOptions;
use crate::sync::lock;

pub use chain::{Delivery, DispatcherChain};
pub use connection::Connection;
pub use dispatcher::{Authenticate, Dispatcher, NoAuth};

/// The dispatchers of a messenger, in the order in which they are asked.
type Dispatchers = Arc<Mutex<Vec<Arc<dyn Dispatcher>>>>;

/// Sends messages to peers and hands theirs to [`Dispatcher`]s: Ceph's `Messenger`. A cheap handle.
///
/// What arrives is handed out in order, one at a time, on the node's thread or on one that calls into the messenger.
/// A dispatcher must not wait there for something else that is to arrive.
#[derive(Clone)]
pub struct Messenger {
    node: Node<DispatcherChain>,
    dispatchers: Dispatchers,
}

impl Messenger {
    /// Starts a messenger (`Messenger::create`). `auth` answers the questions of handshakes.
    ///
    /// # Errors
    ///
    /// As [`Node::start`].
    pub fn create(options: NodeOptions, auth: impl Authenticate + 'static) -> io::Result<Self> {
        let dispatchers = Dispatchers::default();
        let weak: Arc<OnceLock<WeakNode<DispatcherChain>>> = Arc::default();
        let (chain, own) = (Arc::clone(&dispatchers), Arc::clone(&weak));
        let node = Node::start(DispatcherChain::new(Box::new(auth)), options, move |delivery| {
            if let Some(node) = own.get() {
                dispatch(&chain, node, delivery);
            }
        })?;
        let _ = weak.set(node.downgrade());
        Ok(Self { node, dispatchers })
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

    /// The connection to ourselves (`get_loopback_connection`). Only for a messenger that is bound: without an address,
    /// it is reset at once.
    #[must_use]
    pub fn get_loopback_connection(&self) -> Connection {
        // The type decides the policy, and there is none to decide on for ourselves.
        self.connect_to(EntityType::default(), self.my_addrs())
    }

    /// Closes all connections and ends the thread: see [`Node::shutdown`].
    pub fn shutdown(&self) {
        self.node.shutdown();
    }
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messenger").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Asks one dispatcher after the other until one takes it.
fn dispatch(dispatchers: &Dispatchers, node: &WeakNode<DispatcherChain>, delivery: Delivery) {
    let chain = lock(dispatchers).clone();
    let con = Connection::new(node.clone(), delivery.con());
    match delivery {
        Delivery::Message { envelope, .. } => {
            if !chain.iter().any(|one| one.ms_dispatch(&con, &envelope)) {
                tracing::warn!(message_type = envelope.header.message_type, con = %con.id(), "nobody takes a message");
            }
        }
        Delivery::Connect { peer, .. } => chain.iter().for_each(|one| one.ms_handle_connect(&con, &peer)),
        Delivery::Accept { peer, .. } => chain.iter().for_each(|one| one.ms_handle_accept(&con, &peer)),
        Delivery::RemoteReset { .. } => chain.iter().for_each(|one| one.ms_handle_remote_reset(&con)),
        Delivery::Reset { why, .. } => {
            let _ = chain.iter().any(|one| one.ms_handle_reset(&con, &why));
        }
        Delivery::Refused { .. } => {
            let _ = chain.iter().any(|one| one.ms_handle_refused(&con));
        }
    }
}
