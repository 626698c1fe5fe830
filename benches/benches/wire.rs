//! Headers, messages and maps, written and read.
#![allow(missing_docs, reason = "criterion's macros make functions without any")]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use loligo_benches::{large_map, write_op};
use loligo_wire::message::{MOSDOp, Message, Payload};
use loligo_wire::msgr1::MessageHeader;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Decode, Decoder, Encode, Features};

fn header(c: &mut Criterion) {
    let mut header = MessageHeader { message_type: MOSDOp::TYPE, front_len: 200, ..MessageHeader::default() };
    header.seal();
    let bytes = header.to_bytes(Features::PACIFIC);
    let mut group = c.benchmark_group("header");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |b| b.iter(|| black_box(&header).to_array()));
    group.bench_function("decode", |b| {
        b.iter(|| MessageHeader::decode(&mut Decoder::new(black_box(&bytes))).unwrap());
    });
    group.finish();
}

fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("MOSDOp");
    for (name, size) in [("4 KiB", 4 << 10), ("4 MiB", 4 << 20)] {
        let op = write_op(Bytes::from(vec![7; size]));
        let payload = op.encode(Features::PACIFIC);
        let Payload { version, compat_version, .. } = payload;
        let header = MessageHeader { version, compat_version, ..MessageHeader::default() };
        group.throughput(Throughput::Bytes(payload.len() as u64));
        group.bench_function(BenchmarkId::new("encode", name), |b| {
            b.iter(|| black_box(&op).encode(Features::PACIFIC));
        });
        group.bench_function(BenchmarkId::new("decode", name), |b| {
            b.iter(|| MOSDOp::decode(&header, black_box(&payload).clone()).unwrap());
        });
    }
    group.finish();
}

fn map(c: &mut Criterion) {
    let map = large_map();
    let bytes = map.to_bytes(Features::PACIFIC);
    let mut group = c.benchmark_group("OSDMap of 10,000 OSDs");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
    group.bench_function("encode", |b| b.iter(|| black_box(&map).to_bytes(Features::PACIFIC)));
    group.bench_function("decode", |b| b.iter(|| OSDMap::decode_all(black_box(&bytes)).unwrap()));
    group.finish();
}

criterion_group!(benches, header, write, map);
criterion_main!(benches);
