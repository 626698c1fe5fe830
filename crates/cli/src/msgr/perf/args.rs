//! The command lines of both ends.

use clap::{Args, ValueEnum};

use crate::msgr::addr::{self, GivenAddr, Protocol};

pub(crate) const SERVER_EXAMPLES: &str = "\
The first three arguments are those of ceph_perf_msgr_server. An address without v1: or v2: is of v2, as there.

Examples:
  loligo msgr perf-server v2:127.0.0.1:7700 1 0
  loligo msgr perf-server v1:127.0.0.1:7700 0 0 --policy stateful --messages 100000 --format json
  loligo msgr perf-server v2:127.0.0.1:7700 0 0 --mode secure -k both.keyring
  ceph_perf_msgr_client v2:127.0.0.1:7700 1 16 100000 0 4096

It serves until it is interrupted, or has counted --messages, and then tells for each connection how many messages came,
and whether one was missing (a gap) or came again. Messages are told apart by their transaction, or where all have the
same, as those of ceph_perf_msgr_client, by their number on the connection.";

pub(crate) const CLIENT_EXAMPLES: &str = "\
The first six arguments are those of ceph_perf_msgr_client. An address without v1: or v2: is of v2, as there. CONCURRENCY is
how many messages are under way; ceph_perf_msgr_client has one more.

Examples:
  loligo msgr perf-client v2:127.0.0.1:7700 1 16 100000 0 4096
  loligo msgr perf-client v1:127.0.0.1:7700 4 64 1000000 0 64 --format json
  loligo msgr perf-client v2:127.0.0.1:7700 1 4 1000 0 4194304 --mode secure -k both.keyring
  ceph_perf_msgr_server v2:127.0.0.1:7700 1 0

A connection that dies is opened again, and what was not answered is sent again: the report tells how often. It is an
error if for --timeout, 30 seconds where none is given, no answer comes, or if one comes twice or out of order.";

/// What both ends take.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// The protocol, where the address does not say it
    #[arg(long, value_enum, default_value_t = Protocol::V2)]
    pub(crate) protocol: Protocol,
    /// The connection mode of messenger v2; secure takes a keyring with the key of the client, -k, at both ends
    #[arg(long, value_enum, default_value_t = Mode::Crc)]
    pub(crate) mode: Mode,
}

/// A connection mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Checksums
    Crc,
    /// Encrypted; the client logs in with cephx
    Secure,
}

/// What `perf-server` takes.
#[derive(Args, Debug)]
pub(crate) struct ServerArgs {
    /// Where to listen: v1:IP:PORT or v2:IP:PORT
    #[arg(value_parser = addr::parse)]
    pub(crate) addr: GivenAddr,
    /// How many threads answer; 0 answers where a message is read
    #[arg(value_parser = clap::value_parser!(u16).range(..=256))]
    pub(crate) threads: u16,
    /// How long each message is thought about before it is answered
    #[arg(value_name = "THINK_US")]
    pub(crate) think_us: u64,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Whether sessions outlive their connections
    #[arg(long, value_enum, default_value_t = ServerPolicy::Stateless)]
    pub(crate) policy: ServerPolicy,
    /// End when so many messages have come and their senders have gone
    #[arg(long, value_name = "N")]
    pub(crate) messages: Option<u64>,
}

/// How a server treats its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServerPolicy {
    /// A connection that breaks is over: an OSD for its clients, and what ceph_perf_msgr_server does
    Stateless,
    /// A session goes on over another connection, and nothing is lost: an MDS for its clients
    Stateful,
}

/// What `perf-client` takes.
#[derive(Args, Debug)]
pub(crate) struct ClientArgs {
    /// Where the server is: v1:IP:PORT or v2:IP:PORT
    #[arg(value_parser = addr::parse)]
    pub(crate) addr: GivenAddr,
    /// How many clients, each with a messenger of its own
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,
    /// How many messages each has under way
    #[arg(value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) concurrency: u32,
    /// How many messages each sends
    pub(crate) ios: u64,
    /// How long each answer is thought about
    #[arg(value_name = "THINK_US")]
    pub(crate) think_us: u64,
    /// How many bytes each message writes
    #[arg(value_name = "LENGTH", value_parser = clap::value_parser!(u32).range(..=(256 << 20)))]
    pub(crate) length: u32,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Whether a session is to outlive its connection; the server decides
    #[arg(long, value_enum, default_value_t = ClientPolicy::Lossless)]
    pub(crate) policy: ClientPolicy,
    /// Who sends the next message
    #[arg(long, value_enum, default_value_t = Sender::Thread)]
    pub(crate) sender: Sender,
}

/// How a client treats its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientPolicy {
    /// A connection that breaks is over
    Lossy,
    /// The session goes on over another connection, if the server wants that too; what ceph_perf_msgr_client does
    Lossless,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sender {
    /// A thread that waits for room, as in ceph_perf_msgr_client
    Thread,
    /// Whoever brings the answer that makes room
    Dispatch,
}
