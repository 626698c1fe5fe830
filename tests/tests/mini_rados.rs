//! Ceph's own `rados` on the small cluster: whether what we speak is what Ceph speaks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loligo_tests::mini::{Mini, POOL, program_of_ceph};

/// A hang of either side must not be one of the tests.
const PATIENCE: Duration = Duration::from_secs(60);

struct Rados {
    program: PathBuf,
    mini: Mini,
}

impl Rados {
    fn start() -> Option<Self> {
        Some(Self { program: program_of_ceph("rados")?, mini: Mini::start() })
    }

    fn dir(&self) -> PathBuf {
        self.mini.cluster.conf_path().parent().unwrap().to_owned()
    }

    /// Runs it, and gives what it printed: it must succeed.
    fn run(&self, args: &[&str]) -> String {
        let (ok, said) = self.attempt(args);
        assert!(ok, "rados {args:?}: {said}");
        said
    }

    fn attempt(&self, args: &[&str]) -> (bool, String) {
        let log = self.dir().join("rados.out");
        let file = std::fs::File::create(&log).unwrap();
        let mut child = Command::new(&self.program)
            .arg("-c")
            .arg(self.mini.cluster.conf_path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.success(), std::fs::read_to_string(&log).unwrap());
            }
            if Instant::now() > end {
                child.kill().unwrap();
                child.wait().unwrap();
                return (false, "still running".to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn file(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.dir().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn rados_reads_what_we_wrote_and_we_read_what_it_wrote() {
    let Some(rados) = Rados::start() else { return };
    let contents: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[1] ^ n.to_le_bytes()[0]).collect();
    let pool = &rados.mini.pool;
    pool.write_full("ours", contents.clone()).wait().unwrap();
    let out = rados.dir().join("out");
    rados.run(&["-p", POOL, "get", "ours", text(&out)]);
    assert_eq!(std::fs::read(&out).unwrap(), contents);
    let file = rados.file("in", &contents);
    rados.run(&["-p", POOL, "-N", "space", "--object-locator", "key", "put", "theirs", text(&file)]);
    let place = pool.clone().with_namespace("space").with_locator_key("key");
    assert_eq!(place.read("theirs", 0, 0).wait().unwrap(), contents);
}

#[test]
fn rados_finds_pools_and_objects_and_their_errors() {
    let Some(rados) = Rados::start() else { return };
    assert_eq!(rados.run(&["lspools"]), format!("{POOL}\n"));
    let file = rados.file("in", b"some text");
    rados.run(&["-p", POOL, "put", "a", text(&file)]);
    rados.run(&["-p", POOL, "append", "a", text(&file)]);
    rados.run(&["-p", POOL, "truncate", "a", "12"]);
    assert!(rados.run(&["-p", POOL, "stat", "a"]).ends_with(", size 12\n"));
    rados.run(&["-p", POOL, "create", "b"]);
    let listed = rados.run(&["-p", POOL, "ls"]);
    let mut names: Vec<_> = listed.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b"]);
    rados.run(&["-p", POOL, "rm", "a"]);
    let (ok, said) = rados.attempt(&["-p", POOL, "stat", "a"]);
    assert!(!ok && said.contains("No such file"), "{said}");
    let (ok, said) = rados.attempt(&["-p", "nopool", "ls"]);
    assert!(!ok && said.contains("No such file"), "{said}");
}

#[test]
fn rados_measures_and_outlives_an_osd() {
    let Some(rados) = Rados::start() else { return };
    let said = rados.run(&["-p", POOL, "bench", "1", "write", "-b", "4096", "-t", "16", "--no-cleanup"]);
    assert!(said.contains("Total writes made"), "{said}");
    rados.mini.cluster.stop_osd(1).unwrap();
    let said = rados.run(&["-p", POOL, "bench", "1", "rand", "-t", "16"]);
    assert!(said.contains("Total reads made"), "{said}");
    rados.mini.cluster.start_osd(1).unwrap();
    rados.run(&["-p", POOL, "cleanup"]);
    assert_eq!(rados.run(&["-p", POOL, "ls"]), "");
}
