//! Tells a watcher of a notification.

use bytes::Bytes;

use super::{Message, msg_type};
use crate::types::ErrorCode;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, GlobalId};

/// What happened to a watch (`CEPH_WATCH_EVENT_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WatchEvent(pub u8);

impl WatchEvent {
    /// Somebody notifies.
    pub const NOTIFY: Self = Self(1);
    /// All watchers have answered the own notification, or not in time.
    pub const NOTIFY_COMPLETE: Self = Self(2);
    /// The watch is gone.
    pub const DISCONNECT: Self = Self(3);
}

/// Tells a watcher of a notification, or a notifier of its end: `MWatchNotify`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MWatchNotify {
    /// What happened.
    pub opcode: WatchEvent,
    /// The client's number of the watch.
    pub cookie: u64,
    /// Not used.
    pub ver: u64,
    /// The OSD's number of the notification.
    pub notify_id: u64,
    /// What the notifier says.
    pub bl: Bytes,
    /// How the notification ended.
    pub return_code: ErrorCode,
    /// Who notifies.
    pub notifier_gid: GlobalId,
    /// With [`WatchEvent::NOTIFY_COMPLETE`], what the watchers answered.
    pub answers: BufferList,
}

impl Message for MWatchNotify {
    const TYPE: u16 = msg_type::WATCH_NOTIFY;
    const NAME: &'static str = "MWatchNotify";
    const HEAD_VERSION: u16 = 3;

    fn encode_front(&self, e: &mut Encoder) {
        1u8.encode(e);
        self.opcode.0.encode(e);
        self.cookie.encode(e);
        self.ver.encode(e);
        self.notify_id.encode(e);
        self.bl.encode(e);
        self.return_code.encode(e);
        self.notifier_gid.encode(e);
    }

    fn data(&self) -> BufferList {
        self.answers.clone()
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, data: BufferList) -> Result<Self, DecodeError> {
        let inner_version = u8::decode(d)?;
        Ok(Self {
            opcode: WatchEvent(u8::decode(d)?),
            cookie: u64::decode(d)?,
            ver: u64::decode(d)?,
            notify_id: u64::decode(d)?,
            bl: if inner_version >= 1 { Bytes::decode(d)? } else { Bytes::new() },
            return_code: if version >= 2 { ErrorCode::decode(d)? } else { ErrorCode::OK },
            notifier_gid: if version >= 3 { GlobalId::decode(d)? } else { GlobalId(0) },
            answers: data,
        })
    }
}
