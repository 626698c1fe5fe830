//! What stands behind a message.

use core::ops::BitOr;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// What a footer says of its message (`CEPH_MSG_FOOTER_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FooterFlags(pub u8);

impl FooterFlags {
    /// The message was sent to its end.
    pub const COMPLETE: Self = Self(1);
    /// There is no checksum of the data.
    pub const NOCRC: Self = Self(2);
    /// The message is signed.
    pub const SIGNED: Self = Self(4);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for FooterFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The footer of a message where both have `MSG_AUTH`: `ceph_msg_footer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFooter {
    /// The checksum of the front, from 0.
    pub front_crc: u32,
    /// The checksum of the middle, from 0.
    pub middle_crc: u32,
    /// The checksum of the data, from 0.
    pub data_crc: u32,
    /// The signature; 0 where there is none.
    pub sig: u64,
    /// What it says of the message.
    pub flags: FooterFlags,
}

impl MessageFooter {
    /// The size on the wire.
    pub const SIZE: usize = 21;
}

impl Decode for MessageFooter {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            front_crc: u32::decode(d)?,
            middle_crc: u32::decode(d)?,
            data_crc: u32::decode(d)?,
            sig: u64::decode(d)?,
            flags: FooterFlags(u8::decode(d)?),
        })
    }
}

impl Encode for MessageFooter {
    fn encode(&self, e: &mut Encoder) {
        self.front_crc.encode(e);
        self.middle_crc.encode(e);
        self.data_crc.encode(e);
        self.sig.encode(e);
        self.flags.0.encode(e);
    }
}

/// The footer of a message where one lacks `MSG_AUTH`: `ceph_msg_footer_old`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OldFooter {
    /// The checksum of the front, from 0.
    pub front_crc: u32,
    /// The checksum of the middle, from 0.
    pub middle_crc: u32,
    /// The checksum of the data, from 0.
    pub data_crc: u32,
    /// What it says of the message.
    pub flags: FooterFlags,
}

impl OldFooter {
    /// The size on the wire.
    pub const SIZE: usize = 13;
}

/// Without a signature.
impl From<OldFooter> for MessageFooter {
    fn from(old: OldFooter) -> Self {
        let OldFooter { front_crc, middle_crc, data_crc, flags } = old;
        Self { front_crc, middle_crc, data_crc, sig: 0, flags }
    }
}

/// The signature is lost.
impl From<MessageFooter> for OldFooter {
    fn from(footer: MessageFooter) -> Self {
        let MessageFooter { front_crc, middle_crc, data_crc, sig: _, flags } = footer;
        Self { front_crc, middle_crc, data_crc, flags }
    }
}

impl Decode for OldFooter {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            front_crc: u32::decode(d)?,
            middle_crc: u32::decode(d)?,
            data_crc: u32::decode(d)?,
            flags: FooterFlags(u8::decode(d)?),
        })
    }
}

impl Encode for OldFooter {
    fn encode(&self, e: &mut Encoder) {
        self.front_crc.encode(e);
        self.middle_crc.encode(e);
        self.data_crc.encode(e);
        self.flags.0.encode(e);
    }
}
