//! How many threads a client has. Alone in its program, which counts all of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeSet;

use loligo_minicluster_net::MiniOptions;
use loligo_tests::mini::Mini;

/// The names of this program's threads, with their numbers.
fn threads() -> BTreeSet<(String, String)> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks
        .map(|task| {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            (task.file_name().to_string_lossy().into_owned(), name.trim().to_owned())
        })
        .collect()
}

#[test]
fn a_client_of_many_osds_has_two_threads_at_most() {
    let mini = Mini::with(MiniOptions { osds: 8, ..MiniOptions::default() });
    let before = threads();
    let client = mini.another();
    let pool = client.io_ctx(loligo_tests::mini::POOL).unwrap();
    let mut primaries = BTreeSet::new();
    for n in 0..200 {
        let name = format!("object{n}");
        pool.write_full(&name, "x").wait().unwrap();
        primaries.insert(pool.map(&name).unwrap().acting_primary);
    }
    assert!(primaries.len() > 4, "{primaries:?}");
    let new: Vec<_> = threads().difference(&before).cloned().collect();
    assert!((1..=2).contains(&new.len()), "{new:?}");
    // They end with the client.
    drop(pool);
    drop(client);
    let left: Vec<_> = threads().difference(&before).cloned().collect();
    assert_eq!(left, []);
}
