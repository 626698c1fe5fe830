//! What the daemons say to one another: in order from each to each, as late as drawn.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use loligo_base::Mono;
use loligo_minicluster::{BusMessage, Daemon, MonCall, OsdCall};

use super::World;
use crate::event::Event;
use crate::host::Host;

/// How long what is said to the monitor waits for it to be back.
const MON_RETRY: Duration = Duration::from_millis(50);

/// What is on its way.
#[derive(Debug, Default)]
pub(super) struct Bus(BTreeMap<(Daemon, Daemon), Way>);

#[derive(Debug, Default)]
struct Way {
    /// With the life of the receiver that it is meant for.
    messages: VecDeque<(u64, BusMessage)>,
    last: Mono,
}

impl Bus {
    /// Whether nothing is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        self.0.values().all(|way| way.messages.is_empty())
    }
}

impl World {
    fn life(&self, daemon: Daemon) -> u64 {
        match daemon {
            // The monitor keeps what it was told: daemons repeat what it has not heard.
            Daemon::Mon => 0,
            Daemon::Osd(osd) => self.osd(osd).map_or(0, |host| host.life),
        }
    }

    pub(super) fn carry(&mut self, message: BusMessage) {
        let delay = self.core.net.weather.delay(&mut self.core.prng);
        let key = (message.from, message.to);
        let life = self.life(message.to);
        let way = self.bus.0.entry(key).or_default();
        way.last = way.last.max(self.core.now + delay);
        way.messages.push_back((life, message));
        let at = way.last;
        self.core.at(at, Event::Bus(key.0, key.1));
    }

    pub(super) fn bus_arrives(&mut self, from: Daemon, to: Daemon) {
        if to == Daemon::Mon && !self.mon.is_up() {
            return self.core.after(MON_RETRY, Event::Bus(from, to));
        }
        let message = self.bus.0.get_mut(&(from, to)).and_then(|way| way.messages.pop_front());
        let Some((life, message)) = message else { return };
        let now = self.core.now;
        self.core.trace.say(now, format_args!("  {message}"));
        match to {
            Daemon::Mon => self.mon.call(&mut self.core, MonCall::Bus(message)),
            Daemon::Osd(osd) => {
                let index = usize::try_from(osd.0).unwrap_or(usize::MAX);
                if let Some(host) = self.osds.get_mut(index).filter(|host| host.is_up() && host.life == life)
                {
                    host.call(&mut self.core, OsdCall::Bus(message));
                }
            }
        }
    }
}
