//! Scenarios in text: commands, `----`, and what the Objecter answers. `UPDATE_SCENARIOS=1 cargo test` writes the answers
//! anew; read the difference before you keep it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
mod scenario;

use std::path::Path;

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().filter_map(|file| scenario::run_file(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
