//! Where an op goes: `op_target_t` and `_calc_target`.

use loligo_placement::interval::{Interval, is_new_interval, is_pg_changed, is_split_or_merge};
use loligo_placement::pg::hash_key;
use loligo_placement::{Cache, ceph_stable_mod, get_primary_shard, raw_pg_to_pg};
use loligo_wire::osdmap::{OSDMap, PgPool, PoolFlags};
use loligo_wire::types::{ObjectLocator, OsdFlags, PgId, SpgId};
use loligo_wire::{Epoch, Features, OsdId, PoolId, Release};

use crate::gate::{MapState, PoolState, Traits, pause};
use crate::operation::Subject;

/// What the messenger below offers, as far as a target depends on it.
const OFFERED: Features = Features::TENTACLE;

/// The newest map as a target sees it.
pub(crate) struct View<'a> {
    pub(crate) map: &'a OSDMap,
    pub(crate) state: MapState,
    pub(crate) barrier: Epoch,
    pub(crate) cache: &'a mut Cache,
}

/// What a new look at the map means for an op: `RECALC_OP_TARGET_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recalc {
    NoAction,
    NeedResend,
    PoolDne,
    PoolEio,
}

/// Where an op goes, as of the map that was looked at last.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) flags: OsdFlags,
    subject: Subject,
    any_change: bool,
    /// The pool that the op goes to: that of its locator, or a tier in front of it.
    pub(crate) pool: PoolId,
    /// The hash of the object, made once; anew only where the pool changes.
    raw: Option<PgId>,
    /// The same as of the last sending; none where the op has to be sent in any case.
    pgid: Option<PgId>,
    /// The group and shard that the op is sent to (`actual_pgid`).
    pub(crate) actual_pgid: SpgId,
    interval: Option<Interval>,
    /// Who serves it; negative where nobody does.
    pub(crate) osd: OsdId,
    pub(crate) pool_state: PoolState,
    last_force_resend: Epoch,
    /// The epoch that was looked at last.
    pub(crate) epoch: Epoch,
    pub(crate) pool_ever_existed: bool,
    /// Whether a flag of the map, or the barrier, holds it.
    pub(crate) paused: bool,
}

const NOBODY: OsdId = OsdId(-1);

impl Target {
    pub(crate) fn new(subject: Subject, flags: OsdFlags, any_change: bool) -> Self {
        Self {
            flags,
            subject,
            any_change,
            pool: PoolId(-1),
            raw: None,
            pgid: None,
            actual_pgid: SpgId::default(),
            interval: None,
            osd: NOBODY,
            pool_state: PoolState::Missing,
            last_force_resend: Epoch(0),
            epoch: Epoch(0),
            pool_ever_existed: false,
            paused: false,
        }
    }

    pub(crate) const fn traits(&self) -> Traits {
        let full_matters = self.flags.has_any(OsdFlags(OsdFlags::WRITE.0 | OsdFlags::RWORDERED.0));
        let full_ignored = self.flags.has_any(OsdFlags(OsdFlags::FULL_TRY.0 | OsdFlags::FULL_FORCE.0));
        Traits {
            reads: self.flags.has(OsdFlags::READ),
            writes: self.flags.has(OsdFlags::WRITE),
            respects_full: full_matters && !full_ignored,
        }
    }

    pub(crate) const fn is_object(&self) -> bool {
        matches!(self.subject, Subject::Object)
    }

    /// The hash that the object is placed by.
    pub(crate) fn hash(&self) -> u32 {
        self.raw.map_or(0, |pg| pg.seed)
    }

    /// The op did not run there: look at everything anew, and send it wherever it goes now.
    pub(crate) fn forget(&mut self) {
        self.raw = None;
        self.pgid = None;
    }

    /// Looks at the map (`_calc_target`).
    pub(crate) fn calc_target(&mut self, oid: &[u8], oloc: &ObjectLocator, view: &mut View<'_>) -> Recalc {
        self.epoch = view.state.epoch;
        let Some(base) = view.map.get_pg_pool(oloc.pool) else { return self.pool_missing() };
        if base.has_flag(PoolFlags::EIO) {
            self.pool_state = PoolState::Eio;
            return Recalc::PoolEio;
        }
        let forced = self.force_resend(base);
        let Some((pool_id, pool)) = self.tier(oloc.pool, base, view.map) else { return self.pool_missing() };
        self.pool = pool_id;
        self.pool_state = if base.has_flag(PoolFlags::FULL) { PoolState::Full } else { PoolState::Usable };
        let raw = self.raw_pg(oid, oloc, pool);
        self.pool_ever_existed = true;
        let unpaused = self.look_at_pauses(view);
        let actual = raw_pg_to_pg(pool, raw);
        let osds = view.cache.pg_to_up_acting_osds(view.map, actual).unwrap_or_default();
        let new = Interval::new(view.map, pool, osds);
        let change = self.compare(raw, &new, forced);
        if change.is_any() {
            let shard = get_primary_shard(view.map, pool, actual, &new.osds, OFFERED);
            self.adopt(raw, shard, new);
        }
        let osds_expect_it = || {
            let features = || view.map.get_xinfo(self.osd).map(|xinfo| xinfo.features);
            view.map.require_osd_release >= Release::LUMINOUS
                || features().is_some_and(|features| features.has(Features::RESEND_ON_SPLIT))
        };
        if change.moved || unpaused || change.forced || (change.split && osds_expect_it()) {
            Recalc::NeedResend
        } else {
            Recalc::NoAction
        }
    }

    /// No such pool in this map: the op has nowhere to go.
    fn pool_missing(&mut self) -> Recalc {
        self.pool_state = PoolState::Missing;
        self.osd = NOBODY;
        self.pgid = None;
        Recalc::PoolDne
    }

    /// Whether the pool asks in this very epoch for all ops to be sent again.
    fn force_resend(&mut self, pool: &PgPool) -> bool {
        if self.epoch != pool.last_force_op_resend {
            return false;
        }
        if self.last_force_resend < self.epoch {
            self.last_force_resend = self.epoch;
            return true;
        }
        self.last_force_resend == Epoch(0)
    }

    /// The pool that serves this one: itself, or a cache tier in front of it.
    fn tier<'m>(&self, id: PoolId, base: &'m PgPool, map: &'m OSDMap) -> Option<(PoolId, &'m PgPool)> {
        let mut target = id;
        if !self.flags.has(OsdFlags::IGNORE_OVERLAY) {
            if self.flags.has(OsdFlags::READ) && base.has_read_tier() {
                target = base.read_tier;
            }
            if self.flags.has(OsdFlags::WRITE) && base.has_write_tier() {
                target = base.write_tier;
            }
        }
        if target == id { Some((id, base)) } else { map.get_pg_pool(target).map(|pool| (target, &**pool)) }
    }

    /// The hash of the object in its pool, made once (`object_locator_to_pg`).
    fn raw_pg(&mut self, oid: &[u8], oloc: &ObjectLocator, pool: &PgPool) -> PgId {
        if let Some(raw) = self.raw.filter(|raw| raw.pool == self.pool) {
            return raw;
        }
        let seed = match self.subject {
            Subject::Group(pgid) => pgid.seed,
            Subject::Object => u32::try_from(oloc.hash).unwrap_or_else(|_| {
                hash_key(pool, if oloc.key.is_empty() { oid } else { &oloc.key }, &oloc.nspace)
            }),
        };
        let raw = PgId { pool: self.pool, seed };
        self.raw = Some(raw);
        raw
    }

    /// Notes whether the op is paused; true where it was and is no more.
    fn look_at_pauses(&mut self, view: &View<'_>) -> bool {
        let was = self.paused;
        self.paused = pause(self.traits(), self.pool_state, view.state, view.barrier).is_some();
        was && !self.paused
    }

    /// What has changed for the op since it was sent, or was to be.
    fn compare(&self, raw: PgId, new: &Interval, forced: bool) -> Change {
        let Some(old) = &self.interval else { return Change { moved: true, ..Change::default() } };
        let moved = self.pgid != Some(raw);
        if *old == *new {
            return Change { moved, split: false, forced };
        }
        let was = PgId { seed: fold(raw.seed, old.pg_num), ..raw };
        Change {
            moved: moved || is_pg_changed(&old.osds, &new.osds, self.any_change),
            split: is_split_or_merge(was, old.pg_num, new.pg_num),
            forced: forced || (self.any_change && is_new_interval(old, new, was)),
        }
    }

    fn adopt(&mut self, raw: PgId, actual: SpgId, new: Interval) {
        self.pgid = Some(raw);
        self.osd = new.osds.acting_primary.unwrap_or(NOBODY);
        self.actual_pgid = actual;
        self.interval = Some(new);
    }
}

/// What has changed for an op.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    /// Another group or another primary (`legacy_change`).
    moved: bool,
    /// Its group was split or merged.
    split: bool,
    /// It has to be sent again in any case.
    forced: bool,
}

impl Change {
    const fn is_any(self) -> bool {
        self.moved || self.split || self.forced
    }
}

/// The group that a hash fell into when there were `pg_num` of them.
const fn fold(hash: u32, pg_num: u32) -> u32 {
    let mask = if pg_num < 2 { 0 } else { u32::MAX >> (pg_num - 1).leading_zeros() };
    ceph_stable_mod(hash, pg_num, mask)
}
