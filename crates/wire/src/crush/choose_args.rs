//! `crush_choose_arg_map`: other weights and ids to place with.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::bucket_index;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// What a straw2 bucket is placed with in place of its own weights and children's ids (`struct crush_choose_arg`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChooseArg {
    /// By position in the result, the children's weights, 16.16 fixed point; the last one serves all later positions.
    /// Empty: the bucket's own. A weight that is missing counts as 0.
    pub weight_set: Vec<Vec<u32>>,
    /// Ids to hash in place of the children's. Empty: their own.
    pub ids: Vec<i32>,
}

impl ChooseArg {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weight_set.is_empty() && self.ids.is_empty()
    }

    /// The weights for a position in the result, where there are any.
    #[must_use]
    pub fn weights(&self, position: usize) -> Option<&[u32]> {
        self.weight_set.get(position).or_else(|| self.weight_set.last()).map(Vec::as_slice)
    }
}

impl Decode for ChooseArg {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { weight_set: Vec::decode(d)?, ids: Vec::decode(d)? })
    }
}

impl Encode for ChooseArg {
    fn encode(&self, e: &mut Encoder) {
        self.weight_set.encode(e);
        self.ids.encode(e);
    }
}

/// The choose args of a pool, or of all pools without their own (`struct crush_choose_arg_map`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChooseArgMap {
    /// By index of the bucket, which is `-1 - id`: the order of the wire. None of them is empty.
    args: BTreeMap<u32, ChooseArg>,
}

impl ChooseArgMap {
    /// Nothing changed.
    #[must_use]
    pub const fn new() -> Self {
        Self { args: BTreeMap::new() }
    }

    /// What this bucket is placed with.
    #[must_use]
    pub fn get(&self, bucket_id: i32) -> Option<&ChooseArg> {
        let index = u32::try_from(bucket_index(bucket_id)?).ok()?;
        self.args.get(&index)
    }

    /// Sets what a bucket is placed with; an empty one takes it away. Ids that are not a bucket's are ignored.
    pub fn set(&mut self, bucket_id: i32, arg: ChooseArg) {
        let Some(index) = bucket_index(bucket_id).and_then(|index| u32::try_from(index).ok()) else { return };
        if arg.is_empty() {
            self.args.remove(&index);
        } else {
            self.args.insert(index, arg);
        }
    }

    /// Each bucket's id and what it is placed with.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &ChooseArg)> {
        self.args.iter().map(|(index, arg)| ((-1i32).wrapping_sub_unsigned(*index), arg))
    }

    /// Keeps those that `keep` says.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(i32, &ChooseArg) -> bool) {
        self.args.retain(|index, arg| keep((-1i32).wrapping_sub_unsigned(*index), arg));
    }

    /// Whether a reader that knows no choose args can be given these as plain weights: one position, no ids.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.args.values().all(|arg| arg.weight_set.len() == 1 && arg.ids.is_empty())
    }
}

impl Decode for ChooseArgMap {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut args: BTreeMap<u32, ChooseArg> = BTreeMap::decode(d)?;
        args.retain(|_, arg| !arg.is_empty());
        Ok(Self { args })
    }
}

impl Encode for ChooseArgMap {
    fn encode(&self, e: &mut Encoder) {
        self.args.encode(e);
    }
}
