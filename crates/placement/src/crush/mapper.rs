//! What both ways of choosing share: the map, the input, and one step down the hierarchy.

use loligo_wire::crush::{Bucket, ChooseArgMap, CrushMap};

use super::choose::bucket_choose;
use super::work::Scratch;
use crate::hash::crush_hash32_2;

/// `CRUSH_ITEM_UNDEF`: not chosen yet.
pub(super) const UNDEF: i32 = 0x7fff_fffe;
/// `CRUSH_ITEM_NONE`: a position that nothing was found for.
pub(super) const NONE: i32 = 0x7fff_ffff;

/// What a mapping looks at; the same through all its steps.
pub(super) struct Mapper<'a> {
    pub(super) map: &'a CrushMap,
    pub(super) weights: &'a [u32],
    pub(super) choose_args: Option<&'a ChooseArgMap>,
    pub(super) x: u32,
    pub(super) scratch: &'a mut Scratch,
}

/// A child that was chosen.
pub(super) enum Child<'a> {
    /// It is of the type that is looked for.
    Wanted { item: i32, is_device: bool },
    /// A bucket of another type: look below it.
    Below(&'a Bucket),
    /// Nothing that could ever be of use: a device where a bucket is wanted, or one that the map does not have.
    Bad,
}

impl<'a> Mapper<'a> {
    /// Chooses a child of the bucket. None for a bucket that has none.
    #[inline]
    pub(super) fn choose(&mut self, bucket: &Bucket, r: i32, position: usize) -> Option<i32> {
        let arg = self.choose_args.and_then(|args| args.get(bucket.id));
        bucket_choose(self.scratch, bucket, self.x, r.cast_unsigned(), arg, position)
    }

    /// What a chosen child is to one who looks for an item of type `wanted`.
    #[inline]
    pub(super) fn classify(&self, item: i32, wanted: i32) -> Child<'a> {
        if item >= self.map.max_devices() {
            return Child::Bad;
        }
        if item >= 0 {
            return if wanted == 0 { Child::Wanted { item, is_device: true } } else { Child::Bad };
        }
        match self.map.bucket(item) {
            None => Child::Bad,
            Some(bucket) if i32::from(bucket.bucket_type) == wanted => {
                Child::Wanted { item, is_device: bucket.bucket_type == 0 }
            }
            Some(bucket) => Child::Below(bucket),
        }
    }

    /// Whether a device is out, wholly or for this input (`is_out`).
    pub(super) fn is_out(&self, item: i32) -> bool {
        let weight = usize::try_from(item).ok().and_then(|index| self.weights.get(index));
        match weight.copied().unwrap_or(0) {
            0 => true,
            0x1_0000.. => false,
            weight => crush_hash32_2(self.x, item.cast_unsigned()) & 0xffff >= weight,
        }
    }
}
