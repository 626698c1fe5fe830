//! From the events of pipes to those of the endpoint.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use loligo_base::Now;
use loligo_msgr_proto::{
    Answer, Arrived, Ask, Claim, Endpoint, Fault, Held, Input, Meeting, NetEvent, Peer, PipeEvent, Pool,
    Question, SessionAnswer,
};
use loligo_wire::entity::EntityAddr;

use super::shared::Shared;
use crate::sync::lock;
use crate::transport::{Line, Scratch, Thread};

impl<E: Endpoint> Shared<E> {
    /// Takes the events of a pipe and leaves what they mean for the endpoint. Decoding is done here, where no lock is
    /// held.
    pub(super) fn take_events(&self, line: &Arc<Line>, scratch: &mut Scratch) {
        let Scratch(events) = scratch;
        loop {
            line.take_events(&self.clock, events);
            if events.is_empty() {
                break;
            }
            for event in events.drain(..) {
                self.event_of(line, event);
            }
        }
    }

    fn event_of(&self, line: &Arc<Line>, event: PipeEvent) {
        let con = line.con();
        match event {
            PipeEvent::Message(arrived) => self.arrived(line, arrived),
            PipeEvent::Connected(peer) => {
                self.open_fast(line, &peer, false);
                self.tell_of(line, NetEvent::Connected { con, peer });
            }
            PipeEvent::Accepted(peer) => self.accepted(line, peer),
            PipeEvent::Asked(ask) => self.asked(line, ask),
            PipeEvent::RemoteReset => self.tell_of(line, NetEvent::RemoteReset { con }),
            PipeEvent::Dial(_) => self.transport.dial(line),
            PipeEvent::HangUp { stream, why } => {
                line.hang_up(stream);
                if why == Fault::Refused {
                    self.tell_of(line, NetEvent::Refused { con });
                }
            }
            PipeEvent::Dead(why) => self.dead(line, why),
        }
    }

    pub(super) fn tell(&self, event: NetEvent<E::Msg>) {
        self.post(Input::Net(event), Held::default());
    }

    fn tell_of(&self, line: &Line, event: NetEvent<E::Msg>) {
        self.post_of(line, event, Held::default());
    }

    fn arrived(&self, line: &Line, arrived: Arrived) {
        let con = line.con();
        let arrived = match self.fast.as_ref().filter(|_| !line.is_over.load(Ordering::Relaxed)) {
            Some(fast) => fast.message(con, arrived),
            None => Some(arrived),
        };
        let Some(arrived) = arrived else { return };
        let header = arrived.envelope.header;
        match E::take(arrived) {
            Ok((msg, held)) => self.post_of(line, NetEvent::Message { con, header, msg }, held),
            Err(error) => line.lock().pipe.rejected(self.clock.now(), error),
        }
    }

    fn open_fast(&self, line: &Line, peer: &Peer, is_accepted: bool) {
        if let Some(fast) = self.fast.as_ref().filter(|_| !line.is_over.load(Ordering::Relaxed)) {
            fast.open(line.con(), peer, is_accepted);
        }
    }

    fn accepted(&self, line: &Line, peer: Peer) {
        let con = line.con();
        lock(&self.pool).accepted(con);
        self.open_fast(line, &peer, true);
        self.tell_of(line, NetEvent::Accepted { con, peer });
    }

    fn asked(&self, line: &Arc<Line>, ask: Ask) {
        let now = self.clock.now();
        let ask = self.as_the_socket_says(line, ask);
        let mut pool = lock(&self.pool);
        let answer = match pool.answer(ask) {
            Ok(answer) => answer,
            Err(Question::Auth(request)) => {
                pool.introduce(line.con());
                drop(pool);
                return self.tell_of(line, NetEvent::AuthWanted { con: line.con(), request });
            }
            Err(Question::Session(claim)) => match pool.rival(line.con(), &claim) {
                None => Answer::Session(SessionAnswer::New),
                Some((_, existing)) => return self.meet(now, pool, line, &existing, &claim),
            },
        };
        drop(pool);
        line.lock().pipe.answer(now, answer);
    }

    /// Our own address is what the peer sees, or what the socket has (`ms_learn_addr_from_peer`).
    fn as_the_socket_says(&self, line: &Line, mut ask: Ask) -> Ask {
        if !self.config.options.ms_learn_addr_from_peer
            && let Ask::MyAddr { seen } | Ask::MyAddrs { seen } = &mut ask
            && let Some(local) = line.stream().and_then(|stream| stream.local_addr().ok())
        {
            *seen = EntityAddr::new(seen.kind, local, 0);
        }
        ask
    }

    /// Of two connections with one peer one goes on.
    fn meet(
        &self,
        now: Now,
        mut pool: MutexGuard<'_, Pool<Arc<Line>>>,
        newcomer: &Arc<Line>,
        existing: &Arc<Line>,
        claim: &Claim,
    ) {
        let (con, old) = (newcomer.con(), existing.con());
        let (mut there, mut new) = (existing.lock(), newcomer.lock());
        let meeting = pool.meet(now, con, claim, &mut there.pipe, &mut new.pipe);
        let (ended, hears_of_end) = match meeting {
            Meeting::Answered => (None, false),
            Meeting::Moved => {
                let hears_of_end = pool.bury(con);
                let stream = new.replace(None);
                (there.replace(stream), hears_of_end)
            }
            Meeting::Ended => (None, pool.bury(old)),
        };
        drop((there, new, pool));
        if let Some(ended) = ended {
            ended.end();
        }
        match meeting {
            Meeting::Answered => {}
            Meeting::Moved => {
                // Who was asked about the newcomer may keep something of it.
                if hears_of_end {
                    self.reset(newcomer, Fault::Replaced);
                }
                self.transport.moved(newcomer, existing);
            }
            Meeting::Ended => {
                self.close(existing);
                if hears_of_end {
                    self.reset(existing, Fault::Replaced);
                }
                return;
            }
        }
        self.transport.touched(existing, now, Thread::Transport);
    }

    fn dead(&self, line: &Arc<Line>, why: Fault) {
        let is_known = lock(&self.pool).bury(line.con());
        self.close(line);
        // The endpoint hears nothing of what it does not know, has marked down, or heard the end of before.
        if is_known {
            if why == Fault::Refused {
                self.tell_of(line, NetEvent::Refused { con: line.con() });
            }
            self.reset(line, why);
        }
    }

    /// The line is over.
    pub(super) fn close(&self, line: &Arc<Line>) {
        line.cut();
        self.transport.close(line);
    }
}
