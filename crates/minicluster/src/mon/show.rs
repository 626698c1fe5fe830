//! What commands show of the cluster.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use loligo_placement::{Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
use loligo_wire::osdmap::{OSDMap, OsdMapFlags};
use loligo_wire::types::{ErrorCode, ObjectLocator, PgId};
use loligo_wire::{OsdId, Uuid};
use serde_json::{Value, json};

use super::command::{Args, Done, Failed, Outcome};

fn show(args: &Args, value: &Value, plain: impl FnOnce() -> String) -> Done {
    if args.is_json() { Done::data(format!("\n{value}\n")) } else { Done::data(plain()) }
}

pub(super) fn pools(map: &OSDMap, args: &Args) -> Done {
    let rows: Vec<_> = map
        .get_pools()
        .map(|(id, _)| {
            (id, map.get_pool_name(id).map(|name| name.to_lossy().into_owned()).unwrap_or_default())
        })
        .collect();
    let value = rows.iter().map(|(id, name)| json!({ "poolnum": id.0, "poolname": name })).collect();
    show(args, &value, || rows.iter().map(|(id, name)| format!("{id} {name}\n")).collect())
}

pub(super) fn osd_map(map: &OSDMap, args: &Args) -> Outcome {
    let text = |name: &str| args.get(name).unwrap_or_default();
    let (pool, object, nspace) = (text("pool"), text("object"), text("nspace"));
    let missing = || Failed::new(ErrorCode::ENOENT, format!("pool {pool} does not exist"));
    let id = map.lookup_pg_pool_name(&pool).ok_or_else(missing)?;
    let locator = ObjectLocator { nspace: nspace.clone().into(), ..ObjectLocator::new(id) };
    let raw = object_locator_to_pg(map, object.as_bytes(), &locator).ok_or_else(missing)?;
    let pg = map.get_pg_pool(id).map_or(raw, |pool| raw_pg_to_pg(pool, raw));
    let mut placed = UpActing::default();
    pg_to_up_acting_osds(map, pg, &mut Scratch::new(), &mut placed);
    let ids = |osds: &[OsdId]| osds.iter().map(|osd| osd.0).collect::<Vec<_>>();
    let primary = |osd: Option<OsdId>| osd.map_or(-1, |osd| osd.0);
    let name = if nspace.is_empty() { object } else { format!("{nspace}/{object}") };
    let value = json!({
        "epoch": map.epoch.0,
        "pool": pool,
        "pool_id": id.0,
        "objname": name,
        "raw_pgid": raw.to_string(),
        "pgid": pg.to_string(),
        "up": ids(&placed.up),
        "up_primary": primary(placed.up_primary),
        "acting": ids(&placed.acting),
        "acting_primary": primary(placed.acting_primary),
    });
    Ok(show(args, &value, || plain_osd_map(map, &pool, &name, raw, pg, &placed)))
}

fn plain_osd_map(map: &OSDMap, pool: &str, name: &str, raw: PgId, pg: PgId, placed: &UpActing) -> String {
    let list = |osds: &[OsdId]| {
        let ids: Vec<_> = osds.iter().map(ToString::to_string).collect();
        format!("[{}]", ids.join(","))
    };
    let primary = |osd: Option<OsdId>| osd.map_or(-1, |osd| osd.0);
    format!(
        "osdmap e{} pool '{pool}' ({}) object '{name}' -> pg {raw} ({pg}) -> up ({}, p{}) acting ({}, p{})",
        map.epoch,
        pg.pool,
        list(&placed.up),
        primary(placed.up_primary),
        list(&placed.acting),
        primary(placed.acting_primary)
    )
}

pub(super) fn osd_dump(map: &OSDMap) -> Done {
    let osds: Vec<_> = map
        .get_all_osds()
        .map(|osd| {
            json!({
                "osd": osd.0,
                "up": u8::from(map.is_up(osd)),
                "in": u8::from(map.is_in(osd)),
                "public_addr": map.get_addrs(osd).legacy_addr().to_string(),
            })
        })
        .collect();
    let pools: Vec<_> = map
        .get_pools()
        .map(|(id, pool)| {
            json!({
                "pool": id.0,
                "pool_name": map.get_pool_name(id).map(|name| name.to_lossy().into_owned()),
                "size": pool.size,
                "min_size": pool.min_size,
                "pg_num": pool.pg_num,
            })
        })
        .collect();
    let value = json!({
        "epoch": map.epoch.0,
        "fsid": map.fsid.to_string(),
        "flags": map.flags.to_string(),
        "osds": osds,
        "pools": pools,
    });
    Done::data(format!("\n{value}\n"))
}

struct Counts {
    osds: usize,
    up: usize,
    inside: usize,
}

fn counts(map: &OSDMap) -> Counts {
    Counts { osds: map.get_num_osds(), up: map.get_num_up_osds(), inside: map.get_num_in_osds() }
}

pub(super) fn osd_stat(map: &OSDMap, args: &Args) -> Done {
    let Counts { osds, up, inside } = counts(map);
    let value = json!({ "epoch": map.epoch.0, "num_osds": osds, "num_up_osds": up, "num_in_osds": inside });
    show(args, &value, || format!("{osds} osds: {up} up, {inside} in; epoch: e{}\n", map.epoch))
}

/// What is not as it should be.
fn warnings(map: &OSDMap) -> Vec<String> {
    let Counts { osds, up, .. } = counts(map);
    let mut warnings = Vec::new();
    if up < osds {
        warnings.push(format!("{} osds down", osds - up));
    }
    let held = OsdMapFlags::PAUSERD
        | OsdMapFlags::PAUSEWR
        | OsdMapFlags::FULL
        | OsdMapFlags::NOUP
        | OsdMapFlags::NODOWN;
    if map.flags.intersects(held) {
        warnings.push(format!("{} flag(s) set", map.flags & held));
    }
    warnings
}

pub(super) fn health(map: &OSDMap, args: &Args) -> Done {
    let warnings = warnings(map);
    let status = if warnings.is_empty() { "HEALTH_OK" } else { "HEALTH_WARN" };
    show(args, &json!({ "status": status, "checks": warnings }), || {
        format!("{status} {}\n", warnings.join("; "))
    })
}

pub(super) fn status(map: &OSDMap, fsid: Uuid, args: &Args) -> Done {
    let warnings = warnings(map);
    let Counts { osds, up, inside } = counts(map);
    let health = if warnings.is_empty() { "HEALTH_OK" } else { "HEALTH_WARN" };
    let pools = map.get_pools().count();
    let pgs: u32 = map.get_pools().map(|(_, pool)| pool.pg_num).sum();
    let value = json!({
        "fsid": fsid.to_string(),
        "health": { "status": health, "checks": warnings },
        "osdmap": { "epoch": map.epoch.0, "num_osds": osds, "num_up_osds": up, "num_in_osds": inside },
        "pgmap": { "num_pools": pools, "num_pgs": pgs },
    });
    show(args, &value, || {
        let mut out = format!("  cluster:\n    id:     {fsid}\n    health: {health}\n");
        for warning in &warnings {
            out.push_str(&format!("            {warning}\n"));
        }
        out.push_str(&format!(
            " \n  services:\n    mon: 1 daemons, quorum a\n    osd: {osds} osds: {up} up, {inside} in\n"
        ));
        out.push_str(&format!(" \n  data:\n    pools:   {pools} pools, {pgs} pgs\n"));
        out
    })
}

pub(super) fn df(map: &OSDMap, args: &Args) -> Done {
    let rows: Vec<_> = map
        .get_pools()
        .map(|(id, pool)| {
            let name = map.get_pool_name(id).map(|name| name.to_lossy().into_owned()).unwrap_or_default();
            (name, id.0, pool.pg_num)
        })
        .collect();
    let pools: Vec<_> =
        rows.iter().map(|(name, id, pgs)| json!({ "name": name, "id": id, "pgs": pgs })).collect();
    show(args, &json!({ "pools": pools }), || {
        let mut out = String::from("--- POOLS ---\nPOOL  ID  PGS\n");
        for (name, id, pgs) in &rows {
            out.push_str(&format!("{name}  {id}  {pgs}\n"));
        }
        out
    })
}
