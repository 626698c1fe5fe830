//! The login on messenger v2, where it is a part of the connection: what its frames carry.

use bytes::Bytes;
use loligo_auth::{AuthError, Login, LoginKeys, LoginRequest, LoginStep};
use loligo_base::Now;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::message::{MMonSubscribe, SubscribeItem};
use loligo_wire::{GlobalId, Tid};

use crate::machine::Phase;
use crate::{MonClient, MonSession, Output, ToMon};

/// What a step of a login leads to.
enum Next {
    Send(LoginRequest),
    Done(LoginKeys),
    Nothing,
}

impl<T> MonClient<T> {
    /// A connection to a monitor asks how the login begins (`MonConnection::get_auth_request`): the payload of its
    /// AUTH_REQUEST. `None` where the session is not one any more, or we can do no method at all.
    pub fn auth_begin(&mut self, now: Now, session: MonSession) -> Option<LoginRequest> {
        let Phase::Hunting(pending) = &mut self.phase else { return None };
        let called = pending.get_mut(&session).filter(|called| called.login.is_none())?;
        match self.auth.login_v2(&[]) {
            Ok((login, request)) => {
                called.login = Some(login);
                Some(request)
            }
            Err(error) => {
                self.refused(now, session, error);
                None
            }
        }
    }

    /// The monitor does not want that method, or refuses us (AUTH_BAD_METHOD): the payload of another AUTH_REQUEST, where
    /// there is something else to try.
    pub fn auth_bad_method(
        &mut self,
        now: Now,
        session: MonSession,
        result: i32,
        allowed: &[AuthMethod],
    ) -> Option<LoginRequest> {
        let step = self.auth.handle_bad_method(login_of(&mut self.phase, session)?, result, allowed);
        match self.took_step(now, session, step) {
            Next::Send(request) => Some(request),
            Next::Done(_) | Next::Nothing => None,
        }
    }

    /// The monitor answered (AUTH_REPLY_MORE): the payload of an AUTH_REQUEST_MORE.
    pub fn auth_more(&mut self, now: Now, session: MonSession, payload: Bytes) -> Option<LoginRequest> {
        let login = login_of(&mut self.phase, session)?;
        let step = self.auth.handle_reply_more(login, now, payload, &mut *self.entropy);
        match self.took_step(now, session, step) {
            Next::Send(request) => Some(request),
            Next::Done(_) | Next::Nothing => None,
        }
    }

    /// The monitor says that it lets us in (AUTH_DONE): the keys of the connection. `None` where it did not prove that it may.
    /// Nothing else comes of it before [`Input::Opened`](crate::Input::Opened): the handshake is not signed yet.
    pub fn auth_done(
        &mut self,
        now: Now,
        session: MonSession,
        global_id: GlobalId,
        payload: Bytes,
    ) -> Option<LoginKeys> {
        let login = login_of(&mut self.phase, session)?;
        let step = self.auth.handle_done(login, now, global_id, payload);
        match self.took_step(now, session, step) {
            Next::Done(keys) => Some(keys),
            Next::Send(_) | Next::Nothing => None,
        }
    }

    fn took_step(&mut self, now: Now, session: MonSession, step: LoginStep) -> Next {
        match step {
            LoginStep::Send(request) => Next::Send(request),
            LoginStep::Proven(keys) => Next::Done(keys),
            LoginStep::Failed(error) => {
                self.refused(now, session, error);
                Next::Nothing
            }
            LoginStep::Done(_) | LoginStep::Renewed => Next::Nothing,
        }
    }

    /// A connection opened in whose handshake we have logged in: what the monitor said there was signed, so it counts. No map
    /// comes of that by itself, as it does on v1.
    pub(crate) fn opened_after_login(&mut self, now: Now, session: MonSession) {
        let Some(login) = login_of(&mut self.phase, session) else { return };
        match self.auth.connected(login) {
            LoginStep::Done(logged_in) => self.let_in(session, logged_in.global_id),
            LoginStep::Failed(error) => return self.refused(now, session, error),
            _ => return self.refused(now, session, AuthError::Unexpected),
        }
        self.outputs.push_back(Output::Keepalive { session });
        if !self.monitors.known() {
            let what = [("monmap".into(), SubscribeItem { start: 0, onetime: false })].into();
            let message = ToMon::Subscribe(MMonSubscribe { what, hostname: self.hostname.clone() });
            self.outputs.push_back(Output::Send { session, tid: Tid(0), message });
        }
        self.try_settle(now, session);
    }
}

/// The login that is under way on a session.
fn login_of(phase: &mut Phase, session: MonSession) -> Option<&mut Login> {
    let Phase::Hunting(pending) = phase else { return None };
    pending.get_mut(&session)?.login.as_mut().filter(|login| !login.is_done())
}
