//! Frames of the handshake until both sides know each other.

use core::fmt;

use bytes::Bytes;

use super::ConMode;
use super::control::control_frame;
use crate::cephx::AuthMethod;
use crate::{EntityAddr, EntityType, GlobalId};

control_frame! {
    /// What the sender is, and where it sees the other.
    HelloFrame = HELLO {
        /// What the sender is.
        entity_type: EntityType,
        /// The other's address, as the sender sees it.
        peer_addr: EntityAddr,
    }
}

control_frame! {
    /// How a client wants to prove who it is.
    AuthRequestFrame = AUTH_REQUEST {
        /// The method.
        method: AuthMethod,
        /// The modes that it would go on in, best first.
        preferred_modes: alloc::vec::Vec<ConMode>,
        /// The first step of the method.
        auth_payload: Secretive,
    }
}

control_frame! {
    /// The server does not want that method, or refuses the client.
    AuthBadMethodFrame = AUTH_BAD_METHOD {
        /// The method.
        method: AuthMethod,
        /// Why: a negative errno.
        result: i32,
        /// The methods that it allows.
        allowed_methods: alloc::vec::Vec<AuthMethod>,
        /// The modes that it allows.
        allowed_modes: alloc::vec::Vec<ConMode>,
    }
}

control_frame! {
    /// A further step of the method, by the server.
    AuthReplyMoreFrame = AUTH_REPLY_MORE {
        /// The step.
        auth_payload: Secretive,
    }
}

control_frame! {
    /// A further step of the method, by the client.
    AuthRequestMoreFrame = AUTH_REQUEST_MORE {
        /// The step.
        auth_payload: Secretive,
    }
}

control_frame! {
    /// The server knows who the client is.
    AuthDoneFrame = AUTH_DONE {
        /// The client's number.
        global_id: GlobalId,
        /// The mode that the server chose.
        con_mode: ConMode,
        /// What proves who the server is, and tells keys.
        auth_payload: Secretive,
    }
}

control_frame! {
    /// The signature over all that its sender received until then; zeros where there is no key.
    AuthSignatureFrame = AUTH_SIGNATURE {
        /// HMAC-SHA256 under the session's key.
        signature: [u8; 32],
    }
}

/// A step of authentication: bytes that do not belong into a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secretive(pub Bytes);

crate::codec::as_inner!(Secretive(Bytes));

impl fmt::Debug for Secretive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}
