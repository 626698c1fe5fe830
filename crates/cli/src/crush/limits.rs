//! Which rules, numbers of replicas and inputs are tried.

use std::ops::RangeInclusive;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use loligo_wire::crush::CrushMap;

use crate::fail::Fail;
use crate::numbers;

/// The most replicas that are asked for; a pool has 255 at most.
const REPLICAS_MAX: i32 = 1 << 16;

/// The options, with their other name where they have one, what they take, and what they mean.
const OPTIONS: [(&str, Option<&str>, &str, &str); 9] = [
    ("rule", None, "RULE", "One rule [default: all]"),
    ("min-rule", Some("min_rule"), "RULE", "The first rule"),
    ("max-rule", Some("max_rule"), "RULE", "The last rule"),
    ("num-rep", Some("num_rep"), "N", "One number of replicas"),
    ("min-rep", Some("min_rep"), "N", "The smallest number of replicas"),
    ("max-rep", Some("max_rep"), "N", "The largest number of replicas"),
    ("x", None, "X", "One input [default: 0 to 1023]"),
    ("min-x", Some("min_x"), "X", "The first input"),
    ("max-x", Some("max_x"), "X", "The last input"),
];

/// What is asked for: the first and the last of each; -1 where nothing was said, and what is less than 0 is not given either.
///
/// The option for one of a kind sets both, and of all that set the same the last one on the command line counts.
#[derive(Debug)]
pub(crate) struct Range {
    rules: (i32, i32),
    replicas: (i32, i32),
    inputs: (i32, i32),
}

impl Args for Range {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.map(|(name, alias, value, help)| {
            let option = Arg::new(name).long(name).value_name(value).help(help);
            option.aliases(alias).allow_negative_numbers(true).value_parser(numbers::int)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Range {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name| Some((matches.index_of(name)?, *matches.get_one::<i32>(name)?));
        let last = |one, other| {
            let both = [given(one), given(other)].into_iter().flatten();
            both.max_by_key(|(place, _)| *place).map_or(-1, |(_, value)| value)
        };
        Ok(Self {
            rules: (last("rule", "min-rule"), last("rule", "max-rule")),
            replicas: (last("num-rep", "min-rep"), last("num-rep", "max-rep")),
            inputs: (last("x", "min-x"), last("x", "max-x")),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The first and the last of each.
pub(super) struct Limits {
    pub(super) rules: (i32, i32),
    /// Both -1 where nothing was said of them.
    pub(super) replicas: (i32, i32),
    pub(super) inputs: (i32, i32),
}

impl Limits {
    pub(super) fn new(range: &Range) -> Result<Self, Fail> {
        let Range { rules, replicas, inputs } = *range;
        let given =
            |(min, max): (i32, i32), otherwise| if min < 0 || max < 0 { otherwise } else { (min, max) };
        if replicas.1 > REPLICAS_MAX {
            return Err(Fail::Usage(format!("more than {REPLICAS_MAX} replicas make no sense")));
        }
        Ok(Self { rules: given(rules, (0, i32::MAX)), replicas, inputs: given(inputs, (0, 1023)) })
    }

    /// The numbers of the rules, of which the map may lack some.
    pub(super) fn rules(&self, map: &CrushMap) -> RangeInclusive<i32> {
        let last = i32::try_from(map.max_rules()).unwrap_or(i32::MAX).saturating_sub(1);
        self.rules.0..=last.min(self.rules.1)
    }

    /// How many inputs.
    pub(super) fn objects(&self) -> i64 {
        i64::from(self.inputs.1) - i64::from(self.inputs.0) + 1
    }
}
