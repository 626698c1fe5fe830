//! Prints the mappings of a CRUSH rule as `crushtool --test --show-mappings` prints them, so that the two can be compared:
//!
//! ```text
//! crush_test MAP RULE NUM_REP MAX_X [DEVICE=WEIGHT]...
//! ```
//!
//! MAP is a compiled map (`ceph osd getcrushmap -o MAP`); a weight is a number from 0 to 1.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use loligo_placement::crush::{Workspace, do_rule};
use loligo_wire::Decode;
use loligo_wire::crush::CrushMap;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [map, rule, num_rep, max_x, reweights @ ..] = args.as_slice() else {
        return Err("usage: crush_test MAP RULE NUM_REP MAX_X [DEVICE=WEIGHT]...".into());
    };
    let map = CrushMap::decode_all(&fs::read(map)?.into())?;
    let (rule, num_rep, max_x) = (rule.parse()?, num_rep.parse()?, max_x.parse::<u32>()?);
    let weights = weights(&map, reweights)?;
    let mut work = Workspace::new();
    let (mut found, mut line) = (Vec::new(), String::new());
    for x in 0..=max_x {
        // crushtool places as for the pool 0.
        do_rule(&mut work, &map, rule, x, &mut found, num_rep, &weights, map.choose_args_for(0));
        line.clear();
        for item in &found {
            write!(line, "{}{item}", if line.is_empty() { "" } else { "," })?;
        }
        println!("CRUSH rule {rule} x {x} [{line}]");
    }
    Ok(())
}

/// 1.0 for each device that is in the map, and what the arguments say.
fn weights(map: &CrushMap, reweights: &[String]) -> Result<Vec<u32>, Box<dyn Error>> {
    let mut weights: Vec<u32> = vec![0; usize::try_from(map.max_devices())?];
    for item in map.buckets().flat_map(|bucket| &bucket.items) {
        if let Some(weight) = usize::try_from(*item).ok().and_then(|item| weights.get_mut(item)) {
            *weight = 0x1_0000;
        }
    }
    for reweight in reweights {
        let (device, weight) = reweight.split_once('=').ok_or("DEVICE=WEIGHT")?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a weight is from 0 to 1"
        )]
        let weight = (weight.parse::<f32>()?.clamp(0.0, 1.0) * 65536.0) as u32;
        *weights.get_mut(device.parse::<usize>()?).ok_or("no such device")? = weight;
    }
    Ok(weights)
}
