//! `cargo xtask golden`: values captured from daemons that we run, committed as test data.

mod capture;
mod placement;
mod steps;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::ceph::{Release, Spec, TestCluster};
use crate::workspace;
use capture::Capture;

/// OSDs of the cluster from which values are taken: three hosts of two.
const OSDS: u32 = 6;

/// What `golden` takes.
#[derive(Args)]
pub(crate) struct GoldenArgs {
    /// Write here instead of tests/golden
    #[arg(long)]
    out: Option<PathBuf>,
    /// The releases whose daemons are asked; all if none is named
    #[arg(value_enum, value_name = "RELEASE")]
    releases: Vec<Release>,
}

/// Starts a cluster of each release, leads it through the steps, and replaces the captured values by those that it
/// gives.
pub(crate) fn run(args: &GoldenArgs) -> Result<()> {
    let out = args.out.clone().unwrap_or_else(|| workspace::root().join("tests/golden"));
    let releases = if args.releases.is_empty() { Release::value_variants() } else { &args.releases };
    releases.iter().try_for_each(|release| run_one(*release, &out))
}

fn run_one(release: Release, out: &Path) -> Result<()> {
    let dir = std::env::temp_dir().join(format!("loligo-golden-{}", std::process::id()));
    let cluster = TestCluster::start(&dir, release, &Spec { osds: OSDS, ..Spec::default() })?;
    let result = capture_all(&cluster, &out.join(release.name()));
    let down = cluster.down();
    result.and(down)
}

fn capture_all(cluster: &TestCluster, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let capture = Capture::new(cluster, out);
    let steps = steps::walk(&capture, cluster.release())?;
    placement::capture(&capture, &steps)?;
    capture.full_maps(steps::last_epoch(&steps))?;
    capture.incrementals(steps::last_epoch(&steps))?;
    capture.write("README.md", README.as_bytes())?;
    eprintln!("golden: written below {}", out.display());
    Ok(())
}

/// What the captured files are, for whoever finds them.
const README: &str = "# Captured from Ceph

Everything here was written by Ceph's own daemons and tools, in one run of `cargo xtask golden`, which replaces it all. The
cluster was made for that and is gone.

| file | what it is | made by |
|---|---|---|
| `version` | the version of all programs | `ceph-osd --version` |
| `steps` | a line for each thing that was done to the cluster: the epoch that had it, and the command | |
| `osdmap/full_N` | the OSDMap of epoch N, encoded | `ceph osd getmap N` |
| `osdmap/inc_N` | the Incremental that leads to epoch N, encoded | the monitor's store |
| `osdmap/N.print` | that map in words, times in UTC | `osdmaptool --print` |
| `osdmap/N.pgs` | where every PG of every pool is in that map | `osdmaptool --test-map-pgs-dump-all` |
| `crush/map` | the CRUSH map of the last step, encoded | `ceph osd getcrushmap` |
| `crush/map.txt` | the same, decompiled | `crushtool -d` |
| `crush/mappings_N` | where its rules lead with N replicas | `crushtool --test --show-mappings` |
| `monmap/map`, `monmap/map.print` | the MonMap, encoded and in words | `ceph mon getmap`, `monmaptool --print` |
| `objects` | a line of JSON for each object: where the monitor says it is at the last step | `ceph osd map -f json` |

Keys are not here: nothing in these files lets anyone in anywhere.
";
