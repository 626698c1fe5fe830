//! `CrushWrapper::encode` and `CrushWrapper::decode`.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Bucket, BucketAlg, ChooseArgMap, CrushMap, MAX_RULES, Rule, Tunables, bucket_index, check};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features};

/// `CRUSH_MAGIC`
const MAGIC: u32 = 0x0001_0000;

/// More devices than any cluster has. One item of a few bytes says how many there are, and whoever weighs or lists them would
/// fill the memory for it.
const MAX_DEVICES: i32 = 1 << 20;

/// A map takes all the bytes that the decoder has: what an older writer left out is told from the end of them, and what a
/// newer one appended is skipped. Ceph always writes it as a `bufferlist` of its own.
impl Decode for CrushMap {
    const MIN_SIZE: usize = 28;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let magic = u32::decode(d)?;
        if magic != MAGIC {
            return Err(DecodeError::Invalid { what: "crush magic", value: magic.into() });
        }
        let max_buckets = u32::decode(d)?;
        let max_rules = u32::decode(d)?;
        // Computed anew below, as Ceph does.
        let _max_devices = i32::decode(d)?;
        let mut map = Self::new();
        map.buckets = decode_buckets(d, max_buckets)?;
        map.rules = decode_rules(d, max_rules)?;
        map.type_map = decode_names(d)?;
        map.name_map = decode_names(d)?;
        map.rule_name_map = decode_names(d)?;
        map.tunables = decode_tunables(d)?;
        if !d.is_empty() {
            map.class_map = BTreeMap::decode(d)?;
            map.class_name = BTreeMap::decode(d)?;
            map.class_bucket = BTreeMap::decode(d)?;
        }
        if !d.is_empty() {
            map.choose_args = BTreeMap::decode(d)?;
        }
        if !d.is_empty() {
            map.tunables.msr_descents = u32::decode(d)?;
            map.tunables.msr_collision_tries = u32::decode(d)?;
        }
        d.take(d.left())?;
        check::no_loops(&map)?;
        finish_choose_args(&mut map)?;
        map.finalize();
        if map.max_devices > MAX_DEVICES {
            return Err(DecodeError::Invalid {
                what: "number of crush devices",
                value: map.max_devices.unsigned_abs().into(),
            });
        }
        Ok(map)
    }
}

fn decode_buckets(d: &mut Decoder<'_>, n: u32) -> Result<Vec<Option<Box<Bucket>>>, DecodeError> {
    let n = slots(d, n)?;
    let mut buckets = Vec::with_capacity(n);
    for index in 0..n {
        let slot = Bucket::decode_slot(d)?;
        if let Some(bucket) = &slot
            && bucket_index(bucket.id) != Some(index)
        {
            return Err(DecodeError::Invalid {
                what: "crush bucket id",
                value: u64::from(bucket.id.unsigned_abs()),
            });
        }
        buckets.push(slot);
    }
    Ok(buckets)
}

fn decode_rules(d: &mut Decoder<'_>, n: u32) -> Result<Vec<Option<Rule>>, DecodeError> {
    if n as usize > MAX_RULES {
        return Err(DecodeError::Invalid { what: "number of crush rules", value: n.into() });
    }
    (0..n).map(|number| Rule::decode_slot(d, number)).collect()
}

/// A number of slots, each of which takes four bytes at least.
fn slots(d: &Decoder<'_>, n: u32) -> Result<usize, DecodeError> {
    let wanted = u64::from(n) * 4;
    match usize::try_from(n) {
        Ok(n) if wanted <= d.left() as u64 => Ok(n),
        _ => Err(DecodeError::Truncated { wanted, left: d.left() as u64 }),
    }
}

/// `decode_32_or_64_string_map`: some old writers wrote keys of 64 bits. Names are never empty, so a length of 0 is the
/// upper half of such a key; and an empty name, which could then not be written again, is refused.
fn decode_names(d: &mut Decoder<'_>) -> Result<BTreeMap<i32, String>, DecodeError> {
    let n = d.count(8)?;
    let mut names = BTreeMap::new();
    for _ in 0..n {
        let key = i32::decode(d)?;
        let mut name = String::decode(d)?;
        if name.is_empty() {
            name = String::decode(d)?;
        }
        if name.is_empty() {
            return Err(DecodeError::Invalid { what: "length of a crush name", value: 0 });
        }
        names.insert(key, name);
    }
    Ok(names)
}

/// Each release appended some; what is not there has its legacy value.
fn decode_tunables(d: &mut Decoder<'_>) -> Result<Tunables, DecodeError> {
    let mut t = Tunables::legacy();
    if !d.is_empty() {
        t.choose_local_tries = u32::decode(d)?;
        t.choose_local_fallback_tries = u32::decode(d)?;
        t.choose_total_tries = u32::decode(d)?;
    }
    if !d.is_empty() {
        t.chooseleaf_descend_once = u32::decode(d)?;
    }
    if !d.is_empty() {
        t.chooseleaf_vary_r = u8::decode(d)?;
    }
    if !d.is_empty() {
        t.straw_calc_version = u8::decode(d)?;
    }
    if !d.is_empty() {
        t.allowed_bucket_algs = u32::decode(d)?;
    }
    if !d.is_empty() {
        t.chooseleaf_stable = u8::decode(d)?;
    }
    Ok(t)
}

/// Refuses choose args that Ceph would abort on, and drops those of buckets that cannot have any
/// (`update_choose_args`).
fn finish_choose_args(map: &mut CrushMap) -> Result<(), DecodeError> {
    let buckets = &map.buckets;
    let bucket = |id: i32| bucket_index(id).and_then(|index| buckets.get(index));
    for (id, arg) in map.choose_args.values().flat_map(ChooseArgMap::iter) {
        let size = match bucket(id) {
            None => {
                return Err(DecodeError::Invalid {
                    what: "crush choose_args bucket",
                    value: id.unsigned_abs().into(),
                });
            }
            Some(slot) => slot.as_ref().map_or(0, |bucket| bucket.items.len()),
        };
        if !arg.ids.is_empty() && arg.ids.len() != size {
            return Err(DecodeError::Invalid {
                what: "number of crush choose_args ids",
                value: arg.ids.len() as u64,
            });
        }
    }
    for args in map.choose_args.values_mut() {
        args.retain(|id, _| {
            bucket(id)
                .and_then(Option::as_ref)
                .is_some_and(|bucket| matches!(bucket.alg, BucketAlg::Straw2 { .. }))
        });
    }
    Ok(())
}

impl Encode for CrushMap {
    fn encode(&self, e: &mut Encoder) {
        MAGIC.encode(e);
        e.count(self.buckets.len());
        e.count(self.rules.len());
        self.max_devices.encode(e);
        self.encode_buckets(e);
        for (number, slot) in (0..=u8::MAX).zip(&self.rules) {
            match slot {
                Some(rule) => rule.encode_slot(e, number),
                None => 0u32.encode(e),
            }
        }
        self.type_map.encode(e);
        self.name_map.encode(e);
        self.rule_name_map.encode(e);
        self.encode_tunables(e);
        if e.features().has(Features::SERVER_LUMINOUS) {
            self.class_map.encode(e);
            self.class_name.encode(e);
            self.class_bucket.encode(e);
            self.choose_args.encode(e);
        }
        if e.features().has(Features::CRUSH_MSR) {
            self.tunables.msr_descents.encode(e);
            self.tunables.msr_collision_tries.encode(e);
        }
    }
}

impl CrushMap {
    fn encode_buckets(&self, e: &mut Encoder) {
        let stand_in =
            if e.features().has(Features::CRUSH_CHOOSE_ARGS) { None } else { self.compatible_choose_args() };
        for slot in &self.buckets {
            match slot {
                None => 0u32.encode(e),
                Some(bucket) => {
                    let arg = stand_in.and_then(|args| args.get(bucket.id));
                    bucket.encode_slot(e, arg.and_then(|arg| arg.weights(0)));
                }
            }
        }
    }

    fn encode_tunables(&self, e: &mut Encoder) {
        let t = &self.tunables;
        t.choose_local_tries.encode(e);
        t.choose_local_fallback_tries.encode(e);
        t.choose_total_tries.encode(e);
        t.chooseleaf_descend_once.encode(e);
        t.chooseleaf_vary_r.encode(e);
        t.straw_calc_version.encode(e);
        t.allowed_bucket_algs.encode(e);
        if e.features().has(Features::CRUSH_TUNABLES5) {
            t.chooseleaf_stable.encode(e);
        }
    }

    /// The only choose args, where a reader that knows none can be given them as plain weights
    /// (`has_incompat_choose_args`).
    fn compatible_choose_args(&self) -> Option<&ChooseArgMap> {
        let args = self.choose_args.get(&Self::DEFAULT_CHOOSE_ARGS)?;
        (self.choose_args.len() == 1 && args.is_compatible()).then_some(args)
    }
}
