//! Versions of the OSD map.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bytes::Bytes;

use super::payload::at_least;
use super::{Message, msg_type};
use crate::types::SnapId;
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch, PoolId, Uuid};

/// Versions of the OSD map, whole and as changes, encoded for the receiver's features: `MOSDMap`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MOSDMap {
    /// The cluster.
    pub fsid: Uuid,
    /// What leads from the epoch before to that one (`OSDMap::Incremental`).
    pub incremental_maps: BTreeMap<Epoch, Bytes>,
    /// Whole maps (`OSDMap`).
    pub maps: BTreeMap<Epoch, Bytes>,
    /// The oldest epoch that the cluster still has. Older ones cannot be asked for any more.
    pub cluster_osdmap_trim_lower_bound: Epoch,
    /// The newest epoch that the sender has.
    pub newest_map: Epoch,
    /// Snapshots that were removed in the epochs that are left out, as ranges by first number and length. Only
    /// Nautilus fills it in.
    pub gap_removed_snaps: BTreeMap<PoolId, Vec<(SnapId, u64)>>,
}

impl MOSDMap {
    /// The oldest epoch in it (`get_first`).
    #[must_use]
    pub fn first(&self) -> Option<Epoch> {
        let [full, inc] = [&self.maps, &self.incremental_maps].map(|maps| maps.keys().next().copied());
        full.into_iter().chain(inc).min()
    }

    /// The newest epoch in it (`get_last`).
    #[must_use]
    pub fn last(&self) -> Option<Epoch> {
        let [full, inc] = [&self.maps, &self.incremental_maps].map(|maps| maps.keys().next_back().copied());
        full.into_iter().chain(inc).max()
    }
}

impl Message for MOSDMap {
    const TYPE: u16 = msg_type::OSD_MAP;
    const NAME: &'static str = "MOSDMap";
    const HEAD_VERSION: u16 = 4;
    const COMPAT_VERSION: u16 = 3;

    fn encode_front(&self, e: &mut Encoder) {
        self.fsid.encode(e);
        self.incremental_maps.encode(e);
        self.maps.encode(e);
        self.cluster_osdmap_trim_lower_bound.encode(e);
        self.newest_map.encode(e);
        self.gap_removed_snaps.encode(e);
    }

    fn decode_parts(version: u16, d: &mut Decoder<'_>, _data: BufferList) -> Result<Self, DecodeError> {
        at_least::<Self>(version, 3)?;
        Ok(Self {
            fsid: Uuid::decode(d)?,
            incremental_maps: BTreeMap::decode(d)?,
            maps: BTreeMap::decode(d)?,
            cluster_osdmap_trim_lower_bound: Epoch::decode(d)?,
            newest_map: Epoch::decode(d)?,
            gap_removed_snaps: if version >= 4 { BTreeMap::decode(d)? } else { BTreeMap::new() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_look_at_both_kinds() {
        let epochs = |epochs: &[u32]| epochs.iter().map(|e| (Epoch(*e), Bytes::new())).collect();
        let message = MOSDMap { maps: epochs(&[7]), incremental_maps: epochs(&[8, 9]), ..MOSDMap::default() };
        assert_eq!((message.first(), message.last()), (Some(Epoch(7)), Some(Epoch(9))));
        assert_eq!(MOSDMap::default().first(), None);
    }
}
