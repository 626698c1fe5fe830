use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use loligo_base::Wall;

use super::Case;
use super::entity::v4;
use crate::cls::lock::{
    AssertOp, BreakOp, GetInfoOp, GetInfoReply, ListLocksReply, LockFlags, LockInfo, LockOp, LockType,
    LockerId, LockerInfo, SetCookieOp, UnlockOp,
};
use crate::{EntityName, Text};

pub(super) fn cases() -> Vec<Case> {
    let [name, cookie, tag, description] = ["name", "cookie", "tag", "description"].map(Text::from);
    let locker = LockerId { locker: EntityName::client(1), cookie: cookie.clone() };
    let info = LockerInfo { expiration: Wall::new(5, 0), addr: v4(), description: description.clone() };
    let lockers = BTreeMap::from([(locker.clone(), info.clone())]);
    let lock_type = LockType::SHARED;
    let lock = LockOp {
        name: name.clone(),
        lock_type,
        cookie: cookie.clone(),
        tag: tag.clone(),
        description,
        duration: Wall::new(5, 0),
        flags: LockFlags::MAY_RENEW,
    };
    let locked = LockInfo { lockers: lockers.clone(), lock_type, tag: tag.clone() };
    let set_cookie = SetCookieOp {
        name: name.clone(),
        lock_type,
        cookie: cookie.clone(),
        tag: tag.clone(),
        new_cookie: "new cookie".into(),
    };
    let assert = AssertOp { name: name.clone(), lock_type, cookie: cookie.clone(), tag: tag.clone() };
    let take_away = BreakOp { name: name.clone(), locker: locker.locker, cookie: cookie.clone() };
    [
        Case::new("cls_lock_lock_op", &lock),
        Case::new("cls_lock_unlock_op", &UnlockOp { name: name.clone(), cookie }),
        Case::new("cls_lock_break_op", &take_away),
        Case::new("cls_lock_get_info_op", &GetInfoOp { name: name.clone() }),
        Case::new("cls_lock_get_info_reply", &GetInfoReply { lockers, lock_type, tag }),
        Case::new("cls_lock_list_locks_reply", &ListLocksReply { locks: [name, Text::default()].into() }),
        Case::new("cls_lock_assert_op", &assert),
        Case::new("cls_lock_set_cookie_op", &set_cookie),
        Case::new("rados::cls::lock::locker_id_t", &locker),
        Case::new("rados::cls::lock::locker_info_t", &info),
        Case::new("rados::cls::lock::lock_info_t", &locked),
    ]
    .into()
}
