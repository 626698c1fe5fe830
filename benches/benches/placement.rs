//! Where PGs and objects are, in a map of 10,000 OSDs and 100,000 PGs.
//!
//! The map is also written to `target/large.osdmap`, so that `osdmaptool` can be asked the same:
//! `time osdmaptool target/large.osdmap --test-map-pgs --pool 1`, less the time that `--print` takes.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loligo_benches::{PGS, POOL, large_map};
use loligo_placement::{Cache, Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Encode, Features};

/// So many PGs are placed at a time.
const BATCH: u32 = 1_000;

fn placement(c: &mut Criterion) {
    let map = large_map();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/large.osdmap");
    std::fs::write(file, map.to_bytes(Features::PACIFIC)).unwrap();
    let mut group = c.benchmark_group("placement");
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    group.throughput(Throughput::Elements(BATCH.into()));
    group.bench_function("PG to OSDs", |b| {
        let mut from = 0;
        b.iter(|| {
            for seed in from..from + BATCH {
                pg_to_up_acting_osds(&map, PgId::new(POOL, seed), &mut scratch, &mut found);
                black_box(&found);
            }
            from = (from + BATCH) % PGS;
        });
    });
    let mut cache = Cache::new();
    let locator = ObjectLocator::new(POOL);
    let pool = map.get_pg_pool(POOL).unwrap();
    group.throughput(Throughput::Elements(1));
    group.bench_function("object to OSDs, known PG", |b| {
        b.iter(|| {
            let name = black_box(b"rbd_data.1234567890ab.0000000000000000");
            let raw = object_locator_to_pg(&map, name, &locator).unwrap();
            cache.pg_to_up_acting_osds(&map, raw_pg_to_pg(pool, raw))
        });
    });
    group.finish();
}

criterion_group!(benches, placement);
criterion_main!(benches);
