//! Which reactor each line is at home at.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::remote::{Remote, Seat};
use crate::transport::Line;

/// The ways to all reactors; lines are spread over them in turn.
pub(super) struct Homes {
    remotes: Vec<Arc<Remote>>,
    next: AtomicUsize,
}

impl Homes {
    pub(super) const fn new(remotes: Vec<Arc<Remote>>) -> Self {
        Self { remotes, next: AtomicUsize::new(0) }
    }

    pub(super) fn all(&self) -> &[Arc<Remote>] {
        &self.remotes
    }

    /// The reactor of a line, which is given one the first time, with what is kept of the line there.
    pub(super) fn of<'a>(&'a self, line: &'a Line) -> Option<(&'a Arc<Remote>, &'a Seat)> {
        let seat = line.seat(|| self.next_seat())?;
        Some((self.remotes.get(seat.home)?, seat))
    }

    fn next_seat(&self) -> Seat {
        let home = match self.remotes.len() {
            0 | 1 => 0,
            count => self.next.fetch_add(1, Ordering::Relaxed) % count,
        };
        Seat::new(home, self.remotes.get(home).map_or(0, |remote| remote.token()))
    }
}
