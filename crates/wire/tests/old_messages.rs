//! Messages of old clients and daemons, as Ceph itself has encoded them, most of all requests to OSDs and the answers to them.
//!
//! The values are those of ceph-object-corpus, below `$CEPH_OBJECT_CORPUS`; where that is not set, this says so. Version 6 of a
//! request is not among them: it is version 5 with the request's name behind it, and the test of version 5 takes it from there.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

#[path = "common/corpus.rs"]
mod files;

use std::collections::BTreeMap;

use bytes::Bytes;
use loligo_wire::message::{MOSDOp, MOSDOpReply, Message, Payload};
use loligo_wire::msgr1::{MessageHeader, OldFooter};
use loligo_wire::samples::{MessageCase, message_cases};
use loligo_wire::types::{ObjectLocator, PgId, ReqId, SpgId};
use loligo_wire::{BufferList, Decode, DecodeError, Decoder, Encode, Features};

use crate::files::{Corpus, OLD_ARCHIVES};

/// A message of the corpus.
struct Sample {
    id: String,
    header: MessageHeader,
    payload: Payload,
}

fn samples(type_name: &str) -> Option<Vec<Sample>> {
    let corpus = Corpus::find(&format!("old versions of {type_name}"))?;
    let values = OLD_ARCHIVES.iter().flat_map(|version| corpus.values(version, type_name));
    let sample = |(id, bytes): (String, Bytes)| {
        let mut d = Decoder::of(&bytes);
        let (header, _footer) = <(MessageHeader, OldFooter)>::decode(&mut d).unwrap();
        let (front, middle) = <(Bytes, Bytes)>::decode(&mut d).unwrap();
        let data = BufferList::from(Bytes::decode(&mut d).unwrap());
        Sample { id, header, payload: Payload::received(&header, front, middle, data) }
    };
    Some(values.map(sample).collect())
}

/// The versions that were there, each once.
fn versions(samples: &[Sample]) -> Vec<u16> {
    let mut versions: Vec<u16> = samples.iter().map(|sample| sample.header.version).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

/// What stands before the sender's features, which are the last field.
fn before_features(front: &[u8]) -> &[u8] {
    front.split_last_chunk::<8>().unwrap().0
}

#[test]
fn version_7_is_written_as_it_was() {
    let Some(samples) = samples("MOSDOp") else { return };
    for Sample { id, header, payload } in samples.iter().filter(|sample| sample.header.version == 7) {
        let request = MOSDOp::decode(header, payload.clone()).unwrap();
        let written = request.encode(Features::NEW_OSDOP_ENCODING);
        assert_eq!((written.version, written.front.len()), (7, payload.front.len()), "{id}");
        if request.hobj.oid.is_empty() {
            // Of a request about a PG, Kraken left the hash out of the locator, which later releases put in.
            assert_eq!(MOSDOp::decode(header, written), Ok(request), "{id}");
            continue;
        }
        // Those of the corpus tell all bits, which no peer has.
        assert_eq!(before_features(&written.front), before_features(&payload.front), "{id}");
        assert_eq!(written.data, payload.data, "{id}");
    }
}

/// What is behind the locator, which has a version of its own.
fn behind_the_locator(front: &Bytes) -> (Bytes, Bytes) {
    // Incarnation, epoch, flags, time, and the version that a replayed write had.
    const BEFORE: usize = 4 + 4 + 4 + 8 + 12;
    let mut d = Decoder::of(front);
    d.take(BEFORE).unwrap();
    ObjectLocator::decode(&mut d).unwrap();
    (front.slice(..BEFORE), front.slice(front.len() - d.left()..))
}

#[test]
fn versions_4_and_5_are_written_as_version_6() {
    let Some(samples) = samples("MOSDOp") else { return };
    assert!(samples.is_empty() || versions(&samples) == [4, 5, 7], "{:?}", versions(&samples));
    for Sample { id, header, payload } in samples.iter().filter(|sample| sample.header.version < 7) {
        let request = MOSDOp::decode(header, payload.clone()).unwrap();
        assert_eq!(request.pgid, SpgId::whole(PgId::new(request.hobj.pool, request.hobj.hash)), "{id}");
        assert_eq!(request.reqid_from(header).tid, header.tid, "{id}");
        let written = request.encode(Features::NONE);
        assert_eq!((written.version, &written.data), (6, &payload.data), "{id}");

        let (head, tail) = behind_the_locator(&written.front);
        let mut wanted = behind_the_locator(&payload.front);
        // A replayed write said which version it had; since version 8 none does.
        wanted.0 = [&wanted.0[..20], &[0; 12]].concat().into();
        if header.version == 5 {
            wanted.1 = Bytes::copy_from_slice(before_features(&wanted.1));
        }
        let appended = (Features::NONE, ReqId::default()).to_bytes(Features::NONE);
        assert_eq!((head, tail), (wanted.0, [wanted.1, appended].concat().into()), "{id}");

        let again = MOSDOp::decode(&MessageHeader { version: 6, ..*header }, written).unwrap();
        assert_eq!(again, request, "{id}");
    }
}

#[test]
fn old_answers_are_read_and_written_as_those_of_today() {
    let Some(samples) = samples("MOSDOpReply") else { return };
    assert!(samples.is_empty() || versions(&samples) == [4, 6, 7], "{:?}", versions(&samples));
    for Sample { id, header, payload } in &samples {
        let answer = MOSDOpReply::decode(header, payload.clone()).unwrap();
        let features = if header.version < 7 { Features::NONE } else { Features::PACIFIC };
        let written = answer.encode(features);
        assert_eq!(written.data, payload.data, "{id}");
        // Version 5 appended both versions, 6 a redirect, 8 the context of a trace.
        let (front, rest) = written.front.split_at(payload.front.len());
        assert_eq!(front, &payload.front[..], "{id}");
        let again =
            MOSDOpReply::decode(&MessageHeader { version: written.version, ..*header }, written.clone());
        assert_eq!(again, Ok(answer), "{id}");
        assert!(header.version < 6 || rest == [0; 24], "{id}");
    }
}

#[test]
fn what_no_supported_osd_meets_is_refused_by_its_version() {
    let header = MessageHeader { version: 1, compat_version: 1, ..MessageHeader::default() };
    let refused = MOSDOp::decode(&header, Payload::default()).map_err(|error| error.to_string());
    assert_eq!(refused.err().as_deref(), Some("MOSDOp: version 1 is older than the oldest supported one, 2"));
    let header = MessageHeader { version: 3, ..header };
    let refused = MOSDOpReply::decode(&header, Payload::default());
    assert!(matches!(refused, Err(DecodeError::TooOld { version: 3, oldest: 4, .. })));
}

/// What is not read, as nothing that speaks to a supported release writes it: lines of the log before Luminous, and what was said
/// to managers when those were new. In 0.61 a log's acknowledgement had no channel, as its version does not tell.
const NOT_READ: [&str; 5] = ["MLog", "MLogAck", "MMgrConfigure", "MMgrOpen", "MMgrReport"];

#[test]
fn other_messages_are_written_as_they_were_with_newer_fields_behind() {
    let cases: BTreeMap<&str, MessageCase> =
        message_cases().into_iter().map(|case| (case.type_name, case)).collect();
    for (name, case) in cases.into_iter().filter(|(name, _)| !name.starts_with("MOSDOp")) {
        let Some(samples) = samples(name) else { return };
        for Sample { id, header, payload } in &samples {
            match (case.rewrite)(header, payload.clone(), Features::PACIFIC) {
                Ok(written) => {
                    assert!(written.front.starts_with(&payload.front), "{id}");
                    assert!(written.front == payload.front || written.version > header.version, "{id}");
                    assert_eq!(written.data, payload.data, "{id}");
                }
                Err(error) => assert!(NOT_READ.contains(&name), "{id}: {error}"),
            }
        }
    }
}
