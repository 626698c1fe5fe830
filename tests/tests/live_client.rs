//! The client on a real Ceph.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use loligo_tests::live::{self, LiveClient};

#[test]
fn logs_in_and_lists_the_pools_as_the_monitor_does() {
    let Some(conf) = live::conf() else { return };
    let client = LiveClient::connected(&conf);
    let (retcode, outs, _) =
        client.command(r#"{"prefix": "osd pool create", "pool": "live_lspools", "pg_num": 8}"#);
    assert_eq!(retcode, 0, "{outs}");
    let map = client.latest_osdmap();
    let ours: Vec<String> = map.pool_name.values().map(ToString::to_string).collect();
    let (retcode, outs, listed) = client.command(r#"{"prefix": "osd pool ls"}"#);
    assert_eq!(retcode, 0, "{outs}");
    assert!(ours.contains(&"live_lspools".to_owned()));
    assert_eq!(ours, listed.lines().collect::<Vec<_>>());
    println!("pools of {}: {ours:?}", client.node().with(|client| client.fsid()));
    client.shutdown();
}
