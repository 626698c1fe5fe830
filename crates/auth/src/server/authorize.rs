//! A service looks at what a client shows it (`CephxAuthorizeHandler`, `cephx_verify_authorizer`).

use core::fmt;

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::{
    AuthCapsInfo, AuthMethod, AuthNoneAuthorizer, AuthTicket, CephXAuthorize, CephXAuthorizeChallenge,
    CephXAuthorizeReply, CephXAuthorizer, CephXServiceTicketInfo, Secret,
};
use loligo_wire::{AuthEntityName, Decode, Decoder, Encoder, Features, GlobalId};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::ServiceKeys;
use crate::{AuthError, ConnectionSecret, CryptoKey, SessionKey, Usage};

/// A service's side of one connection that a client opened.
///
/// Made when the connection is accepted, and dropped with it. Each authorizer that comes goes to
/// [`verify`](Self::verify). The first one is always challenged: one that was overheard on another connection is of no
/// use.
pub struct AuthorizeHandler {
    methods: Vec<AuthMethod>,
    challenge: Option<u64>,
}

/// What a service answers to an authorizer.
#[derive(Debug)]
pub enum Verdict {
    /// Send this (`CHALLENGE_AUTHORIZER` on v1, AUTH_REPLY_MORE on v2) and wait for another authorizer.
    Challenge(Bytes),
    /// The client is who it says.
    Accept(Accepted),
}

/// A client that a service has accepted.
#[derive(Debug)]
pub struct Accepted {
    /// Who the client is.
    pub name: AuthEntityName,
    /// Which one of that name.
    pub global_id: GlobalId,
    /// What it may do.
    pub caps: AuthCapsInfo,
    /// The proof for the client. Empty with method `none`.
    pub reply: Bytes,
    /// What messages are signed with. Nothing with method `none`.
    pub session_key: Option<SessionKey>,
    /// The secret of this connection, where one was asked for.
    pub connection_secret: Option<ConnectionSecret>,
}

impl AuthorizeHandler {
    /// For a new connection, where these methods are allowed.
    #[must_use]
    pub fn new(methods: &[AuthMethod]) -> Self {
        Self { methods: methods.to_vec(), challenge: None }
    }

    /// Looks at an authorizer. `connection_secret_len` is 0 on msgr v1, and what the mode of the connection needs on v2.
    ///
    /// # Errors
    ///
    /// When the client must be refused (`BADAUTHORIZER`). The next authorizer is then challenged anew.
    pub fn verify(
        &mut self,
        keys: &ServiceKeys,
        now: Wall,
        method: AuthMethod,
        authorizer: &Bytes,
        connection_secret_len: usize,
        entropy: &mut dyn Entropy,
    ) -> Result<Verdict, AuthError> {
        if !self.methods.contains(&method) {
            return Err(AuthError::MethodNotAllowed(method));
        }
        let verdict = match method {
            AuthMethod::NONE => believe(authorizer),
            AuthMethod::CEPHX => self.cephx(keys, now, authorizer, connection_secret_len, entropy),
            _ => Err(AuthError::MethodNotAllowed(method)),
        };
        if verdict.is_err() {
            self.challenge = None;
        }
        verdict
    }

    fn cephx(
        &mut self,
        keys: &ServiceKeys,
        now: Wall,
        authorizer: &Bytes,
        connection_secret_len: usize,
        entropy: &mut dyn Entropy,
    ) -> Result<Verdict, AuthError> {
        let mut d = Decoder::of(authorizer);
        let shown = Shown::read(keys, now, &mut d)?;
        d.end("authorizer")?;
        let Some(challenge) = self.challenge else {
            let server_challenge = entropy.next_u64();
            self.challenge = Some(server_challenge);
            let challenge = CephXAuthorizeChallenge { server_challenge };
            let sealed = shown.session_key.key().seal(Usage::AuthorizeChallenge, &challenge, entropy);
            return Ok(Verdict::Challenge(sealed));
        };
        if !shown.authorize.have_challenge {
            return Err(AuthError::NotChallenged);
        }
        let answer = shown.authorize.server_challenge_plus_one;
        if !bool::from(answer.ct_eq(&challenge.wrapping_add(1))) {
            return Err(AuthError::WrongAnswer);
        }
        Ok(Verdict::Accept(shown.accept(connection_secret_len, entropy)))
    }
}

impl fmt::Debug for AuthorizeHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeHandler")
            .field("methods", &self.methods)
            .field("is_challenged", &self.challenge.is_some())
            .finish()
    }
}

/// Method `none`: the client is who it says, and may do anything.
fn believe(authorizer: &Bytes) -> Result<Verdict, AuthError> {
    let AuthNoneAuthorizer { name, global_id } = AuthNoneAuthorizer::decode_all(authorizer)?;
    let caps = AuthCapsInfo { allow_all: true, caps: Bytes::new() };
    let reply = Bytes::new();
    let accepted = Accepted { name, global_id, caps, reply, session_key: None, connection_secret: None };
    Ok(Verdict::Accept(accepted))
}

/// What an authorizer shows, opened.
pub(super) struct Shown {
    pub(super) ticket: AuthTicket,
    pub(super) session_key: SessionKey,
    authorize: CephXAuthorize,
}

impl Shown {
    /// Opens an authorizer. Beyond what Ceph checks, a ticket that is over is refused, also while its secret is still
    /// known.
    pub(super) fn read(keys: &ServiceKeys, now: Wall, d: &mut Decoder<'_>) -> Result<Self, AuthError> {
        let open = CephXAuthorizer::decode(d)?;
        let length = d.length()?;
        let sealed = d.take(length)?;
        if open.service != keys.service() {
            return Err(AuthError::WrongService { found: open.service, wanted: keys.service() });
        }
        let (ticket, session_key) = open_ticket(keys, open.ticket.secret_id, &open.ticket.blob)?;
        if ticket.global_id != open.global_id {
            return Err(AuthError::WrongClient { found: open.global_id, wanted: ticket.global_id });
        }
        if ticket.expires <= now {
            return Err(AuthError::TicketExpired);
        }
        let authorize = session_key.key().open(Usage::Authorize, sealed)?;
        Ok(Self { ticket, session_key, authorize })
    }

    fn accept(self, connection_secret_len: usize, entropy: &mut dyn Entropy) -> Accepted {
        let reply = CephXAuthorizeReply {
            nonce_plus_one: self.authorize.nonce.wrapping_add(1),
            connection_secret: connection_secret(connection_secret_len, entropy),
        };
        let sealed = self.session_key.key().seal(Usage::AuthorizeReply, &reply, entropy);
        let mut e = Encoder::with_capacity(Features::NONE, 4 + sealed.len());
        e.counted_bytes(&sealed);
        Accepted {
            name: self.ticket.name,
            global_id: self.ticket.global_id,
            caps: self.ticket.caps,
            reply: e.finish(),
            session_key: Some(self.session_key),
            connection_secret: ConnectionSecret::new(reply.connection_secret),
        }
    }
}

/// Opens a ticket (`cephx_decode_ticket`).
pub(super) fn open_ticket(
    keys: &ServiceKeys,
    secret_id: u64,
    blob: &[u8],
) -> Result<(AuthTicket, SessionKey), AuthError> {
    let no_secret = AuthError::NoSecret { service: keys.service(), secret_id };
    let secret = keys.get(secret_id).ok_or(no_secret)?;
    let info: CephXServiceTicketInfo = secret.open(Usage::TicketInfo, blob)?;
    let key = CryptoKey::from_wire(info.session_key).map_err(AuthError::SessionKey)?;
    Ok((info.ticket, SessionKey::new(key)))
}

/// A fresh secret for a connection.
pub(super) fn connection_secret(len: usize, entropy: &mut dyn Entropy) -> Secret {
    let mut secret = Zeroizing::new(alloc::vec![0; len]);
    entropy.fill(&mut secret);
    Secret::new(&secret)
}
