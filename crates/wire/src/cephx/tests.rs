//! Round trips, prefixes, and what Ceph itself wrote.

extern crate std;

use alloc::vec;
use std::eprintln;

use bytes::Bytes;
use loligo_base::Wall;

use super::*;
use crate::corpus_files::{ARCHIVES, Corpus};
use crate::{AuthEntityName, Encode, EntityType, Features, GlobalId};

fn key() -> CryptoKey {
    CryptoKey { key_type: KeyType::AES, created: Wall::new(1, 2), secret: Secret::new(&[7; 16]) }
}

fn blob() -> CephXTicketBlob {
    CephXTicketBlob { secret_id: 2, blob: Bytes::from_static(b"sealed") }
}

fn ticket() -> AuthTicket {
    AuthTicket {
        name: AuthEntityName::client("admin"),
        global_id: GlobalId(4155),
        created: Wall::new(10, 0),
        expires: Wall::new(20, 0),
        caps: AuthCapsInfo { allow_all: false, caps: Bytes::from_static(b"\x07\0\0\0allow *") },
        flags: 0,
    }
}

fn service_reply() -> CephXServiceTicketReply {
    let sealed = Bytes::from_static(b"told");
    CephXServiceTicketReply {
        tickets: vec![
            ServiceTicketReply {
                service: EntityType::OSD,
                sealed: sealed.clone(),
                ticket: TicketForm::Plain(blob()),
            },
            ServiceTicketReply {
                service: EntityType::AUTH,
                sealed,
                ticket: TicketForm::Sealed(Bytes::from_static(b"twice")),
            },
        ],
    }
}

#[test]
fn the_reply_to_a_login_may_end_before_the_part_that_nautilus_added() {
    let old = CephXAuthSessionReply { auth: service_reply(), more: None };
    let bytes = old.to_bytes(Features::PACIFIC);
    assert_eq!(CephXAuthSessionReply::decode_all(&bytes).as_ref(), Ok(&old));
    let more = CephXAuthSessionMore { extra_tickets: Bytes::from_static(b"x"), ..Default::default() };
    let new = CephXAuthSessionReply { more: Some(more), ..old };
    let bytes = new.to_bytes(Features::PACIFIC);
    assert_eq!(CephXAuthSessionReply::decode_all(&bytes), Ok(new));
    let cut = bytes.slice(..bytes.len() - 1);
    assert!(CephXAuthSessionReply::decode_all(&cut).is_err());
}

#[test]
fn a_newer_writer_may_append_to_what_it_seals_but_must_show_the_magic() {
    let mut e = crate::Encoder::new(Features::PACIFIC);
    encode_enc(&CephXAuthorizeChallenge { server_challenge: 3 }, &mut e);
    b"newer".encode(&mut e);
    let mut bytes = e.finish().to_vec();
    let read = decode_enc::<CephXAuthorizeChallenge>(&mut Decoder::new(&bytes));
    assert_eq!(read, Ok(CephXAuthorizeChallenge { server_challenge: 3 }));
    bytes[1] ^= 1;
    let value = AUTH_ENC_MAGIC ^ 1;
    let read = decode_enc::<CephXAuthorizeChallenge>(&mut Decoder::new(&bytes));
    assert_eq!(read, Err(DecodeError::Invalid { what: "AUTH_ENC_MAGIC", value }));
}

#[test]
fn no_secret_is_printed() {
    let text = std::format!("{:?}", CephXServiceTicketInfo { ticket: ticket(), session_key: key() });
    assert!(text.contains("Secret(16 bytes)"), "{text}");
    assert!(!text.contains("7, 7"), "{text}");
}

#[test]
fn sets_of_types_say_what_they_hold() {
    let set = EntityTypes::of(&[EntityType::MON, EntityType::OSD]).with(EntityType::AUTH);
    assert_eq!(set, EntityTypes(0x25));
    assert!(set.has(EntityType::OSD) && !set.has(EntityType::MGR) && !set.has(EntityType(0)));
    assert_eq!(
        set.without(EntityType::MON).iter().collect::<vec::Vec<_>>(),
        [EntityType::OSD, EntityType::AUTH]
    );
}

/// Every value of the type that the corpus holds decodes, and encodes to the same bytes.
fn corpus<T: Encode + Decode>(corpus: &Corpus, type_name: &str) -> usize {
    let mut seen = 0;
    for (id, bytes) in ARCHIVES.iter().flat_map(|archive| corpus.values(archive, type_name)) {
        let value = T::decode_all(&bytes).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(value.to_bytes(Features::PACIFIC), bytes, "{id}");
        seen += 1;
    }
    assert!(seen > 0, "the corpus holds no {type_name}");
    seen
}

#[test]
fn what_ceph_wrote_decodes_and_encodes_to_the_same_bytes() {
    let Some(root) = &Corpus::find("what cephx sends, made by Ceph") else { return };
    let seen = corpus::<CryptoKey>(root, "CryptoKey")
        + corpus::<AuthEntityName>(root, "EntityName")
        + corpus::<AuthTicket>(root, "AuthTicket")
        + corpus::<CephXAuthenticate>(root, "CephXAuthenticate")
        + corpus::<CephXAuthorize>(root, "CephXAuthorize")
        + corpus::<CephXAuthorizeChallenge>(root, "CephXAuthorizeChallenge")
        + corpus::<CephXAuthorizeReply>(root, "CephXAuthorizeReply")
        + corpus::<CephXChallengeBlob>(root, "CephXChallengeBlob")
        + corpus::<CephXRequestHeader>(root, "CephXRequestHeader")
        + corpus::<CephXResponseHeader>(root, "CephXResponseHeader")
        + corpus::<CephXServerChallenge>(root, "CephXServerChallenge")
        + corpus::<CephXServiceTicket>(root, "CephXServiceTicket")
        + corpus::<CephXServiceTicketInfo>(root, "CephXServiceTicketInfo")
        + corpus::<CephXServiceTicketRequest>(root, "CephXServiceTicketRequest")
        + corpus::<CephXTicketBlob>(root, "CephXTicketBlob");
    eprintln!("{seen} values of the corpus");
}
