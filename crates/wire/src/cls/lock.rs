//! Advisory locks on objects: what the methods of the class `lock` take and give (`cls/lock/cls_lock_ops.h`).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use loligo_base::Wall;

use crate::codec::{as_inner, versioned_struct};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, EntityName, Text};

/// Whether a lock is shared (`ClsLockType`). Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LockType(pub u8);

as_inner!(LockType(u8));

impl LockType {
    /// Not locked.
    pub const NONE: Self = Self(0);
    /// By one.
    pub const EXCLUSIVE: Self = Self(1);
    /// By any number.
    pub const SHARED: Self = Self(2);
    /// By one; unlocking removes the object.
    pub const EXCLUSIVE_EPHEMERAL: Self = Self(3);

    /// Its name as Ceph prints it (`cls_lock_type_str`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NONE => "none",
            Self::EXCLUSIVE => "exclusive",
            Self::SHARED => "shared",
            Self::EXCLUSIVE_EPHEMERAL => "exclusive-ephemeral",
            _ => "<unknown>",
        }
    }
}

/// How to lock (`LOCK_FLAG_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LockFlags(pub u8);

as_inner!(LockFlags(u8));

impl LockFlags {
    /// No particular way.
    pub const NONE: Self = Self(0);
    /// Who has the lock already may take it again.
    pub const MAY_RENEW: Self = Self(1);
    /// Only who has the lock already may take it.
    pub const MUST_RENEW: Self = Self(2);
}

versioned_struct! {
    /// Takes a lock: `cls_lock_lock_op`.
    LockOp, "cls_lock_lock_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
        /// How it is locked.
        lock_type: LockType,
        /// Tells the locks of one client apart.
        cookie: Text,
        /// Who shares a lock names the same tag.
        tag: Text,
        /// For people.
        description: Text,
        /// When it expires by itself, counted from now; zero is never.
        duration: Wall,
        /// In which way.
        flags: LockFlags,
    }
}

versioned_struct! {
    /// Gives a lock back: `cls_lock_unlock_op`.
    UnlockOp, "cls_lock_unlock_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
        /// That of the lock operation.
        cookie: Text,
    }
}

versioned_struct! {
    /// Takes a lock away from a client: `cls_lock_break_op`.
    BreakOp, "cls_lock_break_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
        /// Who has it.
        locker: EntityName,
        /// Under which cookie.
        cookie: Text,
    }
}

versioned_struct! {
    /// Asks for a lock: `cls_lock_get_info_op`.
    GetInfoOp, "cls_lock_get_info_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
    }
}

/// Who has a lock: `rados::cls::lock::locker_id_t`. The order is Ceph's.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockerId {
    /// Who.
    pub locker: EntityName,
    /// Under which cookie.
    pub cookie: Text,
}

impl Decode for LockerId {
    const MIN_SIZE: usize = 6 + EntityName::MIN_SIZE + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("locker_id_t", 1, |d, _| {
            Ok(Self { locker: EntityName::decode(d)?, cookie: Text::decode(d)? })
        })
    }
}

impl Encode for LockerId {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.locker.encode(e);
            self.cookie.encode(e);
        });
    }
}

versioned_struct! {
    /// What is known of who has a lock: `rados::cls::lock::locker_info_t`.
    LockerInfo, "locker_info_t", version 1, compat 1 {
        /// When it expires; zero is never.
        expiration: Wall,
        /// Where the client is.
        addr: EntityAddr,
        /// For people.
        description: Text,
    }
}

versioned_struct! {
    /// A lock as it is kept with its object: `rados::cls::lock::lock_info_t`.
    LockInfo, "lock_info_t", version 1, compat 1 {
        /// Who has it.
        lockers: BTreeMap<LockerId, LockerInfo>,
        /// How it is locked.
        lock_type: LockType,
        /// That of all who have it.
        tag: Text,
    }
}

versioned_struct! {
    /// A lock, as answered to [`GetInfoOp`]: `cls_lock_get_info_reply`.
    GetInfoReply, "cls_lock_get_info_reply", version 1, compat 1 {
        /// Who has it.
        lockers: BTreeMap<LockerId, LockerInfo>,
        /// How it is locked.
        lock_type: LockType,
        /// That of all who have it.
        tag: Text,
    }
}

versioned_struct! {
    /// The names of the locks of an object: `cls_lock_list_locks_reply`.
    ListLocksReply, "cls_lock_list_locks_reply", version 1, compat 1 {
        /// The names.
        locks: Vec<Text>,
    }
}

versioned_struct! {
    /// Fails unless the client has a lock: `cls_lock_assert_op`.
    AssertOp, "cls_lock_assert_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
        /// How it is locked.
        lock_type: LockType,
        /// Under which cookie.
        cookie: Text,
        /// With which tag.
        tag: Text,
    }
}

versioned_struct! {
    /// Changes the cookie of a lock that the client has: `cls_lock_set_cookie_op`.
    SetCookieOp, "cls_lock_set_cookie_op", version 1, compat 1 {
        /// The name of the lock.
        name: Text,
        /// How it is locked.
        lock_type: LockType,
        /// Under which cookie.
        cookie: Text,
        /// With which tag.
        tag: Text,
        /// The cookie from now on.
        new_cookie: Text,
    }
}
