//! What a test wants to happen at an item of a stream.

use std::collections::BTreeMap;
use std::time::Duration;

use loligo_base::Mono;
use loligo_msgr_proto::ConId;

use super::{HostId, StreamId};

/// Whether an end writes or reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Write,
    Read,
}

/// What happens to an end that is about to write or read an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Its stream breaks: what it has written before arrives, and then the end.
    Fail,
    /// Nothing moves on the stream any more, and nobody is told.
    Stop,
    /// It waits so long.
    Delay(Duration),
    /// It waits for [`super::World::release`].
    Hold,
    /// It reads [`Script::swap`] in its place, and nothing more until [`super::World::release`].
    Swap,
    /// Its stream breaks, as the other end sees; it does not know until [`super::World::release`].
    Stall,
}

/// At the `nth` item of that name that the host writes or reads, on whatever stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) host: HostId,
    pub(crate) way: Way,
    pub(crate) item: &'static str,
    pub(crate) nth: usize,
    pub(crate) act: Act,
}

/// An item that a host wrote or read, or was about to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logged {
    pub(crate) host: HostId,
    pub(crate) con: Option<ConId>,
    pub(crate) stream: StreamId,
    /// The host called.
    pub(crate) called: bool,
    pub(crate) way: Way,
    pub(crate) item: &'static str,
}

/// Until when an end waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Until(Mono),
    Released,
    Never,
}

/// The rules of a test, and what it saw.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) rules: Vec<Rule>,
    pub(crate) log: Vec<Logged>,
    /// How many rules have taken effect.
    pub(crate) struck: usize,
    /// What is read in place of an item.
    pub(crate) swap: Vec<u8>,
    /// The first item of each name that each end of a stream wrote; that of the caller is 0.
    pub(crate) first: BTreeMap<(usize, &'static str), Vec<u8>>,
}

impl Script {
    /// An end is about to write or read an item.
    pub(crate) fn at(&mut self, logged: Logged) -> Option<Act> {
        self.log.push(logged);
        let of = |rule: &Rule| {
            rule.host == logged.host && rule.way == logged.way && rule.item == logged.item && rule.nth > 0
        };
        let mut act = None;
        for rule in self.rules.iter_mut().filter(|rule| of(rule)) {
            rule.nth -= 1;
            if rule.nth == 0 {
                act = Some(rule.act);
                self.struck += 1;
            }
        }
        act
    }
}
