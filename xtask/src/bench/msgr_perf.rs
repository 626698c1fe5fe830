//! `cargo xtask bench msgr-perf`: CPU per message of `loligo msgr perf-client` beside `ceph_perf_msgr_client`, in turn, with the same
//! server of Ceph's.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use super::build;
use crate::ceph::{Release, fetch_perf_msgr};
use crate::process;

const DEADLINE: Duration = Duration::from_secs(180);
/// How often each is measured; the least counts, as what disturbs only adds.
const ROUNDS: usize = 2;
/// A run with so few messages is all preparation, and is taken off.
const FEW: u64 = 200;
/// How many more the others have.
const MANY: u64 = 20_000;

/// One line of the table.
struct Case {
    protocol: &'static str,
    length: u64,
    depth: u64,
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        let cases = |protocol| {
            [64, 4096, 65536].into_iter().flat_map(move |length| {
                [1, 16, 64].into_iter().map(move |depth| Case { protocol, length, depth })
            })
        };
        ["v1", "v2"].into_iter().flat_map(cases)
    }
}

/// Measures, and prints a table.
///
/// # Errors
/// If Ceph's ends cannot be had, or something does not build or run.
pub(super) fn run() -> Result<()> {
    let bin = fetch_perf_msgr(Release::Reef)?;
    let loligo = build(&["-p", "loligo-cli"])?.join("loligo");
    println!(
        "| | bytes | depth | loligo, a thread sends | loligo, answers send | ceph_perf_msgr_client | ratios |"
    );
    println!("|---|---|---|---|---|---|---|");
    for case in Case::all() {
        let server = Server::start(&bin, case.protocol)?;
        let clients =
            Clients { addr: &server.addr, loligo: &loligo, ceph: bin.join("ceph_perf_msgr_client") };
        let [by_thread, by_dispatch, ceph] = clients.compare(&case)?;
        println!(
            "| {} | {} | {} | {by_thread:.1} µs | {by_dispatch:.1} µs | {ceph:.1} µs | {:.2} {:.2} |",
            case.protocol,
            case.length,
            case.depth,
            by_thread / ceph,
            by_dispatch / ceph
        );
    }
    Ok(())
}

/// Ceph's server.
struct Server {
    child: Child,
    addr: String,
}

impl Server {
    fn start(bin: &Path, protocol: &str) -> Result<Server> {
        let at = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let addr = format!("{protocol}:{at}");
        let mut command = Command::new(bin.join("ceph_perf_msgr_server"));
        command.args([&addr, "1", "0"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server { child: command.spawn().context("cannot start ceph_perf_msgr_server")?, addr };
        let end = Instant::now() + DEADLINE;
        while TcpStream::connect(&at).is_err() {
            if Instant::now() > end {
                bail!("ceph_perf_msgr_server does not listen at {at}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who is measured.
#[derive(Clone, Copy)]
enum Who {
    Thread,
    Dispatch,
    Ceph,
}

impl Who {
    const ALL: [Who; 3] = [Who::Thread, Who::Dispatch, Who::Ceph];
}

struct Clients<'a> {
    addr: &'a str,
    loligo: &'a Path,
    ceph: PathBuf,
}

impl Clients<'_> {
    /// Microseconds of CPU for each message, without the preparation: the least of some rounds, in turn.
    fn compare(&self, case: &Case) -> Result<[f64; 3]> {
        let (mut few, mut many) = ([0.0; 3], [f64::INFINITY; 3]);
        for (few, who) in few.iter_mut().zip(Who::ALL) {
            *few = self.cpu(who, case, FEW)?;
        }
        for _ in 0..ROUNDS {
            for (many, who) in many.iter_mut().zip(Who::ALL) {
                *many = many.min(self.cpu(who, case, FEW + MANY)?);
            }
        }
        let each = |many: f64, few: f64| (many - few) * 1e6 / MANY as f64;
        let ([by_thread, by_dispatch, ceph], few) = (many, few);
        Ok([each(by_thread, few[0]), each(by_dispatch, few[1]), each(ceph, few[2])])
    }

    fn cpu(&self, who: Who, case: &Case, messages: u64) -> Result<f64> {
        let mut command = match who {
            Who::Thread | Who::Dispatch => Command::new(self.loligo),
            Who::Ceph => Command::new(&self.ceph),
        };
        // Ceph's has one more under way than it is told.
        let depth = if matches!(who, Who::Ceph) { case.depth - 1 } else { case.depth };
        match who {
            Who::Thread => command.args(["msgr", "perf-client", "--sender", "thread"]),
            Who::Dispatch => command.args(["msgr", "perf-client", "--sender", "dispatch"]),
            Who::Ceph => &mut command,
        };
        let numbers = [1, depth, messages, 0, case.length].map(|number| number.to_string());
        command.arg(self.addr).args(numbers).env_remove("CEPH_CONF").env_remove("CEPH_ARGS");
        let before = children_cpu()?;
        process::run(&mut command, DEADLINE)?;
        Ok(children_cpu()? - before)
    }
}

/// Seconds of CPU that ended children took, user and system.
fn children_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_burns_is_seen() {
        let before = children_cpu().unwrap();
        process::run(
            Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]),
            DEADLINE,
        )
        .unwrap();
        assert!(children_cpu().unwrap() > before);
    }
}
