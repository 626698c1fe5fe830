//! The words of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::crush::CrushCommand;
use crate::msgr::MsgrCommand;
use crate::osdmap::OsdmapArgs;

/// Objects in a Ceph cluster: put, get, list, place and measure them.
///
/// Words and meanings are those of `rados` and `ceph`. The cluster is found as they find it: by -c, $CEPH_CONF or
/// /etc/ceph/ceph.conf; or give the monitors with -m and a keyring with -k.
#[derive(Debug, Parser)]
#[command(name = "loligo", version, max_term_width = 100, args_override_self = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  loligo lspools
  loligo -p data put backup.tar backup.tar
  tar c . | loligo -p data put backup.tar -
  loligo -p data get backup.tar - | tar t
  loligo -p data map backup.tar --format json
  loligo -p data bench 10 write -b 4096 -t 16 --no-cleanup
  loligo -m 192.0.2.1:6789 -k admin.keyring --timeout 5 status

A name that starts with a dash goes behind --: loligo -p data rm -- -odd-name";

/// How the cluster is reached, and what the command is about.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// The ceph.conf to use [default: $CEPH_CONF, /etc/ceph/ceph.conf, ~/.ceph/ceph.conf, ./ceph.conf]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(crate) conf: Option<PathBuf>,
    /// Who to be
    #[arg(short, long, value_name = "NAME", default_value = "client.admin", global = true)]
    pub(crate) name: String,
    /// The keyring with the key of that name [default: the option keyring]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(crate) keyring: Option<PathBuf>,
    /// The monitors, in any form of the option mon_host
    #[arg(short, long, value_name = "MON_HOST", global = true)]
    pub(crate) mon_host: Option<String>,
    /// The pool
    #[arg(short, long, value_name = "POOL", global = true)]
    pub(crate) pool: Option<String>,
    /// The namespace within the pool
    #[arg(
        short = 'N',
        long,
        value_name = "NAMESPACE",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) namespace: String,
    /// The locator key: objects with the same key live in the same place
    #[arg(long, visible_alias = "object-locator", value_name = "KEY", global = true)]
    pub(crate) locator: Option<String>,
    /// How long to wait for the cluster, and for each operation [default: 30 s to connect, then no limit]
    #[arg(long, value_name = "SECS", value_parser = seconds, global = true)]
    pub(crate) timeout: Option<Duration>,
    /// Set an option of Ceph by its name; may be given several times
    #[arg(long, value_name = "OPTION=VALUE", value_parser = option_value, global = true)]
    pub(crate) set: Vec<(String, String)>,
    /// How to print what is a table
    #[arg(short, long, value_name = "FORMAT", default_value = "plain", global = true)]
    pub(crate) format: Format,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Plain,
    /// For programs
    Json,
    /// For programs, indented
    JsonPretty,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Store a file as an object, replacing what was there
    Put {
        /// The object
        object: String,
        /// The file; - for standard input
        file: PathBuf,
        /// Write from this byte of the object on, and leave the rest of it
        #[arg(long, value_name = "BYTES")]
        offset: Option<u64>,
    },
    /// Fetch an object into a file
    Get {
        /// The object
        object: String,
        /// The file; - for standard output
        file: PathBuf,
    },
    /// Print the size and the modification time of an object
    Stat {
        /// The object
        object: String,
    },
    /// Remove objects
    Rm {
        /// The objects
        #[arg(required = true)]
        objects: Vec<String>,
        /// Remove even where the cluster is full
        #[arg(long)]
        force_full: bool,
    },
    /// List the objects of a pool and namespace
    Ls {
        /// List the objects of all namespaces, each with its namespace
        #[arg(long)]
        all: bool,
    },
    /// Append a file to an object
    Append {
        /// The object
        object: String,
        /// The file; - for standard input
        file: PathBuf,
    },
    /// Cut an object off at, or extend it with zeros to, a size
    Truncate {
        /// The object
        object: String,
        /// The size in bytes
        length: u64,
    },
    /// Create an empty object; fails where there is one already
    Create {
        /// The object
        object: String,
    },
    /// Print where an object lives, whether or not it exists
    Map {
        /// The object
        object: String,
    },
    /// List the pools
    Lspools,
    /// Create a pool
    Mkpool {
        /// Its name
        pool: String,
        /// How many placement groups it has [default: the option osd_pool_default_pg_num of the cluster]
        #[arg(long, value_name = "N")]
        pg_num: Option<u32>,
        /// How many copies of each object it keeps [default: the option osd_pool_default_size of the cluster]
        #[arg(long, value_name = "N")]
        size: Option<u32>,
    },
    /// Remove a pool with all its objects
    Rmpool {
        /// Its name
        pool: String,
        /// Its name, again
        again: String,
        /// Yes
        #[arg(long)]
        yes_i_really_really_mean_it: bool,
    },
    /// Print how full the cluster and its pools are
    Df,
    /// Print how the cluster does
    Status,
    /// Measure how fast objects are written or read
    Bench(Bench),
    /// Read, print and write values in Ceph's encoding, with the words of ceph-dencoder; no cluster is needed
    #[command(disable_help_flag = true)]
    Dencoder {
        /// What to do, from left to right; help tells the words
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORD")]
        words: Vec<OsString>,
    },
    /// Print the messages of captured messenger connections, v1 and v2 in crc mode, one per line; no cluster is needed
    Dissect {
        /// The capture, pcap or pcapng; - for standard input, like that of tcpdump -w -
        file: PathBuf,
        /// Print the handshakes, acknowledgements and signs of life, too
        #[arg(long)]
        all: bool,
    },
    /// Look into a CRUSH map in a file, as crushtool does; no cluster is needed
    #[command(subcommand)]
    Crush(CrushCommand),
    /// Look into an OSD map in a file, as osdmaptool does; no cluster is needed
    Osdmap(Box<OsdmapArgs>),
    /// The messenger alone: what is behind an address, and how fast messages go; no cluster is needed
    #[command(subcommand)]
    Msgr(MsgrCommand),
}

/// A measurement, in the words of `rados bench`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Bench {
    /// How long to go on, in seconds
    pub(crate) seconds: u64,
    /// What to do
    pub(crate) mode: BenchMode,
    /// The size of one operation in bytes, or with K, M
    #[arg(short, long, value_name = "SIZE", default_value = "4194304", value_parser = size)]
    pub(crate) block_size: u64,
    /// The size of an object, where it is more than one operation
    #[arg(short = 'O', long, value_name = "SIZE", value_parser = size)]
    pub(crate) object_size: Option<u64>,
    /// How many operations are under way at once
    #[arg(short = 't', long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) concurrent_ios: u32,
    /// Leave the objects, so that they can be read
    #[arg(long)]
    pub(crate) no_cleanup: bool,
    /// Do not compare what is read
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// The name of the object that remembers the run
    #[arg(long, value_name = "NAME", default_value = "benchmark_last_metadata")]
    pub(crate) run_name: String,
    /// Write no more objects than this; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_objects: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchMode {
    /// Write new objects
    Write,
    /// Read in the order of writing
    Seq,
    /// Read in random order
    Rand,
}

impl Command {
    /// Whether it is about a pool that -p names.
    pub(crate) const fn needs_pool(&self) -> bool {
        match self {
            Self::Put { .. }
            | Self::Get { .. }
            | Self::Stat { .. }
            | Self::Rm { .. }
            | Self::Ls { .. }
            | Self::Append { .. }
            | Self::Truncate { .. }
            | Self::Create { .. }
            | Self::Map { .. }
            | Self::Bench(_) => true,
            Self::Lspools
            | Self::Mkpool { .. }
            | Self::Rmpool { .. }
            | Self::Df
            | Self::Status
            | Self::Dencoder { .. }
            | Self::Dissect { .. }
            | Self::Crush(_)
            | Self::Msgr(_)
            | Self::Osdmap(_) => false,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is needed, like 3 or 0.5".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|timeout| !timeout.is_zero())
        .ok_or_else(|| "it must be more than 0 seconds".to_owned())
}

fn option_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((option, value)) if !option.trim().is_empty() => {
            Ok((option.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("an option is set as NAME=VALUE, like ms_crc_data=false".to_owned()),
    }
}

fn size(text: &str) -> Result<u64, String> {
    loligo::parse_size(text)
        .filter(|size| *size > 0)
        .ok_or_else(|| "a size is needed, like 4096, 4K or 4M".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_behind_the_command() {
        for line in [
            &["loligo", "-p", "data", "--format", "json", "map", "x"][..],
            &["loligo", "map", "-p", "data", "--format", "json", "x"],
            &["loligo", "map", "x", "-p", "data", "-f", "json"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.global.pool.as_deref(), Some("data"), "{line:?}");
            assert_eq!(cli.global.format, Format::Json);
        }
    }

    #[test]
    fn a_name_that_starts_with_a_dash_goes_behind_two() {
        let cli = Cli::try_parse_from(["loligo", "-p", "data", "rm", "--", "-x", "--y"]).unwrap();
        assert!(matches!(cli.command, Command::Rm { objects, .. } if objects == ["-x", "--y"]));
        assert!(Cli::try_parse_from(["loligo", "-p", "data", "rm", "-x"]).is_err());
    }

    #[test]
    fn wrong_numbers_are_refused() {
        for line in [
            &["loligo", "--timeout", "0", "lspools"][..],
            &["loligo", "--timeout", "-1", "lspools"],
            &["loligo", "--set", "novalue", "lspools"],
            &["loligo", "bench", "1", "write", "-t", "0"],
            &["loligo", "bench", "1", "write", "-b", "0"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
