//! `loligo msgr`: the messenger alone, without a cluster.

mod addr;
mod perf;

use clap::Subcommand;

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
}

/// Does it.
pub(crate) fn run(command: &MsgrCommand, global: &Global) -> Result<(), Fail> {
    match command {
        MsgrCommand::PerfServer(args) => perf::serve(args, global),
        MsgrCommand::PerfClient(args) => perf::call(args, global),
    }
}
