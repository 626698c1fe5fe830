//! Connections of messenger v2 between `rados` and daemons of 16.2.15, as they were heard: every frame is read, and written
//! again byte for byte.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

use bytes::Bytes;
use loligo_wire::msgr2::{
    AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame, AuthSignatureFrame, Banner,
    ClientIdentFrame, ConMode, ControlFrame, CrcEpilogue, FRAME_FEATURES, HelloFrame, LateStatus, Layout,
    MessageHeader2, Msgr2Features, PREAMBLE_SIZE, Preamble, REQUIRED_FEATURES, Revision, ServerIdentFrame,
    Tag,
};
use loligo_wire::{Decode, Decoder, Encode, EntityType, Features, crc32c};

const LAYOUT: Layout = Layout { revision: Revision::Rev1, is_secure: false };

/// A frame as it was heard, its checksums checked.
#[derive(Debug)]
struct Frame {
    preamble: Preamble,
    segments: [Bytes; 4],
}

/// Reads a side of a connection.
fn frames(stream: &[u8]) -> Vec<Frame> {
    let banner = Banner::decode(&mut Decoder::new(&stream[Banner::PREFIX_SIZE..])).unwrap();
    assert_eq!(banner, Banner { supported: Msgr2Features::REVISION_1, required: Msgr2Features::NONE });
    assert_eq!(banner.to_array(), stream[..Banner::SIZE]);
    let mut rest = &stream[Banner::SIZE..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let preamble = Preamble::decode(&mut Decoder::new(rest)).unwrap();
        assert_eq!(preamble.to_array(), rest[..PREAMBLE_SIZE]);
        let (frame, behind) = rest.split_at(usize::try_from(LAYOUT.frame_len(&preamble)).unwrap());
        frames.push(read(preamble, &frame[PREAMBLE_SIZE..]));
        rest = behind;
    }
    frames
}

fn read(preamble: Preamble, mut rest: &[u8]) -> Frame {
    let mut segments = [const { Bytes::new() }; 4];
    let mut crcs = [0; 4];
    for at in 0..preamble.segments().len() {
        let on_wire = usize::try_from(LAYOUT.segment_len(&preamble, at)).unwrap();
        let (bytes, behind) = rest.split_at(on_wire);
        let length = preamble.length(at) as usize;
        segments[at] = Bytes::copy_from_slice(&bytes[..length]);
        crcs[at] = crc32c(u32::MAX, &bytes[..length]);
        if at == 0 {
            assert_eq!(bytes[length..], crcs[0].to_le_bytes(), "{preamble:?}");
        }
        rest = behind;
    }
    if !rest.is_empty() {
        let epilogue =
            CrcEpilogue { late_status: LateStatus::Complete, crc_values: [crcs[1], crcs[2], crcs[3]] };
        assert_eq!(epilogue.to_array(), rest, "{preamble:?}");
    }
    Frame { preamble, segments }
}

fn again<F: ControlFrame>(frame: &Frame) -> F {
    assert_eq!(frame.preamble.tag, F::TAG);
    let read = F::from_segment(&frame.segments[0]).unwrap();
    assert_eq!(read.to_segment(), frame.segments[0]);
    let length = u32::try_from(frame.segments[0].len()).unwrap();
    assert_eq!(Preamble::new(F::TAG, [length, 0, 0, 0]), frame.preamble);
    read
}

fn header(frame: &Frame) -> MessageHeader2 {
    let header = MessageHeader2::decode(&mut Decoder::of(&frame.segments[0])).unwrap();
    assert_eq!(header.to_bytes(FRAME_FEATURES), frame.segments[0]);
    let lengths = [0, 1, 2, 3].map(|at| u32::try_from(frame.segments[at].len()).unwrap());
    assert_eq!(Preamble::new(Tag::MESSAGE, lengths), frame.preamble);
    header
}

/// Checks what both sides say until the session is open, and gives the messages of each.
fn greeting(client: &[u8], server: &[u8], who: EntityType, modes: &[ConMode]) -> [Vec<Frame>; 2] {
    let [mut client, mut server] = [client, server].map(frames);
    assert_eq!(again::<HelloFrame>(&client[0]).entity_type, EntityType::CLIENT);
    assert_eq!(again::<HelloFrame>(&server[0]).entity_type, who);
    assert_eq!(again::<AuthRequestFrame>(&client[1]).preferred_modes, modes);
    again::<AuthReplyMoreFrame>(&server[1]);
    again::<AuthRequestMoreFrame>(&client[2]);
    assert_eq!(again::<AuthDoneFrame>(&server[2]).con_mode, ConMode::CRC);
    again::<AuthSignatureFrame>(&client[3]);
    again::<AuthSignatureFrame>(&server[3]);
    let ident: ClientIdentFrame = again(&client[4]);
    assert!(
        ident.required_features.has(REQUIRED_FEATURES) && ident.supported_features.has(Features::PACIFIC)
    );
    let answer: ServerIdentFrame = again(&server[4]);
    assert!(answer.addrs.contains(&ident.target_addr), "{answer:?} {ident:?}");
    // Whoever would have a session that outlives its connections names it; these servers keep none.
    assert_eq!((ident.flags == 0, answer.flags, answer.cookie), (ident.cookie != 0, 1, 0));
    [client.split_off(5), server.split_off(5)]
}

#[test]
fn a_connection_to_a_monitor() {
    let client = include_bytes!("../testdata/pacific/stream-v2-mon-client");
    let server = include_bytes!("../testdata/pacific/stream-v2-mon-server");
    let [asked, told] = greeting(client, server, EntityType::MON, &[ConMode::CRC]);
    let types = |frames: &[Frame]| frames.iter().map(|frame| header(frame).message_type).collect::<Vec<_>>();
    // A message without any part behind its header has one segment.
    assert_eq!(asked[0].preamble.segments().len(), 1);
    assert_eq!(
        (types(&asked), types(&told)),
        (vec![MMONGETMAP, MMONSUBSCRIBE], vec![MMONMAP, MCONFIG, MMONMAP])
    );
}

const MMONMAP: u16 = 4;
const MMONGETMAP: u16 = 5;
const MMONSUBSCRIBE: u16 = 15;
const MCONFIG: u16 = 62;

#[test]
fn a_connection_to_an_osd() {
    let client = include_bytes!("../testdata/pacific/stream-v2-osd-client");
    let server = include_bytes!("../testdata/pacific/stream-v2-osd-server");
    let [asked, told] = greeting(client, server, EntityType::OSD, &[ConMode::CRC]);
    let ([op], [reply]) = (&asked[..], &told[..]) else { panic!("{asked:?} {told:?}") };
    assert_eq!((header(op).message_type, header(reply).message_type), (42, 43));
    assert_eq!((header(op).seq, header(reply).ack_seq), (1, 1));
    // The middle, which has none, has a checksum all the same.
    assert_eq!(reply.segments[3], "some bytes of an object\n");
}
