//! What an OSD answers when it is asked to list a PG.

use alloc::vec::Vec;

use bytes::Bytes;

use super::HObject;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// One object of a listing: `librados::ListObjectImpl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListObject {
    /// Its namespace.
    pub nspace: Bytes,
    /// Its name.
    pub oid: Bytes,
    /// Its locator key; empty where it is placed by its name.
    pub locator: Bytes,
}

impl Decode for ListObject {
    const MIN_SIZE: usize = 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { nspace: Bytes::decode(d)?, oid: Bytes::decode(d)?, locator: Bytes::decode(d)? })
    }
}

impl Encode for ListObject {
    fn encode(&self, e: &mut Encoder) {
        self.nspace.encode(e);
        self.oid.encode(e);
        self.locator.encode(e);
    }
}

/// A part of the listing of a PG, answered to `PGNLS`: `pg_nls_response_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PgNlsResponse {
    /// Where the next part starts; the maximum at the end of the pool.
    pub handle: HObject,
    /// The objects.
    pub entries: Vec<ListObject>,
}

impl Decode for PgNlsResponse {
    const MIN_SIZE: usize = 6 + HObject::MIN_SIZE + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pg_nls_response_t", 1, |d, _| {
            Ok(Self { handle: HObject::decode(d)?, entries: Vec::decode(d)? })
        })
    }
}

impl Encode for PgNlsResponse {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.handle.encode(e);
            self.entries.encode(e);
        });
    }
}

/// As [`PgNlsResponse`], of the namespace of the request alone, answered to `PGLS`: `pg_ls_response_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PgLsResponse {
    /// Where the next part starts; the maximum at the end of the PG.
    pub handle: HObject,
    /// Names and locator keys of the objects.
    pub entries: Vec<(Bytes, Bytes)>,
}

impl Decode for PgLsResponse {
    const MIN_SIZE: usize = 1 + HObject::MIN_SIZE + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match u8::decode(d)? {
            1 => Ok(Self { handle: HObject::decode(d)?, entries: Vec::decode(d)? }),
            other => Err(DecodeError::Invalid { what: "version of pg_ls_response_t", value: other.into() }),
        }
    }
}

impl Encode for PgLsResponse {
    fn encode(&self, e: &mut Encoder) {
        1u8.encode(e);
        self.handle.encode(e);
        self.entries.encode(e);
    }
}
