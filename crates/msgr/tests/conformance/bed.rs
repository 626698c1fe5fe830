//! Nodes on the transport that is tried.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use loligo_msgr::proto::{Config, Endpoint};
use loligo_msgr::transport::memory::{MemoryNetwork, MemoryOptions};
use loligo_msgr::{BindAddr, MsType, Node, NodeOptions, Policy, PolicySet, Transport, transport};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName};
use socket2::{Domain, Socket, Type};

use crate::peers::{Call, Caller, Echo, Told};
use crate::raw::{Dialler, RawListener};

/// Longer than anything here may take, on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Any port of it.
pub(crate) const ANY_PORT: SocketAddr = SocketAddr::new(LOOPBACK, 0);

/// The transport that is tried, and what it moves bytes through.
pub(crate) enum Bed {
    /// Sockets of the system.
    Sockets { ms_type: MsType, threads: usize },
    /// A network of this test's own.
    Memory(MemoryNetwork),
}

impl Bed {
    /// A network in memory, where bytes come in small pieces or as they were written.
    pub(crate) fn memory(piece: usize) -> Self {
        Self::Memory(MemoryNetwork::with_options(MemoryOptions {
            piece,
            seed: 1,
            ..MemoryOptions::default()
        }))
    }

    /// The transport of one node.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        match self {
            Self::Sockets { ms_type, threads } => transport::create(*ms_type, "msgr", *threads).unwrap(),
            Self::Memory(network) => network.transport(LOOPBACK),
        }
    }

    /// A node on it.
    pub(crate) fn start<E>(
        &self,
        endpoint: E,
        options: NodeOptions,
        done: impl Fn(E::Done) + Send + Sync + 'static,
    ) -> Node<E>
    where
        E: Endpoint<Msg: Send, Call: Send, Done: Send> + Send + 'static,
    {
        match self {
            Self::Sockets { ms_type, threads } => {
                let options = NodeOptions { ms_type: *ms_type, ms_async_op_threads: *threads, ..options };
                Node::start(endpoint, options, done)
            }
            Self::Memory(_) => {
                let sink = move |results: &mut dyn Iterator<Item = E::Done>| results.for_each(&done);
                Node::start_on(self.transport(), endpoint, options, sink)
            }
        }
        .unwrap()
    }

    /// How many file descriptors a stream between two nodes of one process needs at least.
    pub(crate) const fn files_a_stream(&self) -> usize {
        match self {
            Self::Sockets { .. } => 2,
            Self::Memory(_) => 0,
        }
    }

    /// Takes calls at a free port, as a peer that is no node.
    pub(crate) fn listen(&self) -> RawListener {
        match self {
            Self::Sockets { .. } => RawListener::Socket(TcpListener::bind(ANY_PORT).unwrap()),
            Self::Memory(network) => RawListener::Memory(network.listen(ANY_PORT).unwrap()),
        }
    }

    /// What calls as a peer that is no node.
    pub(crate) fn dialler(&self) -> Dialler {
        match self {
            Self::Sockets { .. } => Box::new(|to| Ok(Box::new(TcpStream::connect(to)?))),
            Self::Memory(network) => {
                let network = network.clone();
                Box::new(move |to| Ok(Box::new(network.connect(LOOPBACK, to)?)))
            }
        }
    }

    /// An address that answers nothing, for as long as the second is kept.
    pub(crate) fn unanswered(&self) -> (EntityAddrVec, Box<dyn Any>) {
        let (addr, kept): (_, Box<dyn Any>) = match self {
            Self::Sockets { .. } => {
                // The system answers no more calls than the listener has room for.
                let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                full.bind(&ANY_PORT.into()).unwrap();
                full.listen(0).unwrap();
                let addr = full.local_addr().unwrap().as_socket().unwrap();
                let called = || TcpStream::connect_timeout(&addr, Duration::from_millis(200)).ok();
                let room: Vec<_> = std::iter::from_fn(called).take(16).collect();
                (addr, Box::new((full, room)))
            }
            Self::Memory(network) => {
                let full = network.listen_with(ANY_PORT, 0).unwrap();
                let addr = full.local_addr().unwrap();
                let room = network.connect(LOOPBACK, addr).unwrap();
                (addr, Box::new((full, room)))
            }
        };
        (at(addr), kept)
    }

    /// An address where nobody is.
    pub(crate) fn nobody(&self) -> EntityAddrVec {
        at(self.listen().local_addr())
    }

    /// A caller with these options.
    pub(crate) fn caller_with(&self, options: NodeOptions) -> (Node<Caller>, Receiver<Told>) {
        let (done, told) = mpsc::channel();
        // A test that has seen enough listens no more.
        let node = self.start(Caller::default(), options, move |answer| drop(done.send(answer)));
        (node, told)
    }

    pub(crate) fn caller(&self) -> (Node<Caller>, Receiver<Told>) {
        self.caller_with(NodeOptions::client())
    }

    /// A caller that has called.
    pub(crate) fn connected(&self, addrs: &EntityAddrVec) -> (Node<Caller>, Receiver<Told>) {
        let (node, told) = self.caller();
        node.call(Call::Connect(addrs.clone()));
        assert_eq!(next(&told), Told::Connected);
        (node, told)
    }

    /// A server that sends everything back, on a free port of the loopback.
    pub(crate) fn echo_server(&self) -> (Node<Echo>, EntityAddrVec) {
        self.echo_server_with(server_options())
    }

    pub(crate) fn echo_server_with(&self, options: NodeOptions) -> (Node<Echo>, EntityAddrVec) {
        let node = self.start(Echo::default(), options, |()| {});
        let addr = node.bind(BindAddr::at(ANY_PORT)).unwrap();
        (node, EntityAddrVec::from(addr))
    }
}

/// A server without sessions, on a free port.
pub(crate) fn server_options() -> NodeOptions {
    let mut options =
        NodeOptions::new(Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server())));
    (options.ms_bind_port_min, options.ms_bind_port_max) = (20_000, 60_000);
    options.ms_bind_port_min += u16::try_from(std::process::id() % 30_000).unwrap();
    options
}

/// Whoever takes calls there.
pub(crate) fn at(addr: SocketAddr) -> EntityAddrVec {
    EntityAddrVec::from(EntityAddr::new(AddrType::ANY, addr, 0))
}

/// What comes next.
pub(crate) fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).unwrap()
}
