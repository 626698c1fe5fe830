//! Bytes in several pieces.

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

/// Bytes in several pieces, as they came from a socket or from a caller: Ceph's `bufferlist`. Bulk data travels as
/// one of these and is never reallocated.
#[derive(Clone, Debug, Default)]
pub struct BufferList {
    /// Most lists have one, which then needs no memory of its own.
    pieces: SmallVec<[Bytes; 1]>,
    len: usize,
}

impl BufferList {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { pieces: SmallVec::new_const(), len: 0 }
    }

    /// How many bytes there are in all.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces; none of them is empty.
    #[must_use]
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The pieces, owned.
    #[must_use]
    pub fn into_pieces(self) -> impl ExactSizeIterator<Item = Bytes> {
        self.pieces.into_iter()
    }

    /// Appends a piece, without copying it.
    pub fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push(piece);
        }
    }

    /// Appends the pieces of another list, without copying them.
    pub fn append(&mut self, other: Self) {
        self.len += other.len;
        self.pieces.extend(other.pieces);
    }

    /// Takes the first `n` bytes off, without copying them; all of them where there are fewer.
    pub fn split_to(&mut self, n: usize) -> Self {
        let mut head = Self::new();
        let mut wanted = n;
        let mut whole = 0;
        for piece in &mut self.pieces {
            if wanted == 0 {
                break;
            }
            let taken = piece.split_to(wanted.min(piece.len()));
            wanted -= taken.len();
            head.push(taken);
            whole += usize::from(piece.is_empty());
        }
        self.pieces.drain(..whole);
        self.len -= head.len;
        head
    }

    /// All bytes in one piece: shared where there is one piece already, else copied together.
    #[must_use]
    pub fn to_contiguous(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => {
                let mut all = BytesMut::with_capacity(self.len);
                for piece in many {
                    all.extend_from_slice(piece);
                }
                all.freeze()
            }
        }
    }
}

impl From<Bytes> for BufferList {
    fn from(piece: Bytes) -> Self {
        let mut list = Self::new();
        list.push(piece);
        list
    }
}

impl FromIterator<Bytes> for BufferList {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        let mut list = Self::new();
        for piece in pieces {
            list.push(piece);
        }
        list
    }
}

/// Equal when the bytes are, however they are cut.
impl PartialEq for BufferList {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self.pieces.iter().flat_map(|p| p.iter()).eq(other.pieces.iter().flat_map(|p| p.iter()))
    }
}

impl Eq for BufferList {}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(pieces: &[&'static [u8]]) -> BufferList {
        pieces.iter().map(|p| Bytes::from_static(p)).collect()
    }

    #[test]
    fn splits_across_pieces_without_copying() {
        let mut rest = list(&[b"abc", b"", b"def", b"ghi"]);
        assert_eq!(rest.pieces().len(), 3);
        let head = rest.split_to(4);
        assert_eq!(head, list(&[b"abcd"]));
        assert_eq!(rest, list(&[b"efghi"]));
        assert_eq!((head.len(), rest.len()), (4, 5));
        assert_eq!(rest.split_to(99), list(&[b"efghi"]));
        assert!(rest.is_empty());
        assert!(rest.pieces().is_empty());
    }

    #[test]
    fn one_piece_is_shared() {
        let piece = Bytes::from_static(b"abc");
        assert_eq!(BufferList::from(piece.clone()).to_contiguous().as_ptr(), piece.as_ptr());
        assert_eq!(list(&[b"ab", b"c"]).to_contiguous(), "abc");
    }
}
