use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::Case;
use crate::{
    AddrType, AuthEntityName, EntityAddr, EntityAddrVec, EntityInst, EntityName, EntityType, Features,
    entity::HostAddr,
};

pub(super) fn v4() -> EntityAddr {
    EntityAddr::msgr2(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 7), 6800)), 4155)
}

pub(super) fn v6() -> EntityAddr {
    let place = SocketAddrV6::new(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9), 3300, 5, 2);
    EntityAddr::legacy(SocketAddr::V6(place), 0)
}

pub(super) fn addrs() -> EntityAddrVec {
    [v4(), v4().with_kind(AddrType::LEGACY).with_port(6801)].into_iter().collect()
}

pub(super) fn cases() -> Vec<Case> {
    let other =
        EntityAddr { kind: AddrType(7), nonce: 1, host: HostAddr::Other { family: 40, data: [9; 26] } };
    let inst = EntityInst { name: EntityName::osd(3), addr: v4() };
    [
        Case::new("entity_name_t", &EntityName::client(4155)),
        Case::new("entity_name_t", &EntityName::new(EntityType(0x80), EntityName::NEW)),
        Case::new("EntityName", &AuthEntityName::client("admin")),
        Case::new("EntityName", &AuthEntityName::default()),
        Case::new("entity_addr_t", &EntityAddr::NONE),
        Case::new("entity_addr_t", &v4()),
        Case::new("entity_addr_t", &v6()),
        Case::new("entity_addr_t", &other),
        Case::for_features("entity_addr_t", &v6(), Features::NONE),
        Case::for_features("entity_addr_t", &EntityAddr::NONE.with_nonce(6), Features::NONE),
        Case::new("entity_addrvec_t", &EntityAddrVec::NONE),
        Case::new("entity_addrvec_t", &addrs()),
        Case::for_features("entity_addrvec_t", &EntityAddrVec::from(v6()), Features::NONE),
        Case::new("entity_inst_t", &inst),
    ]
    .into()
}
