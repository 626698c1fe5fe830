//! `mon_host`: where the monitors are, in all the forms that Ceph takes.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec};
use thiserror::Error;

use super::resolve::Resolver;

/// The port of a monitor that speaks messenger v1 (`CEPH_MON_PORT_LEGACY`).
const PORT_LEGACY: u16 = 6789;
/// The port of a monitor that speaks messenger v2 (`CEPH_MON_PORT_IANA`).
const PORT_IANA: u16 = 3300;

/// Why `mon_host` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MonHostError {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// A group of addresses is opened and not closed.
    #[error("\"{group}\": a [ without its ]")]
    Unclosed {
        /// The group.
        group: String,
    },
    /// An address that is none.
    #[error("\"{address}\": not HOST, HOST:PORT, v1:HOST:PORT or v2:HOST:PORT")]
    Address {
        /// The address.
        address: String,
    },
    /// A host name that nothing is known of.
    #[error("host \"{host}\" cannot be resolved: {why}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// The resolver is silent.
    #[error("host \"{host}\" cannot be resolved: no answer within the time given")]
    TimedOut {
        /// The name.
        host: String,
    },
}

/// Reads `mon_host`: monitors separated by commas, semicolons or spaces, each one a host name, an address with or without
/// a port, with or without a `v1:` or `v2:` before it, or several such in brackets for one monitor. Follows
/// `MonMap::init_with_hosts` and `init_with_ips`.
///
/// A host name is resolved, which can block; each of its addresses is a monitor. An address that does not say which messenger
/// is spoken there stands for two monitors, one of each: both are tried. Without a port it has the two that monitors have.
///
/// # Errors
///
/// When an address cannot be read or a host name not be resolved.
///
/// ```
/// let monitors = loligo::parse_mon_host("[v2:192.0.2.1:3300,v1:192.0.2.1:6789],192.0.2.2:6789")?;
/// assert_eq!(monitors.len(), 2);
/// # Ok::<(), loligo::MonHostError>(())
/// ```
pub fn parse_mon_host(text: &str) -> Result<Vec<EntityAddrVec>, MonHostError> {
    parse_mon_host_within(text, Duration::ZERO)
}

/// The same, with so much time for the resolver; 0 for no limit.
pub(crate) fn parse_mon_host_within(
    text: &str,
    timeout: Duration,
) -> Result<Vec<EntityAddrVec>, MonHostError> {
    let resolver = Resolver::system(timeout);
    let mut monitors: Vec<EntityAddrVec> = Vec::new();
    for group in groups(text)? {
        for monitor in monitors_of(group, resolver)? {
            if !monitors.contains(&monitor) {
                monitors.push(monitor);
            }
        }
    }
    if monitors.is_empty() { Err(MonHostError::Empty) } else { Ok(monitors) }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';') || c.is_whitespace()
}

/// Cuts at separators that are not inside of brackets.
fn groups(text: &str) -> Result<Vec<&str>, MonHostError> {
    let mut groups = Vec::new();
    let mut rest = text.trim_start_matches(is_separator);
    while !rest.is_empty() {
        let mut depth = 0_usize;
        let end = rest.char_indices().find(|&(_, c)| {
            match c {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && is_separator(c)
        });
        let (group, tail) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        if depth > 0 {
            return Err(MonHostError::Unclosed { group: group.to_owned() });
        }
        groups.push(group);
        rest = tail.trim_start_matches(is_separator);
    }
    Ok(groups)
}

/// The monitors that one group stands for: one where it is in brackets, else as many as its name has addresses.
fn monitors_of(group: &str, resolver: Resolver) -> Result<Vec<EntityAddrVec>, MonHostError> {
    // "[::1]:6789" is an address; "[v2:…]" and "[1.2.3.4,…]" are several addresses of one monitor.
    let inner = group.strip_prefix('[').and_then(|g| g.strip_suffix(']'));
    if let Some(inner) = inner.filter(|inner| inner.parse::<IpAddr>().is_err()) {
        let mut addrs = Vec::new();
        for part in inner.split(is_separator).filter(|part| !part.is_empty()) {
            addrs.extend(Host::parse(part)?.addrs(resolver)?);
        }
        return Ok(vec![EntityAddrVec(addrs)]);
    }
    Ok(Host::parse(group)?.addrs(resolver)?.into_iter().map(EntityAddrVec::from).collect())
}

/// One host of `mon_host`, as written.
struct Host<'a> {
    kind: AddrType,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    fn parse(text: &'a str) -> Result<Self, MonHostError> {
        let wrong = || MonHostError::Address { address: text.to_owned() };
        let (kind, rest) = match text.split_once(':') {
            Some(("v1", rest)) => (AddrType::LEGACY, rest),
            Some(("v2", rest)) => (AddrType::MSGR2, rest),
            Some(("any", rest)) => (AddrType::ANY, rest),
            _ => (AddrType::ANY, text),
        };
        // A nonce may follow; a monitor's is always 0.
        let rest = rest.split_once('/').map_or(rest, |(addr, _)| addr);
        let (host, port) = split_port(rest).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(['[', ']', ':']) && host.parse::<IpAddr>().is_err() {
            return Err(wrong());
        }
        Ok(Self { kind, host, port })
    }

    /// The monitors that may be there: one or two for each address of the host.
    fn addrs(&self, resolver: Resolver) -> Result<Vec<EntityAddr>, MonHostError> {
        Ok(resolver.addrs(self.host)?.into_iter().flat_map(|ip| self.at(ip)).collect())
    }

    fn at(&self, ip: IpAddr) -> Vec<EntityAddr> {
        let v1 = |port| EntityAddr::legacy(SocketAddr::new(ip, port), 0);
        let v2 = |port| EntityAddr::msgr2(SocketAddr::new(ip, port), 0);
        match (self.kind, self.port.filter(|port| *port != 0)) {
            (AddrType::LEGACY, port) => vec![v1(port.unwrap_or(PORT_LEGACY))],
            (AddrType::MSGR2, port) => vec![v2(port.unwrap_or(PORT_IANA))],
            (_, Some(PORT_LEGACY)) => vec![v1(PORT_LEGACY)],
            (_, Some(PORT_IANA)) => vec![v2(PORT_IANA)],
            (_, Some(port)) => vec![v2(port), v1(port)],
            (_, None) => vec![v2(PORT_IANA), v1(PORT_LEGACY)],
        }
    }
}

/// Cuts a port off: `host:port`, `[v6]:port`, `[v6]`, or a bare IPv6 address.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Some((text, None));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (host, tail) = rest.split_once(']')?;
        return match tail.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => tail.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        parse_mon_host(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn groups_joined_by_commas_are_cut_in_the_right_place() {
        let text = "[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0],[v2:10.0.0.2:3300/0,v1:10.0.0.2:6789/0]";
        assert_eq!(
            shown(text),
            ["[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]", "[v2:10.0.0.2:3300/0,v1:10.0.0.2:6789/0]"]
        );
    }

    #[test]
    fn separators_may_be_commas_semicolons_and_spaces() {
        assert_eq!(
            parse_mon_host("10.0.0.1:6789, 10.0.0.2:6789;10.0.0.3:6789 10.0.0.4:6789").unwrap().len(),
            4
        );
    }

    #[test]
    fn the_port_tells_the_protocol_where_no_prefix_does() {
        assert_eq!(shown("10.0.0.1"), ["v2:10.0.0.1:3300/0", "v1:10.0.0.1:6789/0"]);
        assert_eq!(shown("10.0.0.1:6789"), ["v1:10.0.0.1:6789/0"]);
        assert_eq!(shown("10.0.0.1:3300"), ["v2:10.0.0.1:3300/0"]);
        assert_eq!(shown("10.0.0.1:7000"), ["v2:10.0.0.1:7000/0", "v1:10.0.0.1:7000/0"]);
        assert_eq!(shown("v1:10.0.0.1"), ["v1:10.0.0.1:6789/0"]);
        assert_eq!(shown("v2:10.0.0.1"), ["v2:10.0.0.1:3300/0"]);
    }

    #[test]
    fn ipv6_in_all_its_forms() {
        assert_eq!(shown("[::1]:6789"), ["v1:[::1]:6789/0"]);
        assert_eq!(shown("::1"), ["v2:[::1]:3300/0", "v1:[::1]:6789/0"]);
        assert_eq!(shown("[::1]"), ["v2:[::1]:3300/0", "v1:[::1]:6789/0"]);
        assert_eq!(shown("[v2:[::1]:3300,v1:[::1]:6789]"), ["[v2:[::1]:3300/0,v1:[::1]:6789/0]"]);
    }

    #[test]
    fn names_are_resolved() {
        let monitors = parse_mon_host("localhost:6789").unwrap();
        assert!(
            monitors.iter().any(|m| m.to_string().contains("127.0.0.1") || m.to_string().contains("[::1]"))
        );
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!(parse_mon_host(" , "), Err(MonHostError::Empty));
        assert!(matches!(parse_mon_host("[v2:1.2.3.4"), Err(MonHostError::Unclosed { .. })));
        for text in ["1.2.3.4:port", "v1:", "[::1]x", "a:b:c", "1.2.3.4:99999"] {
            assert!(matches!(parse_mon_host(text), Err(MonHostError::Address { .. })), "{text}");
        }
    }
}
