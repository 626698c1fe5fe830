//! Tickets on their way from the monitor.

use alloc::vec::Vec;

use bytes::Bytes;

use super::{CephXTicketBlob, struct_v};
use crate::entity::EntityType;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// Several tickets: what `cephx_build_service_ticket_reply` writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CephXServiceTicketReply {
    /// The tickets.
    pub tickets: Vec<ServiceTicketReply>,
}

/// One ticket and what its holder is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTicketReply {
    /// The service that it is for.
    pub service: EntityType,
    /// The sealed [`CephXServiceTicket`](super::CephXServiceTicket).
    pub sealed: Bytes,
    /// The ticket.
    pub ticket: TicketForm,
}

/// A ticket, open or sealed once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketForm {
    /// As it is.
    Plain(CephXTicketBlob),
    /// Sealed with the session key of the ticket that it replaces; inside is a byte string with the
    /// [`CephXTicketBlob`].
    Sealed(Bytes),
}

impl Decode for ServiceTicketReply {
    const MIN_SIZE: usize = 4 + 1 + 4 + 1 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let service = EntityType::decode_u32(d)?;
        struct_v(d)?;
        let sealed = Bytes::decode(d)?;
        let is_sealed = bool::decode(d)?;
        let ticket = Bytes::decode(d)?;
        let ticket = if is_sealed {
            TicketForm::Sealed(ticket)
        } else {
            TicketForm::Plain(CephXTicketBlob::decode(&mut Decoder::of(&ticket))?)
        };
        Ok(Self { service, sealed, ticket })
    }
}

impl Encode for ServiceTicketReply {
    fn encode(&self, e: &mut Encoder) {
        self.service.encode_u32(e);
        1u8.encode(e);
        self.sealed.encode(e);
        matches!(self.ticket, TicketForm::Sealed(_)).encode(e);
        match &self.ticket {
            TicketForm::Plain(blob) => e.counted(|e| blob.encode(e)),
            TicketForm::Sealed(sealed) => sealed.encode(e),
        }
    }
}

impl Decode for CephXServiceTicketReply {
    const MIN_SIZE: usize = 5;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        struct_v(d)?;
        Ok(Self { tickets: Decode::decode(d)? })
    }
}

impl Encode for CephXServiceTicketReply {
    fn encode(&self, e: &mut Encoder) {
        1u8.encode(e);
        self.tickets.encode(e);
    }
}

/// What follows the header of the reply to a [`CephXAuthenticate`](super::CephXAuthenticate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CephXAuthSessionReply {
    /// The ticket for the monitors' authentication service, told under the client's own key.
    pub auth: CephXServiceTicketReply,
    /// What a monitor since Nautilus adds when the client asked for `other_keys`.
    pub more: Option<CephXAuthSessionMore>,
}

/// What a monitor since Nautilus adds to [`CephXAuthSessionReply`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CephXAuthSessionMore {
    /// On msgr v2 a byte string with the sealed secret of this connection; else empty.
    pub connection_secret: Bytes,
    /// An encoded [`CephXServiceTicketReply`] told under the new session key, or nothing. It is kept apart because a
    /// monitor that lacks one of the keys writes only part of it.
    pub extra_tickets: Bytes,
}

impl Decode for CephXAuthSessionReply {
    const MIN_SIZE: usize = CephXServiceTicketReply::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let auth = CephXServiceTicketReply::decode(d)?;
        if d.is_empty() {
            return Ok(Self { auth, more: None });
        }
        let more =
            CephXAuthSessionMore { connection_secret: Decode::decode(d)?, extra_tickets: Decode::decode(d)? };
        Ok(Self { auth, more: Some(more) })
    }
}

impl Encode for CephXAuthSessionReply {
    fn encode(&self, e: &mut Encoder) {
        self.auth.encode(e);
        if let Some(more) = &self.more {
            more.connection_secret.encode(e);
            more.extra_tickets.encode(e);
        }
    }
}
