//! The greeting of a caller.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;
use loligo_auth::Side;
use loligo_wire::Features;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr1::ConnectMessage;
use loligo_wire::msgr2::{
    AuthBadMethodFrame, AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame,
    AuthSignatureFrame, ClientIdentFrame, ConMode, HelloFrame, IdentMissingFeaturesFrame, REQUIRED_FEATURES,
    ReconnectFrame, ReconnectOkFrame, ResetFrame, RetryFrame, RetryGlobalFrame, Secretive, ServerIdentFrame,
    Tag, WaitFrame,
};

use super::frames::Frames;
use super::{CEPHX, Cx, Expected, Step, banner, compress, read, small};
use crate::pipe::{Answer, Ask};
use crate::{Accept, AuthRequest, AuthStep, Fault, Peer};

/// The greeting of a caller.
#[derive(Debug)]
pub(super) struct Client {
    state: State,
    peer_type: EntityType,
    /// Where the peer was called.
    target: EntityAddr,
    my_addrs: EntityAddrVec,
    global_seq: u32,
    /// A number that nobody else knows.
    random: u64,
    method: AuthMethod,
    /// The modes that were offered.
    offered: Vec<ConMode>,
    /// The peer has refused an authorizer before.
    rejected: bool,
    /// The peer challenged what it was shown.
    challenged: bool,
    /// Frames of authentication read so far.
    rounds: u32,
}

#[derive(Debug)]
enum State {
    WaitBanner,
    WaitBannerPayload(usize),
    WaitHello,
    WaitMyAddrs,
    WaitGlobalSeq,
    WaitAuthorizer,
    WaitAuthReply,
    WaitMore,
    WaitVerify(ConMode),
    WaitSignature(Expected),
    WaitCompression,
    /// For the answer to `CLIENT_IDENT`.
    WaitIdent,
    /// For the answer to `SESSION_RECONNECT`.
    WaitReconnect,
    WaitRetryGlobal,
    BeginAnew,
    Over,
}

impl Client {
    pub(super) const fn new(peer_type: EntityType, target: EntityAddr) -> Self {
        Self {
            state: State::WaitBanner,
            peer_type,
            target,
            my_addrs: EntityAddrVec::NONE,
            global_seq: 0,
            random: 0,
            method: AuthMethod::UNKNOWN,
            offered: Vec::new(),
            rejected: false,
            challenged: false,
            rounds: 0,
        }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.state {
            State::WaitBanner | State::WaitBannerPayload(_) => "waiting for the banner",
            State::WaitHello => "waiting for the hello",
            State::WaitMyAddrs => "waiting for the own addresses",
            State::WaitAuthorizer => "waiting for an authorizer",
            State::WaitAuthReply => "waiting for the answer to the authorizer",
            State::WaitMore => "waiting for the answer to a challenge",
            State::WaitVerify(_) => "waiting for the verdict on the peer",
            State::WaitSignature(_) => "waiting for the signature of the handshake",
            State::WaitCompression => "waiting for the verdict on compression",
            State::WaitIdent => "waiting for the session",
            State::WaitReconnect => "waiting for the session to go on",
            State::WaitGlobalSeq | State::WaitRetryGlobal => "waiting for a global sequence number",
            State::BeginAnew => "about to begin the session anew",
            State::Over => "nothing",
        }
    }

    pub(super) fn step(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        match mem::replace(&mut self.state, State::Over) {
            State::WaitBanner => match banner::take_prefix(frames, cx)? {
                Some(length) => self.then(State::WaitBannerPayload(length)),
                None => self.wait(State::WaitBanner),
            },
            State::WaitBannerPayload(length) => {
                if !banner::take_payload(frames, cx, length)? {
                    return self.wait(State::WaitBannerPayload(length));
                }
                let entity_type = cx.config.myname.get().kind;
                frames.put_control(cx, &HelloFrame { entity_type, peer_addr: self.target })?;
                self.then(State::WaitHello)
            }
            State::BeginAnew => self.ident(frames, cx),
            state @ (State::WaitHello
            | State::WaitAuthReply
            | State::WaitSignature(_)
            | State::WaitCompression
            | State::WaitIdent
            | State::WaitReconnect) => self.frame(frames, cx, state),
            asking => self.wait(asking),
        }
    }

    /// A frame that the state waits for.
    fn frame(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, state: State) -> Result<Step, Fault> {
        self.state = state;
        let name = self.waits_for();
        let Some((tag, segment)) = frames.control(cx, name)? else {
            return Ok(Step::NeedBytes);
        };
        match (mem::replace(&mut self.state, State::Over), tag) {
            (State::WaitHello, Tag::HELLO) => self.hello(&segment),
            (State::WaitAuthReply, Tag::AUTH_BAD_METHOD) => self.bad_method(cx, &segment),
            (State::WaitAuthReply, Tag::AUTH_REPLY_MORE) => self.reply_more(cx, &segment),
            (State::WaitAuthReply, Tag::AUTH_DONE) => self.done(cx, &segment),
            (State::WaitSignature(expected), Tag::AUTH_SIGNATURE) => {
                expected.check(&segment)?;
                if !frames.talk_of_compression {
                    return self.want_session(frames, cx);
                }
                compress::request(frames, cx, self.peer_type)?;
                self.then(State::WaitCompression)
            }
            (State::WaitCompression, Tag::COMPRESSION_DONE) => {
                compress::done(frames, cx, self.peer_type, &segment)?;
                self.want_session(frames, cx)
            }
            (State::WaitIdent, Tag::SERVER_IDENT) => self.server_ident(cx, &segment),
            (State::WaitIdent, Tag::IDENT_MISSING_FEATURES) => {
                Err(Fault::FeaturesRequired(read::<IdentMissingFeaturesFrame>(&segment)?.features))
            }
            (State::WaitIdent | State::WaitReconnect, Tag::WAIT) if !cx.policy.lossy => {
                let _: WaitFrame = read(&segment)?;
                Err(Fault::Wait)
            }
            (State::WaitReconnect, tag) => self.reconnected(frames, cx, tag, &segment),
            // Answers to those who had a session, or who are called themselves.
            (
                State::WaitIdent,
                Tag::SESSION_RESET | Tag::SESSION_RETRY | Tag::SESSION_RETRY_GLOBAL | Tag::WAIT,
            ) => Err(Fault::NoSession(tag)),
            _ => Err(Fault::Unexpected { tag: tag.0, state: name }),
        }
    }

    pub(super) fn answer(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        answer: Answer,
    ) -> Result<Step, Fault> {
        match (mem::replace(&mut self.state, State::Over), answer) {
            (State::WaitMyAddrs, Answer::MyAddrs(addrs)) => {
                self.my_addrs = addrs;
                self.ask(State::WaitGlobalSeq, Ask::GlobalSeq { above: 0 })
            }
            (State::WaitGlobalSeq, Answer::GlobalSeq { seq, random }) => {
                (self.global_seq, self.random) = (seq, random);
                self.begin_auth(cx)
            }
            (State::WaitRetryGlobal, Answer::GlobalSeq { seq, .. }) => {
                self.global_seq = seq;
                self.reconnect(frames, cx)
            }
            (State::WaitAuthorizer, Answer::Auth(AuthStep::Authorizer { method, authorizer })) => {
                self.request(frames, cx, AuthMethod(method), authorizer)
            }
            (State::WaitMore, Answer::Auth(AuthStep::Authorizer { authorizer, .. })) => {
                frames.put_control(cx, &AuthRequestMoreFrame { auth_payload: Secretive(authorizer) })?;
                self.then(State::WaitAuthReply)
            }
            (State::WaitVerify(mode), Answer::Auth(AuthStep::Accept(accept))) => {
                self.accepted(frames, cx, mode, accept)
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
    fn then(&mut self, state: State) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::Again)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends a step, whose result it is")]
    fn ask(&mut self, state: State, ask: Ask) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::Ask(ask))
    }

    /// What the peer is, and where it sees us.
    fn hello(&mut self, segment: &Bytes) -> Result<Step, Fault> {
        let hello: HelloFrame = read(segment)?;
        if hello.entity_type != self.peer_type {
            return Err(Fault::WrongPeer);
        }
        let seen = hello.peer_addr.with_kind(AddrType::LEGACY).with_port(0);
        self.ask(State::WaitMyAddrs, Ask::MyAddrs { seen })
    }

    fn begin_auth(&mut self, cx: &Cx<'_>) -> Result<Step, Fault> {
        let peer = self.peer_type;
        let is_login = peer == EntityType::MON && cx.config.myname.get().kind != EntityType::MON;
        let request = if is_login { AuthRequest::Login } else { AuthRequest::Authorizer { peer } };
        self.ask(State::WaitAuthorizer, Ask::Auth(request))
    }

    fn request(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        method: AuthMethod,
        authorizer: Bytes,
    ) -> Result<Step, Fault> {
        let mine = cx.config.myname.get().kind;
        self.offered = cx.config.options.modes.offer(mine, self.peer_type, method);
        self.method = method;
        if self.offered.is_empty() {
            return Err(self.no_common_mode());
        }
        self.challenged = false;
        let (preferred_modes, auth_payload) = (self.offered.clone(), Secretive(authorizer));
        frames.put_control(cx, &AuthRequestFrame { method, preferred_modes, auth_payload })?;
        self.then(State::WaitAuthReply)
    }

    /// Without keys there is the crc mode alone: an end that does not want it needs another method, not only other modes.
    fn no_common_mode(&self) -> Fault {
        if self.method == AuthMethod::NONE { Fault::NoModeWithoutKeys } else { Fault::NoCommonMode }
    }

    /// One more frame of authentication; there may not be many.
    fn count(&mut self, cx: &Cx<'_>, tag: Tag) -> Result<(), Fault> {
        self.rounds += 1;
        if self.rounds > cx.config.limits.handshake_rounds {
            return Err(Fault::Unexpected { tag: tag.0, state: "authenticating" });
        }
        Ok(())
    }

    fn bad_method(&mut self, cx: &Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        self.count(cx, Tag::AUTH_BAD_METHOD)?;
        let AuthBadMethodFrame { result, allowed_methods, allowed_modes, .. } = read(segment)?;
        let is_common = |mode: &ConMode| self.offered.contains(mode);
        if allowed_methods.contains(&self.method) && !allowed_modes.iter().any(is_common) {
            return Err(self.no_common_mode());
        }
        let is_login = self.peer_type == EntityType::MON && cx.config.myname.get().kind != EntityType::MON;
        if is_login {
            let request = AuthRequest::BadMethod { result, allowed: allowed_methods };
            return self.ask(State::WaitAuthorizer, Ask::Auth(request));
        }
        if mem::replace(&mut self.rejected, true) {
            return Err(Fault::BadAuthorizer);
        }
        self.ask(State::WaitAuthorizer, Ask::Auth(AuthRequest::Rejected))
    }

    fn reply_more(&mut self, cx: &Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        self.count(cx, Tag::AUTH_REPLY_MORE)?;
        self.challenged = true;
        let challenge = read::<AuthReplyMoreFrame>(segment)?.auth_payload.0;
        self.ask(State::WaitMore, Ask::Auth(AuthRequest::Challenge { challenge }))
    }

    /// The peer knows who we are. Is it who it says, and did it choose what we offered?
    fn done(&mut self, cx: &Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        self.count(cx, Tag::AUTH_DONE)?;
        let AuthDoneFrame { global_id, con_mode, auth_payload } = read(segment)?;
        if !self.offered.contains(&con_mode) {
            return Err(Fault::ModeNotOffered(con_mode));
        }
        // Without a challenge of its own, the peer could be fooled by what it heard from us earlier (CVE-2018-1128).
        if self.method.0 == CEPHX && !self.challenged {
            return Err(Fault::BadAuthorizer);
        }
        let request = AuthRequest::Done { global_id, reply: auth_payload.0 };
        self.ask(State::WaitVerify(con_mode), Ask::Auth(request))
    }

    fn accepted(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        mode: ConMode,
        accept: Accept,
    ) -> Result<Step, Fault> {
        let Accept { session_key: key, connection_secret, .. } = accept;
        let secret = connection_secret.filter(|_| mode == ConMode::SECURE);
        if (mode == ConMode::SECURE && secret.is_none()) || (self.method.0 == CEPHX && key.is_none()) {
            return Err(Fault::AuthFailed);
        }
        let (signature, transcript) = frames.agree(Side::Client, key.as_ref(), secret.as_ref())?;
        frames.put_control(cx, &AuthSignatureFrame { signature })?;
        self.then(State::WaitSignature(Expected { key, transcript }))
    }

    /// Both ends know each other: asks for the session that there is, or for a new one.
    fn want_session(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        self.rounds = 0;
        if cx.session.server_cookie == 0 { self.ident(frames, cx) } else { self.reconnect(frames, cx) }
    }

    /// Asks for a new session.
    fn ident(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        if !cx.policy.lossy && cx.session.client_cookie == 0 {
            cx.session.client_cookie = self.random.max(1);
        }
        let ident = ClientIdentFrame {
            addrs: self.my_addrs.clone(),
            target_addr: self.target,
            gid: cx.config.myname.get().num,
            global_seq: u64::from(self.global_seq),
            supported_features: cx.config.features_supported,
            required_features: cx.policy.features_required | REQUIRED_FEATURES,
            // For information only: the server decides.
            flags: if cx.policy.lossy { u64::from(ConnectMessage::LOSSY) } else { 0 },
            cookie: cx.session.client_cookie,
        };
        frames.put_control(cx, &ident)?;
        self.then(State::WaitIdent)
    }

    /// Asks to go on with the session.
    fn reconnect(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let reconnect = ReconnectFrame {
            addrs: self.my_addrs.clone(),
            client_cookie: cx.session.client_cookie,
            server_cookie: cx.session.server_cookie,
            global_seq: u64::from(self.global_seq),
            connect_seq: u64::from(cx.session.connect_seq),
            msg_seq: cx.session.in_seq(),
        };
        frames.put_control(cx, &reconnect)?;
        self.then(State::WaitReconnect)
    }

    /// The answer to who wants to go on with a session.
    fn reconnected(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        tag: Tag,
        segment: &Bytes,
    ) -> Result<Step, Fault> {
        self.count(cx, tag)?;
        match tag {
            Tag::SESSION_RECONNECT_OK => {
                let seq = read::<ReconnectOkFrame>(segment)?.msg_seq;
                if !cx.session.acknowledged(seq) {
                    return Err(Fault::Unexpected { tag: tag.0, state: "waiting for the session to go on" });
                }
                let unknown =
                    Fault::Unexpected { tag: tag.0, state: "waiting for a session that is not known" };
                Ok(Step::Opened(cx.peer.clone().ok_or(unknown)?))
            }
            Tag::SESSION_RESET => {
                if read::<ResetFrame>(segment)?.full {
                    self.state = State::BeginAnew;
                    return Ok(Step::SessionReset { random: self.random });
                }
                (cx.session.server_cookie, cx.session.connect_seq) = (0, 0);
                cx.session.renumber();
                self.ident(frames, cx)
            }
            Tag::SESSION_RETRY => {
                let theirs = small(read::<RetryFrame>(segment)?.connect_seq);
                cx.session.connect_seq = theirs.wrapping_add(1);
                self.reconnect(frames, cx)
            }
            Tag::SESSION_RETRY_GLOBAL => {
                let above = small(read::<RetryGlobalFrame>(segment)?.global_seq);
                self.ask(State::WaitRetryGlobal, Ask::GlobalSeq { above })
            }
            _ => Err(Fault::Unexpected { tag: tag.0, state: "waiting for the session to go on" }),
        }
    }

    fn server_ident(&mut self, cx: &mut Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        let ident: ServerIdentFrame = read(segment)?;
        if !ident.addrs.contains(&self.target) {
            return Err(Fault::WrongPeer);
        }
        let ours = cx.config.features_supported;
        let missing = (cx.policy.features_required | REQUIRED_FEATURES).without(ident.supported_features);
        if missing != Features::NONE {
            return Err(Fault::FeaturesMissing(missing));
        }
        let wanted = ident.required_features.without(ours);
        if wanted != Features::NONE {
            return Err(Fault::FeaturesRequired(wanted));
        }
        cx.session.peer_global_seq = small(ident.global_seq);
        cx.session.server_cookie = ident.cookie;
        cx.policy.lossy = ident.flags & u64::from(ConnectMessage::LOSSY) != 0;
        Ok(Step::Opened(Peer {
            name: EntityName::new(self.peer_type, ident.gid),
            addrs: ident.addrs,
            features: ident.supported_features & ours,
        }))
    }
}
