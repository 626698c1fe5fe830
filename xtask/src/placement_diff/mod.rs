//! `cargo xtask placement-diff`: where Ceph's own tools place, and where we do.

mod churned;
mod crush_map;
mod judge;
mod osd_map;
mod ours;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::dice::Dice;
use crate::{process, workspace};
use judge::Judge;
use ours::Ours;

/// One run of a tool over one map.
const DEADLINE: Duration = Duration::from_secs(300);
/// Numbers of replicas that are asked for.
const REPLICAS: std::ops::RangeInclusive<u32> = 1..=6;
/// Differences that are shown of a map.
const SHOWN: usize = 3;

/// What to compare.
#[derive(Args)]
pub(crate) struct PlacementDiffArgs {
    /// How many CRUSH maps, and how many OSD maps, half of them from a cluster that is churned
    #[arg(long, default_value_t = 20)]
    maps: u64,
    /// The first seed; each map has its own
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A folder with crushtool and osdmaptool; may be given several times [default: those on PATH, and what `cargo xtask
    /// ceph fetch` has brought]
    #[arg(long, value_name = "DIR")]
    tools: Vec<PathBuf>,
}

impl PlacementDiffArgs {
    fn seeds(&self, count: u64) -> std::ops::Range<u64> {
        self.seed..self.seed.saturating_add(count)
    }
}

/// What a judge was asked and how often it disagreed.
#[derive(Default)]
struct Tally {
    maps: u64,
    lines: u64,
    differences: u64,
    /// Pools that this judge cannot judge.
    pools_left_out: u64,
}

/// Compares random maps with every release of the tools that there is.
///
/// # Errors
/// If there are no tools, or if anything differs.
pub(crate) fn run(args: &PlacementDiffArgs) -> Result<()> {
    let judges = judge::find(&args.tools)?;
    if judges.is_empty() {
        bail!(
            "NOTHING WAS COMPARED: there is neither crushtool nor osdmaptool on PATH, and nothing was fetched; \
             run `cargo xtask ceph fetch`, or name a folder with --tools"
        );
    }
    let ours = Ours::build()?;
    let work = std::env::temp_dir().join(format!("placement-diff-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("cannot create {}", work.display()))?;
    let mut differences = 0;
    for judge in &judges {
        let started = Instant::now();
        let run = Run { judge, ours: &ours, work: &work };
        let crush = run.all(args.seeds(args.maps), "CRUSH", |run, seed, tally| run.crush_map(seed, tally))?;
        let osd = run.osd_maps(args)?;
        println!("{}, {} s", judge.version, started.elapsed().as_secs());
        for (what, tally) in [("CRUSH", &crush), ("OSD", &osd)] {
            let Tally { maps, lines, differences, pools_left_out } = tally;
            println!("  {what:5} maps: {maps}, lines: {lines}, differences: {differences}");
            if *pools_left_out > 0 {
                println!(
                    "  NOT JUDGED: {pools_left_out} times a pool of which a PG lacks a shard, of which this osdmaptool dies"
                );
            }
        }
        differences += crush.differences + osd.differences;
    }
    fs::remove_dir_all(&work)?;
    judge::say_what_was_not_judged(&judges);
    if differences > 0 {
        bail!("{differences} lines differ");
    }
    Ok(())
}

/// A judge at work.
struct Run<'a> {
    judge: &'a Judge,
    ours: &'a Ours,
    work: &'a Path,
}

impl Run<'_> {
    fn all(
        &self,
        seeds: std::ops::Range<u64>,
        what: &str,
        one: impl Fn(&Self, u64, &mut Tally) -> Result<()>,
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        for seed in seeds {
            one(self, seed, &mut tally).with_context(|| format!("{what} map of seed {seed}"))?;
            tally.maps += 1;
        }
        Ok(tally)
    }

    /// All rules and numbers of replicas over 1,024 inputs, and what is to say of them together.
    fn crush_map(&self, seed: u64, tally: &mut Tally) -> Result<()> {
        let mut dice = Dice::new(seed);
        let map = self.work.join("crush");
        let devices = crush_map::make(&mut dice, self.judge, self.ours, &map)?;
        let reweights = reweights(&mut dice, devices);
        for replicas in REPLICAS {
            let mut arguments = vec!["-i".to_owned(), map.display().to_string(), "--test".to_owned()];
            arguments.extend(
                ["--show-mappings", "--min-x", "0", "--max-x", "1023", "--num-rep"].map(str::to_owned),
            );
            arguments.push(replicas.to_string());
            if self.judge.is_model() {
                arguments.extend(["--show-bad-mappings", "--show-utilization"].map(str::to_owned));
            }
            arguments.extend(reweights.iter().cloned());
            let theirs = self.judge.tool("crushtool", &arguments)?;
            let ours = self.ours.loligo(&["crush", "test"], &arguments)?;
            let asked = format!("CRUSH map of seed {seed}, {replicas} replicas, {}", reweights.join(" "));
            compare(&theirs, &ours, &asked, tally);
        }
        Ok(())
    }
}

/// `--weight` for some devices: out, partly in.
fn reweights(dice: &mut Dice, devices: u32) -> Vec<String> {
    let mut arguments = Vec::new();
    if dice.chance(50) {
        return arguments;
    }
    for device in 0..devices {
        if dice.chance(20) {
            let weight = dice.pick(&["0", "0", "0.25", "0.5", "0.9"]);
            arguments.extend(["--weight".to_owned(), device.to_string(), (*weight).to_owned()]);
        }
    }
    arguments
}

/// Counts the lines and those that differ, and shows the first of these.
fn compare(theirs: &str, ours: &str, asked: &str, tally: &mut Tally) {
    let (mut theirs_left, mut ours_left) = (theirs.lines(), ours.lines());
    let mut shown = 0;
    loop {
        let (theirs, ours) = (theirs_left.next(), ours_left.next());
        if theirs.is_none() && ours.is_none() {
            break;
        }
        tally.lines += 1;
        if theirs != ours {
            tally.differences += 1;
            if shown < SHOWN {
                shown += 1;
                println!("{asked}\n  Ceph: {}\n  ours: {}", theirs.unwrap_or("-"), ours.unwrap_or("-"));
            }
        }
    }
}

/// The standard output of a program that must succeed.
fn output(command: &mut Command) -> Result<String> {
    String::from_utf8(output_bytes(command)?).context("the output is not text")
}

fn output_bytes(command: &mut Command) -> Result<Vec<u8>> {
    Ok(process::run(command, DEADLINE)?.stdout)
}

/// The folders of what `cargo xtask ceph fetch` has brought.
fn fetched() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(workspace::generated().join("ceph")) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders
}
