//! OSD maps: some that we draw, some of a real cluster.

use std::path::Path;

use anyhow::{Context, Result};

use super::churned::{self, Churned};
use super::{PlacementDiffArgs, Run, Tally, compare};
use crate::ceph;

/// How `osdmaptool` prints that there is no OSD.
const HOLE: &str = "2147483647";

impl Run<'_> {
    /// Half of the maps are those of a cluster of the judge's own release, as it was churned; where its daemons are not here,
    /// this is said, and all maps are drawn.
    pub(super) fn osd_maps(&self, args: &PlacementDiffArgs) -> Result<Tally> {
        let churned = self.churned(args)?;
        let drawn = args.maps.saturating_sub(churned.len() as u64);
        let mut tally = self.all(args.seeds(drawn), "OSD", |run, seed, tally| run.drawn_map(seed, tally))?;
        for Churned { epoch, file } in churned {
            self.osd_map(&file, &format!("OSD map of epoch {epoch}"), &mut tally)?;
            tally.maps += 1;
        }
        Ok(tally)
    }

    fn churned(&self, args: &PlacementDiffArgs) -> Result<Vec<Churned>> {
        let release = self.judge.release();
        let name = release.name();
        if !ceph::has_daemons(release) {
            println!(
                "NOT JUDGED: OSD maps of a churning cluster of {name}, for want of its daemons; run `cargo xtask ceph \
                 fetch --release {name}`"
            );
            return Ok(Vec::new());
        }
        let count = u32::try_from(args.maps / 2)?;
        churned::collect(release, args.seed, count, &self.work.join("churned"))
            .with_context(|| format!("a churning cluster of {name}"))
    }

    fn drawn_map(&self, seed: u64, tally: &mut Tally) -> Result<()> {
        let map = self.work.join("osdmap");
        self.ours.random_osdmap(seed, &map, self.judge.release().name())?;
        self.osd_map(&map, &format!("OSD map of seed {seed}"), tally)
    }

    /// All PGs, and of one judge all of the map.
    fn osd_map(&self, map: &Path, name: &str, tally: &mut Tally) -> Result<()> {
        let mut arguments = vec![map.display().to_string(), "--test-map-pgs-dump-all".to_owned()];
        if self.judge.is_model() {
            arguments.extend(["--print", "--tree=json-pretty"].map(str::to_owned));
        }
        let ours = self.ours.loligo(&["osdmap"], &arguments)?;
        if !self.judge.maps_holes() && has_hole(&ours) {
            return self.pools_without_holes(&arguments, &ours, name, tally);
        }
        let theirs = self.judge.tool("osdmaptool", &arguments).with_context(|| name.to_owned())?;
        compare(&blocklist_in_order(&theirs), &blocklist_in_order(&ours), name, tally);
        Ok(())
    }

    /// One pool after the other, without those of which a PG lacks a shard.
    fn pools_without_holes(
        &self,
        arguments: &[String],
        all: &str,
        name: &str,
        tally: &mut Tally,
    ) -> Result<()> {
        for pool in all.lines().filter_map(|line| line.strip_prefix("pool ")?.split(' ').next()) {
            let of_pool = [arguments, &["--pool".to_owned(), pool.to_owned()]].concat();
            let ours = self.ours.loligo(&["osdmap"], &of_pool)?;
            if has_hole(&ours) {
                tally.pools_left_out += 1;
                continue;
            }
            let name = format!("{name}, pool {pool}");
            let theirs = self.judge.tool("osdmaptool", &of_pool).with_context(|| name.clone())?;
            compare(&theirs, &ours, &name, tally);
        }
        Ok(())
    }
}

/// Whether a PG is where nobody is. Holes in what CRUSH says, which something else fills, do no harm.
fn has_hole(pgs: &str) -> bool {
    let acting = |line: &str| Some(line.split_once(" acting ")?.1.contains(HOLE));
    pgs.lines().filter_map(acting).any(|hole| hole)
}

/// `osdmaptool` prints addresses that are shut out in the order in which they lie in its memory.
fn blocklist_in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for block in lines.chunk_by_mut(|one, other| is_blocklist(one) == is_blocklist(other)) {
        if block.first().is_some_and(|line| is_blocklist(line)) {
            block.sort_unstable();
        }
    }
    lines.join("\n")
}

fn is_blocklist(line: &str) -> bool {
    line.starts_with("blocklist ") || line.starts_with("range blocklist ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_is_one_of_the_acting_osds() {
        assert!(has_hole("1.0 raw ([1,2], p1) up ([1,2], p1) acting ([1,2147483647], p1)"));
        assert!(!has_hole("1.0 raw ([1,2147483647], p1) up ([1,2147483647], p1) acting ([1,2], p1)"));
    }

    #[test]
    fn only_addresses_that_are_shut_out_are_put_in_order() {
        let text = "pg_temp 2\npg_temp 1\nblocklist b\nblocklist a\nend";
        assert_eq!(blocklist_in_order(text), "pg_temp 2\npg_temp 1\nblocklist a\nblocklist b\nend");
    }
}
