//! The project's own tasks, run as `cargo xtask TASK`.
//!
//! Everything that a developer or CI does beyond plain `cargo` stands here, so that one program, built by
//! cargo, is all that a fresh machine needs.
#![forbid(unsafe_code)]

mod bench;
mod ceph;
mod ci;
mod demo;
mod deny;
mod dice;
mod fence;
mod fuzz;
mod golden;
mod metadata;
mod placement_diff;
mod process;
mod report;
mod sim;
mod soak;
mod source;
mod test_bed;
mod test_run;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The tasks of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, long_about = LONG_ABOUT)]
enum Task {
    /// A first look, for which nothing but Rust is needed
    ///
    /// Starts a small cluster in memory, stores and verifies objects, shows where they live, stops an OSD under load, and
    /// measures.
    Demo(demo::DemoArgs),
    #[command(subcommand)]
    Ceph(ceph::CephTask),
    /// Run all tests, against real Ceph where it can be had
    ///
    /// Starts a cluster (fetching Ceph first if need be), runs `cargo test` over the workspace, takes the cluster down, and
    /// says what was left out and why. At most 20 minutes.
    Test(test_run::TestArgs),
    /// Run the long tests against real Ceph, half an hour together
    ///
    /// Faults under load, tickets that live a minute, thousands of names, maps that change all the time. Each takes minutes, so that `test` has only
    /// shorter cousins of them.
    Soak(soak::SoakArgs),
    /// Everything that must hold before a change lands, tests aside
    ///
    /// Formatting, lints, documentation, fence, tidy, deny and the simulator. All of them run, whatever fails first.
    Ci,
    /// Check that every crate uses only what its layer allows, and that pure crates stay pure
    Fence,
    /// Check lengths, reasons, front pages, white space
    Tidy(tidy::TidyArgs),
    /// Check licences, duplicates and sources of what we depend on
    Deny(deny::DenyArgs),
    /// Run a client and the small cluster in virtual time, with faults that a seed draws
    Sim(sim::SimArgs),
    /// Compare where we place with where crushtool and osdmaptool do, over random maps
    ///
    /// CRUSH maps of every kind, with all rules, 1 to 6 replicas and 1,024 inputs each, and OSD maps with all their PGs, half of
    /// them those of a real cluster as it is churned. Every release of the tools that can be found judges. A failure names the
    /// seed of its map, or its epoch.
    PlacementDiff(placement_diff::PlacementDiffArgs),
    /// Feed what nobody would send to everything that reads bytes or texts; takes a nightly compiler
    Fuzz(fuzz::FuzzArgs),
    /// Measure checksums, messages, maps and placement, each beside the best alternative
    ///
    /// The alternatives bring a hundred crates, some of which take a C compiler.
    Bench(bench::BenchArgs),
    /// Capture values from Ceph as test data, in place of those in tests/golden
    Golden(golden::GoldenArgs),
}

const LONG_ABOUT: &str = "The project's own tasks.

A first look at a real cluster:

    dir=/tmp/my-ceph
    cargo xtask ceph up --dir $dir          # 1 mon, 1 mgr, 3 OSDs in memory, cephx
    eval \"$(cargo xtask ceph env --dir $dir)\"
    ceph status
    cargo xtask ceph down --dir $dir";

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo(args) => demo::run(&args),
        Task::Ceph(task) => task.run(),
        Task::Test(args) => test_run::run(&args),
        Task::Soak(args) => soak::run(&args),
        Task::Ci => ci::run(),
        Task::Fence => fence::run(),
        Task::Tidy(args) => tidy::run(&args),
        Task::Deny(args) => deny::run(&args),
        Task::Sim(args) => sim::run(&args),
        Task::PlacementDiff(args) => placement_diff::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Golden(args) => golden::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
