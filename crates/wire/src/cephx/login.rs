//! The first payloads of a login, and the headers of the later ones.

use alloc::vec::Vec;

use super::{AuthMethod, RequestType, fields_in_order};
use crate::entity::AuthEntityName;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, GlobalId};

/// First byte of an authorizer, and its version (`AUTH_MODE_AUTHORIZER`).
pub const AUTH_MODE_AUTHORIZER: u8 = 1;
/// First byte of a login at a monitor on msgr v2 (`AUTH_MODE_MON`).
pub const AUTH_MODE_MON: u8 = 10;

fields_in_order! {
    /// The first payload of a login on msgr v1, in an `MAuth` whose protocol is [`AuthMethod::UNKNOWN`].
    #[derive(Clone, Debug, PartialEq, Eq)]
    AuthRequestStart v 1u8 {
        /// What the client can do, best first; the monitor chooses.
        methods: Vec<AuthMethod>,
        /// Who it says it is.
        name: AuthEntityName,
        /// The global id that it had before, 0 where it had none.
        global_id: GlobalId,
    }
}

/// The first payload of a login on msgr v2, in an AUTH_REQUEST frame that names the method beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequestMon {
    /// Who the client says it is.
    pub name: AuthEntityName,
    /// The global id that it had before, 0 where it had none.
    pub global_id: GlobalId,
}

impl Decode for AuthRequestMon {
    const MIN_SIZE: usize = 1 + AuthEntityName::MIN_SIZE + 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match u8::decode(d)? {
            AUTH_MODE_MON => Ok(Self { name: Decode::decode(d)?, global_id: Decode::decode(d)? }),
            mode => Err(DecodeError::Invalid { what: "auth mode", value: u64::from(mode) }),
        }
    }
}

impl Encode for AuthRequestMon {
    fn encode(&self, e: &mut Encoder) {
        AUTH_MODE_MON.encode(e);
        self.name.encode(e);
        self.global_id.encode(e);
    }
}

fields_in_order! {
    /// What a client shows a service where the method is [`AuthMethod::NONE`]: `AuthNoneAuthorizer`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    AuthNoneAuthorizer v 1u8 {
        /// Who it says it is.
        name: AuthEntityName,
        /// Its global id.
        global_id: GlobalId,
    }
}

fields_in_order! {
    /// What begins each cephx request to a monitor but the first payload: `CephXRequestHeader`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXRequestHeader {
        /// What is asked for.
        request_type: RequestType,
    }
}

fields_in_order! {
    /// What begins each cephx reply of a monitor but the challenge: `CephXResponseHeader`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CephXResponseHeader {
        /// What was asked for.
        request_type: RequestType,
        /// 0, or a negative errno.
        status: i32,
    }
}
