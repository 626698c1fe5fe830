//! A shorter cousin of `soak_faults`, without the faults that need a disk: appends in flight without pause, on a real Ceph that
//! is paused, loses its monitor, moves PGs and splits them, and whose connections to us are cut.

use std::time::Duration;

use loligo::{Cluster, Conf};
use loligo_tests::ceph::Ceph;
use loligo_tests::faults::{Diagnosis, Harm, PROMPT};
use loligo_tests::live;
use loligo_tests::load::Load;
use loligo_tests::sockets::{self, Cutter, Peers};

const POOL: &str = "faults";

#[test]
fn no_append_is_lost_or_doubled_by_faults_without_a_death() {
    let Some(ceph) = Ceph::up("live_faults", &PROMPT) else { return };
    let _told = Diagnosis(&ceph);
    let _ = ceph.command(&["osd", "pool", "create", POOL, "12", "12"]);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    let load = Load::start(&cluster.io_ctx(POOL).unwrap());
    let harm = Harm { ceph: &ceph, load: &load, time: Duration::from_secs(1) };
    harm.pause();
    harm.grow(POOL, 32);
    let cutter = cutter();
    harm.out_and_in(2);
    harm.restart_mon();
    let cuts = cutter.map_or(0, Cutter::stop);
    let totals = load.finish();
    ceph.check_complaints();
    println!("{} writes, {} reads, {cuts} connections cut", totals.writes(), totals.reads);
}

fn cutter() -> Option<Cutter> {
    let can = sockets::can_cut();
    if !can {
        live::skip("`ss -K` does not cut connections here: that takes root");
    }
    can.then(|| Cutter::start(Peers::All, Duration::from_millis(500)))
}
