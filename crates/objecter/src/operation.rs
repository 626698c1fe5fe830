//! What to do with an object: `ObjectOperation`, and the op that carries it.

use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::{Mono, Wall};
use loligo_wire::types::{
    HObject, ObjectLocator, OpArgs, OpCode, OpFlags, OsdFlags, OsdOp, PgId, SnapContext, SnapId,
};
use loligo_wire::{BufferList, Epoch};

use crate::throttle::Cost;

/// A list of ops that an OSD executes on one object as one transaction: all of them or none. Follows Ceph's
/// `ObjectOperation`.
///
/// The methods append an op each. Whatever has no method here can be appended with [`Self::push`].
#[derive(Clone, Debug, Default)]
pub struct ObjectOperation {
    ops: Vec<OsdOp>,
    flags: OsdFlags,
}

impl ObjectOperation {
    /// No ops yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { ops: Vec::new(), flags: OsdFlags::NONE }
    }

    /// Appends any op.
    pub fn push(&mut self, op: OsdOp) -> &mut Self {
        self.ops.push(op);
        self
    }

    /// How many ops there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are no ops.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Sets flags of the op appended last, `FAILOK` for instance (`set_last_op_flags`).
    pub fn set_last_op_flags(&mut self, flags: OpFlags) -> &mut Self {
        if let Some(op) = self.ops.last_mut() {
            op.flags |= flags;
        }
        self
    }

    /// Sets flags of the whole: `FULL_TRY` for instance.
    pub fn set_flags(&mut self, flags: OsdFlags) -> &mut Self {
        self.flags |= flags;
        self
    }

    /// Reads `length` bytes from `offset`; a length of 0 is all that follow. Fewer come where the object ends.
    pub fn read(&mut self, offset: u64, length: u64) -> &mut Self {
        self.push(OsdOp::read(offset, length))
    }

    /// As [`Self::read`]; the answer tells data from holes.
    pub fn sparse_read(&mut self, offset: u64, length: u64) -> &mut Self {
        self.push(OsdOp::sparse_read(offset, length))
    }

    /// Asks for size and modification time.
    pub fn stat(&mut self) -> &mut Self {
        self.push(OsdOp::stat())
    }

    /// Writes from `offset` on.
    pub fn write(&mut self, offset: u64, data: impl Into<BufferList>) -> &mut Self {
        self.push(OsdOp::write(offset, data.into()))
    }

    /// Replaces the object's data.
    pub fn write_full(&mut self, data: impl Into<BufferList>) -> &mut Self {
        self.push(OsdOp::write_full(data.into()))
    }

    /// Writes behind the object's end.
    pub fn append(&mut self, data: impl Into<BufferList>) -> &mut Self {
        self.push(OsdOp::append(data.into()))
    }

    /// Cuts the object, or extends it with zeros.
    pub fn truncate(&mut self, size: u64) -> &mut Self {
        self.push(OsdOp::truncate(size))
    }

    /// Makes a range read as zeros.
    pub fn zero(&mut self, offset: u64, length: u64) -> &mut Self {
        self.push(OsdOp::zero(offset, length))
    }

    /// Deletes the object.
    pub fn remove(&mut self) -> &mut Self {
        self.push(OsdOp::delete())
    }

    /// Creates the object; where `exclusive`, the whole fails with `EEXIST` if there is one.
    pub fn create(&mut self, exclusive: bool) -> &mut Self {
        self.push(OsdOp::create(exclusive))
    }

    /// The whole fails unless the object has that version.
    pub fn assert_version(&mut self, version: u64) -> &mut Self {
        self.push(OsdOp::assert_version(version))
    }

    /// Lists up to `count` objects of a placement group, beginning at `cursor` (`pg_nls`). See
    /// [`ListCursor`](crate::ListCursor), which makes these.
    pub fn pg_nls(&mut self, count: u64, cursor: &HObject, start_epoch: Epoch) -> &mut Self {
        self.push(OsdOp::pgnls(count, cursor, start_epoch)).set_flags(OsdFlags::PGOP)
    }
}

/// What an op is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The object of the op's name and locator.
    Object,
    /// The placement group that this hash falls into (`precalc_pgid`).
    Group(PgId),
}

/// One op to be submitted: `Objecter::Op`.
///
/// Made by [`Op::read`], [`Op::mutate`] or [`Op::pg_read`]; the fields that are public may be set afterwards.
#[derive(Clone, Debug)]
pub struct Op {
    pub(crate) oid: Bytes,
    pub(crate) oloc: ObjectLocator,
    pub(crate) subject: Subject,
    pub(crate) ops: Vec<OsdOp>,
    /// `CEPH_OSD_FLAG_*`. READ and WRITE say what a pause holds; FULL_TRY and FULL_FORCE let a write through a full cluster.
    pub flags: OsdFlags,
    /// What to read: [`SnapId::HEAD`], or a snapshot.
    pub snapid: SnapId,
    /// The snapshots that a write keeps the object for.
    pub snapc: SnapContext,
    /// The modification time that a write sets; the wall clock of the submission where it is `None`.
    pub mtime: Option<Wall>,
    /// When the op ends with `ETIMEDOUT`; the option `rados_osd_op_timeout` counts where it is `None`.
    pub deadline: Option<Mono>,
    /// Rather than wait for a budget, end with [`OpError::Busy`](crate::OpError::Busy): what a `try_` variant asks for.
    pub no_wait: bool,
    /// Send again on any new interval of the placement group, not only where somebody else answers for it
    /// (`any_change`).
    pub resend_on_any_change: bool,
}

impl Op {
    fn new(oid: Bytes, oloc: ObjectLocator, operation: ObjectOperation, flags: OsdFlags) -> Self {
        Self {
            oid,
            oloc,
            subject: Subject::Object,
            ops: operation.ops,
            flags: operation.flags | flags,
            snapid: SnapId::HEAD,
            snapc: SnapContext::default(),
            mtime: None,
            deadline: None,
            no_wait: false,
            resend_on_any_change: false,
        }
    }

    /// An op that reads an object.
    #[must_use]
    #[doc(alias = "prepare_read_op")]
    pub fn read(oid: Bytes, oloc: ObjectLocator, operation: ObjectOperation) -> Self {
        Self::new(oid, oloc, operation, OsdFlags::READ)
    }

    /// An op that changes an object. It may read as well.
    #[must_use]
    #[doc(alias = "prepare_mutate_op")]
    pub fn mutate(oid: Bytes, oloc: ObjectLocator, operation: ObjectOperation) -> Self {
        Self::new(oid, oloc, operation, OsdFlags::WRITE)
    }

    /// An op on the placement group that the hash `pgid.seed` falls into, in the namespace of `oloc`.
    #[must_use]
    #[doc(alias = "prepare_pg_read_op")]
    pub fn pg_read(pgid: PgId, oloc: ObjectLocator, operation: ObjectOperation) -> Self {
        let oloc = ObjectLocator { pool: pgid.pool, ..oloc };
        let flags = OsdFlags::READ | OsdFlags::IGNORE_OVERLAY;
        Self { subject: Subject::Group(pgid), ..Self::new(Bytes::new(), oloc, operation, flags) }
    }

    /// What it takes from the budgets (`calc_op_budget`).
    pub(crate) fn cost(&self) -> Cost {
        Cost { bytes: self.ops.iter().map(op_bytes).fold(0, u64::saturating_add) }
    }
}

/// The bytes that an op sends or asks for.
fn op_bytes(op: &OsdOp) -> u64 {
    if op.code.is_modify() {
        op.data.len() as u64
    } else if op.code.is_read() && op.code.uses_extent() {
        // A length with the highest bit set is no length but "all", as 0 is.
        match op.args {
            OpArgs::Extent { length, .. } if i64::try_from(length).is_ok() => length,
            _ => 0,
        }
    } else if matches!(op.code, OpCode::GETXATTR | OpCode::CMPXATTR) {
        op.data.len() as u64
    } else {
        0
    }
}
