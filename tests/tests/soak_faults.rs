//! Everything that can happen to a cluster and to our connections, while 64 appends are in flight without pause.

use std::time::{Duration, Instant};

use loligo::{Cluster, Conf};
use loligo_tests::ceph::Ceph;
use loligo_tests::faults::Diagnosis;
use loligo_tests::storm::{self, Storm};

#[test]
#[ignore = "minutes long: cargo xtask soak faults"]
fn no_append_is_lost_doubled_or_stuck() {
    let started = Instant::now();
    let Some(ceph) = Ceph::up("soak_faults", &storm::cluster()) else { return };
    let _told = Diagnosis(&ceph);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    let storm = Storm { ceph: &ceph, cluster: &cluster, time: Duration::from_secs(5) };
    let done = storm.rage(|load| load.go_on(8, Duration::from_secs(30)));
    ceph.check_complaints();
    println!(
        "{} s, {} writes, {} reads, {} connections cut: each append is there once, in order",
        started.elapsed().as_secs(),
        done.totals.writes(),
        done.totals.reads,
        done.cuts
    );
}
