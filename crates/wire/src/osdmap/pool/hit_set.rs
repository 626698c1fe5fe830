//! How a cache pool remembers which objects were used.

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// How a cache pool remembers which objects were used: `HitSet::Params`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HitSetParams {
    /// Not at all.
    #[default]
    None,
    /// By a set of hashes.
    ExplicitHash,
    /// By a set of objects.
    ExplicitObject,
    /// By a Bloom filter (`BloomHitSet::Params`).
    Bloom {
        /// How many in a million are wrongly taken for used.
        fpp_micro: u32,
        /// How many objects are expected.
        target_size: u64,
        /// The seed of the filter's hashes.
        seed: u64,
    },
}

impl HitSetParams {
    const NONE: u8 = 0;
    const EXPLICIT_HASH: u8 = 1;
    const EXPLICIT_OBJECT: u8 = 2;
    const BLOOM: u8 = 3;
    const KNOWN: u8 = 1;

    fn decode_bloom(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("BloomHitSet::Params", Self::KNOWN, |d, _| {
            Ok(Self::Bloom {
                fpp_micro: u32::decode(d)?,
                target_size: u64::decode(d)?,
                seed: u64::decode(d)?,
            })
        })
    }
}

impl Decode for HitSetParams {
    const MIN_SIZE: usize = 7;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("HitSet::Params", Self::KNOWN, |d, _| match u8::decode(d)? {
            Self::NONE => Ok(Self::None),
            Self::EXPLICIT_HASH => Ok(Self::ExplicitHash),
            Self::EXPLICIT_OBJECT => Ok(Self::ExplicitObject),
            Self::BLOOM => Self::decode_bloom(d),
            other => Err(DecodeError::Invalid { what: "kind of hit set", value: u64::from(other) }),
        })
    }
}

impl Encode for HitSetParams {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| match *self {
            Self::None => Self::NONE.encode(e),
            Self::ExplicitHash => Self::EXPLICIT_HASH.encode(e),
            Self::ExplicitObject => Self::EXPLICIT_OBJECT.encode(e),
            Self::Bloom { fpp_micro, target_size, seed } => {
                Self::BLOOM.encode(e);
                e.versioned(1, 1, |e| {
                    fpp_micro.encode(e);
                    target_size.encode(e);
                    seed.encode(e);
                });
            }
        });
    }
}
