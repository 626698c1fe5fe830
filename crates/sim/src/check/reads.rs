//! Reads: what they gave must have been there at a time at which they may have run.

use bytes::Bytes;
use loligo_base::Wall;
use loligo_wire::types::ErrorCode;
use loligo_wire::{Decode, Decoder};

use super::Violation;
use super::replay::{State, Story};
use crate::history::{History, Kind, Record};

/// Checks the reads of an object. `strict`: reads never go past earlier writes of the same client.
pub(super) fn check(history: &History, object: usize, story: &Story, strict: bool) -> Vec<Violation> {
    let records = history.records.iter().enumerate();
    let reads = records.filter(|(_, record)| record.object == object && !record.kind.writes());
    reads.filter_map(|(number, record)| one(history, number, record, story, strict)).collect()
}

fn one(history: &History, op: usize, read: &Record, story: &Story, strict: bool) -> Option<Violation> {
    let (result, version, data) = read.answer()?;
    let (mut least, mut most) = (0, story.writes.len());
    for (place, number) in story.writes.iter().enumerate() {
        let Some(write) = history.records.get(*number) else { continue };
        let acknowledged = write.answer().is_some();
        let asked_before = strict && write.client == read.client && write.tid < read.tid;
        if write.is_before(read) || acknowledged && asked_before {
            least = least.max(place + 1);
        }
        // One that is sent again may see what its client asked for later, and was done meanwhile: that is so in Ceph, too.
        if read.is_before(write) {
            most = most.min(place);
        }
    }
    let mut visible = story.states.iter().take(most + 1).skip(least);
    let fits = visible.any(|state| agrees(&read.kind, state, result, version, data));
    (!fits).then(|| Violation::StaleRead { op, told: format!("{result}, version {version}, {data:?}") })
}

/// Whether a read of an object in that state gives that answer.
fn agrees(kind: &Kind, state: &State, result: i32, version: u64, told: &Bytes) -> bool {
    let Some(data) = &state.data else { return result == ErrorCode::ENOENT.0 };
    let same = match kind {
        Kind::Stat => size(told) == Some(data.len() as u64),
        _ => told == data,
    };
    same && result == 0 && version == state.version
}

/// The size in the answer to a stat.
fn size(told: &[u8]) -> Option<u64> {
    let mut d = Decoder::new(told);
    let size = u64::decode(&mut d).ok()?;
    Wall::decode(&mut d).ok().map(|_| size)
}
