//! What all hosts share: time, dice, the network, and what is to happen.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use loligo_base::{Mono, Prng};
use loligo_client::Done;
use loligo_minicluster::BusMessage;
use loligo_wire::types::{HObject, ReqId, SpgId};
use loligo_wire::{Epoch, OsdId};

use crate::Canary;
use crate::event::{Event, Schedule};
use crate::ids::{HostId, LineId};
use crate::net::{Network, Weather};
use crate::trace::Trace;

/// Something that came out of a host.
#[derive(Debug)]
pub(crate) enum Told {
    /// A daemon says something to another.
    Bus(BusMessage),
    /// A client has something for its user.
    Client(u16, Done<u64>),
    /// An OSD took a request out of its inbox.
    Request(Request),
    /// What must not be.
    Wrong(String),
}

/// A request as an OSD saw it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) osd: OsdId,
    pub(crate) epoch: Epoch,
    pub(crate) pgid: SpgId,
    pub(crate) hobj: HObject,
    pub(crate) reqid: ReqId,
    pub(crate) attempt: i32,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reqid, pgid, epoch, attempt, .. } = self;
        write!(f, "{reqid} pg {pgid} epoch {epoch} attempt {attempt}")
    }
}

/// What all hosts share.
pub(crate) struct Core {
    pub(crate) now: Mono,
    pub(crate) prng: Prng,
    pub(crate) schedule: Schedule,
    pub(crate) net: Network,
    pub(crate) told: VecDeque<Told>,
    pub(crate) trace: Trace,
    pub(crate) canary: Option<Canary>,
    /// The longest time that a move within a host takes.
    local: Duration,
}

impl Core {
    pub(crate) fn new(prng: Prng, weather: Weather, local: Duration, trace: Trace) -> Self {
        Self {
            now: Mono::ZERO,
            prng,
            schedule: Schedule::default(),
            net: Network::new(weather),
            told: VecDeque::new(),
            trace,
            canary: None,
            local,
        }
    }

    /// Draws a time up to `most`.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_nanos(self.prng.below(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX)))
    }

    pub(crate) fn at(&mut self, at: Mono, event: Event) {
        self.schedule.at(&mut self.prng, at.max(self.now), event);
    }

    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.at(self.now + delay, event);
    }

    /// Lets a mailbox move, soon.
    pub(crate) fn soon(&mut self, event: Event) {
        let delay = self.up_to(self.local);
        self.after(delay, event);
    }

    pub(crate) fn dial(&mut self, host: HostId, to: SocketAddr) -> LineId {
        self.net.dial(self.now, &mut self.prng, &mut self.schedule, host, to)
    }

    pub(crate) fn answer(&mut self, line: LineId, by: Option<HostId>) {
        self.net.answer(self.now, &mut self.prng, &mut self.schedule, line, by);
    }

    pub(crate) fn write(&mut self, line: LineId, bytes: Vec<u8>) {
        self.trace.bytes(&bytes);
        self.net.write(self.now, &mut self.prng, &mut self.schedule, line, bytes);
    }

    pub(crate) fn hang_up(&mut self, line: LineId, silently: bool) {
        self.net.hang_up(self.now, &mut self.prng, &mut self.schedule, line, silently);
    }

    pub(crate) fn cut_any_stream(&mut self) {
        if let Some(line) = self.net.any_stream(&mut self.prng) {
            self.net.cut(self.now, &mut self.prng, &mut self.schedule, line);
        }
    }
}
