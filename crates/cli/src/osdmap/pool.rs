//! A pool as `OSDMap::print_pools` and `operator<<` of `pg_pool_t` print it.

use std::fmt::Write as _;
use std::io::Write;

use loligo_wire::osdmap::{
    CacheMode, HitSetParams, OSDMap, PgAutoscaleMode, PgPool, PoolFlags, PoolOpt, PoolOpts, SnapIntervalSet,
};
use loligo_wire::{Epoch, PoolId};

use super::balance::{Balance, read_balance};
use super::text::time;
use crate::fail::Fail;
use crate::output::general;

pub(super) fn print_pools(map: &OSDMap, out: &mut impl Write) -> Result<(), Fail> {
    for (id, pool) in map.get_pools() {
        let name = map.get_pool_name(id).map_or_else(|| "<unknown>".to_owned(), ToString::to_string);
        write!(out, "pool {id} '{name}' {}", describe(pool))?;
        print_balance(map, id, pool, out)?;
        for snap in pool.snaps.values() {
            writeln!(out, "\tsnap {} '{}' {}", snap.snapid, snap.name, time(snap.stamp))?;
        }
        if !pool.removed_snaps.is_empty() {
            writeln!(out, "\tremoved_snaps {}", intervals(&pool.removed_snaps))?;
        }
        if let Some(queue) = map.removed_snaps_queue.get(&id) {
            writeln!(out, "\tremoved_snaps_queue {}", intervals(queue))?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// How evenly reads are spread, at the end of the line, and what is to say about that.
fn print_balance(map: &OSDMap, id: PoolId, pool: &PgPool, out: &mut impl Write) -> Result<(), Fail> {
    let balance = if pool.is_replicated() { read_balance(map, id, pool) } else { Balance::default() };
    match balance.score {
        Some(score) => writeln!(out, " read_balance_score {score:.2}")?,
        None => writeln!(out)?,
    }
    if let Some(trouble) = balance.trouble {
        writeln!(out, " {}: {trouble}", if balance.score.is_some() { "Warning" } else { "ERROR" })?;
    }
    Ok(())
}

/// `[1~2,5~1]`; starts are snapshots and so in hexadecimal, as lengths are.
fn intervals(set: &SnapIntervalSet) -> String {
    let intervals: Vec<String> = set.iter().map(|(start, len)| format!("{start:x}~{len:x}")).collect();
    format!("[{}]", intervals.join(","))
}

fn describe(pool: &PgPool) -> String {
    let mut text = pool.pool_type.name().to_owned();
    // A String takes everything.
    let _ = add_basics(&mut text, pool)
        .and_then(|()| add_flags(&mut text, pool))
        .and_then(|()| add_cache(&mut text, pool));
    let _ = add_rest(&mut text, pool);
    text
}

fn add_basics(text: &mut String, pool: &PgPool) -> std::fmt::Result {
    if pool.is_erasure() {
        write!(text, " profile {}", pool.erasure_code_profile)?;
    }
    write!(text, " size {} min_size {}", pool.size, pool.min_size)?;
    write!(text, " crush_rule {} object_hash {}", pool.crush_rule, hash_name(pool.object_hash))?;
    write!(text, " pg_num {} pgp_num {}", pool.pg_num, pool.pgp_num)?;
    for (name, number, usual) in [
        ("pg_num_target", pool.pg_num_target, pool.pg_num),
        ("pgp_num_target", pool.pgp_num_target, pool.pgp_num),
        ("pg_num_pending", pool.pg_num_pending, pool.pg_num),
    ] {
        if number != usual {
            write!(text, " {name} {number}")?;
        }
    }
    if pool.pg_autoscale_mode != PgAutoscaleMode::UNKNOWN {
        write!(text, " autoscale_mode {}", pool.pg_autoscale_mode.name())?;
    }
    write!(text, " last_change {}", pool.last_change)?;
    let resends = [
        pool.last_force_op_resend,
        pool.last_force_op_resend_prenautilus,
        pool.last_force_op_resend_preluminous,
    ];
    if resends.iter().any(|epoch| *epoch != Epoch(0)) {
        let [now, prenautilus, preluminous] = resends;
        write!(text, " lfor {now}/{prenautilus}/{preluminous}")?;
    }
    Ok(())
}

fn add_flags(text: &mut String, pool: &PgPool) -> std::fmt::Result {
    if pool.auid != 0 {
        write!(text, " owner {}", pool.auid)?;
    }
    if pool.flags != PoolFlags::NONE {
        write!(text, " flags {}", pool_flags(pool.flags))?;
    }
    add_some(text, "max_bytes", pool.quota_max_bytes)?;
    add_some(text, "max_objects", pool.quota_max_objects)
}

/// As their Display, and what is not known.
fn pool_flags(flags: PoolFlags) -> String {
    let bits = (0..u64::BITS).map(|bit| PoolFlags(1 << bit)).filter(|flag| flags.contains(*flag));
    let names = bits.map(|flag| flag.to_string());
    names.map(|name| if name.is_empty() { "???".to_owned() } else { name }).collect::<Vec<_>>().join(",")
}

fn add_some(text: &mut String, name: &str, number: u64) -> std::fmt::Result {
    if number == 0 { Ok(()) } else { write!(text, " {name} {number}") }
}

fn add_cache(text: &mut String, pool: &PgPool) -> std::fmt::Result {
    if !pool.tiers.is_empty() {
        let tiers: Vec<String> = pool.tiers.iter().map(ToString::to_string).collect();
        write!(text, " tiers {}", tiers.join(","))?;
    }
    for (name, tier) in
        [("tier_of", pool.tier_of), ("read_tier", pool.read_tier), ("write_tier", pool.write_tier)]
    {
        if tier.0 >= 0 {
            write!(text, " {name} {tier}")?;
        }
    }
    if pool.cache_mode != CacheMode::NONE {
        write!(text, " cache_mode {}", pool.cache_mode.name())?;
    }
    add_some(text, "target_bytes", pool.target_max_bytes)?;
    add_some(text, "target_objects", pool.target_max_objects)?;
    if pool.hit_set_params != HitSetParams::None {
        write!(text, " hit_set {}", hit_set(pool.hit_set_params))?;
        write!(text, " {}s x{}", pool.hit_set_period, pool.hit_set_count)?;
        write!(text, " decay_rate {}", pool.hit_set_grade_decay_rate)?;
        write!(text, " search_last_n {}", pool.hit_set_search_last_n)?;
    }
    add_some(text, "min_read_recency_for_promote", pool.min_read_recency_for_promote.into())?;
    add_some(text, "min_write_recency_for_promote", pool.min_write_recency_for_promote.into())
}

fn add_rest(text: &mut String, pool: &PgPool) -> std::fmt::Result {
    write!(text, " stripe_width {}", pool.stripe_width)?;
    add_some(text, "expected_num_objects", pool.expected_num_objects)?;
    add_some(text, "fast_read", pool.fast_read.into())?;
    add_opts(text, &pool.opts)?;
    if !pool.application_metadata.is_empty() {
        let names: Vec<String> = pool.application_metadata.keys().map(ToString::to_string).collect();
        write!(text, " application {}", names.join(","))?;
    }
    Ok(())
}

/// By name; an option that is not known has none.
fn add_opts(text: &mut String, opts: &PoolOpts) -> std::fmt::Result {
    let mut named: Vec<_> = opts.0.iter().filter_map(|(key, value)| Some((key.name()?, value))).collect();
    named.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in named {
        match value {
            PoolOpt::Str(value) => write!(text, " {name} {value}")?,
            PoolOpt::Int(value) => write!(text, " {name} {value}")?,
            PoolOpt::Double(value) => write!(text, " {name} {}", general(*value))?,
        }
    }
    Ok(())
}

const fn hash_name(hash: u8) -> &'static str {
    match hash {
        1 => "linux",
        2 => "rjenkins",
        _ => "unknown",
    }
}

fn hit_set(params: HitSetParams) -> String {
    match params {
        // The brace that is never opened is Ceph's.
        HitSetParams::None => "none}".to_owned(),
        HitSetParams::ExplicitHash => "explicit_hash{}".to_owned(),
        HitSetParams::ExplicitObject => "explicit_object{}".to_owned(),
        HitSetParams::Bloom { fpp_micro, target_size, seed } => format!(
            "bloom{{false_positive_probability: {}, target_size: {target_size}, seed: {seed}}}",
            general(f64::from(fpp_micro) / 1_000_000.0)
        ),
    }
}
