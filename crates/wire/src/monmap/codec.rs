//! The encoding of the map of monitors.
//!
//! Versions 2 (before 2012) to 10 (Tentacle); what newer releases append is skipped.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use loligo_base::Wall;

use super::{ElectionStrategy, MonFeatures, MonInfo, MonMap, MonMapAuth};
use crate::{
    Decode, DecodeError, Decoder, Encode, Encoder, EntityAddr, EntityAddrVec, Epoch, Features, Release, Uuid,
};

const KNOWN: u8 = 10;
/// The last version without a length, of 16 bits.
const BARE: u8 = 2;

impl Decode for MonMap {
    const MIN_SIZE: usize = 42;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match d.rest().first() {
            Some(&BARE) => {
                u16::decode(d)?;
                Self::decode_body(d, BARE)
            }
            Some(&version) if version < BARE => {
                Err(DecodeError::TooOld { type_name: "MonMap", version, oldest: BARE })
            }
            _ => d.versioned("MonMap", KNOWN, Self::decode_body),
        }
    }
}

/// With the version that the peer's features ask for, for Nautilus and Octopus the one that they write themselves. Peers
/// older than those know one address of each monitor.
impl Encode for MonMap {
    fn encode(&self, e: &mut Encoder) {
        if !e.features().has(Features::MONENC) {
            u16::from(BARE).encode(e);
            self.encode_basics(e, true);
        } else if !e.features().has(Features::SERVER_NAUTILUS) {
            e.versioned(5, 3, |e| {
                self.encode_basics(e, true);
                self.encode_monitors(e);
            });
        } else {
            let auth = self.auth.as_ref().filter(|_| e.features().has(Features::SERVER_TENTACLE));
            let before_pacific = !e.features().has(Features::SERVER_PACIFIC);
            let version = if auth.is_some() { KNOWN } else { 9 };
            e.versioned(if before_pacific { 7 } else { version }, 6, |e| {
                self.encode_basics(e, false);
                self.encode_monitors(e);
                self.ranks.encode(e);
                self.min_mon_release.encode(e);
                if before_pacific {
                    return;
                }
                self.encode_since_pacific(e);
                if let Some(auth) = auth {
                    auth.encode(e);
                }
            });
        }
    }
}

impl MonMap {
    fn decode_body(d: &mut Decoder<'_>, version: u8) -> Result<Self, DecodeError> {
        let mut map = Self { fsid: Uuid::decode(d)?, epoch: Epoch::decode(d)?, ..Self::default() };
        let addrs = if version < 6 { BTreeMap::decode(d)? } else { BTreeMap::new() };
        map.last_changed = Wall::decode(d)?;
        map.created = Wall::decode(d)?;
        if version >= 4 {
            map.persistent_features = MonFeatures::decode(d)?;
            map.optional_features = MonFeatures::decode(d)?;
        }
        map.mon_info = if version >= 5 { BTreeMap::decode(d)? } else { monitors_at(addrs) };
        if version >= 6 {
            map.ranks = Vec::decode(d)?;
        } else {
            map.calc_legacy_ranks();
        }
        map.min_mon_release =
            if version >= 7 { Release::decode(d)? } else { map.persistent_features.release() };
        if version >= 8 {
            map.removed_ranks = BTreeSet::decode(d)?;
            map.strategy = ElectionStrategy(u8::decode(d)?);
            map.disallowed_leaders = BTreeSet::decode(d)?;
        }
        if version >= 9 {
            map.stretch_mode_enabled = bool::decode(d)?;
            map.tiebreaker_mon = String::decode(d)?;
            map.stretch_marked_down_mons = BTreeSet::decode(d)?;
        }
        if version >= 10 {
            map.auth = Some(MonMapAuth::decode(d)?);
        }
        Ok(map)
    }

    fn encode_basics(&self, e: &mut Encoder, with_addrs: bool) {
        self.fsid.encode(e);
        self.epoch.encode(e);
        if with_addrs {
            e.count(self.mon_info.len());
            for (name, info) in &self.mon_info {
                name.encode(e);
                info.legacy_addr().encode(e);
            }
        }
        self.last_changed.encode(e);
        self.created.encode(e);
    }

    fn encode_monitors(&self, e: &mut Encoder) {
        self.persistent_features.encode(e);
        self.optional_features.encode(e);
        self.mon_info.encode(e);
    }

    fn encode_since_pacific(&self, e: &mut Encoder) {
        self.removed_ranks.encode(e);
        self.strategy.0.encode(e);
        self.disallowed_leaders.encode(e);
        self.stretch_mode_enabled.encode(e);
        self.tiebreaker_mon.encode(e);
        self.stretch_marked_down_mons.encode(e);
    }
}

/// What an old version says of monitors: a name and an address.
fn monitors_at(addrs: BTreeMap<String, EntityAddr>) -> BTreeMap<String, MonInfo> {
    let info =
        |(name, addr): (String, EntityAddr)| (name.clone(), MonInfo::new(name, EntityAddrVec::from(addr)));
    addrs.into_iter().map(info).collect()
}

impl Decode for MonMapAuth {
    const MIN_SIZE: usize = 16;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            epoch: Epoch::decode(d)?,
            service_cipher: u32::decode(d)?,
            allowed_ciphers: Vec::decode(d)?,
            preferred_cipher: u32::decode(d)?,
        })
    }
}

impl Encode for MonMapAuth {
    fn encode(&self, e: &mut Encoder) {
        self.epoch.encode(e);
        self.service_cipher.encode(e);
        self.allowed_ciphers.encode(e);
        self.preferred_cipher.encode(e);
    }
}
