//! Every operation on objects, on the small cluster.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use loligo::Error;
use loligo_auth::{Cipher, KeyServerOptions};
use loligo_minicluster_net::MiniOptions;
use loligo_tests::mini::{Mini, POOL};

const ENOENT: i32 = 2;
const EEXIST: i32 = 17;
const EINVAL: i32 = 22;
const EFBIG: i32 = 27;
const ENAMETOOLONG: i32 = 36;

/// The error number of something that must fail.
fn errno<T: std::fmt::Debug>(result: Result<T, Error>) -> i32 {
    result.unwrap_err().errno()
}

#[test]
fn what_is_written_is_read() {
    let mini = Mini::start();
    let pool = &mini.pool;
    pool.write_full("a", "0123456789").wait().unwrap();
    pool.write("a", 12, "cd").wait().unwrap();
    assert_eq!(pool.read("a", 0, 0).wait().unwrap(), &b"0123456789\0\0cd"[..]);
    assert_eq!(pool.read("a", 8, 3).wait().unwrap(), &b"89\0"[..]);
    // Past the end there is less, then nothing; neither is an error.
    assert_eq!(pool.read("a", 13, 100).wait().unwrap(), "d");
    assert_eq!(pool.read("a", 14, 1).wait().unwrap(), "");
    pool.append("a", "ef").wait().unwrap();
    assert_eq!(pool.read("a", 12, 0).wait().unwrap(), "cdef");
    pool.zero("a", 1, 3).wait().unwrap();
    assert_eq!(pool.read("a", 0, 6).wait().unwrap(), &b"0\0\0\x0045"[..]);
    pool.truncate("a", 2).wait().unwrap();
    assert_eq!(pool.read("a", 0, 0).wait().unwrap(), &b"0\0"[..]);
    pool.truncate("a", 4).wait().unwrap();
    assert_eq!(pool.stat("a").wait().unwrap().size, 4);
    pool.write_full("a", "new").wait().unwrap();
    assert_eq!(pool.read("a", 0, 0).wait().unwrap(), "new");
    pool.remove("a").wait().unwrap();
    assert_eq!(errno(pool.stat("a").wait()), ENOENT);
}

#[test]
fn with_keys_of_aes256k_too() {
    let tickets = KeyServerOptions { auth_service_cipher: Cipher::Aes256k, ..KeyServerOptions::default() };
    let mini = Mini::with(MiniOptions { tickets, ..MiniOptions::default() });
    for name in ["a", "b", "c", "d", "e", "f"] {
        mini.pool.write_full(name, name).wait().unwrap();
        assert_eq!(mini.pool.read(name, 0, 0).wait().unwrap(), name);
    }
}

#[test]
fn stat_tells_size_and_time() {
    let mini = Mini::start();
    let before = SystemTime::now();
    mini.pool.write_full("a", vec![7; 70_000]).wait().unwrap();
    let stat = mini.pool.stat("a").wait().unwrap();
    assert_eq!(stat.size, 70_000);
    assert!(stat.modified >= before - Duration::from_secs(1), "{stat:?}");
    assert!(stat.modified <= SystemTime::now() + Duration::from_secs(1), "{stat:?}");
}

#[test]
fn what_is_not_there_is_said_to_be_missing_and_is_not_made() {
    let mini = Mini::start();
    let pool = &mini.pool;
    assert_eq!(errno(pool.read("a", 0, 1).wait()), ENOENT);
    assert_eq!(errno(pool.stat("a").wait()), ENOENT);
    assert_eq!(errno(pool.remove("a").wait()), ENOENT);
    pool.truncate("a", 7).wait().unwrap();
    pool.zero("a", 0, 7).wait().unwrap();
    assert_eq!(pool.list().count(), 0);
}

#[test]
fn an_object_is_created_once() {
    let mini = Mini::start();
    mini.pool.create_exclusive("a").wait().unwrap();
    assert_eq!(mini.pool.stat("a").wait().unwrap().size, 0);
    assert_eq!(errno(mini.pool.create_exclusive("a").wait()), EEXIST);
}

#[test]
fn names_are_one_to_2048_bytes_of_anything() {
    let mini = Mini::start();
    let names: [Vec<u8>; 6] =
        [b"x".to_vec(), b" / %2f \n".to_vec(), vec![0], vec![0xff; 3], "größe".into(), vec![b'n'; 2048]];
    for (number, name) in names.iter().enumerate() {
        mini.pool.write_full(name, number.to_string()).wait().unwrap();
    }
    for (number, name) in names.iter().enumerate() {
        assert_eq!(mini.pool.read(name, 0, 0).wait().unwrap(), number.to_string());
    }
    let listed: BTreeSet<_> = mini.pool.list().map(|object| object.unwrap().oid.to_vec()).collect();
    assert_eq!(listed, BTreeSet::from(names));
    assert_eq!(errno(mini.pool.stat("").wait()), EINVAL);
    assert_eq!(errno(mini.pool.write_full(vec![b'n'; 2049], "").wait()), ENAMETOOLONG);
    let deep = mini.pool.clone().with_namespace(vec![b'n'; 257]);
    assert_eq!(errno(deep.stat("a").wait()), ENAMETOOLONG);
}

#[test]
fn no_object_grows_beyond_the_largest() {
    let mini = Mini::start();
    let limit = 128 << 20;
    mini.pool.write_full("a", "x").wait().unwrap();
    assert_eq!(errno(mini.pool.truncate("a", limit + 1).wait()), EFBIG);
    assert_eq!(errno(mini.pool.write("a", limit, "y").wait()), EFBIG);
    assert_eq!(errno(mini.pool.write("a", u64::MAX, "y").wait()), EFBIG);
    assert_eq!(mini.pool.read("a", 0, 0).wait().unwrap(), "x");
}

#[test]
fn namespaces_and_locator_keys_tell_objects_apart() {
    let mini = Mini::start();
    let places = [
        mini.pool.clone(),
        mini.pool.clone().with_namespace("n"),
        mini.pool.clone().with_namespace("m"),
        mini.pool.clone().with_locator_key("k"),
        mini.pool.clone().with_namespace("n").with_locator_key("k"),
    ];
    for (number, place) in places.iter().enumerate() {
        place.write_full("a", number.to_string()).wait().unwrap();
    }
    for (number, place) in places.iter().enumerate() {
        assert_eq!(place.read("a", 0, 0).wait().unwrap(), number.to_string());
    }
    let keyed = mini.pool.clone().with_locator_key("k");
    assert_eq!(keyed.map("a").unwrap().raw_pg, mini.pool.map("k").unwrap().raw_pg);
    let locators = |place: &loligo::IoCtx| -> Vec<_> {
        let mut all: Vec<_> = place.list().map(|object| object.unwrap().locator.to_vec()).collect();
        all.sort();
        all
    };
    assert_eq!(locators(&places[0]), [b"".to_vec(), b"k".to_vec()]);
    assert_eq!(locators(&places[2]), [b"".to_vec()]);
    assert_eq!(mini.pool.list_all().count(), 5);
}

#[test]
fn a_listing_of_thousands_names_each_object_once() {
    let mini = Mini::start();
    let names: BTreeSet<_> = (0..3_000).map(|n| format!("object {n}")).collect();
    let writes: Vec<_> = names.iter().map(|name| mini.pool.write_full(name, "")).collect();
    for write in writes {
        write.wait().unwrap();
    }
    let listed: Vec<_> =
        mini.pool.list().map(|object| String::from_utf8(object.unwrap().oid.to_vec()).unwrap()).collect();
    assert_eq!(listed.len(), names.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), names);
}

#[test]
fn objects_are_where_the_monitor_says() {
    let mini = Mini::start();
    for number in 0..40 {
        let name = format!("object{number}");
        let json =
            format!(r#"{{"prefix": "osd map", "pool": "{POOL}", "object": "{name}", "format": "json"}}"#);
        let reply = mini.client.mon_command(&json, "").wait().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&reply.data).unwrap();
        let placed = mini.pool.map(&name).unwrap();
        assert_eq!(told["pgid"], placed.pg.to_string());
        let acting: Vec<_> = placed.acting.iter().map(|osd| osd.0).collect();
        assert_eq!(told["acting"], serde_json::json!(acting));
        // What is read back was served by that primary, or not at all: an OSD drops what is not its own.
        mini.pool.write_full(&name, name.clone()).wait().unwrap();
    }
}

#[test]
fn pools_come_and_go() {
    let mini = Mini::start();
    assert_eq!(mini.client.pools().into_iter().map(|(_, name)| name).collect::<Vec<_>>(), [POOL]);
    assert_eq!(errno(mini.client.io_ctx("other")), ENOENT);
    let id = mini.client.create_pool("other", loligo::PoolOptions::default()).unwrap();
    let other = mini.client.io_ctx("other").unwrap();
    assert_eq!(other.pool_id(), id);
    other.write_full("a", "x").wait().unwrap();
    // The same pool, not a second one.
    assert_eq!(mini.client.create_pool("other", loligo::PoolOptions::default()).unwrap(), id);
    mini.client.delete_pool("other").unwrap();
    assert_eq!(errno(mini.client.delete_pool("other")), ENOENT);
    assert_eq!(errno(other.read("a", 0, 0).wait()), ENOENT);
    assert_eq!(errno(mini.client.io_ctx("other")), ENOENT);
}

#[test]
fn an_unknown_command_is_refused_in_words() {
    let mini = Mini::start();
    let error = mini.client.mon_command(r#"{"prefix": "make coffee"}"#, "").wait().unwrap_err();
    assert_eq!(error.errno(), EINVAL);
    assert!(error.to_string().contains("make coffee"), "{error}");
}
