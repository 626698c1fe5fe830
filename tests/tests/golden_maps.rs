//! What clusters of four releases of Ceph and Ceph's own tools said of them (`golden/RELEASE`), epoch by epoch: maps are read and
//! written, incrementals applied, PGs and objects placed, and CRUSH asked, and each answer is the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test fail as its tests do"
)]

use std::fmt::Write as _;
use std::fs;
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

/// The releases whose clusters were asked, and how many epochs each had.
const RELEASES: [(&str, Features, u32); 4] = [
    ("nautilus", Features::NAUTILUS, 82),
    ("pacific", Features::PACIFIC, 89),
    ("reef", Features::REEF, 94),
    ("tentacle", Features::TENTACLE, 118),
];

/// The namespaces that objects were asked for in; the first is none.
const NAMESPACES: [&str; 3] = ["", "ns", "another namespace"];

/// What a cluster of one release said.
struct Golden {
    release: &'static str,
    features: Features,
    last: u32,
}

impl Golden {
    fn all() -> impl Iterator<Item = Golden> {
        RELEASES.into_iter().map(|(release, features, last)| Golden { release, features, last })
    }

    fn dir(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(self.release)
    }

    fn read(&self, name: &str) -> Bytes {
        let path = self.dir().join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name).to_vec()).unwrap()
    }

    fn full(&self, epoch: u32) -> OSDMap {
        OSDMap::decode_all(&self.read(&format!("osdmap/full_{epoch}"))).unwrap()
    }

    fn last(&self) -> OSDMap {
        self.full(self.last)
    }

    fn epochs(&self) -> impl Iterator<Item = (String, u32)> {
        (1..=self.last).map(|epoch| (format!("{}, epoch {epoch}", self.release), epoch))
    }

    /// The epochs about which the tools were asked.
    fn placed(&self) -> Vec<(String, u32)> {
        let files = fs::read_dir(self.dir().join("osdmap")).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        let placed: Vec<_> =
            self.epochs().filter(|(_, epoch)| names.contains(&format!("{epoch}.pgs"))).collect();
        assert!(placed.len() > 40, "{}: {}", self.release, placed.len());
        placed
    }
}

#[test]
fn every_full_map_is_written_as_it_was() {
    for golden in Golden::all() {
        for (at, epoch) in golden.epochs() {
            let bytes = golden.read(&format!("osdmap/full_{epoch}"));
            let map = OSDMap::decode_all(&bytes).unwrap();
            assert_eq!(map.epoch, Epoch(epoch));
            assert!(map.crc.is_some(), "{at}: it comes with a checksum");
            assert!(map.to_bytes(map.get_encoding_features()) == bytes, "{at}");
        }
    }
}

#[test]
fn every_incremental_leads_to_the_next_map_and_its_checksum() {
    for golden in Golden::all() {
        let mut map = golden.full(1);
        for (at, epoch) in golden.epochs().skip(1) {
            let bytes = golden.read(&format!("osdmap/inc_{epoch}"));
            let inc = Incremental::decode_all(&bytes).unwrap();
            assert!(inc.to_bytes(inc.encode_features) == bytes, "{at}");

            map.apply_incremental(&inc).unwrap();
            let (written, crc) = map.to_bytes_and_crc(inc.encode_features);
            assert_eq!(crc, inc.full_crc, "{at}");
            assert!(written == golden.read(&format!("osdmap/full_{epoch}")), "{at}");
            let full = golden.full(epoch);
            assert_eq!(full.crc, Some(inc.full_crc), "{at}");
            assert_eq!(OSDMap { crc: None, ..full }, OSDMap { crc: None, ..map.clone() }, "{at}");
        }
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
    for golden in Golden::all() {
        let mut overridden = [0; 2];
        for (at, epoch) in golden.placed() {
            let text = golden.text(&format!("osdmap/{epoch}.pgs"));
            // Behind the PGs stand sums over OSDs.
            let (pgs, _) = text.split_once("#osd").unwrap();
            assert_eq!(dump_all(&golden.full(epoch)), pgs, "{at}");
            for line in pgs.lines().filter(|line| line.contains(" raw ")) {
                let (raw, rest) = line.split_once(" up ").unwrap();
                let (up, acting) = rest.split_once(" acting ").unwrap();
                overridden[0] += usize::from(!raw.ends_with(up));
                overridden[1] += usize::from(up != acting);
            }
        }
        // CRUSH alone, without upmaps, affinities and temporary places, does not pass this.
        assert!(overridden.iter().all(|count| *count > 10), "{}: {overridden:?}", golden.release);
    }
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
    Golden::all().for_each(|golden| objects_are_where_the_monitor_says(&golden));
}

fn objects_are_where_the_monitor_says(golden: &Golden) {
    let map = golden.last();
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    let answers = golden.text("objects");
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
    Golden::all().for_each(|golden| crush_leads_where_its_tool_says(&golden));
}

fn crush_leads_where_its_tool_says(golden: &Golden) {
    let bytes = golden.read("crush/map");
    let map = CrushMap::decode_all(&bytes).unwrap();
    assert!(map.to_bytes(golden.features) == bytes, "{}", golden.release);

    let weights = vec![OSDMap::IN; usize::try_from(map.max_devices()).unwrap()];
    // crushtool places as for the pool 0, for which nothing of its own is set here.
    let choose_args = map.choose_args_for(0);
    assert!(choose_args.is_some(), "what is set for all pools");
    let (mut work, mut found) = (Workspace::new(), Vec::new());
    for replicas in 1..=4 {
        let mut mappings = String::new();
        let rules = map.rules().map(|(rule, _)| rule);
        for (rule, x) in rules.flat_map(|rule| (0..256).map(move |x| (rule, x))) {
            do_rule(&mut work, &map, rule, x, &mut found, replicas, &weights, choose_args);
            let list: Vec<String> = found.iter().map(ToString::to_string).collect();
            writeln!(mappings, "CRUSH rule {rule} x {x} [{}]", list.join(",")).unwrap();
        }
        assert!(
            mappings == golden.text(&format!("crush/mappings_{replicas}")),
            "{}, {replicas}",
            golden.release
        );
    }
}

#[test]
fn the_map_of_the_monitors_is_written_as_it_was() {
    for golden in Golden::all() {
        let bytes = golden.read("monmap/map");
        let map = MonMap::decode_all(&bytes).unwrap();
        assert_eq!(map.to_bytes(golden.features), bytes, "{}", golden.release);
        let print = golden.text("monmap/map.print");
        let said = |line: String| print.lines().any(|printed| printed == line);
        assert!(said(format!("epoch {}", map.epoch)), "{print}");
        assert!(said(format!("fsid {}", map.fsid)), "{print}");
        assert!(said(format!("0: {} mon.{}", map.get_addrs(0).unwrap(), map.ranks[0])), "{print}");
    }
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
    Golden::all().for_each(|golden| maps_hold_what_is_printed(&golden));
}

fn maps_hold_what_is_printed(golden: &Golden) {
    for (at, epoch) in golden.placed() {
        let (map, print) = (golden.full(epoch), golden.text(&format!("osdmap/{epoch}.print")));
        let printed: Vec<&str> = print.lines().collect();
        for line in summary(&map) {
            assert!(printed.contains(&line.as_str()), "{at}: {line}");
        }
        for (id, pool) in map.get_pools() {
            let start = format!(
                "pool {id} '{}' {} ",
                map.get_pool_name(id).unwrap(),
                match (pool.is_erasure(), golden.release) {
                    (false, _) => "replicated size",
                    (true, "nautilus") => "erasure size",
                    (true, _) => "erasure profile",
                }
            );
            let sizes =
                format!(" size {} min_size {} crush_rule {} ", pool.size, pool.min_size, pool.crush_rule);
            let pgs = format!(" pg_num {} pgp_num {} ", pool.pg_num, pool.pgp_num);
            let is_it =
                |line: &&str| line.starts_with(&start) && line.contains(&sizes) && line.contains(&pgs);
            assert!(printed.iter().any(is_it), "{at}: pool {id}");
        }
        for osd in map.get_all_osds() {
            let (up, inside) =
                (if map.is_up(osd) { "up  " } else { "down" }, if map.is_in(osd) { "in " } else { "out" });
            let start = format!("osd.{osd} {up} {inside} weight ");
            let addrs = format!(" {} {} ", map.get_addrs(osd), map.get_cluster_addrs(osd));
            let is_it = |line: &&str| line.starts_with(&start) && line.contains(&addrs);
            assert!(printed.iter().any(is_it), "{at}: osd.{osd}");
        }
        let pools = printed.iter().filter(|line| line.starts_with("pool ")).count();
        let osds = printed.iter().filter(|line| line.starts_with("osd.")).count();
        assert_eq!((pools, osds), (map.pools.len(), map.get_num_osds()), "{at}");
        assert!(!map.pools.contains_key(&PoolId(0)));
    }
}
