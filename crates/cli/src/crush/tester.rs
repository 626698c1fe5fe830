//! `CrushTester::test`: what comes out of a map for a range of inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;

use loligo_placement::crush::{Workspace, do_rule};
use loligo_placement::hash::crush_hash32_2;
use loligo_wire::OsdId;
use loligo_wire::crush::CrushMap;
use loligo_wire::osdmap::OSDMap;

use super::CrushTest;
use super::csv::{Files, Found};
use super::expected::{by_weight, maximum_affected, total};
use super::limits::Limits;
use super::simulate::Simulation;
use crate::fail::Fail;
use crate::numbers;
use crate::output::general;

/// The most rounds that inputs are split into.
const BATCHES_MAX: u32 = 1 << 16;

/// The most devices that a map is tried with: as many as an OSD map may have.
const DEVICES_MAX: i32 = OSDMap::MAX_OSD;

/// The most lines of `--show-choose-tries`; the tunable is 50 in clusters of today.
const TRIES_MAX: u32 = 1 << 20;

/// A test under way.
pub(super) struct Tester<'a> {
    map: &'a CrushMap,
    args: &'a CrushTest,
    weights: Vec<u32>,
    limits: &'a Limits,
    work: Workspace,
    simulation: Option<Simulation<'a>>,
}

impl<'a> Tester<'a> {
    pub(super) fn new(
        map: &'a CrushMap,
        args: &'a CrushTest,
        limits: &'a Limits,
        weights: Vec<u32>,
    ) -> Result<Self, Fail> {
        if limits.replicas.0 < 0 && limits.replicas.1 < 0 {
            return Err(Fail::Usage("must specify --num-rep or both --min-rep and --max-rep".to_owned()));
        }
        let tries = map.tunables.choose_total_tries;
        if args.show_choose_tries && tries > TRIES_MAX {
            return Err(Fail::Usage(format!("choose_total_tries is {tries}: too many for a line each")));
        }
        if !(1..=BATCHES_MAX).contains(&args.batches) {
            return Err(Fail::Usage(format!("--batches can be from 1 to {BATCHES_MAX}")));
        }
        let simulation = args.simulate.then(|| Simulation::new(map));
        Ok(Self { map, args, weights, limits, work: Workspace::new(), simulation })
    }

    pub(super) fn run(mut self, out: &mut impl Write) -> Result<(), Fail> {
        if self.args.show_utilization_all {
            let weights: Vec<String> = self.weights.iter().map(|weight| format!("{weight:x}")).collect();
            eprintln!("devices weights (hex): [{}]", weights.join(","));
        }
        if self.args.show_choose_tries {
            self.work.start_choose_profile(self.map);
        }
        for number in self.limits.rules(self.map) {
            self.rule(number, out)?;
        }
        if self.args.show_choose_tries {
            let profile = self.work.choose_profile();
            for tries in 0..self.map.tunables.choose_total_tries {
                let count = profile.get(tries as usize).copied().unwrap_or(0);
                writeln!(out, "{tries:2}: {count:9}")?;
            }
        }
        Ok(())
    }

    /// crushtool's `--show-utilization` implies it.
    const fn statistics(&self) -> bool {
        self.args.show_statistics || self.args.show_utilization || self.args.show_utilization_all
    }

    fn rule(&mut self, number: i32, out: &mut impl Write) -> Result<(), Fail> {
        let Some(rule) = u8::try_from(number).ok().filter(|rule| self.map.rule(*rule).is_some()) else {
            if self.statistics() {
                writeln!(out, "rule {number} dne")?;
            }
            return Ok(());
        };
        let name = self.map.rule_name_map.get(&number).map_or("", String::as_str);
        let ((min_x, max_x), (min_rep, max_rep)) = (self.limits.inputs, self.limits.replicas);
        if self.statistics() {
            writeln!(out, "rule {rule} ({name}), x = {min_x}..{max_x}, numrep = {min_rep}..{max_rep}")?;
        }
        if total(&self.weights) == 0 {
            return Ok(());
        }
        for num_rep in min_rep..=max_rep {
            let counts = self.mappings(rule, num_rep, out)?;
            if self.statistics() {
                self.statistics_of(rule, name, num_rep, &counts, out)?;
            }
            if self.args.output_csv {
                // As in Ceph, of several numbers of replicas the last one stays.
                self.write_csv(rule, name, num_rep, counts)?;
            }
        }
        Ok(())
    }

    /// Maps all inputs.
    fn mappings(&mut self, rule: u8, num_rep: i32, out: &mut impl Write) -> Result<Counts, Fail> {
        let mut counts = Counts::new(self.weights.len(), self.args);
        let wanted = usize::try_from(num_rep).unwrap_or(0);
        // As for the pool 0.
        let choose_args = self.map.choose_args_for(0);
        let (mut found, mut list) = (Vec::new(), String::new());
        let demand = self.simulation.as_ref().map(|simulation| simulation.demand(rule));
        let source = if demand.is_some() { "RNG" } else { "CRUSH" };
        for x in self.limits.inputs.0..=self.limits.inputs.1 {
            let mut input = x.cast_unsigned();
            if let Some(pool) = self.args.pool_id.filter(|pool| *pool != -1) {
                let [a, b, c, d, ..] = pool.to_le_bytes();
                input = crush_hash32_2(input, u32::from_le_bytes([a, b, c, d]));
            }
            match self.simulation.as_mut().zip(demand.as_ref()) {
                Some((simulation, demand)) => simulation.draw(demand, num_rep, &self.weights, &mut found),
                None => {
                    let (work, weights) = (&mut self.work, &self.weights);
                    do_rule(work, self.map, rule, input, &mut found, wanted, weights, choose_args);
                }
            }
            let is_bad = found.len() != wanted || found.contains(&OsdId::NONE.0);
            let shows_bad = self.args.show_bad_mappings && is_bad;
            if self.args.show_mappings || shows_bad {
                print_list(&mut list, &found);
            }
            if self.args.show_mappings {
                writeln!(out, "{source} rule {rule} x {x} {list}")?;
            }
            if shows_bad {
                writeln!(out, "bad mapping rule {rule} x {x} num_rep {num_rep} result {list}")?;
            }
            counts.add(&found);
            if self.args.output_csv {
                counts.note(x, self.round(x), &found);
            }
        }
        Ok(counts)
    }

    /// In which round an input is tried: the last one takes what is left over.
    fn round(&self, x: i32) -> usize {
        let batches = i64::from(self.args.batches);
        let place = i64::from(x) - i64::from(self.limits.inputs.0);
        let round = place.checked_div(self.limits.objects() / batches).unwrap_or(batches);
        usize::try_from(round.min(batches - 1)).unwrap_or(0)
    }

    fn expected(&self, rule: u8, num_rep: i32) -> Vec<f32> {
        let replicas = maximum_affected(self.map, rule).min(num_rep.into());
        by_weight(&self.weights, self.limits.objects(), replicas)
    }

    fn write_csv(&self, rule: u8, name: &str, num_rep: i32, counts: Counts) -> Result<(), Fail> {
        let files = Files::new(self.args.output_name.as_deref(), name)?;
        let found = Found {
            weights: &self.weights,
            total: total(&self.weights),
            devices: counts.devices.into_iter().zip(self.expected(rule, num_rep)).collect(),
            placements: counts.placements,
            rounds: counts.rounds,
        };
        files.write_all(&found, self.limits.replicas.1)
    }

    fn statistics_of(
        &self,
        rule: u8,
        name: &str,
        num_rep: i32,
        counts: &Counts,
        out: &mut impl Write,
    ) -> Result<(), Fail> {
        let objects = self.limits.objects();
        for (size, count) in &counts.sizes {
            writeln!(
                out,
                "rule {rule} ({name}) num_rep {num_rep} result size == {size}:\t{count}/{objects}"
            )?;
        }
        let (some, all) = (self.args.show_utilization, self.args.show_utilization_all);
        if !some && !all {
            return Ok(());
        }
        let expected = self.expected(rule, num_rep);
        for (device, (stored, expected)) in counts.devices.iter().zip(expected).enumerate() {
            if !some || (expected > 0.0 && *stored > 0) {
                let expected = general(expected.into());
                writeln!(out, "  device {device}:\t\t stored : {stored}\t expected : {expected}")?;
            }
        }
        Ok(())
    }
}

/// What came out.
struct Counts {
    /// How often each device was chosen.
    devices: Vec<u32>,
    /// How many mappings have so many devices.
    sizes: BTreeMap<usize, u32>,
    /// For files: the mappings as lines, and how often each device was chosen by round.
    placements: String,
    rounds: Vec<Vec<u32>>,
}

impl Counts {
    fn new(devices: usize, args: &CrushTest) -> Self {
        let rounds = if args.output_csv && args.batches > 1 { args.batches as usize } else { 0 };
        Self {
            devices: vec![0; devices],
            sizes: BTreeMap::new(),
            placements: String::new(),
            rounds: vec![vec![0; devices]; rounds],
        }
    }

    fn note(&mut self, x: i32, round: usize, found: &[i32]) {
        // A String takes everything.
        let _ = write!(self.placements, "{x}");
        for item in found {
            let _ = write!(self.placements, ",{item}");
        }
        self.placements.push('\n');
        if let Some(devices) = self.rounds.get_mut(round) {
            count(devices, found);
        }
    }

    fn add(&mut self, found: &[i32]) {
        *self.sizes.entry(found.len()).or_default() += 1;
        count(&mut self.devices, found);
    }
}

fn count(devices: &mut [u32], found: &[i32]) {
    for item in found {
        if let Some(count) = usize::try_from(*item).ok().and_then(|item| devices.get_mut(item)) {
            *count += 1;
        }
    }
}

fn print_list(line: &mut String, items: &[i32]) {
    line.clear();
    line.push('[');
    for (i, item) in items.iter().enumerate() {
        // A String takes everything.
        let _ = write!(line, "{}{item}", if i == 0 { "" } else { "," });
    }
    line.push(']');
}

/// 1 for each device that is in the map, and what was given.
pub(super) fn weights(map: &CrushMap, given: &[String]) -> Result<Vec<u32>, Fail> {
    if map.max_devices() > DEVICES_MAX {
        return Err(Fail::Usage(format!("the map speaks of more than {DEVICES_MAX} devices")));
    }
    let present: BTreeSet<i32> = map.buckets().flat_map(|bucket| &bucket.items).copied().collect();
    let mut weights: Vec<u32> =
        (0..map.max_devices()).map(|device| if present.contains(&device) { 0x1_0000 } else { 0 }).collect();
    for pair in given.chunks(2) {
        let [device, weight] = pair else { continue };
        let numbers = numbers::int(device).ok().zip(numbers::leading_float(weight));
        let Some((device, weight)) = numbers else {
            return Err(Fail::Usage(format!(
                "--weight needs a device and its weight, not {device} {weight}"
            )));
        };
        // crushtool ignores devices that the map does not have.
        if let Some(place) = usize::try_from(device).ok().and_then(|device| weights.get_mut(device)) {
            *place = fixed(weight);
        }
    }
    Ok(weights)
}

/// From 0 to 1, as 16.16 fixed point. What no `int` can hold is 0, as on the processors that Ceph runs on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
fn fixed(weight: f64) -> u32 {
    let weight = weight as f32 * 65536.0;
    if weight < 2_147_483_648.0 { weight.clamp(0.0, 65536.0) as u32 } else { 0 }
}
