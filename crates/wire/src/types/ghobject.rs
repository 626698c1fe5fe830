//! Objects as an OSD's store knows them.

use core::fmt;

use super::{HObject, ShardId};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// An object with the generation and the shard that an erasure-coded pool adds to it: `ghobject_t`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GhObject {
    /// The object.
    pub hobj: HObject,
    /// Which generation of it; [`Self::NO_GEN`] in a replicated pool.
    pub generation: u64,
    /// Which shard of it.
    pub shard_id: ShardId,
    /// Whether this is what comes behind all objects.
    pub max: bool,
}

impl GhObject {
    /// No generation.
    pub const NO_GEN: u64 = u64::MAX;
}

impl From<HObject> for GhObject {
    fn from(hobj: HObject) -> Self {
        Self { hobj, generation: Self::NO_GEN, shard_id: ShardId::NONE, max: false }
    }
}

/// As Ceph's least one.
impl Default for GhObject {
    fn default() -> Self {
        HObject::MIN.into()
    }
}

/// `GHMAX`, or the object with its shard in front and its generation behind, where it has them.
impl fmt::Display for GhObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.max {
            return f.write_str("GHMAX");
        }
        if *self == Self::default() {
            return f.write_str("GHMIN");
        }
        if self.shard_id != ShardId::NONE {
            write!(f, "{:x}#", self.shard_id.0)?;
        }
        write!(f, "#{}#", self.hobj)?;
        if self.generation == Self::NO_GEN { Ok(()) } else { write!(f, "{:x}", self.generation) }
    }
}

impl Decode for GhObject {
    const MIN_SIZE: usize = HObject::MIN_SIZE + 8 + 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("ghobject_t", 6, |d, version| {
            if version < 5 {
                return Err(DecodeError::TooOld { type_name: "ghobject_t", version, oldest: 5 });
            }
            Ok(Self {
                hobj: HObject::decode_body(d)?,
                generation: u64::decode(d)?,
                shard_id: ShardId::decode(d)?,
                max: if version >= 6 { bool::decode(d)? } else { false },
            })
        })
    }
}

impl Encode for GhObject {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(6, 3, |e| {
            self.hobj.encode_body(e);
            self.generation.encode(e);
            self.shard_id.encode(e);
            self.max.encode(e);
        });
    }
}
