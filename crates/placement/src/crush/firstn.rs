//! Choosing where later results move up: `crush_choose_firstn`.

use alloc::vec::Vec;

use loligo_wire::crush::Bucket;

use super::mapper::{Child, Mapper};

/// How often to try what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    /// Descents for each position.
    pub(super) total: u32,
    /// Descents below a chosen bucket.
    pub(super) leaf: u32,
    /// Attempts in the same bucket after a collision.
    pub(super) local: u32,
    /// More attempts in the same bucket than its children, by a permutation of them; 0: none.
    pub(super) local_fallback: u32,
}

/// What one call is to choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Firstn {
    /// How many.
    pub(super) numrep: u32,
    /// Of which type.
    pub(super) wanted: i32,
    /// How many there is room for.
    pub(super) room: usize,
    pub(super) tries: Tries,
    pub(super) vary_r: u32,
    pub(super) stable: bool,
    /// Added to each attempt: that of the search above.
    pub(super) parent_r: i32,
}

/// How an attempt ended.
enum Attempt {
    Taken(i32),
    /// Again, from the top.
    Failed,
    /// Nothing will come of this position.
    Hopeless,
}

impl Mapper<'_> {
    /// Appends distinct items below `bucket` to `out`, and where `leaves` are asked for, one device below each to those.
    /// Items that are in `out` already are collisions.
    pub(super) fn choose_firstn(
        &mut self,
        bucket: &Bucket,
        call: &Firstn,
        out: &mut Vec<i32>,
        mut leaves: Option<&mut Vec<i32>>,
    ) {
        let first = if call.stable { 0 } else { u32::try_from(out.len()).unwrap_or(u32::MAX) };
        let mut room = call.room;
        for rep in first..call.numrep {
            if room == 0 || self.scratch.exhausted() {
                break;
            }
            let mut failures = 0;
            let taken = loop {
                match self.attempt(bucket, call, rep, room, &mut failures, out, leaves.as_deref_mut()) {
                    Attempt::Taken(item) => break Some(item),
                    Attempt::Failed => {}
                    Attempt::Hopeless => break None,
                }
            };
            if let Some(item) = taken {
                out.push(item);
                room -= 1;
                self.scratch.count_tries(failures);
            }
        }
    }

    /// One descent from the top, with attempts in the same bucket where it fails.
    #[expect(clippy::too_many_arguments, reason = "the state of one position, which no other code sees")]
    fn attempt(
        &mut self,
        top: &Bucket,
        call: &Firstn,
        rep: u32,
        room: usize,
        failures: &mut u32,
        out: &[i32],
        mut leaves: Option<&mut Vec<i32>>,
    ) -> Attempt {
        let mut bucket = top;
        let mut failures_here = 0u32;
        loop {
            let r = rep.cast_signed().wrapping_add(call.parent_r).wrapping_add(failures.cast_signed());
            let collided = match self.choose_local(bucket, call, failures_here, r, out.len()) {
                None => false,
                Some(item) => match self.classify(item, call.wanted) {
                    Child::Bad => return Attempt::Hopeless,
                    Child::Below(below) => {
                        bucket = below;
                        continue;
                    }
                    Child::Wanted { item, .. } if out.contains(&item) => true,
                    Child::Wanted { item, is_device } => {
                        if self.accept(item, is_device, call, r, room, leaves.as_deref_mut()) {
                            return Attempt::Taken(item);
                        }
                        false
                    }
                },
            };
            *failures = failures.wrapping_add(1);
            failures_here += 1;
            let size = u32::try_from(bucket.items.len()).unwrap_or(u32::MAX);
            let tries = &call.tries;
            let again_here = (collided && failures_here <= tries.local)
                || (tries.local_fallback > 0 && failures_here <= size.saturating_add(tries.local_fallback));
            if !self.scratch.burn(1) {
                return Attempt::Hopeless;
            }
            if !again_here {
                return if *failures < tries.total { Attempt::Failed } else { Attempt::Hopeless };
            }
        }
    }

    /// A child of the bucket; by its permutation, once enough attempts in it have failed.
    fn choose_local(
        &mut self,
        bucket: &Bucket,
        call: &Firstn,
        failures: u32,
        r: i32,
        position: usize,
    ) -> Option<i32> {
        let fallback = call.tries.local_fallback;
        if fallback > 0 && failures as usize >= bucket.items.len() >> 1 && failures > fallback {
            self.scratch.permuted(bucket, self.x, r.cast_unsigned())
        } else {
            self.choose(bucket, r, position)
        }
    }

    /// Whether an item that collides with none can be taken: it is not out, and where leaves are asked for, there is a device
    /// for it, which is then appended to them.
    fn accept(
        &mut self,
        item: i32,
        is_device: bool,
        call: &Firstn,
        r: i32,
        room: usize,
        leaves: Option<&mut Vec<i32>>,
    ) -> bool {
        if is_device && self.is_out(item) {
            return false;
        }
        let Some(leaves) = leaves else { return true };
        if item >= 0 {
            leaves.push(item);
            return true;
        }
        let Some(bucket) = self.map.bucket(item) else { return false };
        let position = leaves.len();
        let below = Firstn {
            numrep: if call.stable {
                1
            } else {
                u32::try_from(position).unwrap_or(u32::MAX).saturating_add(1)
            },
            wanted: 0,
            room,
            tries: Tries { total: call.tries.leaf, leaf: 0, ..call.tries },
            // The shift is masked by the processors that Ceph runs on, and here.
            parent_r: if call.vary_r == 0 { 0 } else { r.wrapping_shr(call.vary_r - 1) },
            ..*call
        };
        self.choose_firstn(bucket, &below, leaves, None);
        leaves.len() > position
    }
}
