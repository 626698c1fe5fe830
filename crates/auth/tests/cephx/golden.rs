//! What was said between this client and real daemons, said again: the recorded answers are Ceph's own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{
    AuthClient, Authorizer, CryptoKey, Login, LoginReply, LoginRequest, LoginStep, MessageSigner,
    RequireSignatures, SignedParts,
};
use loligo_base::{Entropy, Mono, Now, Wall};
use loligo_wire::cephx::AuthMethod;
use loligo_wire::{AuthEntityName, EntityType, Features, GlobalId};

use crate::world::want;

/// The entropy of the recording, in its order.
struct Recorded(VecDeque<Vec<u8>>);

impl Entropy for Recorded {
    fn fill(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.0.pop_front().unwrap());
    }
}

fn hex(text: &str) -> Bytes {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Plays the client's part of a recording.
struct Replay {
    client: AuthClient,
    login: Login,
    request: Option<LoginRequest>,
    step: String,
    authorizer: Option<Authorizer>,
    signer: Option<MessageSigner>,
    entropy: Recorded,
    now: Now,
}

impl Replay {
    fn new(text: &str) -> Self {
        let field = |word| text.lines().filter_map(move |line| line.strip_prefix(word));
        let key = CryptoKey::from_base64(field("key ").next().unwrap()).unwrap();
        let client = AuthClient::cephx(AuthEntityName::client("golden"), key, want());
        let (login, request) = client.login();
        let entropy = Recorded(field("entropy ").map(|text| hex(text).to_vec()).collect());
        let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
        let request = Some(request);
        Self { client, login, request, step: String::new(), authorizer: None, signer: None, entropy, now }
    }

    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "#" | "key" | "entropy" => {}
            ">" => {
                let request = self.request.take().unwrap();
                let (method, payload) = rest.split_once(' ').unwrap();
                assert_eq!(request.method.0.to_string(), method);
                assert_eq!(request.payload, hex(payload));
            }
            "<" => self.reply(rest),
            "step" => assert_eq!(self.step, rest),
            "invalidate" => {
                self.client.invalidate_ticket(EntityType(rest.parse().unwrap()));
                self.now.mono += Duration::from_secs(2);
                self.request = self.client.renew(&mut self.login, self.now, &mut self.entropy);
            }
            "reconnect" => {
                let (login, request) = self.client.login();
                (self.login, self.request) = (login, Some(request));
            }
            "osd" => self.osd(rest),
            _ => panic!("unknown line {line}"),
        }
    }

    fn reply(&mut self, text: &str) {
        let fields: Vec<&str> = text.split(' ').collect();
        let reply = LoginReply {
            method: AuthMethod(fields[0].parse().unwrap()),
            result: fields[1].parse().unwrap(),
            global_id: GlobalId(fields[2].parse().unwrap()),
            payload: hex(fields[3]),
        };
        match self.client.handle_reply(&mut self.login, self.now, reply, &mut self.entropy) {
            LoginStep::Send(request) => self.request = Some(request),
            LoginStep::Done(done) => self.step = format!("done {} {}", done.global_id, done.is_new_identity),
            LoginStep::Renewed => self.step = "renewed".to_string(),
            LoginStep::Proven(_) => panic!("this is v1"),
            LoginStep::Failed(error) => panic!("{error}"),
        }
    }

    fn osd(&mut self, text: &str) {
        let (word, rest) = text.split_once(' ').unwrap();
        if self.authorizer.is_none() {
            self.authorizer = self.client.build_authorizer(EntityType::OSD, &mut self.entropy).ok();
        }
        let authorizer = self.authorizer.as_mut().unwrap();
        match word {
            ">" => assert_eq!(*authorizer.payload(), hex(rest)),
            "challenge" => authorizer.add_challenge(&hex(rest), &mut self.entropy).unwrap(),
            "proof" => {
                let key = authorizer.verify_reply(&hex(rest)).unwrap().session_key.unwrap();
                let signer = MessageSigner::new(key, Features::PACIFIC, RequireSignatures::V2);
                self.signer = signer.ok();
            }
            "signed" => self.signed(rest),
            _ => panic!("unknown line osd {text}"),
        }
    }

    fn signed(&self, text: &str) {
        let fields: Vec<&str> = text.split(' ').collect();
        let crc = |at: usize| u32::from_str_radix(fields[at], 16).unwrap();
        let len = |at: usize| fields[at].parse().unwrap();
        let parts = SignedParts {
            header_crc: crc(0),
            front_crc: crc(1),
            front_len: len(2),
            middle_crc: crc(3),
            middle_len: len(4),
            data_crc: crc(5),
            data_len: len(6),
            seq: fields[7].parse().unwrap(),
        };
        let signature = u64::from_str_radix(fields[8], 16).unwrap();
        self.signer.as_ref().unwrap().check(&parts, signature).unwrap();
    }
}

/// A daemon lets us in, renews our tickets, knows us again, and signs as we do.
#[test]
fn pacific_and_we_agree() {
    replay(include_str!("data/ceph-16.2.15.txt"));
}

/// The same with keys of type `aes256k`.
#[test]
fn tentacle_and_we_agree() {
    replay(include_str!("data/ceph-20.2.4.txt"));
}

fn replay(text: &str) {
    let mut replay = Replay::new(text);
    text.lines().for_each(|line| replay.line(line));
    assert!(replay.entropy.0.is_empty(), "not all of the recorded entropy was drawn");
    assert!(replay.signer.is_some(), "the recording ends early");
}

/// A login of `rados` at a monitor of 16.2.15 on messenger v2: with the client's key, what the monitor sent gives the key
/// that both signed with what they had received.
#[test]
fn pacific_and_we_sign_the_same_transcript() {
    let text = include_str!("data/ceph-16.2.15-v2.txt");
    let field = |word: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{word} is missing"))
    };
    let key = CryptoKey::from_base64(field("key")).unwrap();
    let mut client = AuthClient::cephx(AuthEntityName::client("admin"), key, want());
    let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
    let (mut login, _) = client.login_v2(&[]).unwrap();
    let mut entropy = loligo_base::SeededEntropy::new(1);
    let challenged = client.handle_reply_more(&mut login, now, hex(field("challenge")), &mut entropy);
    assert!(matches!(challenged, LoginStep::Send(_)), "{challenged:?}");
    let global_id = GlobalId(field("global-id").parse().unwrap());
    let LoginStep::Proven(keys) = client.handle_done(&mut login, now, global_id, hex(field("done"))) else {
        panic!("the monitor's answer is not understood")
    };
    assert!(keys.connection_secret.is_none(), "crc mode has none");
    let session_key = keys.session_key.unwrap();
    for (received, signature) in [("server-said", "client-signature"), ("client-said", "server-signature")] {
        let (transcript, signature) = (hex(field(received)), hex(field(signature)));
        assert_eq!(session_key.sign_transcript(&transcript)[..], signature);
        session_key.check_transcript(&transcript, &signature).unwrap();
        assert!(session_key.check_transcript(&transcript[1..], &signature).is_err());
    }
}
