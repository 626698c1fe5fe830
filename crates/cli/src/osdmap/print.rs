//! `OSDMap::print`.

use std::io::Write;

use loligo_wire::osdmap::{OSDMap, OsdMapFlags, OsdState};
use loligo_wire::{OsdId, Release};

use super::compat::get_min_compat_client;
use super::pool::print_pools;
use super::text::{List, fixed, time};
use crate::fail::Fail;
use crate::output::general;

pub(super) fn print(map: &OSDMap, out: &mut impl Write) -> Result<(), Fail> {
    writeln!(out, "epoch {}\nfsid {}", map.epoch, map.fsid)?;
    writeln!(out, "created {}\nmodified {}", time(map.created), time(map.modified))?;
    writeln!(out, "flags {}", flag_string(map.flags))?;
    writeln!(out, "crush_version {}", map.crush_version)?;
    writeln!(out, "full_ratio {}", general(map.full_ratio.into()))?;
    writeln!(out, "backfillfull_ratio {}", general(map.backfillfull_ratio.into()))?;
    writeln!(out, "nearfull_ratio {}", general(map.nearfull_ratio.into()))?;
    if map.require_min_compat_client != Release::UNKNOWN {
        writeln!(out, "require_min_compat_client {}", map.require_min_compat_client)?;
    }
    writeln!(out, "min_compat_client {}", get_min_compat_client(map))?;
    if map.require_osd_release > Release::UNKNOWN {
        writeln!(out, "require_osd_release {}", map.require_osd_release)?;
    }
    print_modes(map, out)?;
    writeln!(out)?;
    print_pools(map, out)?;
    writeln!(out, "max_osd {}", map.get_max_osd())?;
    for osd in map.get_all_osds() {
        print_osd(map, osd, out)?;
    }
    writeln!(out)?;
    print_overrides(map, out)
}

fn print_modes(map: &OSDMap, out: &mut impl Write) -> Result<(), Fail> {
    writeln!(out, "stretch_mode_enabled {}", map.stretch_mode_enabled)?;
    if map.stretch_mode_enabled {
        writeln!(out, "stretch_bucket_count {}", map.stretch_bucket_count)?;
        writeln!(out, "degraded_stretch_mode {}", map.degraded_stretch_mode)?;
        writeln!(out, "recovering_stretch_mode {}", map.recovering_stretch_mode)?;
        writeln!(out, "stretch_mode_bucket {}", map.stretch_mode_bucket)?;
    }
    if !map.cluster_snapshot.as_bytes().is_empty() && map.cluster_snapshot_epoch == map.epoch {
        writeln!(out, "cluster_snapshot {}", map.cluster_snapshot)?;
    }
    if map.allow_crimson {
        writeln!(out, "allow_crimson=true")?;
    }
    Ok(())
}

/// The flags in the order in which Ceph prints them, which is not that of their bits (`get_flag_string`).
fn flag_string(flags: OsdMapFlags) -> String {
    const MOVED: [(OsdMapFlags, OsdMapFlags); 2] = [
        (OsdMapFlags::NOREBALANCE, OsdMapFlags::NORECOVER),
        (OsdMapFlags::NOSNAPTRIM, OsdMapFlags::SORTBITWISE),
    ];
    let mut names = Vec::new();
    // Full and nearfull are not printed.
    for bit in 2..u32::BITS {
        let flag = OsdMapFlags(1 << bit);
        let before = MOVED.iter().find(|(_, behind)| *behind == flag).map(|(moved, _)| *moved);
        let moved = MOVED.iter().any(|(moved, _)| *moved == flag);
        let here = [before, Some(flag).filter(|_| !moved)];
        for flag in here.into_iter().flatten().filter(|flag| flags.contains(*flag)) {
            names.push(flag.to_string());
        }
    }
    names.retain(|name| !name.is_empty());
    names.join(",")
}

fn print_osd(map: &OSDMap, osd: OsdId, out: &mut impl Write) -> Result<(), Fail> {
    let up = if map.is_up(osd) { "up  " } else { "down" };
    let is_in = if map.is_in(osd) { "in " } else { "out" };
    write!(out, "osd.{osd} {up} {is_in} weight {}", general(fixed(map.get_weight(osd)).into()))?;
    let affinity = map.get_primary_affinity(osd);
    if affinity != OSDMap::DEFAULT_PRIMARY_AFFINITY {
        write!(out, " primary_affinity {}", general(fixed(affinity).into()))?;
    }
    let info = map.get_info(osd).copied().unwrap_or_default();
    write!(out, " up_from {} up_thru {} down_at {}", info.up_from, info.up_thru, info.down_at)?;
    write!(out, " last_clean_interval [{},{})", info.last_clean_begin, info.last_clean_end)?;
    if info.lost_at.0 != 0 {
        write!(out, " lost_at {}", info.lost_at)?;
    }
    write!(
        out,
        " {} {} {}",
        map.get_addrs(osd),
        map.get_cluster_addrs(osd),
        state_names(map.get_state(osd))
    )?;
    if let Some(uuid) = map.get_uuid(osd).filter(|uuid| !uuid.is_nil()) {
        write!(out, " {uuid}")?;
    }
    writeln!(out)?;
    Ok(())
}

/// The names of states, in the order of the alphabet.
fn state_names(state: OsdState) -> String {
    let names = state.to_string();
    let mut names: Vec<&str> = names.split(',').collect();
    names.sort_unstable();
    names.join(",")
}

fn print_overrides(map: &OSDMap, out: &mut impl Write) -> Result<(), Fail> {
    for (pg, osds) in map.pg_upmap.iter() {
        writeln!(out, "pg_upmap {pg} {}", List(osds))?;
    }
    for (pg, pairs) in map.pg_upmap_items.iter() {
        let flat: Vec<OsdId> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
        writeln!(out, "pg_upmap_items {pg} {}", List(&flat))?;
    }
    for (pg, osd) in map.pg_upmap_primaries.iter() {
        writeln!(out, "pg_upmap_primary {pg} {osd}")?;
    }
    for (pg, osds) in map.pg_temp.iter() {
        writeln!(out, "pg_temp {pg} {}", List(osds))?;
    }
    for (pg, osd) in map.primary_temp.iter() {
        writeln!(out, "primary_temp {pg} {osd}")?;
    }
    // osdmaptool prints these in an order of its own.
    for (addr, until) in map.blocklist.iter() {
        writeln!(out, "blocklist {addr} expires {}", time(*until))?;
    }
    for (addr, until) in &map.range_blocklist {
        writeln!(out, "range blocklist {addr} expires {}", time(*until))?;
    }
    Ok(())
}
