//! `change`: the next epoch of the map.

use std::sync::Arc;

use loligo_wire::osdmap::{Incremental, OSDMap, OsdMapFlags, PgPool, PoolFlags, PoolType, SnapIntervalSet};
use loligo_wire::{EntityAddr, OsdId, PoolId};

use crate::common::{self, Cluster};

pub(crate) fn change(cluster: &mut Cluster, words: &[&str]) {
    cluster.change(|map, inc| {
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            one(map, inc, key, value);
        }
    });
}

fn osd(text: &str) -> OsdId {
    OsdId(text.parse().unwrap())
}

fn one(map: &OSDMap, inc: &mut Incremental, key: &str, value: &str) {
    match key {
        "down" => Cluster::set_down(map, inc, osd(value)),
        "up" => {
            let (id, port) = value.split_once('@').unwrap_or((value, "6800"));
            Cluster::set_up(inc, osd(id), port.parse().unwrap());
        }
        "v2only" => {
            let addrs = format!("v2:10.0.0.{value}:6800/1").parse().unwrap();
            inc.new_up_client.insert(osd(value), addrs);
        }
        "out" => drop(inc.new_weight.insert(osd(value), OSDMap::OUT)),
        "in" => drop(inc.new_weight.insert(osd(value), OSDMap::IN)),
        "flag" => {
            let flags = inc.new_flags.unwrap_or(map.flags);
            let flag = OsdMapFlags::from_name(&value[1..]).unwrap();
            inc.new_flags = Some(if value.starts_with('+') { flags | flag } else { flags.without(flag) });
        }
        "temp" => {
            let (pg, osds) = value.split_once(':').unwrap();
            let osds = osds.split(',').filter(|osd| !osd.is_empty()).map(osd).collect();
            inc.new_pg_temp.insert(common::pg(pg), osds);
        }
        "primary_temp" => {
            let (pg, primary) = value.split_once(':').unwrap();
            inc.new_primary_temp.insert(common::pg(pg), osd(primary));
        }
        "blocklist" => {
            let addr: EntityAddr = value.parse().unwrap();
            inc.new_blocklist.insert(addr.with_kind(loligo_wire::AddrType::ANY), inc.modified);
        }
        "unblocklist" => {
            let addr: EntityAddr = value.parse().unwrap();
            inc.old_blocklist.push(addr.with_kind(loligo_wire::AddrType::ANY));
        }
        "mkpool" => {
            let (id, pg_num) = value.split_once(':').unwrap();
            inc.new_pools.insert(PoolId(id.parse().unwrap()), common::pool(pg_num.parse().unwrap(), 2));
        }
        "rmpool" => drop(inc.old_pools.insert(PoolId(value.parse().unwrap()))),
        "rmsnap" => {
            let (id, snap) = value.split_once(':').unwrap();
            let mut set = SnapIntervalSet::default();
            set.insert(snap.parse().unwrap(), 1);
            inc.new_removed_snaps.insert(PoolId(id.parse().unwrap()), set);
        }
        _ => of_pool(map, inc, key, value),
    }
}

/// `key=pool:value`.
fn of_pool(map: &OSDMap, inc: &mut Incremental, key: &str, value: &str) {
    let (id, value) = value.split_once(':').unwrap_or((value, ""));
    let id = PoolId(id.parse().unwrap());
    let epoch = inc.epoch;
    let known = || PgPool::clone(map.get_pg_pool(id).map(Arc::as_ref).unwrap());
    let pool = inc.new_pools.entry(id).or_insert_with(known);
    let number = || value.parse::<u32>().unwrap();
    match key {
        "poolflag" => {
            let flag = PoolFlags::from_name(&value[1..]).unwrap();
            pool.flags = if value.starts_with('+') { pool.flags | flag } else { pool.flags.without(flag) };
        }
        "pg_num" => {
            pool.set_pg_num(number());
            pool.pgp_num = number();
        }
        "size" => pool.size = u8::try_from(number()).unwrap(),
        "min_size" => pool.min_size = u8::try_from(number()).unwrap(),
        "force_resend" => pool.set_last_force_op_resend(epoch),
        "tier" => {
            pool.read_tier = PoolId(value.parse().unwrap());
            pool.write_tier = pool.read_tier;
        }
        "erasure" => {
            pool.pool_type = PoolType::ERASURE;
            pool.crush_rule = 1;
        }
        _ => panic!("unknown change {key}"),
    }
}
