//! One monitor.

use alloc::string::String;

use loligo_base::Wall;

use crate::{
    AddrType, Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, EntityAddrVec, Features, TextMap,
};

/// A monitor: `mon_info_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonInfo {
    /// Its name: `a` of `mon.a`.
    pub name: String,
    /// Where it is reached.
    pub public_addrs: EntityAddrVec,
    /// Clients prefer lower ones.
    pub priority: u16,
    /// How much more often than others of its priority clients choose it; 0 for all is evenly.
    pub weight: u16,
    /// Where it stands, in the terms of the CRUSH map.
    pub crush_loc: TextMap,
    /// When it joined; zero where that is not known. Kept since Tentacle (`time_added`).
    pub time_added: Wall,
}

impl MonInfo {
    const KNOWN: u8 = 6;

    /// A monitor at these addresses, like any other.
    #[must_use]
    pub fn new(name: impl Into<String>, public_addrs: EntityAddrVec) -> Self {
        Self { name: name.into(), public_addrs, ..Self::default() }
    }

    /// An address for peers that know one per monitor. One that does not speak messenger v1 is written as if it did: those
    /// peers cannot talk to it, but they can read the map (`as_legacy_addr`).
    pub(super) fn legacy_addr(&self) -> EntityAddr {
        let speaks_v1 = |addr: &&EntityAddr| matches!(addr.kind, AddrType::LEGACY | AddrType::ANY);
        let addr = self.public_addrs.of_type(AddrType::LEGACY);
        let addr = addr.or_else(|| self.public_addrs.iter().find(speaks_v1).copied());
        addr.unwrap_or_else(|| self.public_addrs.front()).with_kind(AddrType::LEGACY)
    }
}

impl Decode for MonInfo {
    const MIN_SIZE: usize = 15;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("mon_info_t", Self::KNOWN, |d, version| {
            let mut info = Self::new(String::decode(d)?, EntityAddrVec::decode(d)?);
            if version >= 2 {
                info.priority = u16::decode(d)?;
            }
            if version >= 4 {
                info.weight = u16::decode(d)?;
            }
            if version >= 5 {
                info.crush_loc = TextMap::decode(d)?;
            }
            if version >= 6 {
                info.time_added = Wall::decode(d)?;
            }
            Ok(info)
        })
    }
}

impl Encode for MonInfo {
    fn encode(&self, e: &mut Encoder) {
        let since_nautilus = e.features().has(Features::SERVER_NAUTILUS);
        let nautilus = since_nautilus && !e.features().has(Features::SERVER_OCTOPUS);
        let since_tentacle = since_nautilus && e.features().has(Features::SERVER_TENTACLE);
        let version = match (since_tentacle, since_nautilus) {
            (true, _) => Self::KNOWN,
            (false, true) if nautilus => 3,
            (false, true) if !e.features().has(Features::SERVER_PACIFIC) => 4,
            (false, true) => 5,
            (false, false) => 2,
        };
        e.versioned(version, 1, |e| {
            self.name.encode(e);
            if since_nautilus {
                self.public_addrs.encode(e);
            } else {
                self.legacy_addr().encode(e);
            }
            self.priority.encode(e);
            if nautilus {
                return;
            }
            self.weight.encode(e);
            if version != 4 {
                self.crush_loc.encode(e);
            }
            if since_tentacle {
                self.time_added.encode(e);
            }
        });
    }
}
