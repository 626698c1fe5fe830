//! How evenly the reads of a replicated pool are spread over its OSDs: `calc_read_balance_score` (Reef).
//!
//! In single precision, rounded step by step, as Ceph does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loligo_placement::{Scratch, UpActing, pg_to_up_acting_osds};
use loligo_wire::crush::{CrushMap, RuleOp};
use loligo_wire::osdmap::{OSDMap, PgPool};
use loligo_wire::types::PgId;
use loligo_wire::{OsdId, PoolId};

use super::text::fixed;

/// The most children that are looked at below what a rule takes. A map may name the same bucket over and over.
const CHILDREN_MAX: usize = 1 << 20;

/// The score, where it can be told, and what is wrong with it.
#[derive(Default)]
pub(super) struct Balance {
    pub(super) score: Option<f32>,
    pub(super) trouble: Option<String>,
}

impl Balance {
    const fn failed(trouble: String) -> Self {
        Self { score: None, trouble: Some(trouble) }
    }
}

/// What the OSDs of a pool have.
#[derive(Default)]
struct Primaries {
    osds: BTreeSet<OsdId>,
    /// How many PGs each leads.
    acting: BTreeMap<OsdId, u32>,
    /// The first PG that no OSD wants to lead.
    unwanted: Option<PgId>,
}

#[expect(clippy::cast_precision_loss, reason = "Ceph computes in single precision")]
pub(super) fn read_balance(map: &OSDMap, id: PoolId, pool: &PgPool) -> Balance {
    let primaries = primaries(map, id, pool);
    if primaries.osds.is_empty() {
        return Balance::default();
    }
    let osds = primaries.osds.len() as f32;
    let average = pool.pg_num as f32 / osds;
    let sums = Sums::new(map, pool, &primaries);
    if sums.affinity == 0.0 {
        return Balance::failed(format!("pool {id} has primary_affinity set to zero on all OSDs"));
    }
    let fair = 1.0 / f64::from(f32::from(pool.size));
    if f64::from(sums.weighted_affinity / sums.weight) < fair {
        return Balance::failed(format!(
            "pool {id} average primary affinity is lower than {fair:.2}, read balance score is not reliable"
        ));
    }
    let mut trouble = None;
    let raw = if sums.unwilling_leads {
        trouble = Some(format!(
            "pool {id} has acting primaries on OSD(s) with primary affinity 0, read balance score is not accurate"
        ));
        round(sums.max_score * (sums.affinity / osds))
    } else {
        round(sums.max_acting as f32 / average)
    };
    if round(sums.affinity / sums.willing as f32) == 0.0 {
        return Balance::failed(format!(
            "pool {id} all OSDs have zero primary affinity, can't calculate a reliable read balance score"
        ));
    }
    if let Some(pg) = primaries.unwanted {
        return Balance::failed(format!(
            "pool {id} has some PGs where all OSDs are with primary_affinity 0 (at least pg {pg}), read balance score may not be reliable"
        ));
    }
    let optimal = round(osds / sums.willing as f32);
    Balance { score: Some(round(raw / optimal)), trouble }
}

/// To two decimals.
fn round(number: f32) -> f32 {
    let hundreds = f64::from(number * 100.0);
    let rounded = if number > 0.0 { (hundreds + 0.5).floor() } else { (hundreds - 0.5).ceil() };
    #[expect(clippy::cast_possible_truncation, reason = "Ceph keeps it in single precision")]
    let rounded = (rounded / 100.0) as f32;
    rounded
}

fn primaries(map: &OSDMap, id: PoolId, pool: &PgPool) -> Primaries {
    let mut all = Primaries::default();
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    for pg in (0..pool.pg_num).map(|seed| PgId::new(id, seed)) {
        pg_to_up_acting_osds(map, pg, &mut scratch, &mut found);
        if !found.up.is_empty() {
            all.osds.extend(found.up.iter().filter(|osd| **osd != OsdId::NONE));
            if let Some(primary) = found.acting_primary {
                *all.acting.entry(primary).or_default() += 1;
            }
        }
        if all.unwanted.is_none() && found.acting.iter().all(|osd| map.get_primary_affinity(*osd) == 0) {
            all.unwanted = Some(pg);
        }
    }
    all
}

/// Sums and maxima over the OSDs that the pool's rule can find.
#[derive(Default)]
struct Sums {
    affinity: f32,
    weight: f32,
    weighted_affinity: f32,
    /// How many want to lead at all.
    willing: u32,
    max_acting: u32,
    max_score: f32,
    /// Whether one leads that does not want to.
    unwilling_leads: bool,
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "Ceph computes in single precision")]
    fn new(map: &OSDMap, pool: &PgPool, primaries: &Primaries) -> Self {
        let mut sums = Self::default();
        for (osd, weight) in rule_weights(&map.crush, pool.crush_rule) {
            let affinity = fixed(map.get_primary_affinity(osd));
            sums.weight += weight;
            sums.weighted_affinity += weight * affinity;
            sums.affinity += affinity;
            if affinity != 0.0 {
                sums.willing += 1;
            }
            if let Some(acting) = primaries.acting.get(&osd) {
                sums.max_acting = sums.max_acting.max(*acting);
                if affinity == 0.0 {
                    sums.unwilling_leads = true;
                } else {
                    sums.max_score = sums.max_score.max(*acting as f32 / affinity);
                }
            }
        }
        sums
    }
}

/// The share of each OSD in what the rule takes (`get_rule_weight_osd_map`).
fn rule_weights(crush: &CrushMap, rule: u8) -> BTreeMap<OsdId, f32> {
    let mut shares: BTreeMap<OsdId, f32> = BTreeMap::new();
    let steps = crush.rule(rule).map_or(&[][..], |rule| &rule.steps);
    for take in steps.iter().filter(|step| step.op == RuleOp::TAKE) {
        let (sum, weights) = weights_below(crush, take.arg1);
        for (osd, weight) in weights {
            *shares.entry(osd).or_default() += weight / sum;
        }
    }
    shares
}

#[expect(clippy::cast_precision_loss, reason = "Ceph computes in single precision")]
fn weights_below(crush: &CrushMap, item: i32) -> (f32, BTreeMap<OsdId, f32>) {
    if item >= 0 {
        return (1.0, BTreeMap::from([(OsdId(item), 1.0)]));
    }
    let (mut sum, mut weights) = (0.0, BTreeMap::new());
    let mut queue = VecDeque::from([item]);
    let mut left = CHILDREN_MAX;
    while let Some(bucket) = queue.pop_front().and_then(|id| crush.bucket(id)) {
        for (place, item) in bucket.items.iter().enumerate().take(left) {
            if *item >= 0 {
                let weight = bucket.item_weight(place).unwrap_or(0) as f32;
                weights.insert(OsdId(*item), weight);
                sum += weight;
            } else {
                queue.push_back(*item);
            }
        }
        left = left.saturating_sub(bucket.items.len());
    }
    (sum, weights)
}
