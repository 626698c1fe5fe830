//! What a client shows a service.

use core::fmt;

use bytes::Bytes;
use loligo_base::Entropy;
use loligo_wire::cephx::{
    AuthMethod, AuthNoneAuthorizer, CephXAuthorize, CephXAuthorizeChallenge, CephXAuthorizeReply,
    CephXAuthorizer,
};
use loligo_wire::{Decoder, Encode, Encoder, EntityType, Features, GlobalId};
use subtle::ConstantTimeEq as _;

use super::ticket::Ticket;
use crate::{AuthError, ConnectionSecret, SessionKey, Usage};

/// What a client shows one service on one connection, and how it checks the answers: `AuthAuthorizer`.
///
/// # The flow
///
/// Made by [`AuthClient::build_authorizer`](crate::AuthClient::build_authorizer), one for each attempt to connect.
///
/// 1. Send [`payload`](Self::payload), with [`method`](Self::method) beside it (`ceph_msg_connect` on v1, an
///    AUTH_REQUEST frame on v2).
/// 2. The service challenges it (`CHALLENGE_AUTHORIZER`, or AUTH_REPLY_MORE): [`add_challenge`](Self::add_challenge),
///    then send [`payload`](Self::payload) again.
/// 3. The service accepts it and proves itself: [`verify_reply`](Self::verify_reply) gives the keys of the connection.
///
/// A connection is authenticated when [`verify_reply`](Self::verify_reply) has given an [`Authorized`], and not before:
/// also when the service says that it is ready without any proof.
pub struct Authorizer {
    service: EntityType,
    payload: Bytes,
    kind: Kind,
}

enum Kind {
    None,
    Cephx {
        /// The part before the sealed one.
        open: Bytes,
        nonce: u64,
        session_key: SessionKey,
        is_challenged: bool,
    },
}

/// A service has accepted an authorizer and proved itself.
#[derive(Debug)]
#[must_use]
pub struct Authorized {
    /// What messages are signed with on v1, and what the frames of the handshake are signed with on v2. Nothing with
    /// method `none`.
    pub session_key: Option<SessionKey>,
    /// On v2, what the keys of the secure mode are made of, if the service sent it.
    pub connection_secret: Option<ConnectionSecret>,
}

impl Authorizer {
    pub(super) fn none(service: EntityType, authorizer: &AuthNoneAuthorizer) -> Self {
        Self { service, payload: authorizer.to_bytes(Features::NONE), kind: Kind::None }
    }

    pub(super) fn cephx(
        service: EntityType,
        global_id: GlobalId,
        ticket: &Ticket,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let open = CephXAuthorizer { global_id, service, ticket: ticket.blob.clone() };
        let open = open.to_bytes(Features::NONE);
        let session_key = ticket.session_key.duplicate();
        let nonce = entropy.next_u64();
        let authorize = CephXAuthorize { nonce, have_challenge: false, server_challenge_plus_one: 0 };
        let payload = append_sealed(&open, &session_key, authorize, entropy);
        Self { service, payload, kind: Kind::Cephx { open, nonce, session_key, is_challenged: false } }
    }

    /// The service that it is for.
    #[must_use]
    pub const fn service(&self) -> EntityType {
        self.service
    }

    /// The method, as the peer must be told beside the payload.
    #[must_use]
    pub const fn method(&self) -> AuthMethod {
        match self.kind {
            Kind::None => AuthMethod::NONE,
            Kind::Cephx { .. } => AuthMethod::CEPHX,
        }
    }

    /// What to send. Another one after [`Self::add_challenge`].
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Answers the service's challenge: [`Self::payload`] is then the answer.
    ///
    /// # Errors
    ///
    /// When the challenge is not one, or not from who has the ticket's key. With method `none` there is no challenge.
    pub fn add_challenge(&mut self, challenge: &[u8], entropy: &mut dyn Entropy) -> Result<(), AuthError> {
        let Kind::Cephx { open, nonce, session_key, is_challenged } = &mut self.kind else {
            return Err(AuthError::Unexpected);
        };
        let challenge: CephXAuthorizeChallenge =
            session_key.key().open(Usage::AuthorizeChallenge, challenge)?;
        let authorize = CephXAuthorize {
            nonce: *nonce,
            have_challenge: true,
            server_challenge_plus_one: challenge.server_challenge.wrapping_add(1),
        };
        self.payload = append_sealed(open, session_key, authorize, entropy);
        *is_challenged = true;
        Ok(())
    }

    /// Checks the service's proof. May be done again where a service answers again, as v1 does after a
    /// `RETRY_SESSION`.
    ///
    /// # Errors
    ///
    /// When the proof is none, when it is not from who has the ticket's key, or when the service never challenged
    /// this authorizer: who overheard it could then use it too.
    pub fn verify_reply(&self, reply: &[u8]) -> Result<Authorized, AuthError> {
        let Kind::Cephx { nonce, session_key, is_challenged, .. } = &self.kind else {
            return Ok(Authorized { session_key: None, connection_secret: None });
        };
        if !is_challenged {
            return Err(AuthError::NotChallenged);
        }
        let mut d = Decoder::new(reply);
        let length = d.length()?;
        let sealed = d.take(length)?;
        let reply: CephXAuthorizeReply = session_key.key().open(Usage::AuthorizeReply, sealed)?;
        if !bool::from(reply.nonce_plus_one.ct_eq(&nonce.wrapping_add(1))) {
            return Err(AuthError::WrongNonce);
        }
        Ok(Authorized {
            session_key: Some(session_key.duplicate()),
            connection_secret: ConnectionSecret::new(reply.connection_secret),
        })
    }
}

/// Neither the ticket nor the nonce belongs into a log.
impl fmt::Debug for Authorizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorizer({} for {})", self.method(), self.service)
    }
}

/// The open part, and behind it the sealed one with its length.
fn append_sealed(
    open: &[u8],
    session_key: &SessionKey,
    authorize: CephXAuthorize,
    entropy: &mut dyn Entropy,
) -> Bytes {
    let sealed = session_key.key().seal(Usage::Authorize, &authorize, entropy);
    let mut e = Encoder::with_capacity(Features::NONE, open.len() + 4 + sealed.len());
    e.raw(open);
    e.counted_bytes(&sealed);
    e.finish()
}
