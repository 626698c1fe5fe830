//! Sessions that outlive their streams, compressed: each stream agrees anew, and a session that goes on over another one goes on as
//! that one agreed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;
mod world;

use std::time::Duration;

use common::Note;
use loligo_msgr_proto::compression::{CompressionMode, Compressor};
use loligo_msgr_proto::{Config, Policy, PolicySet};
use loligo_wire::entity::EntityName;
use world::World;

fn osd(number: i64, policy: &Policy, compressor: Compressor, min_size: u64) -> Config {
    let mut config = Config::new(EntityName::osd(number), PolicySet::new(policy.clone()));
    let compression = &mut config.options.compression;
    compression.ms_osd_compress_mode = CompressionMode::Force;
    compression.ms_osd_compression_algorithm = vec![compressor.algorithm()];
    compression.ms_osd_compress_min_size = min_size;
    config
}

#[test]
fn streams_that_break_lose_double_and_reorder_nothing() {
    let mut broken = 0;
    for seed in 0..120 {
        let compressor = Compressor::ALL[usize::try_from(seed % 4).unwrap()];
        let min_size = if seed % 8 < 4 { 0 } else { 2_000 };
        let mut world = World::new(seed);
        let policy = Policy::lossless_peer();
        let client = world.host(osd(1, &policy, compressor, min_size), 6_800);
        let server = world.host(osd(0, &policy, compressor, min_size), 6_800);
        (world.failures, world.step) = (8, 300);
        let con = world.connect(client, server);
        // Of two sizes, of which the smaller one goes as it is where there is a minimum.
        let note = |tid: u64| {
            Box::new(Note::new(tid, vec![7; 100], vec![8; if tid.is_multiple_of(2) { 3_000 } else { 300 }]))
        };
        for tid in 1..=40 {
            world.send(client, con, note(tid));
            world.run_for(Duration::from_millis(seed));
        }
        world.failures = 0;
        world.run_for(Duration::from_secs(60));
        broken += world.broken;
        assert_eq!(world.hosts[server].tids(), (1..=40).collect::<Vec<_>>(), "{compressor:?} {seed}");
    }
    assert!(broken > 300, "{broken}");
}
