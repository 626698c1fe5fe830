//! A real Ceph over messenger v1, and over v2 in both connection modes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use loligo::{Cluster, Conf, IoCtx, PoolOptions};
use loligo_tests::live;

const POOL: &str = "live_modes";

fn connect(options: &[(&str, &str)]) -> Option<Cluster> {
    let mut conf = Conf::read("client.admin", live::conf()?).unwrap();
    for (option, value) in options {
        conf.set(option, *value);
    }
    Some(Cluster::connect(&conf).unwrap())
}

fn pool(cluster: &Cluster) -> IoCtx {
    let options = PoolOptions { pg_num: Some(8), size: Some(2) };
    // Another of these tests may have made it.
    let _ = cluster.create_pool(POOL, options);
    cluster.io_ctx(POOL).unwrap()
}

#[test]
fn objects_that_went_one_way_come_back_every_other_way() {
    let ways = ["legacy", "crc", "secure", "prefer-crc", "prefer-secure"];
    let contents: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[1] ^ n.to_le_bytes()[0]).collect();
    for way in ways {
        let Some(cluster) = connect(&[("ms_mode", way)]) else { return };
        let pool = pool(&cluster);
        for size in [0, 1, 4_096, contents.len()] {
            pool.write_full(format!("{way} {size}"), contents[..size].to_vec()).wait().unwrap();
        }
    }
    for way in ways {
        let Some(cluster) = connect(&[("ms_mode", way)]) else { return };
        let pool = pool(&cluster);
        for other in ways {
            for size in [0, 1, 4_096, contents.len()] {
                let read = pool.read(format!("{other} {size}"), 0, 0).wait().unwrap();
                assert!(read == contents[..size], "{other} {size} read over {way}");
            }
        }
    }
}

#[test]
fn the_way_to_monitors_and_the_way_to_osds_are_chosen_apart() {
    for (mon, osd) in [("crc", "secure"), ("secure", "crc")] {
        let modes = [("ms_mon_client_mode", mon), ("ms_client_mode", osd)];
        let Some(cluster) = connect(&modes) else { return };
        let pool = pool(&cluster);
        pool.write_full("apart", mon).wait().unwrap();
        assert_eq!(pool.read("apart", 0, 0).wait().unwrap(), mon);
    }
}
