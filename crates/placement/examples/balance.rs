//! Proposes upmaps that even out how many PGs the OSDs of a map hold, as Ceph's balancer does, with nothing but the map:
//!
//! ```text
//! balance MAP POOL [MOVES]
//! ```
//!
//! MAP is an encoded map (`ceph osd getmap -o MAP`), POOL a pool's name. The output are commands for `ceph`. A PG moves only
//! within its failure domain, where the new OSD hangs below the same bucket as the old one, so that no rule is broken.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use loligo_placement::{Scratch, pg_to_raw_upmap};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::PgId;
use loligo_wire::{Decode, OsdId, PoolId};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (file, pool, moves) = match args.as_slice() {
        [file, pool] => (file, pool, 10),
        [file, pool, moves] => (file, pool, moves.parse()?),
        _ => return Err("usage: balance MAP POOL [MOVES]".into()),
    };
    let mut map = OSDMap::decode_all(&fs::read(file)?.into())?;
    let pool = map.lookup_pg_pool_name(pool).ok_or("no such pool")?;
    let mut moved = 0;
    while moved < moves {
        let held = Held::count(&map, pool);
        eprintln!("after {moved} moves: {}", held.summary());
        let Some((pg, from, to)) = held.best_move(&map) else { break };
        println!("ceph osd pg-upmap-items {pg} {from} {to}");
        let items = Arc::make_mut(&mut map.pg_upmap_items);
        items.entry(pg).or_default().push((from, to));
        moved += 1;
    }
    Ok(())
}

/// The PGs of each OSD that data is placed on.
struct Held(BTreeMap<OsdId, Vec<PgId>>);

impl Held {
    fn count(map: &OSDMap, pool: PoolId) -> Self {
        let mut held: BTreeMap<OsdId, Vec<PgId>> = BTreeMap::new();
        for osd in map.get_all_osds().filter(|osd| map.is_in(*osd)) {
            held.insert(osd, Vec::new());
        }
        let (mut scratch, mut osds) = (Scratch::new(), Vec::new());
        let pg_num = map.get_pg_pool(pool).map_or(0, |pool| pool.pg_num);
        for pg in (0..pg_num).map(|seed| PgId::new(pool, seed)) {
            pg_to_raw_upmap(map, pg, &mut scratch, &mut osds);
            for osd in &osds {
                if let Some(pgs) = held.get_mut(osd) {
                    pgs.push(pg);
                }
            }
        }
        Self(held)
    }

    fn summary(&self) -> String {
        let counts = || self.0.values().map(Vec::len);
        format!("{} to {} PGs on an OSD", counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }

    /// The move of a PG from a fuller OSD to an emptier one of the same bucket that evens out most.
    fn best_move(&self, map: &OSDMap) -> Option<(PgId, OsdId, OsdId)> {
        let siblings = |from: OsdId, to: OsdId| {
            let holds = |items: &[i32], osd: OsdId| items.contains(&osd.0);
            map.crush.buckets().any(|bucket| holds(&bucket.items, from) && holds(&bucket.items, to))
        };
        let mut best: Option<(usize, PgId, OsdId, OsdId)> = None;
        for (from, pgs) in &self.0 {
            for (to, others) in self.0.iter().filter(|(to, _)| siblings(*from, **to)) {
                let gain = pgs.len().saturating_sub(others.len());
                let free = pgs.iter().find(|pg| !others.contains(pg) && !map.pg_upmap_items.contains_key(pg));
                if let Some(pg) = free.filter(|_| gain > 1 && best.is_none_or(|(most, ..)| gain > most)) {
                    best = Some((gain, *pg, *from, *to));
                }
            }
        }
        best.map(|(_, pg, from, to)| (pg, from, to))
    }
}
