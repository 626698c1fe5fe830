//! Objects in the order of their hashes.

use core::cmp::Ordering;
use core::fmt;

use bytes::Bytes;

use super::SnapId;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, PoolId};

/// An object of a pool with all that says where it is placed: `hobject_t`. As OSDs compare them (bitwise): by pool, by the
/// hash with its bits reversed, by namespace, by key or name, by name, by snapshot. Equal is what compares equal.
#[derive(Clone, Debug)]
pub struct HObject {
    /// The locator key; empty where it is the object's name. See [`Self::new`].
    pub key: Bytes,
    /// The name.
    pub oid: Bytes,
    /// The snapshot.
    pub snap: SnapId,
    /// The hash.
    pub hash: u32,
    /// Whether this is what comes behind all objects.
    pub max: bool,
    /// The namespace.
    pub nspace: Bytes,
    /// The pool.
    pub pool: PoolId,
}

impl HObject {
    /// The pool of [`Self::MIN`] and [`Self::MAX`].
    const NO_POOL: PoolId = PoolId(i64::MIN);

    /// What comes before all objects.
    pub const MIN: Self = Self::end(false);

    /// What comes behind all objects.
    pub const MAX: Self = Self::end(true);

    const fn end(max: bool) -> Self {
        Self {
            key: Bytes::new(),
            oid: Bytes::new(),
            snap: SnapId(0),
            hash: 0,
            max,
            nspace: Bytes::new(),
            pool: Self::NO_POOL,
        }
    }

    /// That object; a key that equals the name is left out, as in Ceph.
    #[must_use]
    pub fn new(pool: PoolId, nspace: Bytes, key: Bytes, oid: Bytes, snap: SnapId, hash: u32) -> Self {
        let key = if key == oid { Bytes::new() } else { key };
        Self { key, oid, snap, hash, max: false, nspace, pool }
    }

    /// What comes before all objects of that pool and hash (`get_boundary`).
    #[must_use]
    pub fn boundary(pool: PoolId, hash: u32) -> Self {
        Self { pool, hash, ..Self::MIN }
    }

    /// Whether this comes before all objects.
    #[must_use]
    pub fn is_min(&self) -> bool {
        self.snap == SnapId(0) && self.hash == 0 && !self.max && self.pool == Self::NO_POOL
    }

    /// Whether this comes behind all objects.
    #[must_use]
    pub const fn is_max(&self) -> bool {
        self.max
    }

    /// What is hashed: the key, or the name where there is none (`get_effective_key`).
    #[must_use]
    pub const fn effective_key(&self) -> &Bytes {
        if self.key.is_empty() { &self.oid } else { &self.key }
    }

    /// The hash as it is ordered: with its bits reversed (`get_bitwise_key_u32`).
    #[must_use]
    pub const fn bitwise_key(&self) -> u32 {
        self.hash.reverse_bits()
    }

    /// Turns what older releases wrote for the least and the greatest object into what it means.
    fn canonical(self) -> Self {
        if self.max {
            return Self::MAX;
        }
        let hammer_min =
            self.pool == PoolId(-1) && self.snap == SnapId(0) && self.hash == 0 && self.oid.is_empty();
        if hammer_min { Self { pool: Self::NO_POOL, ..self } } else { self }
    }
}

impl Default for HObject {
    fn default() -> Self {
        Self::MIN
    }
}

impl Ord for HObject {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = || {
            if self.key.is_empty() && other.key.is_empty() {
                Ordering::Equal
            } else {
                self.effective_key().cmp(other.effective_key())
            }
        };
        self.max
            .cmp(&other.max)
            .then_with(|| self.pool.cmp(&other.pool))
            .then_with(|| self.bitwise_key().cmp(&other.bitwise_key()))
            .then_with(|| self.nspace.cmp(&other.nspace))
            .then_with(keys)
            .then_with(|| self.oid.cmp(&other.oid))
            .then_with(|| self.snap.cmp(&other.snap))
    }
}

impl PartialOrd for HObject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for HObject {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for HObject {}

/// `2:8a1c0f9e:namespace:key:name:head`, `MIN` or `MAX`; bytes that are not plain as `%xx`.
impl fmt::Display for HObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.max {
            return f.write_str("MAX");
        }
        if *self == Self::MIN {
            return f.write_str("MIN");
        }
        write!(f, "{}:{:08x}:", self.pool, self.bitwise_key())?;
        for part in [&self.nspace, &self.key, &self.oid] {
            write_escaped(f, part)?;
            f.write_str(":")?;
        }
        write!(f, "{}", self.snap)
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    use core::fmt::Write;
    for byte in bytes {
        match byte {
            b'%' | b':' | b'/' => write!(f, "%{byte:02x}")?,
            b' '..=b'~' => f.write_char(char::from(*byte))?,
            _ => write!(f, "%{byte:02x}")?,
        }
    }
    Ok(())
}

impl Decode for HObject {
    const MIN_SIZE: usize = 6 + 4 + 4 + 8 + 4 + 1 + 4 + 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("hobject_t", 4, |d, version| {
            if version < 4 {
                return Err(DecodeError::TooOld { type_name: "hobject_t", version, oldest: 4 });
            }
            Self::decode_body(d)
        })
    }
}

impl Encode for HObject {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(4, 3, |e| self.encode_body(e));
    }
}

/// The fields, as they also stand in a `ghobject_t`.
impl HObject {
    pub(super) fn decode_body(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let object = Self {
            key: Bytes::decode(d)?,
            oid: Bytes::decode(d)?,
            snap: SnapId::decode(d)?,
            hash: u32::decode(d)?,
            max: bool::decode(d)?,
            nspace: Bytes::decode(d)?,
            pool: PoolId::decode(d)?,
        };
        Ok(object.canonical())
    }

    pub(super) fn encode_body(&self, e: &mut Encoder) {
        self.key.encode(e);
        self.oid.encode(e);
        self.snap.encode(e);
        self.hash.encode(e);
        self.max.encode(e);
        self.nspace.encode(e);
        self.pool.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::Features;

    fn object(hash: u32, key: &'static str, oid: &'static str) -> HObject {
        let [key, oid] = [key, oid].map(|s| Bytes::from_static(s.as_bytes()));
        HObject::new(PoolId(2), Bytes::new(), key, oid, SnapId::HEAD, hash)
    }

    #[test]
    fn order_is_by_reversed_hash_then_key_then_name() {
        assert!(object(0x8000_0000, "", "z") < object(1, "", "a"));
        assert!(object(1, "a", "z") < object(1, "", "b"));
        assert!(object(1, "a", "y") < object(1, "a", "z"));
        assert!(HObject::MIN < object(0, "", "") && object(u32::MAX, "", "z") < HObject::MAX);
        assert!(HObject::boundary(PoolId(2), 1) < object(1, "", ""));
    }

    #[test]
    fn a_key_that_equals_the_name_is_left_out() {
        assert!(object(1, "same", "same").key.is_empty());
    }

    #[test]
    fn what_older_releases_wrote_for_min_and_max_is_understood() {
        let min = HObject { pool: PoolId(-1), ..HObject::MIN };
        assert!(HObject::decode_all(&min.to_bytes(Features::PACIFIC)).unwrap().is_min());
        let max = HObject { hash: 7, pool: PoolId(3), ..HObject::MAX };
        assert_eq!(HObject::decode_all(&max.to_bytes(Features::PACIFIC)), Ok(HObject::MAX));
    }

    #[test]
    fn odd_bytes_are_printed_as_in_ceph() {
        assert_eq!(object(1, "", "a:b/c%\n\u{e9}").to_string(), "2:80000000:::a%3ab%2fc%25%0a%c3%a9:head");
        assert_eq!(HObject::MIN.to_string(), "MIN");
        assert_eq!(HObject::MAX.to_string(), "MAX");
    }
}
