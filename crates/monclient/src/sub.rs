//! What the monitor is asked to tell us: `MonSub`.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

/// One subscription: `ceph_mon_subscribe_item`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    /// The first version wanted.
    pub(crate) start: u64,
    /// Whether one answer ends it (`CEPH_SUBSCRIBE_ONETIME`).
    pub(crate) onetime: bool,
}

/// The subscriptions of a client: those that the monitor knows, and those that it is still to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct MonSub {
    sent: BTreeMap<String, Want>,
    new: BTreeMap<String, Want>,
}

impl MonSub {
    /// Asks for `what` from version `start`. False where that is asked already.
    pub(crate) fn want(&mut self, what: &str, want: Want) -> bool {
        if self.new.get(what) == Some(&want) || self.sent.get(what) == Some(&want) {
            return false;
        }
        self.new.insert(what.to_string(), want);
        true
    }

    /// As [`Self::want`], but never takes a version back. False where as much is asked already.
    pub(crate) fn inc_want(&mut self, what: &str, want: Want) -> bool {
        let known = self.new.get(what).or_else(|| self.sent.get(what));
        if known.is_some_and(|known| known.start >= want.start) {
            return false;
        }
        self.new.insert(what.to_string(), want);
        true
    }

    /// Does not ask for `what` any more. The monitor is not told: it goes on until the session ends.
    pub(crate) fn unwant(&mut self, what: &str) {
        self.sent.remove(what);
        self.new.remove(what);
    }

    /// Version `have` of `what` arrived.
    pub(crate) fn got(&mut self, what: &str, have: u64) {
        let table = if self.new.contains_key(what) { &mut self.new } else { &mut self.sent };
        let Some(want) = table.get_mut(what).filter(|want| want.start <= have) else {
            return;
        };
        if want.onetime {
            table.remove(what);
        } else {
            want.start = have.saturating_add(1);
        }
    }

    /// The session is a new one: all is to be asked again. Says whether there is anything.
    pub(crate) fn reload(&mut self) -> bool {
        for (what, want) in &self.sent {
            self.new.entry(what.clone()).or_insert(*want);
        }
        self.have_new()
    }

    /// Whether the monitor is still to be told something.
    pub(crate) fn have_new(&self) -> bool {
        !self.new.is_empty()
    }

    /// What to tell the monitor now; it counts as told.
    pub(crate) fn renew(&mut self) -> BTreeMap<String, Want> {
        let told = core::mem::take(&mut self.new);
        self.sent.extend(told.iter().map(|(what, want)| (what.clone(), *want)));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(start: u64) -> Want {
        Want { start, onetime: false }
    }

    fn once(start: u64) -> Want {
        Want { start, onetime: true }
    }

    #[test]
    fn a_continuous_subscription_moves_on_and_is_reloaded_where_it_stands() {
        let mut sub = MonSub::default();
        assert!(sub.want("osdmap", from(0)));
        assert!(!sub.want("osdmap", from(0)));
        assert_eq!(sub.renew().get("osdmap"), Some(&from(0)));
        assert!(!sub.have_new());
        assert!(!sub.want("osdmap", from(0)));
        sub.got("osdmap", 7);
        sub.got("osdmap", 5);
        assert!(sub.reload());
        assert_eq!(sub.renew().get("osdmap"), Some(&from(8)));
    }

    #[test]
    fn a_onetime_subscription_ends_with_its_version_and_not_before() {
        let mut sub = MonSub::default();
        assert!(sub.want("osdmap", once(12)));
        sub.renew();
        sub.got("osdmap", 11);
        assert!(sub.reload());
        sub.renew();
        sub.got("osdmap", 12);
        assert!(!sub.reload());
    }

    #[test]
    fn inc_want_never_goes_back() {
        let mut sub = MonSub::default();
        assert!(sub.inc_want("mgrmap", from(4)));
        assert!(!sub.inc_want("mgrmap", from(3)));
        sub.renew();
        assert!(!sub.inc_want("mgrmap", from(4)));
        assert!(sub.inc_want("mgrmap", from(5)));
        sub.unwant("mgrmap");
        assert!(!sub.reload());
    }
}
