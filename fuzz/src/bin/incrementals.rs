//! Changes of a map: whatever they say, the map that results can be written, read and placed with.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use loligo_placement::{Scratch, UpActing, pg_to_up_acting_osds};
use loligo_wire::osdmap::{Incremental, OSDMap};
use loligo_wire::types::PgId;
use loligo_wire::{Decode, Decoder, Encode};

/// So many PGs of each pool are placed.
const PGS: u32 = 4;

fuzz_target!(|data: &[u8]| {
    // A map and a change of it, the length of the map in front.
    let Some((length, rest)) = data.split_first_chunk::<4>() else { return };
    let at = (u32::from_le_bytes(*length) as usize).min(rest.len());
    let (full, change) = rest.split_at(at);
    let Ok(mut map) = OSDMap::decode(&mut Decoder::new(full)) else { return };
    if let Ok(change) = Incremental::decode(&mut Decoder::new(change)) {
        let _ = map.apply_incremental(&change);
    }
    let written: Bytes = map.to_bytes(map.get_encoding_features());
    OSDMap::decode_all(&written).expect("what was written can be read");
    let (mut scratch, mut found) = (Scratch::new(), UpActing::default());
    for (id, pool) in map.get_pools() {
        for seed in 0..pool.pg_num.min(PGS) {
            pg_to_up_acting_osds(&map, PgId::new(id, seed), &mut scratch, &mut found);
        }
    }
});
