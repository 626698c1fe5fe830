//! Requests of a client that was challenged (`CephxServiceHandler::handle_request`).

use bytes::Bytes;
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::{
    CephXAuthSessionMore, CephXAuthSessionReply, CephXAuthenticate, CephXChallengeBlob, CephXRequestHeader,
    CephXResponseHeader, CephXServiceTicketReply, CephXServiceTicketRequest, RequestType, Secret,
};
use loligo_wire::{Decode, Decoder, Encode, Encoder, EntityType, Features};
use subtle::ConstantTimeEq as _;

use super::KeyServer;
use super::authorize::{Shown, connection_secret, open_ticket};
use super::login::{Challenged, EACCES, EINVAL, EPERM, Handled, LoggedInClient, Refusal, mon_caps};
use super::tickets::{Grant, Holder, grant_all};
use crate::{AuthError, ConnectionSecret, SessionKey, Usage};

impl Challenged {
    /// Takes a request. On msgr v2, `secret_len` is the length of the secret that the connection needs.
    pub(super) fn request(
        &mut self,
        keys: &KeyServer,
        now: Wall,
        payload: &Bytes,
        secret_len: Option<usize>,
        entropy: &mut dyn Entropy,
    ) -> Handled {
        let mut d = Decoder::of(payload);
        let header = CephXRequestHeader::decode(&mut d).map_err(malformed)?;
        match header.request_type {
            RequestType::AUTH_SESSION_KEY => {
                let request = CephXAuthenticate::decode(&mut d).map_err(malformed)?;
                self.authenticate(keys, now, &request, secret_len, entropy)
            }
            RequestType::PRINCIPAL_SESSION_KEY => tickets(keys, now, &mut d, entropy),
            _ => Err(Refusal::new(EINVAL, AuthError::Unexpected)),
        }
    }

    /// The client proves that it has its key: it gets a ticket for the monitors, and those that it asked for.
    fn authenticate(
        &mut self,
        keys: &KeyServer,
        now: Wall,
        request: &CephXAuthenticate,
        secret_len: Option<usize>,
        entropy: &mut dyn Entropy,
    ) -> Handled {
        let auth =
            keys.get(&self.name).ok_or_else(|| refuse(AuthError::NoKey { name: self.name.clone() }))?;
        let expected = auth.key.answer(&CephXChallengeBlob {
            server_challenge: self.server_challenge,
            client_challenge: request.client_challenge,
        });
        if !bool::from(request.key.ct_eq(&expected)) {
            return Err(refuse(AuthError::WrongAnswer));
        }
        let replaced = self.check_old_ticket(keys, request)?;
        let caps = mon_caps(keys, &self.name).ok_or_else(|| refuse(AuthError::NotLoggedIn))?;
        let holder = Holder { name: &self.name, global_id: self.global_id };
        let grant = Grant::new(keys, EntityType::AUTH, &holder, auth.key.cipher(), now, entropy)
            .ok_or_else(|| refuse(AuthError::NoTicket { service: EntityType::AUTH }))?;
        let told = grant.tell(&auth.key, replaced.as_ref(), entropy);
        let auth = CephXServiceTicketReply { tickets: alloc::vec![told] };
        let secret = connection_secret(secret_len.unwrap_or_default(), entropy);
        let more = (!request.other_keys.is_empty()).then(|| {
            let extra = grant_all(keys, request.other_keys, &holder, &grant.session_key, now, entropy);
            CephXAuthSessionMore {
                connection_secret: tell_secret(secret_len.and(Some(&secret)), &grant.session_key, entropy),
                extra_tickets: if extra.tickets.is_empty() {
                    Bytes::new()
                } else {
                    extra.to_bytes(Features::NONE)
                },
            }
        });
        let mut e = response(RequestType::AUTH_SESSION_KEY);
        CephXAuthSessionReply { auth, more }.encode(&mut e);
        let client = (!self.is_logged_in).then(|| LoggedInClient {
            name: self.name.clone(),
            global_id: self.global_id,
            caps,
            session_key: Some(grant.session_key),
            connection_secret: ConnectionSecret::new(secret),
        });
        self.is_logged_in = true;
        self.must_prove = true;
        Ok((e.finish(), client))
    }

    /// Who claims a global id must show a ticket of it: `verify_old_ticket`, without
    /// `auth_allow_insecure_global_id_reclaim`. Gives the session key of that ticket.
    fn check_old_ticket(
        &self,
        keys: &KeyServer,
        request: &CephXAuthenticate,
    ) -> Result<Option<SessionKey>, Refusal> {
        let old = &request.old_ticket;
        match (self.must_prove, old.blob.is_empty()) {
            (false, true) => Ok(None),
            (false, false) => Err(Refusal::new(EINVAL, AuthError::Unexpected)),
            (true, true) => Err(refuse(AuthError::NoAuthTicket)),
            (true, false) => {
                let service = EntityType::AUTH;
                let secrets = keys.keys_of(service).ok_or_else(|| refuse(AuthError::NoTicket { service }))?;
                let (ticket, session_key) = open_ticket(secrets, old.secret_id, &old.blob).map_err(refuse)?;
                if ticket.global_id != self.global_id || ticket.name != self.name {
                    let wanted = ticket.global_id;
                    return Err(refuse(AuthError::WrongClient { found: self.global_id, wanted }));
                }
                Ok(Some(session_key))
            }
        }
    }
}

/// A client asks for tickets, with an authorizer for the monitors themselves. There is no challenge: a replay brings
/// tickets that only the rightful client can use.
fn tickets(keys: &KeyServer, now: Wall, d: &mut Decoder<'_>, entropy: &mut dyn Entropy) -> Handled {
    let service = EntityType::AUTH;
    let secrets = keys.keys_of(service).ok_or_else(|| refuse(AuthError::NoTicket { service }))?;
    let shown = Shown::read(secrets, now, d).map_err(refuse)?;
    let request = CephXServiceTicketRequest::decode(d).map_err(malformed)?;
    let holder = Holder { name: &shown.ticket.name, global_id: shown.ticket.global_id };
    let reply = grant_all(keys, request.keys, &holder, &shown.session_key, now, entropy);
    if reply.tickets.is_empty() {
        return Err(refuse(AuthError::NoTicket { service }));
    }
    let mut e = response(RequestType::PRINCIPAL_SESSION_KEY);
    reply.encode(&mut e);
    Ok((e.finish(), None))
}

/// The secret of a connection, sealed behind its length; nothing on msgr v1.
fn tell_secret(secret: Option<&Secret>, session_key: &SessionKey, entropy: &mut dyn Entropy) -> Bytes {
    let Some(secret) = secret else { return Bytes::new() };
    let sealed = session_key.key().seal(Usage::ConnectionSecret, secret, entropy);
    let mut e = Encoder::new(Features::NONE);
    e.counted_bytes(&sealed);
    e.finish()
}

fn response(request_type: RequestType) -> Encoder {
    let mut e = Encoder::new(Features::NONE);
    CephXResponseHeader { request_type, status: 0 }.encode(&mut e);
    e
}

fn refuse(why: AuthError) -> Refusal {
    Refusal::new(EACCES, why)
}

fn malformed(error: loligo_wire::DecodeError) -> Refusal {
    Refusal::new(EPERM, error.into())
}
