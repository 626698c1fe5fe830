//! Where PGs and objects are: `--test-map-pgs`, `--test-map-pg` and `--test-map-object`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use loligo_placement::{
    Scratch, UpActing, object_locator_to_pg, pg_to_acting_osds, pg_to_raw_osds, pg_to_up_acting_osds,
    raw_pg_to_pg,
};
use loligo_wire::osdmap::{OSDMap, PgPool};
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{OsdId, PoolId};

use super::text::{List, fixed, number, stream};
use super::weights::item_weight;
use crate::fail::Fail;
use crate::output::general;

/// What is printed of each PG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Count,
    Dump,
    DumpAll,
}

fn no_pool(pool: PoolId) -> Fail {
    Fail::Usage(format!("There is no pool {pool}"))
}

/// Where nothing was said of a pool, it is the first one.
pub(super) fn pool_of_object(pool: Option<PoolId>, out: &mut impl Write) -> Result<PoolId, Fail> {
    if pool.is_none() {
        writeln!(out, "osdmaptool: assuming pool 1 (use --pool to override)")?;
    }
    Ok(pool.unwrap_or(PoolId(1)))
}

pub(super) fn test_map_object(
    map: &OSDMap,
    object: &[u8],
    id: PoolId,
    out: &mut impl Write,
) -> Result<(), Fail> {
    let pool = map.get_pg_pool(id).ok_or_else(|| no_pool(id))?;
    let raw = object_locator_to_pg(map, object, &ObjectLocator::new(id)).ok_or_else(|| no_pool(id))?;
    let pg = raw_pg_to_pg(pool, raw);
    let mut acting = Vec::new();
    pg_to_acting_osds(map, pg, &mut Scratch::new(), &mut acting);
    out.write_all(&[b" object '", object].concat())?;
    writeln!(out, "' -> {pg} -> {}", List(&acting))?;
    Ok(())
}

pub(super) fn test_map_pg(map: &OSDMap, text: &str, out: &mut impl Write) -> Result<(), Fail> {
    let pg = parse_pg(text).ok_or_else(|| Fail::Usage(format!("failed to parse pg '{text}'")))?;
    writeln!(out, " parsed '{text}' -> {pg}")?;
    let mut found = Found::default();
    found.find(map, pg);
    found.print(pg, out)
}

/// The PG that a text begins with, whatever stands behind it, like the shard in `1.0s2` (`pg_t::parse`).
fn parse_pg(text: &str) -> Option<PgId> {
    let (pool, rest) = text.trim_start().split_once('.')?;
    let seed = rest.strip_prefix("0x").unwrap_or(rest);
    let end = seed.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(seed.len());
    let pool = pool.parse().ok().filter(|pool: &i64| *pool >= 0)?;
    Some(PgId::new(PoolId(pool), u32::from_str_radix(seed.get(..end)?, 16).ok()?))
}

/// All that is to say of one PG.
#[derive(Default)]
struct Found {
    scratch: Scratch,
    raw: Vec<OsdId>,
    osds: UpActing,
}

impl Found {
    fn find(&mut self, map: &OSDMap, pg: PgId) {
        pg_to_raw_osds(map, pg, &mut self.scratch, &mut self.raw);
        pg_to_up_acting_osds(map, pg, &mut self.scratch, &mut self.osds);
    }

    fn print(&self, pg: PgId, out: &mut impl Write) -> Result<(), Fail> {
        let raw_primary = self.raw.iter().copied().find(|osd| *osd != OsdId::NONE);
        let UpActing { up, up_primary, acting, acting_primary } = &self.osds;
        writeln!(
            out,
            "{pg} raw ({}, p{}) up ({}, p{}) acting ({}, p{})",
            List(&self.raw),
            number(raw_primary),
            List(up),
            number(*up_primary),
            List(acting),
            number(*acting_primary),
        )?;
        Ok(())
    }
}

/// Maps the PGs of all pools, or of one, and prints how many each OSD has.
pub(super) fn test_map_pgs(
    map: &mut OSDMap,
    pool: Option<PoolId>,
    pg_num: Option<i64>,
    detail: Detail,
    out: &mut impl Write,
) -> Result<(), Fail> {
    if let Some(pool) = pool.filter(|pool| !map.have_pg_pool(*pool)) {
        return Err(no_pool(pool));
    }
    if let Some(pg_num) = pg_num.filter(|pg_num| *pg_num > 0) {
        let known = u32::try_from(pg_num).ok().filter(|pg_num| *pg_num <= PgPool::MAX_PG_NUM);
        let most = || Fail::Usage(format!("--pg-num can be up to {}", PgPool::MAX_PG_NUM));
        let pg_num = known.ok_or_else(most)?;
        let wanted = map.pools.iter_mut().filter(|(id, _)| pool.is_none_or(|pool| **id == pool));
        wanted.for_each(|(_, pool)| Arc::make_mut(pool).set_pg_num(pg_num));
    }
    let mut counts = Counts::new(map);
    let mut found = Found::default();
    for (id, pool) in map.get_pools().filter(|(id, _)| pool.is_none_or(|pool| *id == pool)) {
        writeln!(out, "pool {id} pg_num {}", pool.pg_num)?;
        for seed in 0..pool.pg_num {
            let pg = PgId::new(id, seed);
            if detail == Detail::DumpAll {
                found.find(map, pg);
                found.print(pg, out)?;
            } else {
                let Found { scratch, osds, .. } = &mut found;
                osds.acting_primary = pg_to_acting_osds(map, pg, scratch, &mut osds.acting);
            }
            let UpActing { acting, acting_primary, .. } = &found.osds;
            if detail == Detail::Dump {
                writeln!(out, "{pg}\t{}\t{}", List(acting), number(*acting_primary))?;
            }
            counts.add(acting, *acting_primary);
        }
    }
    counts.print(map, out)
}

/// How many PGs an OSD has.
#[derive(Clone, Copy, Default)]
struct Count {
    any: u64,
    first: u64,
    primary: u64,
}

struct Counts {
    osds: Vec<Count>,
    /// How many PGs have so many OSDs.
    sizes: BTreeMap<usize, u64>,
}

impl Counts {
    fn new(map: &OSDMap) -> Self {
        Self { osds: vec![Count::default(); map.osd_state.len()], sizes: BTreeMap::new() }
    }

    fn of(&mut self, osd: Option<OsdId>) -> Option<&mut Count> {
        let index = usize::try_from(osd?.0).ok()?;
        self.osds.get_mut(index)
    }

    fn add(&mut self, acting: &[OsdId], primary: Option<OsdId>) {
        *self.sizes.entry(acting.len()).or_default() += 1;
        for osd in acting {
            if let Some(count) = self.of(Some(*osd)) {
                count.any += 1;
            }
        }
        if let Some(count) = self.of(acting.first().copied()) {
            count.first += 1;
        }
        if let Some(count) = self.of(primary) {
            count.primary += 1;
        }
    }

    fn print(&self, map: &OSDMap, out: &mut impl Write) -> Result<(), Fail> {
        writeln!(out, "#osd\tcount\tfirst\tprimary\tc wt\twt")?;
        let mut counts = Vec::new();
        for (osd, count) in (0..).map(OsdId).zip(&self.osds) {
            let weight = item_weight(&map.crush, osd.0).map_or(0, u32::cast_signed);
            if !map.is_in(osd) || weight <= 0 {
                continue;
            }
            counts.push((osd, count.any));
            let Count { any, first, primary } = count;
            let crush_weight = general(fixed(weight.cast_unsigned()).into());
            let weight = general(fixed(map.get_weight(osd)).into());
            writeln!(out, "osd.{osd}\t{any}\t{first}\t{primary}\t{crush_weight}\t{weight}")?;
        }
        print_spread(&counts, out)?;
        for (size, pgs) in &self.sizes {
            writeln!(out, "size {size}\t{pgs}")?;
        }
        Ok(())
    }
}

/// How evenly PGs are spread over the OSDs that should have some.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn print_spread(counts: &[(OsdId, u64)], out: &mut impl Write) -> Result<(), Fail> {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let average = total.checked_div(counts.len() as u64).unwrap_or(0);
    let (all, mean) = (counts.len() as f64, average as f64);
    let squares = counts.iter().map(|(_, count)| (average.abs_diff(*count) as f64).powi(2));
    let deviation = (squares.sum::<f64>() / all).sqrt();
    let expected = (total as f64 / all * (1.0 - 1.0 / all)).sqrt();
    writeln!(out, " in {}", counts.len())?;
    writeln!(
        out,
        " avg {average} stddev {} ({}x) (expected {} {}x))",
        stream(deviation),
        stream(deviation / mean),
        stream(expected),
        stream(expected / mean)
    )?;
    let with_some = || counts.iter().filter(|(_, count)| *count > 0);
    // Of equals, the first.
    if let Some((osd, count)) = with_some().min_by_key(|(_, count)| *count) {
        writeln!(out, " min osd.{osd} {count}")?;
    }
    if let Some((osd, count)) = with_some().rev().max_by_key(|(_, count)| *count) {
        writeln!(out, " max osd.{osd} {count}")?;
    }
    Ok(())
}
