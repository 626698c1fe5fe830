//! Where things are: requests by the map of their epoch, and copies at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use loligo_placement::{Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Epoch, OsdId};

use super::Violation;
use crate::shared::Request;
use crate::world::World;

/// Who serves a PG by a map, and who has copies.
fn placed(map: &OSDMap, pg: PgId) -> UpActing {
    let mut placed = UpActing::default();
    pg_to_up_acting_osds(map, pg, &mut Scratch::new(), &mut placed);
    placed
}

/// The PG of an object by a map.
pub(super) fn pg_of(map: &OSDMap, oid: &[u8], locator: &ObjectLocator) -> Option<PgId> {
    let raw = object_locator_to_pg(map, oid, locator)?;
    Some(raw_pg_to_pg(map.get_pg_pool(raw.pool)?, raw))
}

/// The primary of a PG by a map.
pub(super) fn primary(map: &OSDMap, pg: PgId) -> Option<OsdId> {
    placed(map, pg).acting_primary
}

/// Checks that a request went where the map of its epoch sends it.
pub(crate) fn routing(maps: &BTreeMap<Epoch, Arc<OSDMap>>, request: &Request) -> Result<(), Violation> {
    // Where several maps were made in one step, those in between were not taken down.
    let Some(map) = maps.get(&request.epoch) else { return Ok(()) };
    let locator = ObjectLocator::new(request.hobj.pool);
    let Some(pg) = pg_of(map, &request.hobj.oid, &locator) else { return Ok(()) };
    let due = primary(map, pg);
    if due == Some(request.osd) && pg == request.pgid.pgid {
        return Ok(());
    }
    Err(Violation::WrongOsd {
        reqid: request.reqid,
        epoch: request.epoch,
        osd: request.osd,
        pgid: request.pgid.pgid,
        due,
        pg,
    })
}

/// Checks that all copies of each PG are the same at the end.
pub(super) fn copies(world: &World) -> Vec<Violation> {
    let map = world.mon.endpoint.osdmap();
    let mut violations = Vec::new();
    for (id, pool) in map.get_pools() {
        for pg in (0..pool.pg_num).map(|seed| PgId::new(id, seed)) {
            let placed = placed(map, pg);
            let Some(primary) = placed.acting_primary.and_then(|osd| world.osd(osd)) else { continue };
            for osd in placed.acting.iter().copied() {
                let Some(host) = world.osd(osd) else { continue };
                let same = host.endpoint.pg_objects(pg).eq(primary.endpoint.pg_objects(pg))
                    && host.endpoint.pg_log(pg).eq(primary.endpoint.pg_log(pg));
                if !same {
                    violations.push(Violation::CopiesDiffer { pg, osd });
                }
            }
        }
    }
    violations
}
