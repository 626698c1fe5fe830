//! A set of shards.

use crate::types::ShardId;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// Shards of an erasure-coded pool: `shard_id_set`, which holds those from 0 to 127.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardSet(u128);

impl ShardSet {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the shard is one of them.
    #[must_use]
    pub fn contains(self, shard: ShardId) -> bool {
        u32::try_from(shard.0).is_ok_and(|bit| self.0 >> bit & 1 == 1)
    }

    /// Adds a shard; [`ShardId::NONE`] is none.
    pub fn insert(&mut self, shard: ShardId) {
        if let Ok(bit) = u32::try_from(shard.0) {
            self.0 |= 1 << bit;
        }
    }

    /// The shards, from the lowest to the highest.
    pub fn iter(self) -> impl Iterator<Item = ShardId> {
        (0..=i8::MAX).map(ShardId).filter(move |shard| self.contains(*shard))
    }
}

impl FromIterator<ShardId> for ShardSet {
    fn from_iter<I: IntoIterator<Item = ShardId>>(shards: I) -> Self {
        let mut set = Self::default();
        shards.into_iter().for_each(|shard| set.insert(shard));
        set
    }
}

/// Two words of 64 bits, the lower one first, each as a `denc_varint`: seven bits a byte, the lowest first, and the eighth
/// bit where more follow.
impl Decode for ShardSet {
    const MIN_SIZE: usize = 2;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let low = varint(d)?;
        let high = varint(d)?;
        Ok(Self(u128::from(low) | u128::from(high) << 64))
    }
}

impl Encode for ShardSet {
    fn encode(&self, e: &mut Encoder) {
        for shift in [0, 64] {
            let mut rest = self.0 >> shift & u128::from(u64::MAX);
            loop {
                let [byte, ..] = rest.to_le_bytes();
                rest >>= 7;
                if rest == 0 {
                    (byte & 0x7f).encode(e);
                    break;
                }
                (byte | 0x80).encode(e);
            }
        }
    }
}

fn varint(d: &mut Decoder<'_>) -> Result<u64, DecodeError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = u8::decode(d)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DecodeError::Invalid { what: "a varint of more than 64 bits", value })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::Features;

    #[test]
    fn shards_of_both_words_come_back() {
        for shards in [&[][..], &[1, 2, 3], &[0, 63], &[64, 127], &[6, 7, 100]] {
            let set: ShardSet = shards.iter().copied().map(ShardId).collect();
            let bytes = set.to_bytes(Features::NONE);
            assert_eq!(ShardSet::decode_all(&bytes), Ok(set));
            assert_eq!(set.iter().map(|shard| shard.0).collect::<Vec<_>>(), shards);
            assert_eq!(set.len() as usize, shards.len());
        }
        let low: ShardSet = [1, 2, 3, 7].map(ShardId).into_iter().collect();
        assert_eq!(*low.to_bytes(Features::NONE), [0x8e, 0x01, 0x00]);
        assert!(!low.contains(ShardId::NONE));
    }

    #[test]
    fn a_word_without_end_is_refused() {
        let endless = bytes::Bytes::from_static(&[0xff; 40]);
        assert!(matches!(ShardSet::decode_all(&endless), Err(DecodeError::Invalid { .. })));
    }
}
