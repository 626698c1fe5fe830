//! The algorithms of on-wire compression: what Ceph and its libraries made is read, what is made here comes back, and bytes that
//! lie are refused before room is made for what they say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use loligo_base::Prng;
use loligo_msgr_proto::compression::{CompressionError, Compressor};
use loligo_wire::msgr2::{CompressionAlgorithm, Layout, MessageHeader2, PREAMBLE_SIZE, Preamble, Revision};
use loligo_wire::{Decode, Decoder};

const FRAMES: &str = include_str!("../../wire/tests/golden/compressed-frames-18.2.7.txt");
const TEXT: &str = include_str!("golden/compressed-text.txt");

/// The lines of a golden file: what it was compressed with, and the bytes.
fn golden(file: &str) -> impl Iterator<Item = (Compressor, Vec<u8>)> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, hex) = line.split_once(' ').unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (of_name(name), (0..hex.len()).step_by(2).map(byte).collect())
    })
}

fn of_name(name: &str) -> Compressor {
    Compressor::create(CompressionAlgorithm::from_name(name).unwrap()).unwrap()
}

/// What is compressed: zeros, text, noise, and noise that comes again.
fn contents(size: usize) -> [Vec<u8>; 4] {
    let mut prng = Prng::new(size as u64);
    let mut noise = |size| (0..size).map(|_| prng.next_u64().to_le_bytes()[0]).collect::<Vec<_>>();
    let text =
        (0..).flat_map(|line| format!("object {} of pool {}\n", line * 7919 % 10007, line % 5).into_bytes());
    [
        vec![0; size],
        text.take(size).collect(),
        noise(size),
        noise(size.div_ceil(3)).repeat(3)[..size].to_vec(),
    ]
}

#[test]
fn the_segments_of_a_frame_of_ceph_come_out() {
    let mut algorithms = Vec::new();
    for (compressor, frame) in golden(FRAMES) {
        let preamble = Preamble::decode(&mut Decoder::new(&frame)).unwrap();
        assert_eq!(preamble.flags, Preamble::COMPRESSED);
        let layout = Layout { revision: Revision::Rev1, is_secure: false };
        assert_eq!(layout.frame_len(&preamble), frame.len() as u64);
        let mut rest = &frame[PREAMBLE_SIZE..];
        let segments: Vec<_> = (0..4)
            .map(|at| {
                let (segment, behind) = rest.split_at(preamble.length(at) as usize);
                rest = if at == 0 { &behind[4..] } else { behind };
                if segment.is_empty() { Vec::new() } else { compressor.decompress(segment, 4096).unwrap() }
            })
            .collect();
        let header = MessageHeader2::decode(&mut Decoder::new(&segments[0])).unwrap();
        assert_eq!((header.message_type, header.seq, header.priority), (42, 1, 127), "{compressor:?}");
        assert_eq!(segments.iter().map(Vec::len).collect::<Vec<_>>(), [41, 220, 0, 4096]);
        assert!(segments[1].windows(11).any(|name| name == b"object-name"));
        assert!(segments[3].iter().all(|byte| *byte == 0));
        algorithms.push(compressor);
    }
    assert_eq!(algorithms, Compressor::ALL);
}

#[test]
fn what_the_libraries_of_ceph_make_comes_out() {
    let text: String =
        (0..120_u64).map(|i| format!("object {} of pool {}\n", i * i * 7919 % 10007, i % 5)).collect();
    let mut read = 0;
    for (compressor, compressed) in golden(TEXT) {
        assert_eq!(
            compressor.decompress(&compressed, text.len()).unwrap(),
            text.as_bytes(),
            "{compressor:?}"
        );
        read += 1;
    }
    assert_eq!(read, 5, "one of each, and one of several blocks");
}

#[test]
fn what_is_compressed_comes_out() {
    for compressor in Compressor::ALL {
        for size in [1, 2, 5, 12, 13, 41, 64, 255, 1023, 1024, 4097, 65_536, 131_073, 300_001] {
            for plain in contents(size) {
                let compressed = compressor.compress(&plain).unwrap();
                assert_eq!(compressor.decompress(&compressed, size), Ok(plain), "{compressor:?} {size}");
            }
        }
        let [zeros, text, noise, _] =
            contents(100_000).map(|plain| compressor.compress(&plain).unwrap().len());
        assert!(zeros < 6_000 && text < 60_000, "{compressor:?} {zeros} {text}");
        assert!(noise < 100_500, "{compressor:?} {noise}");
    }
}

#[test]
fn no_more_comes_out_than_may() {
    for compressor in Compressor::ALL {
        for plain in contents(5_000) {
            let compressed = compressor.compress(&plain).unwrap();
            let refused = compressor.decompress(&compressed, 4_999).unwrap_err();
            assert!(
                matches!(refused, CompressionError::TooLarge { limit: 4_999, .. }),
                "{compressor:?} {refused}"
            );
        }
    }
}

#[test]
fn what_was_cut_or_has_more_behind_it_is_refused() {
    for (compressor, compressed) in golden(TEXT) {
        for end in 0..compressed.len() {
            let refused = compressor.decompress(&compressed[..end], 1 << 20);
            assert!(refused.is_err(), "{compressor:?} cut at {end}");
        }
        // Deflate says itself where it ends; Ceph does not look behind it.
        let longer = [&compressed[..], b"more"].concat();
        let is_read = compressor.decompress(&longer, 1 << 20).is_ok();
        assert_eq!(is_read, compressor == Compressor::Zlib, "{compressor:?}");
    }
}

#[test]
fn a_wrong_bit_is_no_panic_and_no_more_than_may_be() {
    for (compressor, mut compressed) in golden(TEXT) {
        for bit in 0..compressed.len() * 8 {
            compressed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(plain) = compressor.decompress(&compressed, 3_000) {
                assert!(plain.len() <= 3_000);
            }
            compressed[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// Bytes that announce 1 GiB, which may be, and have nothing behind that it could come out of.
#[test]
fn sizes_that_lie_are_refused() {
    let gib = 1_u32 << 30;
    let varint = [0x80, 0x80, 0x80, 0x80, 0x04];
    let lz4 = [1_u32, gib, 4].into_iter().flat_map(u32::to_le_bytes).chain([0; 4]);
    let zstd =
        gib.to_le_bytes().into_iter().chain(of_name("zstd").compress(b"nothing").unwrap().split_off(4));
    let snappy = varint.into_iter().chain([0; 8]);
    let limit = 2 << 30;
    for (name, lie) in
        [("snappy", snappy.collect::<Vec<_>>()), ("zstd", zstd.collect()), ("lz4", lz4.collect())]
    {
        let refused = of_name(name).decompress(&lie, limit).unwrap_err();
        assert_eq!(refused, CompressionError::WrongSize { announced: gib.into() }, "{name}");
        let refused = of_name(name).decompress(&lie, 1 << 20).unwrap_err();
        assert_eq!(refused, CompressionError::TooLarge { size: gib.into(), limit: 1 << 20 }, "{name}");
    }
}

/// More blocks than there are bytes, and blocks that are not there.
#[test]
fn a_table_of_blocks_that_lies_is_refused() {
    let table = |words: &[u32], behind: &[u8]| {
        let words = words.iter().flat_map(|word| word.to_le_bytes());
        of_name("lz4").decompress(&words.chain(behind.iter().copied()).collect::<Vec<_>>(), 1 << 20)
    };
    let malformed = Err(CompressionError::Malformed(CompressionAlgorithm::LZ4));
    assert_eq!(table(&[u32::MAX], &[]), malformed);
    assert_eq!(table(&[u32::MAX, 1, 1], &[0; 64]), malformed);
    assert_eq!(table(&[1, 1, u32::MAX], &[0; 64]), malformed);
    assert_eq!(table(&[1, 2, 2], &[0x10, b'a']), Err(CompressionError::WrongSize { announced: 2 }));
    assert_eq!(table(&[1, 1, 2], &[0x10, b'a']), Ok(vec![b'a']));
    assert_eq!(table(&[0], &[]), Ok(vec![]));
}

/// A few kilobytes that become many megabytes stop at the limit.
#[test]
fn a_bomb_is_refused() {
    let zeros = vec![0; 64 << 20];
    for compressor in [Compressor::Zlib, Compressor::Zstd] {
        let mut bomb = compressor.compress(&zeros).unwrap();
        assert!(bomb.len() < 100_000);
        assert!(matches!(compressor.decompress(&bomb, 1 << 20), Err(CompressionError::TooLarge { .. })));
        if compressor == Compressor::Zstd {
            // It says that little comes out.
            bomb[..4].copy_from_slice(&1000_u32.to_le_bytes());
            let refused = compressor.decompress(&bomb, 1 << 20);
            assert_eq!(refused, Err(CompressionError::WrongSize { announced: 1000 }));
        }
    }
}
