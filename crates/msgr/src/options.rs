//! How a node is started.

use std::time::Duration;

use loligo_msgr_proto::{Config, MS_PQ_MAX_TOKENS_PER_PRIORITY, MS_PQ_MIN_COST};

use crate::transport::{Inject, MsType};

/// How a [`Node`](crate::Node) is started: what its pipes share, and options of its sockets by Ceph's names.
#[derive(Debug)]
pub struct NodeOptions {
    /// Who the node is and how it treats its peers, with the options and limits of the protocol.
    pub config: Config,
    /// Tells this messenger from all others at its address, since a cluster blocks clients by address and nonce.
    /// `None` for a random one.
    pub nonce: Option<u32>,
    /// What moves the bytes (`ms_type`).
    pub ms_type: MsType,
    /// How many threads the transport `async` has (`ms_async_op_threads`), 1 at least. Ceph has 3 by default; a thread here is
    /// not busy before its host's network is.
    pub ms_async_op_threads: usize,
    /// Whether small writes leave at once (`ms_tcp_nodelay`).
    pub ms_tcp_nodelay: bool,
    /// The size of a socket's receive buffer in bytes, 0 for the system's choice (`ms_tcp_rcvbuf`).
    pub ms_tcp_rcvbuf: usize,
    /// How many calls may wait to be accepted (`ms_tcp_listen_backlog`).
    pub ms_tcp_listen_backlog: i32,
    /// The lowest port that is tried where none is given (`ms_bind_port_min`).
    pub ms_bind_port_min: u16,
    /// The highest (`ms_bind_port_max`).
    pub ms_bind_port_max: u16,
    /// How often binding is tried again when nothing is free (`ms_bind_retry_count`).
    pub ms_bind_retry_count: u32,
    /// How long to wait before that (`ms_bind_retry_delay`).
    pub ms_bind_retry_delay: Duration,
    /// Whether IPv6 is taken where no address says (`ms_bind_ipv6`).
    pub ms_bind_ipv6: bool,
    /// How many bytes a priority below [`LOW`](loligo_wire::msgr1::priority::LOW) may save up in the queue of a
    /// [`Messenger`](crate::Messenger) (`ms_pq_max_tokens_per_priority`).
    pub ms_pq_max_tokens_per_priority: u64,
    /// What the smallest message costs there, in bytes (`ms_pq_min_cost`).
    pub ms_pq_min_cost: u64,
    /// Whether dispatchers of a [`Messenger`](crate::Messenger) have a thread of their own, as in Ceph, on which they may wait and
    /// take their time. Without it they are called where messages are read, which spares the hand-off, and must be quick; what they
    /// send leaves when all that came together is handed out.
    pub dispatch_thread: bool,
    /// Faults on purpose.
    pub inject: Inject,
    /// The name of the node's thread, and the beginning of those of its other threads.
    pub thread_name: String,
}

impl NodeOptions {
    /// Ceph's defaults, with this configuration of the protocol.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            nonce: None,
            ms_type: MsType::default(),
            ms_async_op_threads: 1,
            ms_tcp_nodelay: true,
            ms_tcp_rcvbuf: 0,
            ms_tcp_listen_backlog: 512,
            ms_bind_port_min: 6800,
            ms_bind_port_max: 7568,
            ms_bind_retry_count: 3,
            ms_bind_retry_delay: Duration::from_secs(5),
            ms_bind_ipv6: false,
            ms_pq_max_tokens_per_priority: MS_PQ_MAX_TOKENS_PER_PRIORITY,
            ms_pq_min_cost: MS_PQ_MIN_COST,
            dispatch_thread: true,
            inject: Inject::default(),
            thread_name: String::from("msgr"),
        }
    }

    /// A client with Ceph's defaults.
    #[must_use]
    pub fn client() -> Self {
        Self::new(Config::client())
    }
}
