//! Starting a cluster.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::cluster::{Cluster, Spec, Store};
use super::conf;
use super::daemon::DaemonName;
use super::direct_io;
use super::release::Release;
use super::tools::Tools;
use crate::process;

const TOOL_DEADLINE: Duration = Duration::from_secs(60);
const MKFS_DEADLINE: Duration = Duration::from_secs(120);
const READY_DEADLINE: Duration = Duration::from_secs(120);

/// Monitors listen here: above the OSDs' 6800-7568, and below the ports that the kernel gives to outgoing
/// connections, one of which could take a monitor's port while it is down.
const MON_PORTS: Range<u16> = 10_000..30_000;

/// Size of each OSD's block file. It takes room as its blocks are first used, and gives none back.
const BLOCK_FILE_BYTES: u64 = 3 << 30;

const READY_INTERVAL: Duration = Duration::from_millis(100);

/// A socket's path cannot be longer than this on Linux.
const SOCKET_PATH_MAX: usize = 107;

/// Starts the cluster `spec` in `dir`, which must be empty or not exist, and returns when every OSD is up and the
/// manager is active.
///
/// # Errors
/// Says which step failed. The daemons are then stopped; their logs stay until `down`.
pub(crate) fn up(dir: &Path, release: Release, spec: &Spec) -> Result<Cluster> {
    let started = Instant::now();
    let tools = Tools::find(release)?;
    eprintln!("ceph: {} ({})", tools.version, tools.bin.display());
    let cluster = prepare(dir, release, spec, &tools)?;
    let result = bring_up(&cluster, spec, &tools);
    if result.is_err() {
        // The first fault is the one to report.
        let _ = cluster.kill_all();
    }
    result.with_context(|| {
        format!("logs are in {}; `ceph down` removes them", cluster.dir.join("log").display())
    })?;
    eprintln!("ceph: up after {:.1} s", started.elapsed().as_secs_f32());
    Ok(cluster)
}

fn prepare(dir: &Path, release: Release, spec: &Spec, tools: &Tools) -> Result<Cluster> {
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; if a cluster is there, `ceph down` removes it", dir.display());
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let dir = fs::canonicalize(dir)?;
    let socket = dir.join("run/client.admin.0000000.00000000000000.asok");
    if socket.as_os_str().len() > SOCKET_PATH_MAX {
        bail!("{} is too long a path for sockets below it; choose a shorter one", dir.display());
    }
    for sub in ["run", "log", "data"] {
        fs::create_dir(dir.join(sub))?;
    }
    let mons: Vec<String> = ('a'..='z').take(spec.mons as usize).map(String::from).collect();
    let shm = match spec.store {
        Store::Memstore => None,
        Store::Bluestore => make_shm(&dir)?,
    };
    let cluster = Cluster { dir, release, bin: tools.bin.clone(), mons, osds: spec.osds, shm };
    cluster.save()?;
    Ok(cluster)
}

/// A folder in memory for block files, where that can hold them.
fn make_shm(dir: &Path) -> Result<Option<PathBuf>> {
    let parent = Path::new("/dev/shm");
    if !direct_io::works_in(parent) {
        eprintln!("ceph: no O_DIRECT on {}; the OSDs' files go below {}", parent.display(), dir.display());
        return Ok(None);
    }
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    let shm = parent.join(format!("loligo-ceph-{:016x}", hasher.finish()));
    if shm.exists() {
        // Of a cluster in the same folder that was removed by hand.
        fs::remove_dir_all(&shm)?;
    }
    fs::create_dir(&shm)?;
    Ok(Some(shm))
}

fn bring_up(cluster: &Cluster, spec: &Spec, tools: &Tools) -> Result<()> {
    let fsid = uuid()?;
    let addrs = mon_addrs(spec.mons)?;
    let text = conf::text(&cluster.dir, spec, &fsid, &addrs.join(","), &tools.plugin_options());
    fs::write(cluster.conf(), text)?;
    eprintln!("ceph: keys and monitors at {}", addrs.join(" "));
    make_keyrings(cluster, tools)?;
    make_mons(cluster, tools, &fsid, &addrs)?;
    for mon in &cluster.mons {
        DaemonName::mon(mon).start(&tools.bin, &cluster.dir)?;
    }
    register_osds(cluster, tools)?;
    eprintln!("ceph: starting a manager and {} OSDs", spec.osds);
    start_rest(cluster, tools)?;
    wait_until_ready(cluster, tools)
}

/// The address vector of each monitor, on ports that are free now.
fn mon_addrs(mons: u32) -> Result<Vec<String>> {
    // Clusters that are started at the same moment look in different places first.
    let skip = std::process::id().wrapping_mul(97) as usize % MON_PORTS.len();
    let mut free = MON_PORTS
        .skip(skip)
        .chain(MON_PORTS.take(skip))
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let mut next = || free.next().with_context(|| format!("no free port in {MON_PORTS:?}"));
    (0..mons).map(|_| Ok(format!("[v2:127.0.0.1:{},v1:127.0.0.1:{}]", next()?, next()?))).collect()
}

/// Capabilities of an entity, as `ceph-authtool` takes them.
type Caps<'a> = &'a [(&'a str, &'a str)];

const ADMIN_CAPS: Caps = &[("mon", "allow *"), ("osd", "allow *"), ("mgr", "allow *"), ("mds", "allow *")];
const MON_CAPS: Caps = &[("mon", "allow *")];
const MGR_CAPS: Caps = &[("mon", "allow profile mgr"), ("osd", "allow *"), ("mds", "allow *")];
const OSD_CAPS: Caps = &[("mon", "allow profile osd"), ("osd", "allow *"), ("mgr", "allow profile osd")];

/// Makes a key for everyone: the administrator's in `keyring`, each daemon's in its data folder, and all of them
/// in the file from which the monitors start.
fn make_keyrings(cluster: &Cluster, tools: &Tools) -> Result<()> {
    let seed = seed_keyring(cluster);
    make_key(tools, &cluster.dir.join("keyring"), "client.admin", ADMIN_CAPS)?;
    make_key(tools, &seed, "mon.", MON_CAPS)?;
    let mut parts = vec![cluster.dir.join("keyring")];
    for daemon in cluster.daemons() {
        let data = data_dir(cluster, &daemon);
        fs::create_dir_all(&data)?;
        let name = daemon.to_string();
        let caps = match name.split('.').next() {
            Some("mgr") => MGR_CAPS,
            Some("osd") => OSD_CAPS,
            // A monitor's data folder is filled, with its key, from the seed.
            _ => continue,
        };
        make_key(tools, &data.join("keyring"), &name, caps)?;
        parts.push(data.join("keyring"));
    }
    let mut all = fs::read_to_string(&seed)?;
    for part in parts {
        all.push_str(&fs::read_to_string(part)?);
    }
    Ok(fs::write(seed, all)?)
}

fn make_key(tools: &Tools, file: &Path, name: &str, caps: Caps<'_>) -> Result<()> {
    let mut command = Command::new(tools.bin.join("ceph-authtool"));
    command.arg("--create-keyring").arg(file).args(["--gen-key", "-n", name]);
    for (service, cap) in caps {
        command.args(["--cap", service, cap]);
    }
    process::run(&mut command, TOOL_DEADLINE)?;
    Ok(())
}

fn seed_keyring(cluster: &Cluster) -> PathBuf {
    cluster.dir.join("data/seed.keyring")
}

fn data_dir(cluster: &Cluster, daemon: &DaemonName) -> PathBuf {
    cluster.dir.join("data").join(daemon.to_string())
}

fn make_mons(cluster: &Cluster, tools: &Tools, fsid: &str, addrs: &[String]) -> Result<()> {
    let monmap = cluster.dir.join("data/monmap");
    let mut command = Command::new(tools.bin.join("monmaptool"));
    command.args(["--create", "--clobber", "--fsid", fsid]);
    // Without this the map would admit monitors older than the release, and start in their mode.
    command.args(["--enable-all-features", "--set-min-mon-release", cluster.release.name()]);
    for (id, addr) in cluster.mons.iter().zip(addrs) {
        command.args(["--addv", id, addr]);
    }
    process::run(command.arg(&monmap), TOOL_DEADLINE)?;
    for id in &cluster.mons {
        let mut mkfs = DaemonName::mon(id).command(&tools.bin, &cluster.dir);
        mkfs.arg("--mkfs").arg("--monmap").arg(&monmap).arg("--keyring").arg(seed_keyring(cluster));
        process::run(&mut mkfs, MKFS_DEADLINE)?;
    }
    Ok(())
}

/// What the manager does by itself and is switched off: the first makes a pool of its own, the second moves PGs.
const MGR_OPTIONS: &[&str] = &["mgr/devicehealth/enable_monitoring", "mgr/balancer/active"];

/// Tells the monitors of all OSDs, in one run of `ceph`, and makes their stores.
fn register_osds(cluster: &Cluster, tools: &Tools) -> Result<()> {
    let mut commands: String =
        MGR_OPTIONS.iter().map(|o| format!("config set mgr {o} false --force\n")).collect();
    let mut stores = Vec::new();
    for osd in 0..cluster.osds {
        let uuid = uuid()?;
        commands.push_str(&format!("osd new {uuid} {osd}\n"));
        stores.push((DaemonName::osd(osd), uuid));
    }
    let ceph = &mut ceph(cluster, tools);
    let output = process::run_with_input(ceph, commands.as_bytes(), TOOL_DEADLINE)?;
    if !output.status.success() || output.stderr.contains("Error ") {
        bail!("the monitor does not take the OSDs: {}", process::last_lines(&output.stderr, 10));
    }
    for (osd, uuid) in &stores {
        link_block_file(cluster, osd)?;
        let mut mkfs = osd.command(&tools.bin, &cluster.dir);
        mkfs.args(["--mkfs", "--osd-uuid", uuid]);
        process::run_logged(&mut mkfs, &cluster.dir.join(format!("log/{osd}.mkfs.out")), MKFS_DEADLINE)?;
    }
    Ok(())
}

fn link_block_file(cluster: &Cluster, osd: &DaemonName) -> Result<()> {
    if let Some(shm) = &cluster.shm {
        let file = shm.join(format!("{osd}.block"));
        fs::File::create(&file)?.set_len(BLOCK_FILE_BYTES)?;
        symlink(file, data_dir(cluster, osd).join("block"))?;
    }
    Ok(())
}

fn start_rest(cluster: &Cluster, tools: &Tools) -> Result<()> {
    let running: Vec<DaemonName> = cluster.mons.iter().map(|id| DaemonName::mon(id)).collect();
    let rest = cluster.daemons().into_iter().filter(|daemon| !running.contains(daemon));
    thread::scope(|scope| {
        let starts: Vec<_> =
            rest.map(|daemon| scope.spawn(move || daemon.start(&tools.bin, &cluster.dir))).collect();
        starts.into_iter().try_for_each(|start| start.join().map_err(|_| anyhow!("a start panicked"))?)
    })
}

/// Waits until the monitors' map says that all OSDs are up and that a manager is active.
fn wait_until_ready(cluster: &Cluster, tools: &Tools) -> Result<()> {
    let end = Instant::now() + READY_DEADLINE;
    loop {
        let osds = ask(cluster, tools, &["osd", "stat"])?;
        let mgr = ask(cluster, tools, &["mgr", "dump"])?;
        // Nautilus has it one level down.
        let osds = osds.get("osdmap").unwrap_or(&osds);
        let up = osds.get("num_up_osds").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let is_active = mgr.get("available").and_then(serde_json::Value::as_bool).unwrap_or(false);
        if up == u64::from(cluster.osds) && is_active {
            return Ok(());
        }
        if Instant::now() >= end {
            bail!("{up} of {} OSDs are up, manager active: {is_active}", cluster.osds);
        }
        thread::sleep(READY_INTERVAL);
    }
}

fn ask(cluster: &Cluster, tools: &Tools, words: &[&str]) -> Result<serde_json::Value> {
    let output = process::run(ceph(cluster, tools).args(words).args(["--format", "json"]), TOOL_DEADLINE)?;
    serde_json::from_slice(&output.stdout).with_context(|| format!("`ceph {}` gave no JSON", words.join(" ")))
}

fn ceph(cluster: &Cluster, tools: &Tools) -> Command {
    let mut command = Command::new(tools.bin.join("ceph"));
    command.arg("--conf").arg(cluster.conf()).args(["--connect-timeout", "50"]);
    command
}

fn uuid() -> Result<String> {
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").context("no /proc is mounted")?;
    Ok(uuid.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_monitor_has_ports_of_its_own_outside_the_osds_range() {
        let addrs = mon_addrs(3).unwrap();
        let mut ports: Vec<u16> = addrs
            .iter()
            .flat_map(|addr| addr.split(|c: char| !c.is_ascii_digit()))
            .filter_map(|number| number.parse().ok())
            .filter(|port| *port > 1000)
            .collect();
        assert!(ports.iter().all(|port| MON_PORTS.contains(port)), "{ports:?}");
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 6);
    }
}
