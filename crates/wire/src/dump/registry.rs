//! All types by Ceph's names of them.

use alloc::boxed::Box;

use bytes::Bytes;
use loligo_base::Wall;

use super::Dump;
use super::message::messages;
use crate::cephx::{
    AuthCapsInfo, AuthTicket, CephXAuthenticate, CephXAuthorize, CephXAuthorizeChallenge,
    CephXAuthorizeReply, CephXChallengeBlob, CephXRequestHeader, CephXResponseHeader, CephXServerChallenge,
    CephXServiceTicket, CephXServiceTicketInfo, CephXServiceTicketRequest, CephXTicketBlob, CryptoKey,
    ExpiringCryptoKey, RotatingSecrets,
};
use crate::cls::lock;
use crate::crush::CrushMap;
use crate::log::{LogEntry, LogEntryKey};
use crate::message::PerfCounterType;
use crate::mgrmap::{MgrMap, ModuleInfo, ModuleOption, StandbyInfo};
use crate::monmap::{MonFeatures, MonInfo, MonMap};
use crate::osdmap::{
    HitSetParams, Incremental, OSDMap, OsdInfo, OsdXInfo, PgMergeMeta, PgPool, PgTempMap, PoolOpts,
    PoolSnapInfo,
};
use crate::service_map::{Service, ServiceDaemon, ServiceMap};
use crate::types::{
    CloneInfo, EVersion, ErrorCode, GhObject, HObject, ObjListSnapResponse, ObjListWatchResponse,
    ObjectCopyCursor, ObjectCopyData, ObjectLocator, ObjectStatCollection, ObjectStatSum, PgId, PgLsResponse,
    PgNlsResponse, PgShard, PoolStat, ReqId, RequestRedirect, ShardId, SnapContext, SpgId, StoreStatfs,
    WatchInfo, WatchItem,
};
use crate::{
    AuthEntityName, Decode, DecodeError, Decoder, Encode, EntityAddr, EntityAddrVec, EntityInst, EntityName,
    Uuid,
};

/// A value of any type, which can be written and printed.
pub trait Value: Encode + Dump {}

impl<T: Encode + Dump> Value for T {}

/// A type by Ceph's name.
#[derive(Clone, Copy, Debug)]
pub struct TypeEntry {
    /// The name, as `ceph-dencoder` has it.
    pub name: &'static str,
    /// Reads a value; what follows it is left.
    pub decode: fn(&mut Decoder<'_>) -> Result<Box<dyn Value>, DecodeError>,
}

fn decode<T: Decode + Value + 'static>(d: &mut Decoder<'_>) -> Result<Box<dyn Value>, DecodeError> {
    T::decode(d).map(|value| Box::new(value) as Box<dyn Value>)
}

macro_rules! types {
    ($($name:literal: $type:ty,)*) => {
        /// All types that can be printed, ordered by name.
        const TYPES: &[TypeEntry] = &[$(TypeEntry { name: $name, decode: decode::<$type> }),*];
    };
}

types! {
    "AuthCapsInfo": AuthCapsInfo,
    "AuthTicket": AuthTicket,
    "CephXAuthenticate": CephXAuthenticate,
    "CephXAuthorize": CephXAuthorize,
    "CephXAuthorizeChallenge": CephXAuthorizeChallenge,
    "CephXAuthorizeReply": CephXAuthorizeReply,
    "CephXChallengeBlob": CephXChallengeBlob,
    "CephXRequestHeader": CephXRequestHeader,
    "CephXResponseHeader": CephXResponseHeader,
    "CephXServerChallenge": CephXServerChallenge,
    "CephXServiceTicket": CephXServiceTicket,
    "CephXServiceTicketInfo": CephXServiceTicketInfo,
    "CephXServiceTicketRequest": CephXServiceTicketRequest,
    "CephXTicketBlob": CephXTicketBlob,
    "CrushWrapper": CrushMap,
    "CryptoKey": CryptoKey,
    "EntityName": AuthEntityName,
    "ExpiringCryptoKey": ExpiringCryptoKey,
    "HitSet::Params": HitSetParams,
    "LogEntry": LogEntry,
    "LogEntryKey": LogEntryKey,
    "MgrMap": MgrMap,
    "MgrMap::ModuleInfo": ModuleInfo,
    "MgrMap::ModuleOption": ModuleOption,
    "MgrMap::StandbyInfo": StandbyInfo,
    "MonMap": MonMap,
    "OSDMap": OSDMap,
    "OSDMap::Incremental": Incremental,
    "PGTempMap": PgTempMap,
    "PerfCounterType": PerfCounterType,
    "RotatingSecrets": RotatingSecrets,
    "ServiceMap": ServiceMap,
    "ServiceMap::Daemon": ServiceDaemon,
    "ServiceMap::Service": Service,
    "SnapContext": SnapContext,
    "clone_info": CloneInfo,
    "cls_lock_assert_op": lock::AssertOp,
    "cls_lock_break_op": lock::BreakOp,
    "cls_lock_get_info_op": lock::GetInfoOp,
    "cls_lock_get_info_reply": lock::GetInfoReply,
    "cls_lock_list_locks_reply": lock::ListLocksReply,
    "cls_lock_lock_op": lock::LockOp,
    "cls_lock_set_cookie_op": lock::SetCookieOp,
    "cls_lock_unlock_op": lock::UnlockOp,
    "entity_addr_t": EntityAddr,
    "entity_addrvec_t": EntityAddrVec,
    "entity_inst_t": EntityInst,
    "entity_name_t": EntityName,
    "errorcode32_t": ErrorCode,
    "eversion_t": EVersion,
    "ghobject_t": GhObject,
    "hobject_t": HObject,
    "mon_feature_t": MonFeatures,
    "mon_info_t": MonInfo,
    "obj_list_snap_response_t": ObjListSnapResponse,
    "obj_list_watch_response_t": ObjListWatchResponse,
    "object_copy_cursor_t": ObjectCopyCursor,
    "object_copy_data_t": ObjectCopyData,
    "object_locator_t": ObjectLocator,
    "object_stat_collection_t": ObjectStatCollection,
    "object_stat_sum_t": ObjectStatSum,
    "object_t": Bytes,
    "osd_info_t": OsdInfo,
    "osd_reqid_t": ReqId,
    "osd_xinfo_t": OsdXInfo,
    "pg_ls_response_t": PgLsResponse,
    "pg_merge_meta_t": PgMergeMeta,
    "pg_nls_response_t": PgNlsResponse,
    "pg_pool_t": PgPool,
    "pg_shard_t": PgShard,
    "pg_t": PgId,
    "pool_opts_t": PoolOpts,
    "pool_snap_info_t": PoolSnapInfo,
    "pool_stat_t": PoolStat,
    "rados::cls::lock::lock_info_t": lock::LockInfo,
    "rados::cls::lock::locker_id_t": lock::LockerId,
    "rados::cls::lock::locker_info_t": lock::LockerInfo,
    "request_redirect_t": RequestRedirect,
    "shard_id_t": ShardId,
    "spg_t": SpgId,
    "store_statfs_t": StoreStatfs,
    "utime_t": Wall,
    "uuid_d": Uuid,
    "watch_info_t": WatchInfo,
    "watch_item_t": WatchItem,
}

/// All types but those of messages, ordered by name.
#[must_use]
pub const fn types() -> &'static [TypeEntry] {
    TYPES
}

/// The type of that name, which may be one of messages with their headers.
#[must_use]
pub fn find(name: &str) -> Option<TypeEntry> {
    let of_messages = || {
        let entry = messages().iter().find(|entry| entry.name == name)?;
        Some(TypeEntry { name: entry.name, decode: entry.decode })
    };
    TYPES.iter().find(|entry| entry.name == name).copied().or_else(of_messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_and_found() {
        assert!(TYPES.is_sorted_by(|one, other| one.name < other.name));
        assert_eq!(find("spg_t").map(|entry| entry.name), Some("spg_t"));
        assert_eq!(find("MOSDOp").map(|entry| entry.name), Some("MOSDOp"));
        assert!(find("no_such_t").is_none());
    }
}
