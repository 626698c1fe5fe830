//! The CRUSH map: the hierarchy of devices and buckets, and the rules over it.
//!
//! Follows `crush/crush.h` and `CrushWrapper` of Ceph 20.2. What a map means, the mapping itself, is in the crate
//! `loligo-placement`; here it is read, written and built.
//!
//! ```
//! use loligo_wire::crush::CrushMap;
//! use loligo_wire::{Decode, Encode, Features};
//!
//! // Three hosts with two devices each below the root "default".
//! let mut map = CrushMap::with_hosts(3, 2);
//! let rule = map.add_simple_rule("replicated_rule", "default", "host", false)?;
//! let bytes = map.to_bytes(Features::PACIFIC);
//! let read = CrushMap::decode_all(&bytes)?;
//! assert_eq!(read, map);
//! assert_eq!(read.rule_name_map[&i32::from(rule)], "replicated_rule");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bucket;
mod builder;
mod check;
mod choose_args;
mod codec;
mod rule;
#[cfg(test)]
mod tests;
mod tunables;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

pub use bucket::{Bucket, BucketAlg};
pub use builder::CrushBuildError;
pub use choose_args::{ChooseArg, ChooseArgMap};
pub use rule::{Rule, RuleOp, RuleStep};
pub use tunables::Tunables;

/// `CRUSH_MAX_RULES`: more rules than this cannot be numbered on the wire.
pub const MAX_RULES: usize = 256;

/// A CRUSH map (`CrushWrapper` and the `crush_map` in it).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrushMap {
    /// Slot `i` holds the bucket with the id `-1 - i`.
    buckets: Vec<Option<Box<Bucket>>>,
    rules: Vec<Option<Rule>>,
    max_devices: i32,
    name_map: BTreeMap<i32, String>,
    /// How to place, as it changed over the releases.
    pub tunables: Tunables,
    /// Names of the types of buckets; 0 is the device.
    pub type_map: BTreeMap<i32, String>,
    /// Names of rules.
    pub rule_name_map: BTreeMap<i32, String>,
    /// The class of each device that has one.
    pub class_map: BTreeMap<i32, i32>,
    /// Names of the classes.
    pub class_name: BTreeMap<i32, String>,
    /// Of each bucket, by class, the bucket that shadows it with the devices of that class alone.
    pub class_bucket: BTreeMap<i32, BTreeMap<i32, i32>>,
    /// By pool, or [`Self::DEFAULT_CHOOSE_ARGS`], what its objects are placed with.
    pub choose_args: BTreeMap<i64, ChooseArgMap>,
}

/// The slot of a bucket id; none for a device.
pub(crate) fn bucket_index(id: i32) -> Option<usize> {
    (-1i32).checked_sub(id).and_then(|index| usize::try_from(index).ok())
}

impl CrushMap {
    /// The key of the choose args of all pools that have none of their own.
    pub const DEFAULT_CHOOSE_ARGS: i64 = -1;

    /// Nothing in it, and the tunables of today.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bucket with this id.
    #[inline]
    #[must_use]
    pub fn bucket(&self, id: i32) -> Option<&Bucket> {
        self.buckets.get(bucket_index(id)?)?.as_deref()
    }

    /// All buckets, from the id -1 downward.
    pub fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        self.buckets.iter().filter_map(Option::as_deref)
    }

    /// The number of bucket slots, empty ones included.
    #[must_use]
    pub const fn max_buckets(&self) -> usize {
        self.buckets.len()
    }

    /// One more than the highest device in any bucket or with a name.
    #[must_use]
    pub const fn max_devices(&self) -> i32 {
        self.max_devices
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: u8) -> Option<&Rule> {
        self.rules.get(usize::from(id))?.as_ref()
    }

    /// The number of rule slots, empty ones included.
    #[must_use]
    pub const fn max_rules(&self) -> usize {
        self.rules.len()
    }

    /// All rules and their ids.
    pub fn rules(&self) -> impl Iterator<Item = (u8, &Rule)> {
        (0..=u8::MAX).zip(&self.rules).filter_map(|(id, slot)| Some((id, slot.as_ref()?)))
    }

    /// The choose args that a pool is placed with: its own, else those for all pools
    /// (`choose_args_get_with_fallback`).
    #[must_use]
    pub fn choose_args_for(&self, pool: i64) -> Option<&ChooseArgMap> {
        self.choose_args.get(&pool).or_else(|| self.choose_args.get(&Self::DEFAULT_CHOOSE_ARGS))
    }

    /// Names of buckets and devices.
    #[must_use]
    pub const fn name_map(&self) -> &BTreeMap<i32, String> {
        &self.name_map
    }

    /// Names a bucket or device.
    pub fn set_item_name(&mut self, id: i32, name: &str) {
        self.name_map.insert(id, String::from(name));
        self.finalize();
    }

    /// The bucket or device with this name.
    #[must_use]
    pub fn item_id(&self, name: &str) -> Option<i32> {
        key_of(&self.name_map, name)
    }

    /// The type with this name.
    #[must_use]
    pub fn type_id(&self, name: &str) -> Option<i32> {
        key_of(&self.type_map, name)
    }

    /// The rule with this name.
    #[must_use]
    pub fn rule_id(&self, name: &str) -> Option<u8> {
        key_of(&self.rule_name_map, name).and_then(|id| u8::try_from(id).ok())
    }

    /// The bucket that a rule for devices of one class takes in place of `bucket`.
    #[must_use]
    pub fn shadow(&self, bucket: i32, class: &str) -> Option<i32> {
        let class = key_of(&self.class_name, class)?;
        self.class_bucket.get(&bucket)?.get(&class).copied()
    }

    /// Sets what follows from the buckets and names (`CrushWrapper::finalize`).
    fn finalize(&mut self) {
        let named = self.name_map.last_key_value().map(|(id, _)| id);
        let highest = self.buckets().flat_map(|bucket| &bucket.items).chain(named).max();
        self.max_devices = highest.map_or(0, |item| item.saturating_add(1).max(0));
    }
}

fn key_of(names: &BTreeMap<i32, String>, name: &str) -> Option<i32> {
    names.iter().find(|(_, known)| *known == name).map(|(key, _)| *key)
}
