//! Messages in files.

use alloc::boxed::Box;

use bytes::Bytes;

use super::{Line, Print};
use crate::dump::{Dump, Formatter, Value};
use crate::message::{Message, Payload};
use crate::msgr1::{FooterFlags, MessageHeader, OldFooter};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, crc32c};

/// A message with its header, as Ceph keeps one in a file (`encode_message`): header, footer without a signature, and the parts,
/// each with its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope<M> {
    header: MessageHeader,
    flags: FooterFlags,
    message: M,
}

/// Reads a message of that type.
pub(super) fn decode<M: Print + 'static>(d: &mut Decoder<'_>) -> Result<Box<dyn Value>, DecodeError> {
    Envelope::<M>::decode(d).map(|envelope| Box::new(envelope) as Box<dyn Value>)
}

impl<M: Print> Decode for Envelope<M> {
    const MIN_SIZE: usize = MessageHeader::SIZE + OldFooter::SIZE + 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let header = MessageHeader::decode(d)?;
        let footer = OldFooter::decode(d)?;
        if header.message_type != M::TYPE {
            return Err(DecodeError::Invalid {
                what: "type of the message",
                value: header.message_type.into(),
            });
        }
        let (front, middle) = <(Bytes, Bytes)>::decode(d)?;
        let data = BufferList::from(Bytes::decode(d)?);
        let message = M::decode(&header, Payload::received(&header, front, middle, data))?;
        Ok(Self { header, flags: footer.flags, message })
    }
}

impl<M: Message> Encode for Envelope<M> {
    fn encode(&self, e: &mut Encoder) {
        let Payload { version, compat_version, front, middle, data, .. } = self.message.encode(e.features());
        let data: alloc::vec::Vec<u8> = data.pieces().iter().flatten().copied().collect();
        let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or(u32::MAX);
        let mut header = MessageHeader {
            version,
            compat_version,
            front_len: length(&front),
            middle_len: length(&middle),
            data_len: length(&data),
            ..self.header
        };
        header.seal();
        let [front_crc, middle_crc, data_crc] = [&front[..], &middle, &data].map(|part| crc32c(0, part));
        header.encode(e);
        OldFooter { front_crc, middle_crc, data_crc, flags: self.flags }.encode(e);
        front.encode(e);
        middle.encode(e);
        e.counted_bytes(&data);
    }
}

/// In a line, as in Ceph.
impl<M: Print> Dump for Envelope<M> {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("summary", Line(&self.message, &self.header));
    }
}
