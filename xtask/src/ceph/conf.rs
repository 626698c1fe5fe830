//! The `ceph.conf` of a test cluster.

use std::collections::BTreeMap;
use std::path::Path;

use super::cluster::{Auth, Spec, Store};

/// Options of one section by name; a name that comes again replaces the value.
type Options = BTreeMap<String, String>;

/// What a test cluster wants of every daemon, whatever its store and auth.
const GLOBAL: &[(&str, &str)] = &[
    // One machine is the whole cluster: a failure domain of hosts would leave every PG undersized.
    ("osd_crush_chooseleaf_type", "0"),
    ("mon_osd_min_down_reporters", "1"),
    ("mon_osd_reporter_subtree_level", "osd"),
    ("osd_pool_default_pg_autoscale_mode", "off"),
    ("mon_allow_pool_delete", "true"),
    ("mon_allow_pool_size_one", "true"),
    ("mon_max_pg_per_osd", "10000"),
    ("osd_max_pg_per_osd_hard_ratio", "10"),
    // A client must prove its global_id here, as on a real cluster.
    ("auth_allow_insecure_global_id_reclaim", "false"),
    // A disk is often nearly full, as these percentages go, and still has thousands of times what a monitor needs here.
    ("mon_data_avail_warn", "0"),
    ("mon_data_avail_crit", "-1"),
    // The daemons are oracles: each of these complains or aborts when a client breaks a rule.
    ("osd_debug_op_order", "true"),
    ("osd_debug_misdirected_ops", "true"),
    ("ms_die_on_old_message", "true"),
    ("ms_die_on_bug", "true"),
    // Maps are published at once instead of once a second, so that tests need not wait.
    ("paxos_propose_interval", "0.1"),
    ("paxos_min_wait", "0.02"),
    ("log_to_stderr", "false"),
    ("mon_cluster_log_to_stderr", "false"),
    ("memstore_device_bytes", "4294967296"),
    ("bluestore_block_size", "3221225472"),
    ("bluestore_cache_autotune", "false"),
    ("bluestore_cache_size", "134217728"),
    // Else a file counts as a slow disk, and each small write goes by way of RocksDB, which grows without end under load.
    ("bluestore_debug_enforce_settings", "ssd"),
    // As Ceph has them, but for the buffers and the logs behind them: of 256 MB each, they would take 2 GB of /dev/shm per OSD.
    ("bluestore_rocksdb_options", ROCKSDB),
];

const ROCKSDB: &str = "compression=kNoCompression,max_write_buffer_number=4,min_write_buffer_number_to_merge=1,\
                       recycle_log_file_num=4,write_buffer_size=16777216,writable_file_max_buffer_size=0,\
                       compaction_readahead_size=2097152,max_background_compactions=2";

/// Writes the whole file for a cluster in `dir`.
pub(crate) fn text(
    dir: &Path,
    spec: &Spec,
    fsid: &str,
    mon_host: &str,
    plugins: &[(&str, String)],
) -> String {
    let mut global: Options = GLOBAL.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let mut set = |name: &str, value: String| global.insert(name.into(), value);
    set("fsid", fsid.into());
    set("mon_host", mon_host.into());
    for name in ["auth_cluster_required", "auth_service_required", "auth_client_required"] {
        set(name, spec.auth.name().into());
    }
    set("osd_objectstore", spec.store.name().into());
    let (size, min_size) = sizes(spec);
    set("osd_pool_default_size", size.to_string());
    set("osd_pool_default_min_size", min_size.to_string());
    for (name, file) in [
        ("run_dir", "run"),
        ("pid_file", "run/$name.pid"),
        ("admin_socket", "run/$name.asok"),
        ("log_file", "log/$name.log"),
        ("mon_cluster_log_file", "log/cluster.log"),
        ("crash_dir", "log"),
        ("mon_data", "data/$name"),
        ("mgr_data", "data/$name"),
        ("osd_data", "data/$name"),
    ] {
        set(name, dir.join(file).display().to_string());
    }
    for (name, value) in plugins {
        set(name, value.clone());
    }
    for (name, value) in &spec.set {
        set(&name.replace([' ', '-'], "_"), value.clone());
    }
    let loopback: Options = [("public_addr".into(), "127.0.0.1".into())].into();
    let client: Options = [
        ("keyring".into(), dir.join("keyring").display().to_string()),
        ("log_file".into(), String::new()),
        ("admin_socket".into(), String::new()),
        ("pid_file".into(), String::new()),
    ]
    .into();
    [("global", &global), ("osd", &loopback), ("mgr", &loopback), ("client", &client)]
        .map(|(name, options)| section(name, options))
        .join("\n")
}

/// Pool sizes by default: memstore forgets on a kill, so nothing is gained by a third copy there.
fn sizes(spec: &Spec) -> (u32, u32) {
    let wanted = match spec.store {
        Store::Memstore => (2, 1),
        Store::Bluestore => (3, 2),
    };
    (spec.osds.min(wanted.0), spec.osds.min(wanted.1))
}

fn section(name: &str, options: &Options) -> String {
    let mut text = format!("[{name}]\n");
    for (option, value) in options {
        text.push_str(&format!("{option} = {value}\n"));
    }
    text
}

impl Auth {
    fn name(self) -> &'static str {
        match self {
            Auth::Cephx => "cephx",
            Auth::None => "none",
        }
    }
}

impl Store {
    fn name(self) -> &'static str {
        match self {
            Store::Memstore => "memstore",
            Store::Bluestore => "bluestore",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(set: &[(&str, &str)]) -> Spec {
        let set = set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Spec { osds: 3, mons: 1, store: Store::Memstore, auth: Auth::Cephx, set }
    }

    #[test]
    fn an_option_that_is_set_replaces_the_default_however_it_is_spelled() {
        let spec = spec(&[("osd pool default size", "3"), ("auth service ticket ttl", "60")]);
        let text = text(Path::new("/d"), &spec, "F", "M", &[]);
        assert!(text.contains("\nosd_pool_default_size = 3\n"), "{text}");
        assert!(!text.contains("osd_pool_default_size = 2"), "{text}");
        assert!(text.contains("\nauth_service_ticket_ttl = 60\n"), "{text}");
    }

    #[test]
    fn pools_are_never_larger_than_the_cluster() {
        let spec = Spec { osds: 1, ..spec(&[]) };
        assert!(text(Path::new("/d"), &spec, "F", "M", &[]).contains("\nosd_pool_default_size = 1\n"));
    }
}
