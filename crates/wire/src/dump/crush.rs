//! The CRUSH map.

use alloc::format;
use alloc::string::ToString;

use super::{Dump, Formatter};
use crate::crush::{BucketAlg, ChooseArg, CrushMap, Rule, RuleOp, RuleStep, Tunables};

impl Dump for CrushMap {
    fn dump(&self, f: &mut Formatter) {
        self.dump_devices(f);
        self.dump_types(f);
        self.dump_buckets(f);
        f.array("rules", |f| self.rules().for_each(|(id, rule)| self.dump_rule(id, rule, f)));
        f.object("tunables", |f| self.dump_tunables(f));
        f.object("choose_args", |f| {
            for (id, args) in &self.choose_args {
                f.array(&id.to_string(), |f| args.iter().for_each(|(id, arg)| dump_choose_arg(id, arg, f)));
            }
        });
    }
}

impl CrushMap {
    fn dump_devices(&self, f: &mut Formatter) {
        f.array("devices", |f| {
            for id in 0..self.max_devices().min(MAX_DEVICES) {
                f.object("device", |f| {
                    f.dump_int("id", id);
                    match self.name_map().get(&id) {
                        Some(name) => f.dump_string("name", name),
                        None => f.dump_string("name", format!("device{id}")),
                    }
                    if let Some(class) = self.class_map.get(&id).and_then(|class| self.class_name.get(class))
                    {
                        f.dump_string("class", class);
                    }
                });
            }
        });
    }

    fn dump_types(&self, f: &mut Formatter) {
        let dump_type = |f: &mut Formatter, id: i32, name: &str| {
            f.object("type", |f| {
                f.dump_int("type_id", id);
                f.dump_string("name", name);
            });
        };
        f.array("types", |f| {
            if !self.type_map.is_empty() && !self.type_map.contains_key(&0) {
                dump_type(f, 0, "device");
            }
            self.type_map.range(0..).for_each(|(id, name)| dump_type(f, *id, name));
        });
    }

    fn dump_buckets(&self, f: &mut Formatter) {
        f.array("buckets", |f| {
            for bucket in self.buckets() {
                f.object("bucket", |f| {
                    f.dump_int("id", bucket.id);
                    if let Some(name) = self.name_map().get(&bucket.id) {
                        f.dump_string("name", name);
                    }
                    f.dump_int("type_id", bucket.bucket_type);
                    if let Some(name) = self.type_map.get(&bucket.bucket_type.into()) {
                        f.dump_string("type_name", name);
                    }
                    f.dump_int("weight", bucket.weight);
                    f.dump_string("alg", bucket.alg.name());
                    f.dump_string("hash", if bucket.hash == 0 { "rjenkins1" } else { "unknown" });
                    f.array("items", |f| {
                        for (pos, item) in bucket.items.iter().enumerate() {
                            f.object("item", |f| {
                                f.dump_int("id", *item);
                                f.dump_int("weight", bucket.item_weight(pos).unwrap_or(0));
                                f.dump_unsigned("pos", pos as u64);
                            });
                        }
                    });
                });
            }
        });
    }

    fn dump_rule(&self, id: u8, rule: &Rule, f: &mut Formatter) {
        f.object("rule", |f| {
            f.dump_int("rule_id", id);
            if let Some(name) = self.rule_name_map.get(&id.into()) {
                f.dump_string("rule_name", name);
            }
            f.dump_int("type", rule.rule_type);
            f.array("steps", |f| {
                rule.steps.iter().for_each(|step| f.object("step", |f| self.dump_step(*step, f)));
            });
        });
    }

    fn dump_step(&self, step: RuleStep, f: &mut Formatter) {
        match step.op {
            RuleOp::NOOP | RuleOp::EMIT => f.dump_string("op", step.op.name().unwrap_or_default()),
            RuleOp::TAKE => {
                f.dump_string("op", "take");
                f.dump_int("item", step.arg1);
                f.dump_string("item_name", self.name_map().get(&step.arg1).map_or("", |name| name));
            }
            RuleOp::CHOOSE_FIRSTN
            | RuleOp::CHOOSE_INDEP
            | RuleOp::CHOOSELEAF_FIRSTN
            | RuleOp::CHOOSELEAF_INDEP
            | RuleOp::CHOOSE_MSR => {
                f.dump_string("op", step.op.name().unwrap_or_default());
                f.dump_int("num", step.arg1);
                f.dump_string("type", self.type_map.get(&step.arg2).map_or("", |name| name));
            }
            RuleOp::SET_CHOOSE_TRIES
            | RuleOp::SET_CHOOSELEAF_TRIES
            | RuleOp::SET_MSR_DESCENTS
            | RuleOp::SET_MSR_COLLISION_TRIES => {
                f.dump_string("op", step.op.name().unwrap_or_default());
                f.dump_int("num", step.arg1);
            }
            RuleOp(opcode) => {
                f.dump_int("opcode", opcode);
                f.dump_int("arg1", step.arg1);
                f.dump_int("arg2", step.arg2);
            }
        }
    }

    fn dump_tunables(&self, f: &mut Formatter) {
        let needs = Needs::of(self);
        let tunables = &self.tunables;
        f.dump_int("choose_local_tries", tunables.choose_local_tries);
        f.dump_int("choose_local_fallback_tries", tunables.choose_local_fallback_tries);
        f.dump_int("choose_total_tries", tunables.choose_total_tries);
        f.dump_int("chooseleaf_descend_once", tunables.chooseleaf_descend_once);
        f.dump_int("chooseleaf_vary_r", tunables.chooseleaf_vary_r);
        f.dump_int("chooseleaf_stable", tunables.chooseleaf_stable);
        // Since Squid: where a map needs it, it is printed as 20.2 prints it.
        if needs.msr {
            f.dump_int("msr_descents", tunables.msr_descents);
            f.dump_int("msr_collision_tries", tunables.msr_collision_tries);
        }
        f.dump_int("straw_calc_version", tunables.straw_calc_version);
        f.dump_int("allowed_bucket_algs", tunables.allowed_bucket_algs);
        let profile = profile(tunables);
        f.dump_string("profile", profile);
        f.dump_int("optimal_tunables", profile == "jewel");
        f.dump_int("legacy_tunables", profile == "argonaut");
        f.dump_string("minimum_required_version", needs.release());
        f.dump_int("require_feature_tunables", needs.tunables);
        f.dump_int("require_feature_tunables2", needs.tunables2);
        f.dump_int("has_v2_rules", needs.v2_rules);
        f.dump_int("require_feature_tunables3", needs.tunables3);
        f.dump_int("has_v3_rules", needs.v3_rules);
        f.dump_int("has_v4_buckets", needs.v4_buckets);
        f.dump_int("require_feature_tunables5", needs.tunables5);
        f.dump_int("has_v5_rules", needs.v5_rules);
        if needs.msr {
            f.dump_int("has_msr_rules", self.rules().any(|(_, rule)| rule.is_msr()));
        }
    }
}

fn dump_choose_arg(bucket_id: i32, arg: &ChooseArg, f: &mut Formatter) {
    f.object("choose_args", |f| {
        f.dump_int("bucket_id", bucket_id);
        if !arg.weight_set.is_empty() {
            f.array("weight_set", |f| {
                for weights in &arg.weight_set {
                    f.array("weights", |f| weights.iter().for_each(|w| f.dump_float("weight", fixed(*w))));
                }
            });
        }
        if !arg.ids.is_empty() {
            f.array("ids", |f| arg.ids.iter().for_each(|id| f.dump_int("id", *id)));
        }
    });
}

/// A number with 16 bits behind the point, rounded as Ceph rounds it.
#[expect(clippy::cast_precision_loss, reason = "Ceph keeps 24 bits of it, too")]
pub(super) fn fixed(number: u32) -> f64 {
    f64::from(number as f32 / 65_536.0)
}

/// The name of the release that has these tunables.
fn profile(tunables: &Tunables) -> &'static str {
    // What Ceph compares; the version of straw's lengths is not part of it.
    let key = |t: &Tunables| {
        (
            (t.choose_local_tries, t.choose_local_fallback_tries, t.choose_total_tries),
            (t.chooseleaf_descend_once, t.chooseleaf_vary_r, t.chooseleaf_stable, t.allowed_bucket_algs),
            (t.msr_descents, t.msr_collision_tries),
        )
    };
    let profiles = [
        ("jewel", Tunables::jewel()),
        ("hammer", Tunables::hammer()),
        ("firefly", Tunables::firefly()),
        ("bobtail", Tunables::bobtail()),
        ("argonaut", Tunables::argonaut()),
    ];
    let same = |(_, profile): &&(&str, Tunables)| key(profile) == key(tunables);
    profiles.iter().find(same).map_or("unknown", |(name, _)| name)
}

/// What a client must know to carry out a map.
#[expect(clippy::struct_excessive_bools, reason = "these are the questions that Ceph asks, one by one")]
pub(super) struct Needs {
    pub(super) tunables: bool,
    pub(super) tunables2: bool,
    pub(super) tunables3: bool,
    pub(super) tunables5: bool,
    pub(super) v2_rules: bool,
    pub(super) v3_rules: bool,
    pub(super) v4_buckets: bool,
    pub(super) v5_rules: bool,
    pub(super) msr: bool,
}

impl Needs {
    pub(super) fn of(map: &CrushMap) -> Self {
        let t = &map.tunables;
        let any_rule = |ops: &[RuleOp]| map.rules().any(|(_, rule)| has_op(rule, ops));
        Self {
            tunables: (t.choose_local_tries, t.choose_local_fallback_tries, t.choose_total_tries)
                != (2, 5, 19),
            tunables2: t.chooseleaf_descend_once != 0,
            tunables3: t.chooseleaf_vary_r != 0,
            tunables5: t.chooseleaf_stable != 0,
            v2_rules: any_rule(V2_OPS),
            v3_rules: any_rule(V3_OPS),
            v4_buckets: map.buckets().any(|bucket| matches!(bucket.alg, BucketAlg::Straw2 { .. })),
            v5_rules: any_rule(V5_OPS),
            msr: map.rules().any(|(_, rule)| rule.is_msr())
                || (t.msr_descents, t.msr_collision_tries) != (100, 100),
        }
    }

    const fn release(&self) -> &'static str {
        if self.msr {
            "squid"
        } else if self.v5_rules || self.tunables5 {
            "jewel"
        } else if self.v4_buckets {
            "hammer"
        } else if self.tunables3 {
            "firefly"
        } else if self.tunables2 || self.tunables {
            "bobtail"
        } else {
            "argonaut"
        }
    }
}

/// How many devices are printed: a number from a peer must not make us write for ever.
const MAX_DEVICES: i32 = 1 << 20;

/// The ops that made rules need `CRUSH_V2`.
const V2_OPS: &[RuleOp] =
    &[RuleOp::CHOOSE_INDEP, RuleOp::CHOOSELEAF_INDEP, RuleOp::SET_CHOOSE_TRIES, RuleOp::SET_CHOOSELEAF_TRIES];
/// Those that made them need `CRUSH_TUNABLES3`.
pub(super) const V3_OPS: &[RuleOp] = &[RuleOp::SET_CHOOSELEAF_VARY_R];
/// Those that made them need `CRUSH_TUNABLES5`.
pub(super) const V5_OPS: &[RuleOp] = &[RuleOp::SET_CHOOSELEAF_STABLE];

pub(super) fn has_op(rule: &Rule, ops: &[RuleOp]) -> bool {
    rule.steps.iter().any(|step| ops.contains(&step.op))
}
