//! Headers, messages and maps, written and read; each beside `rados`, the other client in Rust alone.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use loligo_benches::{large_map, read_reply, write_op};
use loligo_wire::message::{MOSDOp, Message};
use loligo_wire::msgr1::{Footer, Item, MessageFooter, MessageHeader, StreamReader};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Decode, Decoder, Encode, Features, crc32c};
use rados::msgr2::ceph_message::{CephMessage, CephMessagePayload, CephMsgHeader, CrcFlags};
use rados::osdclient::types::RequestId;
use rados::osdclient::{self, OSDOp, ObjectId, StripedPgId};
use rados::{Denc, VersionedEncode};

/// Bytes of data.
const SIZES: [(&str, usize); 3] = [("no data", 0), ("4 KiB", 4 << 10), ("4 MiB", 4 << 20)];

fn header(c: &mut Criterion) {
    let mut header = MessageHeader { message_type: MOSDOp::TYPE, front_len: 200, ..MessageHeader::default() };
    header.seal();
    let bytes = header.to_bytes(Features::PACIFIC);
    let theirs = CephMsgHeader::decode(&mut bytes.clone(), 0).unwrap();
    let mut group = c.benchmark_group("header");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode/loligo", |b| b.iter(|| black_box(&header).to_array()));
    group.bench_function("encode/rados", |b| {
        let mut out = BytesMut::with_capacity(bytes.len());
        b.iter(|| {
            out.clear();
            black_box(&theirs).encode(&mut out, 0).unwrap();
        });
    });
    group.bench_function("decode/loligo", |b| {
        b.iter(|| MessageHeader::decode(&mut Decoder::new(black_box(&bytes))).unwrap());
    });
    group.bench_function("decode/rados", |b| {
        b.iter(|| CephMsgHeader::decode(&mut &black_box(&bytes)[..], 0).unwrap());
    });
    group.finish();
}

/// The same write as [`write_op`].
fn their_write_op(data: Bytes) -> osdclient::MOSDOp {
    let object = ObjectId::new(1, "rbd_data.1234567890ab.0000000000000000");
    let id = RequestId::from_str_name("client.0", 1, 1);
    let ops = vec![OSDOp::write(0, data)];
    let flags = osdclient::MOSDOp::calculate_flags(&ops);
    osdclient::MOSDOp::new(0, 1_000, flags, object, StripedPgId::from_pg(1, 7), ops, id, 4_123)
}

/// From the fields to what goes over the wire, checksums included. Loligo's stays in pieces, which a socket takes as they are.
fn write(c: &mut Criterion) {
    let mut group = c.benchmark_group("MOSDOp encode");
    for (name, size) in SIZES {
        let data = Bytes::from(vec![7; size]);
        let (ours, theirs) = (write_op(data.clone()), their_write_op(data));
        group.throughput(Throughput::Bytes(ours.encode(Features::PACIFIC).len() as u64));
        group.bench_function(BenchmarkId::new("loligo, without checksums", name), |b| {
            b.iter(|| black_box(&ours).encode(Features::PACIFIC));
        });
        group.bench_function(BenchmarkId::new("rados, without checksums", name), |b| {
            b.iter(|| {
                let theirs = black_box(&theirs);
                (theirs.encode_payload(0).unwrap(), theirs.encode_data(0).unwrap())
            });
        });
        group.bench_function(BenchmarkId::new("loligo", name), |b| {
            b.iter(|| {
                let payload = black_box(&ours).encode(Features::PACIFIC);
                let mut header = MessageHeader { message_type: MOSDOp::TYPE, ..MessageHeader::default() };
                header.seal();
                let data = payload.data.pieces().iter().fold(0, |crc, piece| crc32c(crc, piece));
                (header.to_array(), crc32c(0, &payload.front), data, payload)
            });
        });
        group.bench_function(BenchmarkId::new("rados", name), |b| {
            b.iter(|| {
                let flags = CrcFlags::all();
                CephMessage::from_payload(black_box(&theirs), 0, flags).unwrap().encode().unwrap()
            });
        });
    }
    group.finish();
}

/// From what comes over the wire to the parts of a message, checksums looked at. Loligo's share the memory of what came.
fn receive(c: &mut Criterion) {
    let mut group = c.benchmark_group("MOSDOp receive");
    for (name, size) in SIZES {
        let data = Bytes::from(vec![7; size]);
        let ours = sealed(&write_op(data.clone()));
        let theirs = CephMessage::from_payload(&their_write_op(data), 0, CrcFlags::all()).unwrap();
        let theirs = theirs.encode().unwrap();
        group.throughput(Throughput::Bytes(ours.len() as u64));
        group.bench_function(BenchmarkId::new("loligo", name), |b| {
            let mut reader = StreamReader::open(Features::PACIFIC);
            b.iter(|| reader.read(&mut Decoder::of(black_box(&ours))).unwrap());
        });
        group.bench_function(BenchmarkId::new("rados", name), |b| {
            b.iter(|| CephMessage::decode(&mut &black_box(&theirs)[..]).unwrap());
        });
    }
    group.finish();
}

/// A message as it goes over a connection of messenger v1.
fn sealed<M: Message>(message: &M) -> Bytes {
    let payload = message.encode(Features::PACIFIC);
    let length = |bytes: usize| u32::try_from(bytes).unwrap();
    let mut header = MessageHeader {
        message_type: M::TYPE,
        version: payload.version,
        compat_version: payload.compat_version,
        front_len: length(payload.front.len()),
        data_len: length(payload.data.len()),
        ..MessageHeader::default()
    };
    header.seal();
    let footer = MessageFooter {
        front_crc: crc32c(0, &payload.front),
        data_crc: crc32c(0, &payload.data.to_contiguous()),
        ..MessageFooter::default()
    };
    Item::Message(Box::new((header, payload, Footer::New(footer)))).to_bytes(Features::PACIFIC)
}

/// From the parts of a message to its fields; `rados` does not let others do that.
fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, size) in SIZES {
        let data = Bytes::from(vec![7; size]);
        read_one(&mut group, BenchmarkId::new("MOSDOp", name), &write_op(data.clone()));
        read_one(&mut group, BenchmarkId::new("MOSDOpReply", name), &read_reply(data));
    }
    group.finish();
}

fn read_one<M: Message>(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId, message: &M) {
    let payload = message.encode(Features::PACIFIC);
    let header = MessageHeader {
        message_type: M::TYPE,
        version: payload.version,
        compat_version: payload.compat_version,
        ..MessageHeader::default()
    };
    group.throughput(Throughput::Bytes(payload.len() as u64));
    group.bench_function(id, |b| b.iter(|| M::decode(&header, black_box(&payload).clone()).unwrap()));
}

fn map(c: &mut Criterion) {
    let map = large_map();
    let bytes = map.to_bytes(Features::PACIFIC);
    let mut group = c.benchmark_group("OSDMap of 10,000 OSDs");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
    group.bench_function("encode/loligo", |b| b.iter(|| black_box(&map).to_bytes(Features::PACIFIC)));
    group.bench_function("decode/loligo", |b| b.iter(|| OSDMap::decode_all(black_box(&bytes)).unwrap()));
    group.bench_function("decode/rados", |b| {
        let decode = |mut bytes: Bytes| rados::OSDMap::decode_versioned(&mut bytes, 0).unwrap();
        b.iter_batched(|| bytes.clone(), decode, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, header, write, receive, read, map);
criterion_main!(benches);
