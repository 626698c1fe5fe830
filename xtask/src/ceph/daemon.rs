//! Single daemons of a test cluster: start, signal, wait for the end.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::process;

const START_DEADLINE: Duration = Duration::from_secs(120);
const END_DEADLINE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The kernel's flag of a task that is on its way out, in `/proc/PID/stat`.
const PF_EXITING: u32 = 4;

/// A daemon's name as Ceph writes it: `osd.0`, `mon.a`, `mgr.x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DaemonName {
    kind: &'static str,
    id: String,
}

impl DaemonName {
    /// The monitor with this id.
    pub(crate) fn mon(id: &str) -> DaemonName {
        DaemonName { kind: "mon", id: id.into() }
    }

    /// The manager with this id.
    pub(crate) fn mgr(id: &str) -> DaemonName {
        DaemonName { kind: "mgr", id: id.into() }
    }

    /// The OSD with this number.
    pub(crate) fn osd(id: u32) -> DaemonName {
        DaemonName { kind: "osd", id: id.to_string() }
    }

    /// A command that runs the daemon's program with `--conf` of the cluster in `dir`.
    pub(crate) fn command(&self, bin: &Path, dir: &Path) -> Command {
        let mut command = Command::new(bin.join(format!("ceph-{}", self.kind)));
        command.arg("-i").arg(&self.id).arg("--conf").arg(dir.join("ceph.conf"));
        command
    }

    /// Starts the daemon and returns when it serves.
    pub(crate) fn start(&self, bin: &Path, dir: &Path) -> Result<()> {
        match self.process(dir) {
            Some(process) if process.is_ending() => process.wait_for_end(self)?,
            Some(_) => bail!("{self} is running already"),
            None => {}
        }
        process::run_logged(&mut self.command(bin, dir), &dir.join(format!("log/{self}.out")), START_DEADLINE)
            .with_context(|| format!("cannot start {self}; its log is {}", self.log(dir).display()))
    }

    /// The running process, if the one in the pid file is still this daemon: numbers are reused.
    pub(crate) fn process(&self, dir: &Path) -> Option<Process> {
        let text = fs::read_to_string(dir.join(format!("run/{self}.pid"))).ok()?;
        let process = Process::look_up(text.trim().parse().ok()?)?;
        let conf = dir.join("ceph.conf");
        let mut arguments = process.arguments.split(|byte| *byte == 0);
        let is_ours = arguments.any(|argument| argument == conf.as_os_str().as_encoded_bytes());
        (is_ours || process.is_ending()).then_some(process)
    }

    fn log(&self, dir: &Path) -> std::path::PathBuf {
        dir.join(format!("log/{self}.log"))
    }
}

/// A process, told from a later one with the same number.
pub(crate) struct Process {
    pid: Pid,
    started: String,
    is_ending: bool,
    arguments: Vec<u8>,
}

impl Process {
    /// The process with this number, unless it has ended and only waits for its parent to notice.
    fn look_up(number: i32) -> Option<Process> {
        let pid = Pid::from_raw(number)?;
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The name, which comes second, may hold anything. After it come the state, which is that of the first
        // thread, then as 9th field the kernel's flags, as 20th the number of threads and as 22nd the start.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        let flags: u32 = fields.nth(5)?.parse().ok()?;
        let threads: u32 = fields.nth(10)?.parse().ok()?;
        let started = fields.nth(1)?.to_owned();
        if matches!(state, "Z" | "X") && threads <= 1 {
            return None;
        }
        let arguments = fs::read(format!("/proc/{number}/cmdline")).ok()?;
        Some(Process { pid, started, is_ending: flags & PF_EXITING != 0, arguments })
    }

    /// Whether it may have lost its memory, arguments included, but not yet its files and their locks.
    ///
    /// Missing arguments alone do not tell: a process that has only just been started has none yet either.
    fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Sends `signal`.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        match kill_process(self.pid, signal) {
            // It was quicker to end than we to kill.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => other.with_context(|| format!("cannot signal process {}", self.pid)),
        }
    }

    /// Waits until it is gone, with its files and locks.
    pub(crate) fn wait_for_end(&self, name: &DaemonName) -> Result<()> {
        let end = Instant::now() + END_DEADLINE;
        let is_there =
            || Process::look_up(self.pid.as_raw_nonzero().get()).is_some_and(|p| p.started == self.started);
        while is_there() {
            if Instant::now() >= end {
                bail!("{name} did not end within {} s", END_DEADLINE.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl fmt::Display for DaemonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.id)
    }
}

impl FromStr for DaemonName {
    type Err = String;

    fn from_str(text: &str) -> Result<DaemonName, String> {
        let wrong = || format!("{text:?} is not a daemon such as osd.0, mon.a or mgr.x");
        let (kind, id) = text.split_once('.').ok_or_else(wrong)?;
        let kind = ["mon", "mgr", "osd"].into_iter().find(|known| *known == kind).ok_or_else(wrong)?;
        let is_plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_plain || (kind == "osd" && id.parse::<u32>().is_err()) {
            return Err(wrong());
        }
        Ok(DaemonName { kind, id: id.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ceph_names() {
        assert_eq!("osd.12".parse(), Ok(DaemonName::osd(12)));
        assert_eq!("mon.a".parse(), Ok(DaemonName::mon("a")));
        for wrong in ["osd", "osd.", "osd.x", "client.admin", "mon.../x", ""] {
            assert!(wrong.parse::<DaemonName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_process_is_there_until_it_ends() {
        let name = DaemonName::osd(0);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::look_up(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(!process.is_ending());
        process.signal(Signal::KILL).unwrap();
        // Nobody has reaped the child: ended is enough.
        process.wait_for_end(&name).unwrap();
        child.wait().unwrap();
        process.signal(Signal::KILL).unwrap();
    }

    #[test]
    fn a_reused_pid_is_not_the_daemon() {
        let dir = std::env::temp_dir().join(format!("xtask-pid-{}", std::process::id()));
        fs::create_dir_all(dir.join("run")).unwrap();
        fs::write(dir.join("run/osd.0.pid"), format!("{}\n", std::process::id())).unwrap();
        assert!(DaemonName::osd(0).process(&dir).is_none());
        fs::remove_dir_all(dir).unwrap();
    }
}
