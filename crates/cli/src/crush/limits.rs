//! Which rules, numbers of replicas and inputs are tried.

use std::ops::RangeInclusive;

use loligo_wire::crush::CrushMap;

use super::Range;
use crate::fail::Fail;

/// The most replicas that are asked for; a pool has 255 at most.
const REPLICAS_MAX: i32 = 1 << 16;

/// The first and the last of each.
pub(super) struct Limits {
    pub(super) rules: (i32, i32),
    /// Both -1 where nothing was said of them.
    pub(super) replicas: (i32, i32),
    pub(super) inputs: (i32, i32),
}

impl Limits {
    pub(super) fn new(range: &Range) -> Result<Self, Fail> {
        let Range { rule, min_rule, max_rule, num_rep, min_rep, max_rep, x, min_x, max_x } = *range;
        let both = |one: Option<i32>, min, max| one.map_or((min, max), |one| (one, one));
        let given =
            |(min, max): (i32, i32), otherwise| if min < 0 || max < 0 { otherwise } else { (min, max) };
        let replicas = both(num_rep, min_rep, max_rep);
        if replicas.1 > REPLICAS_MAX {
            return Err(Fail::Usage(format!("more than {REPLICAS_MAX} replicas make no sense")));
        }
        Ok(Self {
            rules: given(both(rule, min_rule, max_rule), (0, i32::MAX)),
            replicas,
            inputs: given(both(x, min_x, max_x), (0, 1023)),
        })
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
