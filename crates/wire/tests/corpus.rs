//! Values that Ceph itself has encoded, read and written again, byte for byte.
//!
//! They are those of ceph-object-corpus, below `$CEPH_OBJECT_CORPUS`; where that is not set, this says so and passes.
//! The maps have a test of their own.

#[path = "common/corpus.rs"]
mod files;

use std::path::Path;

use bytes::Bytes;
use loligo_base::Wall;
use loligo_wire::types::{
    EVersion, ErrorCode, HObject, ObjectLocator, ObjectStatSum, PgId, PgNlsResponse, PgShard, PoolStat,
    ReqId, RequestRedirect, ShardId, SnapContext, SpgId, StoreStatfs,
};
use loligo_wire::{
    AuthEntityName, Decode, DecodeError, Encode, EntityAddr, EntityAddrVec, EntityInst, EntityName, Features,
    Uuid,
};

use crate::files::Corpus;

/// An archive, and the features that its values were encoded for.
const ARCHIVES: [(&str, Features); 3] = [
    ("16.2.0-90-g50f1821b4c", Features::PACIFIC),
    ("18.2.0", Features::ALL),
    ("19.2.0-404-g78ddc7f9027", Features::ALL),
];

/// A type, by Ceph's name of it, and how its values are read and written again.
struct Row {
    type_name: &'static str,
    rewrite: fn(&Bytes, Features) -> Result<Bytes, DecodeError>,
}

const fn check<T: Decode + Encode>(type_name: &'static str) -> Row {
    Row { type_name, rewrite: |bytes, features| T::decode_all(bytes).map(|value| value.to_bytes(features)) }
}

/// One line for each type.
const TABLE: &[Row] = &[
    check::<EntityName>("entity_name_t"),
    check::<EntityAddr>("entity_addr_t"),
    check::<EntityAddrVec>("entity_addrvec_t"),
    check::<EntityInst>("entity_inst_t"),
    check::<AuthEntityName>("EntityName"),
    check::<PgId>("pg_t"),
    check::<SpgId>("spg_t"),
    check::<PgShard>("pg_shard_t"),
    check::<ShardId>("shard_id_t"),
    check::<EVersion>("eversion_t"),
    check::<ObjectLocator>("object_locator_t"),
    check::<HObject>("hobject_t"),
    check::<ReqId>("osd_reqid_t"),
    check::<RequestRedirect>("request_redirect_t"),
    check::<PgNlsResponse>("pg_nls_response_t"),
    check::<SnapContext>("SnapContext"),
    check::<ErrorCode>("errorcode32_t"),
    check::<ObjectStatSum>("object_stat_sum_t"),
    check::<StoreStatfs>("store_statfs_t"),
    check::<PoolStat>("pool_stat_t"),
    check::<Wall>("utime_t"),
    check::<Bytes>("object_t"),
    check::<Uuid>("uuid_d"),
];

/// Says what is wrong with how a value was read and written, if anything.
fn trouble(bytes: &Bytes, rewritten: Result<Bytes, DecodeError>) -> Option<String> {
    match rewritten {
        Err(error) => Some(error.to_string()),
        Ok(ours) if ours == bytes => None,
        Ok(ours) => {
            let at = ours.iter().zip(bytes).position(|(ours, theirs)| ours != theirs);
            Some(format!("{} bytes, Ceph has {}, first difference at {at:?}", ours.len(), bytes.len()))
        }
    }
}

#[test]
fn values_made_by_ceph_are_read_and_written_as_they_were() {
    let Some(corpus) = Corpus::find("values made by Ceph") else { return };
    let mut troubles = Vec::new();
    for Row { type_name, rewrite } in TABLE {
        let mut seen = 0;
        for (archive, features) in ARCHIVES {
            for (id, bytes) in corpus.values(archive, type_name) {
                let trouble = trouble(&bytes, rewrite(&bytes, features));
                troubles.extend(trouble.map(|what| format!("{id}: {what}")));
                seen += 1;
            }
        }
        if seen == 0 {
            troubles.push(format!("{type_name}: not in the corpus"));
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}

#[test]
fn values_are_found_as_a_clone_has_them_and_without_its_folders() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    let layouts = [
        ("clone", "archive/18.2.0/objects/utime_t"),
        ("clone/archive", "18.2.0/objects/utime_t"),
        ("plain", "18.2.0/utime_t"),
    ];
    for (named, folder) in layouts {
        let folder = root.join(named).join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("b"), "two").unwrap();
        std::fs::write(folder.join("a"), "one").unwrap();
        let found = Corpus::at(&root.join(named)).values("18.2.0", "utime_t");
        let expected = [("18.2.0/utime_t/a", "one"), ("18.2.0/utime_t/b", "two")];
        assert_eq!(found, expected.map(|(id, bytes)| (id.to_owned(), Bytes::from(bytes))), "{named}");
    }
    assert!(Corpus::at(&root).values("18.2.0", "utime_t").is_empty());
}
