//! The table of `test_frames_v2.cc` of Ceph 18.2: how many bytes each part of a frame takes, in 512 cases.
//!
//! There are 32 frames: a header of 0, 1, 48 and 49 bytes, each with every choice of a front of 101, a middle of 202 and data of
//! 303 bytes. Each goes through eight modes: both revisions, with checksums and encrypted, without and with compression; and
//! through each once (`RoundTripTest.Basic`) and three times (`RoundTripTest.Reuse`).
//!
//! What is encrypted has zeros here in place of what a cipher makes of it: the sizes are the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

use loligo_wire::msgr2::{
    CrcEpilogue, CrcEpilogueRev0, INLINE_SIZE, LateStatus, Layout, Preamble, Revision, SECURE_EPILOGUE_SIZE,
    TAG_SIZE, Tag,
};
use loligo_wire::{Decode, Decoder, crc32c};

/// What is sent compressed at the least (`COMP_THRESHOLD`): more than the largest of these frames.
const MIN_SIZE: usize = 1 << 10;

/// A frame of the table, and what Ceph expects of it.
#[derive(Debug)]
struct Row {
    lengths: [usize; 4],
    num_segments: usize,
    /// Preamble, segments, epilogue; by mode: 2.0 with checksums, 2.0 encrypted, and the same of 2.1.
    onwire: [[usize; 6]; 4],
}

/// The 32 frames.
fn rows() -> Vec<Row> {
    // By mode: the first segment, for each length of it.
    let headers = [(0, [0, 0, 0, 0]), (1, [1, 16, 5, 0]), (48, [48, 48, 52, 0]), (49, [49, 64, 53, 32])];
    let choices = (0..8).map(|choice| {
        let chosen = |bit, plain, padded| if choice & bit == 0 { (0, 0) } else { (plain, padded) };
        [chosen(4, 101, 112), chosen(2, 202, 208), chosen(1, 303, 304)]
    });
    let with = move |[front, middle, data]: [(usize, usize); 3]| {
        headers.map(|(header, header_onwire)| {
            let lengths = [header, front.0, middle.0, data.0];
            let num_segments = lengths.iter().rposition(|length| *length > 0).map_or(1, |last| last + 1);
            let onwire = [0, 1, 2, 3].map(|mode| {
                let of = |(plain, padded)| if mode % 2 == 0 { plain } else { padded };
                let mut parts =
                    [[32, 32, 32, 96][mode], header_onwire[mode], of(front), of(middle), of(data), 0];
                parts[num_segments + 1] =
                    if num_segments == 1 { [17, 32, 0, 0][mode] } else { [17, 32, 13, 32][mode] };
                parts
            });
            Row { lengths, num_segments, onwire }
        })
    };
    choices.flat_map(with).collect()
}

fn crc(bytes: &[u8]) -> u32 {
    crc32c(u32::MAX, bytes)
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(16), 0);
    padded
}

/// The parts of the frame, as its sender puts one behind the other (`FrameAssembler::assemble_frame`).
fn assemble(layout: Layout, preamble: &Preamble, segments: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = preamble.to_array().to_vec();
    let (first, behind) = segments.split_first().unwrap();
    let proof = [0; TAG_SIZE];
    match (layout.revision, layout.is_secure) {
        (Revision::Rev0, false) => {
            let mut epilogue = CrcEpilogueRev0::default();
            for (segment, crc_value) in segments.iter().zip(&mut epilogue.crc_values) {
                wire.extend(segment);
                *crc_value = crc(segment);
            }
            wire.push(epilogue.late_flags);
            wire.extend(epilogue.crc_values.iter().flat_map(|crc| crc.to_le_bytes()));
        }
        (Revision::Rev0, true) => {
            wire.extend(segments.iter().flat_map(|segment| padded(segment)));
            wire.extend([0; SECURE_EPILOGUE_SIZE]);
            wire.extend(proof);
        }
        (Revision::Rev1, false) => {
            wire.extend(first);
            if !first.is_empty() {
                wire.extend(crc(first).to_le_bytes());
            }
            let mut epilogue = CrcEpilogue { late_status: LateStatus::Complete, crc_values: [0; 3] };
            for (segment, crc_value) in behind.iter().zip(&mut epilogue.crc_values) {
                wire.extend(segment);
                *crc_value = crc(segment);
            }
            if !behind.is_empty() {
                wire.extend(epilogue.to_array());
            }
        }
        (Revision::Rev1, true) => {
            let mut first = padded(first);
            first.resize(first.len().max(INLINE_SIZE), 0);
            let (inline, rest) = first.split_at(INLINE_SIZE);
            wire.extend(inline);
            wire.extend(proof);
            if !rest.is_empty() {
                wire.extend(rest);
                wire.extend(proof);
            }
            if !behind.is_empty() {
                wire.extend(behind.iter().flat_map(|segment| padded(segment)));
                wire.extend([LateStatus::Complete.to_byte()].into_iter().chain([0; 15]));
                wire.extend(proof);
            }
        }
    }
    wire
}

/// Takes the next part off the wire.
fn take<'a>(wire: &mut &'a [u8], size: usize) -> &'a [u8] {
    let (part, rest) = wire.split_at(size);
    *wire = rest;
    part
}

/// Takes the frame apart by the sizes that its layout tells, checks them, and gives the segments.
fn disassemble(layout: Layout, mut wire: &[u8], row: &Row, expected: &[usize; 6]) -> Vec<Vec<u8>> {
    assert_eq!(layout.preamble_len(), expected[0]);
    let head = take(&mut wire, layout.preamble_len());
    let preamble = Preamble::decode(&mut Decoder::new(head)).unwrap();
    assert_eq!(preamble.tag, Tag(123));
    assert_eq!(preamble.flags, 0, "too small to be compressed");
    assert_eq!(preamble.segments().len(), row.num_segments);
    let mut segments = Vec::new();
    for at in 0..row.num_segments {
        let onwire = usize::try_from(layout.segment_len(&preamble, at)).unwrap();
        assert_eq!(onwire, expected[at + 1], "segment {at}");
        let part = take(&mut wire, onwire);
        let inline = if at == 0 { head.get(32..80).unwrap_or_default() } else { &[] };
        let length = preamble.length(at) as usize;
        segments.push([inline, part].concat()[..length].to_vec());
    }
    assert_eq!(layout.epilogue_len(&preamble), expected[row.num_segments + 1]);
    let epilogue = take(&mut wire, layout.epilogue_len(&preamble));
    assert!(wire.is_empty(), "{} bytes are left over", wire.len());
    assert_eq!(layout.frame_len(&preamble), expected.iter().sum::<usize>() as u64);
    let d = &mut Decoder::new(epilogue);
    match (layout.revision, layout.is_secure, row.num_segments) {
        (Revision::Rev0, false, _) => {
            let crcs = CrcEpilogueRev0::decode(d).unwrap().crc_values;
            assert!(segments.iter().zip(crcs).all(|(segment, found)| crc(segment) == found));
        }
        (Revision::Rev1, false, 2..) => {
            let crcs = CrcEpilogue::decode(d).unwrap().crc_values;
            assert!(segments.iter().skip(1).zip(crcs).all(|(segment, found)| crc(segment) == found));
        }
        _ => {}
    }
    segments
}

/// One frame through one mode, there and back.
fn round_trip(row: &Row, layout: Layout, is_compress: bool, expected: &[usize; 6]) {
    let [header, front, middle, data] = row.lengths;
    let mut sent: Vec<_> = [(header, b'H'), (front, b'F'), (middle, b'M'), (data, b'D')]
        .map(|(length, byte)| vec![byte; length])
        .into();
    sent.truncate(row.num_segments);
    let preamble = Preamble::new(Tag(123), row.lengths.map(|length| u32::try_from(length).unwrap()));
    assert!(!is_compress || row.lengths.iter().sum::<usize>() < MIN_SIZE, "none of them is compressed");
    let wire = assemble(layout, &preamble, &sent);
    assert_eq!(disassemble(layout, &wire, row, expected), sent, "{row:?} {layout:?}");
}

#[test]
fn every_part_has_the_size_that_ceph_expects_in_512_cases() {
    let rows = rows();
    assert_eq!(rows.len(), 32);
    let mut cases = 0;
    for row in &rows {
        for mode in 0..8 {
            let revision = if mode & 2 == 0 { Revision::Rev0 } else { Revision::Rev1 };
            let layout = Layout { revision, is_secure: mode & 1 != 0 };
            for times in [1, 3] {
                for _ in 0..times {
                    round_trip(row, layout, mode & 4 != 0, &row.onwire[mode & 3]);
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 512);
}

/// A few rows as they stand in Ceph's table, so that the rule above is not all there is.
#[test]
fn the_rule_makes_the_rows_of_the_table() {
    let rows = rows();
    let row = |lengths| rows.iter().find(|row| row.lengths == lengths).unwrap();
    let empty = row([0, 0, 0, 0]);
    assert_eq!(empty.num_segments, 1);
    assert_eq!(
        empty.onwire,
        [[32, 0, 17, 0, 0, 0], [32, 0, 32, 0, 0, 0], [32, 0, 0, 0, 0, 0], [96, 0, 0, 0, 0, 0]]
    );
    let middle = row([48, 0, 202, 0]);
    assert_eq!(middle.num_segments, 3);
    assert_eq!(
        middle.onwire,
        [[32, 48, 0, 202, 17, 0], [32, 48, 0, 208, 32, 0], [32, 52, 0, 202, 13, 0], [96, 0, 0, 208, 32, 0]]
    );
    let all = row([49, 101, 202, 303]);
    assert_eq!(all.num_segments, 4);
    assert_eq!(
        all.onwire,
        [
            [32, 49, 101, 202, 303, 17],
            [32, 64, 112, 208, 304, 32],
            [32, 53, 101, 202, 303, 13],
            [96, 32, 112, 208, 304, 32]
        ]
    );
}

/// Compressed frames of Ceph: their lengths and checksums are those of what is on the wire.
#[test]
fn a_compressed_frame_is_laid_out_as_any_other() {
    let golden = include_str!("golden/compressed-frames-18.2.7.txt");
    let mut lengths = Vec::new();
    for line in golden.lines().filter(|line| !line.starts_with('#')) {
        let (_, hex) = line.split_once(' ').unwrap();
        let frame: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let preamble = Preamble::decode(&mut Decoder::new(&frame)).unwrap();
        assert_eq!((preamble.tag, preamble.flags), (Tag::MESSAGE, Preamble::COMPRESSED));
        assert_eq!(preamble.to_array(), frame[..32]);
        let layout = Layout { revision: Revision::Rev1, is_secure: false };
        assert_eq!(layout.frame_len(&preamble), frame.len() as u64);
        let segments = [0, 1, 2, 3].map(|at| usize::try_from(preamble.length(at)).unwrap());
        let wire = &mut &frame[32..];
        let first = take(wire, segments[0]);
        assert_eq!(take(wire, 4), crc(first).to_le_bytes());
        let crcs = [1, 2, 3].map(|at| crc(take(wire, segments[at])));
        assert_eq!(CrcEpilogue::decode(&mut Decoder::new(wire)).unwrap().crc_values, crcs);
        lengths.push(segments);
    }
    assert_eq!(lengths, [[23, 96, 0, 196], [17, 70, 0, 21], [34, 99, 0, 23], [32, 106, 0, 38]]);
}
