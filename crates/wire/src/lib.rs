//! Ceph's wire formats: codec, messages, maps and the framing of messenger v1 and v2.
//!
//! Every format is decoded **and** encoded. Bytes are never trusted: a decoder checks each length against the bytes
//! that are left, allocates no more than what they can fill, and gives a [`DecodeError`] instead of a panic.
//!
//! ```
//! use loligo_wire::{Decode, Decoder, Encode, Encoder, Features};
//!
//! let mut e = Encoder::new(Features::PACIFIC);
//! vec![String::from("rbd"), String::from("data")].encode(&mut e);
//! let bytes = e.finish();
//! let names = Vec::<String>::decode(&mut Decoder::new(&bytes))?;
//! assert_eq!(names, ["rbd", "data"]);
//! # Ok::<(), loligo_wire::DecodeError>(())
//! ```
//!
//! `VERSIONS.md` beside this crate's manifest says which types are known at which versions.
//!
//! `examples/dissect` reads a recorded connection with it, item by item.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bufferlist;
pub mod cephx;
pub mod cls;
pub mod codec;
#[cfg(test)]
#[path = "../tests/common/corpus.rs"]
mod corpus_files;
mod crc;
pub mod crush;
#[cfg(feature = "dump")]
pub mod dump;
pub mod entity;
pub mod features;
mod ids;
pub mod log;
pub mod message;
pub mod mgrmap;
pub mod monmap;
pub mod msgr1;
pub mod msgr2;
pub mod op_data;
pub mod osdmap;
mod release;
#[cfg(feature = "samples")]
pub mod samples;
pub mod service_map;
mod text;
pub mod types;
mod uuid;

pub use bufferlist::BufferList;
pub use codec::{Decode, DecodeError, Decoder, Encode, Encoder};
pub use crc::{crc32c, crc32c_list};
pub use entity::{AddrType, AuthEntityName, EntityAddr, EntityAddrVec, EntityInst, EntityName, EntityType};
pub use features::Features;
pub use ids::{Epoch, GlobalId, OsdId, PoolId, Tid};
pub use release::Release;
pub use text::{Text, TextMap};
pub use uuid::{Uuid, UuidParseError};
