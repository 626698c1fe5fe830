use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::Case;
use crate::cephx::*;
use crate::{AuthEntityName, EntityType, GlobalId};

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
    let plain = TicketForm::Plain(blob());
    let twice = TicketForm::Sealed(Bytes::from_static(b"twice"));
    CephXServiceTicketReply {
        tickets: vec![
            ServiceTicketReply { service: EntityType::OSD, sealed: sealed.clone(), ticket: plain },
            ServiceTicketReply { service: EntityType::AUTH, sealed, ticket: twice },
        ],
    }
}

pub(super) fn cases() -> Vec<Case> {
    [keys(), login(), tickets(), authorizers()].into_iter().flatten().collect()
}

fn keys() -> Vec<Case> {
    let expiring = || ExpiringCryptoKey { key: key(), expiration: Wall::new(5, 5) };
    let rotating = RotatingSecrets { secrets: BTreeMap::from([(4, expiring())]), max_ver: 4 };
    vec![
        Case::new("CryptoKey", &key()),
        Case::new("CryptoKey", &CryptoKey { key_type: KeyType(99), ..key() }),
        Case::new("CryptoKey", &CryptoKey::default()),
        Case::new("ExpiringCryptoKey", &expiring()),
        Case::new("RotatingSecrets", &rotating),
    ]
}

fn login() -> Vec<Case> {
    let name = AuthEntityName::client("admin");
    let methods = vec![AuthMethod::CEPHX, AuthMethod::NONE];
    let start = AuthRequestStart { methods, name: name.clone(), global_id: GlobalId(0) };
    let authenticate = |version, other_keys| {
        let other_keys = EntityTypes(other_keys);
        CephXAuthenticate { version, client_challenge: 1, key: 2, old_ticket: blob(), other_keys }
    };
    vec![
        Case::new("AuthRequestStart", &start),
        Case::new("AuthRequestMon", &AuthRequestMon { name, global_id: GlobalId(3) }),
        Case::new("CephXServerChallenge", &CephXServerChallenge { server_challenge: 1 }),
        Case::new("CephXChallengeBlob", &CephXChallengeBlob { server_challenge: 1, client_challenge: 2 }),
        Case::new("CephXRequestHeader", &CephXRequestHeader { request_type: RequestType::ROTATING_KEY }),
        Case::new("CephXResponseHeader", &CephXResponseHeader { request_type: RequestType(7), status: -13 }),
        Case::new("CephXAuthenticate", &authenticate(1, 0)),
        Case::new("CephXAuthenticate", &authenticate(2, 0x35)),
        Case::new("CephXAuthenticate", &authenticate(3, 0x35)),
    ]
}

fn tickets() -> Vec<Case> {
    let told = CephXServiceTicket { session_key: key(), validity: Wall::new(3600, 0) };
    let info = CephXServiceTicketInfo { ticket: ticket(), session_key: key() };
    vec![
        Case::new("CephXTicketBlob", &blob()),
        Case::new("CephXTicketBlob", &CephXTicketBlob::default()),
        Case::new("AuthCapsInfo", &ticket().caps),
        Case::new("AuthTicket", &ticket()),
        Case::new("CephXServiceTicket", &told),
        Case::new("CephXServiceTicketInfo", &info),
        Case::new("CephXServiceTicketRequest", &CephXServiceTicketRequest { keys: EntityTypes(0x15) }),
        Case::new("CephXServiceTicketReply", &service_reply()),
    ]
}

fn authorizers() -> Vec<Case> {
    let none = AuthNoneAuthorizer { name: AuthEntityName::client("admin"), global_id: GlobalId(3) };
    let cephx = CephXAuthorizer { global_id: GlobalId(9), service: EntityType::OSD, ticket: blob() };
    let authorize = CephXAuthorize { nonce: 5, have_challenge: true, server_challenge_plus_one: 6 };
    let reply =
        |secret: &[u8]| CephXAuthorizeReply { nonce_plus_one: 6, connection_secret: Secret::new(secret) };
    vec![
        Case::new("AuthNoneAuthorizer", &none),
        Case::new("CephXAuthorizer", &cephx),
        Case::new("CephXAuthorize", &authorize),
        Case::new("CephXAuthorizeChallenge", &CephXAuthorizeChallenge { server_challenge: 8 }),
        Case::new("CephXAuthorizeReply", &reply(&[])),
        Case::new("CephXAuthorizeReply", &reply(&[1; 64])),
    ]
}
