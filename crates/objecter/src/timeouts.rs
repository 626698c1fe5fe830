//! Deadlines of ops, the tick, and the reopening of sessions.

use core::time::Duration;

use loligo_base::Now;
use loligo_wire::{OsdId, Tid};

use crate::Objecter;
use crate::io::Output;
use crate::result::OpError;

/// The shortest time that a timer is set for, whatever the options say: it must not fire without end.
pub(crate) const SHORTEST: Duration = Duration::from_millis(10);

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The deadline of an op.
    Op(Tid),
    /// An OSD's address is tried again.
    Reopen(OsdId),
    /// Every session is looked at for laggy ops.
    Tick,
}

impl<C> Objecter<C> {
    pub(crate) fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_expired(now.mono) {
            match timer {
                Timer::Op(tid) => self.fail(tid, OpError::TimedOut { sent: false, held: None }),
                Timer::Reopen(osd) => self.reopen_session(now, osd),
                Timer::Tick => self.tick(now),
            }
        }
    }

    /// Keeps the tick going while something may have to be asked again. An idle Objecter sleeps.
    pub(crate) fn start_tick(&mut self, now: Now) {
        if !self.ticking {
            self.ticking = true;
            self.timers.set(Timer::Tick, now.mono + self.options.objecter_tick_interval.max(SHORTEST));
        }
    }

    /// Pings the OSDs that keep an op waiting, so that a dead link is noticed, and asks for a newer map, which may
    /// say that they are down (`tick`). What was asked in vain is asked again.
    fn tick(&mut self, now: Now) {
        self.ticking = false;
        self.maps.forgive();
        let needs_map = self.needs_map();
        if self.ops.is_empty() && !needs_map {
            return;
        }
        self.start_tick(now);
        let laggy = self.laggy_sessions(now.mono);
        if needs_map || !laggy.is_empty() {
            self.maybe_request_map();
        }
        self.outputs.extend(laggy.into_iter().map(Output::Ping));
    }
}
