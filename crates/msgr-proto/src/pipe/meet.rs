//! Two connections with one peer: one of them goes on.

use loligo_base::Now;
use loligo_wire::Features;

use super::event::{Answer, Claim, SessionAnswer};
use super::life::Life;
use super::{Pipe, PipeEvent};
use crate::session::{Existing, Standing, Verdict, judge};

/// What becomes of the connection that there was, and of the stream that a peer has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Both stay what they are; the newcomer was answered, and may be dead.
    Answered,
    /// The newcomer's stream belongs to the other pipe now, in the incarnation that this has; the newcomer is dead, and nothing
    /// is told of it.
    Moved,
    /// The other pipe is dead, and nothing is told of it by the pipe; the newcomer was answered and goes on.
    Ended,
}

/// The numbers of messages that a session begins behind, where they are random: a number of 31 bits.
const SEQ_MASK: u64 = 0x7fff_ffff;

impl Pipe {
    /// A peer that this pipe has a connection with has called anew, and `newcomer` asks which session it may have. `wins`:
    /// the peer's address is below ours, so that its call goes on where two calls cross.
    pub(crate) fn meet(
        &mut self,
        now: Now,
        newcomer: &mut Self,
        claim: &Claim,
        wins: bool,
        random: u64,
    ) -> Meeting {
        if self.life == Life::Dead {
            newcomer.answer(now, Answer::Session(SessionAnswer::New));
            return Meeting::Ended;
        }
        let verdict = judge(&self.existing(newcomer), claim.wanted, claim.global_seq, wins);
        match verdict {
            Verdict::Answer(answer) => newcomer.answer(now, Answer::Session(answer)),
            Verdict::Wait => {
                // The peer has something to say: our call must come through.
                self.send_keepalive(now);
                newcomer.answer(now, Answer::Session(SessionAnswer::Wait));
            }
            Verdict::End => {
                self.mark_down();
                newcomer.answer(now, Answer::Session(SessionAnswer::Open));
                return Meeting::Ended;
            }
            Verdict::Move { reset, anew } => {
                self.take_over(now, newcomer, reset, anew, random);
                return Meeting::Moved;
            }
        }
        Meeting::Answered
    }

    fn existing(&self, newcomer: &Self) -> Existing {
        let session = &self.session;
        Existing {
            standing: match self.life {
                _ if self.replacing && !self.said_open => Standing::Replacing,
                Life::Open => Standing::Open,
                Life::Standby => Standing::Standby,
                _ => Standing::Opening,
            },
            lossy: self.policy.lossy,
            server: self.policy.server,
            resetcheck: newcomer.policy.resetcheck,
            same_protocol: self.is_v2 == newcomer.is_v2,
            connect_seq: session.connect_seq,
            is_confirmed: session.is_confirmed,
            peer_global_seq: session.peer_global_seq,
            client_cookie: session.client_cookie,
            server_cookie: session.server_cookie,
        }
    }

    fn take_over(&mut self, now: Now, newcomer: &mut Self, reset: bool, anew: bool, random: u64) {
        self.take_stream(now, newcomer.give_stream());
        if reset {
            self.reset_session(random);
        }
        self.asking = Some(super::Asking::Session);
        self.answer(now, Answer::Session(SessionAnswer::GoOn { anew }));
    }

    /// The peer has forgotten the session: so do we, with all that waits to be sent (`session_reset`, `reset_session`).
    pub(super) fn reset_session(&mut self, random: u64) {
        let signs = self.peer.as_ref().is_some_and(|peer| peer.features.has(Features::MSG_AUTH));
        let is_random = !self.is_v2 && signs;
        self.session.reset(if is_random { random & SEQ_MASK } else { 0 });
        self.queue.clear();
        // A session that was open is one that somebody knows of.
        self.events.push_back(PipeEvent::RemoteReset);
    }
}
