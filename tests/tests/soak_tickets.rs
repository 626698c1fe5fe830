//! Tickets that live for a minute: writes go on over many of their lives, with new sessions all the time.

use std::time::Duration;

use loligo::{Cluster, Conf};
use loligo_tests::ceph::Ceph;
use loligo_tests::faults::Diagnosis;
use loligo_tests::load::Load;
use loligo_tests::sockets::{self, Cutter, Peers};

const POOL: &str = "tickets";
/// How often connections are cut: several times in the life of a ticket.
const INTERVAL: Duration = Duration::from_secs(5);
/// A write that waits for one refused session to be tried again takes longer than this.
const QUICK: Duration = Duration::from_secs(10);

#[test]
#[ignore = "minutes long: cargo xtask soak tickets"]
fn new_sessions_are_let_in_over_six_lives_of_a_ticket() {
    let lives = ["--set", "auth service ticket ttl=60", "--set", "auth mon ticket ttl=120"];
    let Some(ceph) = Ceph::up("soak_tickets", &lives) else { return };
    let _told = Diagnosis(&ceph);
    assert!(sockets::can_cut(), "`ss -K` does not cut connections here: that takes root");
    let _ = ceph.command(&["osd", "pool", "create", POOL, "12", "12"]);
    let cluster = Cluster::connect(&Conf::read("client.admin", ceph.conf()).unwrap()).unwrap();
    let identity = cluster.instance_id();
    let load = Load::start_gently(&cluster.io_ctx(POOL).unwrap());
    for peers in [Peers::Osds, Peers::Mons, Peers::All] {
        let cutter = Cutter::start(peers, INTERVAL);
        for minute in 1..=2 {
            load.go_on(8, Duration::from_secs(60));
            let longest = load.longest();
            let writes = load.totals().writes();
            println!("cuts of {peers:?}, minute {minute}: {writes} writes, the slowest took {longest:.1?}");
            assert!(longest < QUICK, "a session was refused for a while");
        }
        assert!(cutter.stop() > 0);
    }
    let totals = load.finish();
    assert_eq!(cluster.instance_id(), identity);
    ceph.check_complaints();
    println!("{} writes, {} reads without an error", totals.writes(), totals.reads);
}
