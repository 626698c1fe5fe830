//! What can happen next, and when.

use std::collections::BTreeMap;

use loligo_base::{Mono, Prng};
use loligo_minicluster::Daemon;

use crate::fault::Fault;
use crate::ids::{HostId, LineId};

/// Something that moves the world one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// An endpoint takes one input of its inbox.
    Inbox(HostId),
    /// The timer of an endpoint is due.
    Wake(HostId),
    /// A pipe writes into its stream.
    Flush(HostId, LineId),
    /// A pipe reads what arrived.
    Read(HostId, LineId),
    /// One event of a pipe goes up.
    Pump(HostId, LineId),
    /// The timer of a pipe is due.
    PipeTimer(HostId, LineId),
    /// A call reaches the host that is called.
    Ring(LineId),
    /// The caller learns what became of its call: taken or refused.
    Dialled(LineId, bool),
    /// The first of what is in flight to this end arrives.
    Arrive(LineId),
    /// This end sees that its stream was cut.
    Cut(LineId),
    /// The first of what one daemon said to another arrives.
    Bus(Daemon, Daemon),
    /// A client does something.
    Work(u16),
    /// A client gives up one of its calls.
    Cancel(u16, u64),
    /// Something goes wrong, or ends to.
    Fault(Fault),
    /// Faults are drawn from now on, one after another.
    Trouble,
    /// No more faults: everything is put right.
    Heal,
    /// A look at whether everything has come to an end.
    Look,
}

/// What is to happen, in the order of time; what falls on the same time happens in an order that is drawn.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    events: BTreeMap<(Mono, u64, u64), Event>,
    count: u64,
}

impl Schedule {
    pub(crate) fn at(&mut self, prng: &mut Prng, at: Mono, event: Event) {
        self.count += 1;
        self.events.insert((at, prng.next_u64(), self.count), event);
    }

    /// Takes what happens next.
    pub(crate) fn pop(&mut self) -> Option<(Mono, Event)> {
        self.events.pop_first().map(|((at, ..), event)| (at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_first_and_the_seed_decides_the_rest() {
        let order = |seed| {
            let (mut schedule, mut prng) = (Schedule::default(), Prng::new(seed));
            schedule.at(&mut prng, Mono::from_nanos(9), Event::Heal);
            for n in 0..8 {
                schedule.at(&mut prng, Mono::from_nanos(5), Event::Work(n));
            }
            std::iter::from_fn(|| schedule.pop()).map(|(_, event)| event).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).last(), Some(&Event::Heal));
    }
}
