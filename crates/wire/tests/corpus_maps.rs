//! Maps that Ceph itself has encoded, read and written again.
//!
//! The values are those of ceph-object-corpus, below `$CEPH_OBJECT_CORPUS`; where that is not set, this says so and passes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is wrong here is to fail the test"
)]

#[path = "common/corpus.rs"]
mod files;

use std::fmt::Debug;

use bytes::Bytes;
use loligo_wire::monmap::{MonFeatures, MonInfo, MonMap};
use loligo_wire::osdmap::{
    Incremental, OSDMap, OsdInfo, OsdXInfo, PgPool, PgTempMap, PoolOpts, PoolSnapInfo,
};
use loligo_wire::{Decode, Encode, Features};

use crate::files::Corpus;

/// An archive, and the features that its values may have been encoded with.
///
/// Squid adds the tunables of MSR rules to CRUSH maps, for peers that have `CEPH_FEATURE_CRUSH_MSR`: not part of
/// [`Features::ALL`], as we do not carry such rules out.
const ARCHIVES: [(&str, &[Features]); 3] = [
    ("16.2.0-90-g50f1821b4c", &[Features::PACIFIC]),
    ("18.2.0", &[Features::ALL]),
    ("19.2.0-404-g78ddc7f9027", &[Features::ALL, Features(Features::ALL.0 | 1 << 38)]),
];

/// Bit 31 of the features was MON_SINGLE_PAXOS when this test value was made; since Reef it asks for a newer version.
const BIT_31: &str = "names bit 31 among its features";
/// Up to 18.2.2 the version of an incremental did not depend on SERVER_REEF; these were made while not all OSDs were known to
/// have it, and are of the newer version all the same.
const EARLY_REEF: &str = "is of Reef's version without Reef's feature";

/// Values that cannot be written again as they were, and why.
const NOT_IDENTICAL: [(&str, &str); 10] = [
    ("16.2.0-90-g50f1821b4c/OSDMap::Incremental/d568fb7c9638aff5e3400c08e58eb331", BIT_31),
    ("18.2.0/OSDMap::Incremental/9410c01accfc194cc59e065d4e53edce", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/cbc4d44a66a82c0e63d3f3933fca28ac", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/e75362ee68f2dcea72e6a4549fcfc1d8", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/eea043325876ec7d6032a3d02fb3a31f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/ef0fcfaaffb0f5eaf3866d2e3e72ca6f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f1d516e71403a18b215cd3be145677c9", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f3f9d2cff8bf718d92045ef99a25455f", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f92c119eafd656973f58e2042458cade", EARLY_REEF),
    ("18.2.0/OSDMap::Incremental/f9e91dc218fe6f00679362eeffc26c0f", EARLY_REEF),
];

/// Reads every value of a type and writes it again, with the features that the archive or the value itself says.
fn check<T: Decode + Encode + Debug + PartialEq>(
    type_name: &str,
    own_features: impl Fn(&T) -> Option<Features>,
    forget_crc: impl Fn(T) -> T,
) {
    let Some(corpus) = Corpus::find(&format!("{type_name} made by Ceph")) else { return };
    let mut seen = 0;
    for (archive, features) in ARCHIVES {
        for (id, bytes) in corpus.values(archive, type_name) {
            let value = T::decode_all(&bytes).unwrap_or_else(|e| panic!("{id}: {e}"));
            let features = own_features(&value).map_or(features.to_vec(), |own| vec![own]);
            let written: Vec<Bytes> = features.into_iter().map(|features| value.to_bytes(features)).collect();
            let known = NOT_IDENTICAL.iter().find(|(other, _)| *other == id);
            let difference = difference(&written[0], &bytes);
            assert_eq!(written.contains(&bytes), known.is_none(), "{id} {known:?}: {difference}");
            assert_eq!(forget_crc(T::decode_all(&written[0]).unwrap()), forget_crc(value), "{id}");
            seen += 1;
        }
    }
    assert!(seen > 0, "no {type_name} in the corpus");
}

/// For types that say nothing of features and have no checksum.
fn check_plain<T: Decode + Encode + Debug + PartialEq>(type_name: &str) {
    check::<T>(type_name, |_| None, |value| value);
}

fn difference(ours: &[u8], theirs: &[u8]) -> String {
    let at = ours.iter().zip(theirs).skip(6).position(|(ours, theirs)| ours != theirs).map(|at| at + 6);
    format!("{} bytes, Ceph {}, first difference at {at:?}", ours.len(), theirs.len())
}

#[test]
fn small_types() {
    check_plain::<PgPool>("pg_pool_t");
    check_plain::<OsdInfo>("osd_info_t");
    check_plain::<OsdXInfo>("osd_xinfo_t");
    check_plain::<PoolOpts>("pool_opts_t");
    check_plain::<PoolSnapInfo>("pool_snap_info_t");
    check_plain::<PgTempMap>("PGTempMap");
    check_plain::<MonInfo>("mon_info_t");
    check_plain::<MonFeatures>("mon_feature_t");
}

#[test]
fn maps() {
    check_plain::<MonMap>("MonMap");
    check("OSDMap", |_| None, |map: OSDMap| OSDMap { crc: None, ..map });
}

#[test]
fn incrementals_say_what_they_were_encoded_with() {
    let own_features = |inc: &Incremental| Some(inc.encode_features);
    check("OSDMap::Incremental", own_features, |inc| Incremental { inc_crc: None, ..inc });
}
