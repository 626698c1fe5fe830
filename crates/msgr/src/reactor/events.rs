//! From the events of pipes to those of the endpoint.

use std::sync::Arc;

use loligo_msgr_proto::{
    Answer, Arrived, Ask, ConId, Endpoint, Fault, Held, Input, Link, NetEvent, Peer, PipeEvent, Question,
    SessionAnswer,
};

use super::Reactor;
use crate::cell::Cell;
use crate::sync::lock;

impl<E: Endpoint> Reactor<E> {
    /// Takes the events of a pipe and leaves what they mean for the endpoint. Decoding is done here, where no lock is
    /// held.
    pub(super) fn pump(&mut self, cell: &Arc<Cell>) {
        let mut events = std::mem::take(&mut self.events);
        loop {
            let mut state = cell.lock();
            events.extend(std::iter::from_fn(|| state.pipe.poll()));
            drop(state);
            if events.is_empty() {
                break;
            }
            for event in events.drain(..) {
                self.event_of(cell, event);
            }
        }
        self.events = events;
    }

    fn event_of(&mut self, cell: &Arc<Cell>, event: PipeEvent) {
        let con = cell.con;
        match event {
            PipeEvent::Message(arrived) => self.arrived(cell, arrived),
            PipeEvent::Connected(peer) => self.tell(NetEvent::Connected { con, peer }),
            PipeEvent::Accepted(peer) => self.accepted(con, peer),
            PipeEvent::Asked(ask) => self.asked(cell, ask),
            PipeEvent::RemoteReset => self.tell(NetEvent::RemoteReset { con }),
            // Sockets are not opened twice for one connection yet.
            PipeEvent::Dial(_) => {}
            PipeEvent::HangUp { why, .. } => {
                cell.lock().pipe.mark_down();
                self.dead(cell, why);
            }
            PipeEvent::Dead(why) => self.dead(cell, why),
        }
    }

    fn tell(&self, event: NetEvent<E::Msg>) {
        self.shared.post(Input::Net(event), Held::default());
    }

    fn arrived(&self, cell: &Cell, arrived: Arrived) {
        let Arrived { envelope, held } = arrived;
        let header = envelope.header;
        match E::decode(envelope) {
            Ok(msg) => {
                let event = NetEvent::Message { con: cell.con, header, msg };
                self.shared.post(Input::Net(event), held);
            }
            Err(error) => cell.lock().pipe.rejected(self.shared.clock.now(), error),
        }
    }

    fn accepted(&self, con: ConId, peer: Peer) {
        lock(&self.shared.pool).accepted(con);
        self.tell(NetEvent::Accepted { con, peer });
    }

    fn hang_up(&mut self, link: &Link<Arc<Cell>>) {
        if let Link::Pipe(cell) = link {
            cell.lock().pipe.mark_down();
            self.close(cell);
        }
    }

    fn asked(&mut self, cell: &Cell, ask: Ask) {
        let now = self.shared.clock.now();
        let mut pool = lock(&self.shared.pool);
        let answer = match pool.answer(ask) {
            Ok(answer) => answer,
            Err(Question::Auth(request)) => {
                drop(pool);
                return self.tell(NetEvent::AuthWanted { con: cell.con, request });
            }
            Err(Question::Session(claim)) => match pool.rival(cell.con, &claim) {
                None => Answer::Session(SessionAnswer::New),
                Some((con, _)) => {
                    let link = pool.remove(con);
                    drop(pool);
                    link.iter().for_each(|link| self.hang_up(link));
                    self.tell(NetEvent::Reset { con, why: Fault::Replaced });
                    Answer::Session(SessionAnswer::Open)
                }
            },
        };
        cell.lock().pipe.answer(now, answer);
    }

    fn dead(&mut self, cell: &Arc<Cell>, why: Fault) {
        let con = cell.con;
        let known = lock(&self.shared.pool).remove(con).is_some();
        self.close(cell);
        // The endpoint hears nothing more of a connection that it marked down.
        if known {
            if why == Fault::Refused {
                self.tell(NetEvent::Refused { con });
            }
            self.tell(NetEvent::Reset { con, why });
        }
    }
}
