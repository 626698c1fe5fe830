//! Where Ceph's programs are: installed on the machine, or unpacked in a folder behind small wrapper scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::fetch;
use super::release::Release;
use crate::process;

const VERSION_DEADLINE: Duration = Duration::from_secs(30);

/// Without one of these a cluster cannot be started.
const NEEDED: &[&str] = &[
    "ceph",
    "ceph-authtool",
    "ceph-mgr",
    "ceph-mon",
    "ceph-osd",
    "crushtool",
    "monmaptool",
    "osdmaptool",
    "rados",
];

/// Also given a wrapper where they are unpacked.
const USEFUL: &[&str] = &[
    "ceph-bluestore-tool",
    "ceph-conf",
    "ceph-kvstore-tool",
    "ceph-monstore-tool",
    "ceph-objectstore-tool",
    "rbd",
];

/// The two ends of Ceph's own measurement of its messenger; they come with its tests.
pub(crate) const PERF_MSGR: &[&str] = &["ceph_perf_msgr_client", "ceph_perf_msgr_server"];

/// How Debian and glibc name this processor.
pub(crate) struct Platform {
    /// Debian's architecture.
    pub(crate) debian: &'static str,
    /// The folder of its libraries.
    triplet: &'static str,
    /// The file name of its program loader.
    loader: &'static str,
}

/// The platform of this machine, if Debian's packages of Ceph run on it.
pub(crate) fn platform() -> Option<Platform> {
    match std::env::consts::ARCH {
        "x86_64" => {
            Some(Platform { debian: "amd64", triplet: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" })
        }
        "aarch64" => {
            Some(Platform { debian: "arm64", triplet: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" })
        }
        _ => None,
    }
}

/// Ceph's programs of one release.
pub(crate) struct Tools {
    /// The folder that holds the programs or their wrappers.
    pub(crate) bin: PathBuf,
    /// What `ceph-osd --version` says.
    pub(crate) version: String,
    /// The root folder of an unpacked release; an installed one has its files where it expects them.
    pub(crate) root: Option<PathBuf>,
}

impl Tools {
    /// The programs on PATH if all are there and of this release, else the fetched ones, which are fetched now if
    /// need be.
    pub(crate) fn find(release: Release) -> Result<Tools> {
        match Tools::on_path(release) {
            Some(tools) => Ok(tools),
            None => fetch::fetch(release),
        }
    }

    /// Whether they are here, so that nothing needs to be fetched.
    pub(crate) fn are_here(release: Release) -> bool {
        fetch::home(release).is_dir() || Tools::on_path(release).is_some()
    }

    fn on_path(release: Release) -> Option<Tools> {
        let bin = process::find_on_path("ceph-osd")?.parent()?.to_path_buf();
        if let Some(missing) = NEEDED.iter().find(|name| !bin.join(name).is_file()) {
            eprintln!("ceph: {} has no {missing}; looking elsewhere", bin.display());
            return None;
        }
        let version = version(&bin).ok()?;
        if !version.contains(release.name()) {
            eprintln!("ceph: {} has {version}, not {}; looking elsewhere", bin.display(), release.name());
            return None;
        }
        Some(Tools { root: unpacked_root(&bin), bin, version })
    }

    /// The programs of a fetched release in `home`.
    pub(crate) fn fetched(home: &Path, release: Release) -> Result<Tools> {
        let bin = home.join("bin");
        let version = version(&bin)
            .with_context(|| format!("what was fetched into {} does not run", home.display()))?;
        if !version.contains(release.name()) {
            bail!("{} holds {version}, not {}", home.display(), release.name());
        }
        Ok(Tools { root: unpacked_root(&bin), bin, version })
    }

    /// Options that tell daemons of an unpacked release where its plugins are.
    pub(crate) fn plugin_options(&self) -> Vec<(&'static str, String)> {
        let (Some(root), Some(platform)) = (&self.root, platform()) else { return Vec::new() };
        let libraries = root.join("usr/lib").join(platform.triplet);
        [
            ("erasure_code_dir", libraries.join("ceph/erasure-code")),
            ("plugin_dir", libraries.join("ceph")),
            ("osd_class_dir", libraries.join("rados-classes")),
            ("mgr_module_path", root.join("usr/share/ceph/mgr")),
        ]
        .into_iter()
        .map(|(option, path)| (option, path.display().to_string()))
        .collect()
    }
}

/// The root that wrappers in `bin` lead to, if they are wrappers.
fn unpacked_root(bin: &Path) -> Option<PathBuf> {
    let root = bin.parent()?.join("root");
    root.join("usr/bin/ceph-osd").is_file().then_some(root)
}

fn version(bin: &Path) -> Result<String> {
    Ok(process::run(Command::new(bin.join("ceph-osd")).arg("--version"), VERSION_DEADLINE)?.text())
}

/// Writes `bin/NAME` in `home` for each program below its `root` that clusters need, or are looked into with.
pub(crate) fn write_wrappers(home: &Path) -> Result<()> {
    wrap(home, &[NEEDED, USEFUL].concat())
}

/// Writes `bin/NAME` in `home` for these programs below its `root`.
///
/// A wrapper starts the program through the loader of the unpacked release, with its libraries, so that it does not
/// matter which C library the host has. Paths are taken from the wrapper's own place: the folder can be moved.
pub(crate) fn wrap(home: &Path, names: &[&str]) -> Result<()> {
    let platform = platform().context("no packages of Ceph for this processor")?;
    let bin = home.join("bin");
    fs::create_dir_all(&bin)?;
    // Debian 13 has all libraries below /usr; the folders that were there before are links, which no package brings.
    let is_loader =
        |lib: &&str| home.join("root").join(lib).join(platform.triplet).join(platform.loader).is_file();
    let lib = ["lib", "usr/lib"].into_iter().find(is_loader).context("the packages brought no C library")?;
    let loader = Loader::new(home, lib, &platform);
    for name in names {
        let program = home.join("root/usr/bin").join(name);
        let head = fs::read(&program).with_context(|| format!("the packages brought no {name}"))?;
        let wrapper = bin.join(name);
        fs::write(&wrapper, wrapper_text(name, head.starts_with(b"#!"), &loader))?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The program that starts programs with the libraries of the unpacked release.
struct Loader {
    /// Its path below the root.
    path: String,
    triplet: &'static str,
    /// It can tell a program another name than that of its file, by which some print what they say.
    names_programs: bool,
}

impl Loader {
    fn new(home: &Path, lib: &str, platform: &Platform) -> Loader {
        let path = format!("{lib}/{}/{}", platform.triplet, platform.loader);
        let help = process::run(Command::new(home.join("root").join(&path)).arg("--help"), VERSION_DEADLINE);
        let names_programs = help.is_ok_and(|help| help.text().contains("--argv0"));
        Loader { path, triplet: platform.triplet, names_programs }
    }
}

fn wrapper_text(name: &str, is_python: bool, loader: &Loader) -> String {
    let Loader { path, triplet, names_programs } = loader;
    let argv0 = |name: &str| if *names_programs { format!("--argv0 {name} ") } else { String::new() };
    let program = if is_python {
        format!("{}\"$root/usr/bin/python3\" -s \"$root/usr/bin/{name}\"", argv0("python3"))
    } else {
        format!("{}\"$root/usr/bin/{name}\"", argv0(name))
    };
    format!(
        "#!/bin/sh
here=\"$(readlink -f \"$0\")\"
root=\"${{here%/bin/*}}/root\"
export PYTHONHOME=\"$root/usr\" PYTHONPATH=\"$root/usr/lib/python3/dist-packages\" PYTHONDONTWRITEBYTECODE=1
libraries=\"$root/lib/{triplet}:$root/usr/lib/{triplet}:$root/usr/lib/{triplet}/ceph\"
exec \"$root/{path}\" --library-path \"$libraries\" {program} \"$@\"
"
    )
}
