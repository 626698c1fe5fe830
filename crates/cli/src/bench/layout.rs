//! Names and contents of the objects of a measurement, the same as those of `rados bench`, so that either reads what
//! the other wrote.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use loligo_wire::{Decode, DecodeError, Decoder, Encode, Encoder, Features};

/// More than the text of any operation.
const TEXT_MAX: usize = 64;

/// What is remembered of a run of writes, in an object of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) object_size: u64,
    pub(super) ops: u32,
    pub(super) pid: u32,
    pub(super) op_size: u64,
}

impl Metadata {
    pub(super) fn encode(&self) -> Bytes {
        let mut e = Encoder::new(Features::ALL);
        self.object_size.encode(&mut e);
        self.ops.encode(&mut e);
        self.pid.encode(&mut e);
        self.op_size.encode(&mut e);
        e.finish()
    }

    /// Older programs wrote no operation size: there it is that of the object.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut d = Decoder::new(bytes);
        let object_size = u64::decode(&mut d)?;
        let ops = u32::decode(&mut d)?;
        let pid = u32::decode(&mut d)?;
        let op_size = if d.is_empty() { object_size } else { u64::decode(&mut d)? };
        if op_size == 0 || op_size > object_size {
            return Err(DecodeError::Invalid { what: "operation size of the run", value: op_size });
        }
        Ok(Self { object_size, ops, pid, op_size })
    }

    pub(super) const fn ops_per_object(&self) -> u64 {
        self.object_size / self.op_size
    }

    pub(super) const fn objects(&self) -> u64 {
        (self.ops as u64).div_ceil(self.ops_per_object())
    }
}

/// The object that an operation goes to, and where in it.
pub(super) fn place(prefix: &str, op: u64, object_size: u64, op_size: u64) -> (String, u64) {
    let per_object = (object_size / op_size.max(1)).max(1);
    (object_name(prefix, op / per_object), op % per_object * op_size)
}

pub(super) fn object_name(prefix: &str, object: u64) -> String {
    const DIGITS_MAX: usize = 20;
    let mut name = String::with_capacity(prefix.len() + "_object".len() + DIGITS_MAX);
    name.push_str(prefix);
    // A text takes all that is written into it.
    let _ = write!(name, "_object{object}");
    name
}

/// The names of a run start with the host and the process that wrote it.
pub(super) fn prefix(host: &str, pid: u32) -> String {
    // Ceph keeps 29 bytes of the host's name.
    let mut end = host.len().min(29);
    while !host.is_char_boundary(end) {
        end -= 1;
    }
    format!("benchmark_data_{}_{pid}", host.get(..end).unwrap_or_default())
}

/// What an operation writes: its number as a text with a final zero byte, and `z` up to its size.
pub(super) fn contents(op: u64, op_size: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(op_size.max(TEXT_MAX));
    // There is room for all of it.
    let _ = write!(out, "I'm the {op:16}th op!");
    out.truncate(op_size.saturating_sub(1));
    if op_size > 0 {
        out.extend_from_slice(&[0]);
    }
    out.resize(op_size, b'z');
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_the_layout_that_ceph_writes() {
        let metadata = Metadata { object_size: 4 << 20, ops: 100, pid: 4242, op_size: 4096 };
        let bytes = metadata.encode();
        assert_eq!(bytes.len(), 24);
        assert_eq!(bytes[..8], (4_u64 << 20).to_le_bytes());
        assert_eq!(Metadata::decode(&bytes), Ok(metadata));
        let old = Metadata::decode(&bytes[..16]).unwrap();
        assert_eq!(old.op_size, old.object_size);
        assert!(Metadata::decode(&bytes[..15]).is_err());
    }

    #[test]
    fn hostile_metadata_is_refused() {
        let zero = Metadata { object_size: 0, ops: 1, pid: 1, op_size: 0 };
        assert!(Metadata::decode(&zero.encode()).is_err());
    }

    #[test]
    fn several_operations_share_an_object() {
        assert_eq!(place("p", 5, 16, 4), ("p_object1".to_owned(), 4));
        assert_eq!(place("p", 5, 4, 4), ("p_object5".to_owned(), 0));
        let metadata = Metadata { object_size: 16, ops: 5, pid: 1, op_size: 4 };
        assert_eq!(metadata.objects(), 2);
    }

    #[test]
    fn contents_are_the_text_a_zero_and_filling() {
        let bytes = contents(7, 64);
        assert_eq!(&bytes[..29], b"I'm the                7th op");
        assert_eq!(&bytes[29..32], b"!\0z");
        assert_eq!(bytes.len(), 64);
        assert_eq!(contents(7, 4), Bytes::from_static(b"I'm\0"));
    }
}
