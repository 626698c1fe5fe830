//! Ceph authentication, both sides: none and cephx
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod crypto;
mod error;
mod session;
mod signature;

pub use crypto::{CryptoKey, Usage};
pub use error::{AuthError, KeyError, Unsealable};
pub use session::{ConnectionSecret, SessionKey};
pub use signature::{MessageSigner, RequireSignatures, SignedParts};
