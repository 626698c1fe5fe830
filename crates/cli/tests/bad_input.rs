//! Bad input: each gives one clear sentence within the deadline, exit status 1, and nothing half done.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use common::{Mini, Run, loligo};

/// A key that no cluster has.
const STRANGE_KEY: &str = "AQBSdFhcGATVLxAA0WSZxXdHFkkXFHkdIMCg/w==";
/// Type 3 in the key's header, which no release has.
const UNKNOWN_TYPE: &str = "AwBSdFhcGATVLyAAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Type 2, but 31 bytes.
const TRUNCATED_KEY: &str = "AgBSdFhcGATVLx8AAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==";

/// Fails with these words, and quickly.
fn says(run: &Run, words: &[&str]) {
    let said = run.failure();
    for word in words {
        assert!(said.contains(word), "\"{word}\" is not in \"{said}\"");
    }
}

/// With `--timeout 3`, the end comes after 3 to 4 seconds; a machine that is busy with something else gets one more.
fn ends_in_time(run: &Run) {
    assert!((Duration::from_secs(3)..Duration::from_secs(5)).contains(&run.took), "{:?}", run.took);
}

#[test]
fn no_conf() {
    says(&loligo(&["-c", "/nonexistent/ceph.conf", "lspools"]), &["/nonexistent/ceph.conf"]);
}

#[test]
fn a_conf_that_is_none() {
    let mini = Mini::start();
    let conf = mini.file("bad.conf", b"[global]\nthis is no option\n");
    says(&loligo(&["-c", &conf, "lspools"]), &["bad.conf", "line 2"]);
    let conf = mini.file("empty.conf", b"[global]\n");
    says(&loligo(&["-c", &conf, "lspools"]), &["mon_host"]);
}

#[test]
fn no_keyring() {
    let mini = Mini::start();
    says(&mini.run(&["-k", "/nonexistent/keyring", "lspools"]), &["/nonexistent/keyring", "client.admin"]);
}

#[test]
fn a_keyring_without_the_name() {
    let mini = Mini::start();
    says(&mini.run(&["-n", "client.nobody", "lspools"]), &["client.nobody"]);
}

#[test]
fn an_unknown_entity() {
    let mini = Mini::start();
    let keyring = mini.file("nobody", format!("[client.nobody]\n\tkey = {STRANGE_KEY}\n").as_bytes());
    says(&mini.run(&["-n", "client.nobody", "-k", &keyring, "lspools"]), &["client.nobody"]);
}

#[test]
fn a_wrong_key() {
    let mini = Mini::start();
    let keyring = mini.file("wrong", format!("[client.admin]\n\tkey = {STRANGE_KEY}\n").as_bytes());
    says(&mini.run(&["-k", &keyring, "lspools"]), &["client.admin"]);
}

#[test]
fn an_unknown_key_type() {
    let mini = Mini::start();
    let keyring = mini.file("new", format!("[client.admin]\n\tkey = {UNKNOWN_TYPE}\n").as_bytes());
    says(&mini.run(&["-k", &keyring, "lspools"]), &["type 3"]);
}

#[test]
fn a_truncated_key() {
    let mini = Mini::start();
    let keyring = mini.file("short", format!("[client.admin]\n\tkey = {TRUNCATED_KEY}\n").as_bytes());
    says(&mini.run(&["-k", &keyring, "lspools"]), &["aes256k", "31 bytes", "32"]);
}

#[test]
fn no_such_pool() {
    let mini = Mini::start();
    says(&mini.run(&["-p", "nopool", "ls"]), &["nopool"]);
    let file = mini.file("in", b"x");
    says(&mini.run(&["-p", "nopool", "put", "a", &file]), &["nopool"]);
}

#[test]
fn no_pool_named() {
    let mini = Mini::start();
    says(&loligo(&["-c", &mini.conf(), "ls"]), &["-p"]);
}

#[test]
fn no_such_object() {
    let mini = Mini::start();
    let out = mini.path("out");
    says(&mini.run(&["get", "a", out.to_str().unwrap()]), &["data/a"]);
    assert!(!out.exists(), "an empty file was left");
    says(&mini.run(&["stat", "a"]), &["data/a"]);
    says(&mini.run(&["rm", "a"]), &["data/a"]);
}

#[test]
fn a_failed_get_leaves_the_file_that_was_there() {
    let mini = Mini::start();
    let out = mini.file("out", b"precious");
    says(&mini.run(&["get", "a", &out]), &["data/a"]);
    assert_eq!(std::fs::read(out).unwrap(), b"precious");
}

#[test]
fn a_disk_that_is_full_keeps_what_was_there_and_gets_nothing_half() {
    let mini = Mini::start();
    // One that comes in one piece, and one that comes in several.
    for (object, size) in [("small", 2 << 20), ("large", 9 << 20)] {
        let file = mini.file("in", &vec![7; size]);
        mini.good(&["put", object, &file]);
        for file in ["new", "there"] {
            let Some(run) = mini.run_on_small_disk(&["get", object], file) else { return };
            assert_eq!(run.code, Some(1), "{run:?}");
            let words = format!("small-disk/{file}: No space left on device");
            assert!(run.err.starts_with("loligo: ") && run.err.contains(&words), "{run:?}");
            assert_eq!(run.err.lines().count(), 1, "{run:?}");
            assert_eq!(run.text(), "there\nprecious");
        }
    }
}

#[test]
fn no_such_file() {
    let mini = Mini::start();
    says(&mini.run(&["put", "a", "/nonexistent/file"]), &["/nonexistent/file"]);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn nobody_behind_the_address() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = try_address(addr);
    says(&run, &["connection refused", &addr.to_string()]);
    ends_in_time(&run);
}

#[test]
fn something_else_behind_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // The client may have gone already.
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        }
    });
    let run = try_address(addr);
    says(&run, &["not Ceph"]);
    assert!(run.took < Duration::from_secs(5), "{:?}", run.took);
}

#[test]
fn silence_behind_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let run = try_address(listener.local_addr().unwrap());
    says(&run, &["no answer"]);
    ends_in_time(&run);
}

fn try_address(addr: SocketAddr) -> Run {
    let mini = Mini::start();
    let (addr, keyring) = (addr.to_string(), mini.cluster.keyring_path());
    loligo(&["-m", &addr, "-k", keyring.to_str().unwrap(), "--timeout", "3", "lspools"])
}

#[test]
fn an_address_that_is_none() {
    says(&loligo(&["-m", "127.0.0.1:99999", "lspools"]), &["mon_host", "99999"]);
}

#[test]
fn a_name_too_long() {
    let mini = Mini::start();
    let (name, file) = ("n".repeat(2049), mini.file("in", b"x"));
    says(&mini.run(&["put", &name, &file]), &["2049", "2048"]);
    says(&mini.run(&["put", "", &file]), &["name"]);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn an_object_too_large() {
    let mini = Mini::start();
    let path = mini.path("large");
    // A hole: it takes no room.
    std::fs::File::create(&path).unwrap().set_len((128 << 20) + 1).unwrap();
    says(&mini.run(&["put", "a", path.to_str().unwrap()]), &["134217728"]);
    says(&mini.run(&["truncate", "b", "134217729"]), &["data/b"]);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn an_object_too_large_from_a_pipe_is_not_left_in_half() {
    let mini = Mini::start();
    let run = mini.run_with(&["--set", "osd_max_object_size=10M", "put", "a", "-"], &vec![1; 11 << 20]);
    says(&run, &["10485760"]);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn a_full_cluster() {
    let mini = Mini::start();
    mini.command(r#"{"prefix": "osd set", "key": "full"}"#);
    let file = mini.file("in", b"x");
    let run = mini.run(&["--timeout", "3", "put", "a", &file]);
    assert_eq!(run.code, Some(1), "{run:?}");
    ends_in_time(&run);
    mini.command(r#"{"prefix": "osd unset", "key": "full"}"#);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn a_paused_cluster() {
    let mini = Mini::start();
    mini.command(r#"{"prefix": "osd set", "key": "pause"}"#);
    let run = mini.run(&["--timeout", "3", "stat", "a"]);
    says(&run, &["data/a"]);
    ends_in_time(&run);
}

#[test]
fn a_full_disk() {
    let mini = Mini::start();
    let file = mini.file("in", &vec![1; 5_000_000]);
    mini.good(&["put", "a", &file]);
    says(&mini.run(&["get", "a", "/dev/full"]), &["/dev/full", "space"]);
    says(&mini.run(&["get", "a", "/nonexistent/out"]), &["/nonexistent/out"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mini = Mini::start();
    let file = mini.file("in", &vec![1; 5_000_000]);
    mini.good(&["put", "a", &file]);
    let script =
        format!("{} -c {} -p data get a - | head -c 3 >/dev/null", env!("CARGO_BIN_EXE_loligo"), mini.conf());
    let status =
        std::process::Command::new("bash").args(["-c", &format!("set -o pipefail; {script}")]).status();
    assert!(status.unwrap().success());
}
