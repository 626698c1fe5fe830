//! The monitors that can be called.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use loligo_wire::entity::{EntityAddr, EntityAddrVec, Protocols};
use loligo_wire::monmap::MonMap;
use loligo_wire::{Epoch, Uuid};

/// The monitors: at first those of `mon_host`, whose names are not known, then those of the map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitors {
    /// The version of the map; 0 before there is one.
    pub(crate) epoch: Epoch,
    /// The cluster's id; nil before there is a map.
    pub(crate) fsid: Uuid,
    /// The monitors in order of rank.
    pub(crate) list: Vec<Monitor>,
}

/// One monitor.
#[derive(Clone, Debug)]
pub(crate) struct Monitor {
    pub(crate) name: String,
    pub(crate) addrs: EntityAddrVec,
    /// Lower is called first.
    pub(crate) priority: u16,
    /// How much more often than others of its priority it is called first.
    pub(crate) weight: u16,
}

impl Monitor {
    /// A monitor of which only the addresses are known. Named as in `MonMap::build_initial`.
    pub(crate) fn noname(addrs: EntityAddrVec) -> Self {
        Self { name: format!("noname-{}", addrs.legacy_or_front_addr()), addrs, priority: 0, weight: 0 }
    }

    /// Where it is called.
    pub(crate) fn addr(&self, protocols: Protocols) -> Option<EntityAddr> {
        protocols.pick(&self.addrs)
    }
}

impl Monitors {
    /// Monitors of which only the addresses are known.
    pub(crate) fn from_addrs(mon_host: Vec<EntityAddrVec>) -> Self {
        Self { list: mon_host.into_iter().map(Monitor::noname).collect(), ..Self::default() }
    }

    /// The monitors of a map.
    pub(crate) fn from_map(map: &MonMap) -> Self {
        let monitor = |name: &String| {
            let info = map.mon_info.get(name)?;
            Some(Monitor {
                name: name.clone(),
                addrs: info.public_addrs.clone(),
                priority: info.priority,
                weight: info.weight,
            })
        };
        Self { epoch: map.epoch, fsid: map.fsid, list: map.ranks.iter().filter_map(monitor).collect() }
    }

    /// Whether a map was received.
    pub(crate) fn known(&self) -> bool {
        self.epoch > Epoch(0)
    }

    /// The monitors that speak a protocol that is spoken here, with their ranks.
    pub(crate) fn callable(&self, protocols: Protocols) -> impl Iterator<Item = (usize, &Monitor)> {
        self.list.iter().enumerate().filter(move |(_, monitor)| monitor.addr(protocols).is_some())
    }

    /// The rank of the monitor at an address; nonces do not matter.
    pub(crate) fn rank_at(&self, addr: EntityAddr) -> Option<usize> {
        let at = |monitor: &Monitor| monitor.addrs.iter().any(|a| a.socket_addr() == addr.socket_addr());
        self.list.iter().position(at)
    }
}
