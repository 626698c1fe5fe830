//! The only driver of endpoints.

mod events;
mod host;
mod shared;

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};

use loligo_base::Now;
use loligo_msgr_proto::{Endpoint, Fault, Held, Input, Pool};
use loligo_wire::entity::{EntityAddr, EntityAddrVec};

use crate::bind::{self, BindAddr};
use crate::entropy::{SystemEntropy, random_nonce};
use crate::options::NodeOptions;
use crate::sync::lock;
use crate::transport::{self, Faults, Listener, SocketOptions, Thread, Transport};

pub(crate) use shared::{Fast, Shared, Sink};

/// An [`Endpoint`] on sockets: a client, a daemon, a chain of dispatchers. A cheap handle; the last one that is dropped
/// shuts the node down.
///
/// The endpoint stands behind one lock with an inbox. [`call`](Self::call) never blocks on it: who finds the lock free
/// works for all who wait. What comes of it is handed to the sink that [`start`](Self::start) was given, on whichever
/// thread did the work, in order, when no lock is held. The sink must not wait for another result of the same node; it
/// may call the node, also to shut it down.
pub struct Node<E: Endpoint>(Arc<Owner<E>>);

/// The transport that the options ask for.
pub(crate) fn transport_of(options: &NodeOptions) -> io::Result<Arc<dyn Transport>> {
    transport::create(options.ms_type, &options.thread_name, options.ms_async_op_threads)
}

/// Shuts down when the last handle goes.
struct Owner<E: Endpoint> {
    shared: Arc<Shared<E>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The process that has the thread. A forked child has the handle, but neither the thread nor a right to its sockets.
    pid: u32,
    options: NodeSockets,
}

/// What binding needs of the options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeSockets {
    pub(crate) port_min: u16,
    pub(crate) port_max: u16,
    pub(crate) retry_count: u32,
    pub(crate) retry_delay: std::time::Duration,
    pub(crate) ipv6: bool,
}

impl<E> Node<E>
where
    E: Endpoint + Send + 'static,
    E::Msg: Send,
    E::Call: Send,
    E::Done: Send,
{
    /// Starts a node with its thread. Results of the endpoint go to `done`.
    ///
    /// # Errors
    ///
    /// When the system has no event queue, no thread or no randomness for it.
    pub fn start(
        endpoint: E,
        options: NodeOptions,
        done: impl Fn(E::Done) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_in_batches(endpoint, options, move |results| results.for_each(&done))
    }

    /// As [`start`](Self::start), with a sink that is given all results that came together: what is costly, such as to wake
    /// a thread, it can do once for them all. What it leaves of the iterator is dropped.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_in_batches(
        endpoint: E,
        options: NodeOptions,
        sink: impl Fn(&mut dyn Iterator<Item = E::Done>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_with(transport_of(&options)?, endpoint, options, (Box::new(sink), None))
    }

    /// As [`start_in_batches`](Self::start_in_batches), on a transport of the caller's own, which serves this node alone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn start_on(
        transport: Arc<dyn Transport>,
        endpoint: E,
        options: NodeOptions,
        sink: impl Fn(&mut dyn Iterator<Item = E::Done>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_with(transport, endpoint, options, (Box::new(sink), None))
    }

    /// As [`start_on`](Self::start_on), with somebody who hears of some things first.
    pub(crate) fn start_fast_on(
        transport: Arc<dyn Transport>,
        endpoint: E,
        options: NodeOptions,
        sink: Sink<E>,
        fast: Box<dyn Fast>,
    ) -> io::Result<Self> {
        Self::start_with(transport, endpoint, options, (sink, Some(fast)))
    }

    fn start_with(
        transport: Arc<dyn Transport>,
        endpoint: E,
        options: NodeOptions,
        ends: (Sink<E>, Option<Box<dyn Fast>>),
    ) -> io::Result<Self> {
        let nonce = options.nonce.map_or_else(random_nonce, Ok)?;
        let pool = Pool::new(Arc::new(options.config), nonce, Box::new(SystemEntropy));
        let sockets = NodeSockets {
            port_min: options.ms_bind_port_min,
            port_max: options.ms_bind_port_max,
            retry_count: options.ms_bind_retry_count,
            retry_delay: options.ms_bind_retry_delay,
            ipv6: options.ms_bind_ipv6,
        };
        let faults = Faults::new(options.inject, u64::from(nonce)).map(Arc::new);
        let made = SocketOptions {
            nodelay: options.ms_tcp_nodelay,
            rcvbuf: options.ms_tcp_rcvbuf,
            backlog: options.ms_tcp_listen_backlog,
        };
        let shared = Shared::new(endpoint, pool, made, faults, transport, ends);
        let lives = Arc::clone(&shared);
        let thread = thread::Builder::new().name(options.thread_name).spawn(move || lives.live())?;
        // The endpoint may have something to say before anybody asks.
        shared.work_off(Thread::Caller);
        Ok(Self(Arc::new(Owner {
            shared,
            thread: Mutex::new(Some(thread)),
            pid: std::process::id(),
            options: sockets,
        })))
    }
}

impl<E: Endpoint> Node<E> {
    /// Asks something of the endpoint. Does not block; what comes of it goes to the sink.
    pub fn call(&self, call: E::Call) {
        self.0.shared.post(Input::Call(call), Held::default());
        self.0.shared.work_off(Thread::Caller);
    }

    /// A short look at the endpoint, under its lock: nothing that blocks or takes long. Not for use within `with`.
    pub fn with<T>(&self, f: impl FnOnce(&mut E) -> T) -> T {
        self.0.shared.with(f)
    }

    /// The time that the endpoint is told, for deadlines.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.shared.clock.now()
    }

    /// Takes calls from now on (`Messenger::bind`). With port 0, or without an address, a free one of the range is
    /// taken. Gives the address that peers may call. May wait between attempts when no port is free. A node that takes calls
    /// in both protocols has two addresses, that of messenger v2 first.
    ///
    /// # Errors
    ///
    /// When no port could be bound, or the node has ended.
    pub fn bind(&self, addr: BindAddr) -> io::Result<EntityAddr> {
        if self.0.shared.stopped.load(Ordering::SeqCst) {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the node has ended"));
        }
        let shared = &self.0.shared;
        let bound = bind::bind(&addr, &self.0.options, &*shared.transport, &shared.sockets)?;
        let local = bound.local_addr()?;
        let mut pool = lock(&self.0.shared.pool);
        pool.bound_to(addr.kind, local);
        let mine = pool.my_addrs();
        let generation = self.0.shared.listeners.load(Ordering::SeqCst);
        drop(pool);
        self.0.shared.transport.listen(Listener { bound, kind: addr.kind, generation });
        Ok(mine.of_type(addr.kind).unwrap_or_else(|| mine.front()))
    }

    /// Becomes somebody new at other ports (`Messenger::rebind`): all connections are reset, the nonce is another one, and
    /// for each protocol a port is bound that is neither an old one nor in `avoid_ports`. For a daemon that its peers believe
    /// dead. Gives the last of the new addresses; [`Self::my_addrs`] has them all.
    ///
    /// # Errors
    ///
    /// When no port could be bound. The old ones are given up all the same.
    pub fn rebind(&self, mut avoid_ports: Vec<u16>) -> io::Result<EntityAddr> {
        let mut pool = lock(&self.0.shared.pool);
        let old = pool.renew_nonce();
        drop(pool);
        self.0.shared.mark_down_all(&Fault::Closed, true);
        self.0.shared.work_off(Thread::Caller);
        avoid_ports.extend(old.iter().map(EntityAddr::port));
        let mut last = old.front();
        for addr in old.iter() {
            last = self.bind(BindAddr {
                kind: addr.kind,
                ip: addr.ip(),
                port: 0,
                avoid_ports: avoid_ports.clone(),
            })?;
            avoid_ports.push(last.port());
        }
        Ok(last)
    }

    /// How many connections there are, with those that are being opened and that wait for another stream.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.0.shared.pool).connections().count()
    }

    /// Resets all connections (`Messenger::mark_down_all`). Others can be opened, and calls are still taken.
    pub fn mark_down_all(&self) {
        self.0.shared.mark_down_all(&Fault::Closed, false);
        self.0.shared.work_off(Thread::Caller);
    }

    /// The addresses that peers are told. Without an IP until one is bound or learned.
    #[must_use]
    pub fn my_addrs(&self) -> EntityAddrVec {
        lock(&self.0.shared.pool).my_addrs()
    }

    /// Closes all connections and ends the thread. The endpoint sees each connection reset, then [`Input::Stopped`]; calls
    /// that come later still reach it. From a second time on, and from the node's own thread, it does not wait.
    pub fn shutdown(&self) {
        self.end();
    }

    /// The same; says whether all is over.
    pub(crate) fn end(&self) -> bool {
        self.0.shutdown()
    }
}

impl<E: Endpoint> Node<E> {
    /// A handle that does not keep the node running: for what the sink holds.
    #[must_use]
    pub fn downgrade(&self) -> WeakNode<E> {
        WeakNode(Arc::downgrade(&self.0))
    }
}

/// A handle of a [`Node`] that does not keep it running.
pub struct WeakNode<E: Endpoint>(Weak<Owner<E>>);

impl<E: Endpoint> WeakNode<E> {
    /// The node, if a handle that keeps it running is left.
    #[must_use]
    pub fn upgrade(&self) -> Option<Node<E>> {
        self.0.upgrade().map(Node)
    }
}

impl<E: Endpoint> Clone for WeakNode<E> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<E: Endpoint> fmt::Debug for WeakNode<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakNode")
    }
}

impl<E: Endpoint> Owner<E> {
    /// Says whether this call ended it, and waited for that.
    fn shutdown(&self) -> bool {
        if self.pid != std::process::id() {
            return false;
        }
        self.shared.stopped.store(true, Ordering::SeqCst);
        let thread = lock(&self.thread).take();
        let Some(thread) = thread else { return false };
        self.shared.transport.stop();
        if self.shared.is_own_thread() {
            return false;
        }
        if thread.join().is_err() {
            tracing::error!("the node's thread has panicked");
        }
        true
    }
}

impl<E: Endpoint> Drop for Owner<E> {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl<E: Endpoint> Clone for Node<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Endpoint> fmt::Debug for Node<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&lock(&self.0.shared.pool).my_addrs()).finish()
    }
}

#[cfg(test)]
mod tests;
