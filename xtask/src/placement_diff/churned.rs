//! OSD maps of a cluster in which everything changes all the time, as `ceph osd getmap` gives them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use super::output_bytes;
use crate::ceph::{ChurnSpec, Release, Spec, TestCluster};
use crate::test_bed::TestBed;

/// OSDs of the cluster: four hosts of two.
const OSDS: u32 = 8;
/// Runs of `ceph` at the same time.
const AT_ONCE: usize = 2;

/// A map.
pub(crate) struct Churned {
    /// Its epoch.
    pub(crate) epoch: u32,
    /// Where it was written.
    pub(crate) file: PathBuf,
}

/// The maps of that many epochs of a cluster of a release, in `out`, which is emptied before. The cluster is churned until it has
/// had that many; they are the newest, without a gap.
///
/// # Errors
/// If the cluster cannot be started, or does not do what it is told.
pub(crate) fn collect(release: Release, seed: u64, count: u32, out: &Path) -> Result<Vec<Churned>> {
    let started = Instant::now();
    if out.exists() {
        fs::remove_dir_all(out)?;
    }
    fs::create_dir_all(out)?;
    let bed = TestBed::new()?;
    let result = churn_and_get(&bed, release, seed, count, out);
    let finished = bed.finish();
    let maps = result?;
    finished?;
    println!("{} maps of a churning {} in {} s", maps.len(), release.name(), started.elapsed().as_secs());
    Ok(maps)
}

fn churn_and_get(bed: &TestBed, release: Release, seed: u64, count: u32, out: &Path) -> Result<Vec<Churned>> {
    let set = ["mgr_stats_period", "mgr_tick_period"].map(|option| (option.to_owned(), "1".to_owned()));
    let spec = Spec { osds: OSDS, set: set.into(), ..Spec::default() };
    let cluster = TestCluster::start(&bed.dir().join(release.name()), release, &spec)?;
    // It keeps its objects in memory, and there are none.
    let mut churn = cluster.churn(ChurnSpec::maps_alone(seed))?;
    let first = churn.epoch()? + 1;
    while churn.epoch()? < first + count {
        churn.round()?;
    }
    let last = churn.epoch()?;
    get_maps(&cluster, last + 1 - count..=last, out)
}

fn get_maps(
    cluster: &TestCluster,
    epochs: std::ops::RangeInclusive<u32>,
    out: &Path,
) -> Result<Vec<Churned>> {
    let maps: Vec<Churned> =
        epochs.map(|epoch| Churned { epoch, file: out.join(epoch.to_string()) }).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(map) = maps.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut command = Command::new(cluster.bin().join("ceph"));
            command.arg("--conf").arg(cluster.conf());
            command.args(["osd", "getmap", &map.epoch.to_string()]);
            let bytes = output_bytes(&mut command)?;
            fs::write(&map.file, bytes).with_context(|| format!("cannot write {}", map.file.display()))?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let runs: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        runs.into_iter().try_for_each(|run| run.join().map_err(|_| anyhow!("a run panicked"))?)
    })?;
    Ok(maps)
}
