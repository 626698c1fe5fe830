//! Writes an OSDMap in which all that bears on placement is drawn at random: buckets of every kind, rules, weights, OSDs that
//! are down, out or gone, pools of every kind, and PGs with upmaps, temporary OSDs and primaries. Ceph's `osdmaptool`
//! then says where its PGs belong.
//!
//! ```text
//! random_osdmap SEED FILE [nautilus | pacific | reef | tentacle] [large]
//! ```
//!
//! The map is one of a Nautilus or Pacific cluster; of a Reef cluster, which may have upmaps of primaries; or of a Tentacle
//! cluster, which may also have optimized erasure-coded pools and multi-step-retry rules. A large one has pools of up to 256 PGs.

#![expect(clippy::indexing_slicing, reason = "what is indexed was just made that long")]

use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use loligo_base::Prng;
use loligo_placement::{Scratch, pg_to_raw_upmap};
use loligo_wire::crush::{
    Bucket, BucketAlg, ChooseArg, ChooseArgMap, CrushMap, Rule, RuleOp, RuleStep, Tunables,
};
use loligo_wire::osdmap::{OSDMap, OsdMapFlags, OsdState, PgPool, PoolFlags, PoolType};
use loligo_wire::types::{PgId, ShardId};
use loligo_wire::{Encode, Epoch, Features, OsdId, PoolId, Release, Text};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [seed, file, options @ ..] = args.as_slice() else {
        return Err("usage: random_osdmap SEED FILE [nautilus | pacific | reef | tentacle] [large]".into());
    };
    let asked = |word: &str| options.iter().any(|option| option == word);
    let mut dice = Dice(Prng::new(seed.parse()?));
    let mut map = OSDMap { epoch: Epoch(7), require_osd_release: Release::PACIFIC, ..OSDMap::default() };
    map.flags = OsdMapFlags::SORTBITWISE | OsdMapFlags::RECOVERY_DELETES | OsdMapFlags::PURGED_SNAPDIRS;
    map.crush = Arc::new(crush(&mut dice)?);
    osds(&mut dice, &mut map)?;
    pools(&mut dice, &mut map, asked("large"));
    if asked("tentacle") {
        tentacle(&mut dice, &mut map)?;
    }
    overrides(&mut dice, &mut map);
    let mut features = Features::PACIFIC;
    if asked("nautilus") {
        map.require_osd_release = Release::NAUTILUS;
        features = Features::NAUTILUS;
    }
    if asked("reef") || asked("tentacle") {
        map.require_osd_release = Release::REEF;
        features = Features::REEF;
        upmap_primaries(&mut dice, &mut map);
    }
    if asked("tentacle") {
        map.require_osd_release = Release::TENTACLE;
        features = Features::TENTACLE;
    }
    fs::write(file, map.to_bytes(features))?;
    Ok(())
}

struct Dice(Prng);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.0.below(end.into())).unwrap_or(0)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.0.chance(percent, 100)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.index(from.len()).unwrap_or(0)]
    }
}

/// A root, racks in half of the maps, hosts, and devices.
fn crush(dice: &mut Dice) -> Result<CrushMap, Box<dyn Error>> {
    let mut map = CrushMap::new();
    map.tunables = dice.pick(&[
        Tunables::argonaut(),
        Tunables::bobtail(),
        Tunables::firefly(),
        Tunables::hammer(),
        Tunables::jewel(),
        Tunables::jewel(),
    ]);
    map.type_map =
        [(0, "osd"), (1, "host"), (2, "rack"), (3, "root")].map(|(n, t)| (n, t.to_string())).into();
    let uneven = dice.chance(70);
    let (mut next_osd, mut next_id) = (0, -2);
    let mut hosts = Vec::new();
    for host in 0..6 + dice.below(5) {
        let mut devices = Vec::new();
        for _ in 0..1 + dice.below(5) {
            let weight = if uneven {
                dice.pick(&[0, 0x8000, 0x1_0000, 0x1_0000, 0x2_0000, 0x3_1234])
            } else {
                0x1_0000
            };
            devices.push((next_osd, weight));
            map.set_item_name(next_osd, &format!("osd.{next_osd}"));
            next_osd += 1;
        }
        hosts.push(add(dice, &mut map, next_id, 1, &devices)?);
        map.set_item_name(next_id, &format!("host{host}"));
        next_id -= 1;
    }
    let mut top = hosts;
    if dice.chance(50) {
        let mut racks = Vec::new();
        for members in top.chunks(3) {
            racks.push(add(dice, &mut map, next_id, 2, members)?);
            map.set_item_name(next_id, &format!("rack{next_id}"));
            next_id -= 1;
        }
        top = racks;
    }
    add(dice, &mut map, -1, 3, &top)?;
    map.set_item_name(-1, "default");
    let domain =
        if top.iter().any(|(id, _)| map.bucket(*id).is_some_and(|b| b.bucket_type == 2)) { 2 } else { 1 };
    rules(&mut map, domain)?;
    if dice.chance(50) {
        choose_args(dice, &mut map);
    }
    Ok(map)
}

/// A bucket of some algorithm, and its weight.
fn add(
    dice: &mut Dice,
    map: &mut CrushMap,
    id: i32,
    bucket_type: u16,
    children: &[(i32, u32)],
) -> Result<(i32, u32), Box<dyn Error>> {
    let mut bucket = Bucket::straw2(id, bucket_type, children);
    let item_weights: Vec<u32> = children.iter().map(|child| child.1).collect();
    match dice.below(8) {
        0 => {
            let item_weight = item_weights.first().copied().unwrap_or(0);
            bucket.weight = item_weight * u32::try_from(children.len())?;
            bucket.alg = BucketAlg::Uniform { item_weight };
        }
        1 => {
            let sum = |sum: &mut u32, weight: &u32| {
                *sum += *weight;
                Some(*sum)
            };
            let sum_weights = item_weights.iter().scan(0, sum).collect();
            bucket.alg = BucketAlg::List { item_weights, sum_weights };
        }
        2 => bucket.alg = BucketAlg::Tree { node_weights: tree(&item_weights) },
        3 => {
            // Any straws are as good as those that Ceph would compute.
            let straws = item_weights
                .iter()
                .map(|weight| if *weight == 0 { 0 } else { 0x8000 + weight / 2 })
                .collect();
            bucket.alg = BucketAlg::Straw { item_weights, straws };
        }
        _ => {}
    }
    let weight = bucket.weight;
    map.add_bucket(bucket)?;
    Ok((id, weight))
}

/// The weights of a tree's nodes: the children are the odd ones, and a node stands between its two halves.
fn tree(weights: &[u32]) -> Vec<u32> {
    let mut nodes = vec![0; weights.len().next_power_of_two() * 2];
    for (i, weight) in weights.iter().enumerate() {
        nodes[2 * i + 1] = *weight;
    }
    let mut height = 2;
    while height < nodes.len() {
        for node in (height..nodes.len()).step_by(2 * height) {
            nodes[node] = nodes[node - height / 2] + nodes[node + height / 2];
        }
        height *= 2;
    }
    nodes
}

/// Rule 0 and 1 for replicated pools, 2 and 3 for erasure-coded ones.
fn rules(map: &mut CrushMap, domain: i32) -> Result<(), Box<dyn Error>> {
    map.add_simple_rule("replicated", "default", "host", false)?;
    let steps = [
        (RuleOp::TAKE, -1, 0),
        (RuleOp::CHOOSE_FIRSTN, 0, domain),
        (RuleOp::CHOOSELEAF_FIRSTN, 1, 0),
        (RuleOp::EMIT, 0, 0),
    ];
    let steps = steps.map(|(op, arg1, arg2)| RuleStep::new(op, arg1, arg2)).to_vec();
    map.add_rule(
        "by domain",
        Rule { rule_type: Rule::REPLICATED, deprecated_min_size: 1, deprecated_max_size: 10, steps },
    )?;
    map.add_simple_rule("erasure", "default", "host", true)?;
    map.add_simple_rule("erasure over osds", "default", "osd", true)?;
    Ok(())
}

/// For pool 2 and for all others: one with ids and two positions, one with weights alone.
fn choose_args(dice: &mut Dice, map: &mut CrushMap) {
    for (pool, positions) in [(2, 2), (CrushMap::DEFAULT_CHOOSE_ARGS, 1)] {
        let mut args = ChooseArgMap::new();
        for bucket in map.buckets().filter(|bucket| matches!(bucket.alg, BucketAlg::Straw2 { .. })) {
            let size = bucket.items.len();
            let mut weights = || (0..size).map(|_| dice.below(0x3_0000)).collect();
            let weight_set = (0..positions).map(|_| weights()).collect();
            let ids =
                if positions == 2 { bucket.items.iter().map(|id| id ^ 0x55).collect() } else { Vec::new() };
            args.set(bucket.id, ChooseArg { weight_set, ids });
        }
        map.choose_args.insert(pool, args);
    }
}

fn osds(dice: &mut Dice, map: &mut OSDMap) -> Result<(), Box<dyn Error>> {
    map.set_max_osd(map.crush.max_devices())?;
    let affinities = dice.chance(60);
    for osd in 0..map.get_max_osd() {
        let state = match dice.below(12) {
            0 => OsdState::NONE,
            1 | 2 => OsdState::EXISTS,
            _ => OsdState::EXISTS | OsdState::UP,
        };
        map.osd_state[usize::try_from(osd)?] = state;
        map.set_weight(OsdId(osd), dice.pick(&[0, 0x8000, 0xc000, 0x1_0000, 0x1_0000, 0x1_0000, 0x1_0000]))?;
        // Weights of OSDs say that they exist.
        map.osd_state[usize::try_from(osd)?] = state;
        if affinities && dice.chance(40) {
            map.set_primary_affinity(OsdId(osd), dice.pick(&[0, 0x4000, 0x8000, 0xffff]))?;
            map.osd_state[usize::try_from(osd)?] = state;
        }
    }
    Ok(())
}

fn pools(dice: &mut Dice, map: &mut OSDMap, large: bool) {
    let pg_nums: &[u32] = if large { &[1, 7, 12, 100, 256] } else { &[1, 7, 12, 16, 32, 33, 48] };
    for id in 1..=6 {
        let erasure = id % 2 == 0;
        let pg_num = dice.pick(pg_nums);
        let mut pool = PgPool {
            pool_type: if erasure { PoolType::ERASURE } else { PoolType::REPLICATED },
            size: u8::try_from(if erasure { 3 + dice.below(5) } else { 1 + dice.below(4) }).unwrap_or(3),
            min_size: 1,
            crush_rule: u8::try_from(dice.below(2) + if erasure { 2 } else { 0 }).unwrap_or(0),
            object_hash: if id == 5 { 1 } else { 2 },
            pgp_num: 1 + dice.below(pg_num),
            ..PgPool::default()
        };
        pool.set_pg_num(pg_num);
        if dice.chance(50) {
            pool.pgp_num = pg_num;
        }
        pool.flags = if id > 4 { PoolFlags::NONE } else { PoolFlags::HASHPSPOOL };
        map.pools.insert(PoolId(id), Arc::new(pool));
        map.pool_name.insert(PoolId(id), Text::from(format!("pool{id}")));
    }
    map.pool_max = 6;
}

/// Rules and pools that only Tentacle knows.
fn tentacle(dice: &mut Dice, map: &mut OSDMap) -> Result<(), Box<dyn Error>> {
    let crush = Arc::make_mut(&mut map.crush);
    let per_host = 1 + i32::try_from(dice.below(3))?;
    for (name, rule_type) in [("wide", Rule::MSR_INDEP), ("spread", Rule::MSR_FIRSTN)] {
        let steps = [
            (RuleOp::TAKE, -1, 0),
            (RuleOp::CHOOSE_MSR, 0, 1),
            (RuleOp::CHOOSE_MSR, per_host, 0),
            (RuleOp::EMIT, 0, 0),
        ];
        let steps = steps.map(|(op, arg1, arg2)| RuleStep::new(op, arg1, arg2)).to_vec();
        crush.add_rule(name, Rule { rule_type, deprecated_min_size: 1, deprecated_max_size: 100, steps })?;
    }
    for pool in map.pools.values_mut() {
        let pool = Arc::make_mut(pool);
        if dice.chance(40) {
            pool.crush_rule = if pool.is_erasure() { 4 } else { 5 };
        }
        if pool.is_erasure() && dice.chance(70) {
            pool.flags |= PoolFlags::EC_OVERWRITES | PoolFlags::EC_OPTIMIZATIONS;
            // Data shards other than the first.
            let data = 2 + dice.below(u32::from(pool.size) - 2);
            pool.nonprimary_shards = (1..data).filter_map(|n| i8::try_from(n).ok()).map(ShardId).collect();
        }
    }
    Ok(())
}

/// What is set for single PGs, in place of what CRUSH gives.
fn overrides(dice: &mut Dice, map: &mut OSDMap) {
    let max_osd = u32::try_from(map.get_max_osd()).unwrap_or(1);
    let pgs: Vec<(PgId, u8)> = (map.pools.iter())
        .flat_map(|(id, pool)| (0..pool.pg_num).map(|seed| (PgId::new(*id, seed), pool.size)))
        .collect();
    for (pg, size) in pgs {
        let mut osd = || OsdId(i32::try_from(dice.below(max_osd)).unwrap_or(0));
        let mut osds = || -> Vec<OsdId> { (0..size).map(|_| osd()).collect() };
        let (some, pairs) = (osds(), osds().into_iter().zip(osds()).take(2).collect::<Vec<_>>());
        match dice.below(9) {
            0 => drop(Arc::make_mut(&mut map.pg_temp).insert(pg, some)),
            1 => drop(Arc::make_mut(&mut map.primary_temp).insert(pg, some[0])),
            2 => drop(Arc::make_mut(&mut map.pg_upmap).insert(pg, some)),
            3 => drop(Arc::make_mut(&mut map.pg_upmap_items).insert(pg, pairs)),
            4 => {
                Arc::make_mut(&mut map.pg_upmap).insert(pg, some);
                Arc::make_mut(&mut map.pg_upmap_items).insert(pg, pairs);
            }
            5 => {
                Arc::make_mut(&mut map.primary_temp).insert(pg, some[0]);
                Arc::make_mut(&mut map.pg_temp).insert(pg, some);
            }
            _ => {}
        }
    }
}

/// Another primary for every other PG, often one of its OSDs.
fn upmap_primaries(dice: &mut Dice, map: &mut OSDMap) {
    let (mut scratch, mut osds) = (Scratch::new(), Vec::new());
    let max_osd = u32::try_from(map.get_max_osd()).unwrap_or(1);
    let pools: Vec<(PoolId, u32)> = map.get_pools().map(|(id, pool)| (id, pool.pg_num)).collect();
    for pg in pools.into_iter().flat_map(|(id, pg_num)| (0..pg_num).map(move |seed| PgId::new(id, seed))) {
        pg_to_raw_upmap(map, pg, &mut scratch, &mut osds);
        let stranger = OsdId(i32::try_from(dice.below(max_osd)).unwrap_or(0));
        let primary = if osds.is_empty() || dice.chance(20) { stranger } else { dice.pick(&osds) };
        if dice.chance(50) {
            Arc::make_mut(&mut map.pg_upmap_primaries).insert(pg, primary);
        }
    }
}
