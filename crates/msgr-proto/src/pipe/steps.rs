//! From the steps of the protocol to the events of a pipe.

use loligo_base::Now;

use super::{Ask, Asking, Callee, Life, Pipe, PipeEvent, Progress, THROTTLE_RETRY};
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
                self.opened(now, peer);
                return true;
            }
            Ok(Step::NeedBytes) => {}
            Ok(Step::SessionReset { random }) => {
                self.reset_session(random);
                return true;
            }
            Ok(Step::Ask(ask)) => {
                let moves = matches!(ask, Ask::Session(_));
                self.asking = Some(if moves { Asking::Session } else { Asking::Any });
                self.events.push_back(PipeEvent::Asked(ask));
            }
            Ok(Step::Throttled) => self.throttled_until = Some(now.mono + THROTTLE_RETRY),
            Err(fault) => self.fault(now, fault),
        }
        false
    }

    fn opened(&mut self, now: Now, peer: Peer) {
        self.life = Life::Open;
        (self.was_open, self.is_known, self.replacing) = (true, true, false);
        self.last_read = now.mono;
        self.opened = Progress::of(&self.session, now);
        self.session.is_confirmed = true;
        self.peer = Some(peer.clone());
        let event = if self.is_accepted {
            self.learn_callee(&peer);
            PipeEvent::Accepted(peer)
        } else {
            PipeEvent::Connected(peer)
        };
        self.events.push_back(event);
    }

    /// A peer that called may be called itself, where the policy says so.
    fn learn_callee(&mut self, peer: &Peer) {
        if self.callee.is_none()
            && let Some(target) = self.config.target_addr(&peer.addrs)
        {
            self.callee = Some(Callee { kind: peer.name.kind, addrs: peer.addrs.clone(), target });
        }
    }
}
