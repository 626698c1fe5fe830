//! What an incremental changes in where PGs are placed, and in who is let in.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;

use bytes::Bytes;
use loligo_base::Wall;

use super::ApplyError;
use crate::crush::CrushMap;
use crate::osdmap::{Incremental, OSDMap, PgTempMap};
use crate::types::PgId;
use crate::{Decode, Decoder, EntityAddr, OsdId, Release, Text, TextMap};

/// Adds entries that are not there yet, as `insert` of a map in C++ does, then removes some.
fn insert_and_remove(
    map: &mut BTreeMap<EntityAddr, Wall>,
    new: &BTreeMap<EntityAddr, Wall>,
    old: &[EntityAddr],
) {
    for (addr, until) in new {
        map.entry(*addr).or_insert(*until);
    }
    for addr in old {
        map.remove(addr);
    }
}

/// Adds entries, then removes some. A map without changes stays shared.
fn merge<K: Ord + Clone, V: Clone>(map: &mut Arc<BTreeMap<K, V>>, new: &BTreeMap<K, V>, old: &BTreeSet<K>) {
    if new.is_empty() && old.is_empty() {
        return;
    }
    let map = Arc::make_mut(map);
    map.extend(new.clone());
    for key in old {
        map.remove(key);
    }
}

impl OSDMap {
    pub(super) fn apply_placement(&mut self, inc: &Incremental) {
        self.apply_profiles(&inc.old_erasure_code_profiles, &inc.new_erasure_code_profiles);
        self.apply_pg_temp(&inc.new_pg_temp, &inc.new_primary_temp);
        merge(&mut self.pg_upmap, &inc.new_pg_upmap, &inc.old_pg_upmap);
        merge(&mut self.pg_upmap_items, &inc.new_pg_upmap_items, &inc.old_pg_upmap_items);
        merge(&mut self.pg_upmap_primaries, &inc.new_pg_upmap_primary, &inc.old_pg_upmap_primary);
    }

    fn apply_profiles(&mut self, old: &[Text], new: &BTreeMap<Text, TextMap>) {
        for name in old {
            self.erasure_code_profiles.remove(name);
        }
        self.erasure_code_profiles.extend(new.clone());
    }

    fn apply_pg_temp(&mut self, temp: &PgTempMap, primary: &BTreeMap<PgId, OsdId>) {
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

    pub(super) fn apply_blocklist(&mut self, inc: &Incremental) {
        if !inc.new_blocklist.is_empty() || !inc.old_blocklist.is_empty() {
            insert_and_remove(Arc::make_mut(&mut self.blocklist), &inc.new_blocklist, &inc.old_blocklist);
        }
        insert_and_remove(&mut self.range_blocklist, &inc.new_range_blocklist, &inc.old_range_blocklist);
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
