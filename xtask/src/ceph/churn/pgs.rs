//! What is set for single PGs.

use anyhow::Result;
use serde_json::Value;

use super::Churn;
use super::state::{Pool, Set};
use crate::ceph::Release;

impl Churn {
    /// A PG of any pool.
    fn any_pg(&mut self) -> Result<Option<(Pool, String)>> {
        let Some(pool) = self.any_pool()? else { return Ok(None) };
        Ok(Some(self.pg_of(pool)))
    }

    fn pg_of(&mut self, pool: Pool) -> (Pool, String) {
        let pg = format!("{}.{:x}", pool.pool, self.dice.below(pool.pg_num));
        (pool, pg)
    }

    /// Where a PG is to be, without holes.
    fn up(&mut self, pg: &str) -> Result<Vec<u32>> {
        let told = self.shell.ask(&format!("pg map {pg}"))?;
        let up = told.get("up").and_then(Value::as_array).cloned().unwrap_or_default();
        let osds = up.iter().filter_map(Value::as_u64).filter_map(|osd| u32::try_from(osd).ok());
        Ok(osds.filter(|osd| *osd < i32::MAX as u32).collect())
    }

    /// As many OSDs as the pool takes, each once.
    fn places(&mut self, pool: &Pool) -> Result<String> {
        let serving = self.state()?.serving();
        Ok(words(&self.dice.sample(&serving, pool.size)))
    }

    pub(super) fn upmap(&mut self) -> Result<()> {
        let Some((pool, pg)) = self.any_pg()? else { return Ok(()) };
        let osds = self.places(&pool)?;
        self.may(&format!("osd pg-upmap {pg} {osds}")).map(drop)
    }

    /// Takes an OSD of a PG and puts another one in its place.
    pub(super) fn upmap_items(&mut self) -> Result<()> {
        let Some((_, pg)) = self.any_pg()? else { return Ok(()) };
        let up = self.up(&pg)?;
        let mut serving = self.state()?.serving();
        serving.retain(|osd| !up.contains(osd));
        let count = self.dice.between(1, 2) as usize;
        let from = self.dice.sample(&up, count);
        let to = self.dice.sample(&serving, count);
        let pairs: Vec<u32> = from.into_iter().zip(to).flat_map(|(from, to)| [from, to]).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        self.may(&format!("osd pg-upmap-items {pg} {}", words(&pairs))).map(drop)
    }

    /// Makes another OSD of a PG its primary.
    pub(super) fn upmap_primary(&mut self) -> Result<()> {
        if self.release() < Release::Reef {
            return Ok(());
        }
        let pools: Vec<Pool> = self.state()?.pools.into_iter().filter(Pool::is_replicated).collect();
        let Some(pool) = self.dice.choose(&pools) else { return Ok(()) };
        let (_, pg) = self.pg_of(pool);
        match self.up(&pg)?.last() {
            Some(last) => self.may(&format!("osd pg-upmap-primary {pg} {last}")).map(drop),
            None => Ok(()),
        }
    }

    pub(super) fn pg_temp(&mut self) -> Result<()> {
        let Some((pool, pg)) = self.any_pg()? else { return Ok(()) };
        let osds = self.places(&pool)?;
        self.may(&format!("osd pg-temp {pg} {osds}")).map(drop)
    }

    pub(super) fn primary_temp(&mut self) -> Result<()> {
        let Some((_, pg)) = self.any_pg()? else { return Ok(()) };
        let up = self.up(&pg)?;
        match self.dice.choose(&up) {
            Some(osd) => self.may(&format!("osd primary-temp {pg} {osd}")).map(drop),
            None => Ok(()),
        }
    }

    /// Takes back what is set for some PG.
    fn take_back(&mut self, what: Set, command: &str) -> Result<()> {
        let pgs = self.state()?.pgs_with(what);
        match self.dice.choose(&pgs) {
            Some(pg) => self.may(&format!("osd {command} {pg}")).map(drop),
            None => Ok(()),
        }
    }

    pub(super) fn rm_upmap(&mut self) -> Result<()> {
        self.take_back(Set::Upmap, "rm-pg-upmap")
    }

    pub(super) fn rm_upmap_items(&mut self) -> Result<()> {
        self.take_back(Set::UpmapItems, "rm-pg-upmap-items")
    }

    pub(super) fn rm_upmap_primary(&mut self) -> Result<()> {
        self.take_back(Set::UpmapPrimary, "rm-pg-upmap-primary")
    }

    pub(super) fn rm_pg_temp(&mut self) -> Result<()> {
        self.take_back(Set::PgTemp, "pg-temp")
    }
}

/// Numbers as words of a command.
fn words(osds: &[u32]) -> String {
    osds.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}
