//! `loligo crush`: CRUSH maps in files, with the words of `crushtool`.
//!
//! As there, of an option that is given twice the last one counts. Otherwise than there, an option without its value, and a word
//! where a number is needed, are refused, even where crushtool takes them for nothing or for 1; messages begin with `loligo: `.

mod check;
mod compare;
mod csv;
mod expected;
mod limits;
mod simulate;
mod tester;

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Subcommand};
use loligo_wire::crush::{CrushMap, Tunables};
use loligo_wire::{Decode, Decoder, Encode, Features};

use crate::fail::Fail;
use crate::{files, numbers};
use limits::{Limits, Range};
use tester::Tester;

/// What to do with a CRUSH map.
#[derive(Debug, Subcommand)]
pub(crate) enum CrushCommand {
    /// Try a range of inputs on a CRUSH map, as crushtool --test does
    Test(Box<CrushTest>),
}

const NOT_THERE: &str = "\
Of the options of crushtool these are not there: --mark-down-ratio and --mark-down-bucket-ratio of the testing part, and the other \
parts: --compile, --decompile, --build, --dump, --tree, --bucket-tree, --show-location, --reweight, --reclassify, \
--rebuild-class-roots, and all that add, change, move or remove an item, a bucket or a rule.";

/// The options of `crushtool --test`. Words may be joined by - or _.
#[derive(Args, Debug)]
#[command(after_long_help = NOT_THERE)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of crushtool")]
pub(crate) struct CrushTest {
    /// The compiled map, as ceph osd getcrushmap writes it; - for standard input
    #[arg(short, long, visible_alias = "infn", value_name = "MAP")]
    pub(crate) input: PathBuf,
    /// Where to write the map with the tunables that --set-... changed
    #[arg(short, long, visible_alias = "outfn", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Draw devices at random in place of those that the rules find; always the same, as crushtool does
    #[arg(short, long)]
    pub(crate) simulate: bool,
    /// Say where the map was written
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Accepted as crushtool has it: needed beside --check and --compare alone, which else are all that is done
    #[arg(short, long)]
    pub(crate) test: bool,
    /// First see whether the map names all buckets and types that it has, and no device from this number on; 0 for any device
    #[arg(long, value_name = "MAX_ID", allow_negative_numbers = true, value_parser = numbers::int)]
    pub(crate) check: Option<i32>,
    /// Tell how many inputs another map places differently; fail where it is any
    #[arg(long, value_name = "MAP")]
    pub(crate) compare: Option<PathBuf>,
    /// Write what was found to files, too, in the current folder, named after the rules; of several numbers of replicas, the
    /// last one
    #[arg(long, alias = "output_csv")]
    pub(crate) output_csv: bool,
    /// What the names of those files begin with, which may lead to another folder
    #[arg(long, alias = "output_name", value_name = "NAME")]
    pub(crate) output_name: Option<String>,
    /// Split the inputs into so many rounds, which get files of their own
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) batches: u32,
    #[command(flatten)]
    pub(crate) range: Range,
    /// Place as for this pool: inputs are hashed with its number
    #[arg(long, alias = "pool_id", value_name = "POOL", allow_negative_numbers = true)]
    pub(crate) pool_id: Option<i64>,
    /// The weight of a device, from 0 to 1, in place of 1; may be given several times. What stands behind a number is passed
    /// over; 32768 and more are 0, as in Ceph
    #[arg(short, long, num_args = 2, value_names = ["DEVICE", "WEIGHT"], allow_negative_numbers = true)]
    pub(crate) weight: Vec<String>,
    /// Print each mapping
    #[arg(long, alias = "show_mappings")]
    pub(crate) show_mappings: bool,
    /// Print each mapping that has fewer devices than were asked for
    #[arg(long, alias = "show_bad_mappings")]
    pub(crate) show_bad_mappings: bool,
    /// Print how many mappings have how many devices
    #[arg(long, alias = "show_statistics")]
    pub(crate) show_statistics: bool,
    /// Print how often each device was chosen that was, and how often it should have been
    #[arg(long, alias = "show_utilization")]
    pub(crate) show_utilization: bool,
    /// The same for all devices
    #[arg(long, alias = "show_utilization_all")]
    pub(crate) show_utilization_all: bool,
    /// Print how many tries it took to choose
    #[arg(long, alias = "show_choose_tries")]
    pub(crate) show_choose_tries: bool,
    #[command(flatten)]
    pub(crate) tunables: SetTunables,
}

/// Tunables to use in place of those of the map. What is less than 0 is not given.
#[derive(Args, Debug)]
pub(crate) struct SetTunables {
    /// choose_local_tries
    #[arg(
        long = "set-choose-local-tries",
        alias = "set_choose_local_tries",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    choose_local_tries: Option<i32>,
    /// choose_local_fallback_tries
    #[arg(
        long = "set-choose-local-fallback-tries",
        alias = "set_choose_local_fallback_tries",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    choose_local_fallback_tries: Option<i32>,
    /// choose_total_tries
    #[arg(
        long = "set-choose-total-tries",
        alias = "set_choose_total_tries",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    choose_total_tries: Option<i32>,
    /// chooseleaf_descend_once
    #[arg(
        long = "set-chooseleaf-descend-once",
        alias = "set_chooseleaf_descend_once",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    chooseleaf_descend_once: Option<i32>,
    /// chooseleaf_vary_r
    #[arg(
        long = "set-chooseleaf-vary-r",
        alias = "set_chooseleaf_vary_r",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    chooseleaf_vary_r: Option<i32>,
    /// chooseleaf_stable
    #[arg(
        long = "set-chooseleaf-stable",
        alias = "set_chooseleaf_stable",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    chooseleaf_stable: Option<i32>,
    /// straw_calc_version: matters only where straws are computed anew, which is not done here
    #[arg(
        long = "set-straw-calc-version",
        alias = "set_straw_calc_version",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    straw_calc_version: Option<i32>,
    /// allowed_bucket_algs
    #[arg(
        long = "set-allowed-bucket-algs",
        alias = "set_allowed_bucket_algs",
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = numbers::int
    )]
    allowed_bucket_algs: Option<i32>,
}

impl SetTunables {
    /// Whether any was given.
    fn apply(&self, tunables: &mut Tunables) -> bool {
        let wide = [
            (self.choose_local_tries, &mut tunables.choose_local_tries),
            (self.choose_local_fallback_tries, &mut tunables.choose_local_fallback_tries),
            (self.choose_total_tries, &mut tunables.choose_total_tries),
            (self.chooseleaf_descend_once, &mut tunables.chooseleaf_descend_once),
            (self.allowed_bucket_algs, &mut tunables.allowed_bucket_algs),
        ];
        let narrow = [
            (self.chooseleaf_vary_r, &mut tunables.chooseleaf_vary_r),
            (self.chooseleaf_stable, &mut tunables.chooseleaf_stable),
            (self.straw_calc_version, &mut tunables.straw_calc_version),
        ];
        let mut any = false;
        for (given, tunable) in wide {
            if let Some(value) = given.and_then(|value| u32::try_from(value).ok()) {
                *tunable = value;
                any = true;
            }
        }
        for (given, tunable) in narrow {
            if let Some(value) = given.filter(|value| *value >= 0) {
                // A byte in the map, of which Ceph keeps the low bits.
                [*tunable, ..] = value.to_le_bytes();
                any = true;
            }
        }
        any
    }
}

pub(crate) fn run(command: &CrushCommand) -> Result<(), Fail> {
    let CrushCommand::Test(args) = command;
    let tests = args.test || args.compare.is_none() && args.check.is_none();
    if tests && !args.shows_anything() {
        eprintln!("WARNING: no output selected; use --output-csv or --show-X");
    }
    let mut map = read(&args.input)?;
    let modified = args.tunables.apply(&mut map.tunables);
    let limits = Limits::new(&args.range)?;
    let weights = tester::weights(&map, &args.weight)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if let Some(max_id) = args.check {
        check::check(&map, max_id, &mut out)?;
    }
    if tests {
        Tester::new(&map, args, &limits, weights.clone())?.run(&mut out)?;
    }
    if let Some(other) = &args.compare {
        compare::compare(&map, &read(other)?, &limits, &weights, &mut out)?;
    }
    if modified {
        match &args.output {
            Some(file) => {
                fs::write(file, map.to_bytes(Features::ALL)).map_err(|why| Fail::file(file, why))?;
                if args.verbose > 0 {
                    writeln!(out, "wrote crush map to {}", file.display())?;
                }
            }
            None => writeln!(
                out,
                "crushtool successfully built or modified map.  Use '-o <file>' to write it out."
            )?,
        }
    }
    out.flush()?;
    Ok(())
}

impl CrushTest {
    const fn shows_anything(&self) -> bool {
        self.show_mappings
            || self.show_bad_mappings
            || self.show_statistics
            || self.show_utilization
            || self.show_utilization_all
            || self.show_choose_tries
            || self.output_csv
            || self.compare.is_some()
            || self.check.is_some()
    }
}

fn read(file: &Path) -> Result<CrushMap, Fail> {
    let bytes = files::read_or_stdin(file)?.into();
    let mut d = Decoder::of(&bytes);
    let map = CrushMap::decode(&mut d).map_err(|why| Fail::Content {
        path: file.to_owned(),
        what: "CRUSH map",
        why,
    })?;
    warn_of_rest(file, &d);
    Ok(map)
}

/// Ceph's tools do not look at what stands behind a map.
pub(crate) fn warn_of_rest(file: &Path, d: &Decoder<'_>) {
    if !d.is_empty() {
        eprintln!("loligo: {}: {} bytes behind the map are passed over", file.display(), d.left());
    }
}
