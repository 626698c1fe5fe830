//! The greeting of somebody who is called.

use core::mem;

use bytes::Bytes;
use loligo_auth::Side;
use loligo_wire::Features;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr1::ConnectMessage;
use loligo_wire::msgr2::{
    AuthBadMethodFrame, AuthDoneFrame, AuthReplyMoreFrame, AuthRequestFrame, AuthRequestMoreFrame,
    AuthSignatureFrame, ClientIdentFrame, ConMode, HelloFrame, IdentMissingFeaturesFrame, REQUIRED_FEATURES,
    ReconnectFrame, ReconnectOkFrame, ResetFrame, RetryFrame, RetryGlobalFrame, Secretive, ServerIdentFrame,
    Tag, WaitFrame,
};

use super::frames::Frames;
use super::{CEPHX, Cx, Expected, Step, banner, compress, read, small};
use crate::pipe::{Answer, Ask, Claim, SessionAnswer};
use crate::session::Wanted;
use crate::{Accept, AuthRequest, AuthStep, Fault, Peer};

/// `EACCES`
const EACCES: i32 = 13;
/// `EOPNOTSUPP`
const EOPNOTSUPP: i32 = 95;

/// The greeting of somebody who is called.
#[derive(Debug)]
pub(super) struct Server {
    state: State,
    my_addrs: EntityAddrVec,
    /// Where the socket says that the peer is.
    seen: EntityAddr,
    peer_type: EntityType,
    method: AuthMethod,
    mode: ConMode,
    /// Frames read so far that ask for something.
    rounds: u32,
}

#[derive(Debug)]
enum State {
    WaitBanner,
    WaitBannerPayload(usize),
    WaitHello,
    WaitAuthRequest,
    WaitCheck,
    WaitAuthMore,
    WaitSignature(Expected),
    WaitCompression,
    WaitIdent,
    WaitSession(Wants),
    WaitGlobalSeq(ClientIdentFrame),
    Over,
}

/// What the peer asks for.
#[derive(Debug)]
enum Wants {
    /// A new session.
    Ident(ClientIdentFrame),
    /// To go on with one.
    Reconnect(ReconnectFrame),
}

impl Server {
    pub(super) const fn new(my_addrs: EntityAddrVec, seen: EntityAddr) -> Self {
        Self {
            state: State::WaitBanner,
            my_addrs,
            seen,
            peer_type: EntityType(0),
            method: AuthMethod::UNKNOWN,
            mode: ConMode::UNKNOWN,
            rounds: 0,
        }
    }

    pub(super) const fn waits_for(&self) -> &'static str {
        match self.state {
            State::WaitBanner | State::WaitBannerPayload(_) => "waiting for the banner",
            State::WaitHello => "waiting for the hello",
            State::WaitAuthRequest => "waiting for a request to authenticate",
            State::WaitCheck => "waiting for the verdict on the peer",
            State::WaitAuthMore => "waiting for the answer to a challenge",
            State::WaitSignature(_) => "waiting for the signature of the handshake",
            State::WaitCompression => "waiting for what the peer says of compression",
            State::WaitIdent => "waiting for the session",
            State::WaitSession(_) => "waiting for the verdict on the session",
            State::WaitGlobalSeq(_) => "waiting for a global sequence number",
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
                frames.put_control(cx, &HelloFrame { entity_type, peer_addr: self.seen })?;
                self.then(State::WaitHello)
            }
            asking @ (State::WaitCheck | State::WaitSession(_) | State::WaitGlobalSeq(_) | State::Over) => {
                self.wait(asking)
            }
            state => self.frame(frames, cx, state),
        }
    }

    /// A frame that the state waits for.
    fn frame(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, state: State) -> Result<Step, Fault> {
        self.state = state;
        let name = self.waits_for();
        let Some((tag, segment)) = frames.control(cx, name)? else {
            return Ok(Step::NeedBytes);
        };
        self.rounds += 1;
        if self.rounds > cx.config.limits.handshake_rounds {
            return Err(Fault::Unexpected { tag: tag.0, state: name });
        }
        match (mem::replace(&mut self.state, State::Over), tag) {
            (State::WaitHello, Tag::HELLO) => self.hello(cx, &segment),
            (State::WaitAuthRequest, Tag::AUTH_REQUEST) => self.auth_request(frames, cx, &segment),
            (State::WaitAuthMore, Tag::AUTH_REQUEST_MORE) => {
                let payload = read::<AuthRequestMoreFrame>(&segment)?.auth_payload.0;
                self.check(payload, true)
            }
            (State::WaitSignature(expected), Tag::AUTH_SIGNATURE) => {
                expected.check(&segment)?;
                let is_next = frames.talk_of_compression;
                self.then(if is_next { State::WaitCompression } else { State::WaitIdent })
            }
            (State::WaitCompression, Tag::COMPRESSION_REQUEST) => {
                // It comes once, and leaves as many rounds as there are without it.
                self.rounds = self.rounds.saturating_sub(1);
                compress::answer(frames, cx, self.peer_type, &segment)?;
                self.then(State::WaitIdent)
            }
            (State::WaitIdent, Tag::CLIENT_IDENT) => self.client_ident(frames, cx, &segment),
            (State::WaitIdent, Tag::SESSION_RECONNECT) => self.reconnect(frames, cx, &segment),
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
            (State::WaitCheck, Answer::Auth(AuthStep::Challenge { challenge })) => {
                frames.put_control(cx, &AuthReplyMoreFrame { auth_payload: Secretive(challenge) })?;
                self.then(State::WaitAuthMore)
            }
            (State::WaitCheck, Answer::Auth(AuthStep::Accept(accept))) => self.accepted(frames, cx, accept),
            (State::WaitCheck, Answer::Auth(AuthStep::BadMethod { result, allowed })) => {
                self.bad_method(frames, cx, result, allowed)
            }
            (State::WaitCheck, Answer::Auth(AuthStep::Refuse)) => {
                let allowed = alloc::vec![self.method];
                self.bad_method(frames, cx, -EACCES, allowed)
            }
            (State::WaitSession(Wants::Ident(ident)), Answer::Session(answer)) => {
                self.session(frames, cx, ident, answer)
            }
            (State::WaitSession(Wants::Reconnect(reconnect)), Answer::Session(answer)) => {
                self.goes_on(frames, cx, &reconnect, answer)
            }
            (State::WaitGlobalSeq(ident), Answer::GlobalSeq { seq, random }) => {
                self.open(frames, cx, &ident, seq, random)
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
    fn then(&mut self, state: State) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::Again)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends a step, whose result it is")]
    fn ask(&mut self, state: State, ask: Ask) -> Result<Step, Fault> {
        self.state = state;
        Ok(Step::Ask(ask))
    }

    fn hello(&mut self, cx: &mut Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        self.peer_type = read::<HelloFrame>(segment)?.entity_type;
        *cx.policy = cx.config.policies.get(self.peer_type).clone();
        self.then(State::WaitAuthRequest)
    }

    fn auth_request(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        let AuthRequestFrame { method, preferred_modes, auth_payload } = read(segment)?;
        self.method = method;
        let mine = cx.config.myname.get().kind;
        let modes = &cx.config.options.modes;
        self.mode = modes.pick(mine, self.peer_type, method, &preferred_modes).unwrap_or(ConMode::UNKNOWN);
        // Who names no method wants to hear which there are.
        if self.mode == ConMode::UNKNOWN && method != AuthMethod::UNKNOWN {
            return self.no_mode(frames, cx);
        }
        self.check(auth_payload.0, false)
    }

    fn check(&mut self, payload: Bytes, more: bool) -> Result<Step, Fault> {
        let (peer, method, connection_secret_len) = (self.peer_type, self.method, self.mode.secret_len());
        let request = AuthRequest::CheckV2 { peer, method, payload, more, connection_secret_len };
        self.ask(State::WaitCheck, Ask::Auth(request))
    }

    /// There is no mode for the method.
    fn no_mode(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        let allowed = alloc::vec![self.method];
        self.bad_method(frames, cx, -EOPNOTSUPP, allowed)
    }

    /// Not so: the peer may try otherwise.
    fn bad_method(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        result: i32,
        allowed_methods: alloc::vec::Vec<AuthMethod>,
    ) -> Result<Step, Fault> {
        let mine = cx.config.myname.get().kind;
        let allowed_modes = cx.config.options.modes.between(mine, self.peer_type).to_vec();
        let refusal = AuthBadMethodFrame { method: self.method, result, allowed_methods, allowed_modes };
        frames.put_control(cx, &refusal)?;
        self.then(State::WaitAuthRequest)
    }

    /// The peer is who it says: proves who we are, and signs what was said.
    fn accepted(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, accept: Accept) -> Result<Step, Fault> {
        if self.mode == ConMode::UNKNOWN {
            return self.no_mode(frames, cx);
        }
        let Accept { reply, session_key: key, connection_secret, global_id } = accept;
        let secret = connection_secret.filter(|_| self.mode == ConMode::SECURE);
        let is_secure = self.mode == ConMode::SECURE;
        if (is_secure && secret.is_none()) || (self.method.0 == CEPHX && key.is_none()) {
            return Err(Fault::AuthFailed);
        }
        let done = AuthDoneFrame { global_id, con_mode: self.mode, auth_payload: Secretive(reply) };
        frames.put_control(cx, &done)?;
        let (signature, transcript) = frames.agree(Side::Server, key.as_ref(), secret.as_ref())?;
        frames.put_control(cx, &AuthSignatureFrame { signature })?;
        self.then(State::WaitSignature(Expected { key, transcript }))
    }

    fn client_ident(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        let ident: ClientIdentFrame = read(segment)?;
        let first = ident.addrs.front();
        if ident.addrs.is_empty() || first == EntityAddr::NONE || !self.is_ours(&ident.target_addr) {
            return Err(Fault::WrongPeer);
        }
        let required = cx.policy.features_required | REQUIRED_FEATURES;
        let missing = required.without(ident.supported_features);
        if missing != Features::NONE {
            frames.put_control(cx, &IdentMissingFeaturesFrame { features: missing })?;
            return self.then(State::WaitIdent);
        }
        if !cx.policy.registers() {
            return self.ask_global_seq(ident);
        }
        let claim = Claim {
            addrs: self.where_all_is(&ident.addrs),
            global_seq: small(ident.global_seq),
            wanted: Wanted::Ident { client_cookie: ident.cookie },
        };
        self.ask(State::WaitSession(Wants::Ident(ident)), Ask::Session(claim))
    }

    fn ask_global_seq(&mut self, ident: ClientIdentFrame) -> Result<Step, Fault> {
        self.ask(State::WaitGlobalSeq(ident), Ask::GlobalSeq { above: 0 })
    }

    /// What becomes of the new session that the peer wants.
    fn session(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        ident: ClientIdentFrame,
        answer: SessionAnswer,
    ) -> Result<Step, Fault> {
        match answer {
            SessionAnswer::New | SessionAnswer::Open | SessionAnswer::GoOn { .. } => {
                self.ask_global_seq(ident)
            }
            SessionAnswer::Wait => self.wait_for_call(frames, cx),
            // The others are answers to who wants to go on with a session.
            _ => Err(Fault::Replaced),
        }
    }

    fn wait_for_call(&mut self, frames: &mut Frames, cx: &mut Cx<'_>) -> Result<Step, Fault> {
        frames.put_control(cx, &WaitFrame {})?;
        self.then(State::WaitIdent)
    }

    /// The peer wants to go on with a session.
    fn reconnect(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, segment: &Bytes) -> Result<Step, Fault> {
        let reconnect: ReconnectFrame = read(segment)?;
        if reconnect.addrs.is_empty() || reconnect.addrs.front() == EntityAddr::NONE {
            return Err(Fault::WrongPeer);
        }
        if !cx.policy.registers() {
            return self.reset(frames, cx, true);
        }
        let claim = Claim {
            addrs: self.where_all_is(&reconnect.addrs),
            global_seq: small(reconnect.global_seq),
            wanted: Wanted::Reconnect {
                client_cookie: reconnect.client_cookie,
                connect_seq: small(reconnect.connect_seq),
            },
        };
        self.ask(State::WaitSession(Wants::Reconnect(reconnect)), Ask::Session(claim))
    }

    fn reset(&mut self, frames: &mut Frames, cx: &mut Cx<'_>, full: bool) -> Result<Step, Fault> {
        frames.put_control(cx, &ResetFrame { full })?;
        self.then(State::WaitIdent)
    }

    /// What becomes of the session that the peer wants to go on with.
    fn goes_on(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        reconnect: &ReconnectFrame,
        answer: SessionAnswer,
    ) -> Result<Step, Fault> {
        match answer {
            SessionAnswer::New | SessionAnswer::Open => self.reset(frames, cx, true),
            SessionAnswer::Reset { full } => self.reset(frames, cx, full),
            SessionAnswer::Retry { connect_seq } => {
                frames.put_control(cx, &RetryFrame { connect_seq: u64::from(connect_seq) })?;
                self.then(State::WaitIdent)
            }
            SessionAnswer::RetryGlobal { global_seq } => {
                frames.put_control(cx, &RetryGlobalFrame { global_seq: u64::from(global_seq) })?;
                self.then(State::WaitIdent)
            }
            SessionAnswer::Wait => self.wait_for_call(frames, cx),
            SessionAnswer::GoOn { .. } => self.reconnect_ok(frames, cx, reconnect),
            SessionAnswer::Stale => Err(Fault::Replaced),
        }
    }

    /// The session goes on, with what neither end has.
    fn reconnect_ok(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        reconnect: &ReconnectFrame,
    ) -> Result<Step, Fault> {
        let unexpected =
            Fault::Unexpected { tag: Tag::SESSION_RECONNECT.0, state: "waiting for the session" };
        if !cx.session.acknowledged(reconnect.msg_seq) {
            // It has more than was ever sent: the two do not mean the same session, and never will.
            frames.put_control(cx, &ResetFrame { full: true })?;
            self.state = State::WaitIdent;
            return Ok(Step::SessionReset { random: 0 });
        }
        cx.session.connect_seq = small(reconnect.connect_seq);
        cx.session.peer_global_seq = small(reconnect.global_seq);
        frames.put_control(cx, &ReconnectOkFrame { msg_seq: cx.session.in_seq() })?;
        Ok(Step::Opened(cx.peer.clone().ok_or(unexpected)?))
    }

    /// Whether the peer called us. Who takes calls at every IP does not know under which one it is called.
    fn is_ours(&self, called: &EntityAddr) -> bool {
        let same = |mine: &EntityAddr| {
            mine == called || mine.is_blank_ip() && mine.port() == called.port() && mine.nonce == called.nonce
        };
        self.my_addrs.iter().any(same)
    }

    /// Everything is in order: opens the session.
    fn open(
        &mut self,
        frames: &mut Frames,
        cx: &mut Cx<'_>,
        ident: &ClientIdentFrame,
        global_seq: u32,
        random: u64,
    ) -> Result<Step, Fault> {
        // Of a session that was here before, the peer has taken nothing of what is not acknowledged.
        cx.session.renumber();
        cx.session.peer_global_seq = small(ident.global_seq);
        cx.session.connect_seq = 0;
        cx.session.client_cookie = ident.cookie;
        cx.session.server_cookie = if cx.policy.lossy { 0 } else { random.max(1) };
        let answer = ServerIdentFrame {
            addrs: self.addrs_for(ident),
            gid: cx.config.myname.get().num,
            global_seq: u64::from(global_seq),
            supported_features: cx.config.features_supported,
            required_features: cx.policy.features_required | REQUIRED_FEATURES,
            flags: if cx.policy.lossy { u64::from(ConnectMessage::LOSSY) } else { 0 },
            cookie: cx.session.server_cookie,
        };
        frames.put_control(cx, &answer)?;
        Ok(Step::Opened(Peer {
            name: EntityName::new(self.peer_type, ident.gid),
            addrs: self.where_all_is(&ident.addrs),
            features: ident.supported_features & cx.config.features_supported,
        }))
    }

    /// Our addresses, with the one that was called in place of one at every IP.
    fn addrs_for(&self, ident: &ClientIdentFrame) -> EntityAddrVec {
        let called = ident.target_addr;
        let at = |mine: &EntityAddr| {
            if mine.is_blank_ip() { called.with_kind(mine.kind).with_port(mine.port()) } else { *mine }
        };
        self.my_addrs.iter().map(at).collect()
    }

    fn where_all_is(&self, said: &EntityAddrVec) -> EntityAddrVec {
        said.iter().map(|addr| self.where_the_peer_is(*addr)).collect()
    }

    /// A peer that does not know its IP is where the socket says.
    fn where_the_peer_is(&self, said: EntityAddr) -> EntityAddr {
        let seen = self.seen.with_kind(said.kind).with_port(said.port()).with_nonce(said.nonce);
        if said.is_blank_ip() { seen } else { said }
    }
}
