//! Compression of messenger v2 between two pipes: who agrees on what, what is compressed, and peers that lie.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;

use common::feed::{feed_client, feed_server};
use common::{Note, Pair, client_config, server_config};
use loligo_msgr_proto::compression::{CompressionError, CompressionMode, Compressor};
use loligo_msgr_proto::{Config, Fault, Modes, Policy, PolicySet, Throttle};
use loligo_wire::entity::{EntityName, EntityType};
use loligo_wire::msgr2::{
    AckFrame, Banner, CompressionAlgorithm, CompressionDoneFrame, CompressionRequestFrame, ConMode,
    ControlFrame, CrcEpilogue, LateStatus, Layout, MessageHeader2, PREAMBLE_SIZE, Preamble, Revision, Tag,
};
use loligo_wire::{Decode, Decoder, crc32c};

const SNAPPY: CompressionAlgorithm = CompressionAlgorithm::SNAPPY;
const ZLIB: CompressionAlgorithm = CompressionAlgorithm::ZLIB;
const ZSTD: CompressionAlgorithm = CompressionAlgorithm::ZSTD;
const LZ4: CompressionAlgorithm = CompressionAlgorithm::LZ4;
const NONE: CompressionAlgorithm = CompressionAlgorithm::NONE;

/// That configuration, which compresses with all peers, with these algorithms.
fn with(mut config: Config, algorithms: &[CompressionAlgorithm]) -> Config {
    let compression = &mut config.options.compression;
    compression.ms_osd_compress_mode = CompressionMode::Force;
    compression.ms_osd_compression_algorithm = algorithms.to_vec();
    compression.ms_compress_all_peers = true;
    config
}

fn secure(mut config: Config) -> Config {
    config.options.modes = Modes {
        ms_client_mode: vec![ConMode::SECURE],
        ms_service_mode: vec![ConMode::SECURE],
        ms_cluster_mode: vec![ConMode::SECURE],
        ..Modes::default()
    };
    config
}

fn compress_secure(mut config: Config) -> Config {
    config.options.compression.ms_compress_secure = true;
    config
}

/// An OSD that calls others.
fn osd() -> Config {
    Config::new(EntityName::osd(1), PolicySet::new(Policy::lossy_client()))
}

fn mon() -> Config {
    Config::new(EntityName::new(EntityType::MON, 0), PolicySet::new(Policy::stateless_server()))
}

fn opened(client: Config, server: Config) -> Pair {
    let mut pair = Pair::v2(client, server).with_keys().start();
    pair.run();
    let faults = (&pair.client.seen.faults, &pair.server.seen.faults);
    assert!(pair.client.pipe.is_open() && pair.server.pipe.is_open(), "{faults:?}");
    pair
}

/// A message whose frame has so many bytes in its segments.
fn note_of(size: usize) -> Note {
    let rest = size - MessageHeader2::SIZE;
    let front: Vec<u8> = (0..rest / 3).map(|n| n.to_le_bytes()[0] / 16).collect();
    let mut note = Note::new(7, front, vec![0x55; rest - rest / 3 - rest / 5]);
    note.middle = vec![9; rest / 5].into();
    note
}

/// What the client writes for a message.
fn written(pair: &mut Pair, note: Note) -> Vec<u8> {
    pair.client.send(note);
    pair.client.write(pair.now, usize::MAX)
}

/// The frames of one way from the first one on, in crc mode.
fn frames(mut bytes: &[u8]) -> Vec<(Preamble, Vec<u8>)> {
    let layout = Layout { revision: Revision::Rev1, is_secure: false };
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let preamble = Preamble::decode(&mut Decoder::new(bytes)).unwrap();
        let (frame, rest) = bytes.split_at(usize::try_from(layout.frame_len(&preamble)).unwrap());
        frames.push((preamble, frame[PREAMBLE_SIZE..].to_vec()));
        bytes = rest;
    }
    frames
}

#[test]
fn what_is_at_least_the_minimum_goes_compressed_both_ways_in_both_modes() {
    let mut sent = 0;
    for compressor in Compressor::ALL {
        for is_secure in [false, true] {
            for step in [70, usize::MAX] {
                let ours = |config| {
                    let config = compress_secure(with(config, &[compressor.algorithm()]));
                    if is_secure { secure(config) } else { config }
                };
                let mut pair = opened(ours(client_config()), ours(server_config()));
                for size in [41, 42, 1_022, 1_023, 1_024, 1_025, 4_096, 70_000, 300_000] {
                    let note = note_of(size);
                    let bytes = written(&mut pair, note.clone());
                    assert_eq!(bytes.len() < size, size >= 1_024, "{compressor:?} {size}");
                    if !is_secure {
                        assert_eq!(
                            frames(&bytes)[0].0.is_compressed(),
                            size >= 1_024,
                            "{compressor:?} {size}"
                        );
                    }
                    pair.step = step;
                    pair.server.inbound.extend(bytes);
                    pair.server.send(note.clone());
                    pair.run();
                    pair.step = usize::MAX;
                    assert_eq!(pair.server.seen.notes.pop(), Some(note.clone()), "{compressor:?} {size}");
                    assert_eq!(pair.client.seen.notes.pop(), Some(note), "{compressor:?} {size}");
                    sent += 1;
                }
                assert_eq!((pair.client.seen.faults.len(), pair.server.seen.faults.len()), (0, 0));
            }
        }
    }
    assert_eq!(sent, 4 * 2 * 2 * 9);
}

/// With no minimum every frame behind the agreement is compressed, those that open the session and acknowledge too.
#[test]
fn with_no_minimum_control_frames_are_compressed_too() {
    for compressor in Compressor::ALL {
        for is_secure in [false, true] {
            let ours = |config| {
                let mut config = compress_secure(with(config, &[compressor.algorithm()]));
                config.options.compression.ms_osd_compress_min_size = 0;
                if is_secure { secure(config) } else { config }
            };
            let mut pair = opened(ours(client_config()), ours(server_config()));
            pair.client.pipe.send_keepalive(pair.now);
            pair.run();
            for note in [Note::new(1, "", ""), Note::new(2, "front", ""), Note::new(3, "", "data")] {
                pair.client.send(note.clone());
                pair.run();
                assert_eq!(pair.server.seen.notes.pop(), Some(note));
            }
            assert_eq!((pair.client.seen.faults.len(), pair.server.seen.faults.len()), (0, 0));
        }
    }
}

/// What the two ends agree on: the algorithm of a message that is large enough, as the client sends it.
fn agreed(client: Config, server: Config) -> CompressionAlgorithm {
    let mut pair = opened(client, server);
    let note = note_of(5_000);
    let bytes = written(&mut pair, note.clone());
    feed_server(&mut pair, &bytes);
    assert_eq!(pair.server.seen.notes, [note]);
    let [(preamble, segments)] = &frames(&bytes)[..] else { panic!("one frame") };
    if !preamble.is_compressed() {
        return NONE;
    }
    let data = &segments[segments.len() - CrcEpilogue::SIZE - preamble.length(3) as usize..];
    let data = &data[..preamble.length(3) as usize];
    let mut those = Compressor::ALL.into_iter().filter(|those| those.decompress(data, 5_000).is_ok());
    let algorithm = those.next().unwrap().algorithm();
    assert_eq!(those.next(), None, "two can read it");
    algorithm
}

#[test]
fn who_is_called_takes_the_callers_first_algorithm_that_it_has_too() {
    let brotli = CompressionAlgorithm::BROTLI;
    let cases: [(&[CompressionAlgorithm], &[CompressionAlgorithm], CompressionAlgorithm); 9] = [
        (&[SNAPPY], &[SNAPPY], SNAPPY),
        (&[ZLIB, ZSTD], &[ZSTD, ZLIB], ZLIB),
        (&[LZ4, SNAPPY], &[ZSTD, SNAPPY], SNAPPY),
        (&[brotli, ZSTD], &[brotli, ZSTD], ZSTD),
        (&[CompressionAlgorithm(77), LZ4], &[CompressionAlgorithm(77), LZ4], LZ4),
        (&[SNAPPY], &[ZSTD], NONE),
        (&[NONE], &[NONE], NONE),
        (&[brotli], &[brotli], NONE),
        (&[], &[SNAPPY], NONE),
    ];
    for (client, server, expected) in cases {
        let found = agreed(with(client_config(), client), with(server_config(), server));
        assert_eq!(found, expected, "{client:?} {server:?}");
    }
}

/// `CompressorRegistry::get_mode` at both ends, of OSDs that are among themselves and clients that ask them.
#[test]
fn only_osds_compress_among_themselves_and_only_where_both_want() {
    let forced = |mut config: Config| {
        config.options.compression.ms_osd_compress_mode = CompressionMode::Force;
        config
    };
    assert_eq!(agreed(forced(osd()), forced(server_config())), SNAPPY);
    assert_eq!(agreed(forced(osd()), server_config()), NONE);
    assert_eq!(agreed(osd(), forced(server_config())), NONE);
    assert_eq!(agreed(osd(), server_config()), NONE);
    // To an OSD, a client is no OSD.
    assert_eq!(agreed(forced(client_config()), forced(server_config())), NONE);
    assert_eq!(agreed(forced(client_config()), with(server_config(), &[SNAPPY])), SNAPPY);
    // To a client, a monitor is none.
    let mut pair = Pair::v2_calling(EntityType::MON, forced(client_config()), with(mon(), &[SNAPPY]));
    pair = pair.with_keys().start();
    pair.run();
    assert!(pair.client.pipe.is_open(), "{:?}", pair.client.seen.faults);
}

#[test]
fn what_is_encrypted_is_compressed_only_where_both_ends_want_that_too() {
    for (client_wants, server_wants) in [(false, false), (true, false), (false, true), (true, true)] {
        let ours = |config, wants| {
            let config = secure(with(config, &[SNAPPY]));
            if wants { compress_secure(config) } else { config }
        };
        let mut pair = opened(ours(client_config(), client_wants), ours(server_config(), server_wants));
        let bytes = written(&mut pair, note_of(5_000));
        assert_eq!(bytes.len() < 5_000, client_wants && server_wants);
        feed_server(&mut pair, bytes);
        assert_eq!(pair.server.seen.notes, [note_of(5_000)]);
    }
}

/// All that each end says until both are open, in crc mode, without the banners.
fn handshake(client: Config, server: Config) -> [Vec<(Preamble, Vec<u8>)>; 2] {
    let mut pair = Pair::v2(client, server).with_keys().start();
    let mut said = [Vec::new(), Vec::new()];
    while !pair.client.pipe.is_open() {
        let (out, back) = (pair.client.write(pair.now, usize::MAX), pair.server.write(pair.now, usize::MAX));
        assert!(!out.is_empty() || !back.is_empty());
        said[0].extend(out.clone());
        said[1].extend(back.clone());
        feed_server(&mut pair, out);
        pair.client.inbound.extend(back);
        while pair.client.read(pair.now, usize::MAX) {}
    }
    said.map(|said| frames(&said[Banner::SIZE..]))
}

#[test]
fn there_is_talk_of_compression_only_where_both_banners_have_it() {
    let tags =
        |frames: &[(Preamble, Vec<u8>)]| frames.iter().map(|(preamble, _)| preamble.tag).collect::<Vec<_>>();
    let [out, back] = handshake(with(client_config(), &[ZSTD, LZ4]), with(server_config(), &[LZ4]));
    let asked = [Tag::HELLO, Tag::AUTH_REQUEST, Tag::AUTH_REQUEST_MORE, Tag::AUTH_SIGNATURE];
    assert_eq!(tags(&out), [&asked[..], &[Tag::COMPRESSION_REQUEST, Tag::CLIENT_IDENT]].concat());
    let answered = [Tag::HELLO, Tag::AUTH_REPLY_MORE, Tag::AUTH_DONE, Tag::AUTH_SIGNATURE];
    assert_eq!(tags(&back), [&answered[..], &[Tag::COMPRESSION_DONE, Tag::SERVER_IDENT]].concat());
    let request = CompressionRequestFrame { is_compress: true, preferred_methods: vec![ZSTD, LZ4] };
    assert!(out[4].1.starts_with(&request.to_segment()));
    assert!(back[4].1.starts_with(&CompressionDoneFrame { is_compress: true, method: LZ4 }.to_segment()));
    for [out, back] in [
        handshake(client_config(), with(server_config(), &[LZ4])),
        handshake(with(client_config(), &[LZ4]), server_config()),
    ] {
        assert_eq!(tags(&out), [&asked[..], &[Tag::CLIENT_IDENT]].concat());
        assert_eq!(tags(&back), [&answered[..], &[Tag::SERVER_IDENT]].concat());
    }
}

/// A client that waits for the answer to its request.
fn asking(mut pair: Pair) -> Pair {
    const STATE: &str = "waiting for the verdict on compression";
    pair = pair.with_keys().start();
    while pair.client.pipe.waits_for() != STATE {
        let out = pair.client.write(pair.now, usize::MAX);
        feed_server(&mut pair, out);
        let back = pair.server.write(pair.now, usize::MAX);
        pair.client.inbound.extend(back);
        while pair.client.pipe.waits_for() != STATE && pair.client.read(pair.now, 1) {}
    }
    pair.client.write(pair.now, usize::MAX);
    pair
}

fn control(tag: Tag, segment: &[u8], compressor: Option<Compressor>) -> Vec<u8> {
    let preamble = Preamble::new(tag, [u32::try_from(segment.len()).unwrap(), 0, 0, 0]);
    let preamble = if compressor.is_some() { preamble.compressed() } else { preamble };
    [&preamble.to_array()[..], segment, &crc32c(u32::MAX, segment).to_le_bytes()].concat()
}

#[test]
fn an_answer_must_be_one_of_the_algorithms_that_were_offered() {
    let answer = |is_compress, method| {
        let ours = [SNAPPY];
        let mut pair = asking(Pair::v2(with(client_config(), &ours), with(server_config(), &ours)));
        let done = CompressionDoneFrame { is_compress, method };
        feed_client(&mut pair, control(Tag::COMPRESSION_DONE, &done.to_segment(), None));
        (pair.client.seen.faults.clone(), pair.client.pipe.waits_for())
    };
    assert_eq!(answer(true, SNAPPY), (vec![], "waiting for the session"));
    assert_eq!(answer(false, NONE), (vec![], "waiting for the session"));
    assert_eq!(answer(false, ZSTD), (vec![], "waiting for the session"));
    for method in [ZSTD, NONE, CompressionAlgorithm(77)] {
        assert_eq!(answer(true, method).0, [Fault::AlgorithmNotOffered(method)]);
    }
}

/// Who says yes to a client that has said no is not followed, as in Ceph, and must not compress then.
#[test]
fn a_yes_that_nobody_asked_for_changes_nothing() {
    let mut client = with(client_config(), &[SNAPPY]);
    client.options.compression.ms_compress_all_peers = false;
    client.options.modes.ms_mon_client_mode = vec![ConMode::CRC];
    let mut pair = asking(Pair::v2_calling(EntityType::MON, client, with(mon(), &[SNAPPY])));
    let done = CompressionDoneFrame { is_compress: true, method: SNAPPY };
    feed_client(&mut pair, control(Tag::COMPRESSION_DONE, &done.to_segment(), None));
    assert_eq!(
        (&pair.client.seen.faults[..], pair.client.pipe.waits_for()),
        (&[][..], "waiting for the session")
    );
    feed_client(&mut pair, control(Tag::SERVER_IDENT, b"snap", Some(Compressor::Snappy)));
    assert_eq!(pair.client.seen.faults, [Fault::NotCompressing]);
}

#[test]
fn talk_of_compression_is_no_round_of_the_handshake() {
    let mut server = with(server_config(), &[SNAPPY]);
    // Hello, two of authentication, the signature, the session.
    server.limits.handshake_rounds = 5;
    assert_eq!(agreed(with(client_config(), &[SNAPPY]), server), SNAPPY);
}

/// The first message of `ceph_perf_msgr_client` with each algorithm, as it was on the wire.
#[test]
fn a_compressed_message_of_ceph_is_delivered() {
    let golden = include_str!("../../wire/tests/golden/compressed-frames-18.2.7.txt");
    let mut delivered = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#')) {
        let (name, hex) = line.split_once(' ').unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let frame: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let ours = [CompressionAlgorithm::from_name(name).unwrap()];
        let mut pair = opened(with(client_config(), &ours), with(server_config(), &ours));
        feed_server(&mut pair, frame);
        let [note] = &pair.server.seen.notes[..] else { panic!("{name}: {:?}", pair.server.seen.faults) };
        assert_eq!((note.front.len(), &note.data[..]), (220, &[0; 4096][..]), "{name}");
        delivered += 1;
    }
    assert_eq!(delivered, 4);
}

/// A frame of a message with these segments, in crc mode.
fn message(segments: [&[u8]; 4]) -> Vec<u8> {
    message_of(segments, LateStatus::Complete)
}

fn message_of(segments: [&[u8]; 4], late_status: LateStatus) -> Vec<u8> {
    let lengths = segments.map(|segment| u32::try_from(segment.len()).unwrap());
    let [header, front, middle, data] = segments;
    let crc = |segment: &[u8]| crc32c(u32::MAX, segment);
    let crc_values = [front, middle, data].map(crc);
    [
        &Preamble::new(Tag::MESSAGE, lengths).compressed().to_array()[..],
        header,
        &crc(header).to_le_bytes(),
        front,
        middle,
        data,
        &CrcEpilogue { late_status, crc_values }.to_array(),
    ]
    .concat()
}

fn header() -> [u8; MessageHeader2::SIZE] {
    MessageHeader2 { seq: 1, message_type: 777, ..MessageHeader2::default() }.to_array()
}

/// What becomes of an open server, with limits of 1 MiB, that is sent that.
fn sent(compressor: Compressor, bytes: &[u8]) -> (Vec<Fault>, usize) {
    let mut server = with(server_config(), &[compressor.algorithm()]);
    (server.limits.front, server.limits.middle, server.limits.data) = (1 << 20, 1 << 20, 1 << 20);
    let mut pair = opened(with(client_config(), &[compressor.algorithm()]), server);
    feed_server(&mut pair, bytes);
    (pair.server.seen.faults.clone(), pair.server.seen.notes.len())
}

#[test]
fn segments_that_lie_are_named() {
    for compressor in Compressor::ALL {
        let of = |plain: &[u8]| compressor.compress(plain).unwrap();
        let (good, small) = (of(&header()), of(b"small"));
        assert_eq!(sent(compressor, &message([&good, &small, &small, &small])), (vec![], 1));
        let garbage = [0xff; 64];
        for (what, segments) in [
            ("first segment", [&garbage[..], &small, &small, &small]),
            ("front", [&good, &garbage, &small, &small]),
            ("middle", [&good, &small, &garbage, &small]),
            ("data", [&good, &small, &small, &garbage]),
        ] {
            let (faults, messages) = sent(compressor, &message(segments));
            assert_eq!(messages, 0);
            let is_named = match &faults[..] {
                [Fault::Compression { what: found, .. }] => *found == what,
                // What 0xff announces in these.
                [Fault::TooLarge { what: found, .. }] => *found == what,
                _ => false,
            };
            assert!(is_named, "{compressor:?} {what}: {faults:?}");
        }
        // A header of another size.
        let (faults, _) = sent(compressor, &message([&of(&header()[..40]), &small, &[], &[]]));
        assert!(matches!(faults[..], [Fault::Malformed(_)]), "{faults:?}");
        let (faults, _) = sent(compressor, &message([&of(&[0; 42]), &small, &[], &[]]));
        assert!(
            matches!(faults[..], [Fault::TooLarge { what: "first segment", limit: 41, .. }]),
            "{faults:?}"
        );
    }
}

/// The sender has changed its mind: nothing is delivered, nothing is wrong, and the number can be used again.
#[test]
fn a_message_that_was_given_up_is_dropped() {
    for compressor in Compressor::ALL {
        let of = |plain: &[u8]| compressor.compress(plain).unwrap();
        let (header, small) = (of(&header()), of(b"small"));
        let segments = [&header[..], &small, &small, &small];
        let aborted = message_of(segments, LateStatus::Aborted);
        assert_eq!(sent(compressor, &aborted), (vec![], 0));
        assert_eq!(sent(compressor, &[aborted, message(segments)].concat()), (vec![], 1));
    }
}

#[test]
fn a_bomb_is_refused_at_the_limit_of_its_segment() {
    for compressor in Compressor::ALL {
        let of = |plain: &[u8]| compressor.compress(plain).unwrap();
        let (good, bomb, most) = (of(&header()), of(&vec![0; (1 << 20) + 1]), of(&vec![0; 1 << 20]));
        assert_eq!(sent(compressor, &message([&good, &most, &most, &most])), (vec![], 1));
        for (what, segments) in [
            ("front", [&good[..], &bomb, &[], &[]]),
            ("middle", [&good, &[], &bomb, &[]]),
            ("data", [&good, &[], &[], &bomb]),
        ] {
            let (faults, messages) = sent(compressor, &message(segments));
            assert!(
                matches!(&faults[..], [Fault::TooLarge { what: found, limit: 0x10_0000, .. }] if *found == what)
            );
            assert_eq!(messages, 0);
        }
        let ack = of(&vec![0; 16_385]);
        let limit = u64::from(server_config().limits.control);
        let (faults, _) = sent(compressor, &control(Tag::ACK, &ack, Some(compressor)));
        assert!(
            matches!(faults[..], [Fault::TooLarge { what: "first segment", limit: found, .. }] if found == limit)
        );
        let ack = of(&AckFrame { seq: 0 }.to_segment());
        assert_eq!(sent(compressor, &control(Tag::ACK, &ack, Some(compressor))), (vec![], 0));
    }
}

#[test]
fn sizes_on_the_wire_are_bounded_before_anything_is_read() {
    for (lengths, wanted) in [
        ([1_000, 1, 0, 0], "header"),
        ([41, u32::MAX, 0, 0], "front"),
        ([41, 0, u32::MAX, 0], "middle"),
        ([41, 0, 0, u32::MAX], "data"),
    ] {
        let (faults, _) =
            sent(Compressor::Snappy, &Preamble::new(Tag::MESSAGE, lengths).compressed().to_array());
        assert!(matches!(&faults[..], [Fault::TooLarge { what, .. }] if *what == wanted), "{faults:?}");
    }
    let (faults, _) =
        sent(Compressor::Snappy, &Preamble::new(Tag::ACK, [1 << 20, 0, 0, 0]).compressed().to_array());
    assert!(matches!(faults[..], [Fault::TooLarge { what: "control frame", .. }]));
}

#[test]
fn a_size_that_is_not_what_comes_out_is_named() {
    let mut lie = Compressor::Zstd.compress(&[7; 5_000]).unwrap();
    lie[..4].copy_from_slice(&4_999_u32.to_le_bytes());
    let good = Compressor::Zstd.compress(&header()).unwrap();
    let error = CompressionError::WrongSize { announced: 4_999 };
    let (faults, _) = sent(Compressor::Zstd, &message([&good, &[], &[], &lie]));
    assert_eq!(faults, [Fault::Compression { what: "data", error }]);
}

/// The throttles count what is held in memory.
#[test]
fn what_comes_out_counts_against_the_throttles() {
    let throttle = Arc::new(Throttle::new(100_000));
    let mut server = with(server_config(), &[ZSTD]);
    server.dispatch_throttle = Arc::clone(&throttle);
    let mut pair = opened(with(client_config(), &[ZSTD]), server);
    pair.server.hold = true;
    for tid in [1, 2] {
        pair.client.send(Note::new(tid, "front", vec![0; 150_000]));
    }
    pair.run();
    assert_eq!(pair.server.seen.notes.len(), 1, "the second one waits");
    assert_eq!(throttle.current(), 150_005);
    pair.server.seen.held.clear();
    assert_eq!(throttle.current(), 0);
    pair.advance(std::time::Duration::from_millis(100));
    pair.run();
    assert_eq!(pair.server.seen.notes.len(), 2);
    pair.server.seen.held.clear();
    assert_eq!(throttle.current(), 0);
}

/// Whatever bit is wrong, nothing but what was sent is taken for it.
#[test]
fn a_wrong_bit_in_a_compressed_message_is_noticed() {
    for compressor in Compressor::ALL {
        let algorithms = [compressor.algorithm()];
        let sent = || {
            let mut pair = opened(with(client_config(), &algorithms), with(server_config(), &algorithms));
            let bytes = written(&mut pair, note_of(1_100));
            (pair, bytes)
        };
        let length = sent().1.len();
        for bit in 0..length * 8 {
            let (mut pair, mut bytes) = sent();
            bytes[bit / 8] ^= 1 << (bit % 8);
            feed_server(&mut pair, bytes);
            // The upper half of the late status means nothing, as in Ceph.
            let spare = pair.server.seen.notes == [note_of(1_100)];
            assert_eq!(pair.server.seen.notes.is_empty(), !spare, "bit {bit}");
            assert_eq!(spare, (length - 13) * 8 + 4 <= bit && bit < (length - 12) * 8, "bit {bit}");
        }
    }
}
