//! The first segment of a message.

use crate::msgr1::MessageHeader;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityName, Tid};

/// The header of a message (`ceph_msg_header2`). The lengths of its parts stand in the preamble, its sender is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageHeader2 {
    /// The number of the message in its session, from 1.
    pub seq: u64,
    /// The transaction that it belongs to; 0 is none.
    pub tid: Tid,
    /// What it is (`type`).
    pub message_type: u16,
    /// How urgent, see [`priority`](crate::msgr1::priority).
    pub priority: u16,
    /// The version of its encoding.
    pub version: u16,
    /// Not used; 0.
    pub data_pre_padding_len: u32,
    /// Where the data belong in their object, as far as that helps the receiver to align them.
    pub data_off: u16,
    /// The number of the last message received.
    pub ack_seq: u64,
    /// Those of a v1 footer.
    pub flags: u8,
    /// The oldest reader's version that understands it; 0 where the sender does not say.
    pub compat_version: u16,
    /// Not used.
    pub reserved: u16,
}

impl MessageHeader2 {
    /// The size on the wire.
    pub const SIZE: usize = 41;

    /// The bytes on the wire.
    #[must_use]
    pub fn to_array(&self) -> [u8; Self::SIZE] {
        let fields: [&[u8]; 11] = [
            &self.seq.to_le_bytes(),
            &self.tid.0.to_le_bytes(),
            &self.message_type.to_le_bytes(),
            &self.priority.to_le_bytes(),
            &self.version.to_le_bytes(),
            &self.data_pre_padding_len.to_le_bytes(),
            &self.data_off.to_le_bytes(),
            &self.ack_seq.to_le_bytes(),
            &[self.flags],
            &self.compat_version.to_le_bytes(),
            &self.reserved.to_le_bytes(),
        ];
        let mut array = [0; Self::SIZE];
        for (to, from) in array.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        array
    }

    /// The same as a header of v1, for parts of these lengths from that sender. Its checksum is not filled in.
    #[must_use]
    pub const fn to_v1(
        self,
        src: EntityName,
        front_len: u32,
        middle_len: u32,
        data_len: u32,
    ) -> MessageHeader {
        MessageHeader {
            seq: self.seq,
            tid: self.tid,
            message_type: self.message_type,
            priority: self.priority,
            version: self.version,
            front_len,
            middle_len,
            data_len,
            data_off: self.data_off,
            src,
            compat_version: self.compat_version,
            reserved: self.reserved,
            crc: 0,
        }
    }
}

impl Decode for MessageHeader2 {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: Decode::decode(d)?,
            tid: Decode::decode(d)?,
            message_type: Decode::decode(d)?,
            priority: Decode::decode(d)?,
            version: Decode::decode(d)?,
            data_pre_padding_len: Decode::decode(d)?,
            data_off: Decode::decode(d)?,
            ack_seq: Decode::decode(d)?,
            flags: Decode::decode(d)?,
            compat_version: Decode::decode(d)?,
            reserved: Decode::decode(d)?,
        })
    }
}

impl Encode for MessageHeader2 {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.to_array());
    }
}
