//! Every word of the program, on a small cluster.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::collections::BTreeSet;

use common::{Mini, POOL};
use serde_json::{Value, json};

/// More than one piece, and no whole number of them.
fn large() -> Vec<u8> {
    (0..9_000_001_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1] ^ n.to_le_bytes()[2]).collect()
}

#[test]
fn files_go_in_and_come_out() {
    let mini = Mini::start();
    for (name, contents) in [("empty", vec![]), ("small", b"one line\n".to_vec()), ("large", large())] {
        let file = mini.file("in", &contents);
        mini.good(&["put", name, &file]);
        let out = mini.path("out");
        mini.good(&["get", name, out.to_str().unwrap()]);
        assert_eq!(std::fs::read(out).unwrap(), contents, "{name}");
        assert_eq!(mini.good(&["get", name, "-"]).out, contents, "{name}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    let mini = Mini::start();
    for contents in [vec![], b"piped".to_vec(), large()] {
        let run = mini.run_with(&["put", "a", "-"], &contents);
        assert!(run.ok, "{run:?}");
        assert_eq!(mini.good(&["get", "a", "-"]).out, contents);
    }
    assert!(mini.run_with(&["append", "a", "-"], b" and more").ok);
    assert!(mini.good(&["get", "a", "-"]).out.ends_with(b" and more"));
}

#[test]
fn put_replaces_and_with_an_offset_it_does_not() {
    let mini = Mini::start();
    assert!(mini.run_with(&["put", "a", "-"], b"0123456789").ok);
    assert!(mini.run_with(&["put", "a", "-", "--offset", "4"], b"xy").ok);
    assert_eq!(mini.good(&["get", "a", "-"]).text(), "0123xy6789");
    assert!(mini.run_with(&["put", "a", "-"], b"new").ok);
    assert_eq!(mini.good(&["get", "a", "-"]).text(), "new");
}

#[test]
fn stat_truncate_create_and_rm() {
    let mini = Mini::start();
    mini.good(&["create", "a"]);
    mini.good(&["truncate", "a", "1000"]);
    let stat = mini.good(&["stat", "a"]).text();
    assert!(stat.starts_with(&format!("{POOL}/a mtime 20")) && stat.ends_with(", size 1000\n"), "{stat}");
    let stat = mini.good(&["stat", "a", "--format", "json"]).json();
    assert_eq!((&stat["name"], &stat["size"]), (&json!("a"), &json!(1000)));
    let again = mini.run(&["create", "a"]);
    assert!(again.failure().contains("exists"), "{again:?}");
    mini.good(&["create", "b"]);
    mini.good(&["rm", "a", "b"]);
    assert_eq!(mini.good(&["ls"]).text(), "");
}

#[test]
fn names_may_start_with_a_dash_and_lie_in_namespaces() {
    let mini = Mini::start();
    let file = mini.file("in", b"x");
    mini.good(&["put", "--", "--format", &file]);
    mini.good(&["-N", "n", "put", "inner", &file]);
    mini.good(&["--locator", "k", "put", "keyed", &file]);
    let lines =
        |args: &[&str]| -> BTreeSet<String> { mini.good(args).text().lines().map(str::to_owned).collect() };
    let set = |lines: &[&str]| -> BTreeSet<String> { lines.iter().map(|line| (*line).to_owned()).collect() };
    assert_eq!(lines(&["ls"]), set(&["--format", "keyed\tk"]));
    assert_eq!(lines(&["-N", "n", "ls"]), set(&["inner"]));
    assert_eq!(lines(&["ls", "--all"]), set(&["\t--format", "\tkeyed\tk", "n\tinner"]));
    let json = mini.good(&["ls", "--all", "--format", "json"]).json();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert!(json.as_array().unwrap().contains(&json!({ "namespace": "n", "name": "inner" })), "{json}");
    mini.good(&["rm", "--", "--format"]);
    assert_eq!(lines(&["ls"]), set(&["keyed\tk"]));
}

#[test]
fn map_tells_what_the_monitor_tells() {
    let mini = Mini::start();
    let told = mini.good(&["map", "a", "--format", "json"]).json();
    let fields: BTreeSet<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let of_ceph = [
        "epoch",
        "pool",
        "pool_id",
        "objname",
        "raw_pgid",
        "pgid",
        "up",
        "up_primary",
        "acting",
        "acting_primary",
    ];
    assert_eq!(fields, BTreeSet::from(of_ceph));
    assert_eq!(told["acting"].as_array().unwrap().len(), 2);
    let plain = mini.good(&["map", "a"]).text();
    let pg = told["pgid"].as_str().unwrap();
    assert!(plain.contains(&format!("pool '{POOL}' (1) object 'a' -> pg ")), "{plain}");
    assert!(plain.contains(&format!("({pg})")), "{plain}");
}

#[test]
fn pools_are_made_listed_and_removed() {
    let mini = Mini::start();
    assert_eq!(mini.good(&["lspools"]).text(), format!("{POOL}\n"));
    assert_eq!(mini.good(&["mkpool", "other"]).text(), "successfully created pool other\n");
    let listed = mini.good(&["lspools", "--format", "json"]).json();
    assert_eq!(listed, json!([{ "poolnum": 1, "poolname": POOL }, { "poolnum": 2, "poolname": "other" }]));
    assert!(mini.run(&["rmpool", "other", "other"]).failure().contains("DESTROY"));
    assert!(
        mini.run(&["rmpool", "other", POOL, "--yes-i-really-really-mean-it"]).failure().contains("DESTROY")
    );
    let removed = mini.good(&["rmpool", "other", "other", "--yes-i-really-really-mean-it"]).text();
    assert_eq!(removed, "successfully deleted pool other\n");
    assert_eq!(mini.good(&["lspools"]).text(), format!("{POOL}\n"));
}

#[test]
fn status_and_df_are_what_the_monitor_says() {
    let mini = Mini::start();
    let status = mini.good(&["status"]).text();
    assert!(status.contains(&mini.cluster.fsid().to_string()) && status.contains("HEALTH_OK"), "{status}");
    mini.cluster.stop_osd(2).unwrap();
    let status = mini.good(&["status", "--format", "json"]).json();
    assert_eq!(status["health"]["status"], "HEALTH_WARN");
    assert_eq!(status["osdmap"]["num_up_osds"], 2);
    assert!(mini.good(&["df"]).text().contains(POOL));
    assert!(mini.good(&["df", "--format", "json-pretty"]).json()["pools"].is_array());
}

#[test]
fn a_person_is_told_what_a_listing_waits_for() {
    let mini = Mini::start();
    (0..mini.cluster.osds()).for_each(|osd| mini.cluster.stop_osd(osd).unwrap());
    let run = mini.run(&["--timeout", "6", "ls"]);
    assert_eq!(run.code, Some(1));
    let said: Vec<_> = run.err.lines().collect();
    assert!(said[0].contains("waiting for the cluster") && said[1].contains("ls data"), "{run:?}");
    assert_eq!(said.len(), 2);
}

#[test]
fn bench_writes_reads_and_cleans_up() {
    let mini = Mini::start();
    let common = ["-b", "4K", "-t", "4", "--max-objects", "64"];
    let run = |args: &[&str]| mini.run(&[args, &common].concat());
    let written = run(&["bench", "1", "write", "--no-cleanup"]);
    assert!(written.ok && written.text().contains("Total writes made"), "{written:?}");
    for mode in ["seq", "rand"] {
        let read = mini.run(&["bench", "1", mode, "-t", "4", "--format", "json"]);
        assert!(read.ok, "{read:?}");
        assert!(read.json()["total_reads_made"].as_f64().unwrap_or(0.0) > 0.0, "{read:?}");
    }
    mini.good(&["mkpool", "fresh"]);
    let cleaned = run(&["-p", "fresh", "bench", "1", "write"]);
    assert!(cleaned.ok, "{cleaned:?}");
    assert_eq!(mini.good(&["-p", "fresh", "ls"]).text(), "");
}

#[test]
fn an_option_of_ceph_can_be_set() {
    let mini = Mini::start();
    mini.good(&["--set", "ms_crc_data=false", "--set", "objecter_inflight_ops=1", "lspools"]);
    let wrong = mini.run(&["--set", "objecter_inflight_ops=many", "lspools"]);
    assert!(wrong.failure().contains("objecter_inflight_ops"), "{wrong:?}");
}

#[test]
fn help_and_version_are_no_failures() {
    for args in [&["--help"][..], &["--version"], &["put", "--help"]] {
        let run = common::loligo(args);
        assert!(run.ok && run.err.is_empty() && !run.out.is_empty(), "{run:?}");
    }
    let nothing: Value = json!(common::loligo(&["no-such-word"]).code);
    assert_eq!(nothing, json!(1));
}
