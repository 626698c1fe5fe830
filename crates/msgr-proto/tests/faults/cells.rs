//! Every tag in every state, of both messengers and at both ends: what is taken stands in a table, and all else is a fault.

use std::collections::BTreeMap;
use std::time::Duration;

use loligo_msgr_proto::{Fault, Policy};
use loligo_wire::msgr1::{self, ConnectReply};
use loligo_wire::msgr2::{
    AckFrame, AuthBadMethodFrame, AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame,
    AuthSignatureFrame, ClientIdentFrame, CompressionDoneFrame, CompressionRequestFrame, ControlFrame,
    HelloFrame, IdentMissingFeaturesFrame, KeepAliveFrame, KeepAliveFrameAck, ReconnectFrame,
    ReconnectOkFrame, ResetFrame, RetryFrame, RetryGlobalFrame, ServerIdentFrame, Tag, WaitFrame,
};
use loligo_wire::{Encode, Encoder, Features};

use crate::common::feed::frame;
use crate::world::kit::{Mode, duo, note};
use crate::world::{Act, HostId, Rule, Way, World};

/// A session that is opened, brings messages both ways, breaks, and goes on. `swap`: what an end reads in place of an item.
fn play(mode: Mode, swap: Option<(bool, &'static str, usize, Vec<u8>)>) -> (World, HostId, HostId) {
    let (mut world, caller, called) = duo(mode, Policy::lossless_client(), Policy::stateful_server());
    if let Some((at_caller, item, nth, bytes)) = swap {
        let script = world.script.as_mut().unwrap();
        script.swap = bytes;
        let host = if at_caller { caller } else { called };
        script.rules.push(Rule { host, way: Way::Read, item, nth, act: Act::Swap });
    }
    world.hosts[called].echo = true;
    let con = world.connect(caller, called);
    world.send(caller, con, note(1));
    world.keepalive(caller, con);
    world.run();
    if !world.is_held() && world.script.as_ref().unwrap().struck == 0 {
        world.cut_all();
        world.send(caller, con, note(2));
        world.run();
    }
    (world, caller, called)
}

/// Says what an end makes of bytes in place of that item: nothing where it takes them.
fn outcome(mode: Mode, at_caller: bool, item: &'static str, nth: usize, bytes: Vec<u8>) -> Option<Fault> {
    let (mut world, caller, called) = play(mode, Some((at_caller, item, nth, bytes)));
    assert_eq!(world.script.as_ref().unwrap().struck, 1, "{item} {nth} never came");
    let host = if at_caller { caller } else { called };
    // A handshake by which the session goes on comes after a stream that the test has cut.
    let cut = nth == 2 || item.starts_with("SESSION_RECONNECT");
    let fault = world.hosts[host].faults.get(usize::from(cut)).cloned();
    // Whatever it was, it comes to rest, and within bounds.
    world.release();
    world.run_for(Duration::from_secs(60));
    let calls = world.script.as_ref().unwrap().log.iter().filter(|logged| {
        logged.called && logged.way == Way::Write && logged.item == crate::world::tap::BANNER_ITEM
    });
    // Each time twice as long after the one before.
    assert!(calls.count() < 20, "it calls too often: {item} {nth}");
    assert!(world.hosts[caller].connections() <= 1 && world.hosts[called].connections() <= 2);
    fault
}

/// A frame of each kind in which nothing is said.
fn blank() -> BTreeMap<Tag, Vec<u8>> {
    fn of<F: ControlFrame + Default>() -> (Tag, Vec<u8>) {
        (F::TAG, frame(F::TAG, &F::default().to_segment()))
    }
    BTreeMap::from([
        of::<HelloFrame>(),
        of::<AuthRequestFrame>(),
        of::<AuthBadMethodFrame>(),
        of::<AuthReplyMoreFrame>(),
        of::<AuthRequestMoreFrame>(),
        of::<AuthDoneFrame>(),
        of::<AuthSignatureFrame>(),
        of::<ClientIdentFrame>(),
        of::<ServerIdentFrame>(),
        of::<IdentMissingFeaturesFrame>(),
        of::<ReconnectFrame>(),
        of::<ResetFrame>(),
        of::<RetryFrame>(),
        of::<RetryGlobalFrame>(),
        of::<ReconnectOkFrame>(),
        of::<WaitFrame>(),
        of::<KeepAliveFrame>(),
        of::<KeepAliveFrameAck>(),
        of::<AckFrame>(),
        of::<CompressionRequestFrame>(),
        of::<CompressionDoneFrame>(),
    ])
}

/// The states: the end is the caller or not, and waits for that item of that number.
const V2_STATES: &[(bool, &str, usize)] = &[
    (true, "HELLO", 1),
    (true, "AUTH_REPLY_MORE", 1),
    (true, "AUTH_DONE", 1),
    (true, "AUTH_SIGNATURE", 1),
    (true, "SERVER_IDENT", 1),
    (true, "MESSAGE", 1),
    (true, "SESSION_RECONNECT_OK", 1),
    (false, "HELLO", 1),
    (false, "AUTH_REQUEST", 1),
    (false, "AUTH_REQUEST_MORE", 1),
    (false, "AUTH_SIGNATURE", 1),
    (false, "CLIENT_IDENT", 1),
    (false, "MESSAGE", 1),
    (false, "SESSION_RECONNECT", 1),
];

/// What is taken there: a frame in which nothing is said, or the one that was said elsewhere on the way, or at that place.
const V2_TAKEN: &[(bool, &str, &str)] = &[
    (true, "HELLO", "HELLO true"),
    (true, "AUTH_REPLY_MORE", "AUTH_REPLY_MORE true"),
    (true, "AUTH_DONE", "AUTH_DONE true"),
    (true, "AUTH_SIGNATURE", "AUTH_SIGNATURE true"),
    (true, "COMPRESSION_DONE", "COMPRESSION_DONE blank, COMPRESSION_DONE true"),
    (true, "SERVER_IDENT", "SERVER_IDENT true"),
    (
        true,
        "MESSAGE",
        "MESSAGE true, KEEPALIVE2 blank, KEEPALIVE2 true, KEEPALIVE2_ACK blank, KEEPALIVE2_ACK true, ACK blank, ACK true",
    ),
    (
        true,
        "SESSION_RECONNECT_OK",
        "SESSION_RESET blank, SESSION_RETRY blank, SESSION_RETRY_GLOBAL blank, SESSION_RECONNECT_OK blank, \
         SESSION_RECONNECT_OK true",
    ),
    (false, "HELLO", "HELLO blank, HELLO true"),
    (false, "AUTH_REQUEST", "AUTH_REQUEST blank, AUTH_REQUEST true"),
    (false, "AUTH_REQUEST_MORE", "AUTH_REQUEST_MORE blank, AUTH_REQUEST_MORE true"),
    (false, "AUTH_SIGNATURE", "AUTH_SIGNATURE true"),
    (false, "COMPRESSION_REQUEST", "COMPRESSION_REQUEST blank, COMPRESSION_REQUEST true"),
    (false, "CLIENT_IDENT", "CLIENT_IDENT true, SESSION_RECONNECT true"),
    (
        false,
        "MESSAGE",
        "MESSAGE true, KEEPALIVE2 blank, KEEPALIVE2 true, KEEPALIVE2_ACK blank, KEEPALIVE2_ACK true, ACK blank",
    ),
    (false, "SESSION_RECONNECT", "CLIENT_IDENT true, SESSION_RECONNECT true"),
];

/// The same states where compression is talked of, with the two in which it is, on the first stream and on another one.
const COMPRESSED_STATES: &[(bool, &str, usize)] = &[
    (true, "HELLO", 1),
    (true, "AUTH_REPLY_MORE", 1),
    (true, "AUTH_DONE", 1),
    (true, "AUTH_SIGNATURE", 1),
    (true, "COMPRESSION_DONE", 1),
    (true, "SERVER_IDENT", 1),
    (true, "MESSAGE", 1),
    (true, "COMPRESSION_DONE", 2),
    (true, "SESSION_RECONNECT_OK", 1),
    (false, "HELLO", 1),
    (false, "AUTH_REQUEST", 1),
    (false, "AUTH_REQUEST_MORE", 1),
    (false, "AUTH_SIGNATURE", 1),
    (false, "COMPRESSION_REQUEST", 1),
    (false, "CLIENT_IDENT", 1),
    (false, "MESSAGE", 1),
    (false, "COMPRESSION_REQUEST", 2),
    (false, "SESSION_RECONNECT", 1),
];

/// Plays every tag in each of these states: what was taken there, and how many cells there were.
fn taken_of(
    mode: Mode,
    states: &[(bool, &'static str, usize)],
) -> (Vec<(bool, &'static str, String)>, usize) {
    let (calm, _, _) = play(mode, None);
    let said = calm.script.unwrap().first;
    let blank = blank();
    let mut taken = Vec::new();
    let mut cells = 0;
    for (at_caller, state, nth) in states {
        let mut accepted = Vec::new();
        for tag in (0..=255).map(Tag) {
            let mut kinds = vec![("empty", frame(tag, &[]))];
            kinds.push(("blank", blank.get(&tag).cloned().unwrap_or_else(|| frame(tag, &[0; 8]))));
            let of = |end: usize| tag.name().and_then(|name| said.get(&(end, name)));
            let other = usize::from(*at_caller);
            if let Some(bytes) = of(other).or(of(1 - other)) {
                kinds.push(("true", bytes.clone()));
            }
            for (kind, bytes) in kinds {
                cells += 1;
                if outcome(mode, *at_caller, state, *nth, bytes).is_none() {
                    accepted.push(format!("{tag} {kind}"));
                }
            }
        }
        taken.push((*at_caller, *state, accepted.join(", ")));
    }
    (taken, cells)
}

/// What the table says of these states.
fn table(states: &[(bool, &'static str, usize)]) -> Vec<(bool, &'static str, String)> {
    let row = |at: bool, state: &str| V2_TAKEN.iter().find(|row| (row.0, row.1) == (at, state)).unwrap();
    states.iter().map(|(at, state, _)| (*at, *state, row(*at, state).2.to_owned())).collect()
}

#[test]
fn every_tag_in_every_state_of_v2() {
    let (taken, cells) = taken_of(Mode::Crc, V2_STATES);
    assert_eq!(taken, table(V2_STATES));
    assert_eq!(cells, 7_364);
}

/// That compression is talked of adds two states, and changes none of the others.
#[test]
fn every_tag_in_every_state_of_v2_with_compression() {
    let (taken, cells) = taken_of(Mode::Compressed, COMPRESSED_STATES);
    assert_eq!(taken, table(COMPRESSED_STATES));
    assert_eq!(cells, 9_504);
}

/// An answer of messenger v1.
fn reply(tag: u8, connect_seq: u32, global_seq: u32, authorizer: &[u8], flags: u8) -> Vec<u8> {
    let reply = ConnectReply {
        tag: msgr1::Tag(tag),
        features: Features::PACIFIC,
        global_seq,
        connect_seq,
        protocol_version: 0,
        authorizer_len: u32::try_from(authorizer.len()).unwrap(),
        flags,
    };
    let mut e = Encoder::with_capacity(Features::NONE, ConnectReply::SIZE);
    reply.encode(&mut e);
    [e.written(), authorizer].concat()
}

/// What the client waits for an answer to: its first word, its answer to a challenge, and the same when it goes on.
const V1_REPLIES: &[(&str, usize)] =
    &[("CHALLENGE_AUTHORIZER", 1), ("SEQ", 1), ("CHALLENGE_AUTHORIZER", 2), ("SEQ", 2)];

/// What is taken there; of an open connection first what the caller takes. Only a session that goes on can be reset, and only to a
/// higher number can it be put.
const V1_TAKEN: &[(&str, usize, &str)] = &[
    (
        "CHALLENGE_AUTHORIZER",
        1,
        "RETRY_SESSION proof 1, RETRY_SESSION proof 2, RETRY_SESSION proof 3, RETRY_SESSION \
         high, RETRY_GLOBAL blank, RETRY_GLOBAL riddle, RETRY_GLOBAL proof 1, RETRY_GLOBAL \
         proof 2, RETRY_GLOBAL proof 3, RETRY_GLOBAL high, CHALLENGE_AUTHORIZER riddle",
    ),
    (
        "SEQ",
        1,
        "RETRY_SESSION proof 1, RETRY_SESSION proof 2, RETRY_SESSION proof 3, RETRY_SESSION \
         high, RETRY_GLOBAL blank, RETRY_GLOBAL riddle, RETRY_GLOBAL proof 1, RETRY_GLOBAL \
         proof 2, RETRY_GLOBAL proof 3, RETRY_GLOBAL high, SEQ proof 1",
    ),
    (
        "CHALLENGE_AUTHORIZER",
        2,
        "RESETSESSION blank, RESETSESSION riddle, RESETSESSION proof 1, RESETSESSION proof 2, \
         RESETSESSION proof 3, RESETSESSION high, RETRY_SESSION proof 3, RETRY_SESSION high, \
         RETRY_GLOBAL blank, RETRY_GLOBAL riddle, RETRY_GLOBAL proof 1, RETRY_GLOBAL proof 2, \
         RETRY_GLOBAL proof 3, RETRY_GLOBAL high, CHALLENGE_AUTHORIZER riddle",
    ),
    (
        "SEQ",
        2,
        "RESETSESSION blank, RESETSESSION riddle, RESETSESSION proof 1, RESETSESSION proof 2, \
         RESETSESSION proof 3, RESETSESSION high, RETRY_SESSION proof 3, RETRY_SESSION high, \
         RETRY_GLOBAL blank, RETRY_GLOBAL riddle, RETRY_GLOBAL proof 1, RETRY_GLOBAL proof 2, \
         RETRY_GLOBAL proof 3, RETRY_GLOBAL high, SEQ proof 3",
    ),
    ("open", 0, "MSG zeros, ACK zeros, KEEPALIVE alone, KEEPALIVE2 zeros, KEEPALIVE2_ACK zeros"),
    ("open", 1, "MSG zeros, ACK zeros, KEEPALIVE alone, KEEPALIVE2 zeros, KEEPALIVE2_ACK zeros"),
];

#[test]
fn every_tag_in_every_state_of_v1() {
    let mut taken = Vec::new();
    let mut cells = 0;
    for (state, nth) in V1_REPLIES {
        let mut accepted = Vec::new();
        for tag in 0..=255 {
            for (kind, bytes) in [
                ("blank", reply(tag, 0, 0, &[], 0)),
                ("riddle", reply(tag, 0, 0, b"riddle", 0)),
                ("proof 1", reply(tag, 1, 0, b"proof", 0)),
                ("proof 2", reply(tag, 2, 0, b"proof", 0)),
                ("proof 3", reply(tag, 3, 0, b"proof", 0)),
                ("high", reply(tag, 9, 9, &[], 0)),
            ] {
                cells += 1;
                if outcome(Mode::V1, true, state, *nth, bytes).is_none() {
                    accepted.push(format!("{} {kind}", msgr1::Tag(tag)));
                }
            }
        }
        taken.push((*state, *nth, accepted.join(", ")));
    }
    for at_caller in [true, false] {
        let mut accepted = Vec::new();
        for tag in 0..=255_u8 {
            let is_longer = matches!(
                msgr1::Tag(tag),
                msgr1::Tag::MSG | msgr1::Tag::ACK | msgr1::Tag::KEEPALIVE2 | msgr1::Tag::KEEPALIVE2_ACK
            );
            for (kind, rest) in [("alone", 0), ("zeros", 8)] {
                if is_longer && rest == 0 {
                    continue;
                }
                cells += 1;
                let bytes = [vec![tag], vec![0; rest]].concat();
                if outcome(Mode::V1, at_caller, "MESSAGE", 1, bytes).is_none() {
                    accepted.push(format!("{} {kind}", msgr1::Tag(tag)));
                }
            }
        }
        taken.push(("open", usize::from(!at_caller), accepted.join(", ")));
    }
    let found: Vec<_> = taken.iter().map(|(state, nth, accepted)| (*state, *nth, &accepted[..])).collect();
    assert_eq!(found, V1_TAKEN);
    assert_eq!(cells, 7_160);
}
