//! What one client has under way.

use std::collections::VecDeque;
use std::time::Instant;

use loligo_msgr::Connection;
use loligo_wire::Tid;

use super::histogram::Histogram;

/// The messages of one client: which to send next, and which answer is due.
#[derive(Debug)]
pub(super) struct Window {
    depth: usize,
    ios: u64,
    /// The transaction of the next message; they count from 1.
    next: u64,
    /// Sent and not answered, in order.
    under_way: VecDeque<(Tid, Instant)>,
    /// How many of those, from the first on, are sent in a stream that is over.
    lost: usize,
    connection: Option<Connection>,
    pub(super) told: Told,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) answered: u64,
    /// Answers that came before one that was due.
    pub(super) out_of_order: u64,
    /// Answers to what was not asked, or answered before.
    pub(super) unasked: u64,
    /// Connections that died.
    pub(super) resets: u64,
    /// Sessions that the server began anew.
    pub(super) remote_resets: u64,
    /// Times that a connection stood.
    pub(super) connects: u64,
    /// Messages that were sent again.
    pub(super) resent: u64,
    pub(super) latency: Histogram,
}

impl Window {
    /// So many messages at once, so many in all.
    pub(super) fn new(depth: usize, ios: u64) -> Self {
        let under_way = VecDeque::with_capacity(depth);
        Self { depth, ios, next: 1, under_way, lost: 0, connection: None, told: Told::default() }
    }

    /// What to send now, if anything.
    pub(super) fn next(&mut self) -> Option<(Connection, Tid)> {
        let connection = self.connection.clone()?;
        if self.lost > 0 {
            let (tid, _) = self.under_way.get(self.under_way.len().checked_sub(self.lost)?)?;
            self.lost -= 1;
            self.told.resent += 1;
            return Some((connection, *tid));
        }
        if self.under_way.len() >= self.depth || self.next > self.ios {
            return None;
        }
        let tid = Tid(self.next);
        self.next += 1;
        self.under_way.push_back((tid, Instant::now()));
        Some((connection, tid))
    }

    /// An answer came by a connection. One of an older connection would be a fault of the messenger's.
    pub(super) fn answered(&mut self, connection: &Connection, tid: Tid) {
        let place = self.under_way.iter().position(|(due, _)| *due == tid);
        let is_ours = self.connection.as_ref() == Some(connection);
        let Some((place, (_, sent))) =
            place.filter(|_| is_ours).and_then(|at| Some((at, self.under_way.remove(at)?)))
        else {
            self.told.unasked += 1;
            return;
        };
        self.told.answered += 1;
        self.told.out_of_order += u64::from(place > 0);
        self.told.latency.add(sent.elapsed());
    }

    /// All that is under way goes by this connection from now on, once more.
    pub(super) fn reconnected(&mut self, connection: Connection) {
        self.lost = self.under_way.len();
        self.connection = Some(connection);
    }

    /// The connection that is used, if any.
    pub(super) const fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// The server has begun the session anew: what it had not acknowledged is gone.
    pub(super) fn begun_anew(&mut self) {
        self.told.remote_resets += 1;
        self.lost = self.under_way.len();
    }

    /// Whether every message is answered.
    pub(super) fn is_done(&self) -> bool {
        self.next > self.ios && self.under_way.is_empty()
    }
}
