//! What all messages have in common.

use bytes::Bytes;

use crate::msgr1::{MessageHeader, priority};
use crate::{BufferList, DecodeError, Decoder, Encoder, Features};

/// Room for the front of most messages, a request to an OSD among them.
const FRONT_USUAL: usize = 512;

/// The parts of a message, and what its header says of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// The version of the encoding.
    pub version: u16,
    /// The oldest reader's version that understands it.
    pub compat_version: u16,
    /// Where the data belong in their object, as far as that helps the receiver to align them.
    pub data_off: u16,
    /// The fields.
    pub front: Bytes,
    /// More fields; no message here has any.
    pub middle: Bytes,
    /// Bulk data.
    pub data: BufferList,
}

impl Payload {
    /// The parts of a message that arrived with this header.
    #[must_use]
    pub const fn received(header: &MessageHeader, front: Bytes, middle: Bytes, data: BufferList) -> Self {
        let MessageHeader { version, compat_version, data_off, .. } = *header;
        Self { version, compat_version, data_off, front, middle, data }
    }

    /// How many bytes the parts have in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.front.len() + self.middle.len() + self.data.len()
    }

    /// Whether there are no bytes in any part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A message of one type.
///
/// A type gives its constants, its front and, where it has them, its data; [`encode`](Self::encode) and
/// [`decode`](Self::decode) put the parts together.
pub trait Message: Sized {
    /// What the header calls it, see [`msg_type`](super::msg_type).
    const TYPE: u16;
    /// Ceph's name of it.
    const NAME: &'static str;
    /// The newest version of its encoding that is known here, which is the one that is written.
    const HEAD_VERSION: u16 = 1;
    /// The oldest reader's version that understands what is written.
    const COMPAT_VERSION: u16 = 1;
    /// How urgent it is, see [`priority`].
    const PRIORITY: u16 = priority::DEFAULT;

    /// The version and the oldest reader's version of what is written for a peer with these features.
    #[must_use]
    fn versions(features: Features) -> (u16, u16) {
        let _ = features;
        (Self::HEAD_VERSION, Self::COMPAT_VERSION)
    }

    /// Writes the front, in the version of [`Self::versions`].
    fn encode_front(&self, e: &mut Encoder);

    /// The data, shared.
    fn data(&self) -> BufferList {
        BufferList::new()
    }

    /// Reads the message from a front of that version, and its data.
    ///
    /// # Errors
    ///
    /// When they are not such a message.
    fn decode_parts(version: u16, front: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError>;

    /// The parts of the message, for a peer with these features.
    fn encode(&self, features: Features) -> Payload {
        let (version, compat_version) = Self::versions(features);
        let mut e = Encoder::with_capacity(features, FRONT_USUAL);
        self.encode_front(&mut e);
        Payload {
            version,
            compat_version,
            data_off: 0,
            front: e.finish(),
            middle: Bytes::new(),
            data: self.data(),
        }
    }

    /// Reads a message. What a newer sender added behind the front is ignored.
    ///
    /// # Errors
    ///
    /// When the sender demands a newer reader, or the parts are not such a message.
    fn decode(header: &MessageHeader, payload: Payload) -> Result<Self, DecodeError> {
        if header.compat_version > Self::HEAD_VERSION {
            return Err(DecodeError::Incompatible {
                type_name: Self::NAME,
                compat: saturate(header.compat_version),
                known: saturate(Self::HEAD_VERSION),
            });
        }
        Self::decode_parts(header.version, &mut Decoder::of(&payload.front), payload.data)
    }
}

/// Refuses a version that no supported release writes.
pub(super) fn at_least<M: Message>(version: u16, oldest: u16) -> Result<(), DecodeError> {
    if version >= oldest {
        return Ok(());
    }
    Err(DecodeError::TooOld { type_name: M::NAME, version: saturate(version), oldest: saturate(oldest) })
}

/// Versions of messages have 16 bits, but none is above 255.
fn saturate(version: u16) -> u8 {
    u8::try_from(version).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{MMonGetVersionReply, MPing};

    #[test]
    fn a_sender_that_demands_a_newer_reader_is_refused() {
        let header = MessageHeader { version: 9, compat_version: 2, ..MessageHeader::default() };
        let refused = MPing::decode(&header, Payload::default());
        assert_eq!(refused, Err(DecodeError::Incompatible { type_name: "MPing", compat: 2, known: 1 }));
        let header = MessageHeader { compat_version: 1, ..header };
        assert_eq!(MPing::decode(&header, Payload::default()), Ok(MPing));
    }

    #[test]
    fn what_a_newer_sender_added_is_ignored() {
        let header = MessageHeader { version: 3, compat_version: 2, ..MessageHeader::default() };
        let payload = Payload { front: Bytes::from_static(&[1; 32]), ..Payload::default() };
        assert!(MMonGetVersionReply::decode(&header, payload).is_ok());
    }
}
