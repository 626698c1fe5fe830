//! Sessions with the manager, by which a daemon or a service registers.

use bytes::Bytes;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Text, TextMap};

/// Whom a service tells of itself, and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceInfo {
    /// What does not change.
    pub metadata: TextMap,
    /// How it does.
    pub status: TextMap,
}

impl Decode for ServiceInfo {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { metadata: TextMap::decode(d)?, status: TextMap::decode(d)? })
    }
}

impl Encode for ServiceInfo {
    fn encode(&self, e: &mut Encoder) {
        self.metadata.encode(e);
        self.status.encode(e);
    }
}

/// Opens a session with the manager: `MMgrOpen`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrOpen {
    /// The name of the daemon.
    pub daemon_name: Text,
    /// The service that it is of; empty for Ceph's own daemons.
    pub service_name: Text,
    /// What a service tells of itself; Ceph's own daemons tell the monitors (`daemon_metadata`, `daemon_status`).
    pub service_daemon: Option<ServiceInfo>,
    /// Its options, encoded.
    pub config_bl: Bytes,
    /// Their default values, encoded.
    pub config_defaults_bl: Bytes,
}

impl Message for MMgrOpen {
    const TYPE: u16 = msg_type::MGR_OPEN;
    const NAME: &'static str = "MMgrOpen";
    const HEAD_VERSION: u16 = 3;

    fn encode_front(&self, e: &mut Encoder) {
        self.daemon_name.encode(e);
        self.service_name.encode(e);
        self.service_daemon.encode(e);
        self.config_bl.encode(e);
        self.config_defaults_bl.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 3)?;
        Ok(Self {
            daemon_name: Text::decode(d)?,
            service_name: Text::decode(d)?,
            service_daemon: Option::decode(d)?,
            config_bl: Bytes::decode(d)?,
            config_defaults_bl: Bytes::decode(d)?,
        })
    }
}

/// Tells the manager what changed since the session was opened: `MMgrUpdate`, since Quincy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrUpdate {
    /// The name of the daemon.
    pub daemon_name: Text,
    /// The service that it is of; empty for Ceph's own daemons.
    pub service_name: Text,
    /// What it tells of itself from now on.
    pub metadata_update: Option<ServiceInfo>,
}

impl Message for MMgrUpdate {
    const TYPE: u16 = msg_type::MGR_UPDATE;
    const NAME: &'static str = "MMgrUpdate";
    const HEAD_VERSION: u16 = 2;

    fn encode_front(&self, e: &mut Encoder) {
        self.daemon_name.encode(e);
        self.service_name.encode(e);
        self.metadata_update.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 2)?;
        Ok(Self {
            daemon_name: Text::decode(d)?,
            service_name: Text::decode(d)?,
            metadata_update: Option::decode(d)?,
        })
    }
}

/// Closes the session; the manager forgets the service: `MMgrClose`. It is answered with the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MMgrClose {
    /// The name of the daemon.
    pub daemon_name: Text,
    /// The service that it is of; empty for Ceph's own daemons.
    pub service_name: Text,
}

impl Message for MMgrClose {
    const TYPE: u16 = msg_type::MGR_CLOSE;
    const NAME: &'static str = "MMgrClose";

    fn encode_front(&self, e: &mut Encoder) {
        self.daemon_name.encode(e);
        self.service_name.encode(e);
    }

    fn decode_parts(_version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        Ok(Self { daemon_name: Text::decode(d)?, service_name: Text::decode(d)? })
    }
}
