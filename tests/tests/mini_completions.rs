//! Completions on the small cluster: waited for, polled, cancelled, dropped, left alone, too late.

use std::thread;
use std::time::{Duration, Instant};

use loligo::{Cluster, Error};
use loligo_tests::mini::{self, Mini, block_on};

const ENOENT: i32 = 2;
const ENOSPC: i32 = 28;
const ETIMEDOUT: i32 = 110;
const ESHUTDOWN: i32 = 108;

/// Long enough for anything that happens at all to be noticed.
const A_WHILE: Duration = Duration::from_millis(200);

#[test]
fn a_completion_is_a_future() {
    let mini = Mini::start();
    let read = block_on(async {
        mini.pool.write_full("a", "x").await?;
        mini.pool.append("a", "y").await?;
        mini.pool.read("a", 0, 0).await
    });
    assert_eq!(read.unwrap(), "xy");
    assert_eq!(block_on(mini.pool.stat("b")).unwrap_err().errno(), ENOENT);
    let mut list = mini.pool.list();
    let mut names = Vec::new();
    while let Some(page) = block_on(list.next_page()).unwrap() {
        names.extend(page.into_iter().map(|object| object.oid));
    }
    assert_eq!(names, ["a"]);
}

#[test]
fn operations_of_one_object_run_in_the_order_of_their_submission() {
    let mini = Mini::start();
    let appends: Vec<_> = (0..500).map(|n| mini.pool.append("a", format!("{n:03} "))).collect();
    let read = mini.pool.read("a", 0, 0);
    for append in appends {
        append.wait().unwrap();
    }
    let wanted: String = (0..500).map(|n| format!("{n:03} ")).collect();
    assert_eq!(read.wait().unwrap(), wanted);
}

#[test]
fn a_paused_cluster_holds_reads_and_writes_until_it_goes_on() {
    let mini = Mini::start();
    mini.pool.write_full("a", "old").wait().unwrap();
    mini.flag("pause", true);
    let mut write = mini.pool.write_full("a", "new");
    let mut read = mini.pool.read("a", 0, 0);
    assert!(write.wait_timeout(A_WHILE).is_none());
    assert!(read.wait_timeout(Duration::ZERO).is_none());
    assert!(!write.is_complete());
    mini.flag("pause", false);
    write.wait().unwrap();
    assert_eq!(read.wait().unwrap(), "new");
}

#[test]
fn a_deadline_ends_what_a_pause_holds() {
    let mini = Mini::start();
    mini.flag("pause", true);
    let start = Instant::now();
    let error = mini.pool.clone().with_timeout(A_WHILE).write_full("a", "x").wait().unwrap_err();
    assert!(start.elapsed() >= A_WHILE);
    assert_eq!(error.errno(), ETIMEDOUT);
    assert!(!error.may_have_run(), "{error}");
    mini.flag("pause", false);
    assert_eq!(mini.pool.stat("a").wait().unwrap_err().errno(), ENOENT);
}

#[test]
fn a_deadline_of_what_was_sent_leaves_the_outcome_open() {
    let mini = Mini::with(mini::two_osds());
    mini.pool.write_full("a", "x").wait().unwrap();
    mini.starve();
    let error = mini.pool.clone().with_timeout(A_WHILE).append("a", "y").wait().unwrap_err();
    assert_eq!(error.errno(), ETIMEDOUT);
    assert!(error.may_have_run(), "{error}");
}

#[test]
fn what_was_not_sent_is_cancelled_and_never_runs() {
    let mini = Mini::start();
    mini.flag("pause", true);
    let error = mini.pool.write_full("a", "x").cancel().unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error:?}");
    // Dropping is cancelling, too.
    drop(mini.pool.write_full("b", "x"));
    mini.pool.write_full("c", "x").detach();
    mini.flag("pause", false);
    assert_eq!(mini.pool.stat("a").wait().unwrap_err().errno(), ENOENT);
    assert_eq!(mini.pool.stat("b").wait().unwrap_err().errno(), ENOENT);
    // Behind the write that was left alone, in order.
    assert_eq!(mini.pool.read("c", 0, 0).wait().unwrap(), "x");
}

#[test]
fn whether_what_was_sent_ran_is_not_known_after_cancelling() {
    let mini = Mini::with(mini::two_osds());
    mini.pool.write_full("a", "x").wait().unwrap();
    mini.starve();
    let mut append = mini.pool.append("a", "y");
    assert!(append.wait_timeout(A_WHILE).is_none());
    match append.cancel() {
        Err(error) => assert!(error.may_have_run(), "{error}"),
        Ok(()) => panic!("nobody can have answered"),
    }
}

#[test]
fn cancelling_what_is_done_gives_its_result() {
    let mini = Mini::start();
    let write = mini.pool.write_full("a", "x");
    while !write.is_complete() {
        thread::yield_now();
    }
    write.cancel().unwrap();
}

#[test]
fn a_full_cluster_holds_writes_unless_they_try() {
    let mini = Mini::start();
    mini.pool.write_full("a", "x").wait().unwrap();
    mini.flag("full", true);
    let mut held = mini.pool.write_full("a", "y");
    assert!(held.wait_timeout(A_WHILE).is_none());
    let tried = mini.pool.clone().with_full_try().write_full("b", "y").wait();
    assert_eq!(tried.unwrap_err().errno(), ENOSPC);
    // Reads go on. They do not overtake the write to their own object.
    assert_eq!(mini.pool.stat("c").wait().unwrap_err().errno(), ENOENT);
    // Removing makes room.
    mini.pool.clone().with_full_force().write_full("d", "z").wait().unwrap();
    mini.pool.clone().with_full_try().remove("d").wait().unwrap();
    mini.flag("full", false);
    held.wait().unwrap();
    assert_eq!(mini.pool.read("a", 0, 0).wait().unwrap(), "y");
}

#[test]
fn shutdown_from_another_thread_ends_every_wait() {
    let mini = Mini::start();
    mini.flag("pause", true);
    let waiting: Vec<_> = (0..4)
        .map(|n| {
            let write = mini.pool.write_full(format!("a{n}"), "x");
            thread::spawn(move || if n % 2 == 0 { write.wait() } else { block_on(write) })
        })
        .collect();
    let client: Cluster = mini.client.clone();
    thread::spawn(move || client.shutdown()).join().unwrap();
    for waiting in waiting {
        assert_eq!(waiting.join().unwrap().unwrap_err().errno(), ESHUTDOWN);
    }
    assert_eq!(mini.pool.stat("a0").wait().unwrap_err().errno(), ESHUTDOWN);
    // A second time it does nothing.
    mini.client.shutdown();
}
