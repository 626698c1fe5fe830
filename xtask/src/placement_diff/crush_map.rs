//! Random CRUSH maps: built by crushtool, or written as text and compiled by it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::judge::Judge;
use super::ours::Ours;
use crate::dice::Dice;

/// Kinds of buckets.
const ALGORITHMS: [&str; 5] = ["uniform", "list", "tree", "straw", "straw2"];
/// Those of which crushtool can make a shadow for a device class.
const SHADOWED: [&str; 3] = ["list", "straw", "straw2"];
/// The share of maps that crushtool builds.
const BUILT_PERCENT: u64 = 25;
/// The share of maps with classes in which buckets get the kinds that crushtool cannot shadow.
const MIXED_PERCENT: u64 = 70;
/// Names of tunables, with their values in argonaut, bobtail, firefly, hammer and jewel.
const TUNABLES: [(&str, [u32; 5]); 7] = [
    ("choose_local_tries", [2, 0, 0, 0, 0]),
    ("choose_local_fallback_tries", [5, 0, 0, 0, 0]),
    ("choose_total_tries", [19, 50, 50, 50, 50]),
    ("chooseleaf_descend_once", [0, 1, 1, 1, 1]),
    ("chooseleaf_vary_r", [0, 0, 1, 1, 1]),
    ("chooseleaf_stable", [0, 0, 0, 0, 1]),
    ("straw_calc_version", [0, 0, 0, 1, 1]),
];

/// Writes a compiled map; answers how many devices it has.
pub(crate) fn make(dice: &mut Dice, judge: &Judge, ours: &Ours, file: &Path) -> Result<u32> {
    if dice.chance(BUILT_PERCENT) { build(dice, judge, file) } else { compile(dice, judge, ours, file) }
}

/// `crushtool --build`, with tunables set afterwards.
fn build(dice: &mut Dice, judge: &Judge, file: &Path) -> Result<u32> {
    let devices = dice.between(4, 60);
    let file = file.display().to_string();
    let mut arguments: Vec<String> = ["-o", &file, "--build", "--num_osds"].map(str::to_owned).into();
    arguments.push(devices.to_string());
    let mut layer = |name: &str, size: u32| {
        arguments.extend([name.to_owned(), (*dice.pick(&ALGORITHMS)).to_owned(), size.to_string()]);
    };
    layer("host", 4);
    layer("rack", 3);
    layer("root", 0);
    judge.tool("crushtool", &arguments)?;
    let profile = dice.below(6) as usize;
    let mut arguments: Vec<String> = ["-i", &file, "-o", &file].map(str::to_owned).into();
    for (name, values) in &TUNABLES {
        let value = values.get(profile).copied().unwrap_or_else(|| dice.below(4));
        arguments.extend([format!("--set-{}", name.replace('_', "-")), value.to_string()]);
    }
    judge.tool("crushtool", &arguments)?;
    Ok(devices)
}

fn compile(dice: &mut Dice, judge: &Judge, ours: &Ours, file: &Path) -> Result<u32> {
    let text = Text::new(dice, judge.knows_msr());
    let source = file.with_extension("txt");
    fs::write(&source, &text.text)?;
    let arguments =
        ["-c", &source.display().to_string(), "-o", &file.display().to_string()].map(str::to_owned);
    judge.tool("crushtool", &arguments).with_context(|| format!("this map was refused:\n{}", text.text))?;
    if text.has_classes && dice.chance(MIXED_PERCENT) {
        ours.mix_buckets(dice.below(u32::MAX), file, judge.release().name())?;
    }
    Ok(text.devices)
}

/// A bucket of the map.
struct Bucket {
    id: i32,
    name: String,
    /// Names and weights of what is in it.
    items: Vec<(String, f64)>,
    is_straw2: bool,
}

/// A map as text.
struct Text {
    text: String,
    devices: u32,
    next_id: i32,
    /// Whether rules may take one class. Then the text has only kinds of buckets that crushtool can shadow: it refuses
    /// uniform ones, and writes what was left in memory as node weights of trees, with which it reads past the end of the items.
    /// Such buckets come in afterwards.
    has_classes: bool,
    has_mixed_weights: bool,
    /// Whether there are multi-step-retry rules. crushtool aborts where one comes to a host without devices of its class, so
    /// that each host then has some of each.
    knows_msr: bool,
    buckets: Vec<Bucket>,
}

impl Text {
    fn new(dice: &mut Dice, knows_msr: bool) -> Self {
        let mut text = Self {
            text: String::new(),
            devices: 0,
            next_id: -1,
            has_classes: dice.chance(40),
            has_mixed_weights: dice.chance(75),
            knows_msr,
            buckets: Vec::new(),
        };
        text.tunables(dice);
        let hosts = text.hosts(dice);
        let top = if dice.chance(60) { text.racks(dice, &hosts) } else { hosts };
        text.bucket(dice, "root", "default", top);
        text.rules(dice);
        if dice.chance(50) {
            text.choose_args(dice);
        }
        text
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Those of a release, or any.
    fn tunables(&mut self, dice: &mut Dice) {
        let profile = dice.below(7) as usize;
        for (name, values) in &TUNABLES {
            let any = if *name == "choose_total_tries" { dice.between(1, 60) } else { dice.below(3) };
            let value = values.get(profile).copied().unwrap_or(any);
            self.line(&format!("tunable {name} {value}"));
        }
        self.line("tunable allowed_bucket_algs 62");
    }

    fn weight(&self, dice: &mut Dice) -> f64 {
        if self.has_mixed_weights { *dice.pick(&[0.0, 0.25, 0.5, 1.0, 1.0, 1.0, 2.0, 3.07]) } else { 1.0 }
    }

    /// Types, devices and hosts; the hosts with their weights.
    fn hosts(&mut self, dice: &mut Dice) -> Vec<(String, f64)> {
        let even_classes = self.has_classes && self.knows_msr;
        let smallest = if even_classes { 2 } else { 1 };
        let sizes: Vec<u32> = (0..dice.between(3, 10)).map(|_| dice.between(smallest, 5)).collect();
        self.devices = sizes.iter().sum();
        for device in 0..self.devices {
            let is_ssd = if even_classes { device % 2 == 1 } else { dice.chance(50) };
            let class = if is_ssd { " class ssd" } else { " class hdd" };
            let class = if self.has_classes { class } else { "" };
            self.line(&format!("device {device} osd.{device}{class}"));
        }
        for (number, name) in ["osd", "host", "rack", "root"].iter().enumerate() {
            self.line(&format!("type {number} {name}"));
        }
        let mut first = 0;
        let mut hosts = Vec::new();
        for (host, size) in sizes.into_iter().enumerate() {
            let items = (first..first + size).map(|osd| (format!("osd.{osd}"), self.weight(dice))).collect();
            first += size;
            hosts.push(self.bucket(dice, "host", &format!("host{host}"), items));
        }
        hosts
    }

    fn racks(&mut self, dice: &mut Dice, hosts: &[(String, f64)]) -> Vec<(String, f64)> {
        let per_rack = dice.between(1, 4) as usize;
        let chunks = hosts.chunks(per_rack).enumerate();
        chunks
            .map(|(rack, hosts)| self.bucket(dice, "rack", &format!("rack{rack}"), hosts.to_vec()))
            .collect()
    }

    /// Writes a bucket; answers its name and weight.
    fn bucket(
        &mut self,
        dice: &mut Dice,
        kind: &str,
        name: &str,
        mut items: Vec<(String, f64)>,
    ) -> (String, f64) {
        // As in clusters of today, every other bucket is of the kind of today.
        let kinds = if self.has_classes { &SHADOWED[..] } else { &ALGORITHMS };
        let algorithm = if dice.chance(40) { "straw2" } else { *dice.pick(kinds) };
        if algorithm == "uniform" {
            // crushtool aborts on a uniform bucket whose items weigh nothing.
            let weight = items.iter().map(|item| item.1).find(|weight| *weight > 0.0).unwrap_or(1.0);
            items.iter_mut().for_each(|item| item.1 = weight);
        }
        let id = self.next_id;
        self.next_id -= 1;
        self.line(&format!("{kind} {name} {{\n id {id}\n alg {algorithm}\n hash 0"));
        for (item, weight) in &items {
            self.line(&format!(" item {item} weight {weight:.3}"));
        }
        self.line("}");
        let weight = items.iter().map(|item| item.1).sum();
        self.buckets.push(Bucket { id, name: name.to_owned(), items, is_straw2: algorithm == "straw2" });
        (name.to_owned(), weight)
    }

    fn rule(&mut self, number: u32, kind: &str, steps: &[String]) {
        self.line(&format!("rule rule{number} {{\n id {number}\n type {kind}"));
        if !kind.starts_with("msr") {
            self.line(" min_size 1\n max_size 10");
        }
        for step in steps {
            self.line(&format!(" step {step}"));
        }
        self.line("}");
    }

    fn rules(&mut self, dice: &mut Dice) {
        let racks = self.buckets.iter().any(|bucket| bucket.name.starts_with("rack"));
        let domain = if racks { "rack" } else { "host" };
        let class = if self.has_classes { *dice.pick(&["", " class hdd", " class ssd"]) } else { "" };
        let take = format!("take default{class}");
        let host = dice.pick(&["host0", "host1", "host2"]).to_string();
        let tries = dice.between(1, 60);
        let some = dice.between(1, 3);
        let plain: [(&str, Vec<String>); 7] = [
            ("replicated", vec![take.clone(), "chooseleaf firstn 0 type host".into()]),
            (
                "erasure",
                vec![
                    "set_chooseleaf_tries 5".into(),
                    format!("set_choose_tries {tries}"),
                    take.clone(),
                    "chooseleaf indep 0 type host".into(),
                ],
            ),
            (
                "replicated",
                vec![
                    take.clone(),
                    format!("choose firstn {some} type {domain}"),
                    "chooseleaf firstn 2 type osd".into(),
                ],
            ),
            (
                "erasure",
                vec![
                    take.clone(),
                    format!("choose indep {some} type {domain}"),
                    "choose indep 2 type osd".into(),
                ],
            ),
            (
                "replicated",
                vec![
                    format!("take {host}"),
                    "choose firstn 1 type osd".into(),
                    "emit".into(),
                    take.clone(),
                    format!("chooseleaf firstn -1 type {domain}"),
                ],
            ),
            ("erasure", vec![take.clone(), "choose indep 0 type osd".into()]),
            (
                "replicated",
                vec![
                    format!("set_choose_local_tries {}", dice.below(3)),
                    format!("set_choose_local_fallback_tries {}", dice.below(4)),
                    format!("set_chooseleaf_vary_r {}", dice.below(4)),
                    format!("set_chooseleaf_stable {}", dice.below(2)),
                    take.clone(),
                    "chooseleaf firstn 0 type host".into(),
                ],
            ),
        ];
        let mut number = 0;
        for (kind, mut steps) in plain {
            steps.push("emit".into());
            self.rule(number, kind, &steps);
            number += 1;
        }
        if self.knows_msr {
            self.msr_rules(dice, number, &take, domain);
        }
    }

    fn msr_rules(&mut self, dice: &mut Dice, first: u32, take: &str, domain: &str) {
        for (number, kind) in (first..).zip(["msr_firstn", "msr_indep", "msr_firstn", "msr_indep"]) {
            let mut steps = Vec::new();
            if dice.chance(40) {
                steps.push(format!("set_msr_descents {}", dice.between(1, 100)));
                steps.push(format!("set_msr_collision_tries {}", dice.between(1, 100)));
            }
            for _ in 0..dice.between(1, 2) {
                steps.push(take.to_owned());
                if domain == "rack" && dice.chance(50) {
                    steps.push(format!("choosemsr {} type rack", dice.between(0, 3)));
                }
                steps.push(format!("choosemsr {} type host", dice.between(0, 4)));
                steps.push(format!("choosemsr {} type osd", dice.between(1, 3)));
                steps.push("emit".to_owned());
            }
            self.rule(number, kind, &steps);
        }
    }

    /// For the pool 0, as which crushtool places, and for another one.
    fn choose_args(&mut self, dice: &mut Dice) {
        for pool in [0, 7] {
            let mut text = format!("choose_args {pool} {{\n");
            for bucket in self.buckets.iter().filter(|bucket| bucket.is_straw2) {
                // A String takes everything.
                let _ = write!(text, " {{\n  bucket_id {}\n  weight_set [\n", bucket.id);
                for _ in 0..dice.between(1, 3) {
                    let weights = bucket.items.iter().map(|_| f64::from(dice.below(300)) / 100.0);
                    let weights: Vec<String> = weights.map(|weight| format!("{weight:.3}")).collect();
                    let _ = writeln!(text, "   [ {} ]", weights.join(" "));
                }
                text.push_str("  ]\n");
                if dice.chance(40) {
                    let ids: Vec<String> =
                        bucket.items.iter().map(|_| dice.between(0, 1000).to_string()).collect();
                    let _ = writeln!(text, "  ids [ {} ]", ids.join(" "));
                }
                text.push_str(" }\n");
            }
            text.push('}');
            self.line(&text);
        }
    }
}
