//! The handshake.

use super::Tag;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityType, Features};

/// Versions of the protocol that both ends of a connection must have.
pub mod protocol {
    /// Between a client and an OSD (`CEPH_OSDC_PROTOCOL`).
    pub const OSDC: u32 = 24;
    /// Between a client and a metadata server (`CEPH_MDSC_PROTOCOL`).
    pub const MDSC: u32 = 32;
    /// Between a client and a monitor (`CEPH_MONC_PROTOCOL`).
    pub const MONC: u32 = 15;
    /// Among OSDs (`CEPH_OSD_PROTOCOL`).
    pub const OSD: u32 = 10;
    /// Among metadata servers (`CEPH_MDS_PROTOCOL`).
    pub const MDS: u32 = 36;
    /// Among monitors (`CEPH_MON_PROTOCOL`).
    pub const MON: u32 = 13;
}

/// What the client proposes: `ceph_msg_connect`. `authorizer_len` bytes of authorizer follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectMessage {
    /// The client's features.
    pub features: Features,
    /// What the client is.
    pub host_type: EntityType,
    /// Counts the connections that the client opened.
    pub global_seq: u32,
    /// Counts the connections of this session.
    pub connect_seq: u32,
    /// The version of the protocol, see [`protocol`].
    pub protocol_version: u32,
    /// The method of authentication (`CEPH_AUTH_*`), 0 for none.
    pub authorizer_protocol: u32,
    /// The length of the authorizer.
    pub authorizer_len: u32,
    /// [`Self::LOSSY`].
    pub flags: u8,
}

impl ConnectMessage {
    /// The size on the wire.
    pub const SIZE: usize = 33;
    /// The connection dies with its first fault, and what was on its way is lost (`CEPH_MSG_CONNECT_LOSSY`).
    pub const LOSSY: u8 = 1;
}

impl Decode for ConnectMessage {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            features: Features::decode(d)?,
            host_type: EntityType::decode_u32(d)?,
            global_seq: u32::decode(d)?,
            connect_seq: u32::decode(d)?,
            protocol_version: u32::decode(d)?,
            authorizer_protocol: u32::decode(d)?,
            authorizer_len: u32::decode(d)?,
            flags: u8::decode(d)?,
        })
    }
}

impl Encode for ConnectMessage {
    fn encode(&self, e: &mut Encoder) {
        self.features.encode(e);
        self.host_type.encode_u32(e);
        self.global_seq.encode(e);
        self.connect_seq.encode(e);
        self.protocol_version.encode(e);
        self.authorizer_protocol.encode(e);
        self.authorizer_len.encode(e);
        self.flags.encode(e);
    }
}

/// What the server answers: `ceph_msg_connect_reply`. `authorizer_len` bytes follow: its proof, or a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectReply {
    /// The outcome.
    pub tag: Tag,
    /// The features that both have; with [`Tag::FEATURES`], those that the server requires.
    pub features: Features,
    /// With [`Tag::RETRY_GLOBAL`], the number to exceed.
    pub global_seq: u32,
    /// The session's count of connections; with [`Tag::RETRY_SESSION`], the number to continue from.
    pub connect_seq: u32,
    /// The server's version of the protocol.
    pub protocol_version: u32,
    /// The length of what follows.
    pub authorizer_len: u32,
    /// [`ConnectMessage::LOSSY`]; the server decides.
    pub flags: u8,
}

impl ConnectReply {
    /// The size on the wire.
    pub const SIZE: usize = 26;
}

impl Decode for ConnectReply {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            tag: Tag(u8::decode(d)?),
            features: Features::decode(d)?,
            global_seq: u32::decode(d)?,
            connect_seq: u32::decode(d)?,
            protocol_version: u32::decode(d)?,
            authorizer_len: u32::decode(d)?,
            flags: u8::decode(d)?,
        })
    }
}

impl Encode for ConnectReply {
    fn encode(&self, e: &mut Encoder) {
        self.tag.0.encode(e);
        self.features.encode(e);
        self.global_seq.encode(e);
        self.connect_seq.encode(e);
        self.protocol_version.encode(e);
        self.authorizer_len.encode(e);
        self.flags.encode(e);
    }
}
