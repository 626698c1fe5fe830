//! `loligo osdmap`: OSD maps in files, with the arguments and the output of `osdmaptool`.
//!
//! As there, of an option that is given twice the last one counts, the word behind --tree and --dump is their format, whatever it
//! looks like, and -p is --print. Otherwise than there:
//!
//! - --tree and --dump as the last words are plain, where osdmaptool takes what was said for the option before them;
//! - plain as the last of several formats is plain;
//! - a word where a number is needed, a PG of a pool below 0 and the formats table and html are refused;
//! - messages begin with `loligo: `, and all the usage is not printed with them.

mod balance;
mod compat;
mod edit;
mod format;
mod pgs;
mod pool;
mod print;
mod straws;
mod text;
mod tree;
mod weights;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use loligo_wire::crush::CrushMap;
use loligo_wire::dump::Formatter;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::{Decode, Decoder, PoolId};

use crate::crush::warn_of_rest;
use crate::fail::Fail;
use crate::{files, numbers};
use format::MapFormat;
use pgs::Detail;

/// The arguments of `osdmaptool`. Words may be joined by - or _.
#[derive(Args, Debug)]
#[command(after_long_help = NOT_THERE)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of osdmaptool")]
pub(crate) struct OsdmapArgs {
    /// The map, as ceph osd getmap writes it
    #[arg(value_name = "MAP")]
    file: Option<PathBuf>,
    /// Print the map
    #[arg(short, long)]
    print: bool,
    /// Print the map as plain, json or json-pretty; the latter two without what osdmaptool finds out by placing all PGs
    /// (read_balance). Any other word is json, but xml, table and html are not there
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "plain", allow_hyphen_values = true)]
    dump: Option<String>,
    /// Print the tree of its OSDs as plain, json, json-pretty, xml or xml-pretty. Any other word is json, but table and html are
    /// not there
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "plain", allow_hyphen_values = true)]
    tree: Option<String>,
    /// The number of the only pool that is looked at; -1 for all
    #[arg(long, value_name = "POOL", allow_negative_numbers = true)]
    pool: Option<String>,
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
    #[arg(long, alias = "pg_num", value_name = "N", allow_negative_numbers = true)]
    pg_num: Option<i64>,
    /// Print where an object of --pool is
    #[arg(long, alias = "test_map_object", value_name = "OBJECT", allow_hyphen_values = true)]
    test_map_object: Option<OsString>,
    /// Print how it comes about where a PG is
    #[arg(long, alias = "test_map_pg", value_name = "PG", allow_hyphen_values = true)]
    test_map_pg: Option<String>,
    /// Take all OSDs for up and in
    #[arg(long, alias = "mark_up_in")]
    mark_up_in: bool,
    /// Take an OSD for out
    #[arg(long, alias = "mark_out", value_name = "OSD", allow_negative_numbers = true, value_parser = leading_number)]
    mark_out: Option<i32>,
    /// Take an OSD for up
    #[arg(long, alias = "mark_up", value_name = "OSD", allow_negative_numbers = true, value_parser = leading_number)]
    mark_up: Option<i32>,
    /// Forget what is set for PGs for the time being
    #[arg(long, alias = "clear_temp")]
    clear_temp: bool,
    /// Say that such settings are cleaned up; as in osdmaptool, the map stays as it is
    #[arg(long, alias = "clean_temps")]
    clean_temps: bool,
    /// Write the CRUSH map of the map to a file
    #[arg(long, alias = "export_crush", value_name = "FILE")]
    export_crush: Option<PathBuf>,
}

const NOT_THERE: &str = "\
Of the options of osdmaptool these are not there: --health, --mark-in, --test-random, --test-crush, --range-first, --range-last, and \
all that make or write a map or commands: --createsimple, --create-from-conf, --with-default-pool, --pg-bits, --pgp-bits, --clobber, \
--import-crush, --adjust-crush-weight, --save, --upmap..., --read, --read-pool, --vstart.";

/// The number of an OSD, whatever stands behind it.
fn leading_number(text: &str) -> Result<i32, String> {
    numbers::leading_int(text).ok_or_else(|| "the number of an OSD is needed".to_owned())
}

/// The numbers of all buckets and devices below the roots, in the order in which Ceph prints them.
pub(crate) fn walk(crush: &CrushMap) -> Vec<i32> {
    tree::walk(crush).into_iter().map(|item| item.id).collect()
}

/// Does what is asked for, in the order of `osdmaptool`. `pool` is what --pool says, before or behind the command.
pub(crate) fn run(args: &OsdmapArgs, pool: Option<&str>) -> Result<(), Fail> {
    let file = args.file.as_deref().ok_or_else(no_file)?;
    let dump = args.dump.as_deref().map(|name| MapFormat::of("--dump", name)).transpose()?;
    let tree = args.tree.as_deref().map(|name| MapFormat::of("--tree", name)).transpose()?;
    let mut pool = pool.map(pool_number).transpose()?.filter(|pool| pool.0 != -1);
    eprintln!("osdmaptool: osdmap file '{}'", file.display());
    let mut map = read(file).map_err(|why| Fail::OsdMap(Box::new(why)))?;
    let mut out = BufWriter::new(io::stdout().lock());
    edit::edit(&mut map, args, &mut out)?;
    if let Some(file) = &args.export_crush {
        edit::export_crush(&map, file, &mut out)?;
    }
    if let Some(object) = args.test_map_object.as_deref().filter(|object| !object.is_empty()) {
        let id = pgs::pool_of_object(pool, &mut out)?;
        // It holds for what follows, too.
        pool = Some(id);
        pgs::test_map_object(&map, object.as_bytes(), id, &mut out)?;
    }
    if let Some(pg) = args.test_map_pg.as_deref().filter(|pg| !pg.is_empty()) {
        pgs::test_map_pg(&map, pg, &mut out)?;
    }
    if let Some(detail) = args.detail() {
        pgs::test_map_pgs(&mut map, pool, args.pg_num, detail, &mut out)?;
    }
    if !args.asks_for_anything() {
        out.flush()?;
        return Err(Fail::Usage("no action specified?".to_owned()));
    }
    match dump {
        None if !args.print => {}
        None | Some(MapFormat::Plain) => print::print(&map, &mut out)?,
        // Only the one in lines ends its last one, as in Ceph.
        Some(MapFormat::Json) => write!(out, "{}", Formatter::new().dump(&map))?,
        Some(MapFormat::JsonPretty) => writeln!(out, "{}", Formatter::pretty().dump(&map))?,
        Some(MapFormat::Xml | MapFormat::XmlPretty) => return Err(format::not_there("--dump", "xml")),
    }
    if let Some(format) = tree {
        tree::print_tree(&map, format, &mut out)?;
    }
    out.flush()?;
    Ok(())
}

fn no_file() -> Fail {
    Fail::Usage(
        "must specify osdmap filename; a word right behind --tree or --dump is their format".to_owned(),
    )
}

fn pool_number(text: &str) -> Result<PoolId, Fail> {
    let number = numbers::int(text).map(|number| PoolId(number.into()));
    number.map_err(|_| {
        Fail::Usage(format!("--pool is the number of a pool here, as in osdmaptool, not {text}"))
    })
}

impl OsdmapArgs {
    fn asks_for_anything(&self) -> bool {
        self.print
            || self.dump.is_some()
            || self.tree.is_some()
            || self.detail().is_some()
            || self.test_map_object.as_ref().is_some_and(|object| !object.is_empty())
            || self.test_map_pg.as_ref().is_some_and(|pg| !pg.is_empty())
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
    let bytes = files::read(file)?.into();
    let mut d = Decoder::of(&bytes);
    let map = OSDMap::decode(&mut d).map_err(|why| Fail::Content {
        path: file.to_owned(),
        what: "OSD map",
        why,
    })?;
    warn_of_rest(file, &d);
    Ok(map)
}
