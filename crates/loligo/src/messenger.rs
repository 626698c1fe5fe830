//! From a configuration to a messenger: the options `ms_*`. Which of Ceph's have an effect stands in `docs/options.md`.

use std::sync::Arc;
use std::time::Duration;

use loligo_msgr::proto::{Options, Throttle};
use loligo_msgr::{Inject, MsType, NodeOptions};

use crate::compression::compression;
use crate::setup::small;
use crate::{Conf, ConfError, modes};

/// The `ms_*` options of the protocol, for who uses the messenger by itself. What is not in `conf` stays as it is.
///
/// # Errors
///
/// When a value is none for its option.
pub fn messenger_options(conf: &Conf, ms: &mut Options) -> Result<(), ConfError> {
    ms.ms_connection_ready_timeout =
        conf.seconds("ms_connection_ready_timeout", ms.ms_connection_ready_timeout)?;
    ms.ms_connection_idle_timeout =
        conf.seconds("ms_connection_idle_timeout", ms.ms_connection_idle_timeout)?;
    ms.keepalive_timeout = conf.seconds("mon_client_ping_timeout", ms.keepalive_timeout)?;
    ms.ms_initial_backoff = conf.seconds("ms_initial_backoff", ms.ms_initial_backoff)?;
    ms.ms_max_backoff = conf.seconds("ms_max_backoff", ms.ms_max_backoff)?;
    ms.ms_crc_data = conf.flag("ms_crc_data", ms.ms_crc_data)?;
    ms.ms_crc_header = conf.flag("ms_crc_header", ms.ms_crc_header)?;
    ms.ms_learn_addr_from_peer = conf.flag("ms_learn_addr_from_peer", ms.ms_learn_addr_from_peer)?;
    ms.cephx_sign_messages = conf.flag("cephx_sign_messages", ms.cephx_sign_messages)?;
    (ms.modes, ms.protocols) = modes::modes_and_protocols(conf)?;
    ms.compression = compression(conf)?;
    Ok(())
}

/// All options `ms_*`, for who uses the messenger by itself: those of [`messenger_options`], and those of its sockets, its threads,
/// its throttle and its queue. What is not in `conf` stays as it is.
///
/// # Errors
///
/// When a value is none for its option.
pub fn node_options(conf: &Conf, options: &mut NodeOptions) -> Result<(), ConfError> {
    messenger_options(conf, &mut options.config.options)?;
    options.ms_type = conf.choice("ms_type", options.ms_type, MsType::WANTED)?;
    options.ms_async_op_threads = small(conf, "ms_async_op_threads", options.ms_async_op_threads)?;
    if conf.get("ms_dispatch_throttle_bytes").is_some() {
        let most = conf.size("ms_dispatch_throttle_bytes", 0)?;
        options.config.dispatch_throttle = Arc::new(Throttle::new(most));
    }
    options.ms_pq_max_tokens_per_priority =
        conf.number("ms_pq_max_tokens_per_priority", options.ms_pq_max_tokens_per_priority)?;
    options.ms_pq_min_cost = conf.size("ms_pq_min_cost", options.ms_pq_min_cost)?;
    options.inject = inject(conf, &options.inject)?;
    sockets(conf, options)
}

/// How sockets are made and bound.
fn sockets(conf: &Conf, options: &mut NodeOptions) -> Result<(), ConfError> {
    options.ms_tcp_nodelay = conf.flag("ms_tcp_nodelay", options.ms_tcp_nodelay)?;
    let rcvbuf = conf.size("ms_tcp_rcvbuf", options.ms_tcp_rcvbuf as u64)?;
    options.ms_tcp_rcvbuf = usize::try_from(rcvbuf).unwrap_or(0);
    let backlog = options.ms_tcp_listen_backlog;
    options.ms_tcp_listen_backlog = conf.choice("ms_tcp_listen_backlog", backlog, "a number")?;
    options.ms_bind_port_min = conf.choice("ms_bind_port_min", options.ms_bind_port_min, "a port")?;
    options.ms_bind_port_max = conf.choice("ms_bind_port_max", options.ms_bind_port_max, "a port")?;
    options.ms_bind_retry_count =
        conf.choice("ms_bind_retry_count", options.ms_bind_retry_count, "a number")?;
    options.ms_bind_retry_delay = conf.seconds("ms_bind_retry_delay", options.ms_bind_retry_delay)?;
    options.ms_bind_ipv6 = conf.flag("ms_bind_ipv6", options.ms_bind_ipv6)?;
    Ok(())
}

/// Faults on purpose.
fn inject(conf: &Conf, before: &Inject) -> Result<Inject, ConfError> {
    let of = |option, default: Duration| conf.seconds(option, default);
    let delay_type = conf.get("ms_inject_delay_type");
    Ok(Inject {
        ms_inject_socket_failures: conf
            .number("ms_inject_socket_failures", before.ms_inject_socket_failures)?,
        ms_inject_delay_type: delay_type.unwrap_or_else(|| before.ms_inject_delay_type.clone()),
        ms_inject_delay_max: of("ms_inject_delay_max", before.ms_inject_delay_max)?,
        ms_inject_delay_probability: conf
            .float("ms_inject_delay_probability", before.ms_inject_delay_probability)?,
        ms_inject_internal_delays: of("ms_inject_internal_delays", before.ms_inject_internal_delays)?,
        seed: before.seed,
    })
}

/// How the messenger of a client is started.
pub(crate) fn client_options(conf: &Conf) -> Result<NodeOptions, ConfError> {
    let mut options = NodeOptions::client();
    node_options(conf, &mut options)?;
    options.thread_name = "loligo-msgr".to_owned();
    Ok(options)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::setup::KNOWN;

    /// The table of options.
    const DOCS: &str = include_str!("../../../docs/options.md");

    /// A value for each option that has an effect, and that is not the default.
    const OTHER: &[(&str, &str)] = &[
        ("ms_async_op_threads", "3"),
        ("ms_bind_ipv6", "true"),
        ("ms_bind_port_max", "7000"),
        ("ms_bind_port_min", "6900"),
        ("ms_bind_retry_count", "7"),
        ("ms_bind_retry_delay", "9"),
        ("ms_client_mode", "secure"),
        ("ms_cluster_mode", "secure"),
        ("ms_compress_all_peers", "true"),
        ("ms_compress_secure", "true"),
        ("ms_connection_idle_timeout", "99"),
        ("ms_connection_ready_timeout", "99"),
        ("ms_crc_data", "false"),
        ("ms_crc_header", "false"),
        ("ms_dispatch_throttle_bytes", "1M"),
        ("ms_initial_backoff", "0.5"),
        ("ms_inject_delay_max", "2"),
        ("ms_inject_delay_probability", "0.5"),
        ("ms_inject_delay_type", "osd"),
        ("ms_inject_internal_delays", "0.002"),
        ("ms_inject_socket_failures", "30"),
        ("ms_learn_addr_from_peer", "false"),
        ("ms_max_backoff", "99"),
        ("ms_mode", "legacy"),
        ("ms_mon_client_mode", "crc"),
        ("ms_mon_cluster_mode", "crc"),
        ("ms_mon_service_mode", "crc"),
        ("ms_osd_compress_min_size", "7"),
        ("ms_osd_compress_mode", "force"),
        ("ms_osd_compression_algorithm", "lz4"),
        ("ms_pq_max_tokens_per_priority", "12345"),
        ("ms_pq_min_cost", "8K"),
        ("ms_service_mode", "secure"),
        ("ms_tcp_listen_backlog", "77"),
        ("ms_tcp_nodelay", "false"),
        ("ms_tcp_rcvbuf", "1M"),
        ("ms_type", "simple"),
    ];

    fn of(options: &[(&str, &str)]) -> Result<NodeOptions, ConfError> {
        let mut conf = Conf::new("client.admin").unwrap();
        for (option, value) in options {
            conf.set(option, *value);
        }
        client_options(&conf)
    }

    /// What the options are, without what is random or counted.
    fn shown(options: &[(&str, &str)]) -> String {
        format!("{:?}", of(options).unwrap())
    }

    #[test]
    fn each_option_has_its_effect_alone() {
        assert_eq!(shown(&[]), shown(&[]));
        let mut seen = BTreeSet::from([shown(&[])]);
        for other in OTHER {
            assert!(seen.insert(shown(&[*other])), "no effect, or that of another one: {other:?}");
        }
    }

    /// The rows of the table: an option, and what becomes of it.
    fn rows() -> Vec<(&'static str, &'static str)> {
        let cells = |row: &'static str| {
            let mut cells = row.strip_prefix("| `")?.split(" | ");
            Some((cells.next()?.trim_end_matches('`'), cells.next()?))
        };
        DOCS.lines().filter_map(cells).collect()
    }

    #[test]
    fn the_table_says_of_each_option_what_becomes_of_it() {
        let rows = rows();
        let honoured: BTreeSet<_> =
            rows.iter().filter(|(_, is)| *is == "honoured").map(|(name, _)| *name).collect();
        let read: BTreeSet<_> = KNOWN.iter().copied().filter(|name| name.starts_with("ms_")).collect();
        assert_eq!(honoured, read);
        assert_eq!(honoured, OTHER.iter().map(|(name, _)| *name).collect());
        assert!(rows.iter().all(|(_, is)| matches!(*is, "honoured" | "ignored")), "{rows:?}");
        assert!(rows.is_sorted(), "in order, and each once");
    }

    #[test]
    fn the_queue_of_a_messenger_is_as_ceph_has_it_or_as_the_options_say() {
        let queue = |options: &NodeOptions| (options.ms_pq_max_tokens_per_priority, options.ms_pq_min_cost);
        assert_eq!(queue(&of(&[]).unwrap()), (16_777_216, 65_536));
        let options = of(&[("ms_pq_max_tokens_per_priority", "1048576"), ("ms_pq_min_cost", "4K")]).unwrap();
        assert_eq!(queue(&options), (1 << 20, 4096));
        let error = of(&[("ms_pq_max_tokens_per_priority", "many")]).unwrap_err().to_string();
        assert_eq!(error, "option ms_pq_max_tokens_per_priority: \"many\" is not a number");
    }

    #[test]
    fn the_dispatch_throttle_holds_what_the_option_says() {
        let throttle = of(&[("ms_dispatch_throttle_bytes", "1000")]).unwrap().config.dispatch_throttle;
        let _held = throttle.take(600).unwrap();
        assert!(throttle.take(600).is_none());
    }

    #[test]
    fn a_port_that_cannot_be_is_told() {
        let error = of(&[("ms_bind_port_max", "70000")]).unwrap_err().to_string();
        assert_eq!(error, "option ms_bind_port_max: \"70000\" is not a port");
    }

    #[test]
    fn a_transport_is_chosen_by_name_and_an_unknown_one_is_told_with_those_that_there_are() {
        let mut conf = Conf::new("client.admin").unwrap();
        assert_eq!(client_options(&conf).unwrap().ms_type, MsType::Async);
        conf.set("ms_type", "simple").set("ms_async_op_threads", "3");
        let options = client_options(&conf).unwrap();
        assert_eq!((options.ms_type, options.ms_async_op_threads), (MsType::Simple, 3));
        conf.set("ms_inject_socket_failures", "30").set("ms_inject_internal_delays", "0.002");
        let inject = client_options(&conf).unwrap().inject;
        assert_eq!(inject.ms_inject_socket_failures, 30);
        assert_eq!(inject.ms_inject_internal_delays, Duration::from_millis(2));
        let error = client_options(conf.set("ms_type", "xio")).unwrap_err().to_string();
        assert_eq!(error, "option ms_type: \"xio\" is not one of async, async+posix, simple");
    }
}
