//! `loligo osdmap`: OSD maps in files, with the arguments and the output of `osdmaptool`.

mod balance;
mod compat;
mod edit;
mod pgs;
mod pool;
mod print;
mod straws;
mod text;
mod tree;
mod weights;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use loligo_wire::crush::CrushMap;
use loligo_wire::dump::Formatter;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Decode, PoolId};

use crate::fail::Fail;
use pgs::Detail;
use tree::TreeFormat;

/// The arguments of `osdmaptool`. Words may be joined by - or _.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of osdmaptool")]
pub(crate) struct OsdmapArgs {
    /// The map, as ceph osd getmap writes it
    #[arg(value_name = "MAP")]
    file: Option<PathBuf>,
    /// Print the map
    #[arg(long)]
    print: bool,
    /// Print the map as plain, json or json-pretty; the latter two without what osdmaptool finds out by placing all PGs
    /// (read_balance)
    #[arg(long, value_name = "FORMAT")]
    dump: Option<DumpFormat>,
    /// Print the tree of its OSDs: plain, json or json-pretty
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "plain")]
    tree: Option<String>,
    /// Map all PGs, or those of --pool, and count them by OSD
    #[arg(long, alias = "test_map_pgs")]
    test_map_pgs: bool,
    /// The same, and print where each PG is
    #[arg(long, alias = "test_map_pgs_dump")]
    test_map_pgs_dump: bool,
    /// The same, and print how that came about
    #[arg(long, alias = "test_map_pgs_dump_all")]
    test_map_pgs_dump_all: bool,
    /// Count as if each pool had so many PGs
    #[arg(long, alias = "pg_num", value_name = "N")]
    pg_num: Option<u32>,
    /// Print where an object of --pool is
    #[arg(long, alias = "test_map_object", value_name = "OBJECT")]
    test_map_object: Option<String>,
    /// Print how it comes about where a PG is
    #[arg(long, alias = "test_map_pg", value_name = "PG")]
    test_map_pg: Option<String>,
    /// Take all OSDs for up and in
    #[arg(long, alias = "mark_up_in")]
    mark_up_in: bool,
    /// Take an OSD for out
    #[arg(long, alias = "mark_out", value_name = "OSD", allow_negative_numbers = true)]
    mark_out: Option<i32>,
    /// Take an OSD for up
    #[arg(long, alias = "mark_up", value_name = "OSD", allow_negative_numbers = true)]
    mark_up: Option<i32>,
    /// Forget what is set for PGs for the time being
    #[arg(long, alias = "clear_temp")]
    clear_temp: bool,
    /// Write the CRUSH map of the map to a file
    #[arg(long, alias = "export_crush", value_name = "FILE")]
    export_crush: Option<PathBuf>,
}

/// How the whole map is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DumpFormat {
    Plain,
    Json,
    JsonPretty,
}

/// The numbers of all buckets and devices below the roots, in the order in which Ceph prints them.
pub(crate) fn walk(crush: &CrushMap) -> Vec<i32> {
    tree::walk(crush).into_iter().map(|item| item.id).collect()
}

/// Does what is asked for, in the order of `osdmaptool`. `pool` is what --pool says.
pub(crate) fn run(args: &OsdmapArgs, pool: Option<&str>) -> Result<(), Fail> {
    let (file, tree) = args.file_and_tree()?;
    let pool = match pool {
        None => None,
        Some(text) => Some(text.parse().map(PoolId).map_err(|_| {
            Fail::Usage(format!("--pool is the number of a pool here, as in osdmaptool, not {text}"))
        })?),
    };
    if !args.asks_for_anything() {
        return Err(Fail::Usage("no action specified?".to_owned()));
    }
    eprintln!("osdmaptool: osdmap file '{}'", file.display());
    let mut map = read(file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    edit::edit(&mut map, args, &mut out)?;
    if let Some(file) = &args.export_crush {
        edit::export_crush(&map, file, &mut out)?;
    }
    if let Some(object) = &args.test_map_object {
        pgs::test_map_object(&map, object, pool, &mut out)?;
    }
    if let Some(pg) = &args.test_map_pg {
        pgs::test_map_pg(&map, pg, &mut out)?;
    }
    if let Some(detail) = args.detail() {
        pgs::test_map_pgs(&mut map, pool, args.pg_num, detail, &mut out)?;
    }
    match args.dump {
        None if !args.print => {}
        None | Some(DumpFormat::Plain) => print::print(&map, &mut out)?,
        // Only the one in lines ends its last one, as in Ceph.
        Some(DumpFormat::Json) => write!(out, "{}", Formatter::new().dump(&map))?,
        Some(DumpFormat::JsonPretty) => writeln!(out, "{}", Formatter::pretty().dump(&map))?,
    }
    if let Some(format) = tree {
        tree::print_tree(&map, format, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

impl OsdmapArgs {
    /// The word behind --tree is its format, where it is one; else it may be the file.
    fn file_and_tree(&self) -> Result<(&Path, Option<TreeFormat>), Fail> {
        let tree = self.tree.as_deref();
        let format = tree.and_then(TreeFormat::from_name);
        match (&self.file, tree, format) {
            (Some(file), None, _) => Ok((file, None)),
            (Some(file), Some(_), Some(format)) => Ok((file, Some(format))),
            (None, Some(file), None) => Ok((Path::new(file), Some(TreeFormat::Plain))),
            (Some(_), Some(format), None) => {
                Err(Fail::Usage(format!("--tree can be plain, json or json-pretty, not {format}")))
            }
            (None, ..) => Err(Fail::Usage("must specify osdmap filename".to_owned())),
        }
    }

    const fn asks_for_anything(&self) -> bool {
        self.print
            || self.dump.is_some()
            || self.tree.is_some()
            || self.detail().is_some()
            || self.test_map_object.is_some()
            || self.test_map_pg.is_some()
            || self.export_crush.is_some()
    }

    const fn detail(&self) -> Option<Detail> {
        // As in osdmaptool: the line of --test-map-pgs-dump, with what --test-map-pgs-dump-all had to find out.
        match (self.test_map_pgs, self.test_map_pgs_dump, self.test_map_pgs_dump_all) {
            (_, true, _) => Some(Detail::Dump),
            (_, false, true) => Some(Detail::DumpAll),
            (true, false, false) => Some(Detail::Count),
            (false, false, false) => None,
        }
    }
}

fn read(file: &Path) -> Result<OSDMap, Fail> {
    let bytes = fs::read(file).map_err(|why| Fail::file(file, why))?;
    OSDMap::decode_all(&bytes.into()).map_err(|why| Fail::Content {
        path: file.to_owned(),
        what: "OSD map",
        why,
    })
}
