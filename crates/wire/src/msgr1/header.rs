//! What stands before a message.

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityName, Tid, crc32c};

/// Priorities of messages (`CEPH_MSG_PRIO_*`); higher ones are sent first.
pub mod priority {
    /// Ops of clients, and what must stay in order with them (Ceph's default for `osd_client_op_priority`). OSDs share
    /// their time by it.
    pub const OSD_CLIENT_OP: u16 = 63;
    /// Background work.
    pub const LOW: u16 = 64;
    /// What everything has that says nothing else.
    pub const DEFAULT: u16 = 127;
    /// What others wait for.
    pub const HIGH: u16 = 196;
    /// Before everything.
    pub const HIGHEST: u16 = 255;
}

/// The header of a message: `ceph_msg_header`.
///
/// The type is a plain number, see the constants of [`msg_type`](crate::message::msg_type).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageHeader {
    /// The number of the message in its session, from 1.
    pub seq: u64,
    /// The transaction that it belongs to; 0 is none.
    pub tid: Tid,
    /// What it is (`type`).
    pub message_type: u16,
    /// How urgent, see [`priority`].
    pub priority: u16,
    /// The version of its encoding.
    pub version: u16,
    /// The length of the front, in bytes.
    pub front_len: u32,
    /// The length of the middle, in bytes.
    pub middle_len: u32,
    /// The length of the data, in bytes.
    pub data_len: u32,
    /// Where the data belong in their object, as far as that helps the receiver to align them.
    pub data_off: u16,
    /// Who sends it.
    pub src: EntityName,
    /// The oldest reader's version that understands it; 0 where the sender does not say.
    pub compat_version: u16,
    /// Not used.
    pub reserved: u16,
    /// The checksum of all fields before it. See [`Self::seal`].
    pub crc: u32,
}

impl MessageHeader {
    /// The size on the wire.
    pub const SIZE: usize = 53;

    /// How much of it the checksum covers.
    const COVERED: usize = Self::SIZE - 4;

    /// The checksum of its fields (`calc_header_crc`).
    #[must_use]
    pub fn computed_crc(&self) -> u32 {
        crc32c(0, &self.covered())
    }

    /// Puts the right checksum in.
    pub fn seal(&mut self) {
        self.crc = self.computed_crc();
    }

    /// Checks the checksum.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Checksum`] when it does not match.
    pub fn verify(&self) -> Result<(), DecodeError> {
        let computed = self.computed_crc();
        if self.crc == computed {
            Ok(())
        } else {
            Err(DecodeError::Checksum { what: "message header", found: self.crc, computed })
        }
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn to_array(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let covered = self.covered();
        for (to, from) in bytes.iter_mut().zip(covered.iter().chain(&self.crc.to_le_bytes())) {
            *to = *from;
        }
        bytes
    }

    /// The bytes that the checksum covers.
    fn covered(&self) -> [u8; Self::COVERED] {
        let mut bytes = [0; Self::COVERED];
        let mut rest = bytes.as_mut_slice();
        let mut put = |field: &[u8]| {
            if let Some((to, behind)) = core::mem::take(&mut rest).split_at_mut_checked(field.len()) {
                to.copy_from_slice(field);
                rest = behind;
            }
        };
        put(&self.seq.to_le_bytes());
        put(&self.tid.0.to_le_bytes());
        put(&self.message_type.to_le_bytes());
        put(&self.priority.to_le_bytes());
        put(&self.version.to_le_bytes());
        put(&self.front_len.to_le_bytes());
        put(&self.middle_len.to_le_bytes());
        put(&self.data_len.to_le_bytes());
        put(&self.data_off.to_le_bytes());
        put(&[self.src.kind.0]);
        put(&self.src.num.to_le_bytes());
        put(&self.compat_version.to_le_bytes());
        put(&self.reserved.to_le_bytes());
        bytes
    }
}

/// Does not look at the checksum: see [`MessageHeader::verify`].
impl Decode for MessageHeader {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: u64::decode(d)?,
            tid: Tid::decode(d)?,
            message_type: u16::decode(d)?,
            priority: u16::decode(d)?,
            version: u16::decode(d)?,
            front_len: u32::decode(d)?,
            middle_len: u32::decode(d)?,
            data_len: u32::decode(d)?,
            data_off: u16::decode(d)?,
            src: EntityName::decode(d)?,
            compat_version: u16::decode(d)?,
            reserved: u16::decode(d)?,
            crc: u32::decode(d)?,
        })
    }
}

/// Writes the checksum as it stands: see [`MessageHeader::seal`].
impl Encode for MessageHeader {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.to_array());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Features;

    fn header() -> MessageHeader {
        MessageHeader {
            seq: 0x0102,
            tid: Tid(3),
            message_type: 42,
            priority: priority::DEFAULT,
            version: 8,
            front_len: 5,
            middle_len: 6,
            data_len: 7,
            data_off: 9,
            src: EntityName::client(4155),
            compat_version: 3,
            reserved: 0,
            crc: 0,
        }
    }

    #[test]
    fn the_layout_is_that_of_the_c_struct() {
        let bytes = header().to_array();
        assert_eq!(bytes[..8], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16..22], [42, 0, 127, 0, 8, 0]);
        assert_eq!(bytes[34..45], [9, 0, 8, 0x3b, 0x10, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[45..49], [3, 0, 0, 0]);
        assert_eq!(header().to_bytes(Features::NONE), bytes.as_slice());
    }

    #[test]
    fn a_changed_bit_breaks_the_checksum() {
        let mut sealed = header();
        sealed.seal();
        assert_eq!(sealed.verify(), Ok(()));
        for at in 0..MessageHeader::SIZE {
            let mut bytes = sealed.to_array();
            bytes[at] ^= 1;
            let changed = MessageHeader::decode(&mut Decoder::new(&bytes)).unwrap();
            assert!(matches!(changed.verify(), Err(DecodeError::Checksum { .. })), "byte {at}");
        }
    }
}
