//! Unrest in a cluster: everything that an OSD map can tell is changed, in an order and with values that a seed draws.

mod moves;
mod osds;
mod pgs;
mod pools;
mod rest;
mod state;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;

use super::cluster::Cluster;
use super::release::Release;
use super::shell::Shell;
use crate::dice::Dice;
use moves::MOVES;
use state::State;

/// How long the cluster may take to do what it was told.
const SETTLE: Duration = Duration::from_secs(240);
/// What the manager says of PGs is at most this old, with a `mgr_stats_period` and `mgr_tick_period` of 1 s.
const OLD_NEWS: Duration = Duration::from_secs(4);
const ASK_INTERVAL: Duration = Duration::from_millis(200);
/// How often it is said what is waited for.
const SAY_INTERVAL: Duration = Duration::from_secs(10);

/// How to churn.
#[derive(Clone, Debug)]
pub(crate) struct ChurnSpec {
    /// Where the choices come from.
    pub(crate) seed: u64,
    /// A pool that must go on serving while all this happens. It is changed, and PGs of it are moved, split and merged, but it is
    /// not deleted, and there is nothing but what it survives. Without one, maps are all that matters.
    pub(crate) keep: Option<String>,
    /// What OSDs are killed with. One that keeps its objects in memory remembers them only where it may end in good order.
    pub(crate) signal: Signal,
    /// Whether each command is printed, or only what is waited for.
    pub(crate) is_loud: bool,
}

impl ChurnSpec {
    /// For a cluster without objects, of which only the maps are wanted.
    pub(crate) fn maps_alone(seed: u64) -> ChurnSpec {
        ChurnSpec { seed, keep: None, signal: Signal::TERM, is_loud: false }
    }
}

/// A churn at work.
pub(crate) struct Churn {
    cluster: Cluster,
    spec: ChurnSpec,
    shell: Shell,
    dice: Dice,
    /// How many names were given.
    names: u32,
    /// OSDs that were killed.
    down: Vec<u32>,
    /// Commands that were carried out, and those that were refused.
    done: u32,
    refused: u32,
}

impl Churn {
    /// Makes the cluster ready: its OSDs in hosts and racks, with classes, rules and profiles.
    pub(crate) fn begin(cluster: Cluster, spec: ChurnSpec) -> Result<Churn> {
        let dice = Dice::new(spec.seed);
        let shell = Shell::open(&cluster)?;
        let mut churn = Churn { cluster, spec, shell, dice, names: 0, down: Vec::new(), done: 0, refused: 0 };
        churn.set_up().context("the cluster cannot be made ready for a churn")?;
        Ok(churn)
    }

    /// Makes every move once, in an order that is drawn.
    ///
    /// # Errors
    /// If the cluster refuses what it should not, or does not settle.
    pub(crate) fn round(&mut self) -> Result<()> {
        let moves = self.dice.sample(MOVES, MOVES.len());
        for (name, make) in moves {
            make(self).with_context(|| format!("churn of seed {}, move {name}", self.spec.seed))?;
        }
        self.revive_all()?;
        let epoch = self.epoch()?;
        println!("churn: {} commands, {} refused, epoch {epoch}", self.done, self.refused);
        Ok(())
    }

    /// The newest epoch.
    pub(crate) fn epoch(&mut self) -> Result<u32> {
        Ok(self.state()?.epoch)
    }

    fn release(&self) -> Release {
        self.cluster.release
    }

    /// Whether a pool must go on serving.
    fn is_careful(&self) -> bool {
        self.spec.keep.is_some()
    }

    fn is_kept(&self, pool: &str) -> bool {
        self.spec.keep.as_deref() == Some(pool)
    }

    /// A name that was not given before.
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Prints what was done.
    fn told(&self, what: &str) {
        if self.spec.is_loud {
            println!("churn: {what}");
        }
    }

    fn state(&mut self) -> Result<State> {
        let dump = self.shell.ask("osd dump")?;
        serde_json::from_value(dump).context("cannot read `osd dump`")
    }

    /// Gives a command that may be refused, for what is wrong at this moment; says whether it was carried out.
    fn may(&mut self, words: &str) -> Result<bool> {
        let answer = self.shell.say(words)?;
        match &answer.refusal {
            None => {
                self.done += 1;
                self.told(words);
            }
            Some(why) => {
                self.refused += 1;
                self.told(&format!("{words}: refused, {why}"));
            }
        }
        Ok(answer.refusal.is_none())
    }

    /// Gives a command that must be carried out, at the latest when the cluster has settled.
    fn must(&mut self, words: &str) -> Result<()> {
        let mut why = String::new();
        self.wait_until(words, |churn| {
            let refusal = churn.shell.say(words)?.refusal;
            let is_done = refusal.is_none();
            if let Some(refusal) = refusal {
                // What is only too early: PGs are still made, split or merged.
                if !["EBUSY", "EAGAIN"].iter().any(|early| refusal.contains(early)) {
                    bail!("`{words}` was refused: {refusal}");
                }
                why = refusal;
            }
            Ok(is_done)
        })
        .with_context(|| why)?;
        self.done += 1;
        self.told(words);
        Ok(())
    }

    fn wait_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let (started, mut said) = (Instant::now(), Instant::now());
        while !is_so(self)? {
            if started.elapsed() > SETTLE {
                bail!("in vain for {} s: {what}", SETTLE.as_secs());
            }
            if said.elapsed() > SAY_INTERVAL {
                said = Instant::now();
                println!("churn: {} s: {what}", started.elapsed().as_secs());
            }
            std::thread::sleep(ASK_INTERVAL);
        }
        Ok(())
    }

    /// In which states the PGs of a pool are.
    fn states_of(&mut self, pool: &str) -> Result<Vec<String>> {
        let told = self.shell.ask(&format!("pg ls-by-pool {pool}"))?;
        // In Nautilus the list is all.
        let pgs = told.get("pg_stats").unwrap_or(&told).as_array().cloned().unwrap_or_default();
        let state = |pg: Value| pg.get("state").and_then(Value::as_str).map(str::to_owned);
        Ok(pgs.into_iter().filter_map(state).collect())
    }

    /// Waits until the pool that is kept can bear the next blow: each of its PGs has all its copies where they belong.
    fn wait_until_kept_is_clean(&mut self) -> Result<()> {
        let Some(pool) = self.spec.keep.clone() else { return Ok(()) };
        let mut since = None;
        self.wait_until(&format!("the PGs of {pool} are clean"), |churn| {
            let states = churn.states_of(&pool)?;
            let are_clean =
                !states.is_empty() && states.iter().all(|state| state.starts_with("active+clean"));
            since = are_clean.then(|| since.unwrap_or_else(Instant::now));
            Ok(since.is_some_and(|since| since.elapsed() >= OLD_NEWS))
        })
    }
}
