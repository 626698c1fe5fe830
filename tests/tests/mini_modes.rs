//! The small cluster over both messengers, and over v2 in both connection modes; our client and Ceph's `rados` on it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on must fail")]

use std::process::Command;
use std::time::{Duration, Instant};

use loligo::{Cluster, Conf, IoCtx};
use loligo_minicluster_net::{ConMode, MiniAuth, MiniCluster, MiniOptions, Modes, Protocols};
use loligo_tests::mini::{Mini, POOL, conf, program_of_ceph};

const V1: Protocols = Protocols { v1: true, v2: false };
const V2: Protocols = Protocols { v1: false, v2: true };

/// A cluster whose daemons allow nothing else.
fn only(mode: ConMode) -> MiniOptions {
    let modes = Modes { ms_service_mode: vec![mode], ms_mon_service_mode: vec![mode], ..Modes::default() };
    MiniOptions { protocols: V2, modes, ..MiniOptions::default() }
}

fn there_and_back(pool: &IoCtx) {
    let contents: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[1] ^ n.to_le_bytes()[0]).collect();
    for size in [0, 1, 4_096, contents.len()] {
        pool.write_full("object", contents[..size].to_vec()).wait().unwrap();
        assert_eq!(pool.read("object", 0, 0).wait().unwrap(), contents[..size]);
    }
}

fn with(cluster: &MiniCluster, options: &[(&str, &str)]) -> Conf {
    let mut conf = conf(cluster);
    for (option, value) in options {
        conf.set(option, *value);
    }
    conf
}

#[test]
fn objects_go_over_v1_and_over_v2_in_both_modes() {
    let old = MiniOptions { protocols: V1, ..MiniOptions::default() };
    for options in [old, only(ConMode::CRC), only(ConMode::SECURE)] {
        there_and_back(&Mini::with(options).pool);
    }
}

#[test]
fn without_keys_there_is_v2_in_crc_mode() {
    let options = MiniOptions { auth: MiniAuth::None, protocols: V2, ..MiniOptions::default() };
    there_and_back(&Mini::with(options).pool);
}

#[test]
fn each_transport_logs_in_with_cephx_in_every_mode() {
    let mini = Mini::start();
    let transports: [&[(&str, &str)]; 3] = [
        &[("ms_type", "async")],
        &[("ms_type", "async"), ("ms_async_op_threads", "3")],
        &[("ms_type", "simple")],
    ];
    for transport in transports {
        for mode in ["legacy", "crc", "secure"] {
            let options = [transport, &[("ms_mode", mode)]].concat();
            let client = Cluster::connect(&with(&mini.cluster, &options)).unwrap();
            there_and_back(&client.io_ctx(POOL).unwrap());
        }
    }
}

#[test]
fn a_client_chooses_the_messenger_and_the_mode() {
    let mini = Mini::start();
    assert_eq!(mini.cluster.mon_addrs().0.len(), 2);
    for mode in ["legacy", "crc", "secure", "prefer-crc", "prefer-secure"] {
        let client = Cluster::connect(&with(&mini.cluster, &[("ms_mode", mode)])).unwrap();
        there_and_back(&client.io_ctx(POOL).unwrap());
    }
}

#[test]
fn who_asks_for_what_is_not_allowed_is_told_so() {
    let mini = Mini::with(only(ConMode::SECURE));
    // At once: it would wait for five minutes otherwise.
    let crc = with(&mini.cluster, &[("ms_mode", "crc")]);
    let start = Instant::now();
    let error = Cluster::connect(&crc).unwrap_err().to_string();
    assert!(start.elapsed() < Duration::from_secs(30));
    let addr = mini.cluster.mon_addrs().msgr2_addr().to_string();
    assert!(error.contains("connection modes") && error.contains(&addr), "{error}");
}

#[test]
fn rados_goes_over_v1_and_over_v2_in_both_modes() {
    let Some(rados) = program_of_ceph("rados") else { return };
    let mini = Mini::start();
    let dir = mini.cluster.conf_path().parent().unwrap().to_owned();
    let contents: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    std::fs::write(dir.join("in"), &contents).unwrap();
    let v1 = mini.cluster.mon_addrs().legacy_addr().to_string();
    let cases: [&[&str]; 4] = [
        &["--ms_mon_client_mode=crc", "--ms_client_mode=crc"],
        &["--ms_mon_client_mode=secure", "--ms_client_mode=secure"],
        &[],
        &["-m", &v1],
    ];
    for args in cases {
        let run = |words: &[&str], file: &str| {
            let mut command = Command::new(&rados);
            command.arg("-c").arg(mini.cluster.conf_path()).args(args).args(["-p", POOL]).args(words);
            let said = command.arg(dir.join(file)).output().unwrap();
            assert!(said.status.success(), "{args:?} {words:?}: {}", String::from_utf8_lossy(&said.stderr));
        };
        run(&["put", "theirs"], "in");
        run(&["get", "theirs"], "out");
        assert!(std::fs::read(dir.join("out")).unwrap() == contents, "{args:?}");
        assert_eq!(mini.pool.read("theirs", 0, 0).wait().unwrap(), contents);
    }
}
