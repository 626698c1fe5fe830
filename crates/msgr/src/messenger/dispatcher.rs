//! What stands above a messenger.

use bytes::Bytes;
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, ConId, Envelope, Fault, Peer};
use loligo_wire::cephx::AuthMethod;

use super::Connection;

/// Takes what arrives (`Dispatcher`). The dispatchers of a messenger are asked one after the other.
pub trait Dispatcher: Send + Sync {
    /// A message arrived, its checksums and signature checked. Says whether it is taken: if not, the next dispatcher is
    /// asked.
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool;

    /// Whether [`Self::ms_can_fast_dispatch`] is to be asked at all. Always the same.
    fn ms_can_fast_dispatch_any(&self) -> bool {
        false
    }

    /// Whether such a message is taken past the queue, by [`Self::ms_fast_dispatch`]. On the thread of the connection.
    fn ms_can_fast_dispatch(&self, _message: &Envelope) -> bool {
        false
    }

    /// A message arrived that is taken past the queue: on the thread of the connection, in the order in which it brought them,
    /// while other threads may be in any callback. Must be quick. The peer is known from [`Self::ms_handle_fast_connect`] and
    /// [`Self::ms_handle_fast_accept`]; [`Connection::peer`] may not know it yet.
    fn ms_fast_dispatch(&self, _con: &Connection, _message: &Envelope) {}

    /// A message arrived, and is not in the queue yet; for dispatchers that [take](Self::ms_can_fast_dispatch_any) any so.
    fn ms_fast_preprocess(&self, _con: &Connection, _message: &Envelope) {}

    /// As [`Self::ms_handle_connect`], but on the thread of the connection, before anything that it brings.
    fn ms_handle_fast_connect(&self, _con: &Connection, _peer: &Peer) {}

    /// As [`Self::ms_handle_accept`], but on the thread of the connection, before anything that it brings.
    fn ms_handle_fast_accept(&self, _con: &Connection, _peer: &Peer) {}

    /// Answers a question of a handshake (`ms_get_authorizer`, `ms_verify_authorizer`), or leaves it to the next dispatcher, and at
    /// last to the messenger's [`Authenticate`]. Asked while the messenger is locked: at once, and without calling it.
    fn ms_authenticate(&self, _con: ConId, _request: &AuthRequest) -> Option<AuthStep> {
        None
    }

    /// A connection that was asked for is open.
    fn ms_handle_connect(&self, _con: &Connection, _peer: &Peer) {}

    /// A peer opened a connection.
    fn ms_handle_accept(&self, _con: &Connection, _peer: &Peer) {}

    /// A connection is dead. Says whether no other dispatcher need know.
    fn ms_handle_reset(&self, _con: &Connection, _why: &Fault) -> bool {
        false
    }

    /// The peer has begun the session anew.
    fn ms_handle_remote_reset(&self, _con: &Connection) {}

    /// Nobody listens there; a reset follows. Says whether no other dispatcher need know.
    fn ms_handle_refused(&self, _con: &Connection) -> bool {
        false
    }
}

/// Answers the questions of handshakes (`AuthClient` and `AuthServer`), at once and without blocking: it is asked while
/// the messenger is locked.
pub trait Authenticate: Send {
    /// The answer to one question.
    fn answer(&mut self, con: ConId, request: AuthRequest) -> AuthStep;
}

/// Everybody is believed, and nothing is signed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAuth;

impl NoAuth {
    /// `CEPH_AUTH_NONE`
    const METHOD: u32 = 1;
    /// `EOPNOTSUPP`
    const EOPNOTSUPP: i32 = 95;
}

impl Authenticate for NoAuth {
    fn answer(&mut self, _con: ConId, request: AuthRequest) -> AuthStep {
        match request {
            // Not empty, since a method is only named where something is shown.
            AuthRequest::Authorizer { .. } | AuthRequest::Login => {
                AuthStep::Authorizer { method: Self::METHOD, authorizer: Bytes::from_static(&[1]) }
            }
            AuthRequest::CheckV2 { method, .. } if method.0 != Self::METHOD => {
                AuthStep::BadMethod { result: -Self::EOPNOTSUPP, allowed: vec![AuthMethod(Self::METHOD)] }
            }
            AuthRequest::Check { .. }
            | AuthRequest::CheckV2 { .. }
            | AuthRequest::Verify { .. }
            | AuthRequest::Done { .. } => AuthStep::Accept(Accept::default()),
            AuthRequest::Challenge { .. } | AuthRequest::BadMethod { .. } | AuthRequest::Rejected => {
                AuthStep::Refuse
            }
        }
    }
}
