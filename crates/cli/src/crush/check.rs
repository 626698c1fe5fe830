//! `--check`: whether a map names all that it has (`CrushTester::check_name_maps`).

use std::io::Write;

use loligo_wire::crush::CrushMap;

use crate::fail::Fail;
use crate::osdmap::walk;

/// Prints the first bucket without a name, the first type without one, or the first device from that number on; 0 is no such
/// number, and below it nothing is checked.
pub(super) fn check(map: &CrushMap, max_id: i32, out: &mut impl Write) -> Result<(), Fail> {
    if max_id < 0 {
        return Ok(());
    }
    // Also a device that no bucket has.
    for id in walk(map).into_iter().chain([0]) {
        if let Some(what) = missing(map, id, max_id) {
            writeln!(out, "{what}: item#{id}")?;
            out.flush()?;
            return Err(Fail::Usage("the map is not whole".to_owned()));
        }
    }
    Ok(())
}

fn missing(map: &CrushMap, id: i32, max_id: i32) -> Option<&'static str> {
    if id < 0 && !map.name_map().contains_key(&id) {
        return Some("unknown item name");
    }
    if id >= 0 && max_id > 0 && id >= max_id {
        return Some("item id too large");
    }
    let item_type = map.bucket(id).map_or(0, |bucket| i32::from(bucket.bucket_type));
    (!map.type_map.contains_key(&item_type)).then_some("unknown type name")
}
