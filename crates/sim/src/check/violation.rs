//! What went against the rules.

use loligo_wire::types::{PgId, ReqId};
use loligo_wire::{Epoch, OsdId};
use thiserror::Error;

/// What went against the rules. Ops are named by their number in the world, which its trace tells.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// The program panicked.
    #[error("panic: {what}")]
    Panic {
        /// What it said.
        what: String,
    },
    /// Nothing is left to happen although something is left to do.
    #[error("nothing happens any more")]
    Standstill,
    /// The world goes round in circles.
    #[error("no end after {steps} steps")]
    NoEnd {
        /// How many.
        steps: u64,
    },
    /// Something is left undone long after the last fault.
    #[error("{pending} ops did not end, long after the last fault:\n    {}", left.join("\n    "))]
    NotFinished {
        /// How many ops.
        pending: usize,
        /// What is left undone.
        left: Vec<String>,
    },
    /// An op ended more than once (O1).
    #[error("op {op} ended twice")]
    EndedTwice {
        /// The op.
        op: u64,
    },
    /// A request is in the log of a PG more than once (O2).
    #[error("{reqid}, op {op}, was executed twice")]
    ExecutedTwice {
        /// Its name at the OSD.
        reqid: ReqId,
        /// The op.
        op: usize,
    },
    /// A request is in the log of a PG that no client made, or that is no write.
    #[error("{reqid} was executed and nobody asked for it")]
    NobodyAsked {
        /// Its name at the OSD.
        reqid: ReqId,
    },
    /// An op was executed that its client says did not run.
    #[error("op {op} was executed, and its client was told that it was not")]
    RanAfterAll {
        /// The op.
        op: usize,
    },
    /// An acknowledged write is not there.
    #[error("op {op} was acknowledged and is not there")]
    LostWrite {
        /// The op.
        op: usize,
    },
    /// An answer is not what the order of the writes gives.
    #[error("op {op} was answered with {told}; {due} was due")]
    WrongAnswer {
        /// The op.
        op: usize,
        /// The answer.
        told: String,
        /// What it should have been.
        due: String,
    },
    /// The object at the end is not what its writes made of it.
    #[error("object {object} is not what its writes made of it")]
    WrongContent {
        /// The object, by its place in the list of the world's objects.
        object: usize,
    },
    /// Two writes were done in an order that they must not have (O3).
    #[error("op {first} was executed after op {second}")]
    OutOfOrder {
        /// The one that must be first.
        first: usize,
        /// The other one.
        second: usize,
    },
    /// A read gave what it could not see when it was done.
    #[error("op {op} read what was not there at any time at which it may have run: {told}")]
    StaleRead {
        /// The op.
        op: usize,
        /// What it was told.
        told: String,
    },
    /// A request went where the map of its epoch does not send it (O4).
    #[error("{reqid} of epoch {epoch} went to osd.{osd}, pg {pgid}; its map says {due:?}, pg {pg}")]
    WrongOsd {
        /// Its name at the OSD.
        reqid: ReqId,
        /// The epoch that the client had.
        epoch: Epoch,
        /// Where it went.
        osd: OsdId,
        /// The PG that it named.
        pgid: PgId,
        /// Where it should have gone.
        due: Option<OsdId>,
        /// The PG that it should have named.
        pg: PgId,
    },
    /// The copies of a PG differ at the end.
    #[error("osd.{osd} has another copy of pg {pg} than its primary")]
    CopiesDiffer {
        /// The PG.
        pg: PgId,
        /// Who has another copy.
        osd: OsdId,
    },
    /// Something else that must not be.
    #[error("{what}")]
    Wrong {
        /// What.
        what: String,
    },
}
