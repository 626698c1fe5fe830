//! How a frame ends (`epilogue_*_block_t`).

use super::MAX_NUM_SEGMENTS;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// What became of a frame whose sender may give it up in its midst (`FRAME_LATE_STATUS_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateStatus {
    /// It is whole.
    Complete,
    /// What came behind the first segment is to be thrown away.
    Aborted,
}

impl LateStatus {
    const ABORTED: u8 = 0x1;
    const COMPLETE: u8 = 0xe;
    const MASK: u8 = 0xf;

    /// Reads it. Of each pair of words one must be there, so that a few wrong bits are noticed.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub const fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        match byte & Self::MASK {
            Self::COMPLETE => Ok(Self::Complete),
            Self::ABORTED => Ok(Self::Aborted),
            _ => Err(DecodeError::Invalid { what: "late status", value: byte as u64 }),
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Complete => Self::COMPLETE,
            Self::Aborted => Self::ABORTED,
        }
    }
}

/// The end of a frame of revision 2.1 in crc mode (`epilogue_crc_rev1_block_t`). A frame of one segment has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrcEpilogue {
    /// Whether the frame counts.
    pub late_status: LateStatus,
    /// The checksums of the second segment and those behind it; 0 for those that the frame does not have.
    pub crc_values: [u32; MAX_NUM_SEGMENTS - 1],
}

impl CrcEpilogue {
    /// The size on the wire.
    pub const SIZE: usize = 13;

    /// The bytes on the wire.
    #[must_use]
    pub fn to_array(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let crcs = self.crc_values.iter().flat_map(|crc| crc.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip([self.late_status.to_byte()].into_iter().chain(crcs)) {
            *to = from;
        }
        bytes
    }
}

impl Decode for CrcEpilogue {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let late_status = LateStatus::from_byte(u8::decode(d)?)?;
        Ok(Self { late_status, crc_values: [u32::decode(d)?, u32::decode(d)?, u32::decode(d)?] })
    }
}

impl Encode for CrcEpilogue {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.to_array());
    }
}

/// The end of a frame of revision 2.0 in crc mode (`epilogue_crc_rev0_block_t`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrcEpilogueRev0 {
    /// [`Self::ABORTED`].
    pub late_flags: u8,
    /// The checksums of the segments; 0 for those that the frame does not have.
    pub crc_values: [u32; MAX_NUM_SEGMENTS],
}

impl CrcEpilogueRev0 {
    /// The size on the wire.
    pub const SIZE: usize = 17;
    /// The frame is to be thrown away (`FRAME_LATE_FLAG_ABORTED`).
    pub const ABORTED: u8 = 1;
}

impl Decode for CrcEpilogueRev0 {
    const MIN_SIZE: usize = Self::SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let late_flags = u8::decode(d)?;
        let mut crc_values = [0; MAX_NUM_SEGMENTS];
        for crc in &mut crc_values {
            *crc = u32::decode(d)?;
        }
        Ok(Self { late_flags, crc_values })
    }
}

impl Encode for CrcEpilogueRev0 {
    fn encode(&self, e: &mut Encoder) {
        self.late_flags.encode(e);
        self.crc_values.iter().for_each(|crc| crc.encode(e));
    }
}
