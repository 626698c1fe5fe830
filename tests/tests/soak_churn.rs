//! A client follows a cluster in which everything changes that an OSD map can tell, and serves on: of four releases of Ceph.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

use std::cmp::Ordering as CmpOrdering;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo::{Cluster, Conf, PoolOptions};
use loligo_client::Outcome;
use loligo_monclient::{Reply, Request};
use loligo_objecter::{ObjectOperation, Op};
use loligo_tests::ceph::Ceph;
use loligo_tests::faults::Diagnosis;
use loligo_tests::live::{self, LiveClient, admin, mon_host};
use loligo_tests::load::{HANG, Load};
use loligo_tests::replay::{Replay, replay};
use loligo_tests::watched::Watched;
use loligo_wire::types::ObjectLocator;
use loligo_wire::{Encode, Epoch, PoolId};

/// The pool that is churned along with all others, and must go on serving.
const POOL: &str = "kept";

/// The manager looks around every second, so that it is soon done with splits and merges. An OSD that comes back takes part
/// in its PGs at once: see `soak_faults`.
const CLUSTER: &[&str] = &[
    "--store",
    "bluestore",
    "--osds",
    "6",
    "--set",
    "mgr stats period=1",
    "--set",
    "mgr tick period=1",
    "--set",
    "osd async recovery min cost=1000000000",
];

/// What must have been done, as `ceph churn` says it.
const DONE: &[&str] = &[
    "osd pool create r",
    "osd pool create e",
    "osd pool rm ",
    "osd pool rename ",
    "osd pool set-quota ",
    "osd pool mksnap ",
    "osd pool rmsnap ",
    "osd pg-upmap ",
    "osd pg-upmap-items ",
    "osd pg-temp ",
    "osd primary-temp ",
    "osd reweight ",
    "osd primary-affinity ",
    "osd out ",
    "osd in ",
    "osd set no",
    "osd unset no",
    "osd crush rule create-replicated rule",
    "osd crush set-device-class ",
    "killed osd.",
    "revived osd.",
];

/// How many epochs are printed by us and by Ceph.
const PRINTED: usize = 30;

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak churn"]
fn nautilus() {
    follow("nautilus");
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak churn"]
fn pacific() {
    follow("pacific");
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak churn"]
fn reef() {
    follow("reef");
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak churn"]
fn tentacle() {
    follow("tentacle");
}

fn follow(release: &str) {
    let started = Instant::now();
    let args = [&["--release", release][..], CLUSTER].concat();
    let Some(ceph) = Ceph::up(&format!("churn_{release}"), &args) else { return };
    let _told = Diagnosis(&ceph);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    cluster.create_pool(POOL, PoolOptions { pg_num: Some(12), size: Some(3) }).unwrap();
    let io = cluster.io_ctx(POOL).unwrap();
    let follower = Follower::start(&ceph.conf());
    let pool = follower.client.latest_osdmap().lookup_pg_pool_name(POOL).unwrap();
    let load = Load::start_gently(&io);

    let mut lines = Vec::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ops = scope.spawn(|| follower.append_and_read(pool, &done));
        let guard = SetOnDrop(&done);
        ceph.churn(&["--seed", "2026", "--rounds", "2", "--keep", POOL, "--signal", "9"], |line| {
            println!("{release}: {line}");
            load.go_on(0, Duration::ZERO);
            follower.is_up_to_date();
            lines.push(line.strip_prefix("churn: ").unwrap_or(line).to_owned());
        });
        drop(guard);
        let (appends, bytes) = ops.join().expect("an op of the watched client failed");
        println!("{release}: the watched client appended {appends} times and read {bytes} bytes");
    });
    load.go_on(8, Duration::ZERO);
    let totals = load.finish();
    check_done(&lines, release);
    let replay = follower.finish(&ceph);
    ceph.check_complaints();
    println!(
        "{release}: {} s, {} steps, {} epochs as changes and {} whole; {} writes, {} reads, nothing lost",
        started.elapsed().as_secs(),
        lines.len(),
        replay.incremental,
        replay.full,
        totals.writes(),
        totals.reads
    );
}

/// All that was to be done was, and PGs of the pool that was kept were split and merged.
fn check_done(lines: &[String], release: &str) {
    let is_done = |start: &str| lines.iter().any(|line| line.starts_with(start) && !line.contains("refused"));
    let newer = if ["reef", "tentacle"].contains(&release) { &["osd pg-upmap-primary "][..] } else { &[] };
    let missing: Vec<_> = DONE.iter().chain(newer).filter(|start| !is_done(start)).collect();
    assert!(missing.is_empty(), "never done: {missing:?}");
    let resized = |line: &String| {
        let numbers = line.strip_prefix(&format!("{POOL} has "))?.split_once(" PGs and had ")?;
        Some(numbers.0.parse::<u32>().unwrap().cmp(&numbers.1.parse().unwrap()))
    };
    let resized: BTreeSet<_> = lines.iter().filter_map(resized).collect();
    assert!(resized.contains(&CmpOrdering::Less) && resized.contains(&CmpOrdering::Greater), "{resized:?}");
}

/// Ends the thread that looks at it, also when a step fails.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A client of which all that it is sent is looked at.
struct Follower {
    client: LiveClient<Watched>,
    files: PathBuf,
}

impl Follower {
    fn start(conf: &Path) -> Self {
        let client = LiveClient::on_a_node(Watched::new(live::client(mon_host(conf), admin(conf))));
        client.connect(live::PATIENCE).unwrap();
        let files = conf.with_file_name("maps");
        std::fs::create_dir_all(&files).unwrap();
        Self { client, files }
    }

    /// What the monitor has of an epoch.
    fn getmap(&self, epoch: Epoch) -> Bytes {
        let (retcode, outs, map) =
            self.client.command_bytes(&format!(r#"{{"prefix": "osd getmap", "epoch": {epoch}}}"#));
        assert_eq!(retcode, 0, "{outs}");
        map
    }

    /// The newest map is here, and is written by us as by the monitor. Some other questions are asked by the way.
    fn is_up_to_date(&self) {
        let map = self.client.latest_osdmap();
        let ours = map.to_bytes(map.get_encoding_features());
        assert!(ours == self.getmap(map.epoch), "epoch {} is written in another way", map.epoch);
        let statfs = self.client.ask(Request::StatFs { data_pool: None });
        assert!(matches!(statfs, Reply::StatFs(_)), "{statfs:?}");
        let stats = self.client.ask(Request::PoolStats { pools: vec![POOL.to_owned()] });
        assert!(matches!(stats, Reply::PoolStats(_)), "{stats:?}");
    }

    /// Appends to an object and reads it, again and again: each OSD tells of new maps in its own way. How many appends there
    /// were, and how many bytes the last read gave.
    fn append_and_read(&self, pool: PoolId, done: &AtomicBool) -> (usize, usize) {
        let finish = |op: Op| match self.client.submit(op).recv_timeout(HANG) {
            Ok(Outcome::Op(Ok(reply))) => reply,
            other => panic!("{other:?}"),
        };
        let (mut expected, mut appends) = (Vec::new(), 0);
        while !done.load(Ordering::Acquire) {
            let object = Bytes::from_static(b"watched");
            let line = format!("{appends:06}\n");
            expected.extend_from_slice(line.as_bytes());
            let mut append = ObjectOperation::new();
            append.append(Bytes::from(line));
            let appended = finish(Op::mutate(object.clone(), ObjectLocator::new(pool), append));
            assert!(!appended.is_err(), "{appended:?}");
            appends += 1;
            let mut read = ObjectOperation::new();
            read.read(0, 0);
            let found = finish(Op::read(object, ObjectLocator::new(pool), read));
            assert!(found.data(0).unwrap().to_contiguous() == expected, "after {appends} appends");
            std::thread::sleep(Duration::from_millis(20));
        }
        (appends, expected.len())
    }

    /// Nothing came that could not be read; each epoch was reached by its change, and is what the monitor has.
    fn finish(self, ceph: &Ceph) -> Replay {
        self.is_up_to_date();
        let (messages, stats, faults) = self.client.node().with(|watched| {
            let seen = watched.seen();
            println!("{:?}; without a use: {:?}", seen.counts, seen.useless);
            assert_eq!(Vec::from_iter(seen.useless.iter().copied()), ["MLog", "MMgrMap", "MServiceMap"]);
            (seen.maps.clone(), watched.client().map_stats(), seen.faults.clone())
        });
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(self.client.events(), Vec::<String>::new());
        let replay = replay(&messages);
        // Only the first map came whole; and the client itself took the same way, each checksum being right.
        assert_eq!(replay.full, 1);
        assert_eq!((stats.incremental, stats.full), (replay.incremental, replay.full));
        assert_eq!(stats.checked, stats.incremental);
        self.compare(ceph, &replay);
        self.client.shutdown();
        replay
    }

    /// Each epoch has the bytes that the monitor has; and what is printed of them is the same.
    fn compare(&self, ceph: &Ceph, replay: &Replay) {
        let every = replay.maps.len().div_ceil(PRINTED);
        for (number, (epoch, ours)) in replay.maps.iter().enumerate() {
            let theirs = self.getmap(*epoch);
            assert!(*ours == theirs, "epoch {epoch} is written in another way");
            if number % every == 0 {
                assert_eq!(
                    self.print(ceph, "ours", ours),
                    self.print(ceph, "theirs", &theirs),
                    "epoch {epoch}"
                );
            }
        }
    }

    fn print(&self, ceph: &Ceph, name: &str, map: &Bytes) -> String {
        let file = self.files.join(name);
        std::fs::write(&file, map).unwrap();
        let output = Command::new(ceph.bin().join("osdmaptool")).arg(&file).arg("--print").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("\nfsid "), "{text}");
        text
    }
}
