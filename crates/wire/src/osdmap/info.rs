//! What the map knows of each OSD beside its state, weight and addresses.

use loligo_base::Wall;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features};

/// When an OSD was up and down: `osd_info_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsdInfo {
    /// Where the last interval begins that ended with a clean shutdown.
    pub last_clean_begin: Epoch,
    /// Where it ends.
    pub last_clean_end: Epoch,
    /// When it was marked up; 0 where it never was.
    pub up_from: Epoch,
    /// Up to where it is known to have been alive.
    pub up_thru: Epoch,
    /// When it was last marked down.
    pub down_at: Epoch,
    /// When it was declared lost; 0 where it never was.
    pub lost_at: Epoch,
}

impl OsdInfo {
    const VERSION: u8 = 1;
}

impl Decode for OsdInfo {
    const MIN_SIZE: usize = 25;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        // A bare version byte, never looked at: no release has changed this struct.
        u8::decode(d)?;
        Ok(Self {
            last_clean_begin: Epoch::decode(d)?,
            last_clean_end: Epoch::decode(d)?,
            up_from: Epoch::decode(d)?,
            up_thru: Epoch::decode(d)?,
            down_at: Epoch::decode(d)?,
            lost_at: Epoch::decode(d)?,
        })
    }
}

impl Encode for OsdInfo {
    fn encode(&self, e: &mut Encoder) {
        let Self { last_clean_begin, last_clean_end, up_from, up_thru, down_at, lost_at } = self;
        Self::VERSION.encode(e);
        for epoch in [last_clean_begin, last_clean_end, up_from, up_thru, down_at, lost_at] {
            epoch.encode(e);
        }
    }
}

/// What else is known of an OSD: `osd_xinfo_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsdXInfo {
    /// When it was last marked down.
    pub down_stamp: Wall,
    /// How likely it is that it is slow rather than dead, as a fraction of `u32::MAX`.
    pub laggy_probability: u32,
    /// How long it is slow at a time, in seconds.
    pub laggy_interval: u32,
    /// The features that it offered when it booted; none where that is not known.
    pub features: Features,
    /// Its weight before it was automatically marked out.
    pub old_weight: u32,
    /// When it last compared its purged snapshots with the monitor's.
    pub last_purged_snaps_scrub: Wall,
    /// The last epoch in which it was certainly dead; 0 where that is not known.
    pub dead_epoch: Epoch,
}

impl OsdXInfo {
    const KNOWN: u8 = 4;
}

impl Decode for OsdXInfo {
    const MIN_SIZE: usize = 22;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("osd_xinfo_t", Self::KNOWN, |d, v| {
            let mut info = Self {
                down_stamp: Wall::decode(d)?,
                laggy_probability: u32::decode(d)?,
                laggy_interval: u32::decode(d)?,
                ..Self::default()
            };
            if v >= 2 {
                info.features = Features::decode(d)?;
            }
            if v >= 3 {
                info.old_weight = u32::decode(d)?;
            }
            if v >= 4 {
                info.last_purged_snaps_scrub = Wall::decode(d)?;
                info.dead_epoch = Epoch::decode(d)?;
            }
            Ok(info)
        })
    }
}

impl Encode for OsdXInfo {
    fn encode(&self, e: &mut Encoder) {
        let v = if e.features().has(Features::SERVER_OCTOPUS) { 4 } else { 3 };
        e.versioned(v, 1, |e| {
            self.down_stamp.encode(e);
            self.laggy_probability.encode(e);
            self.laggy_interval.encode(e);
            self.features.encode(e);
            self.old_weight.encode(e);
            if v >= 4 {
                self.last_purged_snaps_scrub.encode(e);
                self.dead_epoch.encode(e);
            }
        });
    }
}
