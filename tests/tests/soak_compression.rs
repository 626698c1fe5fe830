//! A client that offers compression to the OSDs of each release of Ceph, in both modes of messenger v2. They compress with one another
//! and not with clients; those that are older do not know of it and are not asked.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use loligo::{IoCtx, PoolOptions};
use loligo_tests::ceph::Ceph;
use loligo_tests::rados::{Name, Rados};
use loligo_tests::way::Way;
use loligo_wire::GlobalId;

const OSDS: [&str; 3] = ["osd.0", "osd.1", "osd.2"];
const SIZE: usize = 4 << 20;
/// So many that each OSD is the first of some of them.
const OBJECTS: usize = 24;
const OFFER: [(&str, &str); 2] = [("ms_osd_compress_mode", "force"), ("ms_compress_secure", "true")];
const WILLING: [&str; 4] = ["--set", "ms osd compress mode=force", "--set", "ms compress secure=true"];

#[test]
#[ignore = "fetches Ceph: cargo xtask soak compression"]
fn nautilus() {
    offered("nautilus", &[Way::Crc], Answer::NotAsked);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak compression"]
fn pacific() {
    offered("pacific", &[Way::Crc, Way::Secure], Answer::NotAsked);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak compression"]
fn reef() {
    offered("reef", &[Way::Crc, Way::Secure], Answer::No);
}

#[test]
#[ignore = "fetches Ceph: cargo xtask soak compression"]
fn tentacle() {
    offered("tentacle", &[Way::Crc, Way::Secure], Answer::No);
}

/// What an OSD made of the offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    NotAsked,
    No,
    Yes,
}

fn offered(release: &str, ways: &[Way], expected: Answer) {
    let args = [&["--release", release][..], if expected == Answer::No { &WILLING } else { &[] }].concat();
    let Some(ceph) = Ceph::up(&format!("compressed_{release}"), &args) else { return };
    for way in ways {
        let _ = OSDS.map(|osd| ceph.daemon(osd, &["config", "set", "debug_ms", "10"]));
        let cluster = way.connect(&ceph, &OFFER);
        let pool = way.ms_mode().to_owned();
        cluster.create_pool(&pool, PoolOptions { pg_num: Some(32), size: None }).unwrap();
        let (io, file) = (cluster.io_ctx(&pool).unwrap(), ceph.conf().with_file_name("object"));
        come_and_go(&io, &Rados::of(&ceph), &pool, &file);
        let _ = OSDS.map(|osd| ceph.daemon(osd, &["config", "set", "debug_ms", "0"]));
        let answers = OSDS.map(|osd| answers(&ceph.log(osd), *way, cluster.instance_id()));
        println!("{release} over {way:?}: {answers:?}");
        assert!(answers.iter().all(|answers| *answers == BTreeSet::from([expected])), "{answers:?}");
        cluster.shutdown();
    }
    ceph.check_complaints();
}

/// Objects of which each could be made much smaller.
fn come_and_go(io: &IoCtx, rados: &Rados, pool: &str, file: &PathBuf) {
    let contents = |n: usize| vec![u8::try_from(n).unwrap(); SIZE];
    for n in 0..OBJECTS {
        let none = String::new;
        let object = n.to_string();
        let name = Name { pool: pool.to_owned(), namespace: none(), locator: none(), object: object.clone() };
        if n % 2 == 0 {
            io.write_full(&object, contents(n)).wait().unwrap();
            rados.get(&name, file);
            assert!(std::fs::read(file).unwrap() == contents(n), "rados read something else in {object}");
        } else {
            std::fs::write(file, contents(n)).unwrap();
            rados.put(&name, file);
        }
        assert!(io.read(&object, 0, 0).wait().unwrap() == contents(n), "we read something else in {object}");
        io.remove(&object).wait().unwrap();
    }
}

/// What became of the connections that this client made, by the log of an OSD at level 10.
///
/// Until it knows whose a connection is, a line has only its number: `… >> ADDRESS conn(NUMBER NUMBER MODE …).WHAT`.
fn answers(log: &str, way: Way, client: GlobalId) -> BTreeSet<Answer> {
    let who = format!(").ready entity=client.{client} ");
    let mut asking = BTreeSet::new();
    let mut answers = BTreeSet::new();
    for line in log.lines().filter_map(|line| Some(line.split_once(" --2- ")?.1.split_once(" conn(")?.1)) {
        let words: Vec<_> = line.split(' ').take(3).collect();
        let number = words.get(..2).unwrap_or_default().to_vec();
        if line.contains(").handle_hello ") {
            // The number is that of a new connection.
            asking.remove(&number);
        } else if line.contains("CompressionRequestFrame(is_compress=1") {
            asking.insert(number);
        } else if line.contains(&who) {
            assert_eq!(words.get(2), Some(&way.ms_mode()), "{line}");
            // Releases that know nothing of compression say nothing of it.
            let is_compressed = line.contains(" comp rx=") && !line.contains(" comp rx=0 tx=0)");
            answers.insert(match (asking.contains(&number), is_compressed) {
                (_, true) => Answer::Yes,
                (true, false) => Answer::No,
                (false, false) => Answer::NotAsked,
            });
        }
    }
    answers
}
