use alloc::vec::Vec;

use super::Case;
use crate::msgr1::{
    ConnectMessage, ConnectReply, FooterFlags, MessageFooter, MessageHeader, OldFooter, Tag, priority,
};
use crate::{EntityName, EntityType, Features, Tid};

pub(super) fn cases() -> Vec<Case> {
    let connect = ConnectMessage {
        features: Features::PACIFIC,
        host_type: EntityType::CLIENT,
        global_seq: 1,
        connect_seq: 2,
        protocol_version: 24,
        authorizer_protocol: 2,
        authorizer_len: 174,
        flags: ConnectMessage::LOSSY,
    };
    let reply = ConnectReply {
        tag: Tag::CHALLENGE_AUTHORIZER,
        features: Features::PACIFIC,
        global_seq: 3,
        connect_seq: 4,
        protocol_version: 24,
        authorizer_len: 9,
        flags: 0,
    };
    let mut header = MessageHeader {
        seq: 7,
        tid: Tid(8),
        message_type: 42,
        priority: priority::DEFAULT,
        version: 8,
        front_len: 200,
        middle_len: 1,
        data_len: 4096,
        data_off: 512,
        src: EntityName::client(4155),
        compat_version: 3,
        reserved: 0,
        crc: 0,
    };
    header.seal();
    let footer = MessageFooter {
        front_crc: 1,
        middle_crc: 2,
        data_crc: 3,
        sig: 0x0123_4567_89ab_cdef,
        flags: FooterFlags::COMPLETE | FooterFlags::SIGNED,
    };
    [
        Case::new("ceph_msg_connect", &connect),
        Case::new("ceph_msg_connect_reply", &reply),
        Case::new("ceph_msg_header", &header),
        Case::new("ceph_msg_footer", &footer),
        Case::new("ceph_msg_footer_old", &OldFooter::from(footer)),
    ]
    .into()
}
