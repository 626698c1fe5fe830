//! The writing half of the codec.

use bytes::{BufMut, Bytes, BytesMut};

use crate::Features;

/// A type that can be written in Ceph's encoding.
pub trait Encode {
    /// Appends the value, in the form that a peer with the encoder's features understands.
    fn encode(&self, e: &mut Encoder);

    /// The encoding for a peer with these features, alone.
    fn to_bytes(&self, features: Features) -> Bytes {
        let mut e = Encoder::new(features);
        self.encode(&mut e);
        e.finish()
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, e: &mut Encoder) {
        (**self).encode(e);
    }
}

/// Bytes that are being written, for a peer with certain features.
#[derive(Clone, Debug)]
pub struct Encoder {
    out: BytesMut,
    features: Features,
}

impl Encoder {
    /// Nothing written yet, for a peer with these features.
    #[must_use]
    pub fn new(features: Features) -> Self {
        Self { out: BytesMut::new(), features }
    }

    /// As [`Self::new`], with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(features: Features, capacity: usize) -> Self {
        Self { out: BytesMut::with_capacity(capacity), features }
    }

    /// The features of the peer that will read this.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.features
    }

    /// How many bytes are written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// What is written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.out
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Bytes {
        self.out.freeze()
    }

    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.put_slice(bytes);
    }

    /// Appends a `u32` length and the bytes: Ceph's `bufferlist` and byte string.
    pub fn counted_bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Appends a `u32` count. A list longer than that cannot be in memory on purpose; its count saturates.
    pub fn count(&mut self, n: usize) {
        let n = u32::try_from(n);
        loligo_base::never!(n.is_err(), "a list longer than 2^32 is encoded");
        n.unwrap_or(u32::MAX).encode(self);
    }

    /// Appends what `body` writes, behind its `u32` length.
    pub fn counted<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let at = self.out.len();
        self.out.put_u32_le(0);
        let value = body(self);
        let length = u32::try_from(self.out.len() - at - 4).unwrap_or(u32::MAX);
        self.patch(at, &length.to_le_bytes());
        value
    }

    /// Appends a versioned struct (`ENCODE_START`): `version`, the oldest reader's version `compat`, the length of what
    /// `body` writes, and that.
    pub fn versioned<T>(&mut self, version: u8, compat: u8, body: impl FnOnce(&mut Self) -> T) -> T {
        self.out.put_u8(version);
        self.out.put_u8(compat);
        self.counted(body)
    }

    /// Overwrites bytes written earlier.
    pub(crate) fn patch(&mut self, at: usize, bytes: &[u8]) {
        match self.out.get_mut(at..at.saturating_add(bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => {
                let _ = loligo_base::never!(true, "a patch outside of what was written");
            }
        }
    }
}
