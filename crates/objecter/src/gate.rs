//! May an op leave? The one place that decides it.

use core::fmt;

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
    /// The OSD has no address that can be called.
    NoAddress,
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
    /// The OSD that serves the placement group has no address for a messenger that is spoken here.
    NoAddress,
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
        matches!(
            self,
            Self::Barrier | Self::Paused | Self::Full | Self::PoolCheck | Self::Homeless | Self::NoAddress
        )
    }
}

/// What the op waits for, in words for the user.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Budget => "too much is under way",
            Self::Barrier => "the map is older than the epoch barrier",
            Self::Paused => "the cluster is paused",
            Self::Full => "the cluster or the pool is full",
            Self::PoolCheck => "no map with its pool came",
            Self::Homeless => "no OSD serves its placement group",
            Self::NoAddress => "its OSD has no address for a messenger that is spoken here (ms_mode)",
            Self::Reconnecting => "the OSD could not be reached",
            Self::Backoff => "the OSD asked to wait",
            Self::Behind => "an earlier op on its object is not done",
        })
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
        PoolState::Eio => return Verdict::Fail(OpError::PoolEio { sent: false }),
        PoolState::Missing => return Verdict::Hold(Reason::PoolCheck),
        PoolState::Full | PoolState::Usable => {}
    }
    if let Some(reason) = pause(op, pool, map, barrier) {
        return Verdict::Hold(reason);
    }
    match way {
        Way::Homeless => Verdict::Hold(Reason::Homeless),
        Way::NoAddress => Verdict::Hold(Reason::NoAddress),
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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    const BARRIER: Epoch = Epoch(5);

    type Case = (Traits, PoolState, MapState, Way);

    /// Every combination of what the gate looks at.
    fn all() -> Vec<Case> {
        let bits = |n: u32| core::array::from_fn::<bool, 8, _>(|i| n >> i & 1 == 1);
        let pools = [PoolState::Missing, PoolState::Eio, PoolState::Full, PoolState::Usable];
        let ways = [Way::Homeless, Way::NoAddress, Way::Reconnecting, Way::Backoff, Way::Behind, Way::Clear];
        let mut cases = Vec::new();
        for n in 0..256 {
            let [reads, writes, respects_full, pause_reads, pause_writes, full, blocklisted, old] = bits(n);
            let op = Traits { reads, writes, respects_full };
            let epoch = if old { Epoch(4) } else { BARRIER };
            let map = MapState { epoch, pause_reads, pause_writes, full, blocklisted };
            cases.extend(pools.iter().flat_map(|pool| ways.iter().map(move |way| (op, *pool, map, *way))));
        }
        cases
    }

    /// All that speaks against sending, in the order of precedence.
    fn obstacles((op, pool, map, way): Case) -> [(Verdict, bool); 13] {
        use Reason as R;
        let full = map.full || pool == PoolState::Full;
        [
            (Verdict::Fail(OpError::Blocklisted { sent: false }), map.blocklisted),
            (Verdict::Fail(OpError::PoolEio { sent: false }), pool == PoolState::Eio),
            (Verdict::Hold(R::PoolCheck), pool == PoolState::Missing),
            (Verdict::Hold(R::Barrier), map.epoch < BARRIER),
            (Verdict::Hold(R::Paused), map.pause_writes && op.writes),
            (Verdict::Hold(R::Paused), map.pause_reads && op.reads),
            (Verdict::Hold(R::Full), full && op.writes && op.respects_full),
            (Verdict::Hold(R::Homeless), way == Way::Homeless),
            (Verdict::Hold(R::NoAddress), way == Way::NoAddress),
            (Verdict::Hold(R::Reconnecting), way == Way::Reconnecting),
            (Verdict::Hold(R::Backoff), way == Way::Backoff),
            (Verdict::Hold(R::Behind), way == Way::Behind),
            (Verdict::Send, true),
        ]
    }

    #[test]
    fn the_first_obstacle_decides_over_every_combination() {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for case in all() {
            let (op, pool, map, way) = case;
            let verdict = gate(op, pool, map, BARRIER, way);
            let first = obstacles(case).into_iter().find(|(_, stands)| *stands).map(|(verdict, _)| verdict);
            assert_eq!(Some(verdict), first, "{case:?}");
            *counts.entry(format!("{verdict:?}")).or_default() += 1;
        }
        assert_eq!(counts.values().sum::<u32>(), 256 * 4 * 6);
        // Counted by hand: of 128 (op, flags) that are not fenced, half are below the barrier. Of the 64 others, 64 * 9/16
        // get past the pauses; of the writes among those that do, those that respect full stop at a full cluster or pool.
        assert_eq!(counts["Fail(Blocklisted { sent: false })"], 128 * 24);
        assert_eq!(counts["Fail(PoolEio { sent: false })"], 128 * 6);
        assert_eq!(counts["Hold(PoolCheck)"], 128 * 6);
        assert_eq!(counts["Hold(Barrier)"], 64 * 12);
        assert_eq!(counts["Hold(Paused)"], (64 - 36) * 12);
        assert_eq!(counts["Send"], counts["Hold(Homeless)"]);
    }

    #[test]
    fn a_pause_is_what_the_gate_holds_for_it() {
        for (op, pool, map, way) in all() {
            let held = match gate(op, pool, MapState { blocklisted: false, ..map }, BARRIER, way) {
                Verdict::Hold(reason @ (Reason::Barrier | Reason::Paused | Reason::Full)) => Some(reason),
                _ => None,
            };
            let usable = matches!(pool, PoolState::Full | PoolState::Usable);
            assert_eq!(pause(op, pool, map, BARRIER).filter(|_| usable), held);
        }
    }
}
