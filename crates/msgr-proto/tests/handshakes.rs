//! Handshakes with real cephx, on messenger v1 with signatures, and on v2 in crc and secure mode, and somebody between the ends:
//! who cuts them, changes a bit, or plays them again. Nobody is let in who should not be, nothing that was not sent is delivered,
//! and nothing hangs for longer than a handshake may take.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod common;

use std::time::Duration;

use common::cephx::Cephx;
use common::feed::{Way, feed_client, feed_server, through};
use common::{Note, Pair, client_config, server_config};
use loligo_msgr_proto::{AuthRequest, Fault, Modes};
use loligo_wire::msgr1::{FooterFlags, MessageFooter};
use loligo_wire::msgr2::ConMode;
use loligo_wire::{Decode, Decoder, Encode, Features, crc32c};

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    /// Messenger v1, its messages signed.
    Signed,
    /// Messenger v2 with checksums.
    Crc,
    /// Messenger v2, encrypted.
    Secure,
}

const ALL: [Spoken; 3] = [Spoken::Signed, Spoken::Crc, Spoken::Secure];

impl Spoken {
    /// Two ends that are about to begin.
    fn pair(self, cephx: &Cephx, seed: u64) -> Pair {
        let mut client = client_config();
        let mode = if self == Self::Secure { ConMode::SECURE } else { ConMode::CRC };
        client.options.modes = Modes { ms_client_mode: vec![mode], ..Modes::default() };
        let pair = match self {
            Self::Signed => Pair::new(client, server_config()),
            Self::Crc | Self::Secure => Pair::v2(client, server_config()),
        };
        cephx.with(pair, seed).start()
    }

    /// Two ends that know each other.
    fn opened(self, cephx: &Cephx, seed: u64) -> Pair {
        let mut pair = self.pair(cephx, seed);
        pair.run();
        assert!(is_open(&pair), "{self:?} {:?} {:?}", pair.client.seen.faults, pair.server.seen.faults);
        pair
    }

    /// All that each end says until both are open.
    fn recorded(self, cephx: &Cephx, seed: u64) -> [Vec<u8>; 2] {
        let mut pair = self.pair(cephx, seed);
        let mut said = [Vec::new(), Vec::new()];
        through(&mut pair, |way, _, bytes| said[usize::from(way == Way::ToClient)].extend_from_slice(bytes));
        assert!(is_open(&pair));
        said
    }
}

fn is_open(pair: &Pair) -> bool {
    pair.client.pipe.is_open() && pair.server.pipe.is_open()
}

/// The longest that a handshake may take, and a little more.
fn wait(pair: &mut Pair) {
    pair.advance(Duration::from_secs(11));
}

#[test]
fn a_handshake_that_is_cut_anywhere_lets_nobody_in_and_ends_in_time() {
    let cephx = Cephx::new();
    for spoken in ALL {
        let lengths = spoken.recorded(&cephx, 1).map(|said| said.len());
        for (cut_way, length) in [Way::ToServer, Way::ToClient].into_iter().zip(lengths) {
            for cut in 0..length {
                let mut pair = spoken.pair(&cephx, 2);
                through(&mut pair, |way, at, bytes| {
                    if way == cut_way {
                        bytes.truncate(cut.saturating_sub(at));
                    }
                });
                wait(&mut pair);
                let end = if cut_way == Way::ToServer { &pair.server } else { &pair.client };
                assert_eq!(end.seen.faults, [Fault::HandshakeTimeout], "{spoken:?} {cut_way:?} at {cut}");
                assert!(end.seen.opened.is_empty());
            }
        }
    }
}

/// On v2 all is signed. On v1 nothing is as a whole: addresses and features can be changed on the way, and so can, in an authorizer
/// under a key of AES, which has no checksum, the numbers of versions and parts of what a ticket says; not whose it is and what its key
/// is, and nothing of what the OSD proves. Then the ends may open, and what they say is signed.
#[test]
fn a_handshake_with_any_wrong_bit_lets_nobody_in_who_should_not_be() {
    let cephx = Cephx::new();
    for spoken in ALL {
        let [out, back] = spoken.recorded(&cephx, 3);
        for (wrong_way, said) in [(Way::ToServer, &out), (Way::ToClient, &back)] {
            let proofs = proofs(spoken, &cephx, said);
            for bit in 0..said.len() * 8 {
                let mut pair = spoken.pair(&cephx, 3);
                through(&mut pair, |way, at, bytes| {
                    let here = (bit / 8).checked_sub(at).filter(|_| way == wrong_way);
                    if let Some(byte) = here.and_then(|here| bytes.get_mut(here)) {
                        *byte ^= 1 << (bit % 8);
                    }
                });
                let client_opened = !pair.client.seen.opened.is_empty();
                let is_proof =
                    wrong_way == Way::ToClient && proofs.iter().any(|proof| proof.contains(&(bit / 8)));
                if spoken != Spoken::Signed || is_proof {
                    assert!(!client_opened, "{spoken:?} {wrong_way:?} bit {bit}");
                }
                if client_opened {
                    pair.client.send(Note::new(1, "front", "data"));
                    pair.run();
                    let notes = &pair.server.seen.notes;
                    assert!(notes.is_empty() || *notes == [Note::new(1, "front", "data")], "bit {bit}");
                }
                wait(&mut pair);
                assert!(
                    client_opened || pair.client.seen.faults.len() == 1,
                    "{spoken:?} {wrong_way:?} bit {bit}"
                );
                assert!(pair.server.seen.faults.len() <= 1);
            }
        }
    }
}

/// Where in what was said on v1 something stands that proves somebody: what cephx made.
fn proofs(spoken: Spoken, cephx: &Cephx, said: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut pair = spoken.pair(cephx, 3);
    pair.run();
    let asked = pair.client.seen.asked.iter().chain(&pair.server.seen.asked);
    let shown = asked.filter_map(|request| match request {
        AuthRequest::Check { authorizer, .. } => Some(authorizer.clone()),
        AuthRequest::Challenge { challenge } => Some(challenge.clone()),
        AuthRequest::Verify { reply } => Some(reply.clone()),
        _ => None,
    });
    let find = |proof: bytes::Bytes| {
        let at = said.windows(proof.len()).position(|window| window == proof)?;
        Some(at..at + proof.len())
    };
    let found: Vec<_> = shown.filter_map(find).collect();
    assert!(spoken != Spoken::Signed || found.len() == 2, "the two of each way");
    found
}

/// Who overheard a client and says the same to another OSD, or to the same one again, is not let in.
#[test]
fn what_a_client_said_before_lets_nobody_in() {
    let cephx = Cephx::new();
    for spoken in ALL {
        let [out, _] = spoken.recorded(&cephx, 4);
        let mut pair = spoken.pair(&cephx, 5);
        feed_server(&mut pair, &out);
        wait(&mut pair);
        assert!(pair.server.seen.opened.is_empty(), "{spoken:?}");
        assert_eq!(pair.server.seen.faults.len(), 1, "{spoken:?}");
        assert!(pair.server.seen.notes.is_empty());
        // With the same dice they are the same words, and fit: it is the challenge that is new.
        let mut pair = spoken.pair(&cephx, 4);
        feed_server(&mut pair, &out);
        assert_eq!(pair.server.seen.opened.len(), 1, "{spoken:?}");
    }
}

#[test]
fn what_a_server_said_before_makes_no_client_believe() {
    let cephx = Cephx::new();
    for spoken in ALL {
        let [_, back] = spoken.recorded(&cephx, 6);
        let mut pair = spoken.pair(&cephx, 7);
        feed_client(&mut pair, &back);
        wait(&mut pair);
        assert!(pair.client.seen.opened.is_empty(), "{spoken:?}");
        assert_eq!(pair.client.seen.faults.len(), 1, "{spoken:?}");
        let mut pair = spoken.pair(&cephx, 6);
        feed_client(&mut pair, &back);
        assert_eq!(pair.client.seen.opened.len(), 1, "{spoken:?}");
    }
}

/// An authorizer that answered a challenge once is no answer to another one.
#[test]
fn an_authorizer_is_good_for_one_challenge() {
    let cephx = Cephx::new();
    for spoken in ALL {
        let overheard = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        for seed in [8, 9] {
            let mut pair = spoken.pair(&cephx, seed);
            let mut honest = std::mem::replace(&mut pair.client.auth, Box::new(|_| None));
            let kept = std::rc::Rc::clone(&overheard);
            pair.client.auth = Box::new(move |request| {
                let step = honest(request)?;
                let loligo_msgr_proto::AuthStep::Authorizer { method, authorizer } = &step else {
                    return Some(step);
                };
                if seed == 8 {
                    kept.borrow_mut().push(authorizer.clone());
                    return Some(step);
                }
                // The second time, what was said the first time.
                let authorizer = match request {
                    AuthRequest::Challenge { .. } => kept.borrow()[1].clone(),
                    _ => kept.borrow()[0].clone(),
                };
                Some(loligo_msgr_proto::AuthStep::Authorizer { method: *method, authorizer })
            });
            pair.run();
            assert_eq!(is_open(&pair), seed == 8, "{spoken:?}");
            assert_eq!(pair.server.seen.opened.len(), usize::from(seed == 8), "{spoken:?}");
        }
        assert_eq!(overheard.borrow().len(), 2);
    }
}

/// Messages of all parts: one goes after the other, so that a wrong bit in the first one is noticed by the second at the latest.
fn notes() -> [Note; 2] {
    let mut first = Note::new(1, "front", vec![7; 40]);
    first.middle = "middle".into();
    [first, Note::new(2, "second", "")]
}

#[test]
fn a_wrong_bit_anywhere_in_a_session_is_noticed_where_it_is_signed_or_encrypted() {
    let cephx = Cephx::new();
    for spoken in [Spoken::Signed, Spoken::Secure] {
        for way in [Way::ToServer, Way::ToClient] {
            let said = |pair: &mut Pair| {
                let end = if way == Way::ToServer { &mut pair.client } else { &mut pair.server };
                notes().into_iter().for_each(|note| end.send(note));
                end.pipe.send_keepalive(pair.now);
                end.write(pair.now, usize::MAX)
            };
            let length = said(&mut spoken.opened(&cephx, 10)).len();
            for bit in 0..length * 8 {
                let mut pair = spoken.opened(&cephx, 10);
                let mut bytes = said(&mut pair);
                bytes[bit / 8] ^= 1 << (bit % 8);
                if way == Way::ToServer {
                    feed_server(&mut pair, bytes)
                } else {
                    feed_client(&mut pair, bytes)
                }
                pair.advance(Duration::from_secs(31));
                let seen = if way == Way::ToServer { &pair.server.seen } else { &pair.client.seen };
                let all = notes();
                assert_eq!(seen.notes, all[..seen.notes.len()], "{spoken:?} {way:?} bit {bit}");
                let is_all = seen.notes.len() == all.len();
                let is_noticed = seen.faults.len() == 1;
                // On v1 nothing covers a keepalive, and of a footer what says that it is signed or summed.
                assert!(is_noticed || spoken == Spoken::Signed && is_all, "{spoken:?} {way:?} bit {bit}");
            }
        }
    }
}

/// Who changes a message of v1 and sets its checksums right again, or says that it was not signed, is noticed by the signature.
#[test]
fn a_message_that_was_changed_with_its_checksums_is_refused() {
    let cephx = Cephx::new();
    let changes: [fn(&mut MessageFooter, &mut [u8]); 4] = [
        |footer, front| {
            front[0] ^= 1;
            footer.front_crc = crc32c(0, front);
        },
        |footer, front| {
            front[0] ^= 1;
            footer.front_crc = crc32c(0, front);
            footer.flags = FooterFlags::COMPLETE;
            footer.sig = 0;
        },
        |footer, _| footer.sig ^= 1 << 63,
        |footer, _| footer.sig = 0,
    ];
    for change in changes {
        let mut pair = Spoken::Signed.opened(&cephx, 11);
        pair.client.send(Note::new(1, "front", ""));
        let mut bytes = pair.client.write(pair.now, usize::MAX);
        let behind = bytes.len() - MessageFooter::SIZE;
        let (message, footer) = bytes.split_at_mut(behind);
        let mut parsed = MessageFooter::decode(&mut Decoder::new(footer)).unwrap();
        let front = message.len() - 5;
        change(&mut parsed, &mut message[front..]);
        footer.copy_from_slice(&parsed.to_bytes(Features::NONE));
        feed_server(&mut pair, &bytes);
        assert_eq!(pair.server.seen.faults, [Fault::Signature]);
        assert!(pair.server.seen.notes.is_empty());
    }
}
