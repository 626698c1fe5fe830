//! The greeting of a caller.

use core::mem;

use bytes::Bytes;
use loligo_auth::SessionKey;
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};
use loligo_wire::msgr1::{ConnectMessage, ConnectReply, LEGACY_ADDR_SIZE, Tag};
use loligo_wire::{Decode, Encode, Encoder, Features};

use super::{
    CEPHX, Cx, Opened, Step, gather_authorizer, parse, put_legacy_addr, take_acked, take_greeting, whole,
};
use crate::pipe::{Answer, Ask, Gather};
use crate::{AuthRequest, AuthStep, Fault};

/// The greeting of a caller.
#[derive(Debug)]
pub(crate) struct Client {
    state: State,
    peer_type: EntityType,
    peer_addrs: EntityAddrVec,
    global_seq: u32,
    /// A number that nobody else knows.
    random: u64,
    /// The method of the authorizer that was shown last; 0 for none.
    method: u32,
    /// The peer challenged the authorizer that it was shown.
    challenged: bool,
    /// The peer has refused an authorizer before.
    rejected: bool,
    /// Replies read so far.
    rounds: u32,
}

#[derive(Debug)]
enum State {
    WaitBanner,
    WaitMyAddr,
    WaitGlobalSeq,
    BeginAnew,
    WaitAuthorizer,
    WaitReply,
    WaitReplyAuthorizer(ConnectReply, Gather),
    WaitVerify(ConnectReply),
    WaitAckSeq(ConnectReply, Option<SessionKey>),
    Over,
}

impl Client {
    pub(super) const fn new(peer_type: EntityType, peer_addrs: EntityAddrVec) -> Self {
        Self {
            state: State::WaitBanner,
            peer_type,
            peer_addrs,
            global_seq: 0,
            random: 0,
            method: 0,
            challenged: false,
            rejected: false,
            rounds: 0,
        }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.state {
            State::WaitBanner => "waiting for the banner",
            State::WaitMyAddr => "waiting for the own address",
            State::WaitAuthorizer => "waiting for an authorizer",
            State::WaitGlobalSeq => "waiting for a global sequence number",
            State::BeginAnew => "about to begin the session anew",
            State::WaitReply => "waiting for the connect reply",
            State::WaitReplyAuthorizer(..) => "waiting for the peer's proof",
            State::WaitVerify(_) => "waiting for the verdict on the peer",
            State::WaitAckSeq(..) => "waiting for the acknowledged sequence number",
            State::Over => "nothing",
        }
    }

    pub(super) fn step(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match mem::replace(&mut self.state, State::Over) {
            State::WaitBanner => self.banner(cx),
            State::BeginAnew => self.connect(cx),
            State::WaitReply => self.reply(cx),
            State::WaitReplyAuthorizer(reply, mut gather) => {
                if gather.absorb(cx.stage, cx.spares) {
                    return self.judge(cx, reply, whole(gather));
                }
                self.wait(State::WaitReplyAuthorizer(reply, gather))
            }
            State::WaitAckSeq(reply, key) => self.ack_seq(cx, reply, key),
            asking => self.wait(asking),
        }
    }

    pub(super) fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) -> Result<Step, Fault> {
        match (mem::replace(&mut self.state, State::Over), answer) {
            (State::WaitMyAddr, Answer::MyAddr(addr)) => {
                put_legacy_addr(cx.writer, &addr);
                self.ask(State::WaitGlobalSeq, Ask::GlobalSeq { above: 0 })
            }
            (State::WaitGlobalSeq, Answer::GlobalSeq { seq, random }) => {
                (self.global_seq, self.random) = (seq, random);
                self.connect(cx)
            }
            (State::WaitAuthorizer, Answer::Auth(AuthStep::Authorizer { method, authorizer })) => {
                self.send_connect_message(cx, method, &authorizer)
            }
            (State::WaitVerify(reply), Answer::Auth(AuthStep::Accept(accept))) => {
                self.accepted(cx, reply, accept.session_key)
            }
            (_, Answer::Auth(AuthStep::Refuse)) if self.rejected => Err(Fault::BadAuthorizer),
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

    /// The peer's banner, its address, and ours as it sees it.
    fn banner(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(addrs) = take_greeting(cx.stage, 2 * LEGACY_ADDR_SIZE)? else {
            return self.wait(State::WaitBanner);
        };
        let (peer, seen) = parse(addrs, |d| Ok((EntityAddr::decode(d)?, EntityAddr::decode(d)?)))?;
        self.check_peer(&peer)?;
        self.ask(State::WaitMyAddr, Ask::MyAddr { seen: seen.with_kind(AddrType::LEGACY).with_port(0) })
    }

    /// Somebody else may have taken the address: it must be the one that was called, but the peer may not know under
    /// which IP it is called.
    fn check_peer(&self, peer: &EntityAddr) -> Result<(), Fault> {
        let called =
            self.peer_addrs.pick(AddrType::LEGACY).unwrap_or(EntityAddr::NONE).with_kind(AddrType::LEGACY);
        let peer = peer.with_kind(AddrType::LEGACY);
        let same = peer == called;
        let blank = peer.is_blank_ip() && peer.port() == called.port() && peer.nonce == called.nonce;
        if same || blank { Ok(()) } else { Err(Fault::WrongPeer) }
    }

    /// Begins a round: an authorizer first, but monitors want none, the login comes inside.
    fn connect(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        self.challenged = false;
        let peer = self.peer_type;
        if peer == EntityType::MON && cx.config.myname.get().kind != EntityType::MON {
            return self.send_connect_message(cx, 0, &Bytes::new());
        }
        self.ask(State::WaitAuthorizer, Ask::Auth(AuthRequest::Authorizer { peer }))
    }

    fn send_connect_message(
        &mut self,
        cx: &mut Cx<'_>,
        method: u32,
        authorizer: &Bytes,
    ) -> Result<Step, Fault> {
        self.method = method;
        let connect = ConnectMessage {
            features: cx.config.features_supported,
            host_type: cx.config.myname.get().kind,
            global_seq: self.global_seq,
            connect_seq: cx.session.connect_seq,
            protocol_version: cx.config.proto_version(self.peer_type, true),
            authorizer_protocol: method,
            authorizer_len: u32::try_from(authorizer.len()).map_err(|_| Fault::AuthFailed)?,
            // For information only: the server decides.
            flags: if cx.policy.lossy { ConnectMessage::LOSSY } else { 0 },
        };
        let mut e = Encoder::with_capacity(Features::NONE, ConnectMessage::SIZE);
        connect.encode(&mut e);
        cx.writer.put(e.written());
        cx.writer.put_piece(authorizer);
        self.state = State::WaitReply;
        Ok(Step::Again)
    }

    fn reply(&mut self, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let Some(bytes) = cx.stage.take(ConnectReply::SIZE) else {
            return self.wait(State::WaitReply);
        };
        let reply = parse(bytes, ConnectReply::decode)?;
        self.rounds += 1;
        if self.rounds > cx.config.limits.handshake_rounds {
            return Err(self.unexpected(&reply));
        }
        if reply.authorizer_len == 0 {
            return self.judge(cx, reply, Bytes::new());
        }
        let gather = gather_authorizer(cx.config, reply.authorizer_len)?;
        self.state = State::WaitReplyAuthorizer(reply, gather);
        Ok(Step::Again)
    }

    const fn unexpected(&self, reply: &ConnectReply) -> Fault {
        Fault::Unexpected { tag: reply.tag.0, state: "waiting for the connect reply" }
    }

    /// A whole reply is there.
    fn judge(&mut self, cx: &mut Cx<'_>, reply: ConnectReply, proof: Bytes) -> Result<Step, Fault> {
        match reply.tag {
            Tag::READY | Tag::SEQ => self.verify(cx, reply, proof),
            Tag::CHALLENGE_AUTHORIZER => self.challenge(&reply, proof),
            Tag::BADAUTHORIZER => self.rejected(),
            Tag::FEATURES => {
                Err(Fault::FeaturesRequired(reply.features.without(cx.config.features_supported)))
            }
            Tag::BADPROTOVER => Err(Fault::ProtocolVersion {
                peer: reply.protocol_version,
                ours: cx.config.proto_version(self.peer_type, true),
            }),
            Tag::RETRY_GLOBAL => {
                let above = reply.global_seq;
                self.ask(State::WaitGlobalSeq, Ask::GlobalSeq { above })
            }
            Tag::RETRY_SESSION if reply.connect_seq > cx.session.connect_seq => {
                cx.session.connect_seq = reply.connect_seq;
                self.connect(cx)
            }
            // It was never open, as far as we know: there is nothing that could be lost, and numbers still begin at one.
            Tag::RESETSESSION if cx.session.connect_seq > 0 && !cx.session.is_confirmed => {
                cx.session.connect_seq = 0;
                self.connect(cx)
            }
            Tag::RESETSESSION if cx.session.connect_seq > 0 => {
                self.state = State::BeginAnew;
                Ok(Step::SessionReset { random: self.random })
            }
            // A lossy client is never called.
            Tag::WAIT if !cx.policy.lossy => Err(Fault::Wait),
            _ => Err(self.unexpected(&reply)),
        }
    }

    fn challenge(&mut self, reply: &ConnectReply, challenge: Bytes) -> Result<Step, Fault> {
        if self.method == 0 || self.challenged {
            return Err(self.unexpected(reply));
        }
        self.challenged = true;
        self.ask(State::WaitAuthorizer, Ask::Auth(AuthRequest::Challenge { challenge }))
    }

    fn rejected(&mut self) -> Result<Step, Fault> {
        let first = !mem::replace(&mut self.rejected, true);
        self.challenged = false;
        if self.method == 0 || !first {
            return Err(Fault::BadAuthorizer);
        }
        self.ask(State::WaitAuthorizer, Ask::Auth(AuthRequest::Rejected))
    }

    /// The peer is ready. Has it what we need, and is it who it says?
    fn verify(&mut self, cx: &mut Cx<'_>, reply: ConnectReply, proof: Bytes) -> Result<Step, Fault> {
        let missing = cx.policy.features_required.without(reply.features);
        if missing != Features::NONE {
            return Err(Fault::FeaturesMissing(missing));
        }
        if self.method == 0 {
            return self.accepted(cx, reply, None);
        }
        // Without a challenge of its own, the service could be fooled by our authorizer heard earlier (CVE-2018-1128).
        if self.method == CEPHX && !self.challenged {
            return Err(Fault::BadAuthorizer);
        }
        self.ask(State::WaitVerify(reply), Ask::Auth(AuthRequest::Verify { reply: proof }))
    }

    fn accepted(
        &mut self,
        cx: &mut Cx<'_>,
        reply: ConnectReply,
        key: Option<SessionKey>,
    ) -> Result<Step, Fault> {
        if reply.tag == Tag::SEQ {
            self.state = State::WaitAckSeq(reply, key);
            return Ok(Step::Again);
        }
        self.ready(cx, &reply, key)
    }

    fn ack_seq(
        &mut self,
        cx: &mut Cx<'_>,
        reply: ConnectReply,
        key: Option<SessionKey>,
    ) -> Result<Step, Fault> {
        if !take_acked(cx, "waiting for the acknowledged sequence number")? {
            return self.wait(State::WaitAckSeq(reply, key));
        }
        cx.writer.put(&cx.session.in_seq().to_le_bytes());
        self.ready(cx, &reply, key)
    }

    fn ready(
        &mut self,
        cx: &mut Cx<'_>,
        reply: &ConnectReply,
        key: Option<SessionKey>,
    ) -> Result<Step, Fault> {
        let connect_seq = cx.session.connect_seq.wrapping_add(1);
        if reply.connect_seq != connect_seq {
            return Err(self.unexpected(reply));
        }
        cx.session.connect_seq = connect_seq;
        cx.session.peer_global_seq = reply.global_seq;
        cx.policy.lossy = reply.flags & ConnectMessage::LOSSY != 0;
        Ok(Step::Opened(Opened {
            peer_type: self.peer_type,
            peer_addrs: mem::take(&mut self.peer_addrs),
            features: reply.features & cx.config.features_supported,
            session_key: key,
        }))
    }
}
