//! `loligo-sim`: runs seeds.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use loligo_sim::{Canary, Print, run};

const USAGE: &str = "usage: loligo-sim [--seed N [-v]] [--runs N [--start S]] [--canary NAME]

  --seed N       run one seed; with -v print what happens
  --runs N       run N seeds, from --start (0) on
  --canary NAME  break something on purpose: new-reqid-on-resend, lose-request, stale-read";

/// How often progress is told, in seeds.
const PROGRESS: u64 = 250;

/// What is asked for.
#[derive(Debug, Default)]
struct Args {
    seed: Option<u64>,
    runs: u64,
    start: u64,
    verbose: bool,
    canary: Option<Canary>,
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Args> {
    let mut args = Args { runs: 100, ..Args::default() };
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse().ok();
        match word.as_str() {
            "--seed" => args.seed = Some(number()?),
            "--runs" => args.runs = number()?,
            "--start" => args.start = number()?,
            "-v" | "--verbose" => args.verbose = true,
            "--canary" => {
                let name = words.next()?;
                args.canary = Some(Canary::ALL.into_iter().find(|canary| canary.name() == name)?);
            }
            _ => return None,
        }
    }
    Some(args)
}

fn main() -> ExitCode {
    let Some(args) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let failed = match args.seed {
        Some(seed) => one(seed, &args),
        None => many(&args),
    };
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, args: &Args) -> u64 {
    let print: Option<Print> =
        args.verbose.then(|| Box::new(|line: core::fmt::Arguments<'_>| println!("{line}")) as Print);
    let report = run(seed, args.canary, print);
    println!("{report}");
    u64::from(!report.violations.is_empty())
}

fn many(args: &Args) -> u64 {
    let (mut passed, mut failed, mut ops) = (0, 0, 0);
    for seed in args.start..args.start.saturating_add(args.runs) {
        let report = run(seed, args.canary, None);
        ops += report.ops;
        if report.violations.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("{report}");
        }
        let done = passed + failed;
        if done % PROGRESS == 0 && done < args.runs {
            println!("{done} of {}: {passed} passed, {failed} failed", args.runs);
        }
    }
    println!("{passed} passed, {failed} failed ({ops} ops)");
    failed
}
