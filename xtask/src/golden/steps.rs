//! What is done to the cluster, so that its maps hold every field that a client meets.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::capture::Capture;
use crate::ceph::Release;

const ACTIVE_DEADLINE: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A line of the steps: after each, the epoch is written down and the map looked at. Three are not Ceph's: `wait` waits
/// until every PG is active, `swap-host PG` replaces an OSD of the PG by the other one on its host, and `last-first PG`
/// makes the last OSD of the PG its primary. `$NAME` stands for the number of the pool.
const STEPS: &[&str] = &[
    // Three hosts in two racks, two device classes.
    "osd crush set osd.0 1.0 root=default rack=r1 host=h1",
    "osd crush set osd.1 1.5 root=default rack=r1 host=h1",
    "osd crush set osd.2 1.0 root=default rack=r1 host=h2",
    "osd crush set osd.3 0.7 root=default rack=r1 host=h2",
    "osd crush set osd.4 2.0 root=default rack=r2 host=h3",
    "osd crush set osd.5 1.0 root=default rack=r2 host=h3",
    "osd crush rm-device-class osd.0 osd.1 osd.2 osd.3 osd.4 osd.5",
    "osd crush set-device-class ssd osd.0 osd.2 osd.4",
    "osd crush set-device-class hdd osd.1 osd.3 osd.5",
    "osd crush rule create-replicated by_host default host",
    "osd crush rule create-replicated on_ssd default host ssd",
    "osd pool create thirtytwo 32 32 replicated by_host",
    "osd pool create twelve 12 12 replicated on_ssd",
    "osd pool create seven 7 7 replicated",
    "osd erasure-code-profile set k2m1 k=2 m=1 crush-failure-domain=host",
    "osd pool create coded 12 12 erasure k2m1",
    "wait",
    "osd pool mksnap seven before",
    "osd pool application enable thirtytwo rados",
    "osd pool set-quota seven max_objects 1000",
    "osd pool set twelve size 3",
    "osd primary-affinity osd.1 0.3",
    "osd primary-affinity osd.4 0",
    "osd reweight 3 0.6",
    "wait",
    "osd set-require-min-compat-client luminous",
    "osd pg-upmap $seven.1 0 3",
    "swap-host $thirtytwo.3",
    "swap-host $thirtytwo.9",
    "osd pg-temp $thirtytwo.5 5 3",
    "osd primary-temp $thirtytwo.6 5",
    "osd crush weight-set create-compat",
    "osd crush weight-set reweight-compat osd.0 0.5",
    "wait",
    "osd blocklist add 192.0.2.1:0/123456 86400",
    "osd set pause",
    "osd unset pause",
    "osd set noup",
    "osd unset noup",
    "osd out 5",
    "wait",
    "osd in 5",
    "wait",
    "osd down 3",
    "wait",
    "osd pool set twelve pg_num 16",
    "wait",
    "osd pool rename seven eight",
    "osd pool rm coded coded --yes-i-really-really-mean-it",
];

/// What Reef and later have beside that.
const STEPS_SINCE_REEF: &[&str] = &[
    "osd set-require-min-compat-client reef",
    "last-first $thirtytwo.2",
    "last-first $thirtytwo.7",
    "wait",
    "osd rm-pg-upmap-primary $thirtytwo.7",
];

/// What Tentacle and later have beside that: pools of optimized erasure code, and rules that choose OSDs in one step with
/// their hosts.
const STEPS_SINCE_TENTACLE: &[&str] = &[
    "osd set-require-min-compat-client squid",
    "osd pool create optimized 12 12 erasure k2m1",
    "osd pool set optimized allow_ec_optimizations true",
    "osd erasure-code-profile set k3m1 k=3 m=1 crush-failure-domain=host crush-osds-per-failure-domain=2 \
     crush-num-failure-domains=2",
    "osd pool create msr 12 12 erasure k3m1",
    "wait",
    "osd out 4",
    "wait",
    "osd in 4",
    "wait",
];

/// The steps of a release.
fn steps_of(release: Release) -> impl Iterator<Item = &'static str> {
    let since = |first: Release, steps: &'static [&'static str]| if release >= first { steps } else { &[] };
    let all = [STEPS, since(Release::Reef, STEPS_SINCE_REEF), since(Release::Tentacle, STEPS_SINCE_TENTACLE)];
    all.into_iter().flatten().copied().filter(move |words| {
        // Before Pacific it went by another name.
        release >= Release::Pacific || !words.starts_with("osd blocklist")
    })
}

/// A step, and the epoch that the map had after it.
pub(crate) struct Step {
    /// The epoch.
    pub(crate) epoch: u32,
    /// The words that were given to `ceph`.
    words: String,
}

/// Takes every step and writes down which epoch had it.
pub(crate) fn walk(capture: &Capture<'_>, release: Release) -> Result<Vec<Step>> {
    capture.write("version", format!("{}\n", capture.version()?).as_bytes())?;
    let mut steps = Vec::new();
    for words in steps_of(release) {
        let words = with_pool_numbers(capture, words)?;
        match words.split_once(' ') {
            None => wait_until_active(capture)?,
            Some(("swap-host", pg)) => swap_host(capture, pg)?,
            Some(("last-first", pg)) => last_first(capture, pg)?,
            Some(_) => drop(capture.ceph(&words)?),
        }
        steps.push(Step { epoch: capture.epoch()?, words });
    }
    let lines: String = steps.iter().map(|step| format!("{} {}\n", step.epoch, step.words)).collect();
    capture.write("steps", lines.as_bytes())?;
    eprintln!("golden: {} steps, {} epochs", steps.len(), last_epoch(&steps));
    Ok(steps)
}

fn with_pool_numbers(capture: &Capture<'_>, words: &str) -> Result<String> {
    let Some((before, rest)) = words.split_once('$') else { return Ok(words.to_owned()) };
    let (name, after) = rest.split_once('.').context("no PG behind the pool's name")?;
    let dump = capture.ceph("osd dump --format json")?;
    let dump: Value = serde_json::from_slice(&dump.stdout)?;
    let pools = dump.get("pools").and_then(Value::as_array).context("no pools in `osd dump`")?;
    let is_it = |pool: &&Value| pool.get("pool_name").and_then(Value::as_str) == Some(name);
    let pool = pools.iter().find(is_it).and_then(|pool| pool.get("pool")).context("there is no such pool")?;
    Ok(format!("{before}{pool}.{after}"))
}

/// The epoch after the last step.
pub(crate) fn last_epoch(steps: &[Step]) -> u32 {
    steps.last().map_or(1, |step| step.epoch)
}

/// Moves the first OSD of a PG to its neighbour by upmap. Hosts have two OSDs, an even one and the next.
fn swap_host(capture: &Capture<'_>, pg: &str) -> Result<()> {
    let up = up(capture, pg)?;
    let from = up.first().context("the PG has no OSD")?;
    capture.ceph(&format!("osd pg-upmap-items {pg} {from} {}", from ^ 1))?;
    Ok(())
}

fn last_first(capture: &Capture<'_>, pg: &str) -> Result<()> {
    let up = up(capture, pg)?;
    let last = up.last().context("the PG has no OSD")?;
    capture.ceph(&format!("osd pg-upmap-primary {pg} {last}"))?;
    Ok(())
}

/// The OSDs where a PG is to be.
fn up(capture: &Capture<'_>, pg: &str) -> Result<Vec<u64>> {
    let map = capture.ceph(&format!("pg map {pg} --format json"))?;
    let map: Value = serde_json::from_slice(&map.stdout)?;
    let up = map.get("up").and_then(Value::as_array).context("cannot read `pg map`")?;
    Ok(up.iter().filter_map(Value::as_u64).collect())
}

fn wait_until_active(capture: &Capture<'_>) -> Result<()> {
    let end = Instant::now() + ACTIVE_DEADLINE;
    let mut times_active = 0;
    while times_active < 3 {
        if Instant::now() >= end {
            bail!("the PGs are not active after {} s", ACTIVE_DEADLINE.as_secs());
        }
        let stat = capture.ceph("pg stat --format json")?;
        let stat: Value = serde_json::from_slice(&stat.stdout)?;
        // Right after a change the manager still shows the state before it.
        times_active = if is_active(&stat).context("cannot read `pg stat`")? { times_active + 1 } else { 0 };
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn is_active(stat: &Value) -> Option<bool> {
    let states = stat.pointer("/pg_summary/num_pg_by_state")?.as_array()?;
    Some(states.iter().all(has_active))
}

fn has_active(state: &Value) -> bool {
    let name = state.get("name").and_then(Value::as_str).unwrap_or_default();
    name.split('+').any(|part| part == "active")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_means_every_pg() {
        let stat = |names: &[&str]| {
            let states: Vec<Value> =
                names.iter().map(|name| serde_json::json!({ "name": name, "num": 1 })).collect();
            serde_json::json!({ "pg_summary": { "num_pg_by_state": states } })
        };
        assert_eq!(is_active(&stat(&["active+clean"])), Some(true));
        assert_eq!(is_active(&stat(&["active+clean", "active+undersized"])), Some(true));
        assert_eq!(is_active(&stat(&["active+clean", "activating"])), Some(false));
        assert_eq!(is_active(&stat(&["unknown"])), Some(false));
        assert_eq!(is_active(&serde_json::json!({})), None);
    }
}
