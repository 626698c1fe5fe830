//! The tests of names and of faults over each messenger, and each protection of its connections, that a release of Ceph has.

use std::time::{Duration, Instant};

use loligo_tests::ceph::Ceph;
use loligo_tests::faults::Diagnosis;
use loligo_tests::live::admin_key_type;
use loligo_tests::names::{self, POOLS, exchange_names};
use loligo_tests::rados::Rados;
use loligo_tests::storm::{self, Storm};
use loligo_tests::way::Way;
use loligo_wire::cephx::KeyType;

/// A daemon of these talks with nobody who does not sign each message over messenger v1.
const SIGNED: [&str; 2] = ["--set", "cephx require signatures=true"];

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes nautilus:legacy"]
fn nautilus_legacy() {
    names_and_faults("nautilus", Way::Legacy);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes nautilus:crc"]
fn nautilus_crc() {
    names_and_faults("nautilus", Way::Crc);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes pacific:crc"]
fn pacific_crc() {
    names_and_faults("pacific", Way::Crc);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes pacific:secure"]
fn pacific_secure() {
    names_and_faults("pacific", Way::Secure);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes reef:crc"]
fn reef_crc() {
    names_and_faults("reef", Way::Crc);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes reef:secure"]
fn reef_secure() {
    names_and_faults("reef", Way::Secure);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes tentacle:legacy"]
fn tentacle_legacy() {
    names_and_faults("tentacle", Way::Legacy);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes tentacle:crc"]
fn tentacle_crc() {
    names_and_faults("tentacle", Way::Crc);
}

#[test]
#[ignore = "fetches Ceph, and takes minutes: cargo xtask soak modes tentacle:secure"]
fn tentacle_secure() {
    names_and_faults("tentacle", Way::Secure);
}

fn names_and_faults(release: &str, way: Way) {
    let started = Instant::now();
    let args = [&["--release", release][..], &storm::cluster(), &SIGNED].concat();
    let Some(ceph) = Ceph::up(&format!("{release}_{}", way.ms_mode()), &args) else { return };
    let _told = Diagnosis(&ceph);
    let key_type = if release == "tentacle" { KeyType::AES256K } else { KeyType::AES };
    assert_eq!(admin_key_type(&ceph.conf()), key_type);
    let cluster = way.connect(&ceph, &[]);
    let identity = cluster.instance_id();
    exchange_names(&cluster, &Rados::of(&ceph), ceph.dir(), names::count());
    let named = started.elapsed().as_secs();
    for (pool, _) in POOLS {
        // The faults wait for all PGs that there are.
        let _ = ceph.command(&["osd", "pool", "rm", pool, pool, "--yes-i-really-really-mean-it"]);
    }
    let storm = Storm { ceph: &ceph, cluster: &cluster, time: Duration::from_secs(3) };
    let done = storm.rage(|load| way.is_taken(&ceph, &cluster, load));
    assert_eq!(cluster.instance_id(), identity);
    ceph.check_complaints();
    println!(
        "{release}:{}: {} s ({named} s for names), {} names, {} writes, {} reads, {} connections cut: all is there once, in order",
        way.ms_mode(),
        started.elapsed().as_secs(),
        names::count(),
        done.totals.writes(),
        done.totals.reads,
        done.cuts
    );
}
