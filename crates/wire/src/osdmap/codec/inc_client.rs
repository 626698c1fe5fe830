//! The section of an incremental that clients read: versions 3 (before Luminous) to 9 (Reef).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::{decode_state, encode_addr_map, narrow};
use crate::osdmap::{Incremental, OsdMapFlags, OsdState};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features, OsdId, PoolId, Uuid};

const KNOWN: u8 = 9;
const OLDEST: u8 = 3;

/// The version that Ceph writes for a peer with these features.
const fn version_for(features: Features) -> u8 {
    if !features.has(Features::SERVER_LUMINOUS) {
        3
    } else if !features.has(Features::SERVER_MIMIC) {
        5
    } else if !features.has(Features::SERVER_NAUTILUS) {
        6
    } else if !features.has(Features::SERVER_REEF) {
        8
    } else {
        9
    }
}

impl Incremental {
    pub(super) fn decode_client(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        d.versioned("Incremental for clients", KNOWN, |d, version| {
            if version < OLDEST {
                return Err(DecodeError::TooOld {
                    type_name: "Incremental for clients",
                    version,
                    oldest: OLDEST,
                });
            }
            self.decode_cluster(d)?;
            self.decode_osds(d, version)?;
            self.decode_placement(d, version)?;
            self.decode_recent(d, version)
        })
    }

    pub(super) fn encode_client(&self, e: &mut Encoder) {
        let version = version_for(e.features());
        e.versioned(version, 1, |e| {
            self.encode_cluster(e);
            self.encode_osds(e, version);
            self.encode_placement(e, version);
            self.encode_recent(e, version);
        });
    }

    fn decode_cluster(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.fsid = Uuid::decode(d)?;
        self.epoch = Epoch::decode(d)?;
        self.modified = Wall::decode(d)?;
        // Below 0 is no change, here and where options follow.
        self.new_pool_max = Some(PoolId::decode(d)?).filter(|max| *max != PoolId(-1));
        self.new_flags = u32::try_from(i32::decode(d)?).ok().map(OsdMapFlags);
        self.fullmap = Bytes::decode(d)?;
        self.crush = Bytes::decode(d)?;
        self.new_max_osd = Some(i32::decode(d)?).filter(|max| *max >= 0);
        self.new_pools = BTreeMap::decode(d)?;
        self.new_pool_names = BTreeMap::decode(d)?;
        self.old_pools = BTreeSet::decode(d)?;
        Ok(())
    }

    fn encode_cluster(&self, e: &mut Encoder) {
        self.fsid.encode(e);
        self.epoch.encode(e);
        self.modified.encode(e);
        self.new_pool_max.unwrap_or(PoolId(-1)).encode(e);
        self.new_flags.map_or(-1, |flags| flags.0.cast_signed()).encode(e);
        self.fullmap.encode(e);
        self.crush.encode(e);
        self.new_max_osd.unwrap_or(-1).encode(e);
        self.new_pools.encode(e);
        self.new_pool_names.encode(e);
        self.old_pools.encode(e);
    }

    fn decode_osds(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        let wide = version >= 5;
        self.new_up_client = BTreeMap::decode(d)?;
        for _ in 0..d.count(if wide { 8 } else { 5 })? {
            let osd = OsdId::decode(d)?;
            self.new_state.insert(osd, decode_state(d, wide)?);
        }
        self.new_weight = BTreeMap::decode(d)?;
        self.new_pg_temp = BTreeMap::decode(d)?;
        self.new_primary_temp = BTreeMap::decode(d)?;
        self.new_primary_affinity = BTreeMap::decode(d)?;
        Ok(())
    }

    fn encode_osds(&self, e: &mut Encoder, version: u8) {
        encode_addr_map(&self.new_up_client, version >= 7, e);
        if version >= 5 {
            self.new_state.encode(e);
        } else {
            self.narrow_state().encode(e);
        }
        self.new_weight.encode(e);
        self.new_pg_temp.encode(e);
        self.new_primary_temp.encode(e);
        self.new_primary_affinity.encode(e);
    }

    /// The states for a peer that knows 8 bits of them. One that flips none of these is left out, as nothing would mean
    /// [`OsdState::UP`].
    fn narrow_state(&self) -> BTreeMap<OsdId, u8> {
        let is_known = |state: OsdState| state == OsdState::NONE || narrow(state) != 0;
        self.new_state
            .iter()
            .filter(|(_, state)| is_known(**state))
            .map(|(osd, state)| (*osd, narrow(*state)))
            .collect()
    }

    fn decode_placement(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        self.new_erasure_code_profiles = BTreeMap::decode(d)?;
        self.old_erasure_code_profiles = Vec::decode(d)?;
        if version >= 4 {
            self.new_pg_upmap = BTreeMap::decode(d)?;
            self.old_pg_upmap = BTreeSet::decode(d)?;
            self.new_pg_upmap_items = BTreeMap::decode(d)?;
            self.old_pg_upmap_items = BTreeSet::decode(d)?;
        }
        Ok(())
    }

    fn encode_placement(&self, e: &mut Encoder, version: u8) {
        self.new_erasure_code_profiles.encode(e);
        self.old_erasure_code_profiles.encode(e);
        if version >= 4 {
            self.new_pg_upmap.encode(e);
            self.old_pg_upmap.encode(e);
            self.new_pg_upmap_items.encode(e);
            self.old_pg_upmap_items.encode(e);
        }
    }

    fn decode_recent(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 6 {
            self.new_removed_snaps = BTreeMap::decode(d)?;
            self.new_purged_snaps = BTreeMap::decode(d)?;
        }
        if version >= 8 {
            self.new_last_up_change = Wall::decode(d)?;
            self.new_last_in_change = Wall::decode(d)?;
        }
        if version >= 9 {
            self.new_pg_upmap_primary = BTreeMap::decode(d)?;
            self.old_pg_upmap_primary = BTreeSet::decode(d)?;
        }
        Ok(())
    }

    fn encode_recent(&self, e: &mut Encoder, version: u8) {
        if version >= 6 {
            self.new_removed_snaps.encode(e);
            self.new_purged_snaps.encode(e);
        }
        if version >= 8 {
            self.new_last_up_change.encode(e);
            self.new_last_in_change.encode(e);
        }
        if version >= 9 {
            self.new_pg_upmap_primary.encode(e);
            self.old_pg_upmap_primary.encode(e);
        }
    }
}
