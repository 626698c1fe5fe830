//! The monitor's challenge and the client's answer.

use super::{CephXTicketBlob, EntityTypes, fields_in_order, struct_v};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

fields_in_order! {
    /// What a monitor answers to the first payload of a login: `CephXServerChallenge`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXServerChallenge v 1u8 {
        /// Random.
        server_challenge: u64,
    }
}

fields_in_order! {
    /// What a client seals with its key to prove that it has it: `CephXChallengeBlob`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXChallengeBlob {
        /// The monitor's challenge.
        server_challenge: u64,
        /// The client's own.
        client_challenge: u64,
    }
}

/// A client logs in, or renews its login: `CephXAuthenticate`.
///
/// Version 1 has no `other_keys`. Versions 2 and 3 have the same form; a writer of version 3 promises to show its old
/// ticket whenever it claims a global id that it had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CephXAuthenticate {
    /// The version that the writer gave.
    pub version: u8,
    /// The client's own challenge.
    pub client_challenge: u64,
    /// The sealed [`CephXChallengeBlob`], folded into 64 bits.
    pub key: u64,
    /// The ticket of the login before, empty where there is none.
    pub old_ticket: CephXTicketBlob,
    /// The services that tickets are wanted for at the same time.
    pub other_keys: EntityTypes,
}

impl CephXAuthenticate {
    /// The newest version.
    pub const VERSION: u8 = 3;

    /// Whether a client of that age may have left out its old ticket (`old_ticket_may_be_omitted`).
    #[must_use]
    pub const fn old_ticket_may_be_omitted(&self) -> bool {
        self.version < 3
    }
}

impl Decode for CephXAuthenticate {
    const MIN_SIZE: usize = 1 + 8 + 8 + CephXTicketBlob::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let version = struct_v(d)?;
        Ok(Self {
            version,
            client_challenge: Decode::decode(d)?,
            key: Decode::decode(d)?,
            old_ticket: Decode::decode(d)?,
            other_keys: if version >= 2 { Decode::decode(d)? } else { EntityTypes::NONE },
        })
    }
}

impl Encode for CephXAuthenticate {
    fn encode(&self, e: &mut Encoder) {
        self.version.encode(e);
        self.client_challenge.encode(e);
        self.key.encode(e);
        self.old_ticket.encode(e);
        if self.version >= 2 {
            self.other_keys.encode(e);
        }
    }
}
