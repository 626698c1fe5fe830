//! Objects in memory, and what the ops of a request do to one.

use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Wall;
use loligo_wire::types::{ErrorCode, OpArgs, OpCode, OpFlags, OsdOp};
use loligo_wire::{BufferList, Encode, Encoder, Features};

/// The largest object, `osd_max_object_size`.
pub(crate) const MAX_OBJECT_SIZE: u64 = 128 << 20;

/// One object. Shared between the copies that OSDs of one process hold; what changes it copies it first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) data: Vec<u8>,
    pub(crate) mtime: Wall,
    pub(crate) user_version: u64,
}

/// What came of the ops of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executed {
    /// The object afterwards: `None` where there is none. Where an op failed, as it was before.
    pub(crate) object: Option<Arc<Object>>,
    /// Whether an op changed something.
    pub(crate) changed: bool,
    /// The ops with what came of each: data and result.
    pub(crate) ops: Vec<(OsdOp, i32)>,
    /// The result of the request: 0, or the error of the op that failed.
    pub(crate) result: i32,
}

/// Executes ops in order on an object; all of them happen or none (`PrimaryLogPG::do_osd_ops`).
pub(crate) fn execute(before: Option<&Arc<Object>>, ops: &[OsdOp], mtime: Wall) -> Executed {
    let mut run = Run { object: before.cloned(), changed: false, mtime };
    let mut out: Vec<(OsdOp, i32)> = Vec::with_capacity(ops.len());
    let mut result = 0;
    for op in ops {
        let mut reply = OsdOp { data: BufferList::new(), ..op.clone() };
        if result == 0 {
            match run.one(op, &mut reply) {
                Ok(()) => out.push((reply, 0)),
                Err(error) => {
                    // A failure that the caller allowed is told with its op and does not end the request.
                    out.push((reply, error.0));
                    if !op.flags.has(OpFlags::FAILOK) {
                        result = error.0;
                    }
                }
            }
        } else {
            out.push((reply, 0));
        }
    }
    if result < 0 {
        return Executed { object: before.cloned(), changed: false, ops: out, result };
    }
    Executed { object: run.object, changed: run.changed, ops: out, result }
}

struct Run {
    object: Option<Arc<Object>>,
    changed: bool,
    mtime: Wall,
}

impl Run {
    fn one(&mut self, op: &OsdOp, reply: &mut OsdOp) -> Result<(), ErrorCode> {
        match (op.code, &op.args) {
            (OpCode::READ | OpCode::SYNC_READ, OpArgs::Extent { offset, length, .. }) => {
                self.read(*offset, *length, reply)
            }
            (OpCode::STAT, _) => self.stat(reply),
            (OpCode::ASSERT_VER, OpArgs::AssertVer { ver }) => self.assert_version(*ver),
            (OpCode::CREATE, _) => self.create(op.flags.has(OpFlags::EXCL)),
            (OpCode::WRITE, OpArgs::Extent { offset, length, .. }) => {
                self.write(*offset, *length, &op.data.to_contiguous())
            }
            (OpCode::WRITEFULL, OpArgs::Extent { length, .. }) => {
                self.write_full(*length, &op.data.to_contiguous())
            }
            (OpCode::APPEND, OpArgs::Extent { length, .. }) => {
                let end = self.size();
                self.write(end, *length, &op.data.to_contiguous())
            }
            (OpCode::TRUNCATE, OpArgs::Extent { offset, .. }) => self.truncate(*offset),
            (OpCode::ZERO, OpArgs::Extent { offset, length, .. }) => self.zero(*offset, *length),
            (OpCode::DELETE, _) => self.delete(),
            (OpCode::SETALLOCHINT, _) => {
                self.touch();
                Ok(())
            }
            _ => Err(ErrorCode::EOPNOTSUPP),
        }
    }

    fn size(&self) -> u64 {
        self.object.as_ref().map_or(0, |o| o.data.len() as u64)
    }

    fn present(&self) -> Result<&Arc<Object>, ErrorCode> {
        self.object.as_ref().ok_or(ErrorCode::ENOENT)
    }

    /// The object for a change, made where there is none, with its new modification time.
    fn touch(&mut self) -> &mut Object {
        self.changed = true;
        let object = Arc::make_mut(self.object.get_or_insert_default());
        object.mtime = self.mtime;
        object
    }

    /// A read past the end is short, not an error; a length of 0 is all that follow.
    fn read(&self, offset: u64, length: u64, reply: &mut OsdOp) -> Result<(), ErrorCode> {
        let object = self.present()?;
        let from = index(offset).unwrap_or(usize::MAX).min(object.data.len());
        let rest = object.data.get(from..).unwrap_or_default();
        let wanted =
            if length == 0 { rest.len() } else { index(length).unwrap_or(usize::MAX).min(rest.len()) };
        let found = Bytes::copy_from_slice(rest.get(..wanted).unwrap_or_default());
        reply.args = OpArgs::extent(offset, found.len() as u64);
        reply.data = found.into();
        Ok(())
    }

    fn stat(&self, reply: &mut OsdOp) -> Result<(), ErrorCode> {
        let object = self.present()?;
        let mut e = Encoder::new(Features::ALL);
        (object.data.len() as u64).encode(&mut e);
        object.mtime.encode(&mut e);
        reply.data = e.finish().into();
        Ok(())
    }

    fn assert_version(&self, wanted: u64) -> Result<(), ErrorCode> {
        let version = self.object.as_ref().map_or(0, |o| o.user_version);
        match wanted {
            0 => Err(ErrorCode::EINVAL),
            _ if wanted < version => Err(ErrorCode::ERANGE),
            _ if wanted > version => Err(ErrorCode::EOVERFLOW),
            _ => Ok(()),
        }
    }

    fn create(&mut self, exclusive: bool) -> Result<(), ErrorCode> {
        if exclusive && self.object.is_some() {
            return Err(ErrorCode::EEXIST);
        }
        self.touch();
        Ok(())
    }

    fn write(&mut self, offset: u64, length: u64, data: &[u8]) -> Result<(), ErrorCode> {
        check_length(length, data)?;
        let end = end_of(offset, length)?;
        let object = self.touch();
        if data.is_empty() {
            return Ok(());
        }
        if object.data.len() < end {
            object.data.resize(end, 0);
        }
        if let Some(place) = object.data.get_mut(end - data.len()..end) {
            place.copy_from_slice(data);
        }
        Ok(())
    }

    fn write_full(&mut self, length: u64, data: &[u8]) -> Result<(), ErrorCode> {
        check_length(length, data)?;
        end_of(0, length)?;
        // The old data are not copied only to be thrown away.
        let user_version = self.object.as_ref().map_or(0, |o| o.user_version);
        let object = Object { data: data.to_vec(), mtime: self.mtime, user_version };
        self.object = Some(Arc::new(object));
        self.changed = true;
        Ok(())
    }

    /// Truncation of what is not there does nothing, as in Ceph.
    fn truncate(&mut self, size: u64) -> Result<(), ErrorCode> {
        let size = end_of(size, 0)?;
        if self.object.is_some() {
            self.touch().data.resize(size, 0);
        }
        Ok(())
    }

    /// Zeros never make an object longer, and do nothing to what is not there.
    fn zero(&mut self, offset: u64, length: u64) -> Result<(), ErrorCode> {
        end_of(offset, length)?;
        if self.object.is_some() {
            let object = self.touch();
            let from = index(offset)?.min(object.data.len());
            let to = index(offset.saturating_add(length))?.min(object.data.len());
            if let Some(range) = object.data.get_mut(from..to) {
                range.fill(0);
            }
        }
        Ok(())
    }

    fn delete(&mut self) -> Result<(), ErrorCode> {
        self.present()?;
        self.object = None;
        self.changed = true;
        Ok(())
    }
}

fn index(n: u64) -> Result<usize, ErrorCode> {
    usize::try_from(n).map_err(|_| ErrorCode::EFBIG)
}

/// The end of a range of an object, where an object may reach that far.
fn end_of(offset: u64, length: u64) -> Result<usize, ErrorCode> {
    match offset.checked_add(length) {
        Some(end) if end <= MAX_OBJECT_SIZE => index(end),
        _ => Err(ErrorCode::EFBIG),
    }
}

fn check_length(length: u64, data: &[u8]) -> Result<(), ErrorCode> {
    if length == data.len() as u64 { Ok(()) } else { Err(ErrorCode::EINVAL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(bytes: &'static [u8]) -> BufferList {
        Bytes::from_static(bytes).into()
    }

    fn run(before: Option<&[u8]>, ops: &[OsdOp]) -> Executed {
        let before = before.map(|data| Arc::new(Object { data: data.to_vec(), ..Object::default() }));
        execute(before.as_ref(), ops, Wall::new(7, 0))
    }

    fn contents(executed: &Executed) -> Option<&[u8]> {
        executed.object.as_ref().map(|o| o.data.as_slice())
    }

    #[test]
    fn writes_fill_holes_with_zeros_and_appends_go_to_the_end() {
        let done = run(Some(b"ab"), &[OsdOp::write(4, data(b"cd")), OsdOp::append(data(b"e"))]);
        assert_eq!(contents(&done), Some(&b"ab\0\0cde"[..]));
        assert!(done.changed);
    }

    #[test]
    fn reads_are_short_at_the_end_and_length_zero_is_all() {
        let done = run(Some(b"abcdef"), &[OsdOp::read(4, 9), OsdOp::read(2, 0), OsdOp::read(9, 1)]);
        let read: Vec<_> = done.ops.iter().map(|(op, _)| op.data.to_contiguous()).collect();
        assert_eq!(read, ["ef", "cdef", ""]);
        assert!(!done.changed);
    }

    #[test]
    fn what_fails_leaves_everything_as_it_was() {
        let done = run(Some(b"ab"), &[OsdOp::append(data(b"c")), OsdOp::create(true), OsdOp::delete()]);
        assert_eq!(done.result, ErrorCode::EEXIST.0);
        assert_eq!(contents(&done), Some(&b"ab"[..]));
        assert!(!done.changed);
    }

    #[test]
    fn what_is_not_there() {
        for (op, result) in [
            (OsdOp::read(0, 0), ErrorCode::ENOENT.0),
            (OsdOp::stat(), ErrorCode::ENOENT.0),
            (OsdOp::delete(), ErrorCode::ENOENT.0),
            (OsdOp::truncate(5), 0),
            (OsdOp::zero(0, 5), 0),
        ] {
            let done = run(None, &[op]);
            assert_eq!((done.result, contents(&done)), (result, None));
        }
    }

    #[test]
    fn nothing_grows_beyond_the_largest_object() {
        for op in [
            OsdOp::truncate(MAX_OBJECT_SIZE + 1),
            OsdOp::write(u64::MAX, data(b"x")),
            OsdOp::zero(u64::MAX, u64::MAX),
        ] {
            assert_eq!(run(Some(b""), &[op]).result, ErrorCode::EFBIG.0);
        }
    }
}
