//! May an op leave? The one place that decides it.

use loligo_wire::Epoch;

use crate::result::OpError;

/// What an op is to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// It may read.
    pub reads: bool,
    /// It may write.
    pub writes: bool,
    /// It waits while the cluster or its pool is full (`respects_full`).
    pub respects_full: bool,
}

/// What the newest map says of the pool of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolState {
    /// The map has no such pool, which is no proof that there is none.
    Missing,
    /// The pool fails every op (`FLAG_EIO`).
    Eio,
    /// The pool takes no writes that respect it (`FLAG_FULL`).
    Full,
    /// The pool is as it should be.
    Usable,
}

/// The flags of a map that stop ops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapState {
    /// The map's epoch.
    pub epoch: Epoch,
    /// `CEPH_OSDMAP_PAUSERD`.
    pub pause_reads: bool,
    /// `CEPH_OSDMAP_PAUSEWR`.
    pub pause_writes: bool,
    /// `CEPH_OSDMAP_FULL`, where the Objecter honours it.
    pub full: bool,
    /// The map fences this client.
    pub blocklisted: bool,
}

/// What stands between an op and its OSD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The op has no OSD; it is on the homeless session.
    Homeless,
    /// The OSD could not be reached and is tried again later.
    Reconnecting,
    /// A back-off of the OSD covers the object.
    Backoff,
    /// An earlier op on the same object has to be executed first.
    Behind,
    /// Nothing.
    Clear,
}

/// Why an op is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The budget of ops or bytes under way is used up.
    Budget,
    /// The map is older than the epoch barrier.
    Barrier,
    /// Reads or writes are paused by the map's flags.
    Paused,
    /// The cluster or the pool is full.
    Full,
    /// The map has no such pool; the monitor is asked for the newest epoch.
    PoolCheck,
    /// No OSD serves the placement group now.
    Homeless,
    /// The OSD could not be reached; its address is tried again after a while.
    Reconnecting,
    /// The OSD asked to back off.
    Backoff,
    /// An earlier op on the same object took a new tid and is not done yet.
    Behind,
}

impl Reason {
    /// Whether only a newer map can end it, so that one has to be asked for (invariant O7).
    #[must_use]
    pub const fn needs_map(self) -> bool {
        matches!(self, Self::Barrier | Self::Paused | Self::Full | Self::PoolCheck | Self::Homeless)
    }
}

/// What becomes of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes out.
    Send,
    /// It waits.
    Hold(Reason),
    /// It ends without having been sent now.
    Fail(OpError),
}

/// Decides for one op, first match wins: `target_should_be_paused` and the order of checks of `_op_submit` and
/// `_send_op`.
///
/// The caller remembers whether an op that fails here was ever sent; the errors carry false.
#[must_use]
pub const fn gate(op: Traits, pool: PoolState, map: MapState, barrier: Epoch, way: Way) -> Verdict {
    if map.blocklisted {
        return Verdict::Fail(OpError::Blocklisted { sent: false });
    }
    match pool {
        PoolState::Eio => return Verdict::Fail(OpError::PoolEio),
        PoolState::Missing => return Verdict::Hold(Reason::PoolCheck),
        PoolState::Full | PoolState::Usable => {}
    }
    if let Some(reason) = pause(op, pool, map, barrier) {
        return Verdict::Hold(reason);
    }
    match way {
        Way::Homeless => Verdict::Hold(Reason::Homeless),
        Way::Reconnecting => Verdict::Hold(Reason::Reconnecting),
        Way::Backoff => Verdict::Hold(Reason::Backoff),
        Way::Behind => Verdict::Hold(Reason::Behind),
        Way::Clear => Verdict::Send,
    }
}

/// Whether the map or the barrier holds an op, and by what (`target_should_be_paused`).
#[must_use]
pub const fn pause(op: Traits, pool: PoolState, map: MapState, barrier: Epoch) -> Option<Reason> {
    if map.epoch.0 < barrier.0 {
        return Some(Reason::Barrier);
    }
    if op.writes && map.pause_writes || op.reads && map.pause_reads {
        return Some(Reason::Paused);
    }
    if op.writes && op.respects_full && (map.full || matches!(pool, PoolState::Full)) {
        return Some(Reason::Full);
    }
    None
}
