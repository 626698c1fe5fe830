use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::*;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode};

/// Recorded from a monitor of 16.2.15.
const BANNER: &str = "63657068207632 0a 1000 0100000000000000 0000000000000000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

#[test]
fn a_banner_is_as_pacific_writes_it() {
    let recorded = bytes(BANNER);
    let banner = Banner { supported: Msgr2Features::REVISION_1, required: Msgr2Features::NONE };
    assert_eq!(banner.to_array(), *recorded);
    let read = Banner::decode(&mut Decoder::new(&recorded[Banner::PREFIX_SIZE..])).unwrap();
    assert_eq!(read, banner);
}

#[test]
fn a_preamble_with_any_wrong_bit_is_refused() {
    let right = Preamble::new(Tag::MESSAGE, [41, 200, 0, 4096]);
    let array = right.to_array();
    assert_eq!(Preamble::decode(&mut Decoder::new(&array)), Ok(right));
    for bit in 0..array.len() * 8 {
        let mut wrong = array;
        wrong[bit / 8] ^= 1 << (bit % 8);
        let refused = Preamble::decode(&mut Decoder::new(&wrong));
        assert!(matches!(refused, Err(DecodeError::Checksum { .. })), "bit {bit}");
    }
}

#[test]
fn a_frame_has_one_to_four_segments_and_the_last_is_not_empty() {
    let refused = |num_segments: u8, lengths: [u32; 4]| {
        let mut array = Preamble::new(Tag::MESSAGE, lengths).to_array();
        array[1] = num_segments;
        let crc = crate::crc32c(0, &array[..28]).to_le_bytes();
        array[28..].copy_from_slice(&crc);
        Preamble::decode(&mut Decoder::new(&array)).is_err()
    };
    assert!(refused(0, [1, 0, 0, 0]));
    assert!(refused(5, [1, 1, 1, 1]));
    assert!(refused(2, [1, 0, 0, 0]));
    assert!(!refused(1, [0, 0, 0, 0]));
    assert!(!refused(4, [1, 0, 0, 1]));
}

#[test]
fn an_epilogue_says_whether_the_frame_counts() {
    for (byte, status) in
        [(0xe, LateStatus::Complete), (0xee, LateStatus::Complete), (1, LateStatus::Aborted)]
    {
        assert_eq!(LateStatus::from_byte(byte), Ok(status));
    }
    for byte in [0, 2, 0xf, 6, 0xa, 0xc] {
        assert!(LateStatus::from_byte(byte).is_err(), "{byte:#x}");
    }
    let epilogue = CrcEpilogue { late_status: LateStatus::Complete, crc_values: [1, 2, 3] };
    assert_eq!(CrcEpilogue::decode(&mut Decoder::new(&epilogue.to_array())), Ok(epilogue));
    let old = CrcEpilogueRev0 { late_flags: 1, crc_values: [1, 2, 3, 4] };
    let written = old.to_bytes(FRAME_FEATURES);
    assert_eq!(written.len(), CrcEpilogueRev0::SIZE);
    assert_eq!(CrcEpilogueRev0::decode(&mut Decoder::of(&written)), Ok(old));
}

#[test]
fn an_empty_segment_has_a_checksum() {
    assert_eq!(segment_crc(&BufferList::new()), u32::MAX);
}

fn survives<F: ControlFrame + PartialEq + core::fmt::Debug>(frame: &F) {
    let segment = frame.to_segment();
    assert_eq!(&F::from_segment(&segment).unwrap(), frame);
    for end in 0..segment.len() {
        assert!(F::from_segment(&segment.slice(..end)).is_err(), "{frame:?} cut at {end}");
    }
}

#[test]
fn every_frame_survives_a_round_trip_and_none_survives_being_cut() {
    let addr = crate::EntityAddr::msgr2("10.0.0.1:3300".parse().unwrap(), 7);
    let addrs = crate::EntityAddrVec(vec![addr, addr.with_kind(crate::AddrType::LEGACY)]);
    let auth_payload = auth::Secretive(Bytes::from_static(b"secret"));
    let (method, mode) = (AuthMethod::CEPHX, ConMode::SECURE);
    let (f, wall) = (crate::Features::PACIFIC, loligo_base::Wall::new(5, 6));
    survives(&HelloFrame { entity_type: crate::EntityType::MON, peer_addr: addr });
    let preferred_modes = vec![mode, ConMode::CRC];
    survives(&AuthRequestFrame { method, preferred_modes, auth_payload: auth_payload.clone() });
    let (allowed_methods, allowed_modes) = (vec![method], vec![mode]);
    survives(&AuthBadMethodFrame { method, result: -13, allowed_methods, allowed_modes });
    survives(&AuthReplyMoreFrame { auth_payload: auth_payload.clone() });
    survives(&AuthRequestMoreFrame { auth_payload: auth_payload.clone() });
    survives(&AuthDoneFrame { global_id: crate::GlobalId(4), con_mode: mode, auth_payload });
    survives(&AuthSignatureFrame { signature: [9; 32] });
    survives(&ClientIdentFrame {
        addrs: addrs.clone(),
        target_addr: addr,
        gid: -1,
        global_seq: 2,
        supported_features: f,
        required_features: REQUIRED_FEATURES,
        flags: 1,
        cookie: 3,
    });
    survives(&ServerIdentFrame {
        addrs: addrs.clone(),
        gid: 0,
        global_seq: 2,
        supported_features: f,
        required_features: REQUIRED_FEATURES,
        flags: 1,
        cookie: 3,
    });
    survives(&IdentMissingFeaturesFrame { features: f });
    let (client_cookie, server_cookie) = (1, 2);
    survives(&ReconnectFrame {
        addrs,
        client_cookie,
        server_cookie,
        global_seq: 3,
        connect_seq: 4,
        msg_seq: 5,
    });
    survives(&ResetFrame { full: true });
    survives(&RetryFrame { connect_seq: 1 });
    survives(&RetryGlobalFrame { global_seq: 1 });
    survives(&ReconnectOkFrame { msg_seq: 1 });
    survives(&WaitFrame {});
    survives(&KeepAliveFrame { timestamp: wall });
    survives(&KeepAliveFrameAck { timestamp: wall });
    survives(&AckFrame { seq: 8 });
    survives(&CompressionRequestFrame {
        is_compress: true,
        preferred_methods: vec![CompressionAlgorithm::ZSTD, CompressionAlgorithm(77)],
    });
    survives(&CompressionDoneFrame { is_compress: false, method: CompressionAlgorithm::NONE });
}

#[test]
fn what_authenticates_is_not_printed() {
    let shown = alloc::format!("{:?}", AuthReplyMoreFrame { auth_payload: auth::Secretive("secret".into()) });
    assert!(!shown.contains("secret") && shown.contains("6 bytes"), "{shown}");
}

#[test]
fn a_header_has_the_size_of_the_c_struct_and_becomes_one_of_v1() {
    let header = MessageHeader2 {
        seq: 1,
        tid: crate::Tid(2),
        message_type: 42,
        priority: 127,
        version: 8,
        ack_seq: 3,
        compat_version: 4,
        ..MessageHeader2::default()
    };
    let written = header.to_bytes(FRAME_FEATURES);
    assert_eq!(written.len(), MessageHeader2::SIZE);
    assert_eq!(MessageHeader2::decode(&mut Decoder::of(&written)), Ok(header));
    let v1 = header.to_v1(crate::EntityName::osd(3), 5, 6, 7);
    assert_eq!((v1.front_len, v1.middle_len, v1.data_len, v1.tid.0, v1.version), (5, 6, 7, 2, 8));
}

#[test]
fn every_tag_has_a_name_and_a_number_of_its_own() {
    assert_eq!(Tag::ALL.len(), 22);
    assert!(Tag::ALL.iter().zip(1..).all(|(tag, number)| tag.0 == number && tag.name().is_some()));
    assert_eq!(alloc::format!("{} {}", Tag::HELLO, Tag(77)), "HELLO tag 77");
}

/// What `ceph_perf_msgr_client` of 18.2.7 said with `ms_osd_compress_mode=force` and each `ms_osd_compression_algorithm`.
#[test]
fn the_algorithms_have_the_numbers_of_ceph() {
    for (algorithm, segment) in [
        (CompressionAlgorithm::SNAPPY, "01 01000000 01000000"),
        (CompressionAlgorithm::ZLIB, "01 01000000 02000000"),
        (CompressionAlgorithm::ZSTD, "01 01000000 03000000"),
        (CompressionAlgorithm::LZ4, "01 01000000 04000000"),
    ] {
        let asked = CompressionRequestFrame { is_compress: true, preferred_methods: vec![algorithm] };
        assert_eq!(*asked.to_segment(), *bytes(segment));
        assert_eq!(CompressionAlgorithm::from_name(algorithm.name().unwrap()), Some(algorithm));
    }
    assert_eq!(CompressionAlgorithm::from_name("gzip"), None);
    assert_eq!(
        alloc::format!("{} {}", CompressionAlgorithm::LZ4, CompressionAlgorithm(9)),
        "lz4 algorithm 9"
    );
}
