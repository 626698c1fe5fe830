//! One value or more of every type, for tests of the codec, for fuzzing to start from and for other crates' tests.
//!
//! A [`Case`] is a value together with its codec, whatever its type; a [`MessageCase`] likewise for a message.

mod cephx;
mod cls;
mod entity;
pub(crate) mod maps;
mod messages;
mod mgr;
mod msgr1;
mod msgr2;
mod op_data;
mod types;

use alloc::vec::Vec;

use bytes::Bytes;

use crate::message::{Message, Payload};
use crate::msgr1::{FooterFlags, MessageHeader, OldFooter};
use crate::{BufferList, Decode, DecodeError, Encode, Features, crc32c};

/// A value of some type, encoded, and how to read and write that type.
#[derive(Clone, Debug)]
pub struct Case {
    /// Ceph's name of the type, or for what has none, what it is or goes with.
    pub type_name: &'static str,
    /// What the value was encoded for.
    pub features: Features,
    /// The value, encoded.
    pub bytes: Bytes,
    /// The fewest bytes that a value of the type takes, as its [`Decode`] says.
    pub min_size: usize,
    /// Whether reading the bytes gives the value again.
    pub comes_back: bool,
    /// Reads a value that takes all the bytes, and drops it.
    pub read: fn(&Bytes) -> Result<(), DecodeError>,
    /// Reads a value that takes all the bytes and writes it for those features.
    pub rewrite: fn(&Bytes, Features) -> Result<Bytes, DecodeError>,
}

impl Case {
    /// That value, encoded for a Pacific daemon.
    pub fn new<T: Decode + Encode + PartialEq>(type_name: &'static str, value: &T) -> Self {
        Self::for_features(type_name, value, Features::PACIFIC)
    }

    /// That value, encoded for a peer with those features.
    pub fn for_features<T: Decode + Encode + PartialEq>(
        type_name: &'static str,
        value: &T,
        features: Features,
    ) -> Self {
        let bytes = value.to_bytes(features);
        let comes_back = T::decode_all(&bytes).as_ref() == Ok(value);
        let rewrite = |bytes: &Bytes, features| T::decode_all(bytes).map(|value| value.to_bytes(features));
        let read = |bytes: &Bytes| T::decode_all(bytes).map(drop);
        Self { type_name, features, bytes, min_size: T::MIN_SIZE, comes_back, read, rewrite }
    }
}

/// A message, encoded, and how to read and write its type.
#[derive(Clone, Debug)]
pub struct MessageCase {
    /// Ceph's name of the type.
    pub type_name: &'static str,
    /// A header as it comes with the message, without lengths and checksum.
    pub header: MessageHeader,
    /// What the message was encoded for.
    pub features: Features,
    /// The message, encoded.
    pub payload: Payload,
    /// Whether reading the parts gives the message again.
    pub comes_back: bool,
    /// Reads a message, and drops it.
    pub read: fn(&MessageHeader, Payload) -> Result<(), DecodeError>,
    /// Reads a message and writes it for those features.
    pub rewrite: fn(&MessageHeader, Payload, Features) -> Result<Payload, DecodeError>,
}

impl MessageCase {
    /// That message, encoded for a Pacific daemon.
    pub fn new<M: Message + PartialEq>(message: &M) -> Self {
        Self::for_features(message, Features::PACIFIC)
    }

    /// That message, encoded for a peer with those features.
    pub fn for_features<M: Message + PartialEq>(message: &M, features: Features) -> Self {
        let payload = message.encode(features);
        let Payload { version, compat_version, data_off, .. } = payload;
        let header = MessageHeader {
            message_type: M::TYPE,
            priority: M::PRIORITY,
            version,
            compat_version,
            data_off,
            ..MessageHeader::default()
        };
        let comes_back = M::decode(&header, payload.clone()).as_ref() == Ok(message);
        let rewrite = |header: &MessageHeader, payload, features| {
            M::decode(header, payload).map(|message: M| message.encode(features))
        };
        let read = |header: &MessageHeader, payload| M::decode(header, payload).map(|_: M| ());
        Self { type_name: M::NAME, header, features, payload, comes_back, read, rewrite }
    }

    /// The message as Ceph keeps one in a file (`encode_message`): header, footer without a signature, and the parts, each
    /// with its length.
    #[must_use]
    pub fn to_file(&self) -> Bytes {
        let Payload { front, middle, data, .. } = &self.payload;
        let data: Bytes = data.pieces().iter().flatten().copied().collect();
        let length = |part: &Bytes| u32::try_from(part.len()).unwrap_or(u32::MAX);
        let mut header = MessageHeader {
            front_len: length(front),
            middle_len: length(middle),
            data_len: length(&data),
            ..self.header
        };
        header.seal();
        let [front_crc, middle_crc, data_crc] = [front, middle, &data].map(|part| crc32c(0, part));
        let footer = OldFooter { front_crc, middle_crc, data_crc, flags: FooterFlags::COMPLETE };
        ((header, footer), (front.clone(), (middle.clone(), data))).to_bytes(Features::NONE)
    }

    /// Reads other parts as a message of this type and version.
    ///
    /// # Errors
    ///
    /// When they are not such a message.
    pub fn rewrite_parts(&self, front: Bytes, data: BufferList) -> Result<Payload, DecodeError> {
        let payload = Payload::received(&self.header, front, Bytes::new(), data);
        (self.rewrite)(&self.header, payload, self.features)
    }
}

/// Values of all types that are no messages.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        cephx::cases(),
        cls::cases(),
        entity::cases(),
        maps::cases(),
        mgr::cases(),
        msgr1::cases(),
        msgr2::cases(),
        op_data::cases(),
        types::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Messages of all types.
#[must_use]
pub fn message_cases() -> Vec<MessageCase> {
    messages::cases()
}
