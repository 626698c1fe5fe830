//! The example `dissect` reads what Ceph's own programs said to one another, and writes it again.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

#[path = "../examples/dissect/describe.rs"]
mod describe;

use bytes::Bytes;
use loligo_base::Wall;
use loligo_wire::message::{MOSDMap, MOSDOp, MOSDOpReply, MPing, MWatchNotify, Message, msg_type};
use loligo_wire::msgr1::{Footer, FooterFlags, Item, Side, StreamReader, Tag};
use loligo_wire::samples::message_cases;
use loligo_wire::{DecodeError, Decoder, Encode, Features};
use proptest::prelude::*;

use crate::describe::describe;

macro_rules! streams {
    ($($name:literal),*) => {
        [$((
            $name,
            include_bytes!(concat!("../testdata/pacific/stream-", $name, "-client")).as_slice(),
            include_bytes!(concat!("../testdata/pacific/stream-", $name, "-server")).as_slice(),
        )),*]
    };
}

/// Connections, both directions of each.
const STREAMS: [(&str, &[u8], &[u8]); 3] = streams!["mon", "watch", "import"];

/// Every stream with its side and a name.
fn streams() -> impl Iterator<Item = (String, Side, Bytes)> {
    STREAMS.into_iter().flat_map(|(name, client, server)| {
        [(Side::Client, client), (Side::Server, server)]
            .map(|(side, stream)| (format!("{name} {side:?}"), side, Bytes::from_static(stream)))
    })
}

fn items(stream: &Bytes, side: Side) -> Result<Vec<Item>, DecodeError> {
    let (mut reader, mut d) = (StreamReader::new(side), Decoder::of(stream));
    let mut items = Vec::new();
    while !d.is_empty() {
        items.push(reader.read(&mut d)?);
    }
    Ok(items)
}

fn stream(wanted: &str) -> Vec<Item> {
    let (_, side, bytes) = streams().find(|(name, ..)| name == wanted).unwrap();
    items(&bytes, side).unwrap()
}

fn types(items: &[Item]) -> Vec<u16> {
    let message_type = |item: &Item| match item {
        Item::Message(message) => Some(message.0.message_type),
        _ => None,
    };
    items.iter().filter_map(message_type).collect()
}

#[test]
fn every_item_is_written_as_it_was() {
    for (name, side, bytes) in streams() {
        let (mut reader, mut d) = (StreamReader::new(side), Decoder::of(&bytes));
        let mut rest = bytes.clone();
        while !d.is_empty() {
            let item = reader.read(&mut d).unwrap();
            let was = rest.split_to(rest.len() - d.left());
            assert_eq!(item.to_bytes(Features::NONE), was, "{name}: {}", describe(&item));
        }
        assert!(rest.is_empty(), "{name}");
    }
}

#[test]
fn every_message_is_written_as_it_was() {
    let cases = message_cases();
    for (name, side, bytes) in streams() {
        let mut features = Features::NONE;
        for item in &items(&bytes, side).unwrap() {
            match item {
                Item::Connect(connect, _) => features = connect.features,
                Item::Reply(reply, _) => features = reply.features,
                _ => {}
            }
            let Item::Message(message) = item else { continue };
            let (header, payload, footer) = &**message;
            let line = format!("{name}: {}", describe(item));
            assert!(!line.contains("cannot be read"), "{line}");
            assert!(
                matches!(footer, Footer::New(footer) if footer.flags.has(FooterFlags::COMPLETE)),
                "{line}"
            );
            let case = cases.iter().find(|case| case.header.message_type == header.message_type).unwrap();
            assert_eq!((case.rewrite)(header, payload.clone(), features).as_ref(), Ok(payload), "{line}");
        }
    }
}

#[test]
fn the_streams_hold_what_was_done() {
    for name in ["mon", "watch", "import"] {
        let replies: Vec<Tag> = stream(&format!("{name} Server"))
            .iter()
            .filter_map(|item| if let Item::Reply(reply, _) = item { Some(reply.tag) } else { None })
            .collect();
        let connects = stream(&format!("{name} Client"));
        let connects = connects.iter().filter(|item| matches!(item, Item::Connect(..))).count();
        let expected: &[Tag] =
            if name == "mon" { &[Tag::SEQ] } else { &[Tag::CHALLENGE_AUTHORIZER, Tag::SEQ] };
        assert_eq!((replies.as_slice(), connects), (expected, expected.len()), "{name}");
    }
    let (asked, told) = (stream("mon Client"), stream("mon Server"));
    assert!(asked.iter().any(|item| matches!(item, Item::Keepalive2(_))));
    assert!(told.iter().any(|item| matches!(item, Item::Keepalive2Ack(_))));
    assert!(types(&asked).starts_with(&[msg_type::AUTH]));
    assert!(types(&told).contains(&MOSDMap::TYPE));

    let (asked, told) = (stream("watch Client"), stream("watch Server"));
    assert!(types(&asked).contains(&MPing::TYPE) && types(&told).contains(&MWatchNotify::TYPE));

    let (asked, told) = (stream("import Client"), stream("import Server"));
    let count = |items: &[Item], wanted| types(items).iter().filter(|found| **found == wanted).count();
    assert!(count(&asked, MOSDOp::TYPE) > 2);
    assert_eq!(count(&asked, MOSDOp::TYPE), count(&told, MOSDOpReply::TYPE));
}

/// Bytes that come one by one, and are shown again from the last item on.
#[test]
fn what_comes_in_pieces_is_read_as_what_comes_at_once() {
    for (name, side, bytes) in streams().filter(|(_, _, bytes)| bytes.len() < 6000) {
        let mut reader = StreamReader::new(side);
        let (mut start, mut read) = (0, Vec::new());
        for end in 1..=bytes.len() {
            let shown = bytes.slice(start..end);
            let mut d = Decoder::of(&shown);
            match reader.read(&mut d) {
                Ok(item) => {
                    start = end - d.left();
                    read.push(item);
                }
                Err(error) => assert!(matches!(error, DecodeError::Truncated { .. }), "{name}: {error}"),
            }
        }
        assert_eq!(Ok(read), items(&bytes, side), "{name}");
    }
}

#[test]
fn the_rest_of_what_may_come_is_read() {
    // A lossy connection like those recorded has no acknowledgements, and nobody says good-bye.
    let (_, side, bytes) = streams().find(|(name, ..)| name == "import Server").unwrap();
    let more = [
        &[8, 0x05, 0x01, 0, 0, 0, 0, 0, 0][..],
        &[9],
        &[14, 2, 0, 0, 0, 3, 0, 0, 0],
        &[15, 2, 0, 0, 0, 4, 0, 0, 0],
        &[6],
    ]
    .concat();
    let longer = Bytes::from([&bytes, &more[..]].concat());
    let all = items(&longer, side).unwrap();
    let stamp = |nanos| Wall::new(2, nanos);
    let expected = [
        Item::Ack(0x105),
        Item::Keepalive,
        Item::Keepalive2(stamp(3)),
        Item::Keepalive2Ack(stamp(4)),
        Item::Close,
    ];
    assert!(all.ends_with(&expected), "{:?}", all.last());
    let written: Vec<u8> = expected.iter().flat_map(|item| item.to_bytes(Features::NONE)).collect();
    assert_eq!(written, more);

    let unknown = Bytes::from([&bytes, &[5][..]].concat());
    assert_eq!(items(&unknown, side), Err(DecodeError::Invalid { what: "tag", value: 5 }));
}

#[test]
fn a_stream_that_is_cut_ends_with_an_error_or_between_items() {
    for (name, side, bytes) in streams().filter(|(_, _, bytes)| bytes.len() < 6000) {
        let mut ends = Vec::new();
        let (mut reader, mut d) = (StreamReader::new(side), Decoder::of(&bytes));
        while !d.is_empty() {
            reader.read(&mut d).unwrap();
            ends.push(bytes.len() - d.left());
        }
        for cut in 1..bytes.len() {
            assert_eq!(items(&bytes.slice(..cut), side).is_ok(), ends.contains(&cut), "{name} cut at {cut}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Bytes that were changed are told as an error, or as other items; nothing panics.
    #[test]
    fn what_was_changed_is_read_or_refused(
        which in 0..STREAMS.len() * 2,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (_, side, bytes) = streams().nth(which).unwrap();
        let mut bytes = bytes.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let bytes = Bytes::from(bytes);
        let (mut reader, mut d) = (StreamReader::new(side), Decoder::of(&bytes));
        while !d.is_empty() && let Ok(item) = reader.read(&mut d) {
            describe(&item);
        }
    }
}
