//! A CRUSH map, and then places for it: no map makes the mapper panic, or go on without end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loligo_placement::crush::{Workspace, do_rule};
use loligo_wire::crush::CrushMap;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Decode, Decoder};

/// So many devices get a weight.
const DEVICES_MAX: i32 = 4_096;

fuzz_target!(|data: &[u8]| {
    let Some((x, bytes)) = data.split_first() else { return };
    let Ok(map) = CrushMap::decode(&mut Decoder::new(bytes)) else { return };
    let devices = usize::try_from(map.max_devices().clamp(0, DEVICES_MAX)).unwrap_or(0);
    let weights = vec![OSDMap::IN; devices];
    let (mut work, mut found) = (Workspace::new(), Vec::new());
    for (rule, _) in map.rules().take(4) {
        for replicas in [1, 3, 6] {
            do_rule(
                &mut work,
                &map,
                rule,
                u32::from(*x),
                &mut found,
                replicas,
                &weights,
                map.choose_args_for(0),
            );
            assert!(found.len() <= replicas);
        }
    }
});
