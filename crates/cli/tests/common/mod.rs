//! The program, run against a small cluster.
#![allow(dead_code, reason = "each test binary uses another part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

pub(crate) mod ends;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use loligo_minicluster_net::{MiniCluster, MiniOptions};
use serde_json::Value;

/// The pool that each cluster here has.
pub(crate) const POOL: &str = "data";

/// Longer than any run may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ok: bool,
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Run {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap()
    }

    /// The one sentence of a failure: exit status 1, nothing on standard output, one line on standard error.
    pub(crate) fn failure(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.out, b"", "{self:?}");
        let sentence = self.err.strip_prefix("loligo: ").and_then(|rest| rest.strip_suffix('\n'));
        sentence.filter(|sentence| !sentence.contains('\n')).ok_or(self).unwrap()
    }
}

/// Runs the program with these arguments and nothing of the caller's environment that says where a cluster is.
pub(crate) fn loligo<A: AsRef<OsStr>>(args: &[A]) -> Run {
    run(program().args(args), b"")
}

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loligo"));
    command.env_remove("CEPH_CONF").env_remove("CEPH_ARGS").env("TZ", "UTC");
    command
}

fn run(command: &mut Command, input: &[u8]) -> Run {
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that reads nothing has closed it.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let guard = thread::spawn(watch(&child));
    let output = child.wait_with_output().unwrap();
    let took = start.elapsed();
    writer.join().unwrap();
    drop(guard);
    Run {
        ok: output.status.success(),
        code: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).unwrap(),
        took,
    }
}

/// Ends a run that hangs.
fn watch(child: &Child) -> impl FnOnce() + Send + 'static {
    let pid = child.id();
    move || {
        let end = Instant::now() + PATIENCE;
        let stat = format!("/proc/{pid}/stat");
        while Path::new(&stat).exists() {
            if Instant::now() > end {
                let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Says, also where `LOLIGO_TEST_SKIPPED` is, what cannot be tested.
pub(crate) fn skip(what: &str) {
    eprintln!("SKIPPED {what}");
    if let Some(path) = std::env::var_os("LOLIGO_TEST_SKIPPED") {
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        writeln!(file, "{what}").unwrap();
    }
}

/// A small cluster with a pool.
pub(crate) struct Mini {
    pub(crate) cluster: MiniCluster,
}

impl Mini {
    pub(crate) fn start() -> Self {
        Self::with(MiniOptions::default())
    }

    pub(crate) fn with(options: MiniOptions) -> Self {
        let mini = Self { cluster: MiniCluster::start(options).unwrap() };
        mini.good(&["mkpool", POOL, "--pg-num", "12", "--size", "2"]);
        mini
    }

    pub(crate) fn conf(&self) -> String {
        self.cluster.conf_path().to_str().unwrap().to_owned()
    }

    /// A file beside the cluster's own; it goes with them.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.cluster.conf_path().with_file_name(name)
    }

    pub(crate) fn file(&self, name: &str, contents: &[u8]) -> String {
        let path = self.path(name);
        File::create(&path).unwrap().write_all(contents).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs the program on this cluster, and on its pool where no other is named.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Run {
        let mut command = program();
        command.args(["-c", &self.conf()]);
        if !args.contains(&"-p") {
            command.args(["-p", POOL]);
        }
        run(command.args(args), input)
    }

    /// The same, which must succeed and say nothing on standard error.
    pub(crate) fn good(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert!(run.ok && run.err.is_empty(), "{args:?}: {run:?}");
        run
    }

    /// Runs the program with a folder that has room for 1 MiB as the last argument's parent, if the system lets us have one.
    /// On standard output are the names in the folder in the end, and what was there before. The folder goes with the program.
    pub(crate) fn run_on_small_disk(&self, args: &[&str], file: &str) -> Option<Run> {
        let folder = self.path("small-disk");
        std::fs::create_dir_all(&folder).unwrap();
        let on_disk = |script: &str| {
            // A namespace of its own: whatever happens, nothing is left mounted.
            let mut command = Command::new("unshare");
            command.args(["--map-root-user", "--mount", "sh", "-c"]);
            command.arg(format!("mount -t tmpfs -o size=1m none \"$0\" && {script}")).arg(&folder);
            command.env_remove("CEPH_CONF").env_remove("CEPH_ARGS");
            command
        };
        let tried = on_disk("true").output().ok().filter(|tried| tried.status.success());
        if tried.is_none() {
            skip("a disk that is full: no tmpfs can be mounted here");
            return None;
        }
        let script = "printf precious >\"$0/there\"; \"$@\"; code=$?; ls -A \"$0\"; head -c 99 \"$0/there\"; exit $code";
        let mut command = on_disk(script);
        command.arg(env!("CARGO_BIN_EXE_loligo")).args(["-c", &self.conf(), "-p", POOL]).args(args);
        Some(run(command.arg(folder.join(file)), b""))
    }

    /// Has the monitor carry out a command.
    pub(crate) fn command(&self, json: &str) {
        let conf = loligo::Conf::read("client.admin", self.cluster.conf_path()).unwrap();
        loligo::Cluster::connect(&conf).unwrap().mon_command(json, "").wait().unwrap();
    }
}
