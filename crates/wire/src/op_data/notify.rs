//! Notifications.

use alloc::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::plain_struct;

plain_struct! {
    /// What `NOTIFY` tells the watchers of an object.
    NotifyRequest {
        /// 1.
        prot_ver: u32,
        /// For how many seconds to wait for them; 0 is the OSD's default.
        timeout: u32,
        /// The news.
        payload: Bytes,
    }
}

plain_struct! {
    /// A watcher's answer to a notification: `NOTIFY_ACK`.
    NotifyAck {
        /// Which one.
        notify_id: u64,
        /// The watch that got it.
        cookie: u64,
        /// The answer.
        payload: Bytes,
    }
}

plain_struct! {
    /// What comes of a notification in the end: [`MWatchNotify::answers`](crate::message::MWatchNotify::answers). Watchers
    /// are named by client and cookie.
    NotifyAnswers {
        /// Who answered, and what.
        acks: BTreeMap<(u64, u64), Bytes>,
        /// Who did not in time.
        timeouts: BTreeSet<(u64, u64)>,
    }
}
