//! Prints where each PG of an OSDMap belongs, as `osdmaptool MAP --test-map-pgs-dump-all` prints it, so that the two can be
//! compared, or with a pool and names, where those objects are:
//!
//! ```text
//! map_pgs MAP [POOL OBJECT...]
//! ```
//!
//! MAP is an encoded map (`ceph osd getmap -o MAP`).

use std::env;
use std::error::Error;
use std::fs;

use loligo_placement::{
    Scratch, UpActing, object_locator_to_pg, pg_to_raw_osds, pg_to_up_acting_osds, raw_pg_to_pg,
};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Decode, OsdId, PoolId};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [file, objects @ ..] = args.as_slice() else {
        return Err("usage: map_pgs MAP [POOL OBJECT...]".into());
    };
    let map = OSDMap::decode_all(&fs::read(file)?.into())?;
    match objects {
        [] => pgs(&map),
        [pool, names @ ..] => map_objects(&map, PoolId(pool.parse()?), names)?,
    }
    Ok(())
}

fn pgs(map: &OSDMap) {
    let (mut scratch, mut raw, mut osds) = (Scratch::new(), Vec::new(), UpActing::default());
    for (id, pool) in map.get_pools() {
        println!("pool {id} pg_num {}", pool.pg_num);
        for seed in 0..pool.pg_num {
            let pg = PgId::new(id, seed);
            pg_to_raw_osds(map, pg, &mut scratch, &mut raw);
            pg_to_up_acting_osds(map, pg, &mut scratch, &mut osds);
            let raw_primary = raw.iter().copied().find(|osd| *osd != OsdId::NONE);
            println!(
                "{pg} raw ({}) up ({}) acting ({})",
                set(&raw, raw_primary),
                set(&osds.up, osds.up_primary),
                set(&osds.acting, osds.acting_primary)
            );
        }
    }
}

fn map_objects(map: &OSDMap, pool: PoolId, names: &[String]) -> Result<(), Box<dyn Error>> {
    let (mut scratch, mut osds) = (Scratch::new(), UpActing::default());
    for name in names {
        let raw =
            object_locator_to_pg(map, name.as_bytes(), &ObjectLocator::new(pool)).ok_or("no such pool")?;
        let pg = raw_pg_to_pg(map.get_pg_pool(pool).ok_or("no such pool")?, raw);
        pg_to_up_acting_osds(map, pg, &mut scratch, &mut osds);
        println!(" object '{name}' -> {pg} -> [{}]", list(&osds.acting));
    }
    Ok(())
}

fn set(osds: &[OsdId], primary: Option<OsdId>) -> String {
    format!("[{}], p{}", list(osds), primary.map_or(-1, |osd| osd.0))
}

fn list(osds: &[OsdId]) -> String {
    osds.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
