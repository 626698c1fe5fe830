//! `loligo msgr perf-client` and `perf-server`, with each other and with the ends of Ceph's own measurement.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use common::ends::{Server, cephs_client, perf_msgr};
use common::loligo;
use serde_json::Value;

/// How many messages go between two ends of which one is Ceph's.
const MANY: u64 = 100_000;
/// How many Ceph's client has under way.
const DEPTH: u64 = 16;

/// Runs our client with these arguments behind the address; all must be answered.
fn call(addr: &str, args: &[&str]) -> Value {
    let run = loligo(&[&["msgr", "perf-client", addr][..], args, &["--format", "json"]].concat());
    assert!(run.ok, "{args:?}: {run:?}");
    run.json()
}

/// The one connection that a server had, which must have been told everything once and in order.
fn only_connection(counted: &Value) -> &Value {
    let [connection] = counted["connections"].as_array().unwrap().as_slice() else {
        unreachable!("{counted}");
    };
    assert_eq!((&connection["gaps"], &connection["again"]), (&0.into(), &0.into()), "{counted}");
    connection
}

#[test]
fn our_ends_understand_each_other_on_both_protocols() {
    for (protocol, policy, sender) in [
        ("v1", "stateless", "thread"),
        ("v1", "stateful", "dispatch"),
        ("v2", "stateless", "dispatch"),
        ("v2", "stateful", "thread"),
    ] {
        let server = Server::ours(protocol, &["--policy", policy]);
        let told = call(&server.addr, &["2", "8", "1000", "0", "512", "--sender", sender]);
        assert_eq!((&told["answered"], &told["missing"]), (&2000.into(), &0.into()), "{told}");
        let counted = server.counted();
        assert_eq!(counted["connections"].as_array().unwrap().len(), 2, "{counted}");
        for connection in counted["connections"].as_array().unwrap() {
            assert_eq!(
                (&connection["messages"], &connection["gaps"]),
                (&1000.into(), &0.into()),
                "{counted}"
            );
            assert_eq!(connection["counted_by"], "tid");
        }
    }
}

#[test]
fn the_secure_mode_takes_the_same_key_at_both_ends() {
    let dir = std::env::temp_dir().join(format!("loligo-perf-keys-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let keyring = |name: &str, key: &str| {
        let path = dir.join(name);
        std::fs::write(&path, format!("[client.admin]\n\tkey = {key}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ours = keyring("ours", "AQAA8VNlAAAAABAAAAECAwQFBgcICQoLDA0ODw==");
    let other = keyring("other", "AQAA8VNlAAAAABAADw4NDAsKCQgHBgUEAwIBAA==");
    let server = Server::ours("v2", &["--mode", "secure", "-k", &ours]);
    let addr = server.addr.clone();
    let told = call(&addr, &["1", "4", "100", "0", "65536", "--mode", "secure", "-k", &ours]);
    assert_eq!((&told["mode"], &told["answered"]), (&"secure".into(), &100.into()));
    let line = ["msgr", "perf-client", &addr, "1", "1", "1", "0", "1"];
    let wrong = loligo(&[&line[..], &["--mode", "secure", "-k", &other]].concat());
    assert!(wrong.failure().contains("no connection"), "{wrong:?}");
    let none = loligo(&[&line[..], &["--timeout", "2"]].concat());
    assert!(none.failure().contains("no connection"), "{none:?}");
    assert_eq!(server.counted()["messages"], 100);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn the_secure_mode_without_a_key_is_no_question_to_a_peer() {
    for line in [
        ["perf-client", "v2:127.0.0.1:1", "1", "1", "1", "0", "1"].as_slice(),
        &["perf-server", "v2:127.0.0.1:0", "0", "0"],
    ] {
        let run = loligo(&[&["msgr"], line, &["--mode", "secure"]].concat());
        assert!(run.failure().contains("-k FILE"), "{run:?}");
    }
}

#[test]
fn nobody_there_is_said_at_once() {
    // The port of tcpmux, which nobody has spoken for decades.
    let run = loligo(&["msgr", "perf-client", "v2:127.0.0.1:1", "1", "1", "1", "0", "1"]);
    assert!(run.failure().contains("refused"), "{run:?}");
}

#[test]
fn who_says_nothing_is_waited_for_as_long_as_is_said() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = format!("v1:{}", silent.local_addr().unwrap());
    let run = loligo(&["msgr", "perf-client", &addr, "1", "1", "1", "0", "1", "--timeout", "0.3"]);
    assert!(run.failure().contains("says nothing"), "{run:?}");
}

#[test]
fn live_our_client_is_answered_by_cephs_server() {
    let Some(bin) = perf_msgr() else { return };
    for protocol in ["v1", "v2"] {
        let server = Server::cephs(&bin, protocol, &[]);
        let told = call(&server.addr, &["1", "64", &MANY.to_string(), "0", "4096"]);
        // Who answers comes with each, so that one that is out of order would have been an error.
        assert_eq!((&told["answered"], &told["resets"]), (&MANY.into(), &0.into()), "{told}");
    }
}

/// Ceph's client ends when it has sent its last message, whatever of it has left: it was answered all but what it may have
/// under way.
#[test]
fn live_cephs_client_is_answered_by_our_server() {
    let Some(bin) = perf_msgr() else { return };
    for protocol in ["v1", "v2"] {
        let server = Server::ours(protocol, &[]);
        let [depth, many] = [DEPTH, MANY].map(|number| number.to_string());
        cephs_client(&bin, &[&server.addr, "1", &depth, &many, "0", "4096"]);
        let counted = server.counted();
        let connection = only_connection(&counted);
        let messages = connection["messages"].as_u64().unwrap();
        assert!((MANY - DEPTH - 1..=MANY).contains(&messages), "{counted}");
        assert_eq!((&connection["first"], &connection["last"]), (&1.into(), &messages.into()), "{counted}");
    }
}

/// An option of Ceph's ends: one of so many reads and writes cuts the connection.
const CUTS: [&str; 2] = ["--ms_inject_socket_failures", "30"];

/// Ceph's client asks for a session that outlives its connections; the server decides, and ours wants it too.
#[test]
fn live_cephs_client_loses_and_doubles_nothing_however_often_it_is_cut() {
    const DEPTH: u64 = 256;
    let Some(bin) = perf_msgr() else { return };
    for protocol in ["v1", "v2"] {
        let server = Server::ours(protocol, &["--policy", "stateful"]);
        let [depth, many] = [DEPTH, MANY].map(|number| number.to_string());
        // It is to call again at once, else it waits most of the time.
        let soon = ["--ms_initial_backoff", "0.001", "--ms_max_backoff", "0.01"];
        let line = [&server.addr, "1", &depth, &many, "0", "64"];
        cephs_client(&bin, &[&line[..], &CUTS, &soon].concat());
        let counted = server.counted();
        let connection = only_connection(&counted);
        let messages = connection["messages"].as_u64().unwrap();
        assert!((MANY - DEPTH - 1..=MANY).contains(&messages), "{counted}");
        assert_eq!((&connection["first"], &connection["last"]), (&1.into(), &messages.into()), "{counted}");
        assert!(connection["accepts"].as_u64().unwrap() > 1000, "it was hardly ever cut: {counted}");
        assert_eq!(connection["remote_resets"], 0, "{counted}");
    }
}

/// Ceph's server keeps no sessions: what was under way when the connection was cut is lost, and it is for the client to ask again.
#[test]
fn live_our_client_hears_of_each_cut_once_and_is_answered_in_the_end() {
    let Some(bin) = perf_msgr() else { return };
    for protocol in ["v1", "v2"] {
        let log = std::env::temp_dir().join(format!("loligo-perf-{protocol}-{}.log", std::process::id()));
        let server =
            Server::cephs(&bin, protocol, &[&CUTS[..], &["--log_file", log.to_str().unwrap()]].concat());
        // That no answer comes twice or out of order is looked at by the client.
        let told = call(&server.addr, &["1", "2", &MANY.to_string(), "0", "64", "--policy", "lossy"]);
        drop(server);
        let cuts = std::fs::read_to_string(&log).unwrap().matches("injecting socket failure").count();
        std::fs::remove_file(&log).unwrap();
        let number = |name: &str| told[name].as_u64().unwrap();
        assert_eq!((number("answered"), number("missing")), (MANY, 0), "{told}");
        assert!((1000..=cuts as u64).contains(&number("resets")), "{cuts} cuts: {told}");
        assert!(number("connects") <= number("resets") + 1, "{told}");
        assert_eq!(number("remote_resets"), 0, "{told}");
    }
}
