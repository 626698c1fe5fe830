//! What goes with ops to OSDs, and what comes of them: the contents of [`OsdOp::data`](crate::types::OsdOp::data).
//!
//! Most have no name in Ceph: `ObjectOperation` (`osdc/Objecter.h`) and `PrimaryLogPG::do_osd_ops` write and read their fields
//! one after the other. What is not listed is plain bytes or nothing.
//!
//! | op | goes with it | comes of it |
//! |---|---|---|
//! | `CHECKSUM` | the first value: `u32`, or `u64` for `XXHASH64` | `Vec` of such values |
//! | `COPY_FROM`, `SET_REDIRECT` | [`CopySource`] | |
//! | `COPY_FROM2` | [`CopySource2`] | |
//! | `COPY_GET` | [`CopyGet`] | [`ObjectCopyData`](crate::types::ObjectCopyData) |
//! | `GETXATTRS` | | `BTreeMap<Bytes, Bytes>` |
//! | `ISDIRTY` | | `bool` |
//! | `LIST_SNAPS` | | [`ObjListSnapResponse`](crate::types::ObjListSnapResponse) |
//! | `LIST_WATCHERS` | | [`ObjListWatchResponse`](crate::types::ObjListWatchResponse) |
//! | `NOTIFY` | [`NotifyRequest`] | `u64`, its number |
//! | `NOTIFY_ACK` | [`NotifyAck`] | |
//! | `OMAPGETKEYS` | [`OmapGetKeys`] | [`OmapKeys`] |
//! | `OMAPGETVALS` | [`OmapGetVals`] | [`OmapVals`] |
//! | `OMAPGETVALSBYKEYS` | `BTreeSet<Bytes>` | `BTreeMap<Bytes, Bytes>` |
//! | `OMAPRMKEYRANGE` | [`OmapRange`] | |
//! | `OMAPRMKEYS` | `BTreeSet<Bytes>` | |
//! | `OMAPSETVALS`, `RESETXATTRS` | `BTreeMap<Bytes, Bytes>` | |
//! | `OMAP_CMP` | `BTreeMap<Bytes, `[`OmapAssertion`]`>` | |
//! | `PGLS` | [`HObject`](crate::types::HObject) | [`PgLsResponse`](crate::types::PgLsResponse) |
//! | `PGLS_FILTER`, `PGNLS_FILTER` | [`ListFilter`] | as without it |
//! | `PGNLS` | [`HObject`](crate::types::HObject) | [`PgNlsResponse`](crate::types::PgNlsResponse) |
//! | `PG_HITSET_LS` | | `Vec<(Wall, Wall)>`, when each began and ended |
//! | `SCRUBLS` | [`ScrubLsArg`] | [`ScrubLsResult`] |
//! | `SET_CHUNK` | [`ChunkTarget`] | |
//! | `SPARSE_READ` | | [`SparseRead`] |
//! | `STAT` | | [`ObjectStat`] |
//!
//! Keys and names are bytes: nothing makes them UTF-8.

mod copy;
mod list;
mod notify;
mod omap;
mod ops;
mod read;
mod scrub;

pub use copy::{ChunkTarget, CopyGet, CopySource, CopySource2};
pub use list::ListFilter;
pub use notify::{NotifyAck, NotifyAnswers, NotifyRequest};
pub use omap::{OmapAssertion, OmapGetKeys, OmapGetVals, OmapKeys, OmapRange, OmapVals};
pub use read::{ObjectStat, SparseRead};
pub use scrub::{
    InconsistentObj, InconsistentSnapset, ObjectId, OsdShard, ScrubLsArg, ScrubLsResult, ShardInfo,
};

/// A struct whose fields stand one after the other, without a version.
macro_rules! plain_struct {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $t:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $t,)*
        }

        impl $crate::Decode for $name {
            const MIN_SIZE: usize = 0 $(+ <$t as $crate::Decode>::MIN_SIZE)*;

            fn decode(d: &mut $crate::Decoder<'_>) -> Result<Self, $crate::DecodeError> {
                Ok(Self { $($field: $crate::Decode::decode(d)?,)* })
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self, e: &mut $crate::Encoder) {
                $($crate::Encode::encode(&self.$field, e);)*
            }
        }
    };
}
use plain_struct;
