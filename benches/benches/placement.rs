//! Where PGs and objects are, in a map of 10,000 OSDs and 100,000 PGs; beside `rados`, the other client in Rust alone, and beside
//! `osdmaptool`, if `cargo xtask ceph fetch` has brought one into `target/` or `PATH` has one.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use loligo_benches::{OBJECT, PGS, POOL, large_map};
use loligo_placement::{Cache, Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Encode, Features};
use rados::VersionedEncode;
use rados::crush::{self, pg_to_osds};

/// So many PGs are placed at a time.
const BATCH: u32 = 1_000;
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");

fn pgs(c: &mut Criterion) {
    let map = large_map();
    let bytes = map.to_bytes(Features::PACIFIC);
    let mut group = c.benchmark_group("PG to OSDs");
    group.throughput(Throughput::Elements(BATCH.into()));
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    in_batches(&mut group, "loligo", |seed| {
        pg_to_up_acting_osds(&map, PgId::new(POOL, seed), &mut scratch, &mut found);
        black_box(&found);
    });
    let theirs = their_map(&bytes);
    let (crush, pool) = (theirs.get_crush_map().unwrap(), u64::try_from(POOL.0).unwrap());
    // Below the map's own cache, which would be measured from the second round on; without what follows CRUSH.
    in_batches(&mut group, "rados", |seed| {
        let pg = crush::PgId::new(pool, seed);
        black_box(pg_to_osds(crush, pg, 0, &theirs.osd_weight, 3, true).unwrap());
    });
    osdmaptool(&mut group, &bytes);
    group.finish();
}

/// Places one PG after the other, and begins again after the last.
fn in_batches(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut place: impl FnMut(u32)) {
    let mut from = 0;
    group.bench_function(name, |b| {
        b.iter(|| {
            (from..from + BATCH).for_each(&mut place);
            from = (from + BATCH) % PGS;
        });
    });
}

/// Ceph's own: the time for all PGs, less that for one, by the batch.
fn osdmaptool(group: &mut BenchmarkGroup<'_, WallTime>, map: &Bytes) {
    let file = Path::new(TARGET).join("large.osdmap");
    std::fs::create_dir_all(TARGET).unwrap();
    std::fs::write(&file, map).unwrap();
    let fetched = Path::new(TARGET).join("ceph/reef/bin/osdmaptool");
    let program = if fetched.is_file() { fetched } else { "osdmaptool".into() };
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg(&file).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        command.status().is_ok_and(|status| status.success()).then(|| started.elapsed())
    };
    let Some(load) = run(&["--test-map-pg", "1.0"]) else {
        eprintln!(
            "PG to OSDs/osdmaptool: SKIPPED, no osdmaptool; `cargo xtask ceph fetch --release reef` brings one"
        );
        return;
    };
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.bench_function("osdmaptool", |b| {
        b.iter_custom(|batches| {
            let rounds = batches.div_ceil(u64::from(PGS / BATCH));
            let all: Duration =
                (0..rounds).map(|_| run(&["--test-map-pgs"]).unwrap().saturating_sub(load)).sum();
            all.mul_f64(batches as f64 / (rounds * u64::from(PGS / BATCH)) as f64)
        });
    });
}

fn their_map(bytes: &Bytes) -> rados::OSDMap {
    rados::OSDMap::decode_versioned(&mut bytes.clone(), 0).unwrap()
}

fn objects(c: &mut Criterion) {
    let map: OSDMap = large_map();
    let theirs = their_map(&map.to_bytes(Features::PACIFIC));
    let mut group = c.benchmark_group("object to OSDs, known PG");
    let mut cache = Cache::new();
    let locator = ObjectLocator::new(POOL);
    let pool = map.get_pg_pool(POOL).unwrap();
    group.bench_function("loligo", |b| {
        b.iter(|| {
            let raw = object_locator_to_pg(&map, black_box(OBJECT.as_bytes()), &locator).unwrap();
            cache.pg_to_up_acting_osds(&map, raw_pg_to_pg(pool, raw));
        });
    });
    let number = u64::try_from(POOL.0).unwrap();
    group.bench_function("rados", |b| {
        b.iter(|| {
            let pg = theirs.object_to_pg(number, black_box(OBJECT)).unwrap();
            theirs.pg_to_acting_osds(&pg).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, pgs, objects);
criterion_main!(benches);
