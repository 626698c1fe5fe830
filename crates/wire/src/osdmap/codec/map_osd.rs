//! The section of a map that OSDs read: versions 1 (before Luminous) to 12 (Reef).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{decode_addrs, encode_addrs, expect_len};
use crate::osdmap::{OSDMap, OsdMapFlags};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features, Release, Text};

const KNOWN: u8 = 12;

impl OSDMap {
    /// The version that Ceph writes for a peer with these features: the newer ones only where they are needed.
    fn osd_version_for(&self, features: Features) -> u8 {
        let version = if !features.has(Features::SERVER_LUMINOUS) {
            1
        } else if !features.has(Features::SERVER_MIMIC) {
            5
        } else if !features.has(Features::SERVER_NAUTILUS) {
            6
        } else {
            9
        };
        let needed = [
            (self.stretch_mode_enabled, 10),
            (!self.range_blocklist.is_empty(), 11),
            (self.allow_crimson, 12),
        ];
        needed.into_iter().filter(|(is_needed, _)| *is_needed).fold(version, |most, (_, v)| most.max(v))
    }

    pub(super) fn decode_osd(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        d.versioned("OSDMap for OSDs", KNOWN, |d, version| {
            self.decode_osd_details(d)?;
            self.decode_thresholds(d, version)?;
            self.decode_releases(d, version)?;
            self.decode_since_mimic(d, version)
        })
    }

    pub(super) fn encode_osd(&self, e: &mut Encoder) {
        let version = self.osd_version_for(e.features());
        e.versioned(version, 1, |e| {
            self.encode_osd_details(e, version);
            if version >= 2 {
                self.nearfull_ratio.encode(e);
                self.full_ratio.encode(e);
                self.backfillfull_ratio.encode(e);
            }
            if version >= 5 {
                self.require_min_compat_client.encode(e);
                self.require_osd_release.encode(e);
            }
            self.encode_since_mimic(e, version);
        });
    }

    fn decode_osd_details(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        let max_osd = self.osd_state.len();
        let addrs = Arc::make_mut(&mut self.osd_addrs);
        addrs.hb_back_addrs = decode_addrs(d)?;
        expect_len(addrs.hb_back_addrs.len(), max_osd)?;
        self.osd_info = Arc::new(Vec::decode(d)?);
        expect_len(self.osd_info.len(), max_osd)?;
        self.blocklist = Arc::new(BTreeMap::decode(d)?);
        addrs.cluster_addrs = decode_addrs(d)?;
        expect_len(addrs.cluster_addrs.len(), max_osd)?;
        self.cluster_snapshot_epoch = Epoch::decode(d)?;
        self.cluster_snapshot = Text::decode(d)?;
        self.osd_uuid = Arc::new(Vec::decode(d)?);
        expect_len(self.osd_uuid.len(), max_osd)?;
        self.osd_xinfo = Arc::new(Vec::decode(d)?);
        expect_len(self.osd_xinfo.len(), max_osd)?;
        addrs.hb_front_addrs = decode_addrs(d)?;
        expect_len(addrs.hb_front_addrs.len(), max_osd)
    }

    fn encode_osd_details(&self, e: &mut Encoder, version: u8) {
        let since_nautilus = version >= 7;
        encode_addrs(&self.osd_addrs.hb_back_addrs, since_nautilus, e);
        self.osd_info.encode(e);
        self.blocklist.encode(e);
        encode_addrs(&self.osd_addrs.cluster_addrs, since_nautilus, e);
        self.cluster_snapshot_epoch.encode(e);
        self.cluster_snapshot.encode(e);
        self.osd_uuid.encode(e);
        self.osd_xinfo.encode(e);
        encode_addrs(&self.osd_addrs.hb_front_addrs, since_nautilus, e);
    }

    fn decode_thresholds(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 2 {
            self.nearfull_ratio = f32::decode(d)?;
            self.full_ratio = f32::decode(d)?;
        }
        if version >= 3 {
            self.backfillfull_ratio = f32::decode(d)?;
        }
        Ok(())
    }

    fn decode_releases(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        match version {
            ..4 => {}
            4 => {
                let name = Text::decode(d)?;
                self.require_min_compat_client =
                    name.to_str().and_then(Release::from_name).unwrap_or(Release::UNKNOWN);
            }
            5.. => {
                self.require_min_compat_client = Release::decode(d)?;
                self.require_osd_release = Release::decode(d)?;
            }
        }
        if version < 5 {
            self.require_osd_release = required_release(self.flags);
        }
        self.flags_follow_release();
        Ok(())
    }

    /// Flags that every cluster has whose OSDs are all new enough.
    pub(in crate::osdmap) fn flags_follow_release(&mut self) {
        if self.require_osd_release >= Release::NAUTILUS {
            self.flags |= OsdMapFlags::PGLOG_HARDLIMIT;
        }
        if self.require_osd_release >= Release::LUMINOUS {
            self.flags = self.flags.without(OsdMapFlags::LEGACY_REQUIRE) | OsdMapFlags::RECOVERY_DELETES;
        }
    }

    fn decode_since_mimic(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 6 {
            self.removed_snaps_queue = Arc::new(BTreeMap::decode(d)?);
        }
        if version >= 8 {
            self.crush_node_flags = BTreeMap::decode(d)?;
        }
        if version >= 9 {
            self.device_class_flags = BTreeMap::decode(d)?;
        }
        if version >= 10 {
            self.stretch_mode_enabled = bool::decode(d)?;
            self.stretch_bucket_count = u32::decode(d)?;
            self.degraded_stretch_mode = u32::decode(d)?;
            self.recovering_stretch_mode = u32::decode(d)?;
            self.stretch_mode_bucket = i32::decode(d)?;
        }
        if version >= 11 {
            self.range_blocklist = BTreeMap::decode(d)?;
        }
        if version >= 12 {
            self.allow_crimson = bool::decode(d)?;
        }
        Ok(())
    }

    fn encode_since_mimic(&self, e: &mut Encoder, version: u8) {
        if version >= 6 {
            self.removed_snaps_queue.encode(e);
        }
        if version >= 8 {
            self.crush_node_flags.encode(e);
        }
        if version >= 9 {
            self.device_class_flags.encode(e);
        }
        if version >= 10 {
            self.stretch_mode_enabled.encode(e);
            self.stretch_bucket_count.encode(e);
            self.degraded_stretch_mode.encode(e);
            self.recovering_stretch_mode.encode(e);
            self.stretch_mode_bucket.encode(e);
        }
        if version >= 11 {
            self.range_blocklist.encode(e);
        }
        if version >= 12 {
            self.allow_crimson.encode(e);
        }
    }
}

/// The oldest release that OSDs may be of, as flags said it before Luminous.
pub(super) const fn required_release(flags: OsdMapFlags) -> Release {
    if flags.contains(OsdMapFlags::REQUIRE_LUMINOUS) {
        Release::LUMINOUS
    } else if flags.contains(OsdMapFlags::REQUIRE_KRAKEN) {
        Release::KRAKEN
    } else if flags.contains(OsdMapFlags::REQUIRE_JEWEL) {
        Release::JEWEL
    } else {
        Release::UNKNOWN
    }
}
