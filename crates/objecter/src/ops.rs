//! The table of ops: one row each, from submission to completion.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use core::ops::Bound;

use loligo_base::Mono;
use loligo_wire::message::MOSDOp;
use loligo_wire::types::{HObject, ObjectLocator, OsdFlags, RequestRedirect};
use loligo_wire::{Epoch, OsdId, PoolId, Tid};

use crate::gate::{Reason, Traits};
use crate::io::SessionId;
use crate::target::Target;
use crate::throttle::Cost;

/// Where an op is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being looked at. No row is left so when an input was handled.
    Resolve,
    /// It waits.
    Held(Reason),
    /// It was sent by the link of the session that it is assigned to.
    InFlight,
}

/// The session that an op is assigned to (`op->session`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// None yet: it waits for its budget.
    Nowhere,
    /// The homeless session: no OSD serves it.
    Homeless,
    /// The session of that OSD.
    Osd(OsdId),
}

/// One op.
#[derive(Debug)]
pub(crate) struct Row<C> {
    /// What the caller gets back.
    pub(crate) token: C,
    /// The op as it is sent. Shared with what was sent last, so that the first sending copies nothing.
    pub(crate) message: Arc<MOSDOp>,
    /// The locator that the caller gave, or that of a redirect.
    pub(crate) oloc: ObjectLocator,
    /// The object that the caller named, where a redirect led to another.
    pub(crate) redirected_from: Option<Box<HObject>>,
    /// The tid on the wire; another than the row's key once the op was redirected or refused with `EAGAIN`.
    pub(crate) wire_tid: Tid,
    /// Whether it needs a new tid before it is sent for the first time, as an earlier op on its object took one.
    pub(crate) renumber: bool,
    pub(crate) target: Target,
    pub(crate) state: State,
    pub(crate) home: Home,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// By which link it was sent last, and when.
    pub(crate) sent: Option<(SessionId, Mono)>,
    /// What it takes from the budgets.
    pub(crate) cost: Cost,
    /// Once the map has this epoch and still no such pool, there is none (`map_dne_bound`).
    pub(crate) map_dne_bound: Option<Epoch>,
}

impl<C> Row<C> {
    /// Whether it may have run.
    pub(crate) const fn was_sent(&self) -> bool {
        self.attempts > 0
    }

    /// What it waits for, if so.
    pub(crate) const fn held(&self) -> Option<Reason> {
        match self.state {
            State::Held(reason) => Some(reason),
            State::InFlight | State::Resolve => None,
        }
    }

    /// Whether its budget was taken.
    pub(crate) fn is_admitted(&self) -> bool {
        self.state != State::Held(Reason::Budget)
    }

    pub(crate) const fn traits(&self) -> Traits {
        self.target.traits()
    }

    /// Puts where the target is into the message.
    pub(crate) fn follow_target(&mut self) {
        let (pool, hash) = (self.target.pool, self.target.hash());
        if (self.message.hobj.pool, self.message.hobj.hash) != (pool, hash) {
            let message = Arc::make_mut(&mut self.message);
            message.hobj.pool = pool;
            message.hobj.hash = hash;
        }
    }

    /// Another locator, and perhaps another name, is to be used from now on.
    pub(crate) fn redirect(&mut self, redirect: RequestRedirect) {
        let message = Arc::make_mut(&mut self.message);
        let named = HObject { pool: self.oloc.pool, ..message.hobj.clone() };
        self.redirected_from.get_or_insert_with(|| Box::new(named));
        if !redirect.locator.is_empty() {
            self.oloc = redirect.locator;
        }
        let oid = if redirect.object.is_empty() { message.hobj.oid.clone() } else { redirect.object };
        let (nspace, key) = (self.oloc.nspace.clone(), self.oloc.key.clone());
        message.hobj = HObject::new(self.oloc.pool, nspace, key, oid, message.hobj.snap, message.hobj.hash);
    }

    /// The message of the next attempt.
    pub(crate) fn prepare(&mut self, epoch: Epoch) -> Arc<MOSDOp> {
        let message = Arc::make_mut(&mut self.message);
        message.pgid = self.target.actual_pgid;
        message.osdmap_epoch = epoch;
        message.flags = self.target.flags;
        if self.attempts > 0 {
            message.flags |= OsdFlags::RETRY;
        }
        message.retry_attempt = i32::try_from(self.attempts).unwrap_or(i32::MAX);
        self.attempts = self.attempts.saturating_add(1);
        Arc::clone(&self.message)
    }

    /// The object that the caller named, and its pool: the message may name a tier's.
    fn named(&self) -> (PoolId, &HObject) {
        match self.redirected_from.as_deref() {
            Some(object) => (object.pool, object),
            None => (self.oloc.pool, &self.message.hobj),
        }
    }

    /// Whether both are about the same object. Ops on whole groups are about none.
    fn is_same_object(&self, other: &Self) -> bool {
        let ((pool, a), (other_pool, b)) = (self.named(), other.named());
        self.target.is_object()
            && other.target.is_object()
            && pool == other_pool
            && a.oid == b.oid
            && a.nspace == b.nspace
            && a.key == b.key
    }
}

/// All ops, by the tid that they were submitted under: in the order of submission.
#[derive(Debug)]
pub(crate) struct Ops<C> {
    /// A row is some hundred bytes: in boxes, so that those behind one that ends need not be moved.
    rows: BTreeMap<Tid, Box<Row<C>>>,
    /// The keys of the rows that have another tid on the wire, by that.
    renamed: BTreeMap<Tid, Tid>,
    /// Those of them that were sent before under their old tid: later ops on the same object wait for them.
    retried: BTreeSet<Tid>,
}

impl<C> Ops<C> {
    pub(crate) const fn new() -> Self {
        Self { rows: BTreeMap::new(), renamed: BTreeMap::new(), retried: BTreeSet::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn insert(&mut self, tid: Tid, row: Row<C>) {
        self.rows.insert(tid, Box::new(row));
    }

    pub(crate) fn get(&self, tid: Tid) -> Option<&Row<C>> {
        self.rows.get(&tid).map(AsRef::as_ref)
    }

    pub(crate) fn get_mut(&mut self, tid: Tid) -> Option<&mut Row<C>> {
        self.rows.get_mut(&tid).map(AsMut::as_mut)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Tid, &Row<C>)> {
        self.rows.iter().map(|(tid, row)| (*tid, row.as_ref()))
    }

    /// Takes a row out; says whether later ops on its object may have waited for it.
    pub(crate) fn remove(&mut self, tid: Tid) -> Option<(Row<C>, bool)> {
        let row = self.rows.remove(&tid)?;
        if row.wire_tid != tid {
            self.renamed.remove(&row.wire_tid);
        }
        let awaited = self.retried.remove(&tid);
        Some((*row, awaited))
    }

    /// The key of the row that has this tid on the wire.
    pub(crate) fn key_of(&self, wire_tid: Tid) -> Option<Tid> {
        match self.rows.get(&wire_tid) {
            Some(row) => (row.wire_tid == wire_tid).then_some(wire_tid),
            None => self.renamed.get(&wire_tid).copied(),
        }
    }

    /// Gives a row a new tid on the wire. Later ops on the same object that were not sent yet will need one too, so
    /// that the OSD sees the tids of an object rise.
    pub(crate) fn rename(&mut self, tid: Tid, new: Tid) {
        let Some(row) = self.rows.get_mut(&tid) else { return };
        let old = core::mem::replace(&mut row.wire_tid, new);
        row.renumber = false;
        self.renamed.remove(&old);
        self.renamed.insert(new, tid);
        let Some(row) = self.rows.get(&tid) else { return };
        let later = self.rows.range((Bound::Excluded(tid), Bound::Unbounded));
        let unsent = later.filter(|(_, other)| !other.was_sent() && other.is_same_object(row));
        let keys: alloc::vec::Vec<Tid> = unsent.map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(row) = self.rows.get_mut(&key) {
                row.renumber = true;
            }
        }
    }

    /// Later ops on the same object wait for this one from now on.
    pub(crate) fn mark_retried(&mut self, tid: Tid) {
        self.retried.insert(tid);
    }

    /// Whether an earlier op on the same object was sent under a tid that is void now, and is not done yet.
    pub(crate) fn is_behind(&self, tid: Tid) -> bool {
        if self.retried.is_empty() {
            return false;
        }
        let Some(row) = self.rows.get(&tid) else { return false };
        let mut earlier = self.retried.range(..tid);
        earlier.any(|key| self.rows.get(key).is_some_and(|other| other.is_same_object(row)))
    }
}
