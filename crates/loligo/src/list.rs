//! Listing the objects of a pool.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loligo_objecter::{ListCursor, OpReply};
use loligo_wire::PoolId;

pub use loligo_wire::types::ListObject;

use crate::cluster::Shared;
use crate::{Completion, Error};

/// How many objects are asked for at once (`rados_list_objects` of librados asks for as many).
const PAGE: u64 = 1024;

/// The objects of a pool, in one namespace or all: `rados_list_ctx_t`. Objects that are created or removed meanwhile may or
/// may not be seen; all others are seen once.
///
/// As an iterator it blocks for each page of about a thousand, and ends after its first error; a task uses [`next_page`](Self::next_page).
///
/// ```no_run
/// # fn main() -> Result<(), loligo::Error> {
/// # let cluster = loligo::Cluster::connect(&loligo::Conf::find("client.admin")?)?;
/// for object in cluster.io_ctx("data")?.list() {
///     println!("{}", String::from_utf8_lossy(&object?.oid));
/// }
/// # Ok(())
/// # }
/// ```
pub struct ObjectList {
    shared: Arc<Shared>,
    cursor: ListCursor,
    timeout: Option<Duration>,
    page: VecDeque<ListObject>,
    failed: bool,
}

impl ObjectList {
    pub(crate) fn new(shared: Arc<Shared>, pool: PoolId, nspace: Bytes, timeout: Option<Duration>) -> Self {
        let cursor = ListCursor::new(pool, nspace);
        Self { shared, cursor, timeout, page: VecDeque::new(), failed: false }
    }

    /// The next objects, perhaps none of them; `None` when all were listed.
    ///
    /// # Errors
    ///
    /// When the pool is gone or an OSD answers with an error. It can be tried again, and goes on from the same place.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ListObject>>, Error> {
        match self.request()? {
            Some(request) => Ok(Some(self.cursor.accept(&request.await?)?)),
            None => Ok(None),
        }
    }

    fn request(&self) -> Result<Option<Completion<OpReply>>, Error> {
        let op = self.cursor.next_op(&self.shared.osdmap(), PAGE)?;
        Ok(op.map(|mut op| {
            op.deadline = self.shared.deadline(self.timeout);
            self.shared.op(op, Ok)
        }))
    }

    fn fill(&mut self) -> Result<bool, Error> {
        let Some(request) = self.request()? else { return Ok(false) };
        let reply = request.wait()?;
        self.page.extend(self.cursor.accept(&reply)?);
        Ok(true)
    }
}

impl Iterator for ObjectList {
    type Item = Result<ListObject, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(object) = self.page.pop_front() {
                return Some(Ok(object));
            }
            if self.failed {
                return None;
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl fmt::Debug for ObjectList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectList").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
