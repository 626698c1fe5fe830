//! Commands about maps in files print what Ceph's tools print; `testdata/README.md` says where that is from.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as its tests do")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

fn loligo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loligo")).args(arguments).output().unwrap()
}

/// What is said on a failure with a status.
fn fails_with(status: i32, arguments: &[&str]) -> String {
    let output = loligo(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn failure(arguments: &[&str]) -> String {
    fails_with(1, arguments)
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
}

#[test]
fn numbers_are_those_of_crushtool() {
    let map = format!("{}/../placement/testdata/crush/jewel.crush", env!("CARGO_MANIFEST_DIR"));
    for (option, number) in [("--num-rep", "+3"), ("--x", "3.5"), ("--set-choose-total-tries", "abc")] {
        let arguments = ["crush", "test", "-i", &map, "--num-rep", "3", option, number];
        assert!(failure(&arguments).contains("a whole number is needed"), "{option}");
    }
    let output = loligo(&["crush", "test", "-i", &map, "--num-rep", "3"]);
    let warning = "WARNING: no output selected; use --output-csv or --show-X\n";
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
        (Some(0), warning)
    );
}

#[test]
fn what_is_no_osd_map_is_refused_with_the_status_of_osdmaptool() {
    let root = env!("CARGO_MANIFEST_DIR");
    let map = format!("{root}/../placement/testdata/crush/jewel.crush");
    assert!(fails_with(255, &["osdmap", &map, "--print"]).contains("no OSD map"));
    assert!(fails_with(255, &["osdmap", "/nowhere", "--print"]).contains("/nowhere: No such file"));
    let folder = TempFolder::new("large");
    let large = folder.path("large");
    // A hole: it takes no room.
    std::fs::File::create(&large).unwrap().set_len((1 << 30) + 1).unwrap();
    let large = large.to_str().unwrap();
    assert!(fails_with(255, &["osdmap", large, "--print"]).contains("more than 1073741824 bytes"));
    assert!(
        failure(&["crush", "test", "-i", large, "--num-rep", "1"]).contains("more than 1073741824 bytes")
    );
    assert!(failure(&["dencoder", "type", "OSDMap", "import", large]).contains("more than 1073741824 bytes"));
}

#[test]
fn what_makes_no_sense_for_an_osd_map_is_refused() {
    let map = format!("{}/../placement/testdata/osdmap/1.osdmap", env!("CARGO_MANIFEST_DIR"));
    for arguments in [&["osdmap", &map][..], &["osdmap", &map, "--test-map-object", "", "--mark-out", "x1"]] {
        let expected = if arguments.len() == 2 { "no action specified?" } else { "the number of an OSD" };
        assert!(failure(arguments).contains(expected));
    }
    let nothing = loligo(&["osdmap", &map, "--mark-out", "1", "--test-map-object", ""]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(nothing.stdout, b"marking OSD@1 as out\n");
    let said = format!("osdmaptool: osdmap file '{map}'\nloligo: no action specified?\n");
    assert_eq!(String::from_utf8(nothing.stderr).unwrap(), said);
    assert!(failure(&["osdmap", "--print"]).contains("must specify osdmap filename"));
    assert!(failure(&["osdmap", "--tree", &map]).contains("must specify osdmap filename"));
    assert!(failure(&["osdmap", &map, "--test-map-pgs", "--pool", "99"]).contains("There is no pool 99"));
    assert!(failure(&["osdmap", &map, "--test-map-pgs", "--pool", "rbd"]).contains("the number of a pool"));
    assert!(failure(&["osdmap", &map, "--pool", "+1", "--print"]).contains("the number of a pool"));
    assert!(failure(&["osdmap", &map, "--tree=table"]).contains("--tree does not know the format table"));
    assert!(failure(&["osdmap", &map, "--dump", "xml"]).contains("--dump does not know the format xml"));
    assert!(failure(&["osdmap", &map, "--test-map-pg", "1"]).contains("failed to parse pg"));
    assert!(failure(&["osdmap", &map, "--test-map-pgs", "--pg-num", "99999999999"]).contains("can be up to"));
}

#[test]
fn names_of_objects_are_bytes() {
    let map = format!("{}/../placement/testdata/osdmap/1.osdmap", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_loligo"))
        .args(["osdmap", &map, "--pool", "1", "--test-map-object"])
        .arg(OsStr::from_bytes(b"a\xffb"))
        .output()
        .unwrap();
    // What osdmaptool prints.
    assert_eq!(output.stdout, b" object 'a\xffb' -> 1.3 -> [1,32]\n");
}

#[test]
fn what_stands_behind_a_map_is_passed_over() {
    let map = format!("{}/../placement/testdata/osdmap/1.osdmap", env!("CARGO_MANIFEST_DIR"));
    let folder = TempFolder::new("behind");
    let longer = folder.path("map");
    std::fs::write(&longer, [std::fs::read(&map).unwrap(), b"trailing".to_vec()].concat()).unwrap();
    let [of_map, of_longer] =
        [map.as_str(), longer.to_str().unwrap()].map(|map| loligo(&["osdmap", map, "--print"]));
    let said = String::from_utf8(of_longer.stderr).unwrap();
    assert!(said.contains("8 bytes behind the map are passed over"), "{said}");
    assert_eq!((of_longer.status.code(), of_longer.stdout), (Some(0), of_map.stdout));
}

/// A folder that goes when the test does.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("loligo-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
