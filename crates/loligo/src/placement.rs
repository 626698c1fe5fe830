//! Where an object lives.

use loligo_placement::{Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{ObjectLocator, PgId};
use loligo_wire::{Epoch, OsdId};

use crate::Error;

/// Where an object lives, by one map: what `ceph osd map` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The map's epoch.
    pub epoch: Epoch,
    /// The pool and the hash of the object.
    pub raw_pg: PgId,
    /// The placement group.
    pub pg: PgId,
    /// Where the group belongs, as far as those OSDs run.
    pub up: Vec<OsdId>,
    /// Who would lead it there.
    pub up_primary: Option<OsdId>,
    /// Where it is served now.
    pub acting: Vec<OsdId>,
    /// Who leads it now.
    pub acting_primary: Option<OsdId>,
}

impl Placement {
    pub(crate) fn of(map: &OSDMap, oid: &[u8], locator: &ObjectLocator) -> Result<Self, Error> {
        let missing = || Error::NoSuchPool { pool: locator.pool.to_string() };
        let raw_pg = object_locator_to_pg(map, oid, locator).ok_or_else(missing)?;
        let pg = raw_pg_to_pg(map.get_pg_pool(locator.pool).ok_or_else(missing)?, raw_pg);
        let mut placed = UpActing::default();
        pg_to_up_acting_osds(map, pg, &mut Scratch::new(), &mut placed);
        let UpActing { up, up_primary, acting, acting_primary } = placed;
        Ok(Self { epoch: map.epoch, raw_pg, pg, up, up_primary, acting, acting_primary })
    }
}
