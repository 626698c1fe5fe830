//! Tickets: renewed before they lapse, and shown to services.

use loligo_auth::{AuthError, Authorizer};
use loligo_base::Now;
use loligo_wire::entity::EntityType;

use crate::machine::{Phase, Timer};
use crate::{MonClient, Output};

impl<T> MonClient<T> {
    /// What to show a service on a new connection (`build_authorizer`). Each authorizer is good for one connection.
    ///
    /// # Errors
    ///
    /// As [`AuthClient::build_authorizer`](loligo_auth::AuthClient::build_authorizer): before the first login, or while there
    /// is no ticket for the service. [`Output::NewTickets`] says when to try again.
    pub fn build_authorizer(&mut self, service: EntityType) -> Result<Authorizer, AuthError> {
        self.auth.build_authorizer(service, &mut *self.entropy)
    }

    /// Answers the challenge of a service.
    ///
    /// # Errors
    ///
    /// As [`Authorizer::add_challenge`].
    pub fn add_challenge(&mut self, authorizer: &mut Authorizer, challenge: &[u8]) -> Result<(), AuthError> {
        authorizer.add_challenge(challenge, &mut *self.entropy)
    }

    /// Whether there is a ticket for the service that is not over.
    #[must_use]
    pub fn have_ticket(&self, service: EntityType, now: Now) -> bool {
        self.auth.have_ticket(service, now)
    }

    /// A service refused our ticket (`BADAUTHORIZER`): asks the monitor for another. [`Output::NewTickets`] tells when it is
    /// here.
    pub fn invalidate_ticket(&mut self, now: Now, service: EntityType) {
        self.auth.invalidate_ticket(service);
        self.check_auth_tickets(now);
    }

    /// Asks for tickets where they are needed, and sets the timer for the next time (`_check_auth_tickets`).
    pub(crate) fn check_auth_tickets(&mut self, now: Now) {
        let Phase::Active(session, current) = &mut self.phase else { return };
        let session = *session;
        let request =
            current.login.as_mut().and_then(|login| self.auth.renew(login, now, &mut *self.entropy));
        if let Some(request) = request {
            self.send_auth(session, request);
        }
        self.arm_renewal(now);
    }

    /// New tickets came.
    pub(crate) fn renewed(&mut self, now: Now) {
        self.outputs.push_back(Output::NewTickets);
        self.arm_renewal(now);
    }

    fn arm_renewal(&mut self, now: Now) {
        match self.auth.next_renewal() {
            // While an answer is awaited, what is due stays due: the timer must not spin. The ping looks again.
            Some(due) if due > now.mono => self.timers.set(Timer::Tickets, due),
            _ => {
                self.timers.cancel(&Timer::Tickets);
            }
        }
    }
}
