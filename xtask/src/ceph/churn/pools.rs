//! Pools.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Churn;
use super::state::Pool;
use crate::ceph::Release;

/// Pools that are there at most, and those that stay.
const POOLS_MAX: usize = 8;
const POOLS_MIN: usize = 3;

/// A split or merge that takes longer than this is hindered by something.
const SLOW: Duration = Duration::from_secs(15);

/// Numbers of PGs: powers of two and others.
const PG_NUMS: &[u32] = &[1, 7, 12, 100, 256];
/// Those of a cluster that has to serve as well.
const FEW_PGS: &[u32] = &[1, 7, 12, 16];

impl Churn {
    /// The pools that may come to harm.
    pub(super) fn others(&mut self) -> Result<Vec<Pool>> {
        let pools = self.state()?.pools;
        // Those with a dot are the cluster's own.
        let is_ours = |pool: &Pool| !self.is_kept(&pool.name) && !pool.name.starts_with('.');
        Ok(pools.into_iter().filter(is_ours).collect())
    }

    /// Any pool.
    pub(super) fn any_pool(&mut self) -> Result<Option<Pool>> {
        let pools = self.state()?.pools;
        Ok(self.dice.choose(&pools))
    }

    fn pg_num(&mut self) -> u32 {
        *self.dice.pick(if self.is_careful() { FEW_PGS } else { PG_NUMS })
    }

    fn make_room(&mut self) -> Result<()> {
        if self.others()?.len() < POOLS_MAX { Ok(()) } else { self.delete_pool() }
    }

    pub(super) fn create_replicated(&mut self) -> Result<()> {
        self.make_room()?;
        let (name, pg_num) = (self.name("r"), self.pg_num());
        let rule = *self.dice.pick(&["replicated_rule", "by_host", "on_ssd", "on_hdd"]);
        self.must(&format!("osd pool create {name} {pg_num} {pg_num} replicated {rule}"))?;
        let size = self.dice.between(2, 4);
        self.must(&format!("osd pool set {name} size {size}"))?;
        self.must(&format!("osd pool application enable {name} rados"))
    }

    pub(super) fn create_erasure(&mut self) -> Result<()> {
        self.make_room()?;
        let (name, pg_num) = (self.name("e"), self.pg_num());
        let profiles = self.state()?.profiles();
        let profile = self.dice.choose(&profiles).context("there is no profile")?;
        self.must(&format!("osd pool create {name} {pg_num} {pg_num} erasure {profile}"))?;
        if self.release() >= Release::Tentacle && self.dice.chance(50) {
            self.may(&format!("osd pool set {name} allow_ec_optimizations true"))?;
        }
        Ok(())
    }

    pub(super) fn delete_pool(&mut self) -> Result<()> {
        let pools = self.others()?;
        if pools.len() <= POOLS_MIN {
            return Ok(());
        }
        let Some(Pool { name, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        self.must(&format!("osd pool rm {name} {name} --yes-i-really-really-mean-it"))
    }

    pub(super) fn rename_pool(&mut self) -> Result<()> {
        let pools = self.others()?;
        let Some(Pool { name, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        let new = self.name(name.get(..1).unwrap_or("p"));
        self.must(&format!("osd pool rename {name} {new}"))
    }

    pub(super) fn set_quota(&mut self) -> Result<()> {
        let pools = self.others()?;
        let Some(Pool { name, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        let what = *self.dice.pick(&["max_objects", "max_bytes"]);
        let value = *self.dice.pick(&[0, 100_000, 1_073_741_824_u64]);
        self.must(&format!("osd pool set-quota {name} {what} {value}"))
    }

    pub(super) fn set_size(&mut self) -> Result<()> {
        let pools: Vec<Pool> = self.others()?.into_iter().filter(Pool::is_replicated).collect();
        let Some(Pool { name, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        let size = self.dice.between(2, 4);
        self.must(&format!("osd pool set {name} size {size}"))?;
        let min_size = self.dice.between(1, size);
        self.may(&format!("osd pool set {name} min_size {min_size}")).map(drop)
    }

    pub(super) fn set_option(&mut self) -> Result<()> {
        let Some(Pool { name, .. }) = self.any_pool()? else { return Ok(()) };
        let option = *self.dice.pick(&[
            "compression_mode passive",
            "compression_required_ratio 0.7",
            "csum_type crc32c",
            "scrub_priority 3",
            "recovery_op_priority 4",
            "scrub_min_interval 86400",
            "target_size_ratio 0.1",
            "nodeep-scrub 1",
            "nosizechange 1",
            "nosizechange 0",
        ]);
        self.may(&format!("osd pool set {name} {option}")).map(drop)
    }

    pub(super) fn mksnap(&mut self) -> Result<()> {
        let pools = self.state()?.pools;
        let pools: Vec<Pool> = pools.into_iter().filter(Pool::is_replicated).collect();
        let Some(Pool { name, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        let snap = self.name("s");
        self.must(&format!("osd pool mksnap {name} {snap}"))
    }

    pub(super) fn rmsnap(&mut self) -> Result<()> {
        let pools = self.state()?.pools;
        let snaps: Vec<(String, String)> = pools
            .into_iter()
            .flat_map(|pool| pool.pool_snaps.into_iter().map(move |snap| (pool.name.clone(), snap.name)))
            .collect();
        match self.dice.choose(&snaps) {
            Some((pool, snap)) => self.must(&format!("osd pool rmsnap {pool} {snap}")),
            None => Ok(()),
        }
    }

    /// More PGs; the manager makes them in its own time. For a pool that is kept, that is waited for.
    pub(super) fn split(&mut self) -> Result<()> {
        let Some(pool) = self.resized()? else { return Ok(()) };
        let more = self.dice.between(1, 5);
        self.resize(&pool, pool.pg_num + more)
    }

    /// Fewer PGs. The manager takes them away one by one, each when both halves are ready.
    pub(super) fn merge(&mut self) -> Result<()> {
        let Some(pool) = self.resized()? else { return Ok(()) };
        let fewer = self.dice.between(1, 3);
        self.resize(&pool, pool.pg_num.saturating_sub(fewer).max(1))
    }

    /// Deletes pools of which PGs serve nobody, for want of OSDs: while there is one, the manager splits and merges nothing.
    fn delete_inactive(&mut self) -> Result<()> {
        for Pool { name, .. } in self.others()? {
            if self.states_of(&name)?.iter().any(|state| !state.contains("active")) {
                self.must(&format!("osd pool rm {name} {name} --yes-i-really-really-mean-it"))?;
            }
        }
        Ok(())
    }

    fn resized(&mut self) -> Result<Option<Pool>> {
        let pools = self.state()?.pools;
        Ok(match &self.spec.keep {
            Some(kept) => pools.into_iter().find(|pool| pool.name == *kept),
            None => self.dice.choose(&pools),
        })
    }

    fn resize(&mut self, pool: &Pool, pg_num: u32) -> Result<()> {
        let name = &pool.name;
        if !self.is_kept(name) {
            self.may(&format!("osd pool set {name} pg_num {pg_num}"))?;
            return self.may(&format!("osd pool set {name} pgp_num {pg_num}")).map(drop);
        }
        self.revive_all()?;
        self.all_in()?;
        self.wait_until_kept_is_clean()?;
        self.must(&format!("osd pool set {name} pg_num {pg_num}"))?;
        // Where there are to be fewer, the monitor has taken this along.
        self.may(&format!("osd pool set {name} pgp_num {pg_num}"))?;
        let started = Instant::now();
        self.wait_until(&format!("{name} has {pg_num} PGs"), |churn| {
            if started.elapsed() > SLOW {
                churn.delete_inactive()?;
            }
            let pools = churn.state()?.pools;
            let pool = pools.iter().find(|pool| churn.is_kept(&pool.name)).context("the pool is gone")?;
            Ok([pool.pg_num, pool.pgp_num, pool.pg_num_target].iter().all(|number| *number == pg_num))
        })?;
        self.told(&format!("{name} has {pg_num} PGs and had {}", pool.pg_num));
        self.wait_until_kept_is_clean()
    }
}
