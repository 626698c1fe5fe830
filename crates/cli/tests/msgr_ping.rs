//! `loligo msgr ping`, of our own daemons and Ceph's.
#![allow(clippy::indexing_slicing, reason = "JSON that lacks something fails the test")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use common::ends::{Server, perf_msgr};
use common::{Mini, loligo, skip};
use serde_json::Value;

fn ping(addr: &str) -> Value {
    let run = loligo(&["msgr", "ping", addr, "--format", "json"]);
    assert!(run.ok, "{addr}: {run:?}");
    run.json()
}

/// What every answer has.
fn check(found: &Value, protocol: &str, entity: &str) {
    assert_eq!((&found["protocol"], &found["entity_type"]), (&protocol.into(), &entity.into()), "{found}");
    assert!(found["rtt_us"].is_u64(), "{found}");
    assert!(found["our_addr"].as_str().unwrap().contains("127.0.0.1"), "{found}");
    if protocol == "v2" {
        assert_eq!(found["revision"], "2.1", "{found}");
        assert!(!found["auth_methods"].as_array().unwrap().is_empty(), "{found}");
        assert!(found["con_modes"].as_array().unwrap().contains(&"crc".into()), "{found}");
    } else {
        assert!(found["features"]["names"].as_array().unwrap().contains(&"MSG_ADDR2".into()), "{found}");
        assert!(found["features"]["release"].is_string(), "{found}");
        assert!(!found["addrs"].as_array().unwrap().is_empty(), "{found}");
    }
}

#[test]
fn where_no_key_is_needed_a_session_tells_everything() {
    let server = Server::ours("v2", &[]);
    let found = ping(&server.addr);
    // Ours asks nobody for a key; it says so as Ceph's does.
    check(&found, "v2", "osd");
    assert_eq!(found["session"], "open", "{found}");
    assert_eq!((&found["name"], &found["rtt_of"]), (&"osd.0".into(), &"keepalive".into()), "{found}");
    assert_eq!(found["addrs"], serde_json::json!([server.addr]));
    assert!(found["features"]["names"].as_array().unwrap().contains(&"SERVER_REEF".into()), "{found}");
    let elsewhere = format!("{}9", server.addr);
    let found = ping(&elsewhere);
    assert_eq!(found["session"], "refused", "the nonce is wrong: {found}");
}

#[test]
fn an_address_without_a_protocol_is_tried_with_both() {
    for protocol in ["v1", "v2"] {
        let server = Server::ours(protocol, &[]);
        let bare = server.addr.strip_prefix(protocol).and_then(|rest| rest.strip_prefix(':')).unwrap();
        check(&ping(bare), protocol, "osd");
        let other = if protocol == "v1" { "v2" } else { "v1" };
        let run = loligo(&["msgr", "ping", &format!("{other}:{bare}")]);
        assert!(run.failure().contains(&format!("messenger {protocol} is spoken here")), "{run:?}");
    }
}

#[test]
fn the_small_cluster_is_told() {
    let mini = Mini::start();
    for addr in mini.cluster.mon_addrs().iter() {
        let text = addr.to_string();
        let protocol = text.split(':').next().unwrap();
        check(&ping(&text), protocol, "mon");
        let plain = loligo(&["msgr", "ping", &text]);
        assert!(plain.text().contains(&format!("messenger {protocol}")), "{plain:?}");
    }
}

#[test]
fn nobody_there_is_said_at_once() {
    let run = loligo(&["msgr", "ping", "127.0.0.1:1"]);
    assert!(run.failure().contains("127.0.0.1:1: connection refused"), "{run:?}");
}

/// Serves one caller after the other as a web server does that has heard no request for a while: it says so and hangs up.
fn web_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let timeout = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
            stream.unwrap().write_all(timeout).unwrap();
        }
    });
    addr
}

#[test]
fn somebody_else_is_told_by_what_it_says() {
    let addr = web_server();
    for protocol in ["", "v1:", "v2:"] {
        let run = loligo(&["msgr", "ping", &format!("{protocol}{addr}")]);
        let failure = run.failure();
        assert!(failure.contains(&format!("{addr}: this is not Ceph: it begins with \"HTTP")), "{failure}");
    }
}

/// So does a web server that waits for a request.
#[test]
fn who_says_nothing_is_waited_for_as_long_as_was_asked() {
    // The system takes the call, and nobody accepts it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let run = loligo(&["msgr", "ping", &addr, "--timeout", "0.3"]);
    let failure = run.failure();
    assert!(failure.contains(&format!("{addr}: silence for 0.3 s after")), "{failure}");
}

/// It needs no key, so that it tells everything; on v1 an OSD is not asked for that, as a real one would complain.
#[test]
fn live_cephs_server_of_its_measurement_is_told() {
    let Some(bin) = perf_msgr() else { return };
    for protocol in ["v1", "v2"] {
        let server = Server::cephs(&bin, protocol, &[]);
        let found = ping(&server.addr);
        check(&found, protocol, "osd");
        let session = if protocol == "v2" { "open" } else { "needs a key" };
        assert_eq!(found["session"], session, "{found}");
    }
}

/// The addresses of a daemon as the cluster's maps have them.
fn addrs(cluster: &loligo::Cluster, map: &str, of: &str) -> Vec<(&'static str, String)> {
    let command = format!(r#"{{"prefix":"{map}","format":"json"}}"#);
    let answer = cluster.mon_command(&command, "").wait().unwrap();
    let map: Value = serde_json::from_slice(&answer.data).unwrap();
    let addrs = map.pointer(of).and_then(|addrs| addrs["addrvec"].as_array()).unwrap();
    let text = |addr: &Value| {
        let protocol = if addr["type"] == "v1" { "v1" } else { "v2" };
        (protocol, format!("{protocol}:{}/{}", addr["addr"].as_str().unwrap(), addr["nonce"]))
    };
    addrs.iter().map(text).collect()
}

#[test]
fn live_each_kind_of_daemon_is_told() {
    let Some(conf) = std::env::var_os("LOLIGO_TEST_CEPH_CONF") else {
        return skip("msgr ping of Ceph's daemons: LOLIGO_TEST_CEPH_CONF does not say where a cluster is");
    };
    let conf = loligo::Conf::read("client.admin", conf).unwrap();
    let cluster = loligo::Cluster::connect(&conf).unwrap();
    for (entity, map, of) in [
        ("mon", "mon dump", "/mons/0/public_addrs"),
        ("osd", "osd dump", "/osds/0/public_addrs"),
        ("mgr", "mgr dump", "/active_addrs"),
    ] {
        for (protocol, addr) in addrs(&cluster, map, of) {
            let found = ping(&addr);
            check(&found, protocol, entity);
            if protocol == "v2" {
                assert_eq!(
                    (&found["auth_methods"][0], &found["session"]),
                    (&"cephx".into(), &"needs a key".into())
                );
            } else {
                assert_eq!(found["addrs"][0], addr.as_str(), "{found}");
                let session = if entity == "mon" { "open" } else { "needs a key" };
                assert_eq!(found["session"], session, "{found}");
            }
        }
    }
}
