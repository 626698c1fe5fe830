//! Makes uniform and tree buckets of some straw2 buckets of a CRUSH map, together with their shadows for device classes.
//!
//! ```text
//! mix_buckets SEED FILE [nautilus | pacific | reef | tentacle]
//! ```
//!
//! Ceph's `crushtool` refuses to make shadows of uniform buckets, and gives those of trees weights that it never set; it reads
//! both, as a cluster may have them.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;

use bytes::Bytes;
use loligo_base::Prng;
use loligo_wire::crush::{Bucket, BucketAlg, CrushMap};
use loligo_wire::{Decode, Encode, Features};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [seed, file, release] = args.as_slice() else {
        return Err("usage: mix_buckets SEED FILE [nautilus | pacific | reef | tentacle]".into());
    };
    let features = match release.as_str() {
        "nautilus" => Features::NAUTILUS,
        "pacific" => Features::PACIFIC,
        "reef" => Features::REEF,
        _ => Features::TENTACLE,
    };
    let mut dice = Prng::new(seed.parse()?);
    let mut map = CrushMap::decode_all(&Bytes::from(fs::read(file)?))?;
    for (base, shadows) in families(&map) {
        let make: fn(&[u32]) -> BucketAlg = match dice.below(3) {
            0 => uniform,
            1 => tree,
            _ => continue,
        };
        for id in [base].into_iter().chain(shadows) {
            change(&mut map, id, make)?;
        }
    }
    fs::write(file, map.to_bytes(features))?;
    Ok(())
}

/// Buckets with their shadows.
fn families(map: &CrushMap) -> BTreeMap<i32, Vec<i32>> {
    let shadows_of =
        |id: i32| map.class_bucket.get(&id).into_iter().flat_map(|of| of.values().copied()).collect();
    let shadows: Vec<i32> = map.class_bucket.values().flat_map(|of| of.values().copied()).collect();
    let bases = map.buckets().map(|bucket| bucket.id).filter(|id| !shadows.contains(id));
    bases.map(|id| (id, shadows_of(id))).collect()
}

/// Gives a bucket another kind, if it is straw2 and there is anything in it.
fn change(map: &mut CrushMap, id: i32, make: fn(&[u32]) -> BucketAlg) -> Result<(), Box<dyn Error>> {
    let is_straw2 = |bucket: &Bucket| matches!(bucket.alg, BucketAlg::Straw2 { .. });
    if !map.bucket(id).is_some_and(|bucket| is_straw2(bucket) && !bucket.items.is_empty()) {
        return Ok(());
    }
    let Some(mut bucket) = map.remove_bucket(id) else { return Ok(()) };
    let weights: Vec<u32> =
        (0..bucket.items.len()).filter_map(|position| bucket.item_weight(position)).collect();
    bucket.alg = make(&weights);
    map.add_bucket(bucket)?;
    Ok(())
}

/// All items weigh as much as the first that weighs anything.
fn uniform(weights: &[u32]) -> BucketAlg {
    BucketAlg::Uniform { item_weight: weights.iter().copied().find(|weight| *weight > 0).unwrap_or(0x1_0000) }
}

/// The items are the odd nodes, and a node stands between its two halves.
fn tree(weights: &[u32]) -> BucketAlg {
    let mut nodes = vec![0_u32; weights.len().next_power_of_two() * 2];
    for (node, weight) in nodes.iter_mut().skip(1).step_by(2).zip(weights) {
        *node = *weight;
    }
    let mut half = 1;
    while 2 * half < nodes.len() {
        for middle in (2 * half..nodes.len()).step_by(4 * half) {
            let sum = [middle - half, middle + half].iter().filter_map(|child| nodes.get(*child)).sum();
            if let Some(node) = nodes.get_mut(middle) {
                *node = sum;
            }
        }
        half *= 2;
    }
    BucketAlg::Tree { node_weights: nodes }
}
