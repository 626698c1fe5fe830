//! The session with the monitors of a real Ceph, when they go and come.

use loligo_objecter::ObjectOperation;
use loligo_tests::ceph::Ceph;
use loligo_tests::live::LiveClient;

/// The cluster does not let a client have its number back without a proof (`auth_allow_insecure_global_id_reclaim`).
#[test]
fn the_identity_outlives_every_monitor() {
    let args = ["--mons", "3", "--osds", "1", "--set", "auth service ticket ttl=60"];
    let Some(ceph) = Ceph::up("live_monitors", &args) else { return };
    let client = LiveClient::connected(&ceph.conf());
    let global_id = client.node().with(|client| client.global_id());
    let create = r#"{"prefix": "osd pool create", "pool": "live_monitors", "pg_num": 8, "size": 1}"#;
    assert_eq!(client.command(create).0, 0);
    let pool = *client.latest_osdmap().pool_name.keys().next_back().unwrap();
    for monitor in ["mon.a", "mon.b", "mon.c", "mon.a", "mon.b", "mon.c"] {
        ceph.kill(monitor);
        let (retcode, _, pools) = client.command(r#"{"prefix": "osd pool ls"}"#);
        assert_eq!((retcode, pools.contains("live_monitors")), (0, true));
        ceph.start(monitor);
        let mut write = ObjectOperation::new();
        write.write_full(bytes::Bytes::from_static(monitor.as_bytes()));
        assert_eq!(client.mutate(pool, monitor, write).result.0, 0);
    }
    assert_eq!(client.node().with(|client| client.global_id()), global_id);
    assert_eq!(client.events(), Vec::<String>::new());
    client.shutdown();
}
