//! Nodes on the transport that is tried.

use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use loligo_msgr::proto::Config;
use loligo_msgr::{BindAddr, MsType, Node, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::{EntityAddrVec, EntityName};

use crate::peers::{Call, Caller, Echo, Told};

/// Longer than anything here may take, on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The transport that is tried.
pub(crate) struct Bed {
    pub(crate) ms_type: MsType,
    pub(crate) threads: usize,
}

impl Bed {
    pub(crate) fn over(&self, options: NodeOptions) -> NodeOptions {
        NodeOptions { ms_type: self.ms_type, ms_async_op_threads: self.threads, ..options }
    }

    pub(crate) fn client_options(&self) -> NodeOptions {
        self.over(NodeOptions::client())
    }

    pub(crate) fn server_options(&self) -> NodeOptions {
        let mut options =
            NodeOptions::new(Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server())));
        (options.ms_bind_port_min, options.ms_bind_port_max) = (20_000, 60_000);
        options.ms_bind_port_min += u16::try_from(std::process::id() % 30_000).unwrap();
        self.over(options)
    }

    /// A caller with these options.
    pub(crate) fn caller_with(&self, options: NodeOptions) -> (Node<Caller>, Receiver<Told>) {
        let (done, told) = mpsc::channel();
        // A test that has seen enough listens no more.
        let node = Node::start(Caller::default(), options, move |answer| drop(done.send(answer))).unwrap();
        (node, told)
    }

    pub(crate) fn caller(&self) -> (Node<Caller>, Receiver<Told>) {
        self.caller_with(self.client_options())
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
        self.echo_server_with(self.server_options())
    }

    pub(crate) fn echo_server_with(&self, options: NodeOptions) -> (Node<Echo>, EntityAddrVec) {
        let node = Node::start(Echo::default(), options, |()| {}).unwrap();
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let addr = node.bind(BindAddr::at(loopback)).unwrap();
        (node, EntityAddrVec::from(addr))
    }
}

/// What comes next.
pub(crate) fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).unwrap()
}
