//! The greeting of somebody who is called.

use core::mem;

use bytes::Bytes;
use loligo_auth::SessionKey;
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec};
use loligo_wire::msgr1::{BANNER, ConnectMessage, ConnectReply, LEGACY_ADDR_SIZE, Tag};
use loligo_wire::{Decode, Encode, Encoder, Features};

use super::{
    CEPHX, Cx, Opened, Step, gather_authorizer, parse, put_legacy_addr, take_acked, take_greeting, whole,
};
use crate::pipe::{Answer, Ask, Claim, Gather, SessionAnswer};
use crate::session::Wanted;
use crate::{AuthRequest, AuthStep, Fault};

/// The greeting of somebody who is called.
#[derive(Debug)]
pub(crate) struct Server {
    state: State,
    my_addr: EntityAddr,
    /// Where the socket says that the peer is.
    seen: EntityAddr,
    /// What the peer says.
    peer_addr: EntityAddr,
    /// Connect messages read so far.
    rounds: u32,
}

#[derive(Debug)]
enum State {
    WaitBanner,
    WaitConnect,
    WaitAuthorizer(ConnectMessage, Gather),
    WaitCheck(ConnectMessage),
    WaitSession(ConnectMessage, Bytes, Option<SessionKey>),
    WaitGlobalSeq {
        connect: ConnectMessage,
        proof: Bytes,
        session_key: Option<SessionKey>,
        /// The numbers of messages begin anew.
        anew: bool,
    },
    WaitInSeq(Opened),
    Over,
}

impl Server {
    pub(super) const fn new(my_addr: EntityAddr, seen: EntityAddr) -> Self {
        Self { state: State::WaitBanner, my_addr, seen, peer_addr: EntityAddr::NONE, rounds: 0 }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.state {
            State::WaitBanner => "waiting for the banner",
            State::WaitConnect => "waiting for the connect message",
            State::WaitAuthorizer(..) => "waiting for the authorizer",
            State::WaitCheck(_) => "waiting for the verdict on the authorizer",
            State::WaitSession(..) => "waiting for the session",
            State::WaitGlobalSeq { .. } => "waiting for a global sequence number",
            State::WaitInSeq(_) => "waiting for the received sequence number",
            State::Over => "nothing",
        }
    }

    pub(super) fn greet(&self, cx: &mut Cx<'_>) {
        cx.writer.put(BANNER);
        put_legacy_addr(cx.writer, &self.my_addr);
        put_legacy_addr(cx.writer, &self.seen);
    }

    pub(super) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match mem::replace(&mut self.state, State::Over) {
            State::WaitBanner => self.banner(cx),
            State::WaitConnect => self.connect(cx),
            State::WaitAuthorizer(connect, mut gather) => {
                if gather.absorb(cx.stage, cx.spares) {
                    return self.judge(cx, connect, whole(gather));
                }
                self.wait(State::WaitAuthorizer(connect, gather))
            }
            State::WaitInSeq(opened) => self.in_seq(cx, opened),
            asking => self.wait(asking),
        }
    }

    pub(super) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<Step, Fault> {
        match (mem::replace(&mut self.state, State::Over), answer) {
            (State::WaitCheck(connect), Answer::Auth(AuthStep::Challenge { challenge })) => {
                self.send_reply(cx, &connect, Tag::CHALLENGE_AUTHORIZER, &challenge)
            }
            (State::WaitCheck(connect), Answer::Auth(AuthStep::Accept(accept))) => {
                self.accepted(cx, connect, accept.reply, accept.session_key)
            }
            (State::WaitCheck(connect), Answer::Auth(AuthStep::Refuse | AuthStep::BadMethod { .. })) => {
                self.send_reply(cx, &connect, Tag::BADAUTHORIZER, &Bytes::new())
            }
            (State::WaitSession(connect, proof, key), Answer::Session(answer)) => {
                self.session(cx, connect, proof, key, answer)
            }
            (State::WaitGlobalSeq { connect, proof, session_key, anew }, Answer::GlobalSeq { seq, .. }) => {
                self.open(cx, connect, &proof, session_key, seq, anew)
            }
            _ => Err(Fault::AuthFailed),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends a step, whose result it is")]
    fn wait(&mut self, state: State) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::NeedBytes)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends a step, whose result it is")]
    fn ask(&mut self, state: State, ask: Ask) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::Ask(ask))
    }

    fn banner(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(addr) = take_greeting(cx.stage, LEGACY_ADDR_SIZE)? else {
            return self.wait(State::WaitBanner);
        };
        let said = parse(addr, EntityAddr::decode)?;
        self.peer_addr = self.where_the_peer_is(said).with_kind(AddrType::LEGACY);
        self.state = State::WaitConnect;
        Ok(Step::Again)
    }

    /// A peer that does not know its IP is where the socket says.
    fn where_the_peer_is(&self, said: EntityAddr) -> EntityAddr {
        if said.is_blank_ip() { self.seen.with_port(said.port()).with_nonce(said.nonce) } else { said }
    }

    fn connect(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(bytes) = cx.stage.take(ConnectMessage::SIZE) else {
            return self.wait(State::WaitConnect);
        };
        let connect = parse(bytes, ConnectMessage::decode)?;
        self.rounds += 1;
        if self.rounds > cx.config.limits.handshake_rounds {
            return Err(Fault::AuthFailed);
        }
        let gather = gather_authorizer(cx.config, connect.authorizer_len)?;
        self.state = State::WaitAuthorizer(connect, gather);
        Ok(Step::Again)
    }

    /// A whole connect message is there.
    fn judge(&mut self, cx: &mut Cx<'_>, connect: ConnectMessage, authorizer: Bytes) -> Result<Step, Fault> {
        *cx.policy = cx.config.policies.get(connect.host_type).clone();
        if connect.authorizer_protocol == CEPHX {
            cx.policy.features_required = cx.policy.features_required | Features::CEPHX_V2;
        }
        if connect.protocol_version != cx.config.proto_version(connect.host_type, false) {
            return self.send_reply(cx, &connect, Tag::BADPROTOVER, &Bytes::new());
        }
        if !connect.features.has(cx.policy.features_required) {
            return self.send_reply(cx, &connect, Tag::FEATURES, &Bytes::new());
        }
        let (peer, method) = (connect.host_type, connect.authorizer_protocol);
        let request = AuthRequest::Check { peer, method, authorizer };
        self.ask(State::WaitCheck(connect), Ask::Auth(request))
    }

    /// The peer is who it says. Who keeps sessions asks whether there is another connection with it.
    fn accepted(
        &mut self,
        cx: &Cx<'_>,
        connect: ConnectMessage,
        proof: Bytes,
        session_key: Option<SessionKey>,
    ) -> Result<Step, Fault> {
        if !cx.policy.registers() {
            return self.ask_global_seq(connect, proof, session_key, false);
        }
        let claim = Claim {
            addrs: self.peer_addr.into(),
            global_seq: connect.global_seq,
            wanted: Wanted::V1 { connect_seq: connect.connect_seq },
        };
        self.ask(State::WaitSession(connect, proof, session_key), Ask::Session(claim))
    }

    fn ask_global_seq(
        &mut self,
        connect: ConnectMessage,
        proof: Bytes,
        session_key: Option<SessionKey>,
        anew: bool,
    ) -> Result<Step, Fault> {
        let state = State::WaitGlobalSeq { connect, proof, session_key, anew };
        self.ask(state, Ask::GlobalSeq { above: 0 })
    }

    /// What becomes of the session that the peer wants.
    fn session(
        &mut self,
        cx: &mut Cx<'_>,
        connect: ConnectMessage,
        proof: Bytes,
        key: Option<SessionKey>,
        answer: SessionAnswer,
    ) -> Result<Step, Fault> {
        match answer {
            // The peer goes on with a session that we have forgotten.
            SessionAnswer::New if connect.connect_seq > 0 => {
                self.send_reply(cx, &connect, Tag::RESETSESSION, &Bytes::new())
            }
            SessionAnswer::New | SessionAnswer::Open => self.ask_global_seq(connect, proof, key, false),
            SessionAnswer::GoOn { anew } => self.ask_global_seq(connect, proof, key, anew),
            SessionAnswer::Retry { connect_seq } => {
                let reply = ConnectReply { connect_seq, ..blank() };
                self.send_reply_of(cx, &connect, Tag::RETRY_SESSION, reply, &Bytes::new())
            }
            SessionAnswer::RetryGlobal { global_seq } => {
                let reply = ConnectReply { global_seq, ..blank() };
                self.send_reply_of(cx, &connect, Tag::RETRY_GLOBAL, reply, &Bytes::new())
            }
            SessionAnswer::Reset { .. } => self.send_reply(cx, &connect, Tag::RESETSESSION, &Bytes::new()),
            SessionAnswer::Wait => self.send_reply(cx, &connect, Tag::WAIT, &Bytes::new()),
            SessionAnswer::Stale => Err(Fault::Replaced),
        }
    }

    /// An answer that is not yet the last.
    fn send_reply(
        &mut self,
        cx: &mut Cx<'_>,
        connect: &ConnectMessage,
        tag: Tag,
        payload: &Bytes,
    ) -> Result<Step, Fault> {
        self.send_reply_of(cx, connect, tag, blank(), payload)
    }

    /// The same, with something in it.
    fn send_reply_of(
        &mut self,
        cx: &mut Cx<'_>,
        connect: &ConnectMessage,
        tag: Tag,
        reply: ConnectReply,
        payload: &Bytes,
    ) -> Result<Step, Fault> {
        let features = (connect.features & cx.config.features_supported) | cx.policy.features_required;
        put_reply(cx, connect, ConnectReply { tag, features, ..reply }, payload)?;
        self.state = State::WaitConnect;
        Ok(Step::Again)
    }

    /// Everything is in order: opens the session.
    fn open(
        &mut self,
        cx: &mut Cx<'_>,
        connect: ConnectMessage,
        proof: &Bytes,
        session_key: Option<SessionKey>,
        global_seq: u32,
        anew: bool,
    ) -> Result<Step, Fault> {
        cx.session.connect_seq = connect.connect_seq.wrapping_add(1);
        cx.session.peer_global_seq = connect.global_seq;
        if anew {
            cx.session.renumber();
            cx.session.is_confirmed = false;
        }
        // Ceph leaves the numbers out where they begin anew. But they also say that the peer has heard of the session.
        let seq = connect.features.has(Features::RECONNECT_SEQ);
        let reply = ConnectReply {
            tag: if seq { Tag::SEQ } else { Tag::READY },
            features: cx.config.features_supported,
            global_seq,
            connect_seq: cx.session.connect_seq,
            flags: if cx.policy.lossy { ConnectMessage::LOSSY } else { 0 },
            ..blank()
        };
        put_reply(cx, &connect, reply, proof)?;
        let opened = Opened {
            peer_type: connect.host_type,
            peer_addrs: EntityAddrVec(alloc::vec![self.peer_addr]),
            features: connect.features & cx.config.features_supported,
            session_key,
        };
        if !seq {
            return Ok(Step::Opened(opened));
        }
        cx.writer.put(&cx.session.in_seq().to_le_bytes());
        *cx.said_open = true;
        self.state = State::WaitInSeq(opened);
        Ok(Step::Again)
    }

    fn in_seq(&mut self, cx: &mut Cx<'_>, opened: Opened) -> Result<Step, Fault> {
        if !take_acked(cx, "waiting for the received sequence number")? {
            return self.wait(State::WaitInSeq(opened));
        }
        Ok(Step::Opened(opened))
    }
}

/// A reply in which nothing is said.
const fn blank() -> ConnectReply {
    ConnectReply {
        tag: Tag::READY,
        features: Features::NONE,
        global_seq: 0,
        connect_seq: 0,
        protocol_version: 0,
        authorizer_len: 0,
        flags: 0,
    }
}

fn put_reply(
    cx: &mut Cx<'_>,
    connect: &ConnectMessage,
    reply: ConnectReply,
    payload: &Bytes,
) -> Result<(), Fault> {
    let reply = ConnectReply {
        protocol_version: cx.config.proto_version(connect.host_type, false),
        authorizer_len: u32::try_from(payload.len()).map_err(|_| Fault::AuthFailed)?,
        ..reply
    };
    let mut e = Encoder::with_capacity(Features::NONE, ConnectReply::SIZE);
    reply.encode(&mut e);
    cx.writer.put(e.written());
    cx.writer.put_piece(payload);
    Ok(())
}
