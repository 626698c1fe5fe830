//! From the steps of the protocol to the events of a pipe.

use loligo_base::Now;

use super::{Life, Pipe, PipeEvent, THROTTLE_RETRY};
use crate::protocol::{Protocol, Step};
use crate::{Fault, Peer};

impl Pipe {
    /// Parses what the stage holds.
    pub(super) fn parse(&mut self, now: Now) {
        loop {
            let step = self.with_protocol(now, Protocol::step);
            if !self.take_step(now, step) {
                break;
            }
        }
        self.stall.look(now.mono, self.protocol.reading(), self.config.options.message_stall_timeout);
    }

    /// Takes the outcome of a step; says whether to go on.
    pub(super) fn take_step(&mut self, now: Now, step: Result<Step, Fault>) -> bool {
        match step {
            Ok(Step::Again) => return true,
            Ok(Step::Message(arrived)) => {
                self.events.push_back(PipeEvent::Message(arrived));
                return true;
            }
            Ok(Step::Opened(peer)) => {
                self.opened(peer);
                return true;
            }
            Ok(Step::NeedBytes) => {}
            Ok(Step::Ask(ask)) => {
                self.asking = true;
                self.events.push_back(PipeEvent::Asked(ask));
            }
            Ok(Step::Throttled) => self.throttled_until = Some(now.mono + THROTTLE_RETRY),
            Err(fault) => self.die(fault),
        }
        false
    }

    fn opened(&mut self, peer: Peer) {
        self.life = Life::Open;
        let event = if self.is_accepted { PipeEvent::Accepted(peer) } else { PipeEvent::Connected(peer) };
        self.events.push_back(event);
    }
}
