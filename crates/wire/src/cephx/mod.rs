//! The structures of cephx, and what the monitors' login carries around them.
//!
//! Follows `auth/cephx/CephxProtocol.h`, `auth/Auth.h` and `auth/none/AuthNoneProtocol.h`. These are older than
//! Ceph's versioned structs: most begin with one byte, `struct_v`, without a length, and a newer writer's fields
//! simply follow. Nothing here encrypts: a sealed value is bytes, and what is sealed is written between
//! [`encode_enc`] and read with [`decode_enc`].
//!
//! | who says it | what | where |
//! |---|---|---|
//! | client | [`AuthRequestStart`] (v1) or [`AuthRequestMon`] (v2) | first payload to a monitor |
//! | monitor | [`CephXServerChallenge`] | its answer |
//! | client | [`CephXRequestHeader`], [`CephXAuthenticate`] | second payload |
//! | monitor | [`CephXResponseHeader`], [`CephXAuthSessionReply`] | its answer, with the tickets |
//! | client | [`CephXRequestHeader`], [`CephXAuthorizer`], [`CephXServiceTicketRequest`] | asks for more tickets |
//! | monitor | [`CephXResponseHeader`], [`CephXServiceTicketReply`] | its answer |
//! | client | [`CephXAuthorizer`] and a sealed [`CephXAuthorize`] | to an OSD or another service |
//! | service | a sealed [`CephXAuthorizeChallenge`], then a sealed [`CephXAuthorizeReply`] | its answers |

mod authenticate;
mod authorize;
mod enc;
mod key;
mod login;
mod reply;
mod rotating;
mod ticket;
mod types;

pub use authenticate::{CephXAuthenticate, CephXChallengeBlob, CephXServerChallenge};
pub use authorize::{CephXAuthorize, CephXAuthorizeChallenge, CephXAuthorizeReply, CephXAuthorizer};
pub use enc::{AUTH_ENC_MAGIC, decode_enc, encode_enc};
pub use key::{CryptoKey, Secret};
pub use login::{
    AUTH_MODE_AUTHORIZER, AUTH_MODE_MON, AuthNoneAuthorizer, AuthRequestMon, AuthRequestStart,
    CephXRequestHeader, CephXResponseHeader,
};
pub use reply::{
    CephXAuthSessionMore, CephXAuthSessionReply, CephXServiceTicketReply, ServiceTicketReply, TicketForm,
};
pub use rotating::{ExpiringCryptoKey, RotatingSecrets};
pub use ticket::{
    AuthCapsInfo, AuthTicket, CephXServiceTicket, CephXServiceTicketInfo, CephXServiceTicketRequest,
    CephXTicketBlob,
};
pub use types::{AuthMethod, EntityTypes, KeyType, RequestType};

#[cfg(test)]
mod tests;

use crate::{Decode, DecodeError, Decoder};

/// Reads the byte that most structures here begin with. Ceph's begin at 1.
fn struct_v(d: &mut Decoder<'_>) -> Result<u8, DecodeError> {
    match u8::decode(d)? {
        0 => Err(DecodeError::Invalid { what: "struct_v", value: 0 }),
        version => Ok(version),
    }
}

/// A structure whose fields follow one another, behind a `struct_v` where one is given.
macro_rules! fields_in_order {
    (
        $(#[$attr:meta])*
        $name:ident $(v $version:literal)? {
            $($(#[$field_attr:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$attr])*
        pub struct $name {
            $($(#[$field_attr])* pub $field: $type,)*
        }

        impl $crate::Decode for $name {
            const MIN_SIZE: usize = 0 $(+ { let _ = $version; 1 })? $(+ <$type as $crate::Decode>::MIN_SIZE)*;

            fn decode(d: &mut $crate::Decoder<'_>) -> Result<Self, $crate::DecodeError> {
                $(
                    let _: u8 = $version;
                    $crate::cephx::struct_v(d)?;
                )?
                Ok(Self { $($field: $crate::Decode::decode(d)?,)* })
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self, e: &mut $crate::Encoder) {
                $($crate::Encode::encode(&$version, e);)?
                $($crate::Encode::encode(&self.$field, e);)*
            }
        }
    };
}
use fields_in_order;
