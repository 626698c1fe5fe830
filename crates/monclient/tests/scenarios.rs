//! Scenarios in text: commands, `----`, and what comes out of the machine. Time is virtual.
//!
//! `REWRITE_SCENARIOS=1 cargo test -p loligo-monclient --test scenarios` writes what comes out in place of what is
//! expected; look at the difference before believing it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a scenario that is wrong must fail"
)]

mod script;

use std::fmt::Write as _;
use std::path::Path;

fn run(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name).with_extension("txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut world = script::World::new();
    let mut actual = String::new();
    for block in text.split("\n\n") {
        let (commands, _) = block.split_once("\n----").unwrap_or((block, ""));
        actual.push_str(commands.trim_end());
        if commands.lines().any(|line| !line.starts_with('#')) {
            actual.push_str("\n----");
            for line in commands.lines().filter(|line| !line.starts_with('#')) {
                for said in world.command(line) {
                    write!(actual, "\n{said}").unwrap();
                }
            }
        }
        actual.push_str("\n\n");
    }
    let actual = format!("{}\n", actual.trim_end());
    if std::env::var_os("REWRITE_SCENARIOS").is_some() {
        std::fs::write(&path, actual).unwrap();
    } else {
        assert_eq!(actual, text, "{name}: what comes out is on the left");
    }
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { run(stringify!($name)); })*
    };
}

scenarios! {
    first_login
    hunting
    refused
    lost_and_found
    monitors_change
    requests
    subscriptions
    shutdown
    strangers
    no_spin
    nothing_in_common
}
