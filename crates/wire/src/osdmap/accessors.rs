//! Questions to the map.

use alloc::sync::Arc;

use super::osd_addrs::SharedAddrs;
use super::{OSDMap, OsdInfo, OsdMapFlags, OsdState, OsdXInfo, PgPool};
use crate::{EntityAddrVec, Epoch, Features, OsdId, PoolId, Release, Text, Uuid};

/// The element of an OSD in a vector over OSDs.
fn of<T>(all: &[T], osd: OsdId) -> Option<&T> {
    usize::try_from(osd.0).ok().and_then(|i| all.get(i))
}

fn addrs_of(all: &[SharedAddrs], osd: OsdId) -> &EntityAddrVec {
    of(all, osd).and_then(Option::as_deref).unwrap_or(const { &EntityAddrVec::NONE })
}

/// The cluster.
impl OSDMap {
    /// Which version of the map this is.
    #[must_use]
    pub const fn get_epoch(&self) -> Epoch {
        self.epoch
    }

    /// Which cluster this is.
    #[must_use]
    pub const fn get_fsid(&self) -> Uuid {
        self.fsid
    }

    /// Whether any of `flags` is set.
    #[must_use]
    pub const fn test_flag(&self, flags: OsdMapFlags) -> bool {
        self.flags.intersects(flags)
    }

    /// The features that a map of this cluster is encoded with (`get_encoding_features`): those that its oldest OSDs
    /// know.
    #[must_use]
    pub fn get_encoding_features(&self) -> Features {
        // The bits that came with a release; those of incarnations, which others share, stay.
        const SINCE: [(Release, u64); 8] = [
            (Release::TENTACLE, 1 << 50),
            (Release::REEF, 1 << 31),
            (Release::OCTOPUS, 1 << 16),
            (Release::NAUTILUS, 1 << 2),
            (Release::MIMIC, 1 << 28),
            (Release::LUMINOUS, 1 << 21),
            (Release::KRAKEN, 1 << 14 | 1 << 59),
            (Release::JEWEL, 1 << 56 | 1 << 57 | 1 << 58),
        ];
        let unknown = SINCE.iter().filter(|(release, _)| self.require_osd_release < *release);
        unknown.fold(Self::SIGNIFICANT_FEATURES, |features, (_, bits)| features.without(Features(*bits)))
    }
}

/// One OSD.
impl OSDMap {
    /// One more than the highest number that an OSD may have in this map.
    #[must_use]
    pub fn get_max_osd(&self) -> i32 {
        i32::try_from(self.osd_state.len()).unwrap_or(i32::MAX)
    }

    /// Its state; nothing set where there is no such OSD.
    #[must_use]
    pub fn get_state(&self, osd: OsdId) -> OsdState {
        of(&self.osd_state, osd).copied().unwrap_or(OsdState::NONE)
    }

    /// Whether it is part of the cluster.
    #[must_use]
    pub fn exists(&self, osd: OsdId) -> bool {
        self.get_state(osd).contains(OsdState::EXISTS)
    }

    /// Whether it is part of the cluster and runs.
    #[must_use]
    pub fn is_up(&self, osd: OsdId) -> bool {
        self.get_state(osd).contains(OsdState::EXISTS | OsdState::UP)
    }

    /// Whether it does not run.
    #[must_use]
    pub fn is_down(&self, osd: OsdId) -> bool {
        !self.is_up(osd)
    }

    /// Whether no data is placed on it.
    #[must_use]
    pub fn is_out(&self, osd: OsdId) -> bool {
        !self.exists(osd) || self.get_weight(osd) == Self::OUT
    }

    /// Whether data is placed on it.
    #[must_use]
    pub fn is_in(&self, osd: OsdId) -> bool {
        !self.is_out(osd)
    }

    /// Its weight in 65536ths; [`Self::OUT`] where there is no such OSD.
    #[must_use]
    pub fn get_weight(&self, osd: OsdId) -> u32 {
        of(&self.osd_weight, osd).copied().unwrap_or(Self::OUT)
    }

    /// How much it is wanted as a primary, in 65536ths.
    #[must_use]
    pub fn get_primary_affinity(&self, osd: OsdId) -> u32 {
        let affinity = self.osd_primary_affinity.as_ref().and_then(|all| of(all, osd));
        affinity.copied().unwrap_or(Self::DEFAULT_PRIMARY_AFFINITY)
    }

    /// Where clients reach it; no address where that is not known.
    #[must_use]
    pub fn get_addrs(&self, osd: OsdId) -> &EntityAddrVec {
        addrs_of(&self.osd_addrs.client_addrs, osd)
    }

    /// Where other OSDs reach it; no address where that is not known.
    #[must_use]
    pub fn get_cluster_addrs(&self, osd: OsdId) -> &EntityAddrVec {
        addrs_of(&self.osd_addrs.cluster_addrs, osd)
    }

    /// Where other OSDs reach it to see whether it lives, on their own network; no address where that is not known.
    #[must_use]
    pub fn get_hb_back_addrs(&self, osd: OsdId) -> &EntityAddrVec {
        addrs_of(&self.osd_addrs.hb_back_addrs, osd)
    }

    /// Where other OSDs reach it to see whether it lives, on the clients' network; no address where that is not known.
    #[must_use]
    pub fn get_hb_front_addrs(&self, osd: OsdId) -> &EntityAddrVec {
        addrs_of(&self.osd_addrs.hb_front_addrs, osd)
    }

    /// The id of its store.
    #[must_use]
    pub fn get_uuid(&self, osd: OsdId) -> Option<Uuid> {
        of(&self.osd_uuid, osd).copied()
    }

    /// When it was up and down.
    #[must_use]
    pub fn get_info(&self, osd: OsdId) -> Option<&OsdInfo> {
        of(&self.osd_info, osd)
    }

    /// When it was marked up; 0 where it never was.
    #[must_use]
    pub fn get_up_from(&self, osd: OsdId) -> Epoch {
        self.get_info(osd).map_or(Epoch(0), |info| info.up_from)
    }

    /// What else is known of it, its features among that.
    #[must_use]
    pub fn get_xinfo(&self, osd: OsdId) -> Option<&OsdXInfo> {
        of(&self.osd_xinfo, osd)
    }
}

/// All OSDs.
impl OSDMap {
    /// The numbers of the OSDs that are part of the cluster, in order.
    pub fn get_all_osds(&self) -> impl Iterator<Item = OsdId> {
        (0..self.get_max_osd()).map(OsdId).filter(|osd| self.exists(*osd))
    }

    /// The numbers of the OSDs that run, in order.
    pub fn get_up_osds(&self) -> impl Iterator<Item = OsdId> {
        self.get_all_osds().filter(|osd| self.is_up(*osd))
    }

    /// How many OSDs there are. Counts them.
    #[must_use]
    pub fn get_num_osds(&self) -> usize {
        self.get_all_osds().count()
    }

    /// How many OSDs run. Counts them.
    #[must_use]
    pub fn get_num_up_osds(&self) -> usize {
        self.get_up_osds().count()
    }

    /// How many OSDs have data placed on them. Counts them.
    #[must_use]
    pub fn get_num_in_osds(&self) -> usize {
        self.get_all_osds().filter(|osd| self.is_in(*osd)).count()
    }

    /// The features that all running OSDs have (`get_up_osd_features`); none where no OSD runs. Looks at each.
    #[must_use]
    pub fn get_up_osd_features(&self) -> Features {
        let each = self.get_up_osds().filter_map(|osd| self.get_xinfo(osd)).map(|info| info.features);
        // An OSD without any feature is one whose features were lost, not one that can do nothing.
        each.filter(|features| *features != Features::NONE)
            .reduce(Features::intersection)
            .unwrap_or(Features::NONE)
    }
}

/// Pools.
impl OSDMap {
    /// The pools, by number.
    pub fn get_pools(&self) -> impl Iterator<Item = (PoolId, &Arc<PgPool>)> {
        self.pools.iter().map(|(id, pool)| (*id, pool))
    }

    /// Whether there is a pool of that number.
    #[must_use]
    pub fn have_pg_pool(&self, id: PoolId) -> bool {
        self.pools.contains_key(&id)
    }

    /// The pool of that number.
    #[must_use]
    pub fn get_pg_pool(&self, id: PoolId) -> Option<&Arc<PgPool>> {
        self.pools.get(&id)
    }

    /// The name of the pool of that number.
    #[must_use]
    pub fn get_pool_name(&self, id: PoolId) -> Option<&Text> {
        self.pool_name.get(&id)
    }

    /// The number of the pool of that name. Looks at each.
    #[must_use]
    pub fn lookup_pg_pool_name(&self, name: impl AsRef<[u8]>) -> Option<PoolId> {
        let wanted = name.as_ref();
        self.pool_name.iter().rev().find(|(_, name)| name.as_bytes() == wanted).map(|(id, _)| *id)
    }
}
