//! Compression on the wire, between our own ends and with Ceph's client.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::path::Path;

use common::ends::{Server, cephs_client, perf_msgr};
use common::loligo;

const ALGORITHMS: [&str; 4] = ["snappy", "zlib", "zstd", "lz4"];

/// What both our ends are told: all frames are compressed, whoever is at the other end.
fn all_with(algorithm: &str) -> Vec<String> {
    let options = [
        "ms_osd_compress_mode=force",
        "ms_compress_all_peers=true",
        "ms_osd_compress_min_size=0",
        &format!("ms_osd_compression_algorithm={algorithm}"),
    ];
    options.iter().flat_map(|option| ["--set".to_owned(), (*option).to_owned()]).collect()
}

fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn our_ends_compress_what_they_say_with_every_algorithm() {
    for algorithm in ALGORITHMS {
        let options = all_with(algorithm);
        let server = Server::ours("v2", &words(&options));
        let line = ["msgr", "perf-client", &server.addr, "2", "8", "500", "0", "4096", "--format", "json"];
        let run = loligo(&[&line[..], &words(&options)].concat());
        assert!(run.ok, "{algorithm}: {run:?}");
        assert_eq!(run.json()["answered"], 1000, "{algorithm}");
        assert_eq!(server.counted()["messages"], 1000, "{algorithm}");
    }
}

/// Where the programs have not been installed, those that compress for them are beside them.
fn plugins(bin: &Path) -> Vec<String> {
    let libraries = bin.join("../root/usr/lib");
    let folders =
        std::fs::read_dir(libraries).into_iter().flatten().flatten().map(|entry| entry.path().join("ceph"));
    let plugins = folders.filter(|folder| folder.join("compressor").is_dir());
    plugins.flat_map(|folder| ["--plugin_dir".to_owned(), folder.to_str().unwrap().to_owned()]).collect()
}

/// Ceph's client ends in an assertion when it is sent what it cannot decompress. It ends when it has sent its last message,
/// whatever of it has left.
#[test]
fn live_cephs_client_and_our_server_compress_with_every_algorithm() {
    let Some(bin) = perf_msgr() else { return };
    const MANY: u64 = 20_000;
    const DEPTH: u64 = 16;
    for algorithm in ALGORITHMS {
        let server = Server::ours("v2", &words(&all_with(algorithm)));
        let [depth, many] = [DEPTH, MANY].map(|number| number.to_string());
        let mut line =
            vec![&server.addr[..], "1", &depth, &many, "0", "4096", "--ms_osd_compress_mode", "force"];
        line.extend(["--ms_osd_compression_algorithm", algorithm, "--ms_osd_compress_min_size", "0"]);
        let plugins = plugins(&bin);
        line.extend(words(&plugins));
        cephs_client(&bin, &line);
        let counted = server.counted();
        let messages = counted["messages"].as_u64().unwrap();
        assert!((MANY - DEPTH - 1..=MANY).contains(&messages), "{algorithm}: {counted}");
        assert_eq!(counted["connections"][0]["gaps"], 0, "{algorithm}: {counted}");
    }
}
