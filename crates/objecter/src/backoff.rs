//! Back-offs: what an OSD asked not to be sent.

use alloc::collections::BTreeMap;

use loligo_wire::types::{HObject, SpgId};

/// The most back-offs that one session may hold. An OSD uses one per placement group or blocked object; far more are a
/// fault of its, and the session is begun anew.
const BACKOFFS_MAX: usize = 1 << 14;

/// One back-off: the objects from `begin` up to but without `end`, or `begin` alone where both are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) pgid: SpgId,
    pub(crate) begin: HObject,
    pub(crate) end: HObject,
}

impl Backoff {
    /// Whether it covers the object (`contained_by`).
    pub(crate) fn covers(&self, pgid: SpgId, object: &HObject) -> bool {
        pgid == self.pgid && (*object == self.begin || (*object > self.begin && *object < self.end))
    }
}

/// The session holds more back-offs than any sane OSD asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// The back-offs of one session; they die with it.
///
/// Two may overlap: one of a whole group and one of an object in it. An object is free when none covers it, so they are
/// kept by their ids, and looked through as a list: there are seldom more than a few.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoffs {
    by_id: BTreeMap<u64, Backoff>,
}

impl Backoffs {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Holds a range until its id is unblocked.
    pub(crate) fn block(&mut self, id: u64, backoff: Backoff) -> Result<(), TooMany> {
        if self.by_id.len() >= BACKOFFS_MAX {
            return Err(TooMany);
        }
        self.by_id.insert(id, backoff);
        Ok(())
    }

    /// Frees the range of that id, whole, and gives it.
    pub(crate) fn unblock(&mut self, id: u64) -> Option<Backoff> {
        self.by_id.remove(&id)
    }

    /// Whether an object of a group may not be sent.
    pub(crate) fn cover(&self, pgid: SpgId, object: &HObject) -> bool {
        self.by_id.values().any(|backoff| backoff.covers(pgid, object))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use loligo_wire::PoolId;
    use loligo_wire::types::{PgId, SnapId};

    use super::*;

    fn object(hash: u32, name: &'static str) -> HObject {
        HObject::new(
            PoolId(1),
            Bytes::new(),
            Bytes::new(),
            Bytes::from_static(name.as_bytes()),
            SnapId::HEAD,
            hash,
        )
    }

    fn pg(seed: u32) -> SpgId {
        SpgId::whole(PgId::new(PoolId(1), seed))
    }

    #[test]
    fn a_range_ends_before_its_end_and_an_empty_one_is_its_begin() {
        let (a, b, c) = (object(1, "a"), object(1, "b"), object(1, "c"));
        let range = Backoff { pgid: pg(1), begin: a.clone(), end: c.clone() };
        assert!(range.covers(pg(1), &a) && range.covers(pg(1), &b));
        assert!(!range.covers(pg(1), &c));
        assert!(!range.covers(pg(2), &b), "another group");
        let one = Backoff { pgid: pg(1), begin: b.clone(), end: b.clone() };
        assert!(one.covers(pg(1), &b) && !one.covers(pg(1), &a) && !one.covers(pg(1), &c));
    }

    #[test]
    fn an_object_is_free_when_no_range_covers_it() {
        let (a, b) = (object(1, "a"), object(1, "b"));
        let mut backoffs = Backoffs::default();
        let whole = Backoff { pgid: pg(1), begin: HObject::boundary(PoolId(1), 1), end: HObject::MAX };
        backoffs.block(1, whole).unwrap();
        // Begins between the group's begin and the object: a lookup of the nearest begin alone would miss the group.
        backoffs.block(2, Backoff { pgid: pg(1), begin: a.clone(), end: a.clone() }).unwrap();
        assert!(backoffs.cover(pg(1), &b));
        assert!(backoffs.unblock(1).is_some());
        assert!(!backoffs.cover(pg(1), &b) && backoffs.cover(pg(1), &a));
        assert!(backoffs.unblock(1).is_none());
    }
}
