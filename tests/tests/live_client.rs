//! The client on a real Ceph.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use bytes::Bytes;
use loligo_objecter::ObjectOperation;
use loligo_tests::live::{self, LiveClient};
use loligo_wire::PoolId;

#[test]
fn logs_in_and_lists_the_pools_as_the_monitor_does() {
    let Some(conf) = live::conf() else { return };
    let client = LiveClient::connected(&conf);
    let (retcode, outs, _) =
        client.command(r#"{"prefix": "osd pool create", "pool": "live_lspools", "pg_num": 8}"#);
    assert_eq!(retcode, 0, "{outs}");
    // Others may make and remove pools at the same time.
    let before = pools(&client);
    let (retcode, outs, listed) = client.command(r#"{"prefix": "osd pool ls"}"#);
    assert_eq!(retcode, 0, "{outs}");
    let after = pools(&client);
    let listed: Vec<String> = listed.lines().map(ToOwned::to_owned).collect();
    assert!(listed.contains(&"live_lspools".to_owned()));
    assert!(listed == before || listed == after, "{listed:?} {before:?} {after:?}");
    println!("pools of {}: {listed:?}", client.node().with(|client| client.fsid()));
    client.shutdown();
}

/// The names of the pools, by number.
fn pools(client: &LiveClient) -> Vec<String> {
    client.latest_osdmap().pool_name.values().map(ToString::to_string).collect()
}

/// The pool of that name, made where there is none.
fn pool(client: &LiveClient, name: &str) -> PoolId {
    let create = format!(r#"{{"prefix": "osd pool create", "pool": "{name}", "pg_num": 8}}"#);
    let (retcode, outs, _) = client.command(&create);
    assert_eq!(retcode, 0, "{outs}");
    let map = client.latest_osdmap();
    map.pool_name.iter().find(|(_, known)| known.as_bytes() == name.as_bytes()).map(|(id, _)| *id).unwrap()
}

#[test]
fn objects_come_back_as_they_went() {
    let Some(conf) = live::conf() else { return };
    let client = LiveClient::connected(&conf);
    let pool = pool(&client, "live_objects");
    for size in [0, 1, 4095, 4096, 4 << 20] {
        let name = format!("object of {size}");
        let data: Bytes = (0..size).map(|i: usize| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        let mut write = ObjectOperation::new();
        write.write_full(data.clone());
        assert_eq!(client.mutate(pool, &name, write).result.0, 0);
        let mut read = ObjectOperation::new();
        read.read(0, 0);
        let mut reply = client.read(pool, &name, read);
        assert!(reply.take_data(0).to_contiguous() == data, "{size} bytes");
    }
    client.shutdown();
}
