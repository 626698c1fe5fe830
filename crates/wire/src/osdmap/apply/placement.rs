//! What an incremental changes in where PGs are placed, and in who is let in.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use bytes::Bytes;
use loligo_base::Wall;

use super::ApplyError;
use crate::crush::CrushMap;
use crate::osdmap::{OSDMap, PgTempMap};
use crate::types::PgId;
use crate::{Decode, Decoder, EntityAddr, OsdId, Release};

/// Adds entries that are not there yet, as `insert` of a map in C++ does; a map without new entries stays shared.
fn insert_absent(map: &mut BTreeMap<EntityAddr, Wall>, new: &BTreeMap<EntityAddr, Wall>) {
    for (addr, until) in new {
        map.entry(*addr).or_insert(*until);
    }
}

impl OSDMap {
    pub(super) fn apply_pg_temp(&mut self, temp: &PgTempMap, primary: &BTreeMap<PgId, OsdId>) {
        const NOBODY: OsdId = OsdId(-1);
        if !temp.is_empty() {
            let all = Arc::make_mut(&mut self.pg_temp);
            for (pg, osds) in temp {
                if osds.is_empty() {
                    all.remove(pg);
                } else {
                    all.insert(*pg, osds.clone());
                }
            }
        }
        if !primary.is_empty() {
            let all = Arc::make_mut(&mut self.primary_temp);
            for (pg, osd) in primary {
                if *osd == NOBODY {
                    all.remove(pg);
                } else {
                    all.insert(*pg, *osd);
                }
            }
        }
    }

    pub(super) fn apply_blocklist(&mut self, new: &BTreeMap<EntityAddr, Wall>, old: &[EntityAddr]) {
        if !new.is_empty() || !old.is_empty() {
            let all = Arc::make_mut(&mut self.blocklist);
            insert_absent(all, new);
            for addr in old {
                all.remove(addr);
            }
        }
    }

    pub(super) fn apply_range_blocklist(&mut self, new: &BTreeMap<EntityAddr, Wall>, old: &[EntityAddr]) {
        insert_absent(&mut self.range_blocklist, new);
        for network in old {
            self.range_blocklist.remove(network);
        }
    }

    /// A new CRUSH map takes the flags of device classes with it that it does not have. Before Luminous it was not
    /// counted.
    pub(super) fn apply_crush(&mut self, crush: &Bytes) -> Result<(), ApplyError> {
        if crush.is_empty() {
            return Ok(());
        }
        let crush = CrushMap::decode(&mut Decoder::of(crush))
            .map_err(|source| ApplyError::Decode { what: "CRUSH map", source })?;
        if self.require_osd_release >= Release::LUMINOUS {
            self.crush_version = self.crush_version.wrapping_add(1);
        }
        self.device_class_flags.retain(|class, _| crush.class_name.contains_key(class));
        self.crush = Arc::new(crush);
        Ok(())
    }
}
