//! From a configuration to a client that can be started.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use loligo_auth::{AuthClient, CryptoKey, Keyring};
use loligo_client::Options;
use loligo_msgr::proto::Config;
use loligo_msgr::{Inject, MsType, NodeOptions};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::{EntityAddrVec, EntityType};

use crate::compression::compression;
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

/// The `ms_*` options of the protocol, for who uses the messenger by itself. What is not in `conf` stays as it is.
///
/// # Errors
///
/// When a value is none for its option.
pub fn messenger_options(conf: &Conf, ms: &mut loligo_msgr::proto::Options) -> Result<(), ConfError> {
    ms.ms_connection_ready_timeout =
        conf.seconds("ms_connection_ready_timeout", ms.ms_connection_ready_timeout)?;
    ms.ms_connection_idle_timeout =
        conf.seconds("ms_connection_idle_timeout", ms.ms_connection_idle_timeout)?;
    ms.keepalive_timeout = conf.seconds("mon_client_ping_timeout", ms.keepalive_timeout)?;
    ms.ms_initial_backoff = conf.seconds("ms_initial_backoff", ms.ms_initial_backoff)?;
    ms.ms_max_backoff = conf.seconds("ms_max_backoff", ms.ms_max_backoff)?;
    ms.ms_crc_data = conf.flag("ms_crc_data", ms.ms_crc_data)?;
    ms.ms_crc_header = conf.flag("ms_crc_header", ms.ms_crc_header)?;
    ms.cephx_sign_messages = conf.flag("cephx_sign_messages", ms.cephx_sign_messages)?;
    (ms.modes, ms.protocols) = modes::modes_and_protocols(conf)?;
    ms.compression = compression(conf)?;
    Ok(())
}

/// How the messenger is started.
pub(crate) fn node_options(conf: &Conf) -> Result<NodeOptions, ConfError> {
    let mut config = Config::client();
    messenger_options(conf, &mut config.options)?;
    let mut options = NodeOptions::new(config);
    options.ms_type = conf.choice("ms_type", options.ms_type, MsType::WANTED)?;
    options.ms_async_op_threads = small(conf, "ms_async_op_threads", options.ms_async_op_threads)?;
    options.ms_tcp_nodelay = conf.flag("ms_tcp_nodelay", options.ms_tcp_nodelay)?;
    options.ms_tcp_rcvbuf = usize::try_from(conf.size("ms_tcp_rcvbuf", 0)?).unwrap_or(0);
    options.inject = inject(conf)?;
    options.thread_name = "loligo-msgr".to_owned();
    Ok(options)
}

/// Faults on purpose.
fn inject(conf: &Conf) -> Result<Inject, ConfError> {
    let none = Inject::default();
    Ok(Inject {
        ms_inject_socket_failures: conf.number("ms_inject_socket_failures", 0)?,
        ms_inject_delay_type: conf.get("ms_inject_delay_type").unwrap_or_default(),
        ms_inject_delay_max: conf.seconds("ms_inject_delay_max", none.ms_inject_delay_max)?,
        ms_inject_delay_probability: conf.float("ms_inject_delay_probability", 0.0)?,
        ms_inject_internal_delays: conf.seconds("ms_inject_internal_delays", Duration::ZERO)?,
        seed: None,
    })
}

/// Whether an option by this name has an effect here. All others are taken and kept, so that a `ceph.conf` can be shared
/// with Ceph's own programs.
#[must_use]
pub fn is_known_option(option: &str) -> bool {
    KNOWN.contains(&option)
}

/// The options that are read somewhere in this crate, or in a program that uses it.
const KNOWN: &[&str] = &[
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
    "ms_client_mode",
    "ms_compress_all_peers",
    "ms_compress_secure",
    "ms_connection_idle_timeout",
    "ms_connection_ready_timeout",
    "ms_crc_data",
    "ms_crc_header",
    "ms_initial_backoff",
    "ms_inject_delay_max",
    "ms_inject_delay_probability",
    "ms_inject_delay_type",
    "ms_inject_internal_delays",
    "ms_inject_socket_failures",
    "ms_max_backoff",
    "ms_mode",
    "ms_mon_client_mode",
    "ms_osd_compress_min_size",
    "ms_osd_compress_mode",
    "ms_osd_compression_algorithm",
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

fn small(conf: &Conf, option: &'static str, default: usize) -> Result<usize, ConfError> {
    Ok(usize::try_from(conf.number(option, default as u64)?).unwrap_or(usize::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_transport_is_chosen_by_name_and_an_unknown_one_is_told_with_those_that_there_are() {
        let mut conf = Conf::new("client.admin").unwrap();
        assert_eq!(node_options(&conf).unwrap().ms_type, MsType::Async);
        conf.set("ms_type", "simple").set("ms_async_op_threads", "3");
        let options = node_options(&conf).unwrap();
        assert_eq!((options.ms_type, options.ms_async_op_threads), (MsType::Simple, 3));
        conf.set("ms_inject_socket_failures", "30").set("ms_inject_internal_delays", "0.002");
        let inject = node_options(&conf).unwrap().inject;
        assert_eq!(inject.ms_inject_socket_failures, 30);
        assert_eq!(inject.ms_inject_internal_delays, Duration::from_millis(2));
        let error = node_options(conf.set("ms_type", "xio")).unwrap_err().to_string();
        assert_eq!(error, "option ms_type: \"xio\" is not one of async, async+posix, simple");
    }
}
