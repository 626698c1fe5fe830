//! Where PGs and objects are, as Ceph's tools and the monitor say.

use anyhow::{Result, bail};

use super::capture::Capture;
use super::steps::{Step, last_epoch};
use crate::ceph::answer_line;

/// Names of many kinds: short, long, not ASCII, with what shells and paths treat in special ways.
const NAMES: &[&str] = &[
    "a",
    "object",
    "rbd_data.1234567890ab.0000000000000000",
    "10000000000.00000000",
    "with space",
    "with/slash",
    "%percent%25",
    "ünïcödé",
    "日本語の名前",
    "-dash",
    "dot.",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
];

/// Pools at the last step.
const POOLS: &[&str] = &["thirtytwo", "twelve", "eight"];

/// Namespaces; the empty one is the default.
const NAMESPACES: &[&str] = &["", "ns", "another namespace"];

/// Captures what there is about placement at the steps' epochs.
pub(crate) fn capture(capture: &Capture<'_>, steps: &[Step]) -> Result<()> {
    let mut epochs: Vec<u32> = steps.iter().map(|step| step.epoch).collect();
    epochs.dedup();
    for epoch in epochs {
        osdmap(capture, epoch)?;
    }
    crush(capture)?;
    monmap(capture)?;
    objects(capture, last_epoch(steps))
}

fn osdmap(capture: &Capture<'_>, epoch: u32) -> Result<()> {
    let map = capture.ceph(&format!("osd getmap {epoch}"))?;
    let file = format!("osdmap/full_{epoch}");
    capture.write(&file, &map.stdout)?;
    let print = capture.tool("osdmaptool", &[&file, "--print"])?;
    capture.write(&format!("osdmap/{epoch}.print"), &print.stdout)?;
    let pgs = capture.tool("osdmaptool", &[&file, "--test-map-pgs-dump-all"])?;
    capture.write(&format!("osdmap/{epoch}.pgs"), &pgs.stdout)?;
    Ok(())
}

fn crush(capture: &Capture<'_>) -> Result<()> {
    let map = capture.ceph("osd getcrushmap")?;
    capture.write("crush/map", &map.stdout)?;
    let text = capture.tool("crushtool", &["-d", "crush/map"])?;
    capture.write("crush/map.txt", &text.stdout)?;
    for replicas in ["1", "2", "3", "4"] {
        let arguments = [
            "-i",
            "crush/map",
            "--test",
            "--show-mappings",
            "--num-rep",
            replicas,
            "--min-x",
            "0",
            "--max-x",
            "255",
        ];
        let mappings = capture.tool("crushtool", &arguments)?;
        capture.write(&format!("crush/mappings_{replicas}"), &mappings.stdout)?;
    }
    Ok(())
}

fn monmap(capture: &Capture<'_>) -> Result<()> {
    let map = capture.ceph("mon getmap")?;
    capture.write("monmap/map", &map.stdout)?;
    let print = capture.tool("monmaptool", &["--print", "monmap/map"])?;
    capture.write("monmap/map.print", &print.stdout)?;
    Ok(())
}

fn objects(capture: &Capture<'_>, epoch: u32) -> Result<()> {
    let mut commands = String::new();
    for pool in POOLS {
        for name in NAMES {
            for namespace in NAMESPACES {
                commands.push_str(&format!("osd map {pool} \"{name}\" \"{namespace}\"\n"));
            }
        }
    }
    let lines = capture.ceph_lines(&commands, &["--format", "json"])?;
    let wanted = POOLS.len() * NAMES.len() * NAMESPACES.len();
    let answers: Vec<&String> = lines.iter().filter(|line| line.contains("\"raw_pgid\"")).collect();
    if answers.len() != wanted {
        bail!("{wanted} objects were asked for and {} placed", answers.len());
    }
    if !answers.iter().all(|answer| answer.contains(&format!("\"epoch\":{epoch},"))) {
        bail!("the map moved on from epoch {epoch} while objects were asked for");
    }
    let text: Vec<u8> = answers.iter().flat_map(|answer| answer_line(answer)).collect();
    capture.write("objects", &text)
}
