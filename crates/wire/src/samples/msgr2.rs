use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::Case;
use super::entity::{addrs, v4, v6};
use crate::cephx::AuthMethod;
use crate::msgr1::priority;
use crate::msgr2::{
    AckFrame, AuthBadMethodFrame, AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame,
    AuthSignatureFrame, Banner, ClientIdentFrame, CompressionAlgorithm, CompressionDoneFrame,
    CompressionRequestFrame, ConMode, ControlFrame, CrcEpilogue, CrcEpilogueRev0, FRAME_FEATURES, HelloFrame,
    IdentMissingFeaturesFrame, KeepAliveFrame, KeepAliveFrameAck, LateStatus, MessageHeader2, Msgr2Features,
    Preamble, ReconnectFrame, ReconnectOkFrame, ResetFrame, RetryFrame, RetryGlobalFrame, Secretive,
    ServerIdentFrame, Tag, WaitFrame,
};
use crate::{EntityType, Features, GlobalId, Tid};

pub(super) fn cases() -> Vec<Case> {
    [parts(), handshake(), sessions(), beside_messages()].into_iter().flatten().collect()
}

/// What frames are made of.
fn parts() -> Vec<Case> {
    let supported = Msgr2Features::REVISION_1 | Msgr2Features::COMPRESSION;
    let header = MessageHeader2 {
        seq: 7,
        tid: Tid(8),
        message_type: 42,
        priority: priority::DEFAULT,
        version: 8,
        data_pre_padding_len: 0,
        data_off: 512,
        ack_seq: 6,
        flags: 1,
        compat_version: 3,
        reserved: 0,
    };
    let epilogue = CrcEpilogue { late_status: LateStatus::Complete, crc_values: [1, 2, 3] };
    vec![
        Case::new("banner of v2", &Banner { supported, required: Msgr2Features::REVISION_1 }),
        Case::new("preamble_block_t", &Preamble::new(Tag::MESSAGE, [41, 200, 0, 4096])),
        Case::new("epilogue_crc_rev1_block_t", &epilogue),
        Case::new("epilogue_crc_rev0_block_t", &CrcEpilogueRev0 { late_flags: 0, crc_values: [1, 2, 3, 4] }),
        Case::new("ceph_msg_header2", &header),
    ]
}

fn handshake() -> Vec<Case> {
    let auth_payload = Secretive(Bytes::from_static(&[7; 9]));
    let modes = || vec![ConMode::SECURE, ConMode::CRC];
    let bad_method = AuthBadMethodFrame {
        method: AuthMethod::NONE,
        result: -13,
        allowed_methods: vec![AuthMethod::CEPHX],
        allowed_modes: modes(),
    };
    let request = AuthRequestFrame {
        method: AuthMethod::CEPHX,
        preferred_modes: modes(),
        auth_payload: auth_payload.clone(),
    };
    let done = AuthDoneFrame {
        global_id: GlobalId(4155),
        con_mode: ConMode::SECURE,
        auth_payload: auth_payload.clone(),
    };
    vec![
        frame("HelloFrame", &HelloFrame { entity_type: EntityType::MON, peer_addr: v4() }),
        frame("AuthRequestFrame", &request),
        frame("AuthBadMethodFrame", &bad_method),
        frame("AuthReplyMoreFrame", &AuthReplyMoreFrame { auth_payload: auth_payload.clone() }),
        frame("AuthRequestMoreFrame", &AuthRequestMoreFrame { auth_payload }),
        frame("AuthDoneFrame", &done),
        frame("AuthSignatureFrame", &AuthSignatureFrame { signature: [5; 32] }),
        frame(
            "CompressionRequestFrame",
            &CompressionRequestFrame {
                is_compress: true,
                preferred_methods: vec![CompressionAlgorithm::SNAPPY, CompressionAlgorithm::LZ4],
            },
        ),
        frame(
            "CompressionDoneFrame",
            &CompressionDoneFrame { is_compress: true, method: CompressionAlgorithm::SNAPPY },
        ),
    ]
}

fn sessions() -> Vec<Case> {
    let client = ClientIdentFrame {
        addrs: addrs(),
        target_addr: v6(),
        gid: 4155,
        global_seq: 2,
        supported_features: Features::PACIFIC,
        required_features: Features::MSG_ADDR2,
        flags: 1,
        cookie: 9,
    };
    let server = ServerIdentFrame {
        addrs: addrs(),
        gid: 0,
        global_seq: 3,
        supported_features: Features::PACIFIC,
        required_features: Features::MSG_ADDR2,
        flags: 1,
        cookie: 10,
    };
    let reconnect = ReconnectFrame {
        addrs: addrs(),
        client_cookie: 9,
        server_cookie: 10,
        global_seq: 4,
        connect_seq: 1,
        msg_seq: 77,
    };
    let missing = IdentMissingFeaturesFrame { features: Features::MSG_ADDR2 };
    vec![
        frame("ClientIdentFrame", &client),
        frame("ServerIdentFrame", &server),
        frame("IdentMissingFeaturesFrame", &missing),
        frame("ReconnectFrame", &reconnect),
        frame("ResetFrame", &ResetFrame { full: true }),
        frame("RetryFrame", &RetryFrame { connect_seq: 2 }),
        frame("RetryGlobalFrame", &RetryGlobalFrame { global_seq: 5 }),
        frame("ReconnectOkFrame", &ReconnectOkFrame { msg_seq: 77 }),
        frame("WaitFrame", &WaitFrame {}),
    ]
}

fn beside_messages() -> Vec<Case> {
    let timestamp = Wall::new(1_600_000_000, 5);
    vec![
        frame("KeepAliveFrame", &KeepAliveFrame { timestamp }),
        frame("KeepAliveFrameAck", &KeepAliveFrameAck { timestamp }),
        frame("AckFrame", &AckFrame { seq: 77 }),
    ]
}

fn frame<F: ControlFrame + PartialEq>(name: &'static str, frame: &F) -> Case {
    Case::for_features(name, frame, FRAME_FEATURES)
}
