//! The project's own tasks, run as `cargo xtask TASK`.
//!
//! Everything that a developer or CI does beyond plain `cargo` stands here, so that one program, built by
//! cargo, is all that a fresh machine needs.
#![forbid(unsafe_code)]

mod ceph;
mod process;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The tasks of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, long_about = LONG_ABOUT)]
enum Task {
    #[command(subcommand)]
    Ceph(ceph::CephTask),
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
        Task::Ceph(task) => task.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
