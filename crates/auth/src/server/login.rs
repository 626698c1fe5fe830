//! A monitor lets clients in (`CephxServiceHandler`, `AuthMonitor::prep_auth`).

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::{AuthCapsInfo, AuthMethod, AuthRequestMon, AuthRequestStart, CephXServerChallenge};
use loligo_wire::{AuthEntityName, Decode, Encode, EntityType, Features, GlobalId};

use super::KeyServer;
use crate::{AuthError, ConnectionSecret, LoginReply, LoginRequest, SessionKey};

/// `EPERM`
pub(super) const EPERM: i32 = 1;
/// `EACCES`
pub(super) const EACCES: i32 = 13;
/// `EINVAL`
pub(super) const EINVAL: i32 = 22;
/// `EOPNOTSUPP`
pub(super) const EOPNOTSUPP: i32 = 95;

/// A monitor's side of one connection that a client opened.
///
/// Made when the connection is accepted, and dropped with it. On msgr v1 the fields of each `MAuth` go to
/// [`handle`](Self::handle). On v2 the AUTH_REQUEST goes to [`begin_v2`](Self::begin_v2), the AUTH_REQUEST_MORE to
/// [`more_v2`](Self::more_v2), and later `MAuth`s, for renewals, to [`handle`](Self::handle).
#[derive(Debug)]
pub struct LoginHandler {
    methods: Vec<AuthMethod>,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// Nothing came yet.
    Start,
    /// The client is believed.
    None { global_id: GlobalId },
    /// The client was challenged.
    Cephx(Challenged),
}

/// A client that was challenged, and perhaps has logged in since.
pub(super) struct Challenged {
    pub(super) name: AuthEntityName,
    pub(super) global_id: GlobalId,
    pub(super) server_challenge: u64,
    /// The client must show the ticket of the login before: it claims a global id that it had, or renews its login here.
    pub(super) must_prove: bool,
    pub(super) is_logged_in: bool,
}

impl fmt::Debug for Challenged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenged({} {})", self.name, self.global_id)
    }
}

/// What the monitor answers.
#[derive(Debug)]
pub struct LoginAnswer {
    /// The fields of the `MAuthReply`.
    pub reply: LoginReply,
    /// Who has logged in with this request.
    pub client: Option<LoggedInClient>,
    /// Why the request was refused, for a log. The client learns the errno in the reply only.
    pub refusal: Option<AuthError>,
}

/// A client that has logged in at a monitor.
#[derive(Debug)]
pub struct LoggedInClient {
    /// Who it is.
    pub name: AuthEntityName,
    /// Which one of that name.
    pub global_id: GlobalId,
    /// What it may do at the monitor.
    pub caps: AuthCapsInfo,
    /// The key of the session, for msgr v2. Nothing with method `none`.
    pub session_key: Option<SessionKey>,
    /// The secret of this connection, where one was asked for.
    pub connection_secret: Option<ConnectionSecret>,
}

/// A payload, with who has logged in by it; or an errno and why.
pub(super) type Handled = Result<(Bytes, Option<LoggedInClient>), Refusal>;

/// An errno for the client, and the reason for our log.
pub(super) struct Refusal {
    pub(super) errno: i32,
    pub(super) why: AuthError,
}

impl Refusal {
    pub(super) const fn new(errno: i32, why: AuthError) -> Self {
        Self { errno, why }
    }
}

impl LoginHandler {
    /// For a new connection, where these methods are allowed, best first (`auth_service_required`).
    #[must_use]
    pub fn new(methods: &[AuthMethod]) -> Self {
        Self { methods: methods.to_vec(), state: State::Start }
    }

    /// Takes an `MAuth`.
    pub fn handle(
        &mut self,
        keys: &mut KeyServer,
        now: Wall,
        request: &LoginRequest,
        entropy: &mut dyn Entropy,
    ) -> LoginAnswer {
        let handled = match (&mut self.state, request.method) {
            (State::Start, AuthMethod::UNKNOWN) => self.start_v1(keys, &request.payload, entropy),
            (State::Cephx(client), AuthMethod::CEPHX) => {
                client.request(keys, now, &request.payload, None, entropy)
            }
            _ => Err(Refusal::new(EINVAL, AuthError::Unexpected)),
        };
        let (method, global_id) = match &self.state {
            State::Start => (request.method, GlobalId(0)),
            State::None { global_id } => (AuthMethod::NONE, *global_id),
            State::Cephx(client) => (AuthMethod::CEPHX, client.global_id),
        };
        let (result, payload, client, refusal) = match handled {
            Ok((payload, client)) => (0, payload, client, None),
            Err(refusal) => (-refusal.errno, Bytes::new(), None, Some(refusal.why)),
        };
        LoginAnswer { reply: LoginReply { method, result, global_id, payload }, client, refusal }
    }

    /// Takes an AUTH_REQUEST frame. Gives the payload of an AUTH_REPLY_MORE, or where a client is given too, of an
    /// AUTH_DONE.
    ///
    /// # Errors
    ///
    /// When the client must be refused (AUTH_BAD_METHOD).
    pub fn begin_v2(
        &mut self,
        keys: &mut KeyServer,
        request: &LoginRequest,
        entropy: &mut dyn Entropy,
    ) -> Result<(Bytes, Option<LoggedInClient>), AuthError> {
        if !matches!(self.state, State::Start) {
            return Err(AuthError::Unexpected);
        }
        if !self.methods.contains(&request.method) {
            return Err(AuthError::MethodNotAllowed(request.method));
        }
        let start = AuthRequestMon::decode_all(&request.payload)?;
        self.start(keys, request.method, start.name, start.global_id, entropy).map_err(|refusal| refusal.why)
    }

    /// Takes an AUTH_REQUEST_MORE frame: gives the payload of an AUTH_DONE, and who has logged in. The secret of the
    /// connection has `connection_secret_len` bytes, as the mode of the connection needs.
    ///
    /// # Errors
    ///
    /// When the client must be refused (AUTH_BAD_METHOD).
    pub fn more_v2(
        &mut self,
        keys: &KeyServer,
        now: Wall,
        payload: &Bytes,
        connection_secret_len: usize,
        entropy: &mut dyn Entropy,
    ) -> Result<(Bytes, LoggedInClient), AuthError> {
        let State::Cephx(client) = &mut self.state else { return Err(AuthError::Unexpected) };
        let handled = client.request(keys, now, payload, Some(connection_secret_len), entropy);
        match handled.map_err(|refusal| refusal.why)? {
            (payload, Some(client)) => Ok((payload, client)),
            (_, None) => Err(AuthError::Unexpected),
        }
    }

    fn start_v1(&mut self, keys: &mut KeyServer, payload: &Bytes, entropy: &mut dyn Entropy) -> Handled {
        let start =
            AuthRequestStart::decode_all(payload).map_err(|error| Refusal::new(EINVAL, error.into()))?;
        let method = self.methods.iter().copied().find(|method| start.methods.contains(method));
        let offered = start.methods.first().copied().unwrap_or_default();
        let method = method.ok_or_else(|| Refusal::new(EOPNOTSUPP, AuthError::MethodNotAllowed(offered)))?;
        self.start(keys, method, start.name, start.global_id, entropy)
    }

    fn start(
        &mut self,
        keys: &mut KeyServer,
        method: AuthMethod,
        name: AuthEntityName,
        claimed: GlobalId,
        entropy: &mut dyn Entropy,
    ) -> Handled {
        let is_new = claimed == GlobalId(0);
        if !matches!(method, AuthMethod::NONE | AuthMethod::CEPHX) {
            return Err(Refusal::new(EOPNOTSUPP, AuthError::MethodNotAllowed(method)));
        }
        let global_id = if is_new { keys.assign_global_id() } else { claimed };
        if method == AuthMethod::NONE {
            self.state = State::None { global_id };
            let caps = AuthCapsInfo { allow_all: true, caps: Bytes::new() };
            let client = LoggedInClient { name, global_id, caps, session_key: None, connection_secret: None };
            return Ok((Bytes::new(), Some(client)));
        }
        // Never 0, as in Ceph.
        let server_challenge = entropy.next_u64().max(1);
        let must_prove = !is_new;
        self.state =
            State::Cephx(Challenged { name, global_id, server_challenge, must_prove, is_logged_in: false });
        Ok((CephXServerChallenge { server_challenge }.to_bytes(Features::NONE), None))
    }
}

/// What somebody may do at the monitors.
pub(super) fn mon_caps(keys: &KeyServer, name: &AuthEntityName) -> Option<AuthCapsInfo> {
    let caps = keys.get(name)?.caps.get(EntityType::MON.name())?;
    (!caps.is_empty()).then(|| AuthCapsInfo { allow_all: false, caps: caps.to_bytes(Features::NONE) })
}
