//! The clones of an object.

use alloc::vec::Vec;

use super::SnapId;
use crate::codec::versioned_struct;

versioned_struct! {
    /// What a snapshot kept of an object, or the object as it is now: `clone_info`.
    CloneInfo, "clone_info", version 1, compat 1 {
        /// The newest snapshot that it serves; [`SnapId::HEAD`] for the object as it is now.
        cloneid: SnapId,
        /// All snapshots that it serves, oldest first.
        snaps: Vec<SnapId>,
        /// What it shares with the next newer one: offsets and lengths in bytes.
        overlap: Vec<(u64, u64)>,
        /// Its size in bytes.
        size: u64,
    }
}

versioned_struct! {
    /// The answer to `LIST_SNAPS`: `obj_list_snap_response_t`, which librados gives out as `snap_set_t`.
    ObjListSnapResponse, "obj_list_snap_response_t", version 2, compat 1 {
        /// The clones, oldest first, and the object as it is now, where there is one.
        clones: Vec<CloneInfo>,
        /// The newest snapshot that the object knows of.
        seq: SnapId,
    }
}
