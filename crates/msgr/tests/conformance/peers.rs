//! Endpoints for tests: one that sends everything back, one that calls it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use loligo_base::{Mono, Now};
use loligo_msgr::proto::{
    AuthRequest, ConId, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Outgoing, Output, PeerError,
};
use loligo_msgr::{Authenticate, NoAuth};
use loligo_wire::entity::{EntityAddrVec, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::{BufferList, Features, Tid};

/// A message of any content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) tid: u64,
    pub(crate) front: Bytes,
    pub(crate) data: BufferList,
}

impl Note {
    pub(crate) fn new(tid: u64, front: impl Into<Bytes>, data: impl Into<Bytes>) -> Self {
        Self { tid, front: front.into(), data: BufferList::from(data.into()) }
    }
}

impl Outgoing for Note {
    fn message_type(&self) -> u16 {
        777
    }

    fn tid(&self) -> Tid {
        Tid(self.tid)
    }

    fn priority(&self) -> u16 {
        127
    }

    fn encode(&self, _features: Features) -> Payload {
        Payload {
            version: 1,
            compat_version: 1,
            front: self.front.clone(),
            data: self.data.clone(),
            ..Payload::default()
        }
    }
}

fn decode(envelope: Envelope) -> Note {
    Note { tid: envelope.header.tid.0, front: envelope.payload.front, data: envelope.payload.data }
}

/// Everybody is believed.
fn no_auth(con: ConId, request: AuthRequest) -> NetCommand {
    NetCommand::AuthStep { con, step: NoAuth.answer(con, request) }
}

/// Sends everything back.
#[derive(Default)]
pub(crate) struct Echo {
    outputs: VecDeque<Output<()>>,
    pub(crate) open: Vec<ConId>,
    pub(crate) resets: Vec<Fault>,
}

impl Endpoint for Echo {
    type Msg = Note;
    type Call = ();
    type Done = ();

    fn decode(envelope: Envelope) -> Result<Note, PeerError> {
        Ok(decode(envelope))
    }

    fn handle(&mut self, _now: Now, input: Input<Note, ()>) {
        let command = match input {
            Input::Net(NetEvent::AuthWanted { con, request }) => no_auth(con, request),
            Input::Net(NetEvent::Message { con, msg, .. }) => NetCommand::Send { con, msg: Box::new(msg) },
            Input::Net(NetEvent::Accepted { con, .. }) => return self.open.push(con),
            Input::Net(NetEvent::Reset { con, why }) => {
                self.open.retain(|open| *open != con);
                return self.resets.push(why);
            }
            Input::Call(()) => {
                self.outputs.extend(self.open.drain(..).map(|con| Output::Net(NetCommand::MarkDown { con })));
                return;
            }
            _ => return,
        };
        self.outputs.push_back(Output::Net(command));
    }

    fn poll(&mut self) -> Option<Output<()>> {
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

/// What a caller wants.
pub(crate) enum Call {
    Connect(EntityAddrVec),
    Send(Note),
    Keepalive,
    Alarm(Mono),
    /// Two alarms, a little later, at which the endpoint panics.
    Panic,
    /// The endpoint panics.
    PanicNow,
    MarkDown,
}

/// What a caller is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Connected,
    Answer(Note),
    Reset(Fault),
    Alarm(Mono),
    Stopped,
}

/// Calls one peer.
#[derive(Default)]
pub(crate) struct Caller {
    outputs: VecDeque<Output<Told>>,
    /// When each alarm is due, and whether it is one to panic at.
    alarms: BTreeMap<Mono, bool>,
    cons: u64,
}

impl Caller {
    fn con(&self) -> ConId {
        ConId::opened(self.cons)
    }

    /// Has something to say that no input asked for.
    pub(crate) fn say(&mut self, told: Told) {
        self.outputs.push_back(Output::Done(told));
    }
}

impl Endpoint for Caller {
    type Msg = Note;
    type Call = Call;
    type Done = Told;

    fn decode(envelope: Envelope) -> Result<Note, PeerError> {
        Ok(decode(envelope))
    }

    fn handle(&mut self, now: Now, input: Input<Note, Call>) {
        let output = match input {
            Input::Call(Call::Connect(addrs)) => {
                self.cons += 1;
                Output::Net(NetCommand::Connect { con: self.con(), peer: EntityType::OSD, addrs })
            }
            Input::Call(Call::Send(note)) => {
                Output::Net(NetCommand::Send { con: self.con(), msg: Box::new(note) })
            }
            Input::Call(Call::Keepalive) => Output::Net(NetCommand::SendKeepalive { con: self.con() }),
            Input::Call(Call::MarkDown) => Output::Net(NetCommand::MarkDown { con: self.con() }),
            Input::Call(Call::Alarm(at)) => {
                self.alarms.insert(at, false);
                return;
            }
            Input::Call(Call::Panic) => {
                let soon = now.mono + Duration::from_millis(20);
                self.alarms.extend([(soon, true), (soon + Duration::from_nanos(1), true)]);
                return;
            }
            Input::Call(Call::PanicNow) => std::panic::panic_any("as the test wants"),
            Input::Timeout => match self.alarms.first_key_value() {
                Some((at, panics)) if *at <= now.mono => {
                    let panics = *panics;
                    self.alarms.pop_first();
                    assert!(!panics, "as the test wants");
                    Output::Done(Told::Alarm(now.mono))
                }
                _ => return,
            },
            Input::Stopped => Output::Done(Told::Stopped),
            Input::Net(event) => match event {
                NetEvent::AuthWanted { con, request } => Output::Net(no_auth(con, request)),
                NetEvent::Connected { .. } => Output::Done(Told::Connected),
                NetEvent::Message { msg, .. } => Output::Done(Told::Answer(msg)),
                NetEvent::Reset { why, .. } => Output::Done(Told::Reset(why)),
                _ => return,
            },
        };
        self.outputs.push_back(output);
    }

    fn poll(&mut self) -> Option<Output<Told>> {
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        self.alarms.first_key_value().map(|(at, _)| *at)
    }
}
