//! Showing monitors and OSDs who we are.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_auth::{Authorized, LoginRequest};
use loligo_monclient::{LoginKeys, MonSession};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, ConId, NetCommand, Output};
use loligo_wire::entity::EntityType;
use tracing::debug;

use crate::Client;
use crate::links::Link;

impl<C> Client<C> {
    /// The handshake of a connection asks for something.
    pub(crate) fn auth_wanted(&mut self, con: ConId, request: AuthRequest) {
        let step = match self.links.get(con) {
            Some(Link::Mon { session, .. }) => {
                let session = *session;
                self.mon_step(session, request)
            }
            Some(Link::Osd { .. }) => match request {
                AuthRequest::Authorizer { .. } => return self.show_authorizer(con),
                AuthRequest::Challenge { challenge } => self.answer_challenge(con, &challenge),
                AuthRequest::Rejected => return self.rejected(con),
                AuthRequest::Verify { reply } | AuthRequest::Done { reply, .. } => self.verify(con, &reply),
                AuthRequest::Check { .. }
                | AuthRequest::CheckV2 { .. }
                | AuthRequest::Login
                | AuthRequest::BadMethod { .. } => AuthStep::Refuse,
            },
            None => AuthStep::Refuse,
        };
        self.auth_step(con, step);
    }

    fn auth_step(&mut self, con: ConId, step: AuthStep) {
        self.outputs.push_back(Output::Net(NetCommand::AuthStep { con, step }));
    }

    /// Shows the OSD an authorizer, or lets it wait while there is no ticket: its handshake has a deadline.
    fn show_authorizer(&mut self, con: ConId) {
        let now = self.now;
        let tickets = self.tickets;
        let Some(handshake) = self.links.handshake(con) else { return };
        // One that is over is shown too, as only the OSD knows its own time; but not one that was just refused.
        let hopeless = handshake.rejected && !self.mon.have_ticket(EntityType::OSD, now);
        let authorizer = if hopeless { None } else { self.mon.build_authorizer(EntityType::OSD).ok() };
        handshake.waits = authorizer.is_none();
        handshake.tickets = tickets;
        if let Some(authorizer) = authorizer {
            let (method, payload) = (authorizer.method().0, authorizer.payload().clone());
            handshake.authorizer = Some(authorizer);
            self.auth_step(con, AuthStep::Authorizer { method, authorizer: payload });
        }
    }

    fn answer_challenge(&mut self, con: ConId, challenge: &Bytes) -> AuthStep {
        let authorizer = self.links.handshake(con).and_then(|handshake| handshake.authorizer.as_mut());
        let Some(authorizer) = authorizer else { return AuthStep::Refuse };
        match self.mon.add_challenge(authorizer, challenge) {
            Ok(()) => AuthStep::Authorizer {
                method: authorizer.method().0,
                authorizer: authorizer.payload().clone(),
            },
            Err(error) => {
                debug!(%con, %error, "a challenge that is none");
                AuthStep::Refuse
            }
        }
    }

    /// The OSD refused our authorizer: its ticket may be sealed with a secret that the OSD does not use any more. One new
    /// ticket is tried, not more.
    fn rejected(&mut self, con: ConId) {
        let Some(handshake) = self.links.handshake(con) else { return };
        let (again, newer) = (handshake.rejected, handshake.tickets < self.tickets);
        handshake.rejected = true;
        if again {
            self.auth_step(con, AuthStep::Refuse);
            return;
        }
        // Another connection may have brought a new ticket meanwhile.
        if !newer {
            self.mon.invalidate_ticket(self.now, EntityType::OSD);
        }
        self.show_authorizer(con);
    }

    fn verify(&mut self, con: ConId, reply: &Bytes) -> AuthStep {
        let authorizer = self.links.handshake(con).and_then(|handshake| handshake.authorizer.as_ref());
        match authorizer.map(|authorizer| authorizer.verify_reply(reply)) {
            Some(Ok(Authorized { session_key, connection_secret })) => {
                AuthStep::Accept(Accept { session_key, connection_secret, ..Accept::default() })
            }
            Some(Err(error)) => {
                debug!(%con, %error, "an OSD did not prove itself");
                AuthStep::Refuse
            }
            None => AuthStep::Refuse,
        }
    }

    /// New tickets are here for who waits for them.
    pub(crate) fn new_tickets(&mut self) {
        self.tickets += 1;
        let waiting: Vec<ConId> = self.links.waiting().collect();
        for con in waiting {
            self.show_authorizer(con);
        }
    }

    /// On messenger v1 a monitor is shown nothing: the login comes inside. On v2 it comes here.
    fn mon_step(&mut self, session: MonSession, request: AuthRequest) -> AuthStep {
        let now = self.now;
        let next = match request {
            AuthRequest::Authorizer { .. } => {
                return AuthStep::Authorizer { method: 0, authorizer: Bytes::new() };
            }
            AuthRequest::Verify { .. } => return AuthStep::Accept(Accept::default()),
            AuthRequest::Login => self.mon.auth_begin(now, session),
            AuthRequest::BadMethod { result, allowed } => {
                self.mon.auth_bad_method(now, session, result, &allowed)
            }
            AuthRequest::Challenge { challenge } => self.mon.auth_more(now, session, challenge),
            AuthRequest::Done { global_id, reply } => {
                return self.mon.auth_done(now, session, global_id, reply).map_or(AuthStep::Refuse, |keys| {
                    let LoginKeys { session_key, connection_secret } = keys;
                    AuthStep::Accept(Accept { session_key, connection_secret, ..Accept::default() })
                });
            }
            AuthRequest::Rejected | AuthRequest::Check { .. } | AuthRequest::CheckV2 { .. } => None,
        };
        next.map_or(AuthStep::Refuse, |LoginRequest { method, payload }| AuthStep::Authorizer {
            method: method.0,
            authorizer: payload,
        })
    }
}
