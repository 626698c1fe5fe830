//! Changes to the map that are not written back.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use loligo_wire::osdmap::{OSDMap, OsdState};
use loligo_wire::{Encode, Features, OsdId};

use super::OsdmapArgs;
use super::weights::{adjust_item_weight, item_weight};
use crate::fail::Fail;

/// Makes the changes that are asked for, and says so.
pub(super) fn edit(map: &mut OSDMap, args: &OsdmapArgs, out: &mut impl Write) -> Result<(), Fail> {
    if args.mark_up_in {
        writeln!(out, "marking all OSDs up and in")?;
        for osd in 0..map.get_max_osd() {
            mark_up(map, osd);
            set_weight(map, osd, OSDMap::IN);
        }
        weigh_all(map)?;
    }
    let known = |osd: Option<i32>| osd.filter(|osd| (0..map.get_max_osd()).contains(osd));
    let (out_one, up_one) = (known(args.mark_out), known(args.mark_up));
    if let Some(osd) = out_one {
        writeln!(out, "marking OSD@{osd} as out")?;
        mark_up(map, osd);
        set_weight(map, osd, OSDMap::OUT);
    }
    if let Some(osd) = up_one {
        writeln!(out, "marking OSD@{osd} as up")?;
        mark_up(map, osd);
    }
    if args.clear_temp {
        writeln!(out, "clearing pg/primary temp")?;
        map.pg_temp = Arc::default();
        map.primary_temp = Arc::default();
    }
    if args.clean_temps {
        writeln!(out, "cleaning pg temps")?;
    }
    Ok(())
}

fn mark_up(map: &mut OSDMap, osd: i32) {
    if let Some(state) = usize::try_from(osd).ok().and_then(|osd| map.osd_state.get_mut(osd)) {
        *state |= OsdState::UP;
    }
}

fn set_weight(map: &mut OSDMap, osd: i32, weight: u32) {
    // There is room for it: its number is below max_osd.
    let _ = map.set_weight(OsdId(osd), weight);
}

/// Gives each device of weight 0 in the hierarchy the weight 1, and to the buckets above it what follows.
fn weigh_all(map: &mut OSDMap) -> Result<(), Fail> {
    for osd in 0..map.get_max_osd() {
        if item_weight(&map.crush, osd) == Some(0)
            && !adjust_item_weight(Arc::make_mut(&mut map.crush), osd, 0x1_0000)
        {
            return Err(Fail::Usage(format!(
                "osd.{osd} weighs 0, and its hierarchy has too many buckets to compute what follows"
            )));
        }
    }
    Ok(())
}

/// Writes the CRUSH map to a file of its own.
pub(super) fn export_crush(map: &OSDMap, file: &Path, out: &mut impl Write) -> Result<(), Fail> {
    fs::write(file, map.crush.to_bytes(Features::ALL)).map_err(|why| Fail::file(file, why))?;
    writeln!(out, "osdmaptool: exported crush map to {}", file.display())?;
    Ok(())
}
