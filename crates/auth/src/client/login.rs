//! One login at one monitor.

use core::fmt;

use bytes::Bytes;
use loligo_wire::GlobalId;
use loligo_wire::cephx::AuthMethod;

use super::ticket::Tickets;
use crate::{AuthError, ConnectionSecret, SessionKey};

/// What to send to the monitor.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginRequest {
    /// The method: `protocol` of an `MAuth`, `method` of an AUTH_REQUEST frame.
    pub method: AuthMethod,
    /// The payload: `auth_payload` of an `MAuth`.
    pub payload: Bytes,
}

/// What the monitor answered: the fields of an `MAuthReply`.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginReply {
    /// `protocol`
    pub method: AuthMethod,
    /// `result`: 0, or a negative errno.
    pub result: i32,
    /// `global_id`
    pub global_id: GlobalId,
    /// `result_bl`
    pub payload: Bytes,
}

/// Without the payload, which proves an identity.
impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest")
            .field("method", &self.method)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// Without the payload, which holds tickets.
impl fmt::Debug for LoginReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginReply")
            .field("method", &self.method)
            .field("result", &self.result)
            .field("global_id", &self.global_id)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// What follows from a monitor's answer.
#[derive(Debug)]
pub enum LoginStep {
    /// Send this.
    Send(LoginRequest),
    /// On v2, the monitor let us in, by a frame that nobody has vouched for yet: these go into the signature of the handshake.
    /// When the connection opens, [`AuthClient::connected`](crate::AuthClient::connected) ends the login.
    Proven(LoginKeys),
    /// Logged in.
    Done(LoggedIn),
    /// Tickets were renewed; authorizers built from now on use them.
    Renewed,
    /// It went wrong: this connection to the monitor is of no more use.
    Failed(AuthError),
}

/// The result of a login.
#[derive(Debug)]
pub struct LoggedIn {
    /// The client's number: `client.<global id>`.
    pub global_id: GlobalId,
    /// Whether it is another one than before, or the first one. Ops, locks and watches of the one before are not this
    /// one's.
    pub is_new_identity: bool,
}

/// What a login on messenger v2 gives the connection.
#[derive(Debug)]
pub struct LoginKeys {
    /// The key that the frames of the handshake are signed with; nothing with method `none`.
    pub session_key: Option<SessionKey>,
    /// What the keys of the secure mode are made of, if the monitor sent it.
    pub connection_secret: Option<ConnectionSecret>,
}

/// One login at one monitor, from its first payload to the last renewal on that connection.
///
/// A client that hunts logs in at several monitors at a time, each with a `Login` of its own. Whatever one of them
/// brings becomes the [`AuthClient`](crate::AuthClient)'s with [`LoginStep::Done`]; the others are then dropped.
#[derive(Debug)]
pub struct Login {
    pub(super) state: State,
    /// The method that the monitor chose.
    pub(super) method: AuthMethod,
    /// The global id that is claimed back, or that the monitor gave; 0 while there is none.
    pub(super) global_id: GlobalId,
    /// Whether the one above is ours from before, to be proven with our ticket.
    pub(super) is_reclaim: bool,
    /// What the monitor challenged us with. It is used again to renew the login.
    pub(super) server_challenge: Challenge,
    /// Tickets that came, not yet the client's.
    pub(super) tickets: Tickets,
}

/// The challenge has its own type so that it is not printed with the login.
#[derive(Default)]
pub(super) struct Challenge(pub(super) u64);

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}

/// What a login waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The monitor's choice of a method, with its challenge (v1).
    Method,
    /// The monitor's challenge (v2).
    Challenge,
    /// The answer to `CephXAuthenticate`.
    Session,
    /// The first tickets for services.
    Tickets,
    /// The signature of the handshake (v2).
    Signature,
    /// Nothing: logged in.
    Ready,
    /// The answer to a renewal of the login.
    RenewedSession,
    /// Renewed tickets for services.
    RenewedTickets,
    /// Nothing more: it failed.
    Dead,
}

impl Login {
    pub(super) fn new(state: State, method: AuthMethod, global_id: GlobalId) -> Self {
        Self {
            state,
            method,
            global_id,
            is_reclaim: global_id != GlobalId(0),
            server_challenge: Challenge::default(),
            tickets: Tickets::default(),
        }
    }

    /// Whether the login is done. Renewals do not change that.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Ready | State::RenewedSession | State::RenewedTickets)
    }

    /// What it waits for, for a log.
    #[must_use]
    pub const fn waits_for(&self) -> &'static str {
        match self.state {
            State::Method => "the monitor's choice of a method",
            State::Challenge => "the monitor's challenge",
            State::Session => "the answer to our proof",
            State::Tickets => "tickets for services",
            State::Signature => "the signature of the handshake",
            State::Ready => "nothing",
            State::RenewedSession => "the renewed login",
            State::RenewedTickets => "renewed tickets for services",
            State::Dead => "nothing, it failed",
        }
    }
}
