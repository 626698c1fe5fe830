//! Who watches an object.

use alloc::vec::Vec;

use crate::codec::versioned_struct;
use crate::{EntityAddr, EntityName};

versioned_struct! {
    /// One watcher of an object: `watch_item_t`.
    WatchItem, "watch_item_t", version 2, compat 1 {
        /// Who watches.
        name: EntityName,
        /// Its number of the watch.
        cookie: u64,
        /// After how many seconds of silence it is dropped.
        timeout_seconds: u32,
        /// Where it is.
        addr: EntityAddr,
    }
}

versioned_struct! {
    /// The answer to `LIST_WATCHERS`: `obj_list_watch_response_t`.
    ObjListWatchResponse, "obj_list_watch_response_t", version 1, compat 1 {
        /// The watchers.
        entries: Vec<WatchItem>,
    }
}

versioned_struct! {
    /// A watch as it is kept with its object: `watch_info_t`.
    WatchInfo, "watch_info_t", version 4, compat 3 {
        /// The watcher's number of it.
        cookie: u64,
        /// After how many seconds of silence it is dropped.
        timeout_seconds: u32,
        /// Where the watcher is.
        addr: EntityAddr,
    }
}
