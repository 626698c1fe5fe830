//! Logins that fail, and clusters that are none.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use loligo::{Cluster, Conf, Error};
use loligo_auth::{CryptoKey, Keyring, KeyringEntry};
use loligo_base::Wall;
use loligo_minicluster_net::{MiniAuth, MiniCluster, MiniOptions};
use loligo_msgr::SystemEntropy;
use loligo_tests::mini;
use loligo_wire::entity::AuthEntityName;

const ENOENT: i32 = 2;
const EACCES: i32 = 13;
const EOPNOTSUPP: i32 = 95;
const ETIMEDOUT: i32 = 110;

/// A keyring with a key that no cluster has.
fn strange_keyring(name: &str) -> String {
    let key = CryptoKey::generate(Wall::new(1_700_000_000, 0), &mut SystemEntropy);
    let mut keyring = Keyring::new();
    keyring.insert(AuthEntityName::client(name), KeyringEntry::new(&key, &[]));
    keyring.print().to_string()
}

fn refusal(conf: &Conf) -> Error {
    match Cluster::connect(conf) {
        Ok(_) => panic!("nobody should have let us in"),
        Err(error) => error,
    }
}

#[test]
fn a_wrong_key_and_an_unknown_name_are_refused_alike() {
    let cluster = MiniCluster::start(MiniOptions::default()).unwrap();
    for name in ["admin", "nobody"] {
        let keyring = cluster.conf_path().with_file_name(format!("{name}.keyring"));
        std::fs::write(&keyring, strange_keyring(name)).unwrap();
        let mut conf = Conf::read(&format!("client.{name}"), cluster.conf_path()).unwrap();
        conf.set("keyring", keyring.to_str().unwrap());
        let error = refusal(&conf);
        assert_eq!(error.errno(), EACCES, "{error}");
        assert!(error.to_string().contains(&format!("client.{name}")), "{error}");
    }
}

#[test]
fn a_name_without_a_key_is_said_before_anybody_is_called() {
    let cluster = MiniCluster::start(MiniOptions::default()).unwrap();
    let conf = Conf::read("client.nobody", cluster.conf_path()).unwrap();
    let error = refusal(&conf);
    assert!(error.to_string().contains("client.nobody"), "{error}");
}

#[test]
fn a_method_that_the_cluster_does_not_take_is_refused() {
    let cluster = MiniCluster::start(MiniOptions::default()).unwrap();
    let mut conf = mini::conf(&cluster);
    conf.set("auth_client_required", "none");
    let error = refusal(&conf);
    assert_eq!(error.errno(), EOPNOTSUPP, "{error}");
}

#[test]
fn a_cluster_without_authentication_asks_for_no_key() {
    let cluster = MiniCluster::start(MiniOptions { auth: MiniAuth::None, ..MiniOptions::default() }).unwrap();
    let client = Cluster::connect(&mini::conf(&cluster)).unwrap();
    assert_eq!(client.fsid(), cluster.fsid());
    client.create_pool("data", loligo::PoolOptions::default()).unwrap();
    let pool = client.io_ctx("data").unwrap();
    pool.write_full("a", "x").wait().unwrap();
    assert_eq!(pool.read("a", 0, 0).wait().unwrap(), "x");
}

#[test]
fn without_monitors_there_is_nobody_to_call() {
    let error = refusal(&Conf::new("client.admin").unwrap());
    assert_eq!(error.errno(), ENOENT, "{error}");
}

/// Tries an address for a second and gives what is said about it.
fn try_for_a_second(addr: SocketAddr) -> String {
    let mut conf = Conf::new("client.admin").unwrap();
    conf.set("mon_host", format!("v1:{addr}")).set("auth_client_required", "none");
    conf.set("client_mount_timeout", "1");
    let start = Instant::now();
    let error = refusal(&conf);
    let took = start.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(2)).contains(&took), "{took:?}");
    assert_eq!(error.errno(), ETIMEDOUT);
    error.to_string()
}

#[test]
fn nobody_behind_an_address_is_said_at_the_deadline() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = try_for_a_second(addr);
    assert!(said.contains("connection refused") && said.contains(&addr.to_string()), "{said}");
}

#[test]
fn something_else_behind_an_address_is_said_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The client may have gone already.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let said = try_for_a_second(addr);
    assert!(said.contains("not Ceph"), "{said}");
}

#[test]
fn a_cluster_that_is_gone_is_noticed_by_its_deadlines() {
    let mini = mini::Mini::start();
    mini.pool.write_full("a", "x").wait().unwrap();
    let pool = mini.pool.clone().with_timeout(Duration::from_millis(300));
    drop(mini.cluster);
    let error = pool.read("a", 0, 0).wait().unwrap_err();
    assert_eq!(error.errno(), ETIMEDOUT, "{error}");
}
