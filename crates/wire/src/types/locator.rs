//! Where in a pool an object belongs.

use core::fmt;

use bytes::Bytes;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, PoolId};

/// The pool and namespace of an object, and what is hashed in place of its name: `object_locator_t`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectLocator {
    /// The pool; -1 is none.
    pub pool: PoolId,
    /// Hashed in place of the name, where it is not empty.
    pub key: Bytes,
    /// The namespace.
    pub nspace: Bytes,
    /// The place itself, where it is not negative. Then there is no key.
    pub hash: i64,
}

impl ObjectLocator {
    /// In that pool, without a namespace, placed by its name.
    #[must_use]
    pub const fn new(pool: PoolId) -> Self {
        Self { pool, key: Bytes::new(), nspace: Bytes::new(), hash: -1 }
    }

    /// Whether it names no pool (`empty`).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pool.0 == -1
    }
}

impl Default for ObjectLocator {
    fn default() -> Self {
        Self::new(PoolId(-1))
    }
}

/// `@2;namespace:key`.
impl fmt::Display for ObjectLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.pool)?;
        if !self.nspace.is_empty() {
            write!(f, ";{}", self.nspace.escape_ascii())?;
        }
        if !self.key.is_empty() {
            write!(f, ":{}", self.key.escape_ascii())?;
        }
        Ok(())
    }
}

/// Reads versions from 3 on: Linux writes 5, which has no hash.
impl Decode for ObjectLocator {
    const MIN_SIZE: usize = 6 + 8 + 4 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("object_locator_t", 6, |d, version| {
            if version < 3 {
                return Err(DecodeError::TooOld { type_name: "object_locator_t", version, oldest: 3 });
            }
            let pool = PoolId::decode(d)?;
            let _preferred = i32::decode(d)?;
            let key = Bytes::decode(d)?;
            let nspace = if version >= 5 { Bytes::decode(d)? } else { Bytes::new() };
            let hash = if version >= 6 { i64::decode(d)? } else { -1 };
            if hash != -1 && !key.is_empty() {
                return Err(DecodeError::Invalid {
                    what: "object_locator_t with a key and the hash",
                    value: hash.cast_unsigned(),
                });
            }
            Ok(Self { pool, key, nspace, hash })
        })
    }
}

/// A reader that knows no hash (before version 6) must not read a locator that has one.
impl Encode for ObjectLocator {
    fn encode(&self, e: &mut Encoder) {
        let compat = if self.hash == -1 { 3 } else { 6 };
        e.versioned(6, compat, |e| {
            self.pool.encode(e);
            (-1i32).encode(e);
            self.key.encode(e);
            self.nspace.encode(e);
            self.hash.encode(e);
        });
    }
}

/// Where else an op should go: `request_redirect_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestRedirect {
    /// Replaces the op's locator.
    pub locator: ObjectLocator,
    /// Replaces the op's object, where it is not empty.
    pub object: Bytes,
}

impl RequestRedirect {
    /// Whether it redirects nowhere: the op stays where it is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.locator.is_empty() && self.object.is_empty()
    }
}

impl Decode for RequestRedirect {
    const MIN_SIZE: usize = 6 + ObjectLocator::MIN_SIZE + 4 + 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("request_redirect_t", 1, |d, _| {
            let redirect = Self { locator: ObjectLocator::decode(d)?, object: Bytes::decode(d)? };
            // Instructions that no release ever gave.
            d.counted_bytes()?;
            Ok(redirect)
        })
    }
}

impl Encode for RequestRedirect {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.locator.encode(e);
            self.object.encode(e);
            0u32.encode(e);
        });
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::Features;

    #[test]
    fn the_form_that_linux_writes_is_read() {
        let mut e = Encoder::new(Features::PACIFIC);
        e.versioned(5, 4, |e| {
            (7i64, -1i32).encode(e);
            Bytes::from_static(b"key").encode(e);
            Bytes::from_static(b"ns").encode(e);
        });
        let locator = ObjectLocator::decode_all(&e.finish()).unwrap();
        assert_eq!(locator.to_string(), "@7;ns:key");
        assert_eq!(locator.hash, -1);
    }

    #[test]
    fn a_key_beside_the_hash_is_refused() {
        let mut locator = ObjectLocator::new(PoolId(1));
        locator.hash = 5;
        let bytes = locator.to_bytes(Features::PACIFIC);
        assert_eq!(bytes[..2], [6, 6]);
        assert_eq!(ObjectLocator::decode_all(&bytes), Ok(locator.clone()));
        locator.key = Bytes::from_static(b"k");
        let bytes = locator.to_bytes(Features::PACIFIC);
        assert!(matches!(ObjectLocator::decode_all(&bytes), Err(DecodeError::Invalid { value: 5, .. })));
    }
}
