//! `--simulate`: devices drawn at random in place of what a rule finds (`CrushTester::random_placement`).

use std::collections::{BTreeMap, BTreeSet};

use loligo_wire::crush::{CrushMap, RuleOp};

use super::expected::maximum_affected;

/// How often is drawn for an input; then it has no devices.
const TRIES: usize = 100;
/// The most buckets above one another; a hierarchy has about ten.
const DEPTH_MAX: usize = 64;

/// The numbers that `lrand48` gives a program that did not say where to begin, as crushtool does not.
#[derive(Debug, Default)]
struct Lrand48(u64);

impl Lrand48 {
    fn next(&mut self) -> u64 {
        const MASK: u64 = (1 << 48) - 1;
        self.0 = self.0.wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & MASK;
        self.0 >> 17
    }
}

/// Draws devices.
#[derive(Debug)]
pub(super) struct Simulation<'a> {
    map: &'a CrushMap,
    random: Lrand48,
    /// The first bucket that has an item, but for those of classes.
    parents: BTreeMap<i32, i32>,
}

/// What a rule says of the devices that it finds.
pub(super) struct Demand {
    most: i64,
    /// The types of which no two of them may be in the same bucket.
    types: Vec<i32>,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(map: &'a CrushMap) -> Self {
        let mut parents = BTreeMap::new();
        let is_shadow = |id: i32| map.name_map().get(&id).is_some_and(|name| name.contains('~'));
        for bucket in map.buckets().filter(|bucket| !is_shadow(bucket.id)) {
            for item in &bucket.items {
                parents.entry(*item).or_insert(bucket.id);
            }
        }
        Self { map, random: Lrand48::default(), parents }
    }

    /// What the steps of a rule name; settings count as steps of type 0, as in Ceph.
    pub(super) fn demand(&self, rule: u8) -> Demand {
        let steps = self.map.rule(rule).map_or(&[][..], |rule| &rule.steps);
        let chooses = |op: RuleOp| op.0 >= 2 && op != RuleOp::EMIT;
        let mut types: Vec<i32> =
            steps.iter().filter(|step| chooses(step.op)).map(|step| step.arg2).collect();
        let names = &self.map.type_map;
        let first =
            names.iter().next().filter(|(id, _)| usize::try_from(**id).is_ok_and(|id| id < names.len()));
        let devices = first.filter(|(_, name)| *name == "osd").map(|(id, _)| *id);
        if types.len() == 1 && types.first() == devices.as_ref() {
            types.clear();
        }
        Demand { most: maximum_affected(self.map, rule), types }
    }

    /// Draws so many devices until they are as the rule says.
    pub(super) fn draw(&mut self, demand: &Demand, wanted: i32, weights: &[u32], found: &mut Vec<i32>) {
        let wanted = usize::try_from(demand.most.min(wanted.into())).unwrap_or(0);
        let devices = weights.len() as u64;
        found.clear();
        for _ in 0..TRIES {
            let drawn = (0..wanted).map(|_| self.random.next().checked_rem(devices));
            let drawn = drawn.map(|device| device.and_then(|device| i32::try_from(device).ok()).unwrap_or(0));
            found.extend(drawn);
            if self.is_valid(demand, found, weights) {
                return;
            }
            found.clear();
        }
    }

    fn is_valid(&self, demand: &Demand, drawn: &[i32], weights: &[u32]) -> bool {
        let weight = |device: i32| usize::try_from(device).ok().and_then(|device| weights.get(device));
        let mut devices = BTreeSet::new();
        let are_up = drawn.iter().all(|device| weight(*device).is_some_and(|weight| *weight > 0));
        if !are_up || !drawn.iter().all(|device| devices.insert(*device)) {
            return false;
        }
        let mut seen = BTreeSet::new();
        drawn.iter().all(|device| {
            let above = self.above(*device);
            // Those that are in no bucket of a type are in the same one.
            demand
                .types
                .iter()
                .all(|of| seen.insert(above.iter().find(|(kind, _)| kind == of).map(|(_, id)| *id)))
        })
    }

    /// The buckets above a device that has a name, from below, with their types.
    fn above(&self, device: i32) -> Vec<(i32, i32)> {
        let known = self.map.name_map().contains_key(&device).then_some(device);
        let parent = |item: &i32| self.parents.get(item).copied();
        let ids = std::iter::successors(known.and_then(|device| parent(&device)), parent).take(DEPTH_MAX);
        ids.filter_map(|id| Some((self.map.bucket(id)?.bucket_type.into(), id))).collect()
    }
}
