//! The reading half of the codec.

use alloc::vec::Vec;

use bytes::Bytes;

use super::DecodeError;

/// How deep versioned structs may nest. The deepest that Ceph writes is below ten.
const NESTING_LIMIT: u8 = 32;

/// A type that can be read from Ceph's encoding.
pub trait Decode: Sized {
    /// The fewest bytes that a value takes: what bounds the capacity reserved for a list of them. At least 1, so that
    /// no count is free.
    const MIN_SIZE: usize;

    /// Reads one value and leaves the decoder behind it. After an error the decoder's place is unspecified.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a value.
    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Reads one value that takes all the bytes.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a value, or more than one.
    fn decode_all(bytes: &Bytes) -> Result<Self, DecodeError> {
        let mut d = Decoder::of(bytes);
        let value = Self::decode(&mut d)?;
        d.end("value")?;
        Ok(value)
    }
}

/// A place in bytes that are being read.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    /// The owner of `rest`, where there is one: [`Self::bytes`] then shares instead of copying.
    owner: Option<&'a Bytes>,
    depth: u8,
}

impl<'a> Decoder<'a> {
    /// Reads from a slice; byte strings in it are copied.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, owner: None, depth: 0 }
    }

    /// Reads from shared bytes; byte strings in it are shared with them, not copied.
    #[must_use]
    pub fn of(bytes: &'a Bytes) -> Self {
        Self { rest: bytes, owner: Some(bytes), depth: 0 }
    }

    /// How many bytes are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Whether no bytes are left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes that are left, without taking them.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes `n` bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self
            .rest
            .split_at_checked(n)
            .ok_or(DecodeError::Truncated { wanted: n as u64, left: self.rest.len() as u64 })?;
        self.rest = tail;
        Ok(head)
    }

    /// Takes `N` bytes as an array.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, tail) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(DecodeError::Truncated { wanted: N as u64, left: self.rest.len() as u64 })?;
        self.rest = tail;
        Ok(*head)
    }

    /// Takes `n` bytes as a value of its own, shared where this decoder was made with [`Self::of`].
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn bytes(&mut self, n: usize) -> Result<Bytes, DecodeError> {
        let owner = self.owner;
        let slice = self.take(n)?;
        Ok(owner.map_or_else(|| Bytes::copy_from_slice(slice), |owner| owner.slice_ref(slice)))
    }

    /// Takes a `u32` length and that many bytes: Ceph's `bufferlist` and byte string.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn counted_bytes(&mut self) -> Result<Bytes, DecodeError> {
        let n = self.length()?;
        self.bytes(n)
    }

    /// Takes a `u32` length that the bytes left can satisfy.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer bytes than that are left.
    pub fn length(&mut self) -> Result<usize, DecodeError> {
        let n = u32::decode(self)?;
        match usize::try_from(n) {
            Ok(n) if n <= self.left() => Ok(n),
            _ => Err(DecodeError::Truncated { wanted: u64::from(n), left: self.left() as u64 }),
        }
    }

    /// Takes a `u32` count of elements that take at least `min_size` bytes each. The result may be reserved.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when the bytes left cannot hold that many.
    pub fn count(&mut self, min_size: usize) -> Result<usize, DecodeError> {
        let n = u32::decode(self)?;
        let wanted = u64::from(n).saturating_mul(min_size.max(1) as u64);
        match usize::try_from(n) {
            Ok(n) if wanted <= self.left() as u64 => Ok(n),
            _ => Err(DecodeError::Truncated { wanted, left: self.left() as u64 }),
        }
    }

    /// Takes a counted list whose elements are read by `element`, `min_size` bytes each at least.
    ///
    /// # Errors
    ///
    /// When the count cannot be satisfied, or an element cannot be read.
    pub fn list<T>(
        &mut self,
        min_size: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let n = self.count(min_size)?;
        // An element may be larger in memory than on the wire: reserve for what the bytes are worth, then grow.
        let worth = self.left() / size_of::<T>().max(1);
        let mut items = Vec::with_capacity(n.min(worth));
        for _ in 0..n {
            if items.len() == items.capacity() {
                // By what is there already, but never past the end.
                items.reserve_exact(items.len().max(1).min(n - items.len()));
            }
            items.push(element(self)?);
        }
        Ok(items)
    }

    /// Takes a decoder over the next `n` bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when fewer are left, [`DecodeError::TooDeep`] when this is nested too deeply.
    pub fn section(&mut self, n: usize) -> Result<Self, DecodeError> {
        if self.depth >= NESTING_LIMIT {
            return Err(DecodeError::TooDeep { limit: NESTING_LIMIT });
        }
        Ok(Self { rest: self.take(n)?, owner: self.owner, depth: self.depth + 1 })
    }

    /// Takes a versioned struct (`DECODE_START`): checks that a reader that knows `known` may read it, gives its
    /// body and version to `body`, and skips what a newer writer added behind.
    ///
    /// # Errors
    ///
    /// When the writer demands a newer reader, or `body` fails.
    pub fn versioned<T>(
        &mut self,
        type_name: &'static str,
        known: u8,
        body: impl FnOnce(&mut Self, u8) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let [version, compat] = self.array()?;
        if compat > known {
            return Err(DecodeError::Incompatible { type_name, compat, known });
        }
        let length = self.length()?;
        let mut section = self.section(length)?;
        body(&mut section, version)
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    ///
    /// [`DecodeError::LeftOver`] when something is.
    pub const fn end(&self, what: &'static str) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::LeftOver { what, left: self.rest.len() as u64 })
        }
    }
}
