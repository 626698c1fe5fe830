//! The program loligo: put, get, list and measure objects in a Ceph cluster.
#![forbid(unsafe_code)]

mod args;
mod bench;
mod context;
mod crush;
mod dencoder;
mod dissect;
mod fail;
mod files;
mod msgr;
mod numbers;
mod objects;
mod osdmap;
mod output;
mod patience;
mod pools;
mod progress;
mod stream;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use context::Context;
use fail::Fail;
use stream::Source;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. All others are 1, as everything else that fails.
            let code = if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
            let _ = error.print();
            return code;
        }
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(fail) if fail.is_broken_pipe() => ExitCode::SUCCESS,
        Err(fail) => {
            eprintln!("loligo: {fail}");
            ExitCode::from(fail.status())
        }
    }
}

fn run(cli: &Cli) -> Result<(), Fail> {
    // What is wrong here is told before anybody is called.
    if cli.command.needs_pool() && cli.global.pool.is_none() {
        return Err(context::no_pool());
    }
    match &cli.command {
        Command::Crush(command) => return crush::run(command),
        Command::Dencoder { words } => return dencoder::run(words),
        Command::Dissect { file, all } => return dissect::run(file, *all, cli.global.format),
        Command::Msgr(command) => return msgr::run(command, &cli.global),
        Command::Osdmap(args) => return osdmap::run(args, cli.global.pool.as_deref()),
        _ => {}
    }
    let source = match &cli.command {
        Command::Put { file, .. } | Command::Append { file, .. } => Some(Source::open(file)?),
        _ => None,
    };
    let context = Context::connect(&cli.global)?;
    match (&cli.command, source) {
        (Command::Put { object, offset, .. }, Some(source)) => stream::put(&context, object, source, *offset),
        (Command::Append { object, .. }, Some(source)) => stream::append(&context, object, source),
        (command, _) => run_simple(&context, command),
    }
}

fn run_simple(context: &Context, command: &Command) -> Result<(), Fail> {
    match command {
        Command::Get { object, file } => stream::get(context, object, file),
        Command::Stat { object } => objects::stat(context, object),
        Command::Rm { objects, force_full } => objects::rm(context, objects, *force_full),
        Command::Ls { all } => objects::ls(context, *all),
        Command::Truncate { object, length } => objects::truncate(context, object, *length),
        Command::Create { object } => objects::create(context, object),
        Command::Map { object } => objects::map(context, object),
        Command::Lspools => pools::lspools(context),
        Command::Mkpool { pool, pg_num, size } => pools::mkpool(context, pool, *pg_num, *size),
        Command::Rmpool { pool, again, yes_i_really_really_mean_it } => {
            pools::rmpool(context, pool, again, *yes_i_really_really_mean_it)
        }
        Command::Df => pools::ask(context, "df"),
        Command::Status => pools::ask(context, "status"),
        Command::Bench(bench) => bench::run(context, bench),
        // These come with a file, or need no cluster.
        Command::Put { .. }
        | Command::Append { .. }
        | Command::Crush(_)
        | Command::Osdmap(_)
        | Command::Msgr(_)
        | Command::Dencoder { .. }
        | Command::Dissect { .. } => Ok(()),
    }
}
