//! What a monitor's answers lead to.

use bytes::Bytes;
use loligo_base::{Entropy, Now};
use loligo_wire::cephx::{AuthMethod, CephXServerChallenge};
use loligo_wire::{Decode, EntityType, GlobalId};

use super::AuthClient;
use super::login::{LoggedIn, Login, LoginKeys, LoginReply, LoginStep, State};
use crate::AuthError;

/// `EACCES`
const EACCES: i32 = 13;
/// `EINVAL`
const EINVAL: i32 = 22;

impl AuthClient {
    /// Takes one step; after an error the login is dead.
    pub(super) fn checked(
        &mut self,
        login: &mut Login,
        step: impl FnOnce(&mut Self, &mut Login) -> Result<LoginStep, AuthError>,
    ) -> LoginStep {
        step(self, login).unwrap_or_else(|error| {
            login.state = State::Dead;
            LoginStep::Failed(error)
        })
    }

    pub(super) fn reply(
        &mut self,
        login: &mut Login,
        now: Now,
        reply: LoginReply,
        entropy: &mut dyn Entropy,
    ) -> Result<LoginStep, AuthError> {
        match login.state {
            State::Challenge | State::Signature | State::Ready | State::Dead => {
                return Err(AuthError::Unexpected);
            }
            _ if reply.result < 0 => return Err(refused(login, reply.result)),
            State::Method => self.choose(login, &reply)?,
            _ if reply.global_id != login.global_id => {
                return Err(AuthError::GlobalId { found: reply.global_id, wanted: login.global_id });
            }
            _ => {}
        }
        match login.state {
            State::Method if login.method == AuthMethod::NONE => Ok(LoginStep::Done(self.adopt(login))),
            State::Method => self.challenged(login, now, &reply.payload, entropy),
            State::Session => {
                self.session(login, now, &reply.payload)?;
                self.want_more(login, now, entropy)
            }
            State::Tickets => {
                self.receive_tickets(login, now, &reply.payload)?;
                Ok(LoginStep::Done(self.adopt(login)))
            }
            State::RenewedSession => {
                self.session(login, now, &reply.payload)?;
                self.adopt(login);
                Ok(LoginStep::Renewed)
            }
            _ => {
                self.receive_tickets(login, now, &reply.payload)?;
                self.adopt(login);
                Ok(LoginStep::Renewed)
            }
        }
    }

    /// The monitor's last word in a login on msgr v2. Nothing of it is the client's before the connection opens.
    pub(super) fn done(
        &mut self,
        login: &mut Login,
        now: Now,
        global_id: GlobalId,
        payload: &Bytes,
    ) -> Result<LoginStep, AuthError> {
        if login.state != State::Session {
            return Err(AuthError::Unexpected);
        }
        // Nobody has vouched for this frame yet. A monitor gives back what is claimed, or refuses.
        if global_id == GlobalId(0) || (login.is_reclaim && global_id != login.global_id) {
            return Err(AuthError::GlobalId { found: global_id, wanted: login.global_id });
        }
        login.global_id = global_id;
        let mut keys = LoginKeys { session_key: None, connection_secret: None };
        if login.method == AuthMethod::CEPHX {
            keys.connection_secret = self.session(login, now, payload)?;
            let auth = login.tickets.get(EntityType::AUTH);
            keys.session_key = auth.map(|ticket| ticket.session_key.duplicate());
        }
        login.state = State::Signature;
        Ok(LoginStep::Proven(keys))
    }

    /// Takes the method that the monitor chose, and the global id that it gave.
    fn choose(&self, login: &mut Login, reply: &LoginReply) -> Result<(), AuthError> {
        if !self.methods.contains(&reply.method) {
            return Err(AuthError::MethodNotOffered(reply.method));
        }
        if reply.global_id == GlobalId(0) {
            return Err(AuthError::GlobalId { found: reply.global_id, wanted: login.global_id });
        }
        login.method = reply.method;
        // Another one than we claimed: we are somebody new, and have nothing to prove.
        login.is_reclaim &= reply.global_id == login.global_id;
        login.global_id = reply.global_id;
        Ok(())
    }

    /// The monitor's challenge has come: proves that we have the key.
    pub(super) fn challenged(
        &self,
        login: &mut Login,
        now: Now,
        payload: &Bytes,
        entropy: &mut dyn Entropy,
    ) -> Result<LoginStep, AuthError> {
        let challenge = CephXServerChallenge::decode_all(payload)?;
        login.server_challenge.0 = challenge.server_challenge;
        login.state = State::Session;
        self.authenticate(login, now, entropy).map(LoginStep::Send)
    }

    /// Asks for the tickets that did not come with the login itself.
    fn want_more(
        &mut self,
        login: &mut Login,
        now: Now,
        entropy: &mut dyn Entropy,
    ) -> Result<LoginStep, AuthError> {
        match self.needed(login, now) {
            Some(need) if !need.has(EntityType::AUTH) => {
                login.state = State::Tickets;
                self.request_tickets(login, need, entropy).map(LoginStep::Send)
            }
            _ => Ok(LoginStep::Done(self.adopt(login))),
        }
    }

    /// What the login brought becomes the client's.
    pub(super) fn adopt(&mut self, login: &mut Login) -> LoggedIn {
        let is_new_identity = login.global_id != self.global_id;
        if is_new_identity {
            self.tickets.clear();
        }
        self.tickets.replace(core::mem::take(&mut login.tickets));
        self.global_id = login.global_id;
        self.method = login.method;
        login.state = State::Ready;
        LoggedIn { global_id: self.global_id, is_new_identity }
    }
}

/// What a monitor's refusal means.
pub(super) fn refused(login: &Login, result: i32) -> AuthError {
    let errno = result.saturating_neg();
    if login.is_reclaim && !login.is_done() && matches!(errno, EACCES | EINVAL) {
        return AuthError::ReclaimRefused { global_id: login.global_id, errno };
    }
    AuthError::Refused { errno }
}
