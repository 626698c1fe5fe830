//! A host: an endpoint with its inbox, its pool and its pipes. The second driver of endpoints beside `msgr::Node`.

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use loligo_base::{Entropy, Mono, Now, SeededEntropy, Wall};
use loligo_msgr_proto::{
    Answer, Arrived, Ask, AuthStep, Claim, ConId, Config, Connect, Endpoint, Envelope, Fault, Held, Input,
    Link, Meeting, NetCommand, NetEvent, Outgoing, Output, Pipe, PipeEvent, Pool, Question, SessionAnswer,
};
use loligo_wire::entity::{AddrType, EntityAddrVec, EntityType};
use loligo_wire::msgr1::MessageHeader;

use crate::event::Event;
use crate::ids::{HostId, LineId};
use crate::line::Line;
use crate::shared::{Core, Told};

/// When the worlds begin.
pub(crate) const START: Wall = Wall::new(1_700_000_000, 0);

/// What makes an endpoint part of the world.
pub(crate) trait Role: Endpoint {
    /// What the endpoint tells, for the world.
    fn told(host: HostId, done: Self::Done) -> Told;

    /// Looks at an input before the endpoint takes it; says whether it may.
    fn watch(_host: HostId, _input: &mut Input<Self::Msg, Self::Call>, _core: &mut Core) -> bool {
        true
    }

    /// Looks at what the endpoint says of itself after each step.
    fn invariants(&self) {}
}

/// An input that waits for the endpoint, with what it holds of the throttles.
type Waiting<E> = (Input<<E as Endpoint>::Msg, <E as Endpoint>::Call>, Held);

/// A host with its endpoint.
pub(crate) struct Node<E: Endpoint> {
    id: HostId,
    pub(crate) endpoint: E,
    pool: Pool<LineId>,
    lines: BTreeMap<LineId, Line>,
    inbox: VecDeque<Waiting<E>>,
    working: bool,
    armed: Option<Mono>,
    /// Counts its lives: what was meant for an earlier one is lost.
    pub(crate) life: u64,
    pub(crate) is_up: bool,
    /// By how many seconds its clock on the wall is wrong.
    pub(crate) skew: i64,
}

/// A host, whatever its endpoint is.
pub(crate) trait Host {
    fn take_input(&mut self, core: &mut Core);
    fn wake(&mut self, core: &mut Core);
    fn flush(&mut self, core: &mut Core, id: LineId);
    fn read(&mut self, core: &mut Core, id: LineId);
    fn pump(&mut self, core: &mut Core, id: LineId);
    fn fire(&mut self, core: &mut Core, id: LineId);
    fn dialled(&mut self, core: &mut Core, id: LineId, taken: bool);
    /// Somebody calls; says whether the call is taken.
    fn ring(&mut self, core: &mut Core, id: LineId, from: SocketAddr) -> bool;
    fn arrived(&mut self, core: &mut Core, id: LineId, bytes: Vec<u8>);
    fn ended(&mut self, core: &mut Core, id: LineId, fault: Fault);
    /// The host stops. `silently`: those that it is connected to do not learn it.
    fn stop(&mut self, core: &mut Core, silently: bool);
    fn is_up(&self) -> bool;
    /// How much is held of the throttle for what was read and not handled.
    fn held(&self) -> u64;
    fn set_skew(&mut self, seconds: i64);
    fn connections(&self) -> usize;
}

/// What sessions are named by: anybody may guess it here.
fn entropy(nonce: u32) -> Box<dyn Entropy> {
    Box::new(SeededEntropy::new(u64::from(nonce)))
}

impl<E: Role> Node<E> {
    pub(crate) fn new(id: HostId, endpoint: E, config: Config) -> Self {
        Self {
            id,
            endpoint,
            pool: Pool::new(Arc::new(config), 1, entropy(1)),
            lines: BTreeMap::new(),
            inbox: VecDeque::new(),
            working: false,
            armed: None,
            life: 1,
            is_up: true,
            skew: 0,
        }
    }

    /// The protocol that is spoken.
    fn kind(&self) -> AddrType {
        if self.pool.config().options.protocols.v2 { AddrType::MSGR2 } else { AddrType::LEGACY }
    }

    /// Takes calls from now on, at a new nonce; gives the address.
    pub(crate) fn listen(&mut self, nonce: u32) -> EntityAddrVec {
        self.is_up = true;
        self.pool = Pool::new(Arc::clone(self.pool.config()), nonce, entropy(nonce));
        self.pool.bound_to(self.kind(), self.id.listens());
        self.pool.my_addrs()
    }

    /// A client is told apart from others by its nonce.
    pub(crate) fn set_nonce(&mut self, nonce: u32) {
        self.pool = Pool::new(Arc::clone(self.pool.config()), nonce, entropy(nonce));
    }

    /// Whether it has worked on all that it was given.
    pub(crate) fn is_idle(&self) -> bool {
        self.inbox.is_empty()
    }

    pub(crate) fn now(&self, core: &Core) -> Now {
        let wall = START.saturating_add(core.now.saturating_since(Mono::ZERO));
        let by = core::time::Duration::from_secs(self.skew.unsigned_abs());
        let wall = if self.skew < 0 { wall.saturating_sub(by) } else { wall.saturating_add(by) };
        Now { mono: core.now, wall }
    }

    pub(crate) fn call(&mut self, core: &mut Core, call: E::Call) {
        self.post(core, Input::Call(call), Held::default());
    }

    fn post(&mut self, core: &mut Core, input: Input<E::Msg, E::Call>, held: Held) {
        self.inbox.push_back((input, held));
        self.settle_inbox(core);
    }

    fn settle_inbox(&mut self, core: &mut Core) {
        if !self.working && !self.inbox.is_empty() {
            self.working = true;
            core.soon(Event::Inbox(self.id));
        }
    }

    fn tell(&mut self, core: &mut Core, event: NetEvent<E::Msg>) {
        self.post(core, Input::Net(event), Held::default());
    }

    fn handle(&mut self, core: &mut Core, mut input: Input<E::Msg, E::Call>) {
        if E::watch(self.id, &mut input, core) {
            let now = self.now(core);
            self.endpoint.handle(now, input);
        }
        self.carry_out(core);
        self.endpoint.invariants();
        self.pool.invariants();
        if let Some(at) = self.endpoint.next_timeout().filter(|at| self.armed.is_none_or(|armed| *at < armed))
        {
            self.armed = Some(at);
            core.at(at, Event::Wake(self.id));
        }
    }

    fn carry_out(&mut self, core: &mut Core) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Done(done) => core.told.push_back(E::told(self.id, done)),
                Output::Net(command) => self.command(core, command),
            }
        }
    }

    fn command(&mut self, core: &mut Core, command: NetCommand) {
        match command {
            NetCommand::Send { con, msg } => self.send(core, con, msg),
            NetCommand::Connect { con, peer, addrs } => self.connect(core, con, peer, addrs, false),
            NetCommand::ConnectAnon { con, peer, addrs } => self.connect(core, con, peer, addrs, true),
            NetCommand::AuthStep { con, step } => self.answer(core, con, step),
            NetCommand::SendKeepalive { con } => self.on_pipe(core, con, Pipe::send_keepalive),
            NetCommand::MarkDisposable { con } => self.on_pipe(core, con, |pipe, _| pipe.mark_disposable()),
            NetCommand::MarkDown { con } => {
                if let Some(Link::Pipe(id)) = self.pool.remove(con) {
                    self.hang_up(core, id);
                }
            }
            NetCommand::SetMyName { name } => self.pool.config().myname.set_num(name.num),
        }
    }

    fn on_pipe(&mut self, core: &mut Core, con: ConId, act: impl FnOnce(&mut Pipe, Now)) {
        let now = self.now(core);
        if let Some(Link::Pipe(id)) = self.pool.link(con).cloned() {
            self.on_line(core, id, |line, _| act(&mut line.pipe, now));
        }
    }

    fn on_line(&mut self, core: &mut Core, id: LineId, act: impl FnOnce(&mut Line, &mut Core)) {
        if let Some(line) = self.lines.get_mut(&id) {
            act(line, core);
            line.settle(core, self.id, id);
        }
    }

    fn send(&mut self, core: &mut Core, con: ConId, msg: Box<dyn Outgoing>) {
        match self.pool.link(con) {
            Some(Link::Pipe(_)) => self.on_pipe(core, con, |pipe, now| pipe.send(now, msg)),
            Some(Link::Local) => core.told.push_back(Told::Wrong("a message to oneself".into())),
            None => {}
        }
    }

    fn answer(&mut self, core: &mut Core, con: ConId, step: AuthStep) {
        self.on_pipe(core, con, |pipe, now| pipe.answer(now, Answer::Auth(step)));
    }

    fn connect(&mut self, core: &mut Core, con: ConId, peer: EntityType, addrs: EntityAddrVec, anon: bool) {
        let now = self.now(core);
        match self.pool.connect(now, con, peer, addrs) {
            Connect::Dial { pipe, addrs, socket } => {
                let id = core.dial(self.id, socket);
                self.pool.insert(con, if anon { EntityAddrVec::NONE } else { addrs }, id);
                self.lines.insert(id, Line::new(con, *pipe));
                self.on_line(core, id, |_, _| {});
            }
            Connect::Local(peer) => self.tell(core, NetEvent::Connected { con, peer }),
            Connect::Refused(why) => self.tell(core, NetEvent::Reset { con, why }),
        }
    }

    fn hang_up(&mut self, core: &mut Core, id: LineId) {
        if let Some(mut line) = self.lines.remove(&id) {
            line.pipe.mark_down();
            core.hang_up(id, false);
        }
    }

    fn event_of(&mut self, core: &mut Core, id: LineId, con: ConId, event: PipeEvent) {
        match event {
            PipeEvent::Message(arrived) => self.message(core, id, con, arrived),
            PipeEvent::Connected(peer) => self.tell(core, NetEvent::Connected { con, peer }),
            PipeEvent::Accepted(peer) => {
                self.pool.accepted(con);
                self.tell(core, NetEvent::Accepted { con, peer });
            }
            PipeEvent::RemoteReset => self.tell(core, NetEvent::RemoteReset { con }),
            PipeEvent::Dial(socket) => self.redial(core, id, con, socket),
            PipeEvent::HangUp { why, .. } => {
                core.hang_up(id, false);
                if why == Fault::Refused {
                    self.tell(core, NetEvent::Refused { con });
                }
            }
            PipeEvent::Asked(ask) => self.asked(core, id, con, ask),
            PipeEvent::Dead(why) => self.dead(core, id, con, why),
        }
    }

    fn message(&mut self, core: &mut Core, id: LineId, con: ConId, arrived: Arrived) {
        let Arrived { envelope, held } = arrived;
        let header: MessageHeader = envelope.header;
        match E::decode(Envelope { header, payload: envelope.payload }) {
            Ok(msg) => self.post(core, Input::Net(NetEvent::Message { con, header, msg }), held),
            Err(error) => {
                let now = self.now(core);
                self.on_line(core, id, |line, _| line.pipe.rejected(now, error));
            }
        }
    }

    fn asked(&mut self, core: &mut Core, id: LineId, con: ConId, ask: Ask) {
        let now = self.now(core);
        let answer = match self.pool.answer(ask) {
            Ok(answer) => answer,
            Err(Question::Auth(request)) => {
                self.pool.introduce(con);
                return self.tell(core, NetEvent::AuthWanted { con, request });
            }
            Err(Question::Session(claim)) => match self.pool.rival(con, &claim) {
                None => Answer::Session(SessionAnswer::New),
                Some(rival) => return self.meet(core, (con, id), rival, &claim),
            },
        };
        self.on_line(core, id, |line, _| line.pipe.answer(now, answer));
    }

    /// Of two connections with one peer one goes on.
    fn meet(&mut self, core: &mut Core, newcomer: (ConId, LineId), existing: (ConId, LineId), claim: &Claim) {
        let now = self.now(core);
        let ((con, id), (old, old_id)) = (newcomer, existing);
        let (Some(mut there), Some(mut new)) = (self.lines.remove(&old_id), self.lines.remove(&id)) else {
            return;
        };
        match self.pool.meet(now, con, claim, &mut there.pipe, &mut new.pipe) {
            Meeting::Answered => {
                self.lines.insert(old_id, there);
                self.lines.insert(id, new);
                self.on_line(core, old_id, |_, _| {});
            }
            Meeting::Moved => {
                core.hang_up(old_id, false);
                if self.pool.bury(con) {
                    self.tell(core, NetEvent::Reset { con, why: Fault::Replaced });
                }
                self.pool.relink(old, id);
                self.lines.insert(id, there.on_stream_of(Some(new)));
            }
            Meeting::Ended => {
                core.hang_up(old_id, false);
                self.lines.insert(id, new);
                if self.pool.bury(old) {
                    self.tell(core, NetEvent::Reset { con: old, why: Fault::Replaced });
                }
            }
        }
        self.on_line(core, id, |_, _| {});
    }

    /// A pipe wants another stream.
    fn redial(&mut self, core: &mut Core, id: LineId, con: ConId, to: SocketAddr) {
        let Some(line) = self.lines.remove(&id) else { return };
        let id = core.dial(self.id, to);
        self.pool.relink(con, id);
        self.lines.insert(id, line.on_stream_of(None));
        self.on_line(core, id, |_, _| {});
    }

    fn dead(&mut self, core: &mut Core, id: LineId, con: ConId, why: Fault) {
        if nobody_may_cause(&why) {
            core.told.push_back(Told::Wrong(format!("{}: line {id} died: {why}", self.id)));
        }
        let (now, host) = (core.now, self.id);
        core.trace.say(now, format_args!("  {host} line {id} is dead: {why}"));
        let known = self.pool.bury(con);
        if self.lines.remove(&id).is_some() {
            core.hang_up(id, false);
        }
        if known {
            if why == Fault::Refused {
                self.tell(core, NetEvent::Refused { con });
            }
            self.tell(core, NetEvent::Reset { con, why });
        }
    }
}

/// Faults that only a broken program brings about: the network of this world does not change bytes.
const fn nobody_may_cause(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Aborted
            | Fault::NotCeph
            | Fault::FeaturesMissing(_)
            | Fault::FeaturesRequired(_)
            | Fault::ProtocolVersion { .. }
            | Fault::Checksum { .. }
            | Fault::Signature
            | Fault::TooLarge { .. }
            | Fault::Unexpected { .. }
            | Fault::Malformed(_)
            | Fault::Message(_)
            | Fault::Gap { .. }
    )
}

impl<E: Role> Host for Node<E> {
    fn take_input(&mut self, core: &mut Core) {
        self.working = false;
        if !self.is_up {
            return;
        }
        if let Some((input, held)) = self.inbox.pop_front() {
            self.handle(core, input);
            drop(held);
        }
        self.settle_inbox(core);
    }

    fn wake(&mut self, core: &mut Core) {
        self.armed = None;
        if self.is_up {
            self.handle(core, Input::Timeout);
        }
    }

    fn flush(&mut self, core: &mut Core, id: LineId) {
        let now = self.now(core);
        self.on_line(core, id, |line, core| line.flush(core, now, id));
    }

    fn read(&mut self, core: &mut Core, id: LineId) {
        let now = self.now(core);
        self.on_line(core, id, |line, core| line.read(core, now));
    }

    fn pump(&mut self, core: &mut Core, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let con = line.con;
        if let Some(event) = line.next_event() {
            self.event_of(core, id, con, event);
        }
        self.on_line(core, id, |_, _| {});
    }

    fn fire(&mut self, core: &mut Core, id: LineId) {
        let now = self.now(core);
        self.on_line(core, id, |line, _| line.fire(now));
    }

    fn dialled(&mut self, core: &mut Core, id: LineId, taken: bool) {
        let now = self.now(core);
        self.on_line(
            core,
            id,
            |line, _| {
                if taken { line.started(now) } else { line.lost(now, Fault::Refused) }
            },
        );
    }

    fn ring(&mut self, core: &mut Core, id: LineId, from: SocketAddr) -> bool {
        let now = self.now(core);
        let Some((con, pipe)) = self.pool.accept_in(now, self.kind(), from) else { return false };
        self.pool.insert(con, EntityAddrVec::NONE, id);
        let mut line = Line::new(con, pipe);
        line.started(now);
        self.lines.insert(id, line);
        true
    }

    fn arrived(&mut self, core: &mut Core, id: LineId, bytes: Vec<u8>) {
        self.on_line(core, id, |line, _| line.arrived(bytes));
    }

    fn ended(&mut self, core: &mut Core, id: LineId, fault: Fault) {
        self.on_line(core, id, |line, _| line.ended(fault));
    }

    fn stop(&mut self, core: &mut Core, silently: bool) {
        self.is_up = false;
        self.life += 1;
        // What daemons said to the monitor is not lost: they repeat what it has not heard.
        let keeps = self.id == HostId::Mon;
        self.inbox.retain(|(input, _)| keeps && matches!(input, Input::Call(_)));
        for (id, _) in core::mem::take(&mut self.lines) {
            core.hang_up(id, silently);
        }
    }

    fn is_up(&self) -> bool {
        self.is_up
    }

    fn held(&self) -> u64 {
        self.pool.config().dispatch_throttle.current()
    }

    fn set_skew(&mut self, seconds: i64) {
        self.skew = seconds;
    }

    fn connections(&self) -> usize {
        self.lines.len()
    }
}
