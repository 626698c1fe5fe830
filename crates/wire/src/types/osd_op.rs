//! One op of a request to an OSD.

use alloc::vec::Vec;

use bytes::Bytes;

use super::op_args::ARGS_SIZE;
use super::{AllocHintFlags, CmpXattrMode, CmpXattrOp, HObject, OpArgs, OpCode, OpFlags};
use crate::{BufferList, Decode, DecodeError, Decoder, Encode, Encoder, Epoch, Features};

/// The size of `ceph_osd_op`.
pub const OSD_OP_SIZE: usize = 2 + 4 + ARGS_SIZE + 4;

/// One op of a request, or of its reply: `ceph_osd_op` and the data that belong to it (`OSDOp`).
///
/// On the wire the fixed parts of all ops stand together, in the front of the message; their data follow one another in
/// the data part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsdOp {
    /// What to do.
    pub code: OpCode,
    /// How.
    pub flags: OpFlags,
    /// With what.
    pub args: OpArgs,
    /// The data that go with it; in a reply, those that came of it.
    pub data: BufferList,
}

impl OsdOp {
    /// That op without data.
    #[must_use]
    pub const fn new(code: OpCode, args: OpArgs) -> Self {
        Self { code, flags: OpFlags::NONE, args, data: BufferList::new() }
    }

    /// The same with those flags.
    #[must_use]
    pub fn with_flags(self, flags: OpFlags) -> Self {
        Self { flags, ..self }
    }

    /// An op on an extent whose length is that of the data (`add_data`).
    fn with_data(code: OpCode, offset: u64, data: BufferList) -> Self {
        let args = OpArgs::extent(offset, data.len() as u64);
        Self { data, ..Self::new(code, args) }
    }

    /// Reads `length` bytes from `offset`; a length of 0 is all that follow.
    #[must_use]
    pub const fn read(offset: u64, length: u64) -> Self {
        Self::new(OpCode::READ, OpArgs::extent(offset, length))
    }

    /// As [`Self::read`], without the holes.
    #[must_use]
    pub const fn sparse_read(offset: u64, length: u64) -> Self {
        Self::new(OpCode::SPARSE_READ, OpArgs::extent(offset, length))
    }

    /// Asks for size and modification time.
    #[must_use]
    pub const fn stat() -> Self {
        Self::new(OpCode::STAT, OpArgs::None)
    }

    /// Writes from `offset` on.
    #[must_use]
    pub fn write(offset: u64, data: BufferList) -> Self {
        Self::with_data(OpCode::WRITE, offset, data)
    }

    /// Replaces the object's data.
    #[must_use]
    pub fn write_full(data: BufferList) -> Self {
        Self::with_data(OpCode::WRITEFULL, 0, data)
    }

    /// Writes behind the object's end.
    #[must_use]
    pub fn append(data: BufferList) -> Self {
        Self::with_data(OpCode::APPEND, 0, data)
    }

    /// Compares with what stands from `offset` on.
    #[must_use]
    pub fn cmpext(offset: u64, data: BufferList) -> Self {
        Self::with_data(OpCode::CMPEXT, offset, data)
    }

    /// Writes the data again and again, `length` bytes in all.
    #[must_use]
    pub fn writesame(offset: u64, length: u64, data: BufferList) -> Self {
        let args = OpArgs::WriteSame { offset, length, data_length: data.len() as u64 };
        Self { data, ..Self::new(OpCode::WRITESAME, args) }
    }

    /// Makes a range read as zeros.
    #[must_use]
    pub const fn zero(offset: u64, length: u64) -> Self {
        Self::new(OpCode::ZERO, OpArgs::extent(offset, length))
    }

    /// Cuts the object or extends it with zeros.
    #[must_use]
    pub const fn truncate(size: u64) -> Self {
        Self::new(OpCode::TRUNCATE, OpArgs::extent(size, 0))
    }

    /// Deletes the object.
    #[must_use]
    pub const fn delete() -> Self {
        Self::new(OpCode::DELETE, OpArgs::None)
    }

    /// Creates the object; where `exclusive`, fails with `EEXIST` if there is one.
    #[must_use]
    pub fn create(exclusive: bool) -> Self {
        let flags = if exclusive { OpFlags::EXCL } else { OpFlags::NONE };
        Self::new(OpCode::CREATE, OpArgs::None).with_flags(flags)
    }

    /// Fails with `ERANGE` or `EOVERFLOW` unless the object has that version.
    #[must_use]
    pub const fn assert_version(ver: u64) -> Self {
        Self::new(OpCode::ASSERT_VER, OpArgs::AssertVer { ver })
    }

    /// Says how the object is going to be used.
    #[must_use]
    pub const fn set_alloc_hint(
        expected_object_size: u64,
        expected_write_size: u64,
        flags: AllocHintFlags,
    ) -> Self {
        Self::new(
            OpCode::SETALLOCHINT,
            OpArgs::AllocHint { expected_object_size, expected_write_size, flags },
        )
    }

    /// Reads an extended attribute.
    #[must_use]
    pub fn getxattr(name: Bytes) -> Self {
        Self::xattr(OpCode::GETXATTR, name, BufferList::new(), CmpXattrOp::default(), CmpXattrMode::default())
    }

    /// Sets an extended attribute.
    #[must_use]
    pub fn setxattr(name: Bytes, value: BufferList) -> Self {
        Self::xattr(OpCode::SETXATTR, name, value, CmpXattrOp::default(), CmpXattrMode::default())
    }

    /// Removes an extended attribute.
    #[must_use]
    pub fn rmxattr(name: Bytes) -> Self {
        Self::xattr(OpCode::RMXATTR, name, BufferList::new(), CmpXattrOp::default(), CmpXattrMode::default())
    }

    /// Fails with `ECANCELED` unless an extended attribute compares so.
    #[must_use]
    pub fn cmpxattr(name: Bytes, value: BufferList, op: CmpXattrOp, mode: CmpXattrMode) -> Self {
        Self::xattr(OpCode::CMPXATTR, name, value, op, mode)
    }

    /// Reads all extended attributes.
    #[must_use]
    pub const fn getxattrs() -> Self {
        Self::new(OpCode::GETXATTRS, OpArgs::None)
    }

    fn xattr(
        code: OpCode,
        name: Bytes,
        value: BufferList,
        cmp_op: CmpXattrOp,
        cmp_mode: CmpXattrMode,
    ) -> Self {
        let args = OpArgs::Xattr {
            name_len: wire_len(name.len()),
            value_len: wire_len(value.len()),
            cmp_op,
            cmp_mode,
        };
        let mut data = BufferList::from(name);
        data.append(value);
        Self { data, ..Self::new(code, args) }
    }

    /// Calls a method of a class. `None` where a name is longer than 255 bytes.
    #[must_use]
    pub fn call(class: Bytes, method: Bytes, input: BufferList) -> Option<Self> {
        let args = OpArgs::Cls {
            class_len: u8::try_from(class.len()).ok()?,
            method_len: u8::try_from(method.len()).ok()?,
            argc: 0,
            indata_len: wire_len(input.len()),
        };
        let mut data: BufferList = [class, method].into_iter().collect();
        data.append(input);
        Some(Self { data, ..Self::new(OpCode::CALL, args) })
    }

    /// Lists at most `count` objects of the PG from `start` on, which the reply to the first part with `start_epoch`
    /// may have named.
    #[must_use]
    pub fn pgnls(count: u64, start: &HObject, start_epoch: Epoch) -> Self {
        // No feature changes how an hobject_t is written.
        let data = start.to_bytes(Features::NONE).into();
        Self { data, ..Self::new(OpCode::PGNLS, OpArgs::Pgls { count, start_epoch }) }
    }

    /// Writes the fixed part.
    pub fn encode_head(&self, e: &mut Encoder) {
        self.code.0.encode(e);
        self.flags.encode(e);
        self.args.encode(e);
        e.count(self.data.len());
    }

    /// Reads the fixed part, and how many bytes of data belong to it.
    ///
    /// # Errors
    ///
    /// When the bytes end.
    pub fn decode_head(d: &mut Decoder<'_>) -> Result<(Self, usize), DecodeError> {
        let code = OpCode(u16::decode(d)?);
        let flags = OpFlags::decode(d)?;
        let args = OpArgs::decode(code, d.array()?)?;
        let length = u32::decode(d)?;
        Ok((Self { flags, ..Self::new(code, args) }, usize::try_from(length).unwrap_or(usize::MAX)))
    }
}

/// Data of 4 GiB do not fit into a message: what is longer never leaves.
fn wire_len(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Gives each op its share of the data, one after the other (`split_osd_op_vector_in_data`).
///
/// # Errors
///
/// When there are fewer data than the ops say.
pub(crate) fn split_data(
    heads: Vec<(OsdOp, usize)>,
    mut data: BufferList,
) -> Result<Vec<OsdOp>, DecodeError> {
    let split = |(op, length): (OsdOp, usize)| {
        if length > data.len() {
            return Err(DecodeError::Truncated { wanted: length as u64, left: data.len() as u64 });
        }
        Ok(OsdOp { data: data.split_to(length), ..op })
    };
    heads.into_iter().map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(op: &OsdOp) -> Bytes {
        let mut e = Encoder::new(Features::NONE);
        op.encode_head(&mut e);
        e.finish()
    }

    fn list(bytes: &'static [u8]) -> BufferList {
        Bytes::from_static(bytes).into()
    }

    #[test]
    fn names_stand_in_the_data_without_lengths() {
        let op = OsdOp::setxattr(Bytes::from_static(b"name"), list(b"value"));
        assert_eq!(op.data, list(b"namevalue"));
        assert_eq!(head(&op)[..16], [1, 0x23, 0, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 0, 0]);
        let op =
            OsdOp::call(Bytes::from_static(b"lock"), Bytes::from_static(b"unlock"), list(b"in")).unwrap();
        assert_eq!(op.data, list(b"lockunlockin"));
        assert_eq!(head(&op)[6..13], [4, 6, 0, 2, 0, 0, 0]);
        assert!(OsdOp::call(Bytes::from(alloc::vec![b'a'; 256]), Bytes::new(), BufferList::new()).is_none());
    }

    #[test]
    fn a_fixed_part_has_its_size_and_comes_back() {
        let raw = OsdOp::new(OpCode(0x1fff), OpArgs::Raw([7; ARGS_SIZE]));
        let watch =
            OpArgs::Watch { cookie: 1, ver: 2, op: super::super::WatchOp::PING, generation: 3, timeout: 4 };
        for op in
            [raw, OsdOp::stat(), OsdOp::read(0, 0), OsdOp::create(true), OsdOp::new(OpCode::WATCH, watch)]
        {
            let bytes = head(&op);
            assert_eq!(bytes.len(), OSD_OP_SIZE);
            assert_eq!(OsdOp::decode_head(&mut Decoder::new(&bytes)), Ok((op, 0)));
        }
    }

    #[test]
    fn what_an_op_holds_beyond_its_arguments_is_kept() {
        // As an OSD of 16.2.15 answers a call: with the length of the output in the middle of the padding.
        let mut bytes = [0; ARGS_SIZE];
        bytes[..2].copy_from_slice(&[4, 10]);
        bytes[8] = 17;
        let op = OsdOp::new(OpCode::CALL, OpArgs::Raw(bytes));
        assert_eq!(OsdOp::decode_head(&mut Decoder::new(&head(&op))), Ok((op, 0)));
    }

    #[test]
    fn data_are_split_by_the_lengths_and_may_not_be_short() {
        let heads = |lengths: [usize; 2]| lengths.map(|n| (OsdOp::stat(), n)).to_vec();
        let ops = split_data(heads([2, 3]), list(b"abcde")).unwrap();
        assert_eq!(ops.iter().map(|op| op.data.clone()).collect::<Vec<_>>(), [list(b"ab"), list(b"cde")]);
        assert!(split_data(heads([2, 4]), list(b"abcde")).is_err());
    }
}
