//! From the steps of the protocol to the events of a pipe.

use loligo_auth::{MessageSigner, RequireSignatures};
use loligo_base::Now;
use loligo_wire::Features;
use loligo_wire::entity::EntityName;

use super::{Life, Pipe, PipeEvent, THROTTLE_RETRY};
use crate::v1::{Open, Opened, Step, V1};
use crate::{Fault, Peer};

impl Pipe {
    /// Parses what the stage holds.
    pub(super) fn parse(&mut self, now: Now) {
        loop {
            let step = self.with_protocol(now, V1::step);
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
            Ok(Step::Opened(opened)) => return self.opened(opened),
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

    fn opened(&mut self, opened: Opened) -> bool {
        let Opened { peer_type, peer_addrs, features, session_key } = opened;
        let signs = self.config.options.cephx_sign_messages;
        if signs && session_key.is_some() && !features.has(Features::MSG_AUTH) {
            // Nothing proves what features the peer has: whoever sits between could strip this one.
            self.die(Fault::FeaturesMissing(Features::MSG_AUTH));
            return false;
        }
        let signer =
            session_key.filter(|_| signs).map(|key| MessageSigner::new(key, features, RequireSignatures::V2));
        let Ok(signer) = signer.transpose() else {
            self.die(Fault::FeaturesMissing(Features::CEPHX_V2));
            return false;
        };
        let accepted = matches!(self.protocol, V1::Server(_));
        self.protocol = V1::Open(Open::new(features, signer));
        self.life = Life::Open;
        // v1 does not tell numbers: who needs the peer's knows it from its own map.
        let peer = Peer { name: EntityName::new(peer_type, EntityName::NEW), addrs: peer_addrs, features };
        let event = if accepted { PipeEvent::Accepted(peer) } else { PipeEvent::Connected(peer) };
        self.events.push_back(event);
        true
    }
}
