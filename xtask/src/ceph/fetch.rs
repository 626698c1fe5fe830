//! Fetching a release of Ceph from Debian's archive into a folder, without touching the system.
//!
//! apt resolves and downloads with a private state, so it sees neither the host's sources nor what is
//! installed, and needs no root; `dpkg-deb` unpacks. Nothing is configured and no script of a package runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::release::Release;
use super::tools::{self, PERF_MSGR, Tools};
use crate::process;
use crate::workspace;

const UPDATE_DEADLINE: Duration = Duration::from_secs(180);
const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(900);
const UNPACK_DEADLINE: Duration = Duration::from_secs(120);
const VERSION_DEADLINE: Duration = Duration::from_secs(30);

/// The key ring that comes with Debian and its derivatives.
const DEBIAN_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Returns the release's tools, fetching them if they are not there yet.
///
/// # Errors
/// Says what is missing on this machine and how to get it, or which step failed.
pub(crate) fn fetch(release: Release) -> Result<Tools> {
    let home = home(release);
    if home.is_dir() {
        return Tools::fetched(&home, release);
    }
    let started = Instant::now();
    check_host()?;
    let parent = workspace::generated().join("ceph");
    remove_leftovers(&parent, release)?;
    let partial = partial(&parent, release);
    let result = fill(&partial, release)
        .and_then(|()| Tools::fetched(&partial, release))
        .and_then(|_| publish(&partial, &home));
    if result.is_err() {
        // The first fault is the one to report.
        let _ = fs::remove_dir_all(&partial);
    }
    result?;
    eprintln!("ceph: fetched into {} in {} s", home.display(), started.elapsed().as_secs());
    Tools::fetched(&home, release)
}

/// Where a fetch works that is not done yet.
fn partial(parent: &Path, release: Release) -> PathBuf {
    parent.join(format!("{}.partial-{}", release.name(), std::process::id()))
}

/// Where a fetched release lives. It exists only when it is whole.
pub(crate) fn home(release: Release) -> PathBuf {
    workspace::generated().join("ceph").join(release.name())
}

/// Returns the folder with both ends of Ceph's own measurement of its messenger: that of PATH if they are there, else that of
/// the release, fetched if need be.
///
/// # Errors
/// As [`fetch`], and where the release has no package of them.
pub(crate) fn fetch_perf_msgr(release: Release) -> Result<PathBuf> {
    if let Some(found) =
        process::find_on_path("ceph_perf_msgr_client").and_then(|file| Some(file.parent()?.to_owned()))
    {
        return Ok(found);
    }
    let package = release.test_package().with_context(|| {
        format!("Debian has no test programs of {}; reef and tentacle have them", release.name())
    })?;
    let tools = fetch(release)?;
    let missing = |name: &&&str| !tools.bin.join(name).is_file();
    if PERF_MSGR.iter().find(missing).is_some() {
        let partial = partial(&workspace::generated().join("ceph"), release);
        let result = add_tests(&partial, release, package);
        // The first fault is the one to report.
        let _ = fs::remove_dir_all(&partial);
        result?;
    }
    Ok(tools.bin)
}

/// Unpacks the package of tests and takes the programs from it that are used: it is large, and nothing else of it is.
fn add_tests(partial: &Path, release: Release, package: &str) -> Result<()> {
    let (home, unpacked) = (home(release), partial.join("root"));
    let apt = Apt::prepare(partial.join("apt"), release)?;
    eprintln!("ceph: downloading {package} (about 40 MB)");
    apt.run(&["update"], UPDATE_DEADLINE)?;
    apt.run(&["download", package], DOWNLOAD_DEADLINE)?;
    unpack(&apt.archives(), &unpacked)?;
    for name in PERF_MSGR {
        let program = Path::new("usr/bin").join(name);
        fs::rename(unpacked.join(&program), home.join("root").join(&program))
            .with_context(|| format!("the package brought no {name}"))?;
    }
    tools::wrap(&home, PERF_MSGR)?;
    for name in PERF_MSGR {
        process::run(Command::new(home.join("bin").join(name)).arg("--version"), VERSION_DEADLINE)
            .with_context(|| {
                format!(
                    "{package} does not belong to what is there; remove {} to fetch all anew",
                    home.display()
                )
            })?;
    }
    Ok(())
}

fn check_host() -> Result<()> {
    for program in ["apt-get", "dpkg-deb"] {
        if process::find_on_path(program).is_none() {
            bail!(
                "no {program} on this machine, so Debian's packages of Ceph cannot be fetched; install the \
                 packages apt and dpkg, or install Ceph itself (ceph-mon, ceph-osd, ceph-mgr, ceph on PATH)"
            );
        }
    }
    if !Path::new(DEBIAN_KEYRING).is_file() {
        bail!(
            "{DEBIAN_KEYRING} is missing, so Debian's signatures cannot be checked; install the package \
             debian-archive-keyring"
        );
    }
    if tools::platform().is_none() {
        bail!("Debian's packages of Ceph are used on x86_64 and aarch64 only");
    }
    Ok(())
}

/// Removes what fetches that were cut short left behind; those still running keep theirs.
fn remove_leftovers(parent: &Path, release: Release) -> Result<()> {
    let prefix = format!("{}.partial-", release.name());
    let Ok(entries) = fs::read_dir(parent) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(&prefix)) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn fill(partial: &Path, release: Release) -> Result<()> {
    let apt = Apt::prepare(partial.join("apt"), release)?;
    eprintln!("ceph: reading the package lists of Debian {}", suites(release));
    apt.run(&["update"], UPDATE_DEADLINE)?;
    eprintln!("ceph: downloading {} and what they need (about 125 MB)", release.packages().join(", "));
    let install = ["--yes", "--download-only", "install"];
    apt.run(&[&install, release.packages()].concat(), DOWNLOAD_DEADLINE)?;
    unpack(&apt.archives(), &partial.join("root"))?;
    tools::write_wrappers(partial)?;
    // The lists and packages have served: what is unpacked is all that is needed.
    fs::remove_dir_all(partial.join("apt"))?;
    Ok(())
}

fn suites(release: Release) -> String {
    let names: Vec<&str> = release.archives().iter().map(|archive| archive.suite).collect();
    names.join(", ")
}

fn unpack(archives: &Path, root: &Path) -> Result<()> {
    fs::create_dir_all(root)?;
    let mut packages = Vec::new();
    for entry in fs::read_dir(archives)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            packages.push(path);
        }
    }
    packages.sort();
    eprintln!("ceph: unpacking {} packages", packages.len());
    for package in &packages {
        process::run(Command::new("dpkg-deb").arg("-x").arg(package).arg(root), UNPACK_DEADLINE)?;
    }
    Ok(())
}

/// Makes the finished folder visible under its name. If another fetch was first, its result is as good.
fn publish(partial: &Path, home: &Path) -> Result<()> {
    match fs::rename(partial, home) {
        Ok(()) => Ok(()),
        Err(_) if home.is_dir() => Ok(fs::remove_dir_all(partial)?),
        Err(error) => Err(error).with_context(|| format!("cannot rename to {}", home.display())),
    }
}

/// An apt that knows nothing of the host.
struct Apt {
    dir: PathBuf,
}

impl Apt {
    fn prepare(dir: PathBuf, release: Release) -> Result<Apt> {
        let make = |sub: &str| {
            fs::create_dir_all(dir.join(sub)).with_context(|| format!("cannot create {}", dir.display()))
        };
        for sub in ["state/lists/partial", "cache/archives/partial", "log", "preferences.d"] {
            make(sub)?;
        }
        fs::write(dir.join("state/status"), "")?;
        let architecture = tools::platform().map_or("amd64", |platform| platform.debian);
        let mut sources = String::new();
        for archive in release.archives() {
            sources.push_str(&format!(
                "deb [arch={architecture} signed-by={DEBIAN_KEYRING}] {} {} main\n",
                archive.uri, archive.suite
            ));
        }
        fs::write(dir.join("sources.list"), sources)?;
        Ok(Apt { dir })
    }

    fn archives(&self) -> PathBuf {
        self.dir.join("cache/archives")
    }

    fn run(&self, arguments: &[&str], deadline: Duration) -> Result<()> {
        let mut command = Command::new("apt-get");
        for (option, value) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::Etc::sourceparts", "preferences.d"),
            ("Dir::Etc::preferences", "preferences"),
            ("Dir::Etc::preferencesparts", "preferences.d"),
            ("Dir::State", "state"),
            ("Dir::State::status", "state/status"),
            ("Dir::Cache", "cache"),
            ("Dir::Log", "log"),
        ] {
            command.arg("-o").arg(format!("{option}={}", self.dir.join(value).display()));
        }
        for setting in [
            // The sandbox user of a root's apt could not write below a private folder.
            "APT::Sandbox::User=root",
            "APT::Install-Recommends=false",
            "Acquire::Languages=none",
            "Acquire::Retries=3",
            "Acquire::http::Timeout=30",
        ] {
            command.arg("-o").arg(setting);
        }
        let architecture = tools::platform().map_or("amd64", |platform| platform.debian);
        command.arg("-o").arg(format!("APT::Architecture={architecture}"));
        // `download` leaves its package where it runs.
        command.current_dir(self.archives());
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        process::run(&mut command, deadline)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_that_was_cut_short_is_removed_and_a_running_one_is_not() {
        let parent = std::env::temp_dir().join(format!("xtask-fetch-{}", std::process::id()));
        let dead = parent.join("pacific.partial-999999999");
        let alive = parent.join(format!("pacific.partial-{}", std::process::id()));
        let whole = parent.join("pacific");
        for dir in [&dead, &alive, &whole] {
            fs::create_dir_all(dir).unwrap();
        }
        remove_leftovers(&parent, Release::Pacific).unwrap();
        assert_eq!([dead.exists(), alive.exists(), whole.exists()], [false, true, true]);
        fs::remove_dir_all(parent).unwrap();
    }
}
