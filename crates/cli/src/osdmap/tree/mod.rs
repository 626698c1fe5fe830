//! `OSDMap::print_tree`: the hierarchy with the state of its OSDs.

mod json;
mod walk;
mod xml;

use std::collections::BTreeSet;
use std::io::Write;

use loligo_wire::OsdId;
use loligo_wire::osdmap::{OSDMap, OsdState};

use super::format::MapFormat;
use super::text::fixed;
use crate::fail::Fail;
pub(super) use walk::{Item, walk};

pub(super) fn print_tree(map: &OSDMap, format: MapFormat, out: &mut impl Write) -> Result<(), Fail> {
    let nodes = walk(&map.crush);
    let seen: BTreeSet<i32> = nodes.iter().map(|node| node.id).collect();
    let stray: Vec<Item> =
        map.get_all_osds().filter(|osd| !seen.contains(&osd.0)).map(|osd| Item::stray(osd.0)).collect();
    match format {
        MapFormat::Plain => {
            let rows: Vec<Row> = nodes.iter().chain(&stray).map(|item| row(map, item)).collect();
            print_table(&rows, out)
        }
        MapFormat::Json | MapFormat::JsonPretty => {
            let text = json::tree(map, &nodes, &stray).text(format == MapFormat::JsonPretty);
            Ok(writeln!(out, "{text}")?)
        }
        MapFormat::Xml | MapFormat::XmlPretty => {
            let text = xml::text(&json::tree(map, &nodes, &stray), format == MapFormat::XmlPretty);
            Ok(writeln!(out, "{text}")?)
        }
    }
}

/// What an OSD does.
fn status(map: &OSDMap, osd: OsdId) -> &'static str {
    if map.is_up(osd) {
        "up"
    } else if map.get_state(osd).contains(OsdState::EXISTS | OsdState::DESTROYED) {
        "destroyed"
    } else {
        "down"
    }
}

type Row = [String; 7];

const HEADINGS: [&str; 7] = ["ID", "CLASS", "WEIGHT", "TYPE NAME", "STATUS", "REWEIGHT", "PRI-AFF"];
/// The column that is not flush right.
const TYPE_NAME: usize = 3;

fn row(map: &OSDMap, item: &Item) -> Row {
    let crush = &map.crush;
    let class = crush.class_map.get(&item.id).and_then(|class| crush.class_name.get(class));
    let indent = "    ".repeat(item.depth);
    let weight = weight(item.weight);
    let mut row = [item.id.to_string(), class.cloned().unwrap_or_default(), weight]
        .into_iter()
        .chain([format!("{indent}{}", name(map, item))])
        .collect::<Vec<_>>();
    let osd = OsdId(item.id);
    if item.id >= 0 && map.exists(osd) {
        let affinity = map.get_primary_affinity(osd);
        row.extend([
            status(map, osd).to_owned(),
            self::weight(fixed(map.get_weight(osd))),
            self::weight(fixed(affinity)),
        ]);
    } else if item.id >= 0 {
        row.extend(["DNE".to_owned(), "0".to_owned()]);
    }
    let mut cells = row.into_iter();
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

/// A bucket with its type, or an OSD.
fn name(map: &OSDMap, item: &Item) -> String {
    if item.id >= 0 {
        return format!("osd.{}", item.id);
    }
    format!("{} {}", walk::type_name(&map.crush, item.id), walk::item_name(&map.crush, item.id))
}

/// `weightf_t`
fn weight(weight: f32) -> String {
    if weight < -0.01 {
        "-".to_owned()
    } else if weight < 0.000_001 {
        "0".to_owned()
    } else {
        format!("{weight:.5}")
    }
}

fn print_table(rows: &[Row], out: &mut impl Write) -> Result<(), Fail> {
    let widths: [usize; 7] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.len());
        cells.chain(HEADINGS.get(column).map(|heading| heading.len())).max().unwrap_or(0)
    });
    let headings: Vec<String> =
        HEADINGS.iter().zip(widths).map(|(heading, width)| format!("{heading:<width$}")).collect();
    writeln!(out, "{}", headings.join("  "))?;
    for row in rows {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if column == TYPE_NAME { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  "))?;
    }
    Ok(())
}
