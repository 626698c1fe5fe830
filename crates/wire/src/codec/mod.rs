//! Reading and writing of Ceph's encodings: little-endian numbers, counted lists, versioned structs.
//!
//! Follows `include/encoding.h` of Ceph: `encode`/`decode` of scalars and containers, and the
//! `ENCODE_START`/`DECODE_START` envelope (version, oldest reader's version, length).

mod decoder;
mod encoder;
mod error;
mod impls;
mod opaque;

pub use decoder::{Decode, Decoder};
pub use encoder::{Encode, Encoder};
pub use error::DecodeError;
pub(crate) use impls::{as_inner, versioned_struct};
pub use opaque::OpaqueStruct;
