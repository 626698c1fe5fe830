//! New maps: `handle_osd_map`, `_scan_requests`, `_maybe_request_map`.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bytes::Bytes;
use loligo_base::Now;
use loligo_wire::message::MOSDMap;
use loligo_wire::osdmap::{Incremental, OSDMap, OsdMapFlags, PoolFlags};
use loligo_wire::{Decode, Epoch, Features, PoolId, Tid, Uuid};

use crate::Objecter;
use crate::gate::{MapState, Reason};
use crate::io::{Output, WantMap};
use crate::ops::{Home, State};
use crate::result::OpError;
use crate::target::Recalc;

/// Up to this many OSDs, the checksum of a map that was made by applying a change is compared.
const CRC_OSDS_MAX: i32 = 1_000;

/// How many epochs of one message are taken. Ceph puts 40 into one (`osd_map_message_max`), and each costs a copy of the map.
const EPOCHS_MAX: usize = 400;

/// How maps came in, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapStats {
    /// Changes that were applied (`map_inc`, `l_osdc_map_inc`).
    pub incremental: u64,
    /// Those of them after which the map had the checksum that the monitors say it has.
    pub checked: u64,
    /// Maps that came whole (`map_full`, `l_osdc_map_full`).
    pub full: u64,
}

/// What was asked of the monitors about maps.
#[derive(Debug, Default)]
pub(crate) struct MapRequests {
    /// The subscription that is in force, and may still bring something.
    pub(crate) armed: Option<WantMap>,
    /// The newest map is wanted whole, as a change could not be applied. Asked once, and again with each tick.
    pub(crate) full_wanted: bool,
    full_asked: bool,
    /// With these features, what this side encodes is what the monitors encode: the checksums of maps can be compared.
    pub(crate) lossless: Option<Features>,
    /// Somebody waits for this epoch.
    pub(crate) wanted: Epoch,
    pub(crate) stats: MapStats,
}

impl MapRequests {
    /// What was asked in vain may be asked again.
    pub(crate) const fn forgive(&mut self) {
        self.full_asked = false;
    }

    /// Whether something was asked, or will be with the next tick.
    pub(crate) const fn is_armed(&self) -> bool {
        self.armed.is_some() || self.full_asked
    }
}

/// What the epochs of one message have in common for the ops.
struct Scan {
    /// Epochs were left out: nobody knows what happened in them.
    skipped: bool,
    /// The cluster was full in some epoch: OSDs dropped the writes of that time.
    full: bool,
    /// The pools that were.
    full_pools: BTreeSet<PoolId>,
    /// The ops to be sent again.
    resend: BTreeSet<Tid>,
}

impl Scan {
    fn note_full(&mut self, map: &OSDMap, full: bool) {
        self.full |= full;
        let pools = map.pools.iter().filter(|(_, pool)| pool.has_flag(PoolFlags::FULL));
        self.full_pools.extend(pools.map(|(id, _)| *id));
    }
}

impl<C> Objecter<C> {
    /// Takes the maps of a message that are newer than the one that is here. The others are not even decoded: each OSD that
    /// an op goes to sends what it believes this client not to have yet, and most of it came already.
    pub(crate) fn handle_osd_map(&mut self, now: Now, message: MOSDMap) {
        if self.state.epoch > Epoch(0) && message.fsid != self.map.get_fsid() {
            return;
        }
        let was_paused = self.is_anything_paused();
        let mut scan = Scan {
            skipped: false,
            full: self.state.full,
            full_pools: BTreeSet::new(),
            resend: BTreeSet::new(),
        };
        scan.note_full(&self.map, self.state.full);
        self.apply(message, &mut scan);
        self.got_map();
        // Whatever only a map can free is looked at with the newest, whichever epoch it was that freed it.
        scan.resend.extend(self.held(Reason::needs_map));
        for tid in scan.resend {
            self.recalc(now, tid);
        }
        self.fence();
        if was_paused || self.is_anything_paused() || self.needs_map() {
            self.maybe_request_map();
        }
        if self.maps.full_wanted {
            self.start_tick(now);
        }
    }

    /// Takes the epochs one by one, with a look at every op at each of them (invariant O4).
    fn apply(&mut self, mut message: MOSDMap, scan: &mut Scan) {
        let last = message.last().unwrap_or_default();
        let mut left = EPOCHS_MAX;
        while self.state.epoch < last && left > 0 {
            left -= 1;
            let next = self.state.epoch.next();
            let Some(map) =
                self.take_next(&mut message, next).or_else(|| self.jump(&mut message, next, scan))
            else {
                break;
            };
            scan.note_full(&map, map.test_flag(OsdMapFlags::FULL) && self.options.honor_pool_full);
            self.install(map);
            self.scan_requests(scan);
            scan.resend.extend(self.close_stale_sessions());
        }
        if self.state.epoch < last {
            self.maybe_request_map();
        }
    }

    /// The map of the next epoch. Where it came but cannot be used, the newest map is wanted whole.
    fn take_next(&mut self, message: &mut MOSDMap, next: Epoch) -> Option<OSDMap> {
        let incremental = message.incremental_maps.remove(&next);
        let full = message.maps.remove(&next);
        let came = (incremental.is_some() && self.state.epoch > Epoch(0)) || full.is_some();
        let applied = incremental.and_then(|bytes| self.apply_incremental(&bytes));
        let is_it = |map: &OSDMap| is_what_it_says(map, next, message.fsid);
        let is_applied = applied.is_some();
        let map = applied.or_else(|| OSDMap::decode_all(&full?).ok()).filter(is_it);
        let came_as = if is_applied { &mut self.maps.stats.incremental } else { &mut self.maps.stats.full };
        *came_as += u64::from(map.is_some());
        self.maps.full_wanted |= came && map.is_none();
        map
    }

    /// The map that results from a change.
    fn apply_incremental(&mut self, bytes: &Bytes) -> Option<OSDMap> {
        let inc = Incremental::decode_all(bytes).ok()?;
        let mut map = OSDMap::clone(&self.map);
        map.apply_incremental(&inc).ok()?;
        self.is_what_monitors_have(&map, &inc).then_some(map)
    }

    /// Whether a map that was made by applying a change has the checksum that the change says (`full_crc`).
    ///
    /// It takes an encoding of the whole map to know, so it is not looked at in maps of more than [`CRC_OSDS_MAX`] OSDs. And it
    /// says something only where this side is known to encode all that the monitors encode, which may be newer: a mismatch
    /// counts once an earlier checksum with the same features was right. The whole map that is asked for then is believed, and
    /// a right checksum must come again before the next mismatch counts.
    fn is_what_monitors_have(&mut self, map: &OSDMap, inc: &Incremental) -> bool {
        if inc.full_crc == 0 || map.get_max_osd() > CRC_OSDS_MAX {
            return true;
        }
        let features = inc.encode_features;
        let right = map.to_bytes_and_crc(features).1 == inc.full_crc;
        let counts = self.maps.lossless.take_if(|known| !right && *known == features).is_some();
        if right {
            self.maps.lossless = Some(features);
            self.maps.stats.checked += 1;
        }
        if counts {
            tracing::warn!(epoch = %inc.epoch, "a change of the map came damaged: the map is asked for whole");
        }
        !counts
    }

    /// The next epoch is not there. A later whole map does where the Objecter has none yet; and also, if every op is sent
    /// again, where the cluster no longer has the epochs between, or one of them cannot be used. Else they are asked
    /// for (invariant O13).
    fn jump(&mut self, message: &mut MOSDMap, next: Epoch, scan: &mut Scan) -> Option<OSDMap> {
        let first = self.state.epoch == Epoch(0);
        if first || self.maps.full_wanted || next < message.cluster_osdmap_trim_lower_bound {
            let map = take_full(message, next, first);
            if map.is_some() {
                scan.skipped |= !first;
                self.maps.stats.full += 1;
                return map;
            }
        }
        None
    }

    fn install(&mut self, map: OSDMap) {
        self.maps.full_wanted = false;
        self.maps.forgive();
        self.map = Arc::new(map);
        self.cache.prune(&self.map);
        self.look_at_map();
    }

    /// Notes what of the map matters to every op.
    pub(crate) fn look_at_map(&mut self) {
        self.state = MapState {
            epoch: self.map.get_epoch(),
            pause_reads: self.map.test_flag(OsdMapFlags::PAUSERD),
            pause_writes: self.map.test_flag(OsdMapFlags::PAUSEWR),
            full: self.map.test_flag(OsdMapFlags::FULL) && self.options.honor_pool_full,
            blocklisted: self.map.is_blocklisted(&self.addrs),
        };
    }

    /// Looks at every op with the map just installed, and notes which ones are to be sent again (`_scan_requests`).
    fn scan_requests(&mut self, scan: &mut Scan) {
        let open = |tid: &Tid| self.ops.get(*tid).is_some_and(|row| row.home != Home::Nowhere);
        let tids: Vec<Tid> = self.ops.iter().map(|(tid, _)| tid).filter(open).collect();
        self.prune_snapc();
        for tid in tids {
            if scan.resend.contains(&tid) {
                continue;
            }
            match self.calc_target(tid) {
                Some(Recalc::NeedResend) => {
                    scan.resend.insert(tid);
                }
                Some(Recalc::NoAction) if scan.skipped || self.is_write_into_full(tid, scan) => {
                    scan.resend.insert(tid);
                }
                Some(Recalc::PoolDne) => self.check_op_pool_dne(tid),
                Some(Recalc::PoolEio) => self.fail(tid, OpError::PoolEio { sent: false }),
                Some(Recalc::NoAction) | None => {}
            }
        }
    }

    /// Whether an OSD may have dropped the op because cluster or pool were full at some epoch of this message.
    fn is_write_into_full(&self, tid: Tid, scan: &Scan) -> bool {
        self.ops.get(tid).is_some_and(|row| {
            row.traits().respects_full && (scan.full || scan.full_pools.contains(&row.oloc.pool))
        })
    }

    /// Takes snapshots that were removed out of the contexts of ops (`_prune_snapc`, invariant O11).
    fn prune_snapc(&mut self) {
        if self.map.new_removed_snaps.is_empty() {
            return;
        }
        let tids: Vec<Tid> = self.ops.iter().map(|(tid, _)| tid).collect();
        for tid in tids {
            if let Some(row) = self.ops.get_mut(tid)
                && let Some(removed) = self.map.new_removed_snaps.get(&row.oloc.pool)
                && row.message.snapc.snaps.iter().any(|snap| removed.contains(*snap))
            {
                let message = Arc::make_mut(&mut row.message);
                message.snapc.snaps.retain(|snap| !removed.contains(*snap));
            }
        }
    }

    /// Once the cluster has shut this client out, nothing may succeed any more (invariant O14).
    pub(crate) fn fence(&mut self) {
        if self.state.blocklisted {
            let tids: Vec<Tid> = self.ops.iter().map(|(tid, _)| tid).collect();
            for tid in tids {
                self.fail(tid, OpError::Blocklisted { sent: false });
            }
        }
    }

    fn is_anything_paused(&self) -> bool {
        let MapState { pause_reads, pause_writes, full, .. } = self.state;
        let pool_full = || self.map.pools.values().any(|pool| pool.has_flag(PoolFlags::FULL));
        pause_reads || pause_writes || full || pool_full()
    }

    /// Whether somebody waits for a newer map (invariant O7).
    pub(crate) fn needs_map(&self) -> bool {
        let epoch = self.state.epoch;
        epoch == Epoch(0)
            || epoch < self.maps.wanted
            || epoch < self.epoch_barrier
            || self.maps.full_wanted
            || self.ops.iter().any(|(_, row)| matches!(row.state, State::Held(reason) if reason.needs_map()))
    }

    /// A delivery used up a subscription to one (`MonClient::sub_got`).
    fn got_map(&mut self) {
        let epoch = self.state.epoch;
        match &mut self.maps.armed {
            Some(want) if want.continuous => want.start = want.start.max(epoch.next()),
            Some(want) if want.start <= epoch => self.maps.armed = None,
            _ => {}
        }
        self.outputs.push_back(Output::GotMap(epoch));
    }

    /// Makes sure that a newer map is asked for (`_maybe_request_map`): every one while a flag holds ops, else the next.
    pub(crate) fn maybe_request_map(&mut self) {
        let MapState { epoch, pause_reads, pause_writes, full, .. } = self.state;
        let whole = epoch == Epoch(0) || self.maps.full_wanted;
        let want = if whole {
            WantMap { start: Epoch(0), continuous: false }
        } else {
            WantMap { start: epoch.next(), continuous: full || pause_reads || pause_writes }
        };
        if self.maps.armed == Some(want) || (self.maps.full_wanted && self.maps.full_asked) {
            return;
        }
        self.maps.full_asked = self.maps.full_wanted;
        self.maps.armed = Some(want);
        self.outputs.push_back(Output::WantMap(want));
    }
}

/// Whether a map is of that epoch and cluster. After the last epoch that there can be no map could follow, so that it is none.
fn is_what_it_says(map: &OSDMap, epoch: Epoch, fsid: Uuid) -> bool {
    map.get_epoch() == epoch && map.get_fsid() == fsid && epoch < Epoch(u32::MAX)
}

/// Takes a readable whole map of `from` or later: the newest where it is the first one, else the oldest.
fn take_full(message: &mut MOSDMap, from: Epoch, newest: bool) -> Option<OSDMap> {
    let fsid = message.fsid;
    let mut maps = message.maps.split_off(&from);
    while let Some((epoch, bytes)) = if newest { maps.pop_last() } else { maps.pop_first() } {
        let usable = |map: &OSDMap| is_what_it_says(map, epoch, fsid);
        if let Some(map) = OSDMap::decode_all(&bytes).ok().filter(usable) {
            message.maps = maps;
            return Some(map);
        }
    }
    None
}
