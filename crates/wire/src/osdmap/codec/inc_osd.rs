//! The section of an incremental that OSDs read: versions 2 (before Luminous) to 12 (Reef).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::encode_addr_map;
use super::map_osd::required_release;
use crate::osdmap::{Incremental, MutateAllowCrimson, OsdMapFlags};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features, Release, Text};

const KNOWN: u8 = 12;

/// Below 0, or no number at all, is no change.
fn ratio(d: &mut Decoder<'_>) -> Result<Option<f32>, DecodeError> {
    Ok(Some(f32::decode(d)?).filter(|ratio| *ratio >= 0.0))
}

impl Incremental {
    /// The version that Ceph writes for a peer with these features: the newer ones only where they are needed.
    fn osd_version_for(&self, features: Features) -> u8 {
        let version = if !features.has(Features::SERVER_LUMINOUS) {
            2
        } else if !features.has(Features::SERVER_NAUTILUS) {
            6
        } else {
            9
        };
        let changes_ranges = !self.new_range_blocklist.is_empty() || !self.old_range_blocklist.is_empty();
        let needed = [
            (self.change_stretch_mode, 10),
            (changes_ranges, 11),
            (self.mutate_allow_crimson != MutateAllowCrimson::NONE, 12),
        ];
        needed.into_iter().filter(|(is_needed, _)| *is_needed).fold(version, |most, (_, v)| most.max(v))
    }

    pub(super) fn decode_osd(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        d.versioned("Incremental for OSDs", KNOWN, |d, version| {
            self.decode_osd_details(d)?;
            self.encode_features =
                if version >= 2 { Features::decode(d)? } else { Features::PGID64 | Features::OSDMAP_ENC };
            if version >= 3 {
                self.new_nearfull_ratio = ratio(d)?;
                self.new_full_ratio = ratio(d)?;
            }
            if version >= 4 {
                self.new_backfillfull_ratio = ratio(d)?;
            }
            self.decode_releases(d, version)?;
            self.decode_since_nautilus(d, version)
        })
    }

    pub(super) fn encode_osd(&self, e: &mut Encoder, features: Features) {
        let version = self.osd_version_for(features);
        e.versioned(version, 1, |e| {
            self.encode_osd_details(e, version);
            features.encode(e);
            if version >= 3 {
                for ratio in [self.new_nearfull_ratio, self.new_full_ratio, self.new_backfillfull_ratio] {
                    ratio.unwrap_or(-1.0).encode(e);
                }
            }
            if version >= 6 {
                self.new_require_min_compat_client.encode(e);
                self.new_require_osd_release.encode(e);
            }
            self.encode_since_nautilus(e, version);
        });
    }

    fn decode_osd_details(&mut self, d: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.new_hb_back_up = BTreeMap::decode(d)?;
        self.new_up_thru = BTreeMap::decode(d)?;
        self.new_last_clean_interval = BTreeMap::decode(d)?;
        self.new_lost = BTreeMap::decode(d)?;
        self.new_blocklist = BTreeMap::decode(d)?;
        self.old_blocklist = Vec::decode(d)?;
        self.new_up_cluster = BTreeMap::decode(d)?;
        self.cluster_snapshot = Text::decode(d)?;
        self.new_uuid = BTreeMap::decode(d)?;
        self.new_xinfo = BTreeMap::decode(d)?;
        self.new_hb_front_up = BTreeMap::decode(d)?;
        Ok(())
    }

    fn encode_osd_details(&self, e: &mut Encoder, version: u8) {
        let since_nautilus = version >= 7;
        encode_addr_map(&self.new_hb_back_up, since_nautilus, e);
        self.new_up_thru.encode(e);
        self.new_last_clean_interval.encode(e);
        self.new_lost.encode(e);
        self.new_blocklist.encode(e);
        self.old_blocklist.encode(e);
        encode_addr_map(&self.new_up_cluster, since_nautilus, e);
        self.cluster_snapshot.encode(e);
        self.new_uuid.encode(e);
        self.new_xinfo.encode(e);
        encode_addr_map(&self.new_hb_front_up, since_nautilus, e);
    }

    fn decode_releases(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 6 {
            self.new_require_min_compat_client = Release::decode(d)?;
            self.new_require_osd_release = Release::decode(d)?;
            return Ok(());
        }
        if version == 5 {
            let name = Text::decode(d)?;
            if let Some(release) = name.to_str().and_then(Release::from_name) {
                self.new_require_min_compat_client = release;
            }
        }
        let flags = self.new_flags.unwrap_or_default();
        self.new_require_osd_release = required_release(flags);
        if flags.contains(OsdMapFlags::REQUIRE_LUMINOUS) {
            self.new_flags = Some(flags.without(OsdMapFlags::LEGACY_REQUIRE));
        }
        Ok(())
    }

    fn decode_since_nautilus(&mut self, d: &mut Decoder<'_>, version: u8) -> Result<(), DecodeError> {
        if version >= 8 {
            self.new_crush_node_flags = BTreeMap::decode(d)?;
        }
        if version >= 9 {
            self.new_device_class_flags = BTreeMap::decode(d)?;
        }
        if version >= 10 {
            self.change_stretch_mode = bool::decode(d)?;
            self.new_stretch_bucket_count = u32::decode(d)?;
            self.new_degraded_stretch_mode = u32::decode(d)?;
            self.new_recovering_stretch_mode = u32::decode(d)?;
            self.new_stretch_mode_bucket = i32::decode(d)?;
            self.stretch_mode_enabled = bool::decode(d)?;
        }
        if version >= 11 {
            self.new_range_blocklist = BTreeMap::decode(d)?;
            self.old_range_blocklist = Vec::decode(d)?;
        }
        if version >= 12 {
            self.mutate_allow_crimson = MutateAllowCrimson(u8::decode(d)?);
        }
        Ok(())
    }

    fn encode_since_nautilus(&self, e: &mut Encoder, version: u8) {
        if version >= 8 {
            self.new_crush_node_flags.encode(e);
        }
        if version >= 9 {
            self.new_device_class_flags.encode(e);
        }
        if version >= 10 {
            self.change_stretch_mode.encode(e);
            self.new_stretch_bucket_count.encode(e);
            self.new_degraded_stretch_mode.encode(e);
            self.new_recovering_stretch_mode.encode(e);
            self.new_stretch_mode_bucket.encode(e);
            self.stretch_mode_enabled.encode(e);
        }
        if version >= 11 {
            self.new_range_blocklist.encode(e);
            self.old_range_blocklist.encode(e);
        }
        if version >= 12 {
            self.mutate_allow_crimson.0.encode(e);
        }
    }
}
