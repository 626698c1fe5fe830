//! Where the parts of a frame are (`preamble_block_t`, `FrameAssembler`).

use super::Tag;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, crc32c_list};

/// The most segments that a frame has.
pub const MAX_NUM_SEGMENTS: usize = 4;
/// The size of a preamble, without what a secure one has in it.
pub const PREAMBLE_SIZE: usize = 32;
/// How much of the first segment has room in a secure preamble (`FRAME_PREAMBLE_INLINE_SIZE`).
pub const INLINE_SIZE: usize = 48;
/// The size of what proves that encrypted bytes are whole.
pub const TAG_SIZE: usize = 16;
/// The size of a secure epilogue, without its proof.
pub const SECURE_EPILOGUE_SIZE: usize = 16;

/// The block that segments are padded to when they are encrypted (`CRYPTO_BLOCK_SIZE`).
const BLOCK: u64 = 16;
/// The size of a checksum.
const CRC_SIZE: u64 = 4;
/// How much of a preamble its checksum covers.
const COVERED: usize = PREAMBLE_SIZE - 4;

/// The size that so many bytes have when they are encrypted.
#[must_use]
pub const fn padded_len(len: u32) -> u64 {
    (len as u64).next_multiple_of(BLOCK)
}

/// The checksum of a segment. Unlike those of v1 it begins with all bits set.
#[must_use]
pub fn segment_crc(segment: &BufferList) -> u32 {
    crc32c_list(u32::MAX, segment)
}

/// One segment of a frame as its preamble tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Its length in bytes, before it is padded.
    pub length: u32,
    /// How the receiver may want to align it.
    pub alignment: u16,
}

impl Segment {
    /// What most segments are aligned to.
    pub const DEFAULT_ALIGNMENT: u16 = 8;
    /// What data are aligned to.
    pub const PAGE_SIZE_ALIGNMENT: u16 = 4096;
}

/// How a frame begins (`preamble_block_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// What the frame is.
    pub tag: Tag,
    /// [`Self::COMPRESSED`].
    pub flags: u8,
    num_segments: u8,
    segments: [Segment; MAX_NUM_SEGMENTS],
}

impl Preamble {
    /// The segments are compressed (`FRAME_EARLY_DATA_COMPRESSED`).
    pub const COMPRESSED: u8 = 1;

    /// For segments of these lengths. Empty ones at the end are left out, but for the first.
    #[must_use]
    pub fn new(tag: Tag, lengths: [u32; MAX_NUM_SEGMENTS]) -> Self {
        let num_segments = lengths.iter().rposition(|length| *length > 0).map_or(1, |last| last + 1);
        let mut segments = [Segment::default(); MAX_NUM_SEGMENTS];
        for (at, (segment, length)) in segments.iter_mut().zip(lengths).take(num_segments).enumerate() {
            let is_data = at + 1 == MAX_NUM_SEGMENTS;
            let alignment = if is_data { Segment::PAGE_SIZE_ALIGNMENT } else { Segment::DEFAULT_ALIGNMENT };
            *segment = Segment { length, alignment };
        }
        let num_segments = u8::try_from(num_segments).unwrap_or_default();
        Self { tag, flags: 0, num_segments, segments }
    }

    /// The same, of segments that are compressed.
    #[must_use]
    pub const fn compressed(mut self) -> Self {
        self.flags |= Self::COMPRESSED;
        self
    }

    /// Whether the segments are compressed.
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        self.flags & Self::COMPRESSED != 0
    }

    /// The segments that the frame has; one at least.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        self.segments.get(..usize::from(self.num_segments)).unwrap_or_default()
    }

    /// The length of a segment, 0 where the frame does not have it.
    #[must_use]
    pub fn length(&self, segment: usize) -> u32 {
        self.segments().get(segment).map_or(0, |segment| segment.length)
    }

    /// The bytes on the wire, with their checksum.
    #[must_use]
    pub fn to_array(&self) -> [u8; PREAMBLE_SIZE] {
        let mut bytes = [0; PREAMBLE_SIZE];
        let segments = self.segments.iter().flat_map(|segment| {
            let [a, b, c, d] = segment.length.to_le_bytes();
            let [e, f] = segment.alignment.to_le_bytes();
            [a, b, c, d, e, f]
        });
        let all = [self.tag.0, self.num_segments].into_iter().chain(segments).chain([self.flags, 0]);
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = from;
        }
        let crc = crate::crc32c(0, bytes.get(..COVERED).unwrap_or_default());
        for (to, from) in bytes.iter_mut().skip(COVERED).zip(crc.to_le_bytes()) {
            *to = from;
        }
        bytes
    }
}

/// Checks the checksum, and that there are segments as there may be.
impl Decode for Preamble {
    const MIN_SIZE: usize = PREAMBLE_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let bytes = d.array::<PREAMBLE_SIZE>()?;
        let d = &mut Decoder::new(&bytes);
        let computed = crate::crc32c(0, bytes.get(..COVERED).unwrap_or_default());
        let tag = Tag(u8::decode(d)?);
        let num_segments = u8::decode(d)?;
        let mut segments = [Segment::default(); MAX_NUM_SEGMENTS];
        for segment in &mut segments {
            *segment = Segment { length: u32::decode(d)?, alignment: u16::decode(d)? };
        }
        let flags = u8::decode(d)?;
        let _reserved = u8::decode(d)?;
        let found = u32::decode(d)?;
        if found != computed {
            return Err(DecodeError::Checksum { what: "preamble", found, computed });
        }
        let preamble = Self { tag, flags, num_segments, segments };
        let is_whole = match preamble.segments() {
            [] => false,
            [_] => true,
            [.., last] => last.length > 0,
        };
        if !is_whole {
            return Err(DecodeError::Invalid { what: "number of segments", value: u64::from(num_segments) });
        }
        Ok(preamble)
    }
}

impl Encode for Preamble {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.to_array());
    }
}

/// Which revision of the frames is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// 2.0: checksums of all segments at the end of a frame.
    Rev0,
    /// 2.1: preamble and first segment have checksums of their own, and can be believed before the rest comes.
    Rev1,
}

/// How many bytes the parts of a frame take on the wire (`FrameAssembler::get_*_onwire_len`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The revision.
    pub revision: Revision,
    /// Whether parts are encrypted.
    pub is_secure: bool,
}

impl Layout {
    /// The size of the preamble, with what is in it.
    #[must_use]
    pub const fn preamble_len(self) -> usize {
        match (self.revision, self.is_secure) {
            (Revision::Rev1, true) => PREAMBLE_SIZE + INLINE_SIZE + TAG_SIZE,
            _ => PREAMBLE_SIZE,
        }
    }

    /// The size of a segment, with its checksum or proof where it has one of its own.
    #[must_use]
    pub fn segment_len(self, preamble: &Preamble, segment: usize) -> u64 {
        let length = preamble.length(segment);
        let has_own = segment == 0 && self.revision == Revision::Rev1;
        match (self.is_secure, has_own) {
            (false, false) => u64::from(length),
            (false, true) if length == 0 => 0,
            (false, true) => u64::from(length) + CRC_SIZE,
            (true, false) => padded_len(length),
            (true, true) => {
                let behind = padded_len(length).saturating_sub(INLINE_SIZE as u64);
                if behind == 0 { 0 } else { behind + TAG_SIZE as u64 }
            }
        }
    }

    /// The size of the epilogue; 0 where there is none.
    #[must_use]
    pub fn epilogue_len(self, preamble: &Preamble) -> usize {
        match (self.revision, self.is_secure) {
            (Revision::Rev1, _) if preamble.segments().len() == 1 => 0,
            (_, true) => SECURE_EPILOGUE_SIZE + TAG_SIZE,
            (Revision::Rev1, false) => super::CrcEpilogue::SIZE,
            (Revision::Rev0, false) => super::CrcEpilogueRev0::SIZE,
        }
    }

    /// The size of the whole frame.
    #[must_use]
    pub fn frame_len(self, preamble: &Preamble) -> u64 {
        let segments = (0..preamble.segments().len()).map(|segment| self.segment_len(preamble, segment));
        self.preamble_len() as u64 + segments.sum::<u64>() + self.epilogue_len(preamble) as u64
    }
}
