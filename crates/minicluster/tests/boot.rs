//! OSDs that start, and start anew.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use loligo_auth::{KeyServer, KeyServerOptions};
use loligo_base::{Mono, Now, SeededEntropy, Wall};
use loligo_minicluster::{Daemon, Mon, MonCall, MonOptions, Osd, OsdCall};
use loligo_msgr_proto::{Endpoint, Input, Output};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::{Epoch, OsdId, Uuid};

const NOW: Now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
const METHODS: &[AuthMethod] = &[AuthMethod::NONE];

struct Cluster {
    mon: Mon,
    osds: Vec<Osd>,
}

impl Cluster {
    fn new(osds: u16) -> Self {
        let options = MonOptions {
            fsid: Uuid::NIL,
            osds,
            methods: METHODS,
            keys: KeyServer::new(KeyServerOptions::default(), NOW.wall, &mut SeededEntropy::new(1)),
            entropy: Box::new(SeededEntropy::new(2)),
            osd_pool_default_size: 1,
            osd_pool_default_pg_num: 1,
        };
        let mut mon = Mon::new(options, NOW);
        mon.handle(NOW, Input::Call(MonCall::Start("v1:10.0.0.1:6789/0".parse().unwrap())));
        let osd = |n: u16| Osd::new(OsdId(n.into()), METHODS, Box::new(SeededEntropy::new(n.into())));
        Self { mon, osds: (0..osds).map(osd).collect() }
    }

    fn start(&mut self, osd: usize, addr: &str) {
        self.osds[osd].handle(NOW, Input::Call(OsdCall::Start(addr.parse().unwrap())));
        while let Some(output) = self.mon.poll().or_else(|| self.osds.iter_mut().find_map(Osd::poll)) {
            let Output::Done(message) = output else { panic!("{output:?}") };
            match message.to {
                Daemon::Mon => self.mon.handle(NOW, Input::Call(MonCall::Bus(message))),
                Daemon::Osd(OsdId(n)) => {
                    self.osds[usize::try_from(n).unwrap()].handle(NOW, Input::Call(OsdCall::Bus(message)));
                }
            }
        }
    }
}

#[test]
fn one_that_starts_anew_before_anybody_missed_it_was_down_for_an_epoch() {
    let mut cluster = Cluster::new(1);
    cluster.start(0, "v1:10.0.0.2:6800/1");
    let before = cluster.mon.epoch();
    cluster.start(0, "v1:10.0.0.2:6800/2");
    let map = cluster.mon.osdmap();
    assert_eq!(cluster.mon.epoch(), Epoch(before.0 + 2));
    assert!(map.is_up(OsdId(0)));
    assert_eq!(map.get_up_from(OsdId(0)), map.get_epoch());
    assert_eq!(map.get_addrs(OsdId(0)), &"v1:10.0.0.2:6800/2".parse().unwrap());
}

#[test]
fn one_that_says_again_that_it_started_changes_nothing() {
    let mut cluster = Cluster::new(2);
    cluster.start(0, "v1:10.0.0.2:6800/1");
    let before = cluster.mon.epoch();
    cluster.start(0, "v1:10.0.0.2:6800/1");
    assert_eq!(cluster.mon.epoch(), before);
}
