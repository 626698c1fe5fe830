//! Links to OSDs: `get_session`, `close_session`, `_reopen_session` and the homeless session.

use alloc::collections::BTreeSet;
use core::time::Duration;

use loligo_base::{Mono, Now, never};
use loligo_wire::{EntityAddrVec, OsdId, Tid};

use crate::Objecter;
use crate::backoff::Backoffs;
use crate::io::{Output, SessionId};
use crate::ops::{Home, State};
use crate::timeouts::{SHORTEST, Timer};

/// Whether messages may be handed to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The handshake is under way; what is sent waits for it.
    Opening,
    /// The handshake is done.
    Open,
    /// The OSD could not be reached; its address is tried again when the timer fires.
    Waiting,
}

/// The link to one OSD, and the ops that are assigned to it: `OSDSession`.
#[derive(Debug)]
pub(crate) struct OsdSession {
    pub(crate) incarnation: u64,
    pub(crate) addrs: EntityAddrVec,
    pub(crate) link: Link,
    /// How long to wait after the next failure to reach the OSD.
    pub(crate) retry_after: Duration,
    /// It was opened again already since it last brought something that could be used.
    pub(crate) barren: bool,
    pub(crate) ops: BTreeSet<Tid>,
    pub(crate) backoffs: Backoffs,
}

impl<C> Objecter<C> {
    /// Makes sure that there is a session with an OSD (`get_session`).
    pub(crate) fn get_session(&mut self, osd: OsdId) {
        if self.sessions.contains_key(&osd) {
            return;
        }
        let incarnation = self.next_incarnation();
        let addrs = self.map.get_addrs(osd).clone();
        self.outputs
            .push_back(Output::OpenSession { session: SessionId { osd, incarnation }, addrs: addrs.clone() });
        let session = OsdSession {
            incarnation,
            addrs,
            link: Link::Opening,
            retry_after: self.options.ms_initial_backoff,
            barren: false,
            ops: BTreeSet::new(),
            backoffs: Backoffs::default(),
        };
        self.sessions.insert(osd, session);
    }

    fn next_incarnation(&mut self) -> u64 {
        self.last_incarnation = self.last_incarnation.saturating_add(1);
        self.last_incarnation
    }

    /// Whether that is the link to its OSD now, and not an earlier one.
    pub(crate) fn is_current(&self, session: SessionId) -> bool {
        self.sessions.get(&session.osd).is_some_and(|s| s.incarnation == session.incarnation)
    }

    /// Moves an op to a session (`_session_op_assign`, `_session_op_remove`).
    pub(crate) fn session_op_assign(&mut self, tid: Tid, home: Home) {
        let Some(row) = self.ops.get_mut(tid) else { return };
        let old = core::mem::replace(&mut row.home, home);
        if old == home {
            return;
        }
        self.index(old).map(|ops| ops.remove(&tid));
        if home != Home::Nowhere {
            let missing = self.index(home).map(|ops| ops.insert(tid)).is_none();
            never!(missing, "an op is assigned to a session that is not there");
        }
    }

    fn index(&mut self, home: Home) -> Option<&mut BTreeSet<Tid>> {
        match home {
            Home::Nowhere => None,
            Home::Homeless => Some(&mut self.homeless),
            Home::Osd(osd) => self.sessions.get_mut(&osd).map(|session| &mut session.ops),
        }
    }

    /// The OSD is down or has moved: the link is given up, and its ops are homeless until they are looked at again
    /// (`close_session`). Gives those ops.
    pub(crate) fn close_session(&mut self, osd: OsdId) -> BTreeSet<Tid> {
        let Some(session) = self.sessions.remove(&osd) else { return BTreeSet::new() };
        self.timers.cancel(&Timer::Reopen(osd));
        if session.link != Link::Waiting {
            self.outputs.push_back(Output::CloseSession(SessionId { osd, incarnation: session.incarnation }));
        }
        for tid in &session.ops {
            if let Some(row) = self.ops.get_mut(*tid) {
                row.home = Home::Homeless;
                row.state = State::Resolve;
            }
            self.homeless.insert(*tid);
        }
        session.ops
    }

    /// Closes the sessions whose OSD is down in the newest map, or has other addresses now. Gives their ops.
    pub(crate) fn close_stale_sessions(&mut self) -> BTreeSet<Tid> {
        let stale = |(osd, session): &(&OsdId, &OsdSession)| {
            !self.map.is_up(**osd) || session.addrs != *self.map.get_addrs(**osd)
        };
        let osds: alloc::vec::Vec<OsdId> = self.sessions.iter().filter(stale).map(|(osd, _)| *osd).collect();
        osds.into_iter().flat_map(|osd| self.close_session(osd)).collect()
    }

    pub(crate) fn handle_session_opened(&mut self, session: SessionId) {
        if let Some(found) =
            self.sessions.get_mut(&session.osd).filter(|s| s.incarnation == session.incarnation)
        {
            found.link = Link::Open;
        }
    }

    /// The OSD said something that could be used: when the link dies, it is worth to open it at once.
    pub(crate) fn link_is_of_use(&mut self, osd: OsdId) {
        if let Some(found) = self.sessions.get_mut(&osd) {
            found.barren = false;
            found.retry_after = self.options.ms_initial_backoff;
        }
    }

    /// The link died (`ms_handle_reset`): it is opened anew, and its ops are sent again in the order of their
    /// submission. An OSD that could not even be reached, or by two links in a row said nothing that could be used, is tried
    /// again after a while, which doubles each time.
    pub(crate) fn handle_session_reset(&mut self, now: Now, session: SessionId) {
        if !self.is_current(session) {
            return;
        }
        let Some(found) = self.sessions.get_mut(&session.osd) else { return };
        found.backoffs = Backoffs::default();
        let at_once = found.link == Link::Open && !found.barren;
        found.link = Link::Waiting;
        if at_once {
            found.barren = true;
            self.reopen_session(now, session.osd);
        } else {
            let delay = found.retry_after.max(SHORTEST);
            found.retry_after = delay.saturating_mul(2).min(self.options.ms_max_backoff);
            self.timers.set(Timer::Reopen(session.osd), now.mono + delay);
            self.kick_requests(now, session.osd);
        }
        self.maybe_request_map();
    }

    /// Opens a link to the OSD again and sends its ops again (`_reopen_session`). A session without ops is forgotten
    /// instead: the next op opens it.
    pub(crate) fn reopen_session(&mut self, now: Now, osd: OsdId) {
        let incarnation = self.next_incarnation();
        let Some(session) = self.sessions.get_mut(&osd) else { return };
        if session.ops.is_empty() {
            self.sessions.remove(&osd);
            return;
        }
        session.incarnation = incarnation;
        session.link = Link::Opening;
        let output =
            Output::OpenSession { session: SessionId { osd, incarnation }, addrs: session.addrs.clone() };
        self.outputs.push_back(output);
        self.kick_requests(now, osd);
    }

    /// Looks at all ops of a session anew, in the order of their submission (`_kick_requests`).
    fn kick_requests(&mut self, now: Now, osd: OsdId) {
        let Some(session) = self.sessions.get(&osd) else { return };
        let ops: alloc::vec::Vec<Tid> = session.ops.iter().copied().collect();
        for tid in ops {
            self.recalc(now, tid);
        }
    }

    /// The ops under way on each session for longer than `objecter_timeout`, as the sessions that have one.
    pub(crate) fn laggy_sessions(&self, now: Mono) -> alloc::vec::Vec<SessionId> {
        let limit = self.options.objecter_timeout;
        let laggy = |tid: &Tid| {
            self.ops.get(*tid).is_some_and(|row| {
                row.state == State::InFlight && row.sent.is_some_and(|(_, at)| at + limit < now)
            })
        };
        let sessions = self.sessions.iter().filter(|(_, session)| session.link == Link::Open);
        let of =
            |(osd, session): (&OsdId, &OsdSession)| SessionId { osd: *osd, incarnation: session.incarnation };
        sessions.filter(|(_, session)| session.ops.iter().any(laggy)).map(of).collect()
    }
}
