//! Scalars and containers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;

use super::{Decode, DecodeError, Decoder, Encode, Encoder};

macro_rules! scalar {
    ($($t:ty),*) => {$(
        impl Decode for $t {
            const MIN_SIZE: usize = size_of::<$t>();

            fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(<$t>::from_le_bytes(d.array()?))
            }
        }

        impl Encode for $t {
            fn encode(&self, e: &mut Encoder) {
                e.raw(&self.to_le_bytes());
            }
        }
    )*};
}

/// Reads and writes a newtype as what is in it.
macro_rules! as_inner {
    ($name:ident($inner:ty)) => {
        impl $crate::Decode for $name {
            const MIN_SIZE: usize = <$inner as $crate::Decode>::MIN_SIZE;

            fn decode(d: &mut $crate::Decoder<'_>) -> Result<Self, $crate::DecodeError> {
                <$inner as $crate::Decode>::decode(d).map(Self)
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self, e: &mut $crate::Encoder) {
                $crate::Encode::encode(&self.0, e);
            }
        }
    };
}
pub(crate) use as_inner;

/// A struct whose fields stand one after the other in a versioned struct, all of which have been there since the
/// version that is written here.
macro_rules! versioned_struct {
    (
        $(#[$doc:meta])*
        $name:ident, $ceph_name:literal, version $version:literal, compat $compat:literal {
            $($(#[$field_doc:meta])* $field:ident: $t:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $t,)*
        }

        impl $crate::Decode for $name {
            const MIN_SIZE: usize = 6 $(+ <$t as $crate::Decode>::MIN_SIZE)*;

            fn decode(d: &mut $crate::Decoder<'_>) -> Result<Self, $crate::DecodeError> {
                d.versioned($ceph_name, $version, |d, version| {
                    if version < $version {
                        return Err($crate::DecodeError::TooOld {
                            type_name: $ceph_name,
                            version,
                            oldest: $version,
                        });
                    }
                    Ok(Self { $($field: $crate::Decode::decode(d)?,)* })
                })
            }
        }

        impl $crate::Encode for $name {
            fn encode(&self, e: &mut $crate::Encoder) {
                e.versioned($version, $compat, |e| {
                    $($crate::Encode::encode(&self.$field, e);)*
                });
            }
        }
    };
}
pub(crate) use versioned_struct;

scalar!(u8, u16, u32, u64, i8, i16, i32, i64, f32, f64);

/// One byte; anything but 0 is true, as in Ceph.
impl Decode for bool {
    const MIN_SIZE: usize = 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(u8::decode(d)? != 0)
    }
}

impl Encode for bool {
    fn encode(&self, e: &mut Encoder) {
        u8::from(*self).encode(e);
    }
}

impl<const N: usize> Decode for [u8; N] {
    const MIN_SIZE: usize = N;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.array()
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, e: &mut Encoder) {
        e.raw(self);
    }
}

/// A `bufferlist`: `u32` length and bytes.
impl Decode for Bytes {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.counted_bytes()
    }
}

impl Encode for Bytes {
    fn encode(&self, e: &mut Encoder) {
        e.counted_bytes(self);
    }
}

/// Ceph's strings are bytes; those that are read as `String` here must be UTF-8. A field that may be anything (an
/// object's name) is read as [`Bytes`] instead.
impl Decode for String {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let n = d.length()?;
        let text = core::str::from_utf8(d.take(n)?).map_err(|_| DecodeError::NotUtf8 { what: "string" })?;
        Ok(Self::from(text))
    }
}

impl Encode for str {
    fn encode(&self, e: &mut Encoder) {
        e.counted_bytes(self.as_bytes());
    }
}

impl Encode for String {
    fn encode(&self, e: &mut Encoder) {
        self.as_str().encode(e);
    }
}

impl<T: Decode> Decode for Vec<T> {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.list(T::MIN_SIZE, T::decode)
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, e: &mut Encoder) {
        e.count(self.len());
        for item in self {
            item.encode(e);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, e: &mut Encoder) {
        self.as_slice().encode(e);
    }
}

impl<K: Decode + Ord, V: Decode> Decode for BTreeMap<K, V> {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let n = d.count(K::MIN_SIZE.saturating_add(V::MIN_SIZE))?;
        let mut map = Self::new();
        for _ in 0..n {
            let key = K::decode(d)?;
            map.insert(key, V::decode(d)?);
        }
        Ok(map)
    }
}

impl<K: Encode, V: Encode> Encode for BTreeMap<K, V> {
    fn encode(&self, e: &mut Encoder) {
        e.count(self.len());
        for (key, value) in self {
            key.encode(e);
            value.encode(e);
        }
    }
}

impl<T: Decode + Ord> Decode for BTreeSet<T> {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let n = d.count(T::MIN_SIZE)?;
        let mut set = Self::new();
        for _ in 0..n {
            // One by one: to collect them would take room for all of them first, also where all are the same.
            set.insert(T::decode(d)?);
        }
        Ok(set)
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    fn encode(&self, e: &mut Encoder) {
        e.count(self.len());
        for item in self {
            item.encode(e);
        }
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    const MIN_SIZE: usize = A::MIN_SIZE + B::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(d)?, B::decode(d)?))
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
        self.1.encode(e);
    }
}

impl<T: Decode> Decode for Arc<T> {
    const MIN_SIZE: usize = T::MIN_SIZE;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::decode(d).map(Self::new)
    }
}

impl<T: Encode> Encode for Arc<T> {
    fn encode(&self, e: &mut Encoder) {
        (**self).encode(e);
    }
}

/// A byte that says whether the value follows: `boost::optional` and `std::optional`.
impl<T: Decode> Decode for Option<T> {
    const MIN_SIZE: usize = 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if bool::decode(d)? { T::decode(d).map(Some) } else { Ok(None) }
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, e: &mut Encoder) {
        self.is_some().encode(e);
        if let Some(value) = self {
            value.encode(e);
        }
    }
}

/// `utime_t`: seconds, nanoseconds.
impl Decode for Wall {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self::new(u32::decode(d)?, u32::decode(d)?))
    }
}

impl Encode for Wall {
    fn encode(&self, e: &mut Encoder) {
        self.secs().encode(e);
        self.nanos().encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::Features;

    fn round<T: Encode + Decode + PartialEq + core::fmt::Debug>(value: &T) {
        let bytes = value.to_bytes(Features::PACIFIC);
        assert_eq!(T::decode_all(&bytes).as_ref(), Ok(value));
        for cut in 0..bytes.len() {
            assert!(T::decode_all(&bytes.slice(..cut)).is_err(), "a prefix of {cut} bytes of {value:?}");
        }
    }

    #[test]
    fn containers_round_and_no_prefix_is_a_value() {
        round(&vec![1u32, 2, 3]);
        round(&BTreeMap::from([(1u8, String::from("one")), (2, String::new())]));
        round(&BTreeSet::from([7i64, -7]));
        round(&Some((true, 5u16)));
        round(&Wall::new(1, 2));
        round(&Bytes::from_static(b"xyz"));
    }

    #[test]
    fn a_count_that_the_bytes_cannot_hold_is_refused_before_anything_is_reserved() {
        let bytes = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        assert_eq!(
            Vec::<u32>::decode_all(&bytes),
            Err(DecodeError::Truncated { wanted: 4 * u64::from(u32::MAX), left: 3 })
        );
    }

    #[test]
    fn a_newer_writer_may_append_and_may_refuse_us() {
        let mut e = Encoder::new(Features::PACIFIC);
        e.versioned(9, 2, |e| {
            5u32.encode(e);
            b"from the future".encode(e);
        });
        7u8.encode(&mut e);
        let bytes = e.finish();
        let mut d = Decoder::new(&bytes);
        let read = d.versioned("t", 2, |d, v| Ok((v, u32::decode(d)?)));
        assert_eq!(read, Ok((9, 5)));
        assert_eq!(u8::decode(&mut d), Ok(7));
        let refused = Decoder::new(&bytes).versioned("t", 1, |_, _| Ok(()));
        assert_eq!(refused, Err(DecodeError::Incompatible { type_name: "t", compat: 2, known: 1 }));
    }

    #[test]
    fn bytes_of_a_shared_buffer_are_shared() {
        let bytes = vec![Bytes::from_static(b"payload")].to_bytes(Features::PACIFIC);
        let list = Vec::<Bytes>::decode_all(&bytes).unwrap();
        assert_eq!(list[0].as_ptr(), bytes[8..].as_ptr());
    }
}
