//! Tickets.

use bytes::Bytes;
use loligo_base::Wall;

use super::{CryptoKey, EntityTypes, fields_in_order, struct_v};
use crate::entity::AuthEntityName;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, GlobalId};

/// What Ceph writes in place of the user id that tickets once had (`CEPH_AUTH_UID_DEFAULT`).
const AUTH_UID_DEFAULT: u64 = u64::MAX;

fields_in_order! {
    /// A ticket as its holder sees it: `CephXTicketBlob`. Only the service can look inside.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    CephXTicketBlob v 1u8 {
        /// Which of the service's rotating secrets it is sealed with.
        secret_id: u64,
        /// The sealed [`CephXServiceTicketInfo`]; empty where there is no ticket.
        blob: Bytes,
    }
}

fields_in_order! {
    /// What a client may do: `AuthCapsInfo`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AuthCapsInfo v 1u8 {
        /// Everything.
        allow_all: bool,
        /// The service's words for it: in practice an encoded string, or nothing.
        caps: Bytes,
    }
}

/// What a monitor says of a client to a service: `AuthTicket`. Version 1 lacks the user id that nobody uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthTicket {
    /// Who the client is.
    pub name: AuthEntityName,
    /// Which one of that name.
    pub global_id: GlobalId,
    /// When the ticket was made.
    pub created: Wall,
    /// When it ends.
    pub expires: Wall,
    /// What the client may do.
    pub caps: AuthCapsInfo,
    /// Not used.
    pub flags: u32,
}

impl Decode for AuthTicket {
    const MIN_SIZE: usize = 1 + AuthEntityName::MIN_SIZE + 8 + 8 + 8 + AuthCapsInfo::MIN_SIZE + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let version = struct_v(d)?;
        let name = AuthEntityName::decode(d)?;
        let global_id = GlobalId::decode(d)?;
        if version >= 2 {
            u64::decode(d)?;
        }
        Ok(Self {
            name,
            global_id,
            created: Decode::decode(d)?,
            expires: Decode::decode(d)?,
            caps: Decode::decode(d)?,
            flags: Decode::decode(d)?,
        })
    }
}

impl Encode for AuthTicket {
    fn encode(&self, e: &mut Encoder) {
        2u8.encode(e);
        self.name.encode(e);
        self.global_id.encode(e);
        AUTH_UID_DEFAULT.encode(e);
        self.created.encode(e);
        self.expires.encode(e);
        self.caps.encode(e);
        self.flags.encode(e);
    }
}

fields_in_order! {
    /// What the holder of a ticket is told beside it, sealed: `CephXServiceTicket`.
    #[derive(Debug, Default, PartialEq, Eq)]
    CephXServiceTicket v 1u8 {
        /// The key that is in the ticket too.
        session_key: CryptoKey,
        /// How long the ticket is good for, from now, written as a point in time after 1970.
        validity: Wall,
    }
}

fields_in_order! {
    /// What is in a ticket, sealed for the service: `CephXServiceTicketInfo`.
    #[derive(Debug, Default, PartialEq, Eq)]
    CephXServiceTicketInfo v 1u8 {
        /// Who the holder is and what it may do.
        ticket: AuthTicket,
        /// The key that the holder was told.
        session_key: CryptoKey,
    }
}

fields_in_order! {
    /// Asks for tickets: `CephXServiceTicketRequest`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXServiceTicketRequest v 1u8 {
        /// For which services.
        keys: EntityTypes,
    }
}
