//! Everything that can happen to a cluster and to our connections, while 64 appends are in flight without pause.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::time::{Duration, Instant};

use loligo::{Cluster, Conf};
use loligo_tests::ceph::Ceph;
use loligo_tests::faults::{Diagnosis, Harm};
use loligo_tests::load::{self, Load, OBJECTS};
use loligo_tests::rados::{self, Name, Rados};
use loligo_tests::sockets::{self, Cutter, Peers};

const POOL: &str = "faults";

/// Each twentieth message waits for a tenth of a second in its OSD. So there is always something for a fault to hit, and the
/// writes of some minutes do not fill the OSDs' stores, whose RocksDB cannot keep up with thousands a second on a small machine.
///
/// An OSD that comes back takes part in its PGs at once: asynchronous recovery would push the few objects here as they were
/// before the next append, which never ends while each of them is appended to without pause.
const CLUSTER: &[&str] = &[
    "--store",
    "bluestore",
    "--osds",
    "4",
    "--set",
    "osd debug inject dispatch delay probability=0.05",
    "--set",
    "osd debug inject dispatch delay duration=0.1",
    "--set",
    "osd async recovery min cost=1000000000",
];

#[test]
#[ignore = "minutes long: cargo xtask soak faults"]
fn no_append_is_lost_doubled_or_stuck() {
    let started = Instant::now();
    let Some(ceph) = Ceph::up("soak_faults", CLUSTER) else { return };
    let _told = Diagnosis(&ceph);
    assert!(sockets::can_cut(), "`ss -K` does not cut connections here: that takes root");
    rados::ceph(&ceph.conf(), &["osd", "pool", "create", POOL, "12", "12"]);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    let load = Load::start(&cluster.io_ctx(POOL).unwrap());
    let harm = Harm { ceph: &ceph, load: &load, time: Duration::from_secs(5) };
    harm.go_on();
    one_after_the_other(&harm);
    let cutter = Cutter::start(Peers::All, Duration::from_secs(1));
    harm.load.go_on(8, Duration::from_secs(30));
    println!("30 s of cuts: the slowest write took {:.1} s", harm.load.longest().as_secs_f32());
    all_over_again(&harm);
    let cuts = cutter.stop();
    let totals = load.finish();
    as_rados_reads(&ceph, &totals.acked);
    ceph.check_complaints();
    println!(
        "{} s, {} writes, {} reads, {cuts} connections cut: each append is there once, in order",
        started.elapsed().as_secs(),
        totals.writes(),
        totals.reads
    );
}

fn one_after_the_other(harm: &Harm<'_>) {
    harm.pause();
    harm.kill_osd(1);
    harm.out_and_in(2);
    harm.grow(POOL, 32);
    harm.restart_mon();
}

/// While connections are cut.
fn all_over_again(harm: &Harm<'_>) {
    harm.pause();
    harm.restart_mon();
    harm.kill_osd(0);
    harm.out_and_in(3);
}

/// Ceph's own client sees the same.
fn as_rados_reads(ceph: &Ceph, acked: &[u64; OBJECTS]) {
    let rados = Rados::new(&ceph.conf());
    let file = std::env::temp_dir().join(format!("loligo-soak-faults-{}", std::process::id()));
    for (number, acked) in acked.iter().enumerate() {
        let (pool, object) = (POOL.to_owned(), load::object(number));
        let name = Name { pool, namespace: String::new(), locator: String::new(), object };
        rados.get(&name, &file);
        assert_eq!(load::count(number, &std::fs::read(&file).unwrap()), Ok(*acked));
    }
    let _ = std::fs::remove_file(file);
}
