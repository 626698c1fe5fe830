//! What handshakes ask of the endpoint.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_auth::{ConnectionSecret, SessionKey};
use loligo_wire::GlobalId;
use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::EntityType;

/// A question of the handshake to the endpoint.
#[derive(Clone, Debug)]
pub enum AuthRequest {
    /// We called a peer of this type: what do we show it? Answer: [`AuthStep::Authorizer`].
    Authorizer {
        /// The type of the peer.
        peer: EntityType,
    },
    /// We called a monitor on messenger v2, where the login comes before the session: how do we begin? Answer:
    /// [`AuthStep::Authorizer`].
    Login,
    /// The monitor does not want that method, or refuses us (`AUTH_BAD_METHOD`). Answer: [`AuthStep::Authorizer`] with
    /// another one, or [`AuthStep::Refuse`].
    BadMethod {
        /// Why: a negative errno.
        result: i32,
        /// The methods that it allows.
        allowed: Vec<AuthMethod>,
    },
    /// The peer challenged our authorizer (`CHALLENGE_AUTHORIZER`, or `AUTH_REPLY_MORE`). Answer:
    /// [`AuthStep::Authorizer`].
    Challenge {
        /// The peer's challenge.
        challenge: Bytes,
    },
    /// The peer refused our authorizer (`BADAUTHORIZER`, or `AUTH_BAD_METHOD`): perhaps it is out of date. Answer:
    /// [`AuthStep::Authorizer`] with a new one, or [`AuthStep::Refuse`].
    Rejected,
    /// The peer accepted our authorizer and proves itself. Answer: [`AuthStep::Accept`], or [`AuthStep::Refuse`].
    Verify {
        /// The peer's proof.
        reply: Bytes,
    },
    /// The same on messenger v2 (`AUTH_DONE`), where a monitor also tells the client's number. Answer: [`AuthStep::Accept`]
    /// with the keys, or [`AuthStep::Refuse`].
    Done {
        /// The number; 0 or our own from a service.
        global_id: GlobalId,
        /// The peer's proof.
        reply: Bytes,
    },
    /// A peer called us and shows this. Answer: [`AuthStep::Challenge`], [`AuthStep::Accept`], or
    /// [`AuthStep::Refuse`].
    Check {
        /// The type that the peer says it has.
        peer: EntityType,
        /// The method (`CEPH_AUTH_*`).
        method: u32,
        /// The authorizer.
        authorizer: Bytes,
    },
    /// The same on messenger v2 (`AUTH_REQUEST`, `AUTH_REQUEST_MORE`): an authorizer, or a step of a login at a monitor.
    /// Answer: [`AuthStep::Challenge`], [`AuthStep::Accept`], [`AuthStep::BadMethod`] or [`AuthStep::Refuse`].
    CheckV2 {
        /// The type that the peer says it has.
        peer: EntityType,
        /// The method.
        method: AuthMethod,
        /// What the peer shows.
        payload: Bytes,
        /// It answers a challenge.
        more: bool,
        /// How long the secret of the connection must be, in bytes; 0 for none.
        connection_secret_len: usize,
    },
}

/// The endpoint's answer to an [`AuthRequest`].
#[derive(Debug)]
pub enum AuthStep {
    /// Show the peer this.
    Authorizer {
        /// The method (`CEPH_AUTH_*`); 0 for none at all, as to a monitor.
        method: u32,
        /// The authorizer.
        authorizer: Bytes,
    },
    /// Challenge the peer with this.
    Challenge {
        /// The challenge.
        challenge: Bytes,
    },
    /// The peer is who it says.
    Accept(Accept),
    /// No, but perhaps in another way: the peer is told what is allowed. On messenger v1 the same as [`Self::Refuse`].
    BadMethod {
        /// Why: a negative errno.
        result: i32,
        /// The methods that are allowed.
        allowed: Vec<AuthMethod>,
    },
    /// No: the connection ends, or the peer is told so.
    Refuse,
}

/// What an endpoint says of a peer that is who it says.
#[derive(Debug, Default)]
pub struct Accept {
    /// What proves this end to a peer that called us; empty when we called.
    pub reply: Bytes,
    /// The key that messages are signed with on messenger v1, and the handshake on v2, where the method has one.
    pub session_key: Option<SessionKey>,
    /// What the keys of the secure mode are made of, on messenger v2.
    pub connection_secret: Option<ConnectionSecret>,
    /// The number of a client that called us on messenger v2; 0 when we called.
    pub global_id: GlobalId,
}
