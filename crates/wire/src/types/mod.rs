//! The small types that clients and OSDs exchange (`osd/osd_types.h`, `common/hobject.h`, `include/rados.h`).

mod error_code;
mod flags;
mod ghobject;
mod hobject;
mod locator;
mod nls;
mod object_copy;
mod op_args;
mod op_code;
mod osd_op;
mod pg;
mod pool_stat;
mod reqid;
mod snap;
mod snap_set;
mod version;
mod watch;

pub use error_code::ErrorCode;
pub use flags::{
    AllocHintFlags, BackoffOp, CmpXattrMode, CmpXattrOp, CopyFromFlags, OpFlags, OsdFlags, WatchOp,
};
pub use ghobject::GhObject;
pub use hobject::HObject;
pub use locator::{ObjectLocator, RequestRedirect};
pub use nls::{ListObject, PgLsResponse, PgNlsResponse};
pub use object_copy::{ObjectCopyCursor, ObjectCopyData};
pub use op_args::OpArgs;
pub use op_code::OpCode;
pub(crate) use osd_op::split_data;
pub use osd_op::{OSD_OP_SIZE, OsdOp};
pub use pg::{PgId, PgIdParseError, PgShard, ShardId, SpgId};
pub use pool_stat::{ObjectStatCollection, ObjectStatSum, PoolStat, StoreStatfs};
pub use reqid::ReqId;
pub use snap::{SnapContext, SnapId};
pub use snap_set::{CloneInfo, ObjListSnapResponse};
pub use version::EVersion;
pub use watch::{ObjListWatchResponse, WatchInfo, WatchItem};
