//! Placement as Ceph's own tools answered: `testdata/README.md` says with which commands.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail as its tests do")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use loligo_placement::crush::{Workspace, do_rule};
use loligo_placement::{
    Cache, Scratch, UpActing, object_locator_to_pg, pg_to_acting_osds, pg_to_raw_osds, pg_to_up_acting_osds,
    raw_pg_to_pg,
};
use loligo_wire::crush::CrushMap;
use loligo_wire::osdmap::{OSDMap, OsdState, PgPool, PoolType};
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Decode, Encode, Epoch, Features, OsdId, PoolId, Release};

fn testdata(name: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into()
}

fn text(name: &str) -> String {
    String::from_utf8(testdata(name).to_vec()).unwrap()
}

/// One question to crushtool.
struct Arguments {
    rule: u8,
    num_rep: usize,
    weights: Vec<u32>,
}

impl Arguments {
    /// `--rule 0 --num-rep 3 --weight 4 0.5`
    fn parse(map: &CrushMap, line: &str) -> Self {
        let devices = map.max_devices().try_into().unwrap();
        let mut question = Self { rule: 0, num_rep: 0, weights: vec![0x1_0000; devices] };
        let mut words = line.split(' ');
        while let Some(option) = words.next() {
            let mut value = || words.next().unwrap();
            match option {
                "--rule" => question.rule = value().parse().unwrap(),
                "--num-rep" => question.num_rep = value().parse().unwrap(),
                "--weight" => {
                    let device: usize = value().parse().unwrap();
                    let weight = match value() {
                        "0" => 0,
                        "0.25" => 0x4000,
                        "0.5" => 0x8000,
                        other => panic!("weight {other}"),
                    };
                    // crushtool ignores devices that the map does not have.
                    if let Some(place) = question.weights.get_mut(device) {
                        *place = weight;
                    }
                }
                other => panic!("argument {other}"),
            }
        }
        question
    }
}

/// Compares all mappings of a map with those of crushtool, and that the map encodes to the same bytes.
fn crush(name: &str, features: Features) {
    let bytes = testdata(&format!("crush/{name}.crush"));
    let map = CrushMap::decode_all(&bytes).unwrap();
    assert_eq!(map.to_bytes(features), bytes, "{name} encodes to other bytes");
    let (mut work, mut found) = (Workspace::new(), Vec::new());
    let mut question = None;
    let mut compared = 0;
    for line in text(&format!("crush/{name}.mappings")).lines() {
        if let Some(arguments) = line.strip_prefix("# ") {
            question = Some((Arguments::parse(&map, arguments), arguments.to_string()));
            continue;
        }
        let (Arguments { rule, num_rep, weights }, arguments) = question.as_ref().unwrap();
        let x = line.split(' ').next().unwrap().parse().unwrap();
        do_rule(&mut work, &map, *rule, x, &mut found, *num_rep, weights, map.choose_args_for(0));
        let items: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(format!("{x} [{}]", items.join(",")), line, "{name} {arguments}");
        compared += 1;
    }
    assert!(compared >= 12, "{name}: {compared}");
}

macro_rules! crush_tests {
    ($($test:ident: $name:literal;)*) => {
        $(#[test] fn $test() { crush($name, Features::PACIFIC); })*
    };
}

crush_tests! {
    straw2_with_the_tunables_of_today: "jewel";
    the_first_tunables_and_straw: "argonaut";
    a_permutation_serves_where_a_bucket_collides_too_often: "local-fallback";
    the_attempt_of_the_host_goes_down_to_its_devices: "vary-r";
    bobtail_begins_anew_below_the_host: "vary-r-0";
    without_descend_once_all_tries_are_spent_below_a_host: "no-descend-once";
    uniform_buckets_are_permuted: "uniform";
    list_buckets: "list";
    tree_buckets: "tree";
    choose_args_with_ids_and_positions: "choose-args-ids";
    choose_args_of_old_balancers: "choose-args-compat";
    rules_of_a_device_class_take_the_shadow_tree: "classes";
    steps_override_tunables: "steps";
    of_equal_straws_the_first_wins: "straw-ties";
    of_equal_straw2_draws_the_first_wins: "straw2-ties";
}

#[test]
fn multi_step_retry_rules() {
    crush("msr", Features::ALL | Features::CRUSH_MSR);
}

fn set(osds: &[OsdId], primary: Option<OsdId>) -> String {
    let osds: Vec<String> = osds.iter().map(ToString::to_string).collect();
    format!("([{}], p{})", osds.join(","), primary.map_or(-1, |osd| osd.0))
}

/// Compares all PGs of a map with what osdmaptool answered.
fn pgs(name: &str) {
    let map = OSDMap::decode_all(&testdata(&format!("osdmap/{name}.osdmap"))).unwrap();
    let mut answers = String::new();
    let (mut scratch, mut raw, mut osds, mut acting) = (Scratch::new(), vec![], UpActing::default(), vec![]);
    let mut cache = Cache::new();
    for (id, pool) in map.get_pools() {
        for seed in 0..pool.pg_num {
            let pg = PgId::new(id, seed);
            pg_to_raw_osds(&map, pg, &mut scratch, &mut raw);
            pg_to_up_acting_osds(&map, pg, &mut scratch, &mut osds);
            let raw_primary = raw.iter().copied().find(|osd| *osd != OsdId::NONE);
            let UpActing { up, up_primary, .. } = &osds;
            let now = set(&osds.acting, osds.acting_primary);
            writeln!(answers, "{pg} raw {} up {} acting {now}", set(&raw, raw_primary), set(up, *up_primary))
                .unwrap();
            let primary = pg_to_acting_osds(&map, pg, &mut scratch, &mut acting);
            assert_eq!(set(&acting, primary), now, "{pg} alone");
            assert_eq!(cache.pg_to_up_acting_osds(&map, pg).as_deref(), Some(&osds), "{pg} cached");
            assert_eq!(cache.pg_to_up_acting_osds(&map, pg).as_deref(), Some(&osds), "{pg} from the cache");
        }
    }
    let expected = text(&format!("osdmap/{name}.pgs"));
    for (answer, expected) in answers.lines().zip(expected.lines()) {
        assert_eq!(answer, expected);
    }
    assert_eq!(answers.lines().count(), expected.lines().count());
}

#[test]
fn every_pg_of_a_random_map_is_where_osdmaptool_says() {
    for name in ["1", "2", "3", "5", "reef-4", "reef-6", "tentacle-3", "tentacle-6"] {
        pgs(name);
    }
}

#[test]
fn objects_with_namespaces_fall_into_the_pgs_that_osdmaptool_says() {
    let map = OSDMap::decode_all(&testdata("osdmap/1.osdmap")).unwrap();
    for line in text("osdmap/1.objects").lines() {
        let (pg, name) = line.split_once('\t').unwrap();
        let pg: PgId = pg.parse().unwrap();
        let pool = map.get_pg_pool(pg.pool).unwrap();
        let place = |oid: &[u8], loc: &ObjectLocator| {
            object_locator_to_pg(&map, oid, loc).map(|raw| raw_pg_to_pg(pool, raw))
        };
        let loc = ObjectLocator::new(pg.pool);
        assert_eq!(place(name.as_bytes(), &loc), Some(pg), "{name:?}");
        // A locator key takes the place of the name.
        let keyed = ObjectLocator { key: Bytes::from(name.to_owned()), ..loc.clone() };
        assert_eq!(place(b"whatever", &keyed), Some(pg), "key {name:?}");
        // A namespace stands before the name or key.
        if let Some((nspace, name)) = name.split_once('\x1f').filter(|(nspace, _)| !nspace.is_empty()) {
            let spaced = ObjectLocator { nspace: Bytes::from(nspace.to_owned()), ..loc.clone() };
            assert_eq!(place(name.as_bytes(), &spaced), Some(pg), "{name:?} in {nspace:?}");
            if !name.is_empty() {
                let both = ObjectLocator { key: Bytes::from(name.to_owned()), ..spaced };
                assert_eq!(place(b"whatever", &both), Some(pg), "key {name:?} in {nspace:?}");
            }
        }
    }
}

/// A map with one pool of that size, whose rule is for erasure coding or for copies.
fn pool_with_rule(release: Release, size: u8, erasure: bool) -> OSDMap {
    let mut crush = CrushMap::with_hosts(12, 1);
    let crush_rule = crush.add_simple_rule("rule", "default", "host", erasure).unwrap();
    let mut map =
        OSDMap { epoch: Epoch(1), crush: crush.into(), require_osd_release: release, ..OSDMap::default() };
    map.set_max_osd(12).unwrap();
    map.osd_state.fill(OsdState::EXISTS | OsdState::UP);
    map.osd_weight.fill(OSDMap::IN);
    let pool_type = PoolType::REPLICATED;
    let pool = PgPool { pool_type, size, crush_rule, pg_num: 1, pgp_num: 1, ..PgPool::default() };
    map.pools.insert(PoolId(1), pool.into());
    map
}

/// Of such maps, osdmaptool of 16.2.15 says `raw ([], p-1)` for all but the first, and that of 18.2.7 has OSDs for each.
#[test]
fn before_quincy_a_rule_is_for_pools_of_its_type_and_sizes() {
    for (size, erasure, is_for_it) in [(10, false, true), (11, false, false), (3, true, false)] {
        for (release, places) in [(Release::PACIFIC, is_for_it), (Release::QUINCY, true)] {
            let map = pool_with_rule(release, size, erasure);
            let mut raw = Vec::new();
            pg_to_raw_osds(&map, PgId::new(PoolId(1), 0), &mut Scratch::new(), &mut raw);
            assert_eq!(!raw.is_empty(), places, "{release} {size} {erasure}");
        }
    }
}
