//! Where the values are that Ceph itself has encoded: ceph-object-corpus.
#![allow(dead_code, reason = "each test that takes this in uses another part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

extern crate std;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;
use std::{eprintln, format, fs};

use bytes::Bytes;

/// The versions of Ceph whose values are looked at.
pub(crate) const ARCHIVES: [&str; 5] = [
    "15.2.1-40-ga838bb1aae",
    "16.2.0-90-g50f1821b4c",
    "18.2.0",
    "19.2.0-404-g78ddc7f9027",
    "20.3.0-4314-g034eb49a9ce",
];

/// Older versions, of which only requests to OSDs and their answers are looked at.
pub(crate) const OLD_ARCHIVES: [&str; 6] = [
    "0.52",
    "0.61.4-60-g24c59be",
    "0.66-500-g93b3e63",
    "0.80-rc1-35-g4812150",
    "0.94.2-207-g88e7ee7",
    "11.2.0-280-g34e04de",
];

/// Values by the version of Ceph that encoded them and by type.
pub(crate) struct Corpus(PathBuf);

impl Corpus {
    /// The one that `CEPH_OBJECT_CORPUS` names. Where there is none, that is said of `what` cannot be compared, also in the
    /// file that `LOLIGO_TEST_SKIPPED` names.
    pub(crate) fn find(what: &str) -> Option<Self> {
        let root = std::env::var_os("CEPH_OBJECT_CORPUS").map(PathBuf::from).filter(|root| root.is_dir());
        if root.is_none() {
            skip(&format!("{what}: set CEPH_OBJECT_CORPUS to the folder archive of ceph-object-corpus"));
        }
        root.map(|root| Self::at(&root))
    }

    /// A clone of ceph-object-corpus, its folder `archive`, or a folder like that.
    pub(crate) fn at(root: &Path) -> Self {
        let archive = root.join("archive");
        Self(if archive.is_dir() { archive } else { root.to_path_buf() })
    }

    /// The types of which there are values. The clone has them below `VERSION/objects`.
    pub(crate) fn types(&self, version: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.objects(version)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn objects(&self, version: &str) -> PathBuf {
        let version_dir = self.0.join(version);
        let objects = version_dir.join("objects");
        if objects.is_dir() { objects } else { version_dir }
    }

    /// The values of a type, as `VERSION/TYPE/HASH` and in that order.
    pub(crate) fn values(&self, version: &str, type_name: &str) -> Vec<(String, Bytes)> {
        let Ok(entries) = fs::read_dir(self.objects(version).join(type_name)) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let value = |file: PathBuf| {
            let hash = file.file_name().unwrap_or_default().display();
            (format!("{version}/{type_name}/{hash}"), Bytes::from(fs::read(&file).unwrap()))
        };
        files.into_iter().map(value).collect()
    }
}

/// Says it, also where the output of a test that passes is not shown.
fn skip(what: &str) {
    eprintln!("SKIPPED {what}");
    if let Some(file) = std::env::var_os("LOLIGO_TEST_SKIPPED") {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{what}\n").as_bytes()).unwrap();
    }
}
