//! `crush_rule`: the steps that lead from a root to devices.

use alloc::vec::Vec;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features};

/// What a step of a rule does (`enum crush_opcodes`). Unknown ones survive a round trip; the mapper passes over them, as
/// Ceph's does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleOp(pub u32);

macro_rules! ops {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        impl RuleOp {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Its name as `ceph osd crush rule dump` prints it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

ops! {
    /// Nothing.
    NOOP = 0, "noop";
    /// Start at the item `arg1`.
    TAKE = 1, "take";
    /// Choose `arg1` items of type `arg2`, the next one moving up where one is missing.
    CHOOSE_FIRSTN = 2, "choose_firstn";
    /// Choose `arg1` items of type `arg2`, each keeping its position.
    CHOOSE_INDEP = 3, "choose_indep";
    /// Append what is chosen to the result.
    EMIT = 4, "emit";
    /// As [`Self::CHOOSE_FIRSTN`], and one device below each.
    CHOOSELEAF_FIRSTN = 6, "chooseleaf_firstn";
    /// As [`Self::CHOOSE_INDEP`], and one device below each.
    CHOOSELEAF_INDEP = 7, "chooseleaf_indep";
    /// In place of the tunable `choose_total_tries`, `arg1`.
    SET_CHOOSE_TRIES = 8, "set_choose_tries";
    /// In place of the tunable `chooseleaf_descend_once`, `arg1` tries.
    SET_CHOOSELEAF_TRIES = 9, "set_chooseleaf_tries";
    /// In place of the tunable `choose_local_tries`, `arg1`.
    SET_CHOOSE_LOCAL_TRIES = 10, "set_choose_local_tries";
    /// In place of the tunable `choose_local_fallback_tries`, `arg1`.
    SET_CHOOSE_LOCAL_FALLBACK_TRIES = 11, "set_choose_local_fallback_tries";
    /// In place of the tunable `chooseleaf_vary_r`, `arg1`.
    SET_CHOOSELEAF_VARY_R = 12, "set_chooseleaf_vary_r";
    /// In place of the tunable `chooseleaf_stable`, `arg1`.
    SET_CHOOSELEAF_STABLE = 13, "set_chooseleaf_stable";
    /// In a multi-step-retry rule, in place of the tunable `msr_descents`, `arg1` (Squid).
    SET_MSR_DESCENTS = 14, "set_msr_descents";
    /// In a multi-step-retry rule, in place of the tunable `msr_collision_tries`, `arg1` (Squid).
    SET_MSR_COLLISION_TRIES = 15, "set_msr_collision_tries";
    /// In a multi-step-retry rule, choose `arg1` items of type `arg2`; 0 is as many as the result has room for (Squid).
    CHOOSE_MSR = 16, "choosemsr";
}

/// One step of a rule (`struct crush_rule_step`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleStep {
    /// What it does.
    pub op: RuleOp,
    /// The first argument; see the op.
    pub arg1: i32,
    /// The second argument; see the op.
    pub arg2: i32,
}

impl RuleStep {
    /// A step.
    #[must_use]
    pub const fn new(op: RuleOp, arg1: i32, arg2: i32) -> Self {
        Self { op, arg1, arg2 }
    }
}

impl Decode for RuleStep {
    const MIN_SIZE: usize = 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { op: RuleOp(u32::decode(d)?), arg1: i32::decode(d)?, arg2: i32::decode(d)? })
    }
}

impl Encode for RuleStep {
    fn encode(&self, e: &mut Encoder) {
        self.op.0.encode(e);
        self.arg1.encode(e);
        self.arg2.encode(e);
    }
}

/// A rule (`struct crush_rule`): how a pool's PGs find their OSDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// For which pools, and how it is carried out: [`Self::REPLICATED`] or [`Self::ERASURE`], by its steps;
    /// [`Self::MSR_FIRSTN`] or [`Self::MSR_INDEP`], with retries across steps.
    pub rule_type: u8,
    /// The smallest pool size that it is meant for. Not looked at since Quincy; kept, since it is written.
    pub deprecated_min_size: u8,
    /// The largest pool size that it is meant for. Not looked at since Quincy; kept, since it is written.
    pub deprecated_max_size: u8,
    /// What it does, in order.
    pub steps: Vec<RuleStep>,
}

impl Rule {
    /// The type of a rule for replicated pools.
    pub const REPLICATED: u8 = 1;
    /// The type of a rule for erasure-coded pools.
    pub const ERASURE: u8 = 3;
    /// The type of a multi-step-retry rule where later results move up (Squid).
    pub const MSR_FIRSTN: u8 = 4;
    /// The type of a multi-step-retry rule where each result keeps its position (Squid).
    pub const MSR_INDEP: u8 = 5;

    /// Whether this is a multi-step-retry rule.
    #[must_use]
    pub const fn is_msr(&self) -> bool {
        matches!(self.rule_type, Self::MSR_FIRSTN | Self::MSR_INDEP)
    }

    /// Reads slot `number` of the rule table, which may be empty.
    pub(super) fn decode_slot(d: &mut Decoder<'_>, number: u32) -> Result<Option<Self>, DecodeError> {
        if u32::decode(d)? == 0 {
            return Ok(None);
        }
        // The mask stands between the number of steps and the steps.
        let steps = u32::decode(d)?;
        let [ruleset, rule_type, deprecated_min_size, deprecated_max_size] = d.array()?;
        if u32::from(ruleset) != number {
            return Err(DecodeError::Invalid {
                what: "crush ruleset that is not the rule's id",
                value: ruleset.into(),
            });
        }
        let length = u64::from(steps).saturating_mul(RuleStep::MIN_SIZE as u64);
        let mut section = Decoder::new(d.take(usize::try_from(length).unwrap_or(usize::MAX))?);
        let steps = (0..steps).map(|_| RuleStep::decode(&mut section)).collect::<Result<_, _>>()?;
        Ok(Some(Self { rule_type, deprecated_min_size, deprecated_max_size, steps }))
    }

    /// Writes slot `number` of the rule table.
    pub(super) fn encode_slot(&self, e: &mut Encoder, number: u8) {
        1u32.encode(e);
        e.count(self.steps.len());
        number.encode(e);
        self.rule_type.encode(e);
        let (min, max) = if e.features().has(Features::SERVER_QUINCY) {
            (1, 100)
        } else {
            (self.deprecated_min_size, self.deprecated_max_size)
        };
        e.raw(&[min, max]);
        self.steps.iter().for_each(|step| step.encode(e));
    }
}
