//! The client's requests and what it makes of the replies (`CephxClientHandler`).

use bytes::Bytes;
use loligo_base::{Entropy, Now};
use loligo_wire::cephx::{
    AuthMethod, CephXAuthSessionMore, CephXAuthSessionReply, CephXAuthenticate, CephXChallengeBlob,
    CephXRequestHeader, CephXResponseHeader, CephXServiceTicketReply, CephXServiceTicketRequest,
    CephXTicketBlob, EntityTypes, RequestType, Secret,
};
use loligo_wire::{Decode, Decoder, Encode, Encoder, EntityType, Features};

use super::login::{Login, LoginRequest};
use super::ticket::{Ticket, Tickets};
use super::{AuthClient, Authorizer};
use crate::{AuthError, ConnectionSecret, CryptoKey, Usage};

impl AuthClient {
    fn key(&self) -> Result<&CryptoKey, AuthError> {
        self.key.as_ref().ok_or_else(|| AuthError::NoKey { name: self.name.clone() })
    }

    /// The ticket for a service, the login's own first.
    fn ticket<'a>(&'a self, login: &'a Login, service: EntityType) -> Option<&'a Ticket> {
        // What we held as somebody else is of no use.
        let held = if login.global_id == self.global_id { self.tickets.get(service) } else { None };
        login.tickets.get(service).or(held)
    }

    /// The services that need a new ticket (`validate_tickets`).
    fn due(&self, login: &Login, now: Now) -> EntityTypes {
        let is_due = |service| self.ticket(login, service).is_none_or(|ticket| ticket.is_due(now));
        self.want.iter().filter(|service| is_due(*service)).fold(EntityTypes::NONE, EntityTypes::with)
    }

    /// The services that need a new ticket; nothing if only the manager does: during an upgrade there may be none for
    /// it, and asking again and again would not help (`_need_tickets`).
    pub(super) fn needed(&self, login: &Login, now: Now) -> Option<EntityTypes> {
        let due = self.due(login, now);
        (!due.without(EntityType::MGR).is_empty()).then_some(due)
    }

    /// Proves that we have the key, and where we claim a global id, that it was ours: `CephXAuthenticate`.
    pub(super) fn authenticate(
        &self,
        login: &Login,
        now: Now,
        entropy: &mut dyn Entropy,
    ) -> Result<LoginRequest, AuthError> {
        let client_challenge = entropy.next_u64();
        let server_challenge = login.server_challenge.0;
        let key = self.key()?.answer(&CephXChallengeBlob { server_challenge, client_challenge });
        // A monitor refuses a ticket from somebody who claims nothing.
        let old_ticket = match self.tickets.get(EntityType::AUTH) {
            Some(ticket) if login.is_reclaim => ticket.blob.clone(),
            _ => CephXTicketBlob::default(),
        };
        let other_keys = if login.is_done() { self.due(login, now) } else { self.want };
        let version = CephXAuthenticate::VERSION;
        let mut e = Encoder::new(Features::NONE);
        CephXRequestHeader { request_type: RequestType::AUTH_SESSION_KEY }.encode(&mut e);
        CephXAuthenticate { version, client_challenge, key, old_ticket, other_keys }.encode(&mut e);
        Ok(LoginRequest { method: AuthMethod::CEPHX, payload: e.finish() })
    }

    /// Asks for tickets, and proves who asks with an authorizer for the monitors themselves, which is not challenged.
    pub(super) fn request_tickets(
        &self,
        login: &Login,
        keys: EntityTypes,
        entropy: &mut dyn Entropy,
    ) -> Result<LoginRequest, AuthError> {
        let auth = self.ticket(login, EntityType::AUTH).ok_or(AuthError::NoAuthTicket)?;
        let authorizer = Authorizer::cephx(EntityType::AUTH, login.global_id, auth, entropy);
        let mut e = Encoder::new(Features::NONE);
        CephXRequestHeader { request_type: RequestType::PRINCIPAL_SESSION_KEY }.encode(&mut e);
        e.raw(authorizer.payload());
        CephXServiceTicketRequest { keys }.encode(&mut e);
        Ok(LoginRequest { method: AuthMethod::CEPHX, payload: e.finish() })
    }

    /// Takes the answer to [`Self::authenticate`]: the ticket for the monitors, and what comes with it.
    pub(super) fn session(
        &self,
        login: &mut Login,
        now: Now,
        payload: &Bytes,
    ) -> Result<Option<ConnectionSecret>, AuthError> {
        let mut d = Decoder::of(payload);
        header(&mut d, RequestType::AUTH_SESSION_KEY)?;
        let reply = CephXAuthSessionReply::decode(&mut d)?;
        let tickets = Tickets::receive(&reply.auth, self.key()?, &self.tickets, now)?;
        let auth = tickets.get(EntityType::AUTH).ok_or(AuthError::NoAuthTicket)?;
        let session_key = auth.session_key.duplicate();
        login.tickets.replace(tickets);
        let Some(more) = reply.more else { return Ok(None) };
        // A monitor that lacks the key of one service writes only part of this. What is missing is asked for later.
        if let Ok(extra) = CephXServiceTicketReply::decode(&mut Decoder::of(&more.extra_tickets))
            && let Ok(tickets) = Tickets::receive(&extra, session_key.key(), &self.tickets, now)
        {
            login.tickets.replace(tickets);
        }
        connection_secret(&more, session_key.key())
    }

    /// Takes the answer to [`Self::request_tickets`].
    pub(super) fn receive_tickets(
        &self,
        login: &mut Login,
        now: Now,
        payload: &Bytes,
    ) -> Result<(), AuthError> {
        let mut d = Decoder::of(payload);
        header(&mut d, RequestType::PRINCIPAL_SESSION_KEY)?;
        let reply = CephXServiceTicketReply::decode(&mut d)?;
        let auth = self.ticket(login, EntityType::AUTH).ok_or(AuthError::NoAuthTicket)?;
        let tickets = Tickets::receive(&reply, auth.session_key.key(), &self.tickets, now)?;
        login.tickets.replace(tickets);
        Ok(())
    }
}

/// The head of a reply: it must be to our request, and say that all is well.
fn header(d: &mut Decoder<'_>, wanted: RequestType) -> Result<(), AuthError> {
    let header = CephXResponseHeader::decode(d)?;
    if header.request_type != wanted {
        return Err(AuthError::WrongReply { found: header.request_type, wanted });
    }
    match header.status {
        status if status < 0 => Err(AuthError::Refused { errno: status.saturating_neg() }),
        _ => Ok(()),
    }
}

fn connection_secret(
    more: &CephXAuthSessionMore,
    session_key: &CryptoKey,
) -> Result<Option<ConnectionSecret>, AuthError> {
    if more.connection_secret.is_empty() {
        return Ok(None);
    }
    let mut d = Decoder::of(&more.connection_secret);
    let length = d.length()?;
    let secret: Secret = session_key.open(Usage::ConnectionSecret, d.take(length)?)?;
    Ok(ConnectionSecret::new(secret))
}
