//! CRC-32C, by each crate that computes it: the one that is used beside the others.

use std::hint::black_box;

use crc_fast::{CrcAlgorithm, checksum};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn crc(c: &mut Criterion) {
    let mut group = c.benchmark_group("crc32c");
    for (name, size) in [("200 B", 200_usize), ("4 KiB", 4 << 10), ("4 MiB", 4 << 20)] {
        let bytes = vec![0x5a_u8; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("loligo", name), |b| {
            b.iter(|| loligo_wire::crc32c(0, black_box(&bytes)));
        });
        let table = crc::Crc::<u32, crc::Table<16>>::new(&crc::CRC_32_ISCSI);
        group.bench_function(BenchmarkId::new("crc", name), |b| {
            b.iter(|| table.checksum(black_box(&bytes)));
        });
        group.bench_function(BenchmarkId::new("crc32c", name), |b| {
            b.iter(|| crc32c::crc32c(black_box(&bytes)));
        });
        group.bench_function(BenchmarkId::new("crc-fast", name), |b| {
            b.iter(|| checksum(CrcAlgorithm::Crc32Iscsi, black_box(&bytes)));
        });
    }
    group.finish();
}

criterion_group!(benches, crc);
criterion_main!(benches);
