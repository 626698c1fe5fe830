//! Each release of Ceph that can be brought here: what we write, its own `rados` reads, and the other way round.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use loligo::{Cluster, Conf, IoCtx, PoolOptions};
use loligo_auth::{Cipher, KeyServerOptions};
use loligo_base::Prng;
use loligo_minicluster_net::MiniOptions;
use loligo_tests::ceph::Ceph;
use loligo_tests::live::admin_key_type;
use loligo_tests::load::Load;
use loligo_tests::mini::Mini;
use loligo_tests::rados::{Name, Rados};
use loligo_tests::sockets::{self, Cutter, Peers};
use loligo_tests::way::Way;
use loligo_wire::cephx::KeyType;
use serde_json::Value;

const POOL: &str = "releases";
const SIZE: usize = 4 << 20;
/// How long the manager may take to know of a pool.
const SETTLE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "fetches Ceph: cargo xtask soak releases"]
fn nautilus() {
    exchange("nautilus", KeyType::AES);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak releases"]
fn pacific() {
    exchange("pacific", KeyType::AES);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak releases"]
fn reef() {
    exchange("reef", KeyType::AES);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak releases"]
fn tentacle() {
    exchange("tentacle", KeyType::AES256K);
}

/// The other way round: our monitor and OSDs have keys of `aes256k`, and a librados that knows them is the client.
#[test]
#[ignore = "fetches Ceph: cargo xtask soak releases"]
fn rados_of_tentacle_on_the_small_cluster() {
    let Some(ceph) = Ceph::up("soak_tentacle_mini", &["--release", "tentacle", "--osds", "1"]) else {
        return;
    };
    let tickets = KeyServerOptions { auth_service_cipher: Cipher::Aes256k, ..KeyServerOptions::default() };
    let mini = Mini::with(MiniOptions { tickets, ..MiniOptions::default() });
    let conf = mini.cluster.conf_path();
    assert_eq!(admin_key_type(&conf), KeyType::AES256K);
    mini.client.create_pool(POOL, PoolOptions { pg_num: Some(12), size: None }).unwrap();
    let io = mini.client.io_ctx(POOL).unwrap();
    let rados = Rados::of_for(&ceph, &conf);
    Both { io, rados, file: conf.with_file_name("object") }.exchange();
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak releases"]
fn tickets_of_tentacle_are_renewed_over_v1() {
    tickets_of_tentacle_are_renewed(Way::Legacy);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak releases"]
fn tickets_of_tentacle_are_renewed_over_v2_crc() {
    tickets_of_tentacle_are_renewed(Way::Crc);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak releases"]
fn tickets_of_tentacle_are_renewed_over_v2_secure() {
    tickets_of_tentacle_are_renewed(Way::Secure);
}

/// Tickets of `aes256k` live for seconds, while OSDs and monitors are met again and again.
fn tickets_of_tentacle_are_renewed(way: Way) {
    let lives = ["--set", "auth service ticket ttl=20", "--set", "auth mon ticket ttl=40"];
    let signed = ["--set", "cephx require signatures=true"];
    let args = [&["--release", "tentacle"][..], &lives, &signed].concat();
    let Some(ceph) = Ceph::up(&format!("tickets_{}", way.ms_mode()), &args) else { return };
    assert!(sockets::can_cut(), "`ss -K` does not cut connections here: that takes root");
    assert_eq!(admin_key_type(&ceph.conf()), KeyType::AES256K);
    let cluster = way.connect(&ceph, &[]);
    let io = pool(&cluster);
    let identity = cluster.instance_id();
    let load = Load::start_gently(&io);
    for peers in [Peers::Osds, Peers::All] {
        let cutter = Cutter::start(peers, Duration::from_secs(3));
        load.go_on(8, Duration::from_secs(60));
        let (writes, longest) = (load.totals().writes(), load.longest());
        println!("cuts of {peers:?}: {writes} writes, the slowest took {longest:.1?}");
        if peers == Peers::All {
            way.is_taken(&ceph, &cluster, &load);
        }
        assert!(cutter.stop() > 0);
    }
    let totals = load.finish();
    assert_eq!(cluster.instance_id(), identity);
    ceph.check_complaints();
    println!("{} writes, {} reads without an error over {way:?}", totals.writes(), totals.reads);
}

/// A pool of this test's own.
fn pool(cluster: &Cluster) -> IoCtx {
    cluster.create_pool(POOL, PoolOptions { pg_num: Some(12), size: None }).unwrap();
    cluster.io_ctx(POOL).unwrap()
}

fn exchange(release: &str, key_type: KeyType) {
    let Some(ceph) = Ceph::up(&format!("soak_{release}"), &["--release", release]) else { return };
    assert_eq!(admin_key_type(&ceph.conf()), key_type);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    let io = pool(&cluster);
    let both = Both { io, rados: Rados::of(&ceph), file: ceph.conf().with_file_name("object") };
    both.exchange();
    told_of(&cluster);
    cluster.shutdown();
    ceph.check_complaints();
}

/// What we know of a cluster is what its monitors and manager say.
fn told_of(cluster: &Cluster) {
    let ask = |prefix: &str| -> Value {
        let command = format!(r#"{{"prefix": "{prefix}", "format": "json"}}"#);
        serde_json::from_slice(&cluster.mon_command(&command, "").wait().unwrap().data).unwrap()
    };
    let status = ask("status");
    assert_eq!(status.pointer("/fsid").unwrap(), &cluster.fsid().to_string());
    // The manager tells the monitors of a new pool every few seconds.
    let deadline = Instant::now() + SETTLE;
    let df = loop {
        let df = ask("df");
        let pools = df.pointer("/pools").unwrap().as_array().unwrap();
        if pools.iter().any(|pool| pool.pointer("/name").unwrap() == POOL) {
            break df;
        }
        assert!(Instant::now() < deadline, "{POOL} is not in {df}");
        std::thread::sleep(Duration::from_millis(200));
    };
    let total = df.pointer("/stats/total_bytes").unwrap();
    assert_eq!(total.as_u64().unwrap() >> 10, cluster.stat().wait().unwrap().kb);
}

/// We, and the release's own `rados`.
struct Both {
    io: IoCtx,
    rados: Rados,
    file: PathBuf,
}

impl Both {
    fn exchange(&self) {
        let mut prng = Prng::new(1);
        let mut bytes = |count: usize| -> Vec<u8> {
            std::iter::repeat_with(|| prng.next_u64().to_le_bytes()).flatten().take(count).collect()
        };
        let (mut ours, mut theirs) = (bytes(SIZE), bytes(SIZE));
        self.io.write_full("ours", ours.clone()).wait().unwrap();
        self.rados.put(&name("theirs"), &self.with(&theirs));
        self.equal("ours", &ours);
        self.equal("theirs", &theirs);

        let more = bytes(5000);
        self.rados.append(&name("ours"), &self.with(&more));
        self.io.append("theirs", more.clone()).wait().unwrap();
        ours.extend_from_slice(&more);
        theirs.extend_from_slice(&more);
        self.equal("ours", &ours);
        self.equal("theirs", &theirs);
        self.listed(&["ours", "theirs"]);

        self.rados.remove(&name("ours"));
        assert!(self.io.stat("ours").wait().unwrap_err().is_not_found());
        self.listed(&["theirs"]);
        self.io.remove("theirs").wait().unwrap();
        self.listed(&[]);
    }

    /// The file with these contents.
    fn with(&self, contents: &[u8]) -> PathBuf {
        std::fs::write(&self.file, contents).unwrap();
        self.file.clone()
    }

    /// Both find these contents, and their length.
    fn equal(&self, object: &str, contents: &[u8]) {
        assert!(self.io.read(object, 0, 0).wait().unwrap() == contents, "we read something else in {object}");
        self.rados.get(&name(object), &self.file);
        assert!(std::fs::read(&self.file).unwrap() == contents, "rados read something else in {object}");
        let size = contents.len() as u64;
        assert_eq!((self.io.stat(object).wait().unwrap().size, self.rados.size(&name(object))), (size, size));
    }

    /// Both list these objects.
    fn listed(&self, objects: &[&str]) {
        let oid = |object: loligo::ListObject| String::from_utf8(object.oid.to_vec()).unwrap();
        let mut ours: Vec<_> = self.io.list().map(|object| oid(object.unwrap())).collect();
        ours.sort();
        assert_eq!(ours, objects);
        assert_eq!(self.rados.list(POOL), objects);
    }
}

fn name(object: &str) -> Name {
    let none = String::new;
    Name { pool: POOL.to_owned(), namespace: none(), locator: none(), object: object.to_owned() }
}
