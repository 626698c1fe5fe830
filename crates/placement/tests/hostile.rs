//! Maps with flipped bytes: each is refused or placed by, and neither panics nor goes on for ever.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

use std::fs;
use std::path::PathBuf;

use loligo_base::Prng;
use loligo_placement::crush::{Workspace, do_rule};
use loligo_placement::{Scratch, UpActing, pg_to_up_acting_osds};
use loligo_wire::crush::CrushMap;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::PgId;
use loligo_wire::{Decode, crc32c};

/// The files of a folder of the test data with that ending, in order.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == ending));
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn flip(bytes: &mut [u8], dice: &mut Prng) {
    for _ in 0..1 + dice.below(4) {
        if let Some(byte) = dice.index(bytes.len()).and_then(|at| bytes.get_mut(at)) {
            *byte = dice.next_u64().to_le_bytes()[0];
        }
    }
}

#[test]
fn crush_maps_with_flipped_bytes_are_refused_or_placed_by() {
    let (mut dice, mut work, mut result) = (Prng::new(1), Workspace::new(), Vec::new());
    let (mut refused, mut placed) = (0, 0);
    for bytes in files("crush", "crush") {
        for _ in 0..300 {
            let mut bytes = bytes.clone();
            flip(&mut bytes, &mut dice);
            let Ok(map) = CrushMap::decode_all(&bytes.into()) else {
                refused += 1;
                continue;
            };
            let rule = map.rules().nth(usize::try_from(dice.below(8)).unwrap()).map_or(0, |(id, _)| id);
            do_rule(&mut work, &map, rule, 7, &mut result, 5, &[0x1_0000; 30], map.choose_args_for(0));
            assert!(result.len() <= 5);
            placed += 1;
        }
    }
    assert!(refused > 50 && placed > 50, "{refused} refused, {placed} placed");
}

#[test]
fn osd_maps_with_flipped_bytes_are_refused_or_placed_by() {
    let (mut dice, mut scratch, mut osds) = (Prng::new(2), Scratch::new(), UpActing::default());
    let mut placed = 0;
    for bytes in files("osdmap", "osdmap") {
        for _ in 0..300 {
            let mut bytes = bytes.clone();
            flip(&mut bytes, &mut dice);
            // A map of an attacker has the right checksum: the last four bytes of these.
            let body = bytes.len() - 4;
            let crc = crc32c(u32::MAX, &bytes[..body]);
            bytes[body..].copy_from_slice(&crc.to_le_bytes());
            let Ok(map) = OSDMap::decode_all(&bytes.into()) else { continue };
            for (id, pool) in map.get_pools() {
                for seed in (0..pool.pg_num.min(20)).chain([u32::MAX]) {
                    pg_to_up_acting_osds(&map, PgId::new(id, seed), &mut scratch, &mut osds);
                    assert!(osds.acting_primary.is_none_or(|osd| osd.is_osd()));
                }
                placed += 1;
            }
        }
    }
    assert!(placed > 100, "{placed}");
}
