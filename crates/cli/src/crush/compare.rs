//! `--compare`: whether another map places alike (`CrushTester::compare`).

use std::io::Write;

use loligo_placement::crush::{Workspace, do_rule};
use loligo_wire::crush::CrushMap;

use super::limits::Limits;
use crate::fail::Fail;
use crate::output::general;

/// Prints for each rule how many inputs the maps place differently; an error where there is any.
pub(super) fn compare(
    map: &CrushMap,
    other: &CrushMap,
    limits: &Limits,
    weights: &[u32],
    out: &mut impl Write,
) -> Result<(), Fail> {
    let mut differ = false;
    let mut work = [Workspace::new(), Workspace::new()];
    for number in limits.rules(map) {
        let Some(rule) = u8::try_from(number).ok().filter(|rule| map.rule(*rule).is_some()) else { continue };
        let mut bad = 0i64;
        for num_rep in limits.replicas.0..=limits.replicas.1 {
            for x in limits.inputs.0..=limits.inputs.1 {
                let [ours, theirs] = [(map, 0), (other, 1)].map(|(map, at)| {
                    let mut found = Vec::new();
                    let wanted = usize::try_from(num_rep).unwrap_or(0);
                    if let Some(work) = work.get_mut(at) {
                        let args = map.choose_args_for(0);
                        do_rule(work, map, rule, x.cast_unsigned(), &mut found, wanted, weights, args);
                    }
                    found
                });
                bad += i64::from(ours != theirs);
            }
        }
        differ |= bad > 0;
        let all = limits.objects() * (i64::from(limits.replicas.1) - i64::from(limits.replicas.0) + 1);
        let ratio = general(ratio(bad, all));
        writeln!(out, "rule {rule} had {bad}/{all} mismatched mappings ({ratio})")?;
    }
    if differ {
        out.flush()?;
        return Err(Fail::Usage("warning: maps are NOT equivalent".to_owned()));
    }
    Ok(writeln!(out, "maps appear equivalent")?)
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with six digits")]
fn ratio(part: i64, all: i64) -> f64 {
    part as f64 / all as f64
}
