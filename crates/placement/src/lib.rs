//! Where Ceph keeps an object: hashes, CRUSH, placement groups and their overrides.
//!
//! Nothing here asks a server: whoever has the [`OSDMap`](loligo_wire::osdmap::OSDMap) knows. An object's name (or its
//! locator key), with its namespace, is hashed to a raw PG ([`object_locator_to_pg`]); the pool's number of PGs folds that
//! into one of them ([`raw_pg_to_pg`]); CRUSH and what is set in the map give the PG's OSDs ([`pg_to_up_acting_osds`]), of
//! which the first that leads, `acting_primary`, takes clients' ops. A [`Cache`] saves the last step for PGs that were
//! asked for before.
//!
//! The answers are those of Ceph, for every kind of bucket, tunable, step, pool and override that Ceph 20.2 knows;
//! `testdata/` holds what Ceph's own tools answered.
//!
//! ```
//! use std::sync::Arc;
//!
//! use loligo_placement::{Scratch, UpActing, object_locator_to_pg, pg_to_up_acting_osds, raw_pg_to_pg};
//! use loligo_wire::crush::CrushMap;
//! use loligo_wire::osdmap::{OSDMap, OsdState, PgPool, PoolFlags, PoolType};
//! use loligo_wire::types::ObjectLocator;
//! use loligo_wire::{OsdId, PoolId};
//!
//! // A cluster of three hosts with two OSDs each, as a monitor would describe it.
//! let mut crush = CrushMap::with_hosts(3, 2);
//! let crush_rule = crush.add_simple_rule("replicated_rule", "default", "host", false)?;
//! let mut map = OSDMap { crush: Arc::new(crush), ..OSDMap::default() };
//! map.set_max_osd(6)?;
//! for osd in 0..6 {
//!     map.osd_state[osd] = OsdState::EXISTS | OsdState::UP;
//!     map.osd_weight[osd] = OSDMap::IN;
//! }
//! let pool = PgPool {
//!     pool_type: PoolType::REPLICATED,
//!     flags: PoolFlags::HASHPSPOOL,
//!     object_hash: 2,
//!     size: 3,
//!     crush_rule,
//!     pg_num: 12,
//!     pgp_num: 12,
//!     ..PgPool::default()
//! };
//! map.pools.insert(PoolId(1), Arc::new(pool.clone()));
//!
//! let raw = object_locator_to_pg(&map, b"an object", &ObjectLocator::new(PoolId(1))).ok_or("no such pool")?;
//! let pg = raw_pg_to_pg(&pool, raw);
//! assert!(pg.seed < 12);
//!
//! let mut osds = UpActing::default();
//! pg_to_up_acting_osds(&map, pg, &mut Scratch::new(), &mut osds);
//! assert_eq!(osds.acting.len(), 3);
//! assert_eq!(osds.acting_primary, osds.acting.first().copied());
//!
//! // The primary stops: the next one leads.
//! let OsdId(primary) = osds.acting[0];
//! let second = osds.acting[1];
//! map.osd_state[usize::try_from(primary)?] = OsdState::EXISTS;
//! pg_to_up_acting_osds(&map, pg, &mut Scratch::new(), &mut osds);
//! assert_eq!(osds.acting_primary, Some(second));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cache;
pub mod crush;
pub mod hash;
pub mod interval;
pub mod pg;
mod up_acting;

pub use cache::Cache;
pub use pg::{ceph_stable_mod, object_locator_to_pg, raw_pg_to_pg, raw_pg_to_pps};
pub use up_acting::{
    Scratch, UpActing, get_primary_shard, pg_to_acting_osds, pg_to_raw_osds, pg_to_raw_upmap,
    pg_to_up_acting_osds,
};
