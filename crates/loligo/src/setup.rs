//! From a configuration to a client that can be started.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use loligo_auth::{AuthClient, CryptoKey, Keyring};
use loligo_client::Options;
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::{EntityAddrVec, EntityType};

use crate::conf::parse_mon_host_within;
use crate::{Conf, ConfError, modes};

/// Where Ceph looks for a keyring when nothing says where it is.
const DEFAULT_KEYRINGS: &str = "/etc/ceph/$cluster.$name.keyring,/etc/ceph/$cluster.keyring,/etc/ceph/keyring,\
                                /etc/ceph/keyring.bin";

/// The monitors that the configuration names. Resolving names is a part of connecting: its time is taken from what there is
/// for the login.
pub(crate) fn monitors(conf: &Conf, options: &mut Options) -> Result<Vec<EntityAddrVec>, ConfError> {
    let (start, timeout) = (Instant::now(), options.client_mount_timeout);
    match conf.get("mon_host").filter(|text| !text.trim().is_empty()) {
        Some(text) => {
            let protocols = options.mon.protocols;
            let mut monitors = parse_mon_host_within(&text, timeout)?;
            for monitor in &mut monitors {
                // What is not spoken is not tried either.
                monitor.0.retain(|addr| protocols.speaks(addr.kind));
            }
            if !timeout.is_zero() {
                // Not 0, which is no limit.
                options.client_mount_timeout =
                    timeout.saturating_sub(start.elapsed()).max(Duration::from_nanos(1));
            }
            Ok(monitors)
        }
        None => Err(ConfError::NoMonitors),
    }
}

/// Who we are and how we show it.
pub(crate) struct Identity {
    pub(crate) auth: AuthClient,
    /// Why there is no key, where the cluster may do without one: what to say should it not.
    pub(crate) missing: Option<ConfError>,
}

/// Who we are and how we show it: the methods of `auth_client_required`, and the key where one is needed.
pub(crate) fn identity(conf: &Conf) -> Result<Identity, ConfError> {
    let methods = methods(conf)?;
    let name = conf.name().clone();
    if !methods.contains(&AuthMethod::CEPHX) {
        return Ok(Identity { auth: AuthClient::none(name), missing: None });
    }
    match key(conf) {
        Ok(key) => {
            let wanted = EntityTypes::of(&[EntityType::MON, EntityType::OSD]);
            Ok(Identity { auth: AuthClient::new(name, Some(key), methods, wanted), missing: None })
        }
        // A cluster without authentication asks for no key.
        Err(missing @ ConfError::NoKeyring { .. }) if methods.contains(&AuthMethod::NONE) => {
            Ok(Identity { auth: AuthClient::none(name), missing: Some(missing) })
        }
        Err(error) => Err(error),
    }
}

fn methods(conf: &Conf) -> Result<Vec<AuthMethod>, ConfError> {
    let text = ["auth_supported", "auth_client_required"].iter().find_map(|option| conf.get(option));
    let Some(value) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(vec![AuthMethod::CEPHX, AuthMethod::NONE]);
    };
    let methods: Vec<_> = value
        .split([',', ';', ' ', '\t'])
        .filter_map(|word| match word {
            "cephx" => Some(AuthMethod::CEPHX),
            "none" => Some(AuthMethod::NONE),
            _ => None,
        })
        .collect();
    if methods.is_empty() {
        return Err(ConfError::BadValue {
            option: "auth_client_required",
            value,
            wanted: "a list of cephx and none",
        });
    }
    Ok(methods)
}

/// The key: the option `key`, the file `keyfile`, or the first keyring that there is.
fn key(conf: &Conf) -> Result<CryptoKey, ConfError> {
    if let Some(text) = conf.get("key").filter(|text| !text.is_empty()) {
        return CryptoKey::from_base64(text.trim()).map_err(ConfError::Key);
    }
    if let Some(path) = conf.get("keyfile").filter(|text| !text.is_empty()) {
        let path = PathBuf::from(path);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ConfError::Read { path, source: source.into() })?;
        return CryptoKey::from_base64(text.trim()).map_err(ConfError::Key);
    }
    let mut conf = conf.clone();
    if conf.get("keyring").is_none() {
        conf.set("keyring", DEFAULT_KEYRINGS);
    }
    let list = conf.get("keyring").unwrap_or_default();
    let tried: Vec<PathBuf> =
        list.split([',', ';']).map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    let Some(path) = tried.iter().find(|path| path.exists()) else {
        return Err(ConfError::NoKeyring { name: conf.name().to_string(), tried });
    };
    let bytes = std::fs::read(path)
        .map_err(|source| ConfError::Read { path: path.clone(), source: source.into() })?;
    let wrong = |source| ConfError::Keyring { path: path.clone(), source };
    Keyring::parse(&bytes).map_err(wrong)?.key(conf.name()).map_err(wrong)
}

/// The options of the client, under Ceph's names.
pub(crate) fn options(conf: &Conf) -> Result<Options, ConfError> {
    let mut options = Options::default();
    let mon = &mut options.mon;
    (_, mon.protocols) = modes::modes_and_protocols(conf)?;
    mon.mon_client_hunt_interval = conf.seconds("mon_client_hunt_interval", mon.mon_client_hunt_interval)?;
    mon.mon_client_hunt_parallel = small(conf, "mon_client_hunt_parallel", mon.mon_client_hunt_parallel)?;
    mon.mon_client_hunt_interval_backoff =
        conf.float("mon_client_hunt_interval_backoff", mon.mon_client_hunt_interval_backoff)?;
    mon.mon_client_hunt_interval_min_multiple =
        conf.float("mon_client_hunt_interval_min_multiple", mon.mon_client_hunt_interval_min_multiple)?;
    mon.mon_client_hunt_interval_max_multiple =
        conf.float("mon_client_hunt_interval_max_multiple", mon.mon_client_hunt_interval_max_multiple)?;
    mon.mon_client_ping_interval = conf.seconds("mon_client_ping_interval", mon.mon_client_ping_interval)?;
    let objecter = &mut options.objecter;
    objecter.protocols = mon.protocols;
    objecter.objecter_inflight_ops = conf.number("objecter_inflight_ops", objecter.objecter_inflight_ops)?;
    objecter.objecter_inflight_op_bytes =
        conf.size("objecter_inflight_op_bytes", objecter.objecter_inflight_op_bytes)?;
    objecter.objecter_tick_interval =
        conf.seconds("objecter_tick_interval", objecter.objecter_tick_interval)?;
    objecter.objecter_timeout = conf.seconds("objecter_timeout", objecter.objecter_timeout)?;
    objecter.rados_osd_op_timeout = timeout(conf, "rados_osd_op_timeout")?;
    objecter.ms_initial_backoff = conf.seconds("ms_initial_backoff", objecter.ms_initial_backoff)?;
    objecter.ms_max_backoff = conf.seconds("ms_max_backoff", objecter.ms_max_backoff)?;
    options.client_mount_timeout = conf.seconds("client_mount_timeout", options.client_mount_timeout)?;
    options.rados_mon_op_timeout = timeout(conf, "rados_mon_op_timeout")?;
    Ok(options)
}

/// Whether an option by this name has an effect here. All others are taken and kept, so that a `ceph.conf` can be shared
/// with Ceph's own programs.
#[must_use]
pub fn is_known_option(option: &str) -> bool {
    KNOWN.contains(&option)
}

/// The options that are read somewhere in this crate, or in a program that uses it.
pub(crate) const KNOWN: &[&str] = &[
    "auth_client_required",
    "auth_supported",
    "cephx_sign_messages",
    "client_mount_timeout",
    "key",
    "keyfile",
    "keyring",
    "mon_client_hunt_interval",
    "mon_client_hunt_interval_backoff",
    "mon_client_hunt_interval_max_multiple",
    "mon_client_hunt_interval_min_multiple",
    "mon_client_hunt_parallel",
    "mon_client_ping_interval",
    "mon_client_ping_timeout",
    "mon_host",
    "ms_async_op_threads",
    "ms_bind_ipv6",
    "ms_bind_port_max",
    "ms_bind_port_min",
    "ms_bind_retry_count",
    "ms_bind_retry_delay",
    "ms_client_mode",
    "ms_cluster_mode",
    "ms_compress_all_peers",
    "ms_compress_secure",
    "ms_connection_idle_timeout",
    "ms_connection_ready_timeout",
    "ms_crc_data",
    "ms_crc_header",
    "ms_dispatch_throttle_bytes",
    "ms_initial_backoff",
    "ms_inject_delay_max",
    "ms_inject_delay_probability",
    "ms_inject_delay_type",
    "ms_inject_internal_delays",
    "ms_inject_socket_failures",
    "ms_learn_addr_from_peer",
    "ms_max_backoff",
    "ms_mode",
    "ms_mon_client_mode",
    "ms_mon_cluster_mode",
    "ms_mon_service_mode",
    "ms_osd_compress_min_size",
    "ms_osd_compress_mode",
    "ms_osd_compression_algorithm",
    "ms_pq_max_tokens_per_priority",
    "ms_pq_min_cost",
    "ms_service_mode",
    "ms_tcp_listen_backlog",
    "ms_tcp_nodelay",
    "ms_tcp_rcvbuf",
    "ms_type",
    "objecter_inflight_op_bytes",
    "objecter_inflight_ops",
    "objecter_tick_interval",
    "objecter_timeout",
    "osd_max_object_size",
    "rados_mon_op_timeout",
    "rados_osd_op_timeout",
];

/// A timeout for which 0 is none.
fn timeout(conf: &Conf, option: &'static str) -> Result<Option<Duration>, ConfError> {
    let timeout = conf.seconds(option, Duration::ZERO)?;
    Ok((!timeout.is_zero()).then_some(timeout))
}

pub(crate) fn small(conf: &Conf, option: &'static str, default: usize) -> Result<usize, ConfError> {
    Ok(usize::try_from(conf.number(option, default as u64)?).unwrap_or(usize::MAX))
}
