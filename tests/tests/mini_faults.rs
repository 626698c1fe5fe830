//! OSDs and pools that go while they are used, on the small cluster.

use std::thread;
use std::time::Duration;

use loligo::PoolOptions;
use loligo_tests::load::Load;
use loligo_tests::mini::{self, Mini};

const ENOENT: i32 = 2;

/// At least this much happens between one fault and the next.
const SOME: u64 = 200;
const A_MOMENT: Duration = Duration::from_millis(100);

#[test]
fn osds_that_stop_and_start_under_load_lose_nothing_and_repeat_nothing() {
    let mini = Mini::start();
    let load = Load::start(&mini.pool);
    for osd in [0, 1, 2, 1] {
        load.go_on(SOME, A_MOMENT);
        mini.cluster.stop_osd(osd).unwrap();
        load.go_on(SOME, A_MOMENT);
        mini.cluster.start_osd(osd).unwrap();
    }
    load.go_on(SOME, A_MOMENT);
    assert!(load.finish().writes() > SOME);
}

#[test]
fn osds_that_go_out_and_pools_that_grow_under_load_lose_nothing() {
    let mini = Mini::start();
    let load = Load::start(&mini.pool);
    load.go_on(SOME, A_MOMENT);
    for command in [
        r#"{"prefix": "osd out", "ids": ["1"]}"#,
        r#"{"prefix": "osd pool set", "pool": "data", "var": "pg_num", "val": "32"}"#,
        r#"{"prefix": "osd in", "ids": ["1"]}"#,
        r#"{"prefix": "osd down", "ids": ["2"]}"#,
    ] {
        mini.command(command);
        if command.contains("osd down") {
            // It is told that it is down only by starting anew.
            mini.cluster.stop_osd(2).unwrap();
            mini.cluster.start_osd(2).unwrap();
        }
        load.go_on(SOME, A_MOMENT);
    }
    assert!(load.finish().writes() > SOME);
}

#[test]
fn what_the_only_copy_has_waits_for_its_osd() {
    let mini = Mini::with(mini::two_osds());
    mini.client.create_pool("single", PoolOptions { pg_num: Some(1), size: Some(1) }).unwrap();
    let single = mini.client.io_ctx("single").unwrap();
    single.write_full("a", "x").wait().unwrap();
    let home = single.map("a").unwrap().acting_primary.unwrap();
    let home = u16::try_from(home.0).unwrap();
    mini.cluster.stop_osd(home).unwrap();
    let mut read = single.read("a", 0, 0);
    // The other OSD is asked now, and does not say that there is nothing.
    assert!(read.wait_timeout(A_MOMENT).is_none());
    mini.cluster.start_osd(home).unwrap();
    assert_eq!(read.wait().unwrap(), "x");
}

#[test]
fn a_pool_that_is_removed_under_load_ends_each_operation_with_enoent() {
    let mini = Mini::start();
    let pool = mini.pool.clone();
    let load = thread::spawn(move || {
        let mut done = 0;
        loop {
            let writes: Vec<_> = (0..16).map(|n| pool.append(format!("a{n}"), "x")).collect();
            let results: Vec<_> = writes.into_iter().map(loligo::Completion::wait).collect();
            done += results.iter().filter(|result| result.is_ok()).count();
            if let Some(error) = results.into_iter().find_map(Result::err) {
                return (done, error);
            }
        }
    });
    mini.pool.write_full("b", "x").wait().unwrap();
    mini.another().delete_pool(mini::POOL).unwrap();
    let (_, error) = load.join().unwrap();
    assert_eq!(error.errno(), ENOENT, "{error}");
    let gone = mini.pool.stat("b").wait().unwrap_err();
    assert_eq!(gone.errno(), ENOENT, "{gone}");
}

#[test]
fn two_clients_see_what_the_other_wrote() {
    const EACH: usize = 200;
    let mini = Mini::start();
    let other = mini.another();
    assert_ne!(other.instance_id(), mini.client.instance_id());
    let pools = [mini.pool.clone(), other.io_ctx(mini::POOL).unwrap()];
    thread::scope(|scope| {
        for (pool, mark) in pools.iter().zip(["a", "b"]) {
            scope.spawn(move || {
                let appends: Vec<_> = (0..EACH).map(|_| pool.append("shared", mark)).collect();
                for append in appends {
                    append.wait().unwrap();
                }
            });
        }
    });
    for pool in &pools {
        let read = pool.read("shared", 0, 0).wait().unwrap();
        let count = |mark| read.iter().filter(|byte| **byte == mark).count();
        assert_eq!((count(b'a'), count(b'b'), read.len()), (EACH, EACH, 2 * EACH));
    }
}
