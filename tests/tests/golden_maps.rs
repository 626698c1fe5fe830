//! What a Ceph 16.2.15 cluster and Ceph's own tools said of it (`golden/pacific`), epoch by epoch: maps are read and
//! written, incrementals applied, PGs and objects placed, and CRUSH asked, and each answer is the same.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail as its tests do")]

use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use bytes::Bytes;
use loligo_placement::crush::{Workspace, do_rule};
use loligo_placement::{
    Scratch, UpActing, object_locator_to_pg, pg_to_raw_osds, pg_to_up_acting_osds, raw_pg_to_pg,
};
use loligo_wire::crush::CrushMap;
use loligo_wire::monmap::MonMap;
use loligo_wire::osdmap::{Incremental, OSDMap};
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Decode, Encode, Epoch, Features, OsdId, PoolId};
use serde_json::Value;

/// The epochs whose maps were captured.
const EPOCHS: RangeInclusive<u32> = 1..=89;

/// How many of them the tools were asked about.
const PLACED: usize = 44;

/// The namespaces that objects were asked for in; the first is none.
const NAMESPACES: [&str; 3] = ["", "ns", "another namespace"];

fn read(name: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/pacific").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
}

fn text(name: &str) -> String {
    String::from_utf8(read(name).to_vec()).unwrap()
}

fn full(epoch: u32) -> OSDMap {
    OSDMap::decode_all(&read(&format!("osdmap/full_{epoch}"))).unwrap()
}

/// The epochs about which the tools were asked.
fn placed() -> Vec<u32> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/pacific/osdmap");
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut epochs: Vec<u32> =
        names.filter_map(|name| name.strip_suffix(".pgs").map(|epoch| epoch.parse().unwrap())).collect();
    epochs.sort_unstable();
    assert_eq!(epochs.len(), PLACED);
    epochs
}

#[test]
fn every_full_map_is_written_as_it_was() {
    for epoch in EPOCHS {
        let bytes = read(&format!("osdmap/full_{epoch}"));
        let map = OSDMap::decode_all(&bytes).unwrap();
        assert_eq!(map.epoch, Epoch(epoch));
        assert!(map.crc.is_some(), "epoch {epoch}: it comes with a checksum");
        assert_eq!(map.to_bytes(map.get_encoding_features()), bytes, "epoch {epoch}");
    }
}

#[test]
fn every_incremental_leads_to_the_next_map_and_its_checksum() {
    let mut map = full(*EPOCHS.start());
    for epoch in EPOCHS.skip(1) {
        let bytes = read(&format!("osdmap/inc_{epoch}"));
        let inc = Incremental::decode_all(&bytes).unwrap();
        assert_eq!(inc.to_bytes(inc.encode_features), bytes, "epoch {epoch}");

        map.apply_incremental(&inc).unwrap();
        let (written, crc) = map.to_bytes_and_crc(inc.encode_features);
        assert_eq!(crc, inc.full_crc, "epoch {epoch}");
        assert_eq!(written, read(&format!("osdmap/full_{epoch}")), "epoch {epoch}");
        let full = full(epoch);
        assert_eq!(full.crc, Some(inc.full_crc), "epoch {epoch}");
        assert_eq!(OSDMap { crc: None, ..full }, OSDMap { crc: None, ..map.clone() }, "epoch {epoch}");
    }
}

/// `[3,5], p3`
fn set(osds: &[OsdId], primary: Option<OsdId>) -> String {
    let list: Vec<String> = osds.iter().map(ToString::to_string).collect();
    format!("[{}], p{}", list.join(","), primary.map_or(-1, |osd| osd.0))
}

/// Where all PGs are, in the words of `osdmaptool --test-map-pgs-dump-all`.
fn dump_all(map: &OSDMap) -> String {
    let (mut scratch, mut raw, mut osds) = (Scratch::new(), Vec::new(), UpActing::default());
    let mut dump = String::new();
    for (id, pool) in map.get_pools() {
        writeln!(dump, "pool {id} pg_num {}", pool.pg_num).unwrap();
        for pg in (0..pool.pg_num).map(|seed| PgId::new(id, seed)) {
            pg_to_raw_osds(map, pg, &mut scratch, &mut raw);
            pg_to_up_acting_osds(map, pg, &mut scratch, &mut osds);
            let raw = set(&raw, raw.iter().copied().find(|osd| *osd != OsdId::NONE));
            let up = set(&osds.up, osds.up_primary);
            let acting = set(&osds.acting, osds.acting_primary);
            writeln!(dump, "{pg} raw ({raw}) up ({up}) acting ({acting})").unwrap();
        }
    }
    dump
}

#[test]
fn every_pg_is_where_osdmaptool_says() {
    let mut overridden = [0; 2];
    for epoch in placed() {
        let text = text(&format!("osdmap/{epoch}.pgs"));
        // Behind the PGs stand sums over OSDs.
        let (pgs, _) = text.split_once("#osd").unwrap();
        assert_eq!(dump_all(&full(epoch)), pgs, "epoch {epoch}");
        for line in pgs.lines().filter(|line| line.contains(" raw ")) {
            let (raw, rest) = line.split_once(" up ").unwrap();
            let (up, acting) = rest.split_once(" acting ").unwrap();
            overridden[0] += usize::from(!raw.ends_with(up));
            overridden[1] += usize::from(up != acting);
        }
    }
    // CRUSH alone, without upmaps, affinities and temporary places, does not pass this.
    assert!(overridden.iter().all(|count| *count > 10), "{overridden:?}");
}

/// A list of OSDs in JSON.
fn osds(value: &Value) -> Vec<OsdId> {
    value.as_array().unwrap().iter().map(|osd| OsdId(number(osd))).collect()
}

fn number(value: &Value) -> i32 {
    value.as_i64().unwrap().try_into().unwrap()
}

#[test]
fn every_object_is_where_the_monitor_says() {
    let map = full(*EPOCHS.end());
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    let answers = text("objects");
    assert_eq!(answers.lines().count(), 108);
    for line in answers.lines() {
        let said: Value = serde_json::from_str(line).unwrap();
        let full_name = said["objname"].as_str().unwrap();
        let in_namespace = NAMESPACES
            .iter()
            .skip(1)
            .find_map(|nspace| full_name.strip_prefix(nspace)?.strip_prefix('/').map(|name| (*nspace, name)));
        let (nspace, name) = in_namespace.unwrap_or((NAMESPACES[0], full_name));
        let pool = map.lookup_pg_pool_name(said["pool"].as_str().unwrap()).unwrap();
        assert_eq!(Some(pool.0), said["pool_id"].as_i64(), "{line}");

        let nspace = Bytes::from_static(nspace.as_bytes());
        let locator = ObjectLocator { nspace, ..ObjectLocator::new(pool) };
        let raw = object_locator_to_pg(&map, name.as_bytes(), &locator).unwrap();
        assert_eq!(raw.to_string(), said["raw_pgid"].as_str().unwrap(), "{line}");
        let pg = raw_pg_to_pg(map.get_pg_pool(pool).unwrap(), raw);
        assert_eq!(pg.to_string(), said["pgid"].as_str().unwrap(), "{line}");

        pg_to_up_acting_osds(&map, raw, &mut scratch, &mut found);
        let expected = UpActing {
            up: osds(&said["up"]),
            up_primary: Some(OsdId(number(&said["up_primary"]))),
            acting: osds(&said["acting"]),
            acting_primary: Some(OsdId(number(&said["acting_primary"]))),
        };
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn crush_leads_where_crushtool_says() {
    let bytes = read("crush/map");
    let map = CrushMap::decode_all(&bytes).unwrap();
    assert_eq!(map.to_bytes(full(*EPOCHS.end()).get_encoding_features()), bytes);

    let weights = vec![OSDMap::IN; usize::try_from(map.max_devices()).unwrap()];
    // crushtool places as for the pool 0, for which nothing of its own is set here.
    let choose_args = map.choose_args_for(0);
    assert!(choose_args.is_some(), "what is set for all pools");
    let (mut work, mut found) = (Workspace::new(), Vec::new());
    for replicas in 1..=4 {
        let mut mappings = String::new();
        for (rule, x) in (0..4).flat_map(|rule| (0..256).map(move |x| (rule, x))) {
            do_rule(&mut work, &map, rule, x, &mut found, replicas, &weights, choose_args);
            let list: Vec<String> = found.iter().map(ToString::to_string).collect();
            writeln!(mappings, "CRUSH rule {rule} x {x} [{}]", list.join(",")).unwrap();
        }
        assert!(mappings == text(&format!("crush/mappings_{replicas}")), "{replicas} replicas:\n{mappings}");
    }
}

#[test]
fn the_map_of_the_monitors_is_written_as_it_was() {
    let bytes = read("monmap/map");
    let map = MonMap::decode_all(&bytes).unwrap();
    assert_eq!(map.to_bytes(Features::PACIFIC), bytes);
    let print = text("monmap/map.print");
    let said = |line: String| print.lines().any(|printed| printed == line);
    assert!(said(format!("epoch {}", map.epoch)), "{print}");
    assert!(said(format!("fsid {}", map.fsid)), "{print}");
    assert!(said(format!("0: {} mon.{}", map.get_addrs(0).unwrap(), map.ranks[0])), "{print}");
}

/// The lines of `osdmaptool --print` that need no more than a field each.
fn summary(map: &OSDMap) -> Vec<String> {
    let mut lines = vec![
        format!("epoch {}", map.epoch),
        format!("fsid {}", map.fsid),
        format!("crush_version {}", map.crush_version),
        format!("full_ratio {}", map.full_ratio),
        format!("backfillfull_ratio {}", map.backfillfull_ratio),
        format!("nearfull_ratio {}", map.nearfull_ratio),
        format!("max_osd {}", map.get_max_osd()),
    ];
    for (pg, osds) in map.pg_upmap.iter() {
        lines.push(format!("pg_upmap {pg} {}", list(osds)));
    }
    for (pg, osds) in map.pg_temp.iter() {
        lines.push(format!("pg_temp {pg} {}", list(osds)));
    }
    for (pg, osd) in map.primary_temp.iter() {
        lines.push(format!("primary_temp {pg} {osd}"));
    }
    lines
}

/// `[3,5]`
fn list(osds: &[OsdId]) -> String {
    let list: Vec<String> = osds.iter().map(ToString::to_string).collect();
    format!("[{}]", list.join(","))
}

#[test]
fn a_map_holds_what_osdmaptool_prints() {
    for epoch in placed() {
        let (map, print) = (full(epoch), text(&format!("osdmap/{epoch}.print")));
        let printed: Vec<&str> = print.lines().collect();
        for line in summary(&map) {
            assert!(printed.contains(&line.as_str()), "epoch {epoch}: {line}");
        }
        for (id, pool) in map.get_pools() {
            let start = format!(
                "pool {id} '{}' {} ",
                map.get_pool_name(id).unwrap(),
                if pool.is_erasure() { "erasure profile" } else { "replicated size" }
            );
            let sizes =
                format!(" size {} min_size {} crush_rule {} ", pool.size, pool.min_size, pool.crush_rule);
            let pgs = format!(" pg_num {} pgp_num {} ", pool.pg_num, pool.pgp_num);
            let is_it =
                |line: &&str| line.starts_with(&start) && line.contains(&sizes) && line.contains(&pgs);
            assert!(printed.iter().any(is_it), "epoch {epoch}: pool {id}");
        }
        for osd in map.get_all_osds() {
            let (up, inside) =
                (if map.is_up(osd) { "up  " } else { "down" }, if map.is_in(osd) { "in " } else { "out" });
            let start = format!("osd.{osd} {up} {inside} weight ");
            let addrs = format!(" {} {} ", map.get_addrs(osd), map.get_cluster_addrs(osd));
            let is_it = |line: &&str| line.starts_with(&start) && line.contains(&addrs);
            assert!(printed.iter().any(is_it), "epoch {epoch}: osd.{osd}");
        }
        let pools = printed.iter().filter(|line| line.starts_with("pool ")).count();
        let osds = printed.iter().filter(|line| line.starts_with("osd.")).count();
        assert_eq!((pools, osds), (map.pools.len(), map.get_num_osds()), "epoch {epoch}");
        assert!(!map.pools.contains_key(&PoolId(0)));
    }
}
