//! Who serves a group at which epoch, as OSDs know it.

use std::collections::BTreeMap;

use loligo_placement::{Cache, interval::is_split_or_merge};
use loligo_wire::message::MOSDOp;
use loligo_wire::types::{OsdFlags, PgId};
use loligo_wire::{Epoch, OsdId, PoolId};

use crate::common::Cluster;

#[derive(Default)]
pub(crate) struct Places {
    known: BTreeMap<(Epoch, PgId), Option<OsdId>>,
}

impl Places {
    pub(crate) fn primary(&mut self, cluster: &Cluster, epoch: Epoch, pg: PgId) -> Option<OsdId> {
        *self.known.entry((epoch, pg)).or_insert_with(|| {
            let osds = Cache::new().pg_to_up_acting_osds(&cluster.maps[&epoch], pg);
            osds.and_then(|osds| osds.acting_primary)
        })
    }

    /// Whether an OSD takes an op that was sent by an older map: it is the primary since then, and the group was not split
    /// or merged, nobody was asked to send again, and a write met no full cluster.
    pub(crate) fn is_welcome(&mut self, cluster: &Cluster, osd: OsdId, op: &MOSDOp, now: Epoch) -> bool {
        let (pg, sent, writes) = (op.pgid.pgid, op.osdmap_epoch, op.flags.has(OsdFlags::WRITE));
        (sent.0..=now.0).map(Epoch).all(|epoch| {
            let pool = |epoch| cluster.maps[&epoch].get_pg_pool(pg.pool).cloned();
            let Some(this) = pool(epoch) else { return false };
            let before = if epoch > sent { pool(Epoch(epoch.0 - 1)) } else { None };
            let split = before.is_some_and(|before| is_split_or_merge(pg, before.pg_num, this.pg_num));
            let full = cluster.maps[&epoch].test_flag(loligo_wire::osdmap::OsdMapFlags::FULL);
            let dropped = split || (full && writes && epoch > sent);
            !dropped && this.last_force_op_resend <= sent && self.primary(cluster, epoch, pg) == Some(osd)
        })
    }

    /// Where an object is in the newest map.
    pub(crate) fn group(cluster: &Cluster, epoch: Epoch, pool: PoolId, hash: u32) -> Option<PgId> {
        let pool_of = cluster.maps[&epoch].get_pg_pool(pool)?;
        Some(loligo_placement::raw_pg_to_pg(pool_of, PgId::new(pool, hash)))
    }
}
