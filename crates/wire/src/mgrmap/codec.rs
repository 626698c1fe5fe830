//! The encoding of the map of managers.
//!
//! Versions 8 (Nautilus) to 14 (Tentacle).

use alloc::vec::Vec;

use loligo_base::Wall;

use super::MgrMap;
use crate::{
    Decode, DecodeError, Decoder, Encode, Encoder, EntityAddrVec, Epoch, Features, GlobalId, Text, TextMap,
};

const MGR_MAP: &str = "MgrMap";
const KNOWN: u8 = 14;
const OLDEST: u8 = 8;

impl Decode for MgrMap {
    const MIN_SIZE: usize = 6 + 4 + 5 + 8 + 1 + 4 + 4 + 4 + 4 + 4 + 8 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned(MGR_MAP, KNOWN, |d, version| {
            if version < OLDEST {
                return Err(DecodeError::TooOld { type_name: MGR_MAP, version, oldest: OLDEST });
            }
            let mut map = Self {
                epoch: Epoch::decode(d)?,
                active_addrs: EntityAddrVec::decode(d)?,
                active_gid: GlobalId::decode(d)?,
                available: bool::decode(d)?,
                active_name: Text::decode(d)?,
                standbys: Vec::decode(d)?,
                modules: Vec::decode(d)?,
                services: TextMap::decode(d)?,
                available_modules: Vec::decode(d)?,
                active_change: Wall::decode(d)?,
                always_on_modules: Vec::decode(d)?,
                active_mgr_features: if version >= 9 { Features::decode(d)? } else { Features::NONE },
                ..Self::default()
            };
            map.decode_rest(d, version)?;
            Ok(map)
        })
    }
}

/// In the version of the peer's release, of its series the last: 8 of Nautilus, 11 of Octopus, 12 of Pacific, 13 of Reef, 14 of Tentacle.
impl Encode for MgrMap {
    fn encode(&self, e: &mut Encoder) {
        let version = version_for(e.features());
        e.versioned(version, 6, |e| {
            self.epoch.encode(e);
            self.active_addrs.encode(e);
            self.active_gid.encode(e);
            self.available.encode(e);
            self.active_name.encode(e);
            self.standbys.encode(e);
            self.modules.encode(e);
            self.services.encode(e);
            self.available_modules.encode(e);
            self.active_change.encode(e);
            self.always_on_modules.encode(e);
            if version < 11 {
                return;
            }
            self.active_mgr_features.encode(e);
            self.last_failure_osd_epoch.encode(e);
            self.encode_clients(e, version >= 12);
            if version >= 13 {
                self.flags.encode(e);
            }
            if version >= 14 {
                self.force_disabled_modules.encode(e);
            }
        });
    }
}

const fn version_for(features: Features) -> u8 {
    // What Pacific offers looks like Reef's feature alone.
    let since_reef = features.has(Features::SERVER_QUINCY) && features.has(Features::SERVER_REEF);
    if features.has(Features::SERVER_TENTACLE) {
        KNOWN
    } else if since_reef {
        13
    } else if features.has(Features::SERVER_PACIFIC) {
        12
    } else if features.has(Features::SERVER_OCTOPUS) {
        11
    } else {
        OLDEST
    }
}

impl MgrMap {
    fn decode_rest(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 10 {
            self.last_failure_osd_epoch = Epoch::decode(d)?;
        }
        if version >= 11 {
            self.clients = decode_clients(d, version >= 12)?;
        }
        if version >= 13 {
            self.flags = u64::decode(d)?;
        }
        if version >= 14 {
            self.force_disabled_modules = Vec::decode(d)?;
        }
        Ok(())
    }

    /// Addresses first: that is all that old readers know.
    fn encode_clients(&self, e: &mut Encoder, named: bool) {
        e.count(self.clients.len());
        for (_, addrs) in &self.clients {
            addrs.encode(e);
        }
        if !named {
            return;
        }
        e.count(self.clients.len());
        for (name, _) in &self.clients {
            name.encode(e);
        }
    }
}

fn decode_clients(d: &mut Decoder<'_>, named: bool) -> Result<Vec<(Text, EntityAddrVec)>, DecodeError> {
    let addrs = Vec::<EntityAddrVec>::decode(d)?;
    if !named {
        return Ok(addrs.into_iter().map(|addrs| (Text::default(), addrs)).collect());
    }
    let names = Vec::<Text>::decode(d)?;
    if names.len() != addrs.len() {
        return Err(DecodeError::Invalid { what: "clients of a MgrMap", value: names.len() as u64 });
    }
    Ok(names.into_iter().zip(addrs).collect())
}
