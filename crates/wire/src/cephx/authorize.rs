//! What a client shows a service, and what passes between them then.

use super::{CephXTicketBlob, Secret, fields_in_order, struct_v};
use crate::entity::EntityType;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, GlobalId};

/// The open part of what a client shows a service: who it is and its ticket. A sealed [`CephXAuthorize`] follows,
/// behind its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CephXAuthorizer {
    /// Who the client is.
    pub global_id: GlobalId,
    /// Which service the ticket is for.
    pub service: EntityType,
    /// The ticket.
    pub ticket: CephXTicketBlob,
}

impl Decode for CephXAuthorizer {
    const MIN_SIZE: usize = 1 + 8 + 4 + CephXTicketBlob::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        struct_v(d)?;
        Ok(Self {
            global_id: GlobalId::decode(d)?,
            service: EntityType::decode_u32(d)?,
            ticket: CephXTicketBlob::decode(d)?,
        })
    }
}

impl Encode for CephXAuthorizer {
    fn encode(&self, e: &mut Encoder) {
        super::AUTH_MODE_AUTHORIZER.encode(e);
        self.global_id.encode(e);
        self.service.encode_u32(e);
        self.ticket.encode(e);
    }
}

/// The sealed part of what a client shows a service: `CephXAuthorize`. Version 1 knows no challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CephXAuthorize {
    /// Random; the service must show that it could read it.
    pub nonce: u64,
    /// Whether this answers a [`CephXAuthorizeChallenge`].
    pub have_challenge: bool,
    /// The number in the challenge, plus one; 0 where there is none.
    pub server_challenge_plus_one: u64,
}

impl Decode for CephXAuthorize {
    const MIN_SIZE: usize = 9;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let version = struct_v(d)?;
        let nonce = u64::decode(d)?;
        if version < 2 {
            return Ok(Self { nonce, have_challenge: false, server_challenge_plus_one: 0 });
        }
        Ok(Self { nonce, have_challenge: bool::decode(d)?, server_challenge_plus_one: u64::decode(d)? })
    }
}

impl Encode for CephXAuthorize {
    fn encode(&self, e: &mut Encoder) {
        2u8.encode(e);
        self.nonce.encode(e);
        self.have_challenge.encode(e);
        self.server_challenge_plus_one.encode(e);
    }
}

fields_in_order! {
    /// What a service answers, sealed, to an authorizer that it has not challenged: `CephXAuthorizeChallenge`. It
    /// makes an authorizer useless to whoever only overheard it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXAuthorizeChallenge v 1u8 {
        /// Random.
        server_challenge: u64,
    }
}

/// What a service answers, sealed, to an authorizer that it accepts: `CephXAuthorizeReply`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CephXAuthorizeReply {
    /// The client's nonce plus one.
    pub nonce_plus_one: u64,
    /// The secret of this connection, on msgr v2; else empty, and then not written.
    pub connection_secret: Secret,
}

impl Decode for CephXAuthorizeReply {
    const MIN_SIZE: usize = 9;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let version = struct_v(d)?;
        let nonce_plus_one = u64::decode(d)?;
        let connection_secret = if version >= 2 { Secret::decode(d)? } else { Secret::default() };
        Ok(Self { nonce_plus_one, connection_secret })
    }
}

impl Encode for CephXAuthorizeReply {
    fn encode(&self, e: &mut Encoder) {
        let version = if self.connection_secret.is_empty() { 1u8 } else { 2 };
        version.encode(e);
        self.nonce_plus_one.encode(e);
        if version >= 2 {
            self.connection_secret.encode(e);
        }
    }
}

/// A byte string: `u32` length and bytes.
impl Decode for Secret {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let n = d.length()?;
        d.take(n).map(Self::new)
    }
}

impl Encode for Secret {
    fn encode(&self, e: &mut Encoder) {
        e.counted_bytes(self.expose());
    }
}
