//! The client's side.

mod authorizer;
mod cephx;
mod login;
mod steps;
mod ticket;

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;
use loligo_base::{Entropy, Mono, Now};
use loligo_wire::cephx::{AuthMethod, AuthNoneAuthorizer, AuthRequestMon, AuthRequestStart, EntityTypes};
use loligo_wire::{AuthEntityName, Encode, EntityType, Features, GlobalId};

pub use self::authorizer::{Authorized, Authorizer};
use self::login::State;
pub use self::login::{LoggedIn, Login, LoginKeys, LoginReply, LoginRequest, LoginStep};
use self::ticket::Tickets;
use crate::{AuthError, CryptoKey};

/// The least time between two requests for renewal on one client: a monitor that gives out tickets which are over
/// at once is not asked without pause.
const RENEWAL_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// A client's identity and its tickets: what Ceph keeps in `AuthClientHandler`, for methods none and cephx.
///
/// # The flow
///
/// **Login on msgr v1.** [`login`](Self::login) gives the payload of the first `MAuth`; each `MAuthReply` goes to
/// [`handle_reply`](Self::handle_reply), which says what to send next, until [`LoginStep::Done`] or
/// [`LoginStep::Failed`]. **On v2** [`login_v2`](Self::login_v2) gives the payload of the AUTH_REQUEST frame,
/// AUTH_REPLY_MORE goes to [`handle_reply_more`](Self::handle_reply_more), AUTH_DONE to
/// [`handle_done`](Self::handle_done), and when the connection opens, [`connected`](Self::connected) ends the login. Renewals
/// are `MAuth` messages as on v1.
///
/// **Renewal.** When [`next_renewal`](Self::next_renewal) comes, and at each tick of the monitor client (the wall clock
/// may have jumped), [`renew`](Self::renew) gives what to send on the connection that is logged in, if anything. The
/// reply goes to [`handle_reply`](Self::handle_reply).
///
/// **Services.** [`build_authorizer`](Self::build_authorizer) for each connection to an OSD, MDS or manager. When a
/// service refuses it, [`invalidate_ticket`](Self::invalidate_ticket) and [`renew`](Self::renew).
///
/// **Reconnecting to a monitor.** A new [`login`](Self::login) claims the global id again and proves it with the old
/// ticket. If that ends in [`AuthError::ReclaimRefused`], call [`forget_identity`](Self::forget_identity) and log in
/// again; [`LoggedIn::is_new_identity`] then tells the layers above.
#[derive(Debug)]
pub struct AuthClient {
    name: AuthEntityName,
    key: Option<CryptoKey>,
    methods: Vec<AuthMethod>,
    want: EntityTypes,
    /// 0 before the first login.
    global_id: GlobalId,
    /// Unknown before the first login.
    method: AuthMethod,
    tickets: Tickets,
    renew_not_before: Mono,
}

impl AuthClient {
    /// A client that offers cephx with this key, and no other method, and wants tickets for these services.
    #[must_use]
    pub fn cephx(name: AuthEntityName, key: CryptoKey, want: EntityTypes) -> Self {
        Self::new(name, Some(key), alloc::vec![AuthMethod::CEPHX], want)
    }

    /// A client that offers only to be believed.
    #[must_use]
    pub fn none(name: AuthEntityName) -> Self {
        Self::new(name, None, alloc::vec![AuthMethod::NONE], EntityTypes::NONE)
    }

    /// A client that offers these methods, best first (`auth_client_required`), of which those unknown here and, without
    /// a key, cephx are left out.
    #[must_use]
    pub fn new(
        name: AuthEntityName,
        key: Option<CryptoKey>,
        mut methods: Vec<AuthMethod>,
        want: EntityTypes,
    ) -> Self {
        methods.retain(|method| match *method {
            AuthMethod::CEPHX => key.is_some(),
            method => method == AuthMethod::NONE,
        });
        Self {
            name,
            key,
            methods,
            want: want.with(EntityType::AUTH),
            global_id: GlobalId(0),
            method: AuthMethod::UNKNOWN,
            tickets: Tickets::default(),
            renew_not_before: Mono::ZERO,
        }
    }

    /// Who the client says it is.
    #[must_use]
    pub const fn name(&self) -> &AuthEntityName {
        &self.name
    }

    /// The client's number, 0 before the first login.
    #[must_use]
    pub const fn global_id(&self) -> GlobalId {
        self.global_id
    }

    /// The method of the last login, unknown before the first.
    #[must_use]
    pub const fn method(&self) -> AuthMethod {
        self.method
    }

    /// Gives the global id and all tickets up: the next login is that of somebody new.
    pub fn forget_identity(&mut self) {
        self.global_id = GlobalId(0);
        self.tickets.clear();
    }

    /// Begins a login on msgr v1: the request goes into an `MAuth`, and tells the monitor all methods that we can do.
    pub fn login(&self) -> (Login, LoginRequest) {
        let start = AuthRequestStart {
            methods: self.methods.clone(),
            name: self.name.clone(),
            global_id: self.global_id,
        };
        let login = Login::new(State::Method, AuthMethod::UNKNOWN, self.global_id);
        (login, LoginRequest { method: AuthMethod::UNKNOWN, payload: start.to_bytes(Features::NONE) })
    }

    /// Begins a login on msgr v2: the request goes into an AUTH_REQUEST frame. `allowed` are the methods that the
    /// monitor says it allows (AUTH_BAD_METHOD), nothing at first.
    ///
    /// # Errors
    ///
    /// [`AuthError::NoKey`] when we can do no method at all, [`AuthError::MethodNotOffered`] when the monitor allows
    /// none of ours.
    pub fn login_v2(&self, allowed: &[AuthMethod]) -> Result<(Login, LoginRequest), AuthError> {
        let first = self.methods.first().ok_or_else(|| AuthError::NoKey { name: self.name.clone() })?;
        let is_allowed = |method: &&AuthMethod| allowed.is_empty() || allowed.contains(method);
        let refused = AuthError::MethodNotOffered(allowed.first().copied().unwrap_or(*first));
        let method = *self.methods.iter().find(is_allowed).ok_or(refused)?;
        Ok(self.begin_v2(method))
    }

    fn begin_v2(&self, method: AuthMethod) -> (Login, LoginRequest) {
        let start = AuthRequestMon { name: self.name.clone(), global_id: self.global_id };
        let state = if method == AuthMethod::CEPHX { State::Challenge } else { State::Session };
        let login = Login::new(state, method, self.global_id);
        (login, LoginRequest { method, payload: start.to_bytes(Features::NONE) })
    }

    /// Takes an AUTH_BAD_METHOD frame: goes on with the next method that both sides can do, where there is one.
    pub fn handle_bad_method(&mut self, login: &mut Login, result: i32, allowed: &[AuthMethod]) -> LoginStep {
        if !matches!(login.state, State::Challenge | State::Session) {
            login.state = State::Dead;
            return LoginStep::Failed(AuthError::Unexpected);
        }
        let tried = self.methods.iter().position(|method| *method == login.method);
        let behind = self.methods.iter().skip(tried.map_or(usize::MAX, |at| at + 1));
        match behind.copied().find(|method| allowed.contains(method)) {
            Some(method) => {
                let (next, request) = self.begin_v2(method);
                *login = next;
                LoginStep::Send(request)
            }
            None => {
                login.state = State::Dead;
                LoginStep::Failed(steps::refused(login, result))
            }
        }
    }

    /// Takes an `MAuthReply`.
    pub fn handle_reply(
        &mut self,
        login: &mut Login,
        now: Now,
        reply: LoginReply,
        entropy: &mut dyn Entropy,
    ) -> LoginStep {
        self.checked(login, |client, login| client.reply(login, now, reply, entropy))
    }

    /// Takes the payload of an AUTH_REPLY_MORE frame.
    pub fn handle_reply_more(
        &mut self,
        login: &mut Login,
        now: Now,
        payload: Bytes,
        entropy: &mut dyn Entropy,
    ) -> LoginStep {
        self.checked(login, |client, login| match login.state {
            State::Challenge => client.challenged(login, now, &payload, entropy),
            _ => Err(AuthError::Unexpected),
        })
    }

    /// Takes the global id and payload of an AUTH_DONE frame, and gives [`LoginStep::Proven`].
    pub fn handle_done(
        &mut self,
        login: &mut Login,
        now: Now,
        global_id: GlobalId,
        payload: Bytes,
    ) -> LoginStep {
        self.checked(login, |client, login| client.done(login, now, global_id, &payload))
    }

    /// The connection of a login on msgr v2 is open, so all that was said in its handshake is vouched for: the identity and
    /// the tickets become the client's. Missing tickets are had by [`Self::renew`] then.
    pub fn connected(&mut self, login: &mut Login) -> LoginStep {
        self.checked(login, |client, login| match login.state {
            State::Signature => Ok(LoginStep::Done(client.adopt(login))),
            _ => Err(AuthError::Unexpected),
        })
    }

    /// What to send on the connection that is logged in, so that no ticket ends before there is a new one; nothing
    /// when there is no need, or an answer is still awaited (`_check_auth_tickets`).
    pub fn renew(&mut self, login: &mut Login, now: Now, entropy: &mut dyn Entropy) -> Option<LoginRequest> {
        if login.state != State::Ready || self.method != AuthMethod::CEPHX || now.mono < self.renew_not_before
        {
            return None;
        }
        let need = self.needed(login, now)?;
        self.renew_not_before = now.mono + RENEWAL_INTERVAL_MIN;
        // A login that is done has its number to prove, also where it was new.
        login.is_reclaim = true;
        let (request, state) = if need.has(EntityType::AUTH) {
            (self.authenticate(login, now, entropy), State::RenewedSession)
        } else {
            (self.request_tickets(login, need, entropy), State::RenewedTickets)
        };
        let request = request.ok()?;
        login.state = state;
        Some(request)
    }

    /// When [`Self::renew`] has something to do; nothing before the first login and with method `none`.
    #[must_use]
    pub fn next_renewal(&self) -> Option<Mono> {
        if self.method != AuthMethod::CEPHX || self.global_id == GlobalId(0) {
            return None;
        }
        // A manager's ticket alone is never asked for, so it alone is no reason to come back.
        let due = self.tickets.next_due(self.want.without(EntityType::MGR))?;
        Some(due.max(self.renew_not_before))
    }

    /// Whether there is a ticket for the service that is not over. With method `none` there always is.
    #[must_use]
    pub fn have_ticket(&self, service: EntityType, now: Now) -> bool {
        self.method == AuthMethod::NONE
            || self.tickets.get(service).is_some_and(|ticket| !ticket.is_over(now))
    }

    /// A service has refused our ticket: the next [`Self::renew`] asks for a new one.
    pub fn invalidate_ticket(&mut self, service: EntityType) {
        self.tickets.invalidate(service);
    }

    /// What to show a service. A ticket that is over is shown all the same: only the service knows its time.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] or [`AuthError::NoTicket`].
    pub fn build_authorizer(
        &self,
        service: EntityType,
        entropy: &mut dyn Entropy,
    ) -> Result<Authorizer, AuthError> {
        match self.method {
            AuthMethod::NONE => {
                let authorizer = AuthNoneAuthorizer { name: self.name.clone(), global_id: self.global_id };
                Ok(Authorizer::none(service, &authorizer))
            }
            AuthMethod::CEPHX => {
                let ticket = self.tickets.get(service).ok_or(AuthError::NoTicket { service })?;
                Ok(Authorizer::cephx(service, self.global_id, ticket, entropy))
            }
            _ => Err(AuthError::NotLoggedIn),
        }
    }
}
