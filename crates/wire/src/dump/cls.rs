//! What methods of object classes take and give.

use super::entity::LegacyStr;
use super::{Dump, Formatter, Stamp};
use crate::cls::lock::{
    AssertOp, BreakOp, GetInfoOp, GetInfoReply, ListLocksReply, LockInfo, LockOp, LockerId, LockerInfo,
    SetCookieOp, UnlockOp,
};

impl Dump for LockOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("type", self.lock_type.name());
        f.dump_string("cookie", &self.cookie);
        f.dump_string("tag", &self.tag);
        f.dump_string("description", &self.description);
        f.dump_stream("duration", Stamp(self.duration));
        f.dump_int("flags", self.flags.0);
    }
}

impl Dump for UnlockOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("cookie", &self.cookie);
    }
}

impl Dump for BreakOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("cookie", &self.cookie);
        f.dump_stream("locker", self.locker);
    }
}

impl Dump for GetInfoOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
    }
}

impl Dump for GetInfoReply {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("lock_type", self.lock_type.name());
        f.dump_string("tag", &self.tag);
        f.array("lockers", |f| {
            for (id, info) in &self.lockers {
                f.object("object", |f| {
                    f.dump_stream("locker", id.locker);
                    f.dump_string("description", &info.description);
                    f.dump_string("cookie", &id.cookie);
                    f.dump_stream("expiration", Stamp(info.expiration));
                    f.dump_stream("addr", LegacyStr(info.addr));
                });
            }
        });
    }
}

impl Dump for ListLocksReply {
    fn dump(&self, f: &mut Formatter) {
        f.array("locks", |f| {
            // An array each, as in Ceph.
            self.locks.iter().for_each(|name| f.array("object", |f| f.dump_string("lock", name)));
        });
    }
}

impl Dump for AssertOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("type", self.lock_type.name());
        f.dump_string("cookie", &self.cookie);
        f.dump_string("tag", &self.tag);
    }
}

impl Dump for SetCookieOp {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("name", &self.name);
        f.dump_string("type", self.lock_type.name());
        f.dump_string("cookie", &self.cookie);
        f.dump_string("tag", &self.tag);
        f.dump_string("new_cookie", &self.new_cookie);
    }
}

impl Dump for LockerId {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("locker", self.locker);
        f.dump_string("cookie", &self.cookie);
    }
}

impl Dump for LockerInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("expiration", Stamp(self.expiration));
        f.dump_stream("addr", LegacyStr(self.addr));
        f.dump_string("description", &self.description);
    }
}

impl Dump for LockInfo {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("lock_type", self.lock_type.0);
        f.dump_string("tag", &self.tag);
        f.array("lockers", |f| {
            for (id, info) in &self.lockers {
                f.object("locker", |f| {
                    f.dump_object("id", id);
                    f.dump_object("info", info);
                });
            }
        });
    }
}
