//! Who somebody is and where: names, addresses, address vectors (`msg/msg_types.h`, `common/entity_name.h`).

mod addr;
mod addrvec;
mod name;
mod protocols;
mod text;

pub use addr::{AddrType, EntityAddr, HostAddr};
pub use addrvec::EntityAddrVec;
pub use name::{AuthEntityName, EntityName, EntityType};
pub use protocols::Protocols;
pub use text::EntityParseError;

use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// A name at an address: `entity_inst_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityInst {
    /// Who.
    pub name: EntityName,
    /// Where.
    pub addr: EntityAddr,
}

impl Decode for EntityInst {
    const MIN_SIZE: usize = EntityName::MIN_SIZE + EntityAddr::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { name: EntityName::decode(d)?, addr: EntityAddr::decode(d)? })
    }
}

impl Encode for EntityInst {
    fn encode(&self, e: &mut Encoder) {
        self.name.encode(e);
        self.addr.encode(e);
    }
}

/// `osd.3 v2:10.0.0.1:6800/7`, as Ceph prints it.
impl fmt::Display for EntityInst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.addr)
    }
}
