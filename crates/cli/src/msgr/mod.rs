//! `loligo msgr`: the messenger alone, without a cluster.

mod addr;
mod perf;
mod ping;

use clap::Subcommand;
pub(crate) use perf::PerfError;
pub(crate) use ping::PingError;

use crate::args::Global;
use crate::fail::Fail;

/// The messenger by itself: how fast it is, and whether it keeps what it promises.
#[derive(Debug, Subcommand)]
pub(crate) enum MsgrCommand {
    /// Answer the messages of perf-client, or of ceph_perf_msgr_client, and count them
    #[command(after_help = perf::SERVER_EXAMPLES)]
    PerfServer(perf::ServerArgs),
    /// Send messages to perf-server, or to ceph_perf_msgr_server, and measure the answers
    #[command(after_help = perf::CLIENT_EXAMPLES)]
    PerfClient(perf::ClientArgs),
    /// Say what is behind an address: protocol, features, who it is, how one logs in, how long an answer takes
    #[command(after_help = ping::EXAMPLES)]
    Ping(ping::PingArgs),
}

/// Does it.
pub(crate) fn run(command: &MsgrCommand, global: &Global) -> Result<(), Fail> {
    match command {
        MsgrCommand::PerfServer(args) => perf::serve(args, global),
        MsgrCommand::PerfClient(args) => perf::call(args, global),
        MsgrCommand::Ping(args) => ping::run(args, global),
    }
}
