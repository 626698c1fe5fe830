//! Cutting this process's own connections, with `ss -K` of iproute2: both ends see a reset, as when a router loses its state.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The two ends of a connection, ours first.
type Ends = (SocketAddr, SocketAddr);

/// Whose connections are cut, by the ports at which they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    /// OSDs, and the manager.
    Osds,
    /// Monitors of `cargo xtask ceph up`.
    Mons,
    /// All of them.
    All,
}

impl Peers {
    const fn ports(self) -> RangeInclusive<u16> {
        match self {
            Self::Osds => 6_800..=7_568,
            Self::Mons => 10_000..=30_000,
            Self::All => 6_800..=30_000,
        }
    }
}

/// Whether connections can be cut here: that takes root, and a kernel with `CONFIG_INET_DIAG_DESTROY`. Tries it.
#[must_use]
pub fn can_cut() -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let ends = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
    kill(ends) && !connections().contains(&ends)
}

/// Cuts this process's connections to those peers, each by its two ends, and says how many. What belongs to others is not
/// touched.
///
/// # Panics
///
/// When a connection is still there afterwards.
#[must_use]
pub fn cut(peers: Peers) -> u64 {
    let mine = connections().into_iter().filter(|(_, to)| peers.ports().contains(&to.port()));
    let cut: Vec<Ends> = mine.filter(|ends| kill(*ends)).collect();
    let left = connections();
    for ends in &cut {
        assert!(!left.contains(ends), "{ends:?} was cut and is still there");
    }
    cut.len() as u64
}

/// Whether `ss` ran and said that it cut the connection. One that is gone already is not said.
fn kill((from, to): Ends) -> bool {
    let filter = format!("src {from} and dst {to}");
    let output = Command::new("ss").args(["-H", "-K", "-tn", &filter]).output();
    output.is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
}

/// The established connections of this process that `ss` knows of.
fn connections() -> BTreeSet<Ends> {
    let Ok(output) = Command::new("ss").args(["-H", "-tnp", "state", "established"]).output() else {
        return BTreeSet::new();
    };
    let mine = format!("pid={},", std::process::id());
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.contains(&mine)).filter_map(ends).collect()
}

/// The addresses of a line `0 0 127.0.0.1:43210 127.0.0.1:6801 users:(…)`.
fn ends(line: &str) -> Option<Ends> {
    let mut addresses = line.split_whitespace().filter_map(|word| word.parse().ok());
    Some((addresses.next()?, addresses.next()?))
}

/// A thread that cuts connections again and again.
#[derive(Debug)]
pub struct Cutter {
    stop: Arc<AtomicBool>,
    cuts: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Cutter {
    /// Cuts at once, and then each time that `interval` has passed.
    #[must_use]
    pub fn start(peers: Peers, interval: Duration) -> Self {
        let (stop, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&cuts));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                count.fetch_add(cut(peers), Ordering::Relaxed);
                std::thread::park_timeout(interval);
            }
        });
        Self { stop, cuts, thread }
    }

    /// How many connections it has cut.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    /// Cuts no more, and says how many connections were cut.
    #[must_use]
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
        self.thread.join().unwrap();
        self.cuts.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_a_line() {
        let line = "0      0      127.0.0.1:43210  127.0.0.1:6801 users:((\"x y\",pid=7,fd=9))";
        let expected = ("127.0.0.1:43210".parse().unwrap(), "127.0.0.1:6801".parse().unwrap());
        assert_eq!(ends(line), Some(expected));
        assert_eq!(ends("Recv-Q Send-Q"), None);
    }
}
