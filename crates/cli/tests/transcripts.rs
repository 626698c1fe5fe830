//! Commands about maps in files print what Ceph's tools print; `testdata/README.md` says where that is from.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn run(folder: &Path, arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_loligo"))
        .current_dir(folder)
        .args(arguments.split(' '))
        .env("TZ", "Europe/Berlin")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the commands of a transcript in a folder of the workspace.
fn replay(transcript: &str, folder: &str) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("testdata").join(transcript)).unwrap();
    let folder = root.join("../..").join(folder);
    let mut commands = 0;
    for block in text.split("$ ").skip(1) {
        let (arguments, expected) = block.split_once('\n').unwrap();
        let printed = run(&folder, arguments);
        for (ours, theirs) in printed.lines().zip(expected.lines()) {
            assert_eq!(ours, theirs, "{arguments}");
        }
        assert_eq!(printed, expected, "{arguments}");
        commands += 1;
    }
    assert!(commands >= 7, "{transcript}: {commands}");
}

#[test]
fn crush_test_prints_what_crushtool_prints() {
    replay("crush.txt", "crates/placement/testdata/crush");
}

#[test]
fn crush_test_writes_the_files_of_crushtool() {
    let map = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../placement/testdata/crush/jewel.crush");
    let folder = std::env::temp_dir().join(format!("loligo-crush-csv-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let arguments = "--rule 0 --num-rep 2 --min-x 0 --max-x 9 --batches 3 --weight 3 0.5 --output-name t";
    run(&folder, &format!("crush test -i {} {arguments} --output-csv", map.display()));
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let mut written = String::new();
    for name in names {
        written += &format!("== {}\n", name.display());
        written += &std::fs::read_to_string(folder.join(name)).unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(written, include_str!("../testdata/crush-csv.txt"));
}

#[test]
fn osdmap_prints_what_osdmaptool_prints() {
    replay("osdmap.txt", "crates/placement/testdata/osdmap");
}

#[test]
fn maps_of_a_cluster_are_printed_as_osdmaptool_prints_them() {
    replay("osdmap-cluster.txt", "tests/golden/pacific/osdmap");
}

#[test]
fn a_map_is_dumped_as_osdmaptool_dumps_it() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wire/testdata/pacific");
    let pretty = run(&folder, "osdmap osdmap-93 --dump json-pretty");
    assert_eq!(pretty, std::fs::read_to_string(folder.join("osdmap-93.json")).unwrap());
    let line = run(&folder, "osdmap osdmap-93 --dump json");
    assert!(line.starts_with("{\"epoch\":93,") && line.ends_with("}}"), "{line}");
    assert_eq!(run(&folder, "osdmap osdmap-93 --dump plain"), run(&folder, "osdmap osdmap-93 --print"));
}

fn failure(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_loligo")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_no_map_is_refused() {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = format!("{root}/testdata/README.md");
    let map = format!("{root}/../placement/testdata/crush/jewel.crush");
    assert!(failure(&["crush", "test", "-i", &text, "--num-rep", "3"]).contains("no CRUSH map"));
    assert!(failure(&["crush", "test", "-i", "/nowhere", "--num-rep", "3"]).contains("/nowhere"));
    assert!(failure(&["crush", "test", "-i", &map, "--show-mappings"]).contains("must specify --num-rep"));
    let weight = ["crush", "test", "-i", &map, "--num-rep", "3", "--weight", "x", "1"];
    assert!(failure(&weight).contains("--weight needs"));
    let many = [
        "crush",
        "test",
        "-i",
        &map,
        "--num-rep",
        "3",
        "--show-choose-tries",
        "--set-choose-total-tries",
        "2000000000",
    ];
    assert!(failure(&many).contains("too many"));
    let other = format!("{root}/../placement/testdata/crush/argonaut.crush");
    let differ = ["crush", "test", "-i", &map, "--compare", &other, "--num-rep", "2"];
    assert!(failure(&differ).contains("maps are NOT equivalent"));
    let rounds = ["crush", "test", "-i", &map, "--num-rep", "3", "--batches", "0"];
    assert!(failure(&rounds).contains("--batches can be"));
    assert!(failure(&["osdmap", &map, "--print"]).contains("no OSD map"));
    let map = format!("{root}/../placement/testdata/osdmap/1.osdmap");
    assert!(failure(&["osdmap", &map]).contains("no action specified"));
    assert!(failure(&["osdmap", "--print"]).contains("must specify osdmap filename"));
    assert!(failure(&["osdmap", &map, "--test-map-pgs", "--pool", "99"]).contains("There is no pool 99"));
    assert!(failure(&["osdmap", &map, "--test-map-pgs", "--pool", "rbd"]).contains("the number of a pool"));
    assert!(failure(&["osdmap", &map, "--tree=xml"]).contains("--tree can be"));
}
