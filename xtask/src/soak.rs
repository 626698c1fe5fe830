//! `cargo xtask soak`: the long tests.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::ceph::Release;
use crate::process;
use crate::test_bed::{TestBed, check_complaints};
use crate::workspace;

/// One of them, its build included, takes at most this long.
const DEADLINE: Duration = Duration::from_secs(40 * 60);
/// All ways to all releases, one after the other.
const MODES_DEADLINE: Duration = Duration::from_secs(3 * 60 * 60);

/// How many objects the tests of names make, where the environment does not say.
const NAMES: (&str, &str) = ("LOLIGO_TEST_NAMES", "4000");

/// The ways to each release that `modes` knows, by the names of their tests: `RELEASE_WAY`.
const WAYS: &[(Release, &[&str])] = &[
    (Release::Nautilus, &["legacy", "crc"]),
    (Release::Pacific, &["crc", "secure"]),
    (Release::Reef, &["crc", "secure"]),
    (Release::Tentacle, &["legacy", "crc", "secure"]),
];

/// What `soak` takes.
#[derive(Args)]
pub(crate) struct SoakArgs {
    /// Which of them: faults, tickets, names, releases, hostile, churn, compression, modes; all if none is named. After modes, RELEASE or RELEASE:WAY
    /// (reef:secure) says which of these
    #[arg(value_parser = word, value_name = "NAME")]
    words: Vec<Word>,
}

/// A long test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Soak {
    /// Writes without pause while OSDs, monitors and connections fail
    Faults,
    /// Writes over many lives of the tickets
    Tickets,
    /// 4,000 objects with names of every kind, exchanged with `rados`
    Names,
    /// Objects exchanged with each release of Ceph, and tickets of the newest
    Releases,
    /// A messenger among strangers: silent calls, nonsense, no free file descriptors
    Hostile,
    /// A cluster of each release in which everything changes that an OSD map can tell, and a client that follows
    Churn,
    /// Compression that is offered to each release of Ceph
    Compression,
    /// Names and faults over each messenger that a release of Ceph has, in each mode
    Modes,
}

/// A word of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// A long test.
    Soak(Soak),
    /// Tests of `modes`.
    Ways(Vec<String>),
}

fn word(text: &str) -> Result<Word, String> {
    if let Ok(soak) = Soak::from_str(text, false) {
        return Ok(Word::Soak(soak));
    }
    let (release, way) = text.split_once(':').map_or((text, None), |(release, way)| (release, Some(way)));
    let known = WAYS.iter().find(|(known, _)| known.name() == release);
    let ways = known.map_or(&[][..], |(_, ways)| ways);
    let chosen = ways.iter().filter(|known| way.is_none_or(|way| way == **known));
    let tests: Vec<_> = chosen.map(|way| format!("{release}_{way}")).collect();
    if tests.is_empty() { Err("there is no such test".to_owned()) } else { Ok(Word::Ways(tests)) }
}

/// A long test to be run, and which parts of it; all if none is named.
type Chosen = (Soak, Vec<String>);

/// What the words mean.
fn chosen(words: &[Word]) -> Result<Vec<Chosen>> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for word in words {
        match (word, chosen.last_mut()) {
            (Word::Soak(soak), _) => chosen.push((*soak, Vec::new())),
            (Word::Ways(tests), Some((Soak::Modes, all))) => all.extend_from_slice(tests),
            (Word::Ways(_), _) => bail!("a release, and a way to it, come after `modes`"),
        }
    }
    if chosen.is_empty() {
        chosen = Soak::value_variants().iter().map(|soak| (*soak, Vec::new())).collect();
    }
    Ok(chosen)
}

impl Soak {
    /// The file in `tests/tests`, and what its runner is told.
    fn test(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Soak::Faults => ("soak_faults", &["--ignored"]),
            Soak::Tickets => ("soak_tickets", &["--ignored"]),
            // The same test as in the short run, with more to do.
            Soak::Names => ("live_names", &[]),
            // One release after the other: each is a cluster.
            Soak::Releases => ("soak_releases", &["--ignored", "--test-threads=1"]),
            Soak::Hostile => {
                ("soak_hostile", &["--ignored", "--exact", "established_traffic_goes_on_among_strangers"])
            }
            Soak::Churn => ("soak_churn", &["--ignored", "--test-threads=1"]),
            Soak::Compression => ("soak_compression", &["--ignored", "--test-threads=1"]),
            Soak::Modes => ("soak_modes", &["--ignored", "--test-threads=1"]),
        }
    }

    /// Makes what it needs, and tells the command of it.
    fn prepare(self, bed: &mut TestBed, command: &mut Command) -> Result<()> {
        match self {
            // It meets no Ceph.
            Soak::Hostile => Ok(()),
            // Each of its clusters is its own.
            Soak::Compression | Soak::Modes => bed.export_xtask(command),
            _ => {
                bed.start_ceph()?;
                bed.export(command)
            }
        }
    }

    fn deadline(self) -> Duration {
        if self == Soak::Modes { MODES_DEADLINE } else { DEADLINE }
    }
}

/// Runs the tests one after the other, all of them whatever fails first.
///
/// # Errors
/// If Ceph cannot be started, or if one of them fails.
pub(crate) fn run(args: &SoakArgs) -> Result<()> {
    let mut failed = Vec::new();
    for (soak, tests) in chosen(&args.words)? {
        let started = Instant::now();
        println!("==== soak {soak:?}");
        let result = run_one(soak, &tests);
        println!("==== soak {soak:?}: {} s", started.elapsed().as_secs());
        if let Err(error) = result {
            println!("{error:#}");
            failed.push(format!("{soak:?}"));
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn run_one(soak: Soak, tests: &[String]) -> Result<()> {
    let mut bed = TestBed::new()?;
    let (test, arguments) = soak.test();
    let mut command = Command::new("cargo");
    soak.prepare(&mut bed, &mut command)?;
    command.current_dir(workspace::root()).args(["test", "--release", "-p", "loligo-tests", "--test", test]);
    command.args(["--", "--nocapture"]).args(arguments);
    if !tests.is_empty() {
        command.arg("--exact").args(tests);
    }
    if std::env::var_os(NAMES.0).is_none() {
        command.env(NAMES.0, NAMES.1);
    }
    let result = process::run_attached(&mut command, soak.deadline());
    let complaints = bed.finish();
    result.context("the test failed")?;
    check_complaints(&complaints?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_and_ways_to_them_come_after_modes() {
        let chosen = |words: &[&str]| {
            super::chosen(&words.iter().map(|text| word(text).unwrap()).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        };
        let tests = |tests: &[&str]| tests.iter().map(|test| (*test).to_owned()).collect::<Vec<_>>();
        let expected = [
            (Soak::Modes, tests(&["reef_crc", "reef_secure", "nautilus_legacy"])),
            (Soak::Churn, Vec::new()),
        ];
        assert_eq!(chosen(&["modes", "reef", "nautilus:legacy", "churn"]), Ok(expected.to_vec()));
        assert_eq!(chosen(&[]).unwrap().len(), Soak::value_variants().len());
        assert!(chosen(&["faults", "reef"]).is_err());
        for wrong in ["nautilus:secure", "quincy", "reef:", ":crc", "mode"] {
            assert!(word(wrong).is_err(), "{wrong}");
        }
    }

    /// A test that is told in vain which part of it to run would pass.
    #[test]
    fn each_way_is_a_test() {
        let text = std::fs::read_to_string(workspace::root().join("tests/tests/soak_modes.rs")).unwrap();
        let ways = WAYS.iter().flat_map(|(release, ways)| ways.iter().map(|way| (release.name(), *way)));
        let tests: Vec<_> = ways.map(|(release, way)| format!("fn {release}_{way}()")).collect();
        for test in &tests {
            assert!(text.contains(test), "{test}");
        }
        assert_eq!(text.matches("#[test]").count(), tests.len());
    }
}
