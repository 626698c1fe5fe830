//! Where each call that has not ended is, for a cancellation.

use alloc::collections::BTreeMap;

use loligo_wire::Tid;

use crate::CallId;

/// Where a call is, and under which number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the Objecter.
    Op(Tid),
    /// In the monitor client.
    Request(Tid),
    /// Among those that wait for a map.
    Wait(u64),
}

/// The calls that have not ended, by their names. A caller may cancel thousands at once: none is searched for.
#[derive(Debug, Default)]
pub(crate) struct UnderWay(BTreeMap<CallId, Place>);

impl UnderWay {
    pub(crate) fn insert(&mut self, id: CallId, place: Place) {
        self.0.insert(id, place);
    }

    pub(crate) fn get(&self, id: CallId) -> Option<Place> {
        self.0.get(&id).copied()
    }

    /// The call has ended.
    pub(crate) fn remove(&mut self, id: CallId) {
        self.0.remove(&id);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
