//! Names and addresses.

use core::fmt;

use loligo_base::Wall;

use super::{Dump, Formatter};
use crate::entity::HostAddr;
use crate::{AuthEntityName, EntityAddr, EntityAddrVec, EntityInst, EntityName, Uuid};

/// Where an address is, without its nonce, as Ceph prints a `sockaddr`.
pub(super) struct SockAddr<'a>(pub &'a HostAddr);

impl fmt::Display for SockAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            HostAddr::V4(addr) => write!(f, "{}:{}", addr.ip(), addr.port()),
            HostAddr::V6(addr) => write!(f, "[{}]:{}", addr.ip(), addr.port()),
            other => write!(f, "(unrecognized address family {})", other.family()),
        }
    }
}

/// An address as releases before Nautilus printed it (`get_legacy_str`).
pub(super) struct LegacyStr(pub EntityAddr);

impl LegacyStr {
    pub(super) fn of(addrs: &EntityAddrVec) -> Self {
        Self(addrs.legacy_or_front_addr())
    }
}

impl fmt::Display for LegacyStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", SockAddr(&self.0.host), self.0.nonce)
    }
}

impl Dump for EntityName {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("type", self.kind.name());
        f.dump_unsigned("num", self.num.cast_unsigned());
    }
}

impl Dump for AuthEntityName {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("type", self.kind.0);
        f.dump_string("id", &self.id);
    }
}

impl Dump for EntityAddr {
    fn dump(&self, f: &mut Formatter) {
        f.dump_string("type", self.kind.name());
        f.dump_stream("addr", SockAddr(&self.host));
        f.dump_unsigned("nonce", self.nonce);
    }
}

impl Dump for EntityAddrVec {
    fn dump(&self, f: &mut Formatter) {
        f.dump_objects("addrvec", self.iter());
    }
}

impl Dump for EntityInst {
    fn dump(&self, f: &mut Formatter) {
        f.dump_object("name", &self.name);
        f.dump_object("addr", &self.addr);
    }
}

impl Dump for Wall {
    fn dump(&self, f: &mut Formatter) {
        f.dump_int("seconds", self.secs());
        f.dump_int("nanoseconds", self.nanos());
    }
}

impl Dump for Uuid {
    fn dump(&self, f: &mut Formatter) {
        f.dump_stream("uuid", self);
    }
}
