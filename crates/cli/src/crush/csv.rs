//! `--output-csv`: what a test found, in files for other programs (`CrushTester::write_data_set_to_csv`).

use std::fmt::{Display, Write as _};
use std::fs;
use std::path::PathBuf;

use crate::fail::Fail;
use crate::output::general;

/// What a test of a rule with one number of replicas found.
pub(super) struct Found<'a> {
    /// Device weights, 16.16 fixed point.
    pub(super) weights: &'a [u32],
    /// The sum of them.
    pub(super) total: i32,
    /// How often each device was chosen, and how often it should have been.
    pub(super) devices: Vec<(u32, f32)>,
    /// The inputs, and what was chosen for each, as lines.
    pub(super) placements: String,
    /// How often each device was chosen, by round; none where there was only one.
    pub(super) rounds: Vec<Vec<u32>>,
}

/// Where the files of a rule go.
pub(super) struct Files {
    start: String,
}

impl Files {
    /// Their names begin with what was given, and that of the rule, which must not lead to another folder.
    pub(super) fn new(given: Option<&str>, rule: &str) -> Result<Self, Fail> {
        if rule.contains(['/', '\\', '\0']) {
            return Err(Fail::Usage(format!("no files can be named after the rule {rule:?}")));
        }
        Ok(Self { start: given.map_or_else(|| rule.to_owned(), |given| format!("{given}-{rule}")) })
    }

    fn write(&self, what: &str, head: &str, lines: &str) -> Result<(), Fail> {
        let path = PathBuf::from(format!("{}-{what}.csv", self.start));
        fs::write(&path, format!("{head}\n{lines}")).map_err(|why| Fail::file(&path, why))
    }

    /// Writes them all. There were at most so many replicas.
    pub(super) fn write_all(&self, found: &Found<'_>, max_rep: i32) -> Result<(), Fail> {
        const UTILIZATION: &str = "Device ID, Number of Objects Stored, Number of Objects Expected";
        const SHARE: &str = "Device ID, Proportional Weight";
        let used: Vec<_> =
            (0..).zip(&found.devices).filter(|(_, (n, wanted))| *wanted > 0.0 && *n > 0).collect();
        let stored = |devices: &mut dyn Iterator<Item = (usize, &(u32, f32))>| {
            lines(devices.map(|(id, (n, wanted))| {
                (id, format!("{},{}", general((*n).into()), general((*wanted).into())))
            }))
        };
        self.write("device_utilization", UTILIZATION, &stored(&mut used.iter().copied()))?;
        self.write("device_utilization_all", UTILIZATION, &stored(&mut (0..).zip(&found.devices)))?;
        let replicas = (0..max_rep).fold("Input".to_owned(), |head, n| format!("{head}, OSD{n}"));
        self.write("placement_information", &replicas, &found.placements)?;
        let share = |weight: &u32| as_single(*weight) / as_single(found.total.cast_unsigned());
        let shares: Vec<(usize, f32)> = found.weights.iter().map(share).enumerate().collect();
        let printed = |shares: &mut dyn Iterator<Item = &(usize, f32)>| {
            lines(shares.map(|(id, share)| (*id, general((*share).into()))))
        };
        let positive = &mut shares.iter().filter(|(_, share)| *share > 0.0);
        self.write("proportional_weights", SHARE, &printed(positive))?;
        self.write("proportional_weights_all", SHARE, &printed(&mut shares.iter()))?;
        let absolute = found.weights.iter().map(|weight| general((as_single(*weight) / 65_536.0).into()));
        self.write("absolute_weights", "Device ID, Absolute Weight", &lines(absolute.enumerate()))?;
        self.write_rounds(found, used.len())
    }

    /// Both files say how much was stored, as in Ceph; only their heads differ.
    fn write_rounds(&self, found: &Found<'_>, used: usize) -> Result<(), Fail> {
        if found.rounds.is_empty() {
            return Ok(());
        }
        let of_round = |round: &Vec<u32>| round.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let rounds = lines(found.rounds.iter().map(of_round).enumerate());
        for (name, what) in [
            ("batch_device_utilization_all", "Stored"),
            ("batch_device_expected_utilization_all", "Expected"),
        ] {
            let head = (0..used)
                .fold("Batch Round".to_owned(), |head, n| format!("{head}, Objects {what} on OSD{n}"));
            self.write(name, &head, &rounds)?;
        }
        Ok(())
    }
}

/// Each with its number before it.
fn lines<T: Display>(values: impl Iterator<Item = (usize, T)>) -> String {
    let mut text = String::new();
    for (number, value) in values {
        // A String takes everything.
        let _ = writeln!(text, "{number},{value}");
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "in single precision, as it is printed so")]
fn as_single(number: u32) -> f32 {
    number as f32
}
