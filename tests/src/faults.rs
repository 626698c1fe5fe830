//! What is done to a cluster while a load runs on it.

use std::cell::Cell;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ceph::Ceph;
use crate::load::Load;

/// What `ceph up` is told so that a test soon learns that a cluster has done what it was told: the manager looks at it and tells
/// of it each second, in place of 2 and 5.
pub const PROMPT: [&str; 4] = ["--set", "mgr stats period=1", "--set", "mgr tick period=1"];

/// How long a cluster may take to do what it was told.
const SETTLE: Duration = Duration::from_secs(180);
/// What a manager says of PGs that was started with [`PROMPT`] is at most this old.
const OLD_NEWS: Duration = Duration::from_secs(4);
const ASK_INTERVAL: Duration = Duration::from_millis(500);
/// After so long, the load takes rests while a cluster becomes clean: Ceph moves an object at a moment when nobody writes it,
/// which for one that is written without pause may never come.
const PATIENCE: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_secs(1);

/// A cluster, and the load that must not suffer.
#[derive(Debug)]
pub struct Harm<'a> {
    /// The cluster.
    pub ceph: &'a Ceph,
    /// The load.
    pub load: &'a Load,
    /// How long the load runs in each state of the cluster.
    pub time: Duration,
}

impl Harm<'_> {
    /// Stops all reads and writes, and lets them go on.
    pub fn pause(&self) {
        self.fault("osd set pause", || {
            self.ask(&["osd", "set", "pause"]);
            self.load.stand_still(self.time.min(Duration::from_secs(2)));
            self.ask(&["osd", "unset", "pause"]);
        });
    }

    /// Kills an OSD, lets the others work, and brings it back.
    pub fn kill_osd(&self, osd: u32) {
        self.fault(&format!("kill -9 osd.{osd}"), || {
            let daemon = format!("osd.{osd}");
            self.ceph.kill(&daemon);
            self.wait_until("it is down", |status| osds(status, "up") + 1 == all_osds(status));
            self.go_on();
            self.ceph.start(&daemon);
            self.wait_until_clean();
        });
    }

    /// Takes an OSD out, so that its PGs move elsewhere, and back in.
    pub fn out_and_in(&self, osd: u32) {
        self.fault(&format!("osd.{osd} out and in"), || {
            self.ask(&["osd", "out", &osd.to_string()]);
            self.wait_until("it is out", |status| osds(status, "in") + 1 == all_osds(status));
            self.go_on();
            self.ask(&["osd", "in", &osd.to_string()]);
            self.wait_until_clean();
        });
    }

    /// Splits the PGs of a pool, the only one of its cluster.
    pub fn grow(&self, pool: &str, pg_num: u32) {
        self.fault(&format!("{pool} grows to {pg_num} PGs"), || {
            self.wait_until_clean();
            self.ask(&["osd", "pool", "set", pool, "pg_num", &pg_num.to_string()]);
            // What was asked for is a target that the manager works towards: it splits the PGs, and then moves the new ones.
            for option in ["pg_num", "pgp_num"] {
                self.wait_until(option, |_| {
                    let told = self.ask(&["osd", "pool", "get", pool, option]);
                    num(&told, &format!("/{option}")) == u64::from(pg_num)
                });
            }
            self.wait_until_clean();
        });
    }

    /// Kills the only monitor, lets the OSDs work on without it, and brings it back.
    pub fn restart_mon(&self) {
        // A PG that is not active yet needs a monitor to become so: its objects would rightly wait.
        self.wait_until_clean();
        self.fault("mon.a down and up", || {
            self.ceph.kill("mon.a");
            self.go_on();
            self.ceph.start("mon.a");
            // It says so when there is a quorum again.
            self.ask(&["osd", "stat"]);
        });
    }

    /// Lets the load run for a while.
    pub fn go_on(&self) {
        self.load.go_on(DEPTHS, self.time);
    }

    /// Waits until each PG is active and clean, and stays so: what is told of PGs is some seconds old.
    pub fn wait_until_clean(&self) {
        let (started, since) = (Instant::now(), Cell::new(None));
        self.wait_until("all PGs are clean", |status| {
            let is_clean = osds(status, "up") == all_osds(status)
                && osds(status, "in") == all_osds(status)
                && are_clean(status);
            since.set(is_clean.then(|| since.get().unwrap_or_else(Instant::now)));
            if !is_clean && started.elapsed() > PATIENCE {
                self.load.take_a_rest(REST);
            }
            since.get().is_some_and(|since| since.elapsed() >= OLD_NEWS)
        });
    }

    /// Does it, lets the load run on, and says how long it took and what the slowest write felt of it.
    fn fault(&self, what: &str, harm: impl FnOnce()) {
        let (started, before) = (Instant::now(), self.load.totals().writes());
        harm();
        self.go_on();
        println!(
            "{what}: {:.1} s, {} writes, the slowest took {:.1} s",
            started.elapsed().as_secs_f32(),
            self.load.totals().writes() - before,
            self.load.longest().as_secs_f32(),
        );
    }

    fn ask(&self, words: &[&str]) -> Value {
        let words = [words, &["--format", "json"]].concat();
        serde_json::from_str(&self.ceph.command(&words)).unwrap_or(Value::Null)
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        let started = Instant::now();
        loop {
            let status = self.ask(&["status"]);
            if is_so(&status) {
                return;
            }
            assert!(started.elapsed() < SETTLE, "in vain until {what}: {status:#}");
            self.load.go_on(0, ASK_INTERVAL);
        }
    }
}

/// Appends on each object after which all that was in flight before has completed.
const DEPTHS: u64 = crate::load::DEPTH as u64 * 2;

fn num(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(u64::MAX / 2)
}

fn all_osds(status: &Value) -> u64 {
    num(osdmap(status), "/num_osds")
}

/// How many of them are in that state.
fn osds(status: &Value, state: &str) -> u64 {
    num(osdmap(status), &format!("/num_{state}_osds"))
}

/// What a status says of OSDs. Nautilus has it one level down.
fn osdmap(status: &Value) -> &Value {
    status.pointer("/osdmap/osdmap").or_else(|| status.get("osdmap")).unwrap_or(status)
}

fn are_clean(status: &Value) -> bool {
    let states = status.pointer("/pgmap/pgs_by_state").and_then(Value::as_array);
    let is_clean = |pgs: &Value| {
        pgs.get("state_name").and_then(Value::as_str).is_some_and(|name| name.starts_with("active+clean"))
    };
    states.is_some_and(|states| !states.is_empty() && states.iter().all(is_clean))
}

/// Says what a cluster is doing when a test has failed, for whoever wonders why a write hangs.
#[derive(Debug)]
pub struct Diagnosis<'a>(pub &'a Ceph);

impl Drop for Diagnosis<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let osds = ["tell", "osd.*", "dump_ops_in_flight"];
        for words in [&["status"][..], &["osd", "dump"], &osds] {
            let conf = self.0.conf();
            let mut command = Command::new(self.0.bin().join("ceph"));
            // Whatever fails here, the first failure is the one that counts.
            let _ = command.arg("-c").arg(conf).args(["--connect-timeout", "20"]).args(words).status();
        }
    }
}
