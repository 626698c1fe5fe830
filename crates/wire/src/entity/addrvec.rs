//! All addresses of a daemon.

use alloc::vec;
use alloc::vec::Vec;

use super::{AddrType, EntityAddr};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features};

/// The addresses at which one daemon is reached, one for each protocol: `entity_addrvec_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityAddrVec(pub Vec<EntityAddr>);

impl EntityAddrVec {
    /// No address.
    pub const NONE: Self = Self(Vec::new());

    /// Whether there is no address at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The addresses, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &EntityAddr> {
        self.0.iter()
    }

    /// The first address of that type (`addr_of_type`).
    #[must_use]
    pub fn of_type(&self, kind: AddrType) -> Option<EntityAddr> {
        self.0.iter().find(|addr| addr.kind == kind).copied()
    }

    /// Where messenger v1 is spoken; [`EntityAddr::NONE`] where it is not (`legacy_addr`).
    #[must_use]
    pub fn legacy_addr(&self) -> EntityAddr {
        self.of_type(AddrType::LEGACY).unwrap_or(EntityAddr::NONE)
    }

    /// Where messenger v2 is spoken; [`EntityAddr::NONE`] where it is not (`msgr2_addr`).
    #[must_use]
    pub fn msgr2_addr(&self) -> EntityAddr {
        self.of_type(AddrType::MSGR2).unwrap_or(EntityAddr::NONE)
    }

    /// The first address; [`EntityAddr::NONE`] where there is none.
    #[must_use]
    pub fn front(&self) -> EntityAddr {
        self.0.first().copied().unwrap_or(EntityAddr::NONE)
    }

    /// Where messenger v1 is spoken, else the first address (`legacy_or_front_addr`).
    #[must_use]
    pub fn legacy_or_front_addr(&self) -> EntityAddr {
        self.of_type(AddrType::LEGACY).unwrap_or_else(|| self.front())
    }

    /// The address to connect to with that protocol (`pick_addr`): one of that type, else one where any protocol is
    /// spoken.
    #[must_use]
    pub fn pick(&self, kind: AddrType) -> Option<EntityAddr> {
        let known = |addr: &EntityAddr| !addr.is_blank_ip();
        self.of_type(kind).filter(known).or_else(|| self.of_type(AddrType::ANY).filter(known))
    }

    /// Whether that very address is among them.
    #[must_use]
    pub fn contains(&self, addr: &EntityAddr) -> bool {
        self.0.contains(addr)
    }

    /// Whether both are the same daemon, one of them perhaps known by its v1 address only (`legacy_equals`).
    #[must_use]
    pub fn legacy_equals(&self, other: &Self) -> bool {
        let is_legacy_of = |one: &Self, other: &Self| match one.0.as_slice() {
            [only] => only.kind == AddrType::LEGACY && *only == other.legacy_addr(),
            _ => false,
        };
        self == other || is_legacy_of(self, other) || is_legacy_of(other, self)
    }
}

impl From<EntityAddr> for EntityAddrVec {
    fn from(addr: EntityAddr) -> Self {
        Self(vec![addr])
    }
}

impl FromIterator<EntityAddr> for EntityAddrVec {
    fn from_iter<I: IntoIterator<Item = EntityAddr>>(addrs: I) -> Self {
        Self(addrs.into_iter().collect())
    }
}

/// All forms, told apart by the first byte; each of the two forms of a single address is a vector of one.
impl Decode for EntityAddrVec {
    const MIN_SIZE: usize = 5;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match u8::decode(d)? {
            0 => EntityAddr::decode_legacy_after_marker(d).map(Self::from),
            1 => EntityAddr::decode_after_marker(d).map(Self::from),
            2 => Vec::decode(d).map(Self),
            marker => Err(DecodeError::Invalid { what: "entity_addrvec_t marker", value: u64::from(marker) }),
        }
    }
}

/// The form that the peer's features ask for: without `MSG_ADDR2` the v1 address alone.
impl Encode for EntityAddrVec {
    fn encode(&self, e: &mut Encoder) {
        if e.features().has(Features::MSG_ADDR2) {
            2u8.encode(e);
            self.0.encode(e);
        } else {
            self.legacy_addr().encode_legacy(e);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both() -> EntityAddrVec {
        "[v2:127.0.0.1:3300/5,v1:127.0.0.1:6789/5]".parse().unwrap()
    }

    #[test]
    fn all_three_forms_are_read() {
        let v1: EntityAddr = "v1:127.0.0.1:6789/5".parse().unwrap();
        assert_eq!(EntityAddrVec::decode_all(&both().to_bytes(Features::PACIFIC)), Ok(both()));
        assert_eq!(EntityAddrVec::decode_all(&both().to_bytes(Features::NONE)), Ok(v1.into()));
        assert_eq!(EntityAddrVec::decode_all(&v1.to_bytes(Features::PACIFIC)), Ok(v1.into()));
    }

    #[test]
    fn an_address_is_picked_by_protocol_and_any_serves_for_each() {
        assert_eq!(both().pick(AddrType::LEGACY).map(|a| a.port()), Some(6789));
        let any: EntityAddrVec = "any:127.0.0.1:6789/5".parse().unwrap();
        assert_eq!(any.pick(AddrType::LEGACY), Some(any.front()));
        assert_eq!(EntityAddrVec::NONE.pick(AddrType::LEGACY), None);
    }

    #[test]
    fn a_daemon_known_by_its_v1_address_is_the_same() {
        let v1 = EntityAddrVec::from(both().legacy_addr());
        assert!(v1.legacy_equals(&both()) && both().legacy_equals(&v1));
        assert!(!EntityAddrVec::from(both().msgr2_addr()).legacy_equals(&both()));
    }
}
