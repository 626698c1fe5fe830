//! Both ends of a measurement of the messenger: ours, and Ceph's.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than a server may take to serve, or to end.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where `ceph_perf_msgr_client` and `ceph_perf_msgr_server` are, if they are there.
pub(crate) fn perf_msgr() -> Option<PathBuf> {
    let dir = std::env::var_os("LOLIGO_TEST_PERF_MSGR").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("SKIPPED: LOLIGO_TEST_PERF_MSGR does not say where ceph_perf_msgr_client and _server are");
    }
    dir
}

/// A port of the loopback that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that serves until it is told to end.
pub(crate) struct Server {
    child: Child,
    /// Where it serves.
    pub(crate) addr: String,
}

impl Server {
    /// `loligo msgr perf-server` with these arguments, at some port; it serves when this returns.
    pub(crate) fn ours(protocol: &str, args: &[&str]) -> Self {
        let mut command = super::program();
        let any = format!("{protocol}:127.0.0.1:0");
        command.args(["msgr", "perf-server", &any, "1", "0", "--format", "json"]).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        // What else it says must not fill the pipe.
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::stderr()));
        let addr = first.trim_end().strip_prefix("loligo: serving at ").ok_or(&first).unwrap();
        Self { child, addr: addr.to_owned() }
    }

    /// `ceph_perf_msgr_server` with these arguments, at a port that was free; somebody listens there when this returns.
    pub(crate) fn cephs(bin: &Path, protocol: &str, args: &[&str]) -> Self {
        let at = format!("127.0.0.1:{}", free_port());
        let addr = format!("{protocol}:{at}");
        let mut command = cephs(bin, "ceph_perf_msgr_server");
        command.args([&addr, "1", "0"]).args(args).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { child: command.spawn().unwrap(), addr };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(&at).is_err() {
            assert!(Instant::now() < end, "nobody listens at {at}");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// What ours counted.
    pub(crate) fn counted(mut self) -> Value {
        let mut stdout = self.child.stdout.take().unwrap();
        self.signal("INT");
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).map_err(|why| (why, text)).unwrap()
    }

    fn signal(&self, name: &str) {
        let _ = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of Ceph's, without what the caller's environment says of clusters.
pub(crate) fn cephs(bin: &Path, name: &str) -> Command {
    let mut command = Command::new(bin.join(name));
    command.env_remove("CEPH_CONF").env_remove("CEPH_ARGS").stdin(Stdio::null());
    command
}

/// Runs `ceph_perf_msgr_client` to its end, which must be a good one.
pub(crate) fn cephs_client<A: AsRef<OsStr>>(bin: &Path, args: &[A]) {
    let mut command = cephs(bin, "ceph_perf_msgr_client");
    let mut child = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        if Instant::now() > end {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
}
