//! Names that need not be UTF-8.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// A string as Ceph keeps it: any bytes, by custom UTF-8. One odd pool name must not make a whole map unreadable.
///
/// Unlike [`bytes::Bytes`] it never shares the buffer that it was read from: a name that lives for days does not keep
/// a map of megabytes alive.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Box<[u8]>);

impl Text {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with a replacement character for whatever is not UTF-8.
    #[must_use]
    pub fn to_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The text, if it is UTF-8.
    #[must_use]
    pub const fn to_str(&self) -> Option<&str> {
        match core::str::from_utf8(&self.0) {
            Ok(text) => Some(text),
            Err(_) => None,
        }
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A map by `Text` can be asked with plain bytes.
impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into_boxed_slice())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_lossy(), f)
    }
}

impl Decode for Text {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let n = d.length()?;
        Ok(Self(d.take(n)?.into()))
    }
}

impl Encode for Text {
    fn encode(&self, e: &mut Encoder) {
        e.counted_bytes(&self.0);
    }
}

/// Names and values, ordered by name: `map<string, string>`.
///
/// A sorted vector, not a tree: such maps are small and many, and a tree takes hundreds of bytes for its first entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextMap(Vec<(Text, Text)>);

impl TextMap {
    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Text> {
        let at = self.0.binary_search_by(|(known, _)| known.as_bytes().cmp(name.as_ref())).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// All names and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<(Text, Text)>> for TextMap {
    /// In any order; of two with one name the later one counts.
    fn from(mut entries: Vec<(Text, Text)>) -> Self {
        entries.reverse();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries.dedup_by(|(one, _), (other, _)| one == other);
        Self(entries)
    }
}

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for TextMap {
    /// In any order; of two with one name the later one counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries.into_iter().map(|(name, value)| (name.into(), value.into())).collect::<Vec<_>>().into()
    }
}

impl Decode for TextMap {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Vec::decode(d).map(|entries: Vec<(Text, Text)>| entries.into())
    }
}

impl Encode for TextMap {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::ToString;

    use super::*;
    use crate::Features;

    #[test]
    fn bytes_that_are_not_utf8_survive() {
        let odd = Text::from(&b"p\xffol"[..]);
        assert_eq!(odd.to_string(), "p\u{fffd}ol");
        assert_eq!(odd.to_str(), None);
        assert_eq!(Text::decode_all(&odd.to_bytes(Features::PACIFIC)), Ok(odd));
    }

    #[test]
    fn reads_as_text() {
        let name = Text::from("rbd");
        assert_eq!(name, "rbd");
        assert_eq!(format!("{name:>5}|{name:?}"), "  rbd|\"rbd\"");
        assert_eq!(BTreeMap::from([(name, 1)]).get(b"rbd".as_slice()), Some(&1));
    }

    #[test]
    fn does_not_hold_on_to_the_buffer_it_came_from() {
        let bytes = Text::from("rbd").to_bytes(Features::PACIFIC);
        let name = Text::decode(&mut Decoder::of(&bytes)).unwrap();
        assert_ne!(name.as_bytes().as_ptr(), bytes[4..].as_ptr());
    }

    #[test]
    fn a_map_is_sorted_and_the_later_of_two_counts() {
        let map: TextMap = [("m", "1"), ("k", "2"), ("m", "3")].into_iter().collect();
        assert_eq!(
            map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            ["k=2", "m=3"]
        );
        assert_eq!(map.get("m").map(ToString::to_string).as_deref(), Some("3"));
        assert_eq!(map.get("n"), None);
        assert_eq!(TextMap::decode_all(&map.to_bytes(Features::PACIFIC)), Ok(map));
    }
}
