//! What can go wrong, by whose fault it is.

use loligo_wire::cephx::{AuthMethod, KeyType, RequestType};
use loligo_wire::{AuthEntityName, DecodeError, EntityType, GlobalId};
use thiserror::Error;

use crate::Usage;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is of type `none`, or has no secret.
    #[error("the key is empty")]
    Empty,
    /// Keys of this type are not supported here.
    #[error("keys of type {key_type} are not supported")]
    Unsupported {
        /// The type.
        key_type: KeyType,
    },
    /// The secret is shorter than its type needs.
    #[error("the secret of type {key_type} is {length} bytes long, {wanted} are needed")]
    TooShort {
        /// The type.
        key_type: KeyType,
        /// Its length.
        length: usize,
        /// The length needed.
        wanted: usize,
    },
    /// The text form is not base64.
    #[error("not base64")]
    NotBase64,
    /// The text form is base64, but of something else than a key.
    #[error("not a key: {0}")]
    Malformed(#[from] DecodeError),
}

/// Sealed bytes that the key at hand does not open: sealed with another key, or damaged. More is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("sealed with another key, or damaged: {usage:?}")]
pub struct Unsealable {
    /// What they were taken for.
    pub usage: Usage,
}

/// Why authentication did not go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The peer sent something that is not what it must be.
    #[error("malformed authentication: {0}")]
    Malformed(#[from] DecodeError),
    /// The peer does not have the right key, or somebody else has changed what it sent.
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
    /// The peer sent a key that cannot be used here.
    #[error("a session key that cannot be used: {0}")]
    SessionKey(KeyError),
    /// The peer did not show that it could read our nonce.
    #[error("the service did not prove that it could read the authorizer")]
    WrongNonce,
    /// The service accepted the authorizer without a challenge: somebody could replay it.
    #[error("the service did not challenge the authorizer")]
    NotChallenged,
    /// The client's answer to the challenge is not the one that it must be.
    #[error("wrong answer to the challenge")]
    WrongAnswer,
    /// The monitor chose a method that we did not offer.
    #[error("the monitor chose {0}, which was not offered")]
    MethodNotOffered(AuthMethod),
    /// The client uses a method that is not allowed here.
    #[error("{0} is not allowed here")]
    MethodNotAllowed(AuthMethod),
    /// The monitor answered another request than ours.
    #[error("a reply to request {found:?}, not {wanted:?}")]
    WrongReply {
        /// The request answered.
        found: RequestType,
        /// Ours.
        wanted: RequestType,
    },
    /// The monitor sent something when nothing was asked, or after the login had failed.
    #[error("nothing was asked")]
    Unexpected,
    /// The monitor gave no global id, or another one in the middle of a login.
    #[error("the monitor gave global id {found}, after {wanted}")]
    GlobalId {
        /// The one found.
        found: GlobalId,
        /// The one before.
        wanted: GlobalId,
    },
    /// The monitor said that all is well, without the ticket that we asked for.
    #[error("the monitor sent no ticket for itself")]
    NoAuthTicket,
    /// The monitor refused us.
    #[error("the monitor refused the login: error {errno}")]
    Refused {
        /// The number of the error, positive: 13 is `EACCES`.
        errno: i32,
    },
    /// The monitor refused to give us our global id back; with a new identity it may still let us in.
    #[error("the monitor refused to give global id {global_id} back: error {errno}")]
    ReclaimRefused {
        /// The global id.
        global_id: GlobalId,
        /// The number of the error, positive.
        errno: i32,
    },
    /// There is no key for a method that needs one.
    #[error("no key for {name}")]
    NoKey {
        /// Whose.
        name: AuthEntityName,
    },
    /// We have not logged in yet, so there is nothing to show a service.
    #[error("not logged in")]
    NotLoggedIn,
    /// There is no ticket for the service.
    #[error("no ticket for service {service}")]
    NoTicket {
        /// The service.
        service: EntityType,
    },
    /// The ticket is over.
    #[error("the ticket has expired")]
    TicketExpired,
    /// The ticket is sealed with a secret that is not, or no longer, in use.
    #[error("secret {secret_id} of service {service} is not in use")]
    NoSecret {
        /// The service.
        service: EntityType,
        /// The secret's number.
        secret_id: u64,
    },
    /// The authorizer is for another service.
    #[error("an authorizer for service {found}, not {wanted}")]
    WrongService {
        /// The service named.
        found: EntityType,
        /// This one.
        wanted: EntityType,
    },
    /// The client says that it is another one than its ticket says.
    #[error("global id {found} with a ticket of {wanted}")]
    WrongClient {
        /// The one said.
        found: GlobalId,
        /// The one in the ticket.
        wanted: GlobalId,
    },
    /// Messages are signed by the rules before Mimic, which leave too much unsigned.
    #[error("the peer knows only the old signatures, which leave too much unsigned")]
    OldSignatures,
    /// A signature is wrong, or what was sealed is not as it was.
    #[error("a signature is wrong")]
    WrongSignature,
    /// The secret of a connection is too short for its mode.
    #[error("a connection secret of {length} bytes, {wanted} are needed")]
    ShortSecret {
        /// Its length.
        length: usize,
        /// The length needed.
        wanted: usize,
    },
    /// A connection has sealed so much that nothing more can be sealed safely.
    #[error("no nonces are left")]
    OutOfNonces,
}
