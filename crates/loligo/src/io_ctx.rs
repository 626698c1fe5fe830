//! Objects of a pool.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use loligo_base::Wall;
use loligo_objecter::{ObjectOperation, Op, OpReply};
use loligo_wire::types::{ErrorCode, ObjectLocator, OsdFlags};
use loligo_wire::{BufferList, Decode, DecodeError, Decoder, PoolId};

use crate::cluster::Shared;
use crate::list::ObjectList;
use crate::placement::Placement;
use crate::{Completion, Error};

/// The longest name and locator key that OSDs take (`osd_max_object_name_len`).
const NAME_MAX: usize = 2048;
/// The longest namespace that OSDs take (`osd_max_object_namespace_len`).
const NAMESPACE_MAX: usize = 256;

/// Objects of a pool, in one namespace and with one locator key: `rados_ioctx_t`. A cheap handle; what
/// [`with_namespace`](Self::with_namespace) and its like give is another one.
///
/// Every operation is under way from the moment that its method returns, and its method never blocks: where too much is
/// under way already (`objecter_inflight_ops`, `objecter_inflight_op_bytes`), the operation waits, not the caller.
/// Operations on one object are executed in the order in which they were submitted.
///
/// ```no_run
/// # fn main() -> Result<(), loligo::Error> {
/// # let cluster = loligo::Cluster::connect(&loligo::Conf::find("client.admin")?)?;
/// let data = cluster.io_ctx("data")?.with_namespace("logs");
/// data.append("today", "one line\n").wait()?;
/// let stat = data.stat("today").wait()?;
/// assert_eq!(data.read("today", 0, stat.size).wait()?, "one line\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct IoCtx {
    shared: Arc<Shared>,
    locator: ObjectLocator,
    timeout: Option<Duration>,
    no_wait: bool,
    flags: OsdFlags,
}

/// What is known of an object: `rados_stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: SystemTime,
}

impl Stat {
    fn decode(data: &BufferList) -> Result<Self, DecodeError> {
        let bytes = data.to_contiguous();
        let mut d = Decoder::of(&bytes);
        let size = u64::decode(&mut d)?;
        let mtime = Wall::decode(&mut d)?;
        Ok(Self { size, modified: SystemTime::UNIX_EPOCH + mtime.since_epoch() })
    }
}

impl IoCtx {
    pub(crate) fn new(shared: Arc<Shared>, pool: PoolId) -> Self {
        let locator = ObjectLocator::new(pool);
        Self { shared, locator, timeout: None, no_wait: false, flags: OsdFlags::NONE }
    }

    /// The pool's number.
    #[must_use]
    pub const fn pool_id(&self) -> PoolId {
        self.locator.pool
    }

    /// The same pool, in that namespace; empty for the default one (`rados_ioctx_set_namespace`).
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl AsRef<[u8]>) -> Self {
        self.locator.nspace = Bytes::copy_from_slice(namespace.as_ref());
        self
    }

    /// The same pool, with objects placed by that key and not by their names; empty for their names
    /// (`rados_ioctx_locator_set_key`). The key belongs to the object: who reads it needs the same key.
    #[must_use]
    pub fn with_locator_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.locator.key = Bytes::copy_from_slice(key.as_ref());
        self
    }

    /// The same pool, where each operation ends with `ETIMEDOUT` after that time. Without one, the option
    /// `rados_osd_op_timeout` counts.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same pool, where an operation for which there is no budget ends with `EAGAIN` rather than wait.
    #[must_use]
    pub const fn without_waiting(mut self) -> Self {
        self.no_wait = true;
        self
    }

    /// The same pool, where writes go to a full cluster and come back with `ENOSPC` or `EDQUOT` rather than wait
    /// (`CEPH_OSD_FLAG_FULL_TRY`).
    #[must_use]
    pub fn with_full_try(mut self) -> Self {
        self.flags |= OsdFlags::FULL_TRY;
        self
    }

    /// The same pool, where writes go to a full cluster and are carried out (`CEPH_OSD_FLAG_FULL_FORCE`): for removing
    /// what fills it.
    #[must_use]
    pub fn with_full_force(mut self) -> Self {
        self.flags |= OsdFlags::FULL_FORCE;
        self
    }

    /// Writes from `offset` on, and leaves the rest of the object (`rados_write`).
    pub fn write(&self, oid: impl AsRef<[u8]>, offset: u64, data: impl Into<Bytes>) -> Completion<()> {
        self.change(oid, |operation| operation.write(offset, data.into()))
    }

    /// Replaces the object (`rados_write_full`).
    pub fn write_full(&self, oid: impl AsRef<[u8]>, data: impl Into<Bytes>) -> Completion<()> {
        self.change(oid, |operation| operation.write_full(data.into()))
    }

    /// Writes behind the object's end (`rados_append`).
    pub fn append(&self, oid: impl AsRef<[u8]>, data: impl Into<Bytes>) -> Completion<()> {
        self.change(oid, |operation| operation.append(data.into()))
    }

    /// Cuts the object off, or extends it with zeros (`rados_trunc`). What is not there stays so, without an error.
    pub fn truncate(&self, oid: impl AsRef<[u8]>, size: u64) -> Completion<()> {
        self.change(oid, |operation| operation.truncate(size))
    }

    /// Makes a range read as zeros. The object does not grow.
    pub fn zero(&self, oid: impl AsRef<[u8]>, offset: u64, length: u64) -> Completion<()> {
        self.change(oid, |operation| operation.zero(offset, length))
    }

    /// Removes the object; `ENOENT` where there is none (`rados_remove`).
    pub fn remove(&self, oid: impl AsRef<[u8]>) -> Completion<()> {
        self.change(oid, ObjectOperation::remove)
    }

    /// Creates an empty object; `EEXIST` where there is one (`rados_write_op_create` with `LIBRADOS_CREATE_EXCLUSIVE`).
    pub fn create_exclusive(&self, oid: impl AsRef<[u8]>) -> Completion<()> {
        self.change(oid, |operation| operation.create(true))
    }

    /// Reads up to `length` bytes from `offset` on; 0 is all that follow (`rados_read`). Fewer come where the object ends,
    /// none behind its end.
    pub fn read(&self, oid: impl AsRef<[u8]>, offset: u64, length: u64) -> Completion<Bytes> {
        let mut operation = ObjectOperation::new();
        operation.read(offset, length);
        self.read_op(oid, operation, |mut reply| Ok(reply.take_data(0).to_contiguous()))
    }

    /// Size and modification time (`rados_stat`).
    pub fn stat(&self, oid: impl AsRef<[u8]>) -> Completion<Stat> {
        let mut operation = ObjectOperation::new();
        operation.stat();
        self.read_op(oid, operation, |mut reply| Ok(Stat::decode(&reply.take_data(0))?))
    }

    /// Several changes as one transaction: all of them or none (`rados_write_op_operate`).
    pub fn operate(&self, oid: impl AsRef<[u8]>, operation: ObjectOperation) -> Completion<OpReply> {
        self.submit(oid, operation, Op::mutate, Ok)
    }

    /// Several reads at one moment (`rados_read_op_operate`).
    pub fn operate_read(&self, oid: impl AsRef<[u8]>, operation: ObjectOperation) -> Completion<OpReply> {
        self.submit(oid, operation, Op::read, Ok)
    }

    /// The objects of the namespace (`rados_nobjects_list_open`).
    #[must_use]
    pub fn list(&self) -> ObjectList {
        ObjectList::new(
            Arc::clone(&self.shared),
            self.locator.pool,
            self.locator.nspace.clone(),
            self.timeout,
        )
    }

    /// The objects of all namespaces (`LIBRADOS_ALL_NSPACES`).
    #[must_use]
    pub fn list_all(&self) -> ObjectList {
        let all = loligo_objecter::ListCursor::ALL_NSPACES;
        ObjectList::new(Arc::clone(&self.shared), self.locator.pool, all, self.timeout)
    }

    /// Where an object lives, by the newest map that is here, whether or not it exists. Asks nobody.
    ///
    /// # Errors
    ///
    /// When the map has no such pool any more, or the name is not one.
    pub fn map(&self, oid: impl AsRef<[u8]>) -> Result<Placement, Error> {
        let oid = self.check(oid.as_ref())?;
        Placement::of(&self.shared.osdmap(), &oid, &self.locator)
    }

    fn change(
        &self,
        oid: impl AsRef<[u8]>,
        build: impl FnOnce(&mut ObjectOperation) -> &mut ObjectOperation,
    ) -> Completion<()> {
        let mut operation = ObjectOperation::new();
        build(&mut operation);
        self.submit(oid, operation, Op::mutate, |_| Ok(()))
    }

    fn read_op<T: 'static>(
        &self,
        oid: impl AsRef<[u8]>,
        operation: ObjectOperation,
        finish: impl FnOnce(OpReply) -> Result<T, Error> + Send + 'static,
    ) -> Completion<T> {
        self.submit(oid, operation, Op::read, finish)
    }

    fn submit<T: 'static>(
        &self,
        oid: impl AsRef<[u8]>,
        operation: ObjectOperation,
        kind: impl FnOnce(Bytes, ObjectLocator, ObjectOperation) -> Op,
        finish: impl FnOnce(OpReply) -> Result<T, Error> + Send + 'static,
    ) -> Completion<T> {
        let oid = match self.check(oid.as_ref()) {
            Ok(oid) => oid,
            Err(error) => return Completion::ready(Err(error)),
        };
        let mut op = kind(oid, self.locator.clone(), operation);
        op.flags |= self.flags;
        op.deadline = self.shared.deadline(self.timeout);
        op.no_wait = self.no_wait;
        self.shared.op(op, |reply| finish(succeeded(reply)?))
    }

    /// What no OSD takes is not sent.
    fn check(&self, oid: &[u8]) -> Result<Bytes, Error> {
        let fits = |what, bytes: &[u8], limit: usize| match bytes.len() {
            size if size > limit => Err(Error::TooLarge { what, size: size as u64, limit: limit as u64 }),
            _ => Ok(()),
        };
        fits("name", oid, NAME_MAX)?;
        fits("locator key", &self.locator.key, NAME_MAX)?;
        fits("namespace", &self.locator.nspace, NAMESPACE_MAX)?;
        if oid.is_empty() { Err(Error::NoName) } else { Ok(Bytes::copy_from_slice(oid)) }
    }
}

/// The answer, unless it is an error.
pub(crate) fn succeeded(reply: OpReply) -> Result<OpReply, Error> {
    if reply.is_err() {
        return Err(Error::Osd(reply.result));
    }
    // An op of a request can fail while the request does not, where its caller allowed that.
    match reply
        .ops
        .iter()
        .find(|op| op.rval.is_err() && reply.result == ErrorCode::OK && op.op.data.is_empty())
    {
        Some(failed) if reply.ops.len() == 1 => Err(Error::Osd(failed.rval)),
        _ => Ok(reply),
    }
}

impl fmt::Debug for IoCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoCtx")
            .field("locator", &self.locator)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
