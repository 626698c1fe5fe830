//! Everything that can happen to a cluster and to our connections, while 64 appends are in flight without pause.

use std::time::Duration;

use loligo::Cluster;

use crate::ceph::Ceph;
use crate::faults::{Harm, PROMPT};
use crate::load::{self, Load, OBJECTS, Totals};
use crate::rados::{Name, Rados};
use crate::sockets::{self, Cutter, Peers};

const POOL: &str = "faults";

/// Each twentieth message waits for a tenth of a second in its OSD. So there is always something for a fault to hit, and the
/// writes of some minutes do not fill the OSDs' stores, whose RocksDB cannot keep up with thousands a second on a small machine.
///
/// An OSD that comes back takes part in its PGs at once: asynchronous recovery would push the few objects here as they were
/// before the next append, which never ends while each of them is appended to without pause. Nor does an OSD rest between the
/// objects that it moves, or let those that are written wait for less urgent work of the newer releases' scheduler.
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
    "--set",
    "osd op queue=wpq",
    "--set",
    "osd recovery sleep hdd=0",
    "--set",
    "osd recovery sleep hybrid=0",
];

/// What `ceph up` is told, beside the release.
#[must_use]
pub fn cluster() -> Vec<&'static str> {
    [CLUSTER, &PROMPT].concat()
}

/// A cluster that was started with [`cluster`], and a client of it.
#[derive(Debug)]
pub struct Storm<'a> {
    /// The cluster.
    pub ceph: &'a Ceph,
    /// The client.
    pub cluster: &'a Cluster,
    /// How long the load runs in each state of the cluster.
    pub time: Duration,
}

/// What went on in it.
#[derive(Clone, Copy, Debug)]
pub struct Weathered {
    /// What the load did.
    pub totals: Totals,
    /// How many connections were cut.
    pub cuts: u64,
}

impl Storm<'_> {
    /// Lets it rage: each fault by itself, then cuts of connections once a second, during which `when_cut` is called, and then
    /// the faults again while cuts go on. Each append is there once, in order, as Ceph's own client sees it too.
    ///
    /// # Panics
    ///
    /// When an append is lost, doubled, swapped or stuck, or where connections cannot be cut.
    pub fn rage(&self, when_cut: impl FnOnce(&Load)) -> Weathered {
        assert!(sockets::can_cut(), "`ss -K` does not cut connections here: that takes root");
        let _ = self.ceph.command(&["osd", "pool", "create", POOL, "12", "12"]);
        let load = Load::start(&self.cluster.io_ctx(POOL).unwrap());
        let harm = Harm { ceph: self.ceph, load: &load, time: self.time };
        harm.go_on();
        one_after_the_other(&harm);
        let cutter = Cutter::start(Peers::All, Duration::from_secs(1));
        when_cut(&load);
        println!("connections are cut: the slowest write took {:.1} s", load.longest().as_secs_f32());
        all_over_again(&harm);
        let cuts = cutter.stop();
        let totals = load.finish();
        self.as_rados_reads(&totals.acked);
        Weathered { totals, cuts }
    }

    /// Ceph's own client sees the same.
    fn as_rados_reads(&self, acked: &[u64; OBJECTS]) {
        let rados = Rados::of(self.ceph);
        let file = self.ceph.conf().with_file_name("object");
        for (number, acked) in acked.iter().enumerate() {
            let (pool, object) = (POOL.to_owned(), load::object(number));
            let name = Name { pool, namespace: String::new(), locator: String::new(), object };
            rados.get(&name, &file);
            assert_eq!(load::count(number, &std::fs::read(&file).unwrap()), Ok(*acked));
        }
    }
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
