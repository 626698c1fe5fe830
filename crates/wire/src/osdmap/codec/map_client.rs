//! The section of a map that clients read: versions 3 (before Luminous) to 10 (Reef).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_base::Wall;

use super::{decode_addrs, decode_state, encode_addrs, expect_len, narrow};
use crate::crush::CrushMap;
use crate::osdmap::{OSDMap, OsdMapFlags};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features, Release, Uuid};

const KNOWN: u8 = 10;
const OLDEST: u8 = 3;

/// The version that Ceph writes for a peer with these features.
const fn version_for(features: Features) -> u8 {
    if !features.has(Features::SERVER_LUMINOUS) {
        3
    } else if !features.has(Features::SERVER_MIMIC) {
        6
    } else if !features.has(Features::SERVER_NAUTILUS) {
        7
    } else if !features.has(Features::SERVER_REEF) {
        9
    } else {
        10
    }
}

impl OSDMap {
    pub(super) fn decode_client(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        d.versioned("OSDMap for clients", KNOWN, |d, version| {
            if version < OLDEST {
                return Err(DecodeError::TooOld { type_name: "OSDMap for clients", version, oldest: OLDEST });
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
            self.encode_cluster(e, version);
            self.encode_osds(e, version);
            self.encode_placement(e, version);
            self.encode_recent(e, version);
        });
    }

    fn decode_cluster(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.fsid = Uuid::decode(d)?;
        self.epoch = Epoch::decode(d)?;
        self.created = Wall::decode(d)?;
        self.modified = Wall::decode(d)?;
        self.pools = BTreeMap::decode(d)?;
        self.pool_name = BTreeMap::decode(d)?;
        self.pool_max = i32::decode(d)?;
        self.flags = OsdMapFlags::decode(d)?;
        Ok(())
    }

    fn encode_cluster(&self, e: &mut Encoder, version: u8) {
        self.fsid.encode(e);
        self.epoch.encode(e);
        self.created.encode(e);
        self.modified.encode(e);
        self.pools.encode(e);
        self.pool_name.encode(e);
        self.pool_max.encode(e);
        if version >= 4 { self.flags } else { self.legacy_flags() }.encode(e);
    }

    /// The flags for a reader that takes the oldest allowed release from them.
    fn legacy_flags(&self) -> OsdMapFlags {
        let release = match self.require_osd_release {
            Release::JEWEL => OsdMapFlags::REQUIRE_JEWEL,
            Release::KRAKEN => OsdMapFlags::REQUIRE_KRAKEN,
            newer if newer >= Release::LUMINOUS => {
                OsdMapFlags::REQUIRE_LUMINOUS | OsdMapFlags::RECOVERY_DELETES
            }
            _ => OsdMapFlags::NONE,
        };
        self.flags | release
    }

    fn decode_osds(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        let max_osd = i32::decode(d)?;
        if !(0..=Self::MAX_OSD).contains(&max_osd) {
            return Err(DecodeError::Invalid { what: "max_osd", value: i64::from(max_osd).cast_unsigned() });
        }
        let wide = version >= 5;
        self.osd_state = d.list(if wide { 4 } else { 1 }, |d| decode_state(d, wide))?;
        let max_osd = usize::try_from(max_osd).unwrap_or_default();
        expect_len(self.osd_state.len(), max_osd)?;
        self.osd_weight = Vec::decode(d)?;
        expect_len(self.osd_weight.len(), max_osd)?;
        let addrs = Arc::make_mut(&mut self.osd_addrs);
        addrs.client_addrs = decode_addrs(d)?;
        expect_len(addrs.client_addrs.len(), max_osd)?;
        self.pg_temp = Arc::new(BTreeMap::decode(d)?);
        self.primary_temp = Arc::new(BTreeMap::decode(d)?);
        let affinity = Vec::decode(d)?;
        if !affinity.is_empty() {
            expect_len(affinity.len(), max_osd)?;
            self.osd_primary_affinity = Some(Arc::new(affinity));
        }
        Ok(())
    }

    fn encode_osds(&self, e: &mut Encoder, version: u8) {
        self.get_max_osd().encode(e);
        if version >= 5 {
            self.osd_state.encode(e);
        } else {
            e.count(self.osd_state.len());
            self.osd_state.iter().for_each(|state| narrow(*state).encode(e));
        }
        self.osd_weight.encode(e);
        encode_addrs(&self.osd_addrs.client_addrs, version >= 8, e);
        self.pg_temp.encode(e);
        self.primary_temp.encode(e);
        self.osd_primary_affinity.as_deref().map_or(&[][..], Vec::as_slice).encode(e);
    }

    fn decode_placement(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        let crush_len = d.length()?;
        self.crush = Arc::new(CrushMap::decode(&mut d.section(crush_len)?)?);
        self.erasure_code_profiles = BTreeMap::decode(d)?;
        if version >= 4 {
            self.pg_upmap = Arc::new(BTreeMap::decode(d)?);
            self.pg_upmap_items = Arc::new(BTreeMap::decode(d)?);
        }
        if version >= 6 {
            self.crush_version = u32::decode(d)?;
        }
        Ok(())
    }

    fn encode_placement(&self, e: &mut Encoder, version: u8) {
        e.counted(|e| self.crush.encode(e));
        self.erasure_code_profiles.encode(e);
        if version >= 4 {
            self.pg_upmap.encode(e);
            self.pg_upmap_items.encode(e);
        }
        if version >= 6 {
            self.crush_version.encode(e);
        }
    }

    fn decode_recent(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 7 {
            self.new_removed_snaps = BTreeMap::decode(d)?;
            self.new_purged_snaps = BTreeMap::decode(d)?;
        }
        if version >= 9 {
            self.last_up_change = Wall::decode(d)?;
            self.last_in_change = Wall::decode(d)?;
        }
        if version >= 10 {
            self.pg_upmap_primaries = Arc::new(BTreeMap::decode(d)?);
        }
        Ok(())
    }

    fn encode_recent(&self, e: &mut Encoder, version: u8) {
        if version >= 7 {
            self.new_removed_snaps.encode(e);
            self.new_purged_snaps.encode(e);
        }
        if version >= 9 {
            self.last_up_change.encode(e);
            self.last_in_change.encode(e);
        }
        if version >= 10 {
            self.pg_upmap_primaries.encode(e);
        }
    }
}
