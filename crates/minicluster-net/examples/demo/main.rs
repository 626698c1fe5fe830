//! The demo: the small cluster and the library in one program. `cargo xtask demo` runs it.
//!
//! It stores objects and reads them back, shows where they live, stops an OSD under load and counts what was lost, and
//! measures. With `--keep` it then stays up for other programs.

mod load;
mod measure;
mod objects;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use loligo::{Cluster, Conf, PoolOptions};
use loligo_minicluster_net::{MiniCluster, MiniOptions};

/// What went wrong: the demo has nobody to tell but the person in front of it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

const POOL: &str = "demo";
const OSDS: u16 = 3;
const PG_NUM: u32 = 32;
const COPIES: u32 = 2;

/// What the command line says.
struct Args {
    keep: bool,
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match args().and_then(|args| run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn args() -> Result<Args, Failure> {
    let mut args = Args { keep: false, dir: None };
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--keep") => args.keep = true,
            Some("--dir") => args.dir = Some(words.next().ok_or("--dir needs a folder")?.into()),
            _ => return Err(format!("{}: usage: demo [--keep] [--dir DIR]", word.to_string_lossy()).into()),
        }
    }
    Ok(args)
}

fn run(args: &Args) -> Result<(), Failure> {
    let start = Instant::now();
    let mini =
        MiniCluster::start(MiniOptions { osds: OSDS, dir: args.dir.clone(), ..MiniOptions::default() })?;
    let cluster = Cluster::connect(&Conf::read("client.admin", mini.conf_path())?)?;
    println!(
        "A small cluster in memory, on loopback TCP: 1 monitor, {OSDS} OSDs, cephx. Up, and logged in, after {:.0?}.",
        start.elapsed()
    );
    cluster.create_pool(POOL, PoolOptions { pg_num: Some(PG_NUM), size: Some(COPIES) })?;
    println!("Pool {POOL}: {PG_NUM} placement groups, {COPIES} copies.\n");

    let pool = cluster.io_ctx(POOL)?;
    objects::store_and_verify(&pool)?;
    load::stop_an_osd(&mini, &cluster, &pool)?;
    measure::print(&pool)?;
    if args.keep {
        keep(&mini);
    }
    cluster.shutdown();
    Ok(())
}

/// Stays up until somebody ends the program.
fn keep(mini: &MiniCluster) -> ! {
    let conf = mini.conf_path();
    let conf = conf.display();
    let loligo = format!("cargo run -q --release -p loligo-cli -- -c {conf}");
    println!(
        "\nThe cluster stays up until Ctrl-C. Its configuration: {conf}\nIn a second terminal:\n\n    \
         {loligo} status\n    {loligo} -p {POOL} put readme README.md\n    {loligo} -p {POOL} map readme\n    \
         {loligo} -p {POOL} bench 5 write -b 4096\n\n\
         Ceph's own program takes it as well, where there is one:\n\n    rados -c {conf} -p {POOL} ls"
    );
    loop {
        std::thread::park();
    }
}
