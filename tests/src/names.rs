//! Objects with names of every kind: what we write, Ceph's `rados` reads, and the other way round; and both put them into
//! the same place.

use std::collections::BTreeSet;
use std::path::Path;

use loligo::{Cluster, IoCtx, PoolOptions};
use loligo_base::Prng;
use serde_json::{Value, json};

use crate::rados::{Name, Rados};

/// The pools, and how many PGs each has. For two of them that is no power of two.
pub const POOLS: [(&str, u32); 3] = [("names32", 32), ("names12", 12), ("names7", 7)];

/// A process of `rados` waits more than it works.
const THREADS: usize = 10;

/// How many objects; `LOLIGO_TEST_NAMES` in the long runs, as each costs a process of `rados`.
#[must_use]
pub fn count() -> usize {
    std::env::var("LOLIGO_TEST_NAMES").ok().and_then(|text| text.parse().ok()).unwrap_or(120)
}

/// Makes the pools and exchanges so many objects with `rados`, which leaves its files in `dir`.
///
/// # Panics
///
/// When something that was written by one is not what the other reads, or would look for elsewhere.
pub fn exchange_names(cluster: &Cluster, rados: &Rados, dir: &Path, count: usize) {
    for (pool, pg_num) in POOLS {
        cluster.create_pool(pool, PoolOptions { pg_num: Some(pg_num), size: None }).unwrap();
    }
    let names = names(count);
    placements_equal(cluster, &names);
    std::thread::scope(|scope| {
        for part in 0..THREADS {
            let mine: Vec<_> = names.iter().skip(part).step_by(THREADS).cloned().collect();
            let file = dir.join(format!("loligo-names-{}-{part}", std::process::id()));
            scope.spawn(move || exchange(cluster, rados, &file, part, &mine));
        }
    });
    listed(cluster, &names);
    println!("{} objects, {} pools: all equal", names.len(), POOLS.len());
}

fn io_ctx(cluster: &Cluster, name: &Name) -> IoCtx {
    cluster.io_ctx(&name.pool).unwrap().with_namespace(&name.namespace).with_locator_key(&name.locator)
}

/// Each second object goes from us to `rados`, the others come from it.
fn exchange(cluster: &Cluster, rados: &Rados, file: &Path, part: usize, names: &[Name]) {
    let mut prng = Prng::new(part as u64);
    for (n, name) in names.iter().enumerate() {
        let contents: Vec<u8> = (0..prng.below(5_000)).map(|_| prng.next_u64().to_le_bytes()[0]).collect();
        let ours = io_ctx(cluster, name);
        if n % 2 == 0 {
            ours.write_full(&name.object, contents.clone()).wait().unwrap();
            rados.get(name, file);
            assert!(std::fs::read(file).unwrap() == contents, "rados read something else: {name:?}");
        } else {
            std::fs::write(file, &contents).unwrap();
            rados.put(name, file);
            assert!(
                ours.read(&name.object, 0, 0).wait().unwrap() == contents,
                "we read something else: {name:?}"
            );
        }
    }
    let _ = std::fs::remove_file(file);
}

/// Where we put an object is where the monitor does. It takes no locator key: the object of that name is in the same place.
fn placements_equal(cluster: &Cluster, names: &[Name]) {
    let asked: Vec<_> = names
        .iter()
        .map(|name| {
            let object = if name.locator.is_empty() { &name.object } else { &name.locator };
            let command = json!({
                "prefix": "osd map",
                "pool": name.pool,
                "object": object,
                "nspace": name.namespace,
                "format": "json",
            });
            cluster.mon_command(&command.to_string(), "")
        })
        .collect();
    for (name, answer) in names.iter().zip(asked) {
        let theirs: Value = serde_json::from_slice(&answer.wait().unwrap().data).unwrap();
        let ours = io_ctx(cluster, name).map(&name.object).unwrap();
        let osds = |osds: &[loligo_wire::OsdId]| osds.iter().map(|osd| json!(osd.0)).collect::<Value>();
        let ours = json!({
            "raw_pgid": ours.raw_pg.to_string(),
            "pgid": ours.pg.to_string(),
            "up": osds(&ours.up),
            "acting": osds(&ours.acting),
            "acting_primary": ours.acting_primary.unwrap().0,
        });
        for (what, ours) in ours.as_object().unwrap() {
            assert_eq!(theirs.get(what), Some(ours), "{what} of {name:?}");
        }
    }
}

/// Each object is listed once, with its namespace and its key.
fn listed(cluster: &Cluster, names: &[Name]) {
    let mut listed = BTreeSet::new();
    for (pool, _) in POOLS {
        for object in cluster.io_ctx(pool).unwrap().list_all() {
            let object = object.unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let name = Name {
                pool: pool.to_owned(),
                namespace: text(&object.nspace),
                locator: text(&object.locator),
                object: text(&object.oid),
            };
            assert!(listed.insert(name.clone()), "listed twice: {name:?}");
        }
    }
    for name in names {
        // A key that equals the name is the same as none.
        let mut name = name.clone();
        if name.locator == name.object {
            name.locator.clear();
        }
        assert!(listed.contains(&name), "not listed: {name:?}");
    }
}

fn names(count: usize) -> Vec<Name> {
    let mut prng = Prng::new(0x6e61_6d65);
    let mut names = BTreeSet::new();
    while names.len() < count {
        let pool = pick(&mut prng, &POOLS).0.to_owned();
        let namespace = if prng.chance(1, 3) { text(&mut prng, 40) } else { String::new() };
        let object = text(&mut prng, 250);
        let locator = match prng.below(8) {
            0 => object.clone(),
            1 | 2 => text(&mut prng, 60),
            _ => String::new(),
        };
        names.insert(Name { pool, namespace, locator, object });
    }
    names.into_iter().collect()
}

fn pick<'a, T>(prng: &mut Prng, all: &'a [T]) -> &'a T {
    all.get(prng.index(all.len()).unwrap()).unwrap()
}

/// A text of 1 to `limit` bytes, of characters that programs stumble over.
fn text(prng: &mut Prng, limit: u64) -> String {
    const ODD: &[char] = &[
        ' ', '/', '%', '\\', '"', '\'', '.', '-', ':', '\t', '\n', '\u{1f}', 'é', '漢', '🦑', '\u{202e}',
        '\u{7f}', '*',
    ];
    let length = usize::try_from(prng.below(limit)).unwrap() + 1;
    let mut out = String::new();
    while out.len() < length {
        let c = match prng.below(3) {
            0 => *pick(prng, ODD),
            1 => char::from(b'a' + u8::try_from(prng.below(26)).unwrap()),
            _ => char::from_u32(u32::try_from(prng.below(0x11_0000)).unwrap()).unwrap_or('x'),
        };
        // A program's argument has no zero byte.
        if c != '\0' && out.len() + c.len_utf8() <= length {
            out.push(c);
        }
        if length - out.len() < 4 {
            out.extend(std::iter::repeat_n('x', length - out.len()));
        }
    }
    out
}
