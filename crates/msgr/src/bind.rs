//! Where a node takes calls.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;

use loligo_wire::entity::AddrType;

use crate::node::NodeSockets;
use crate::transport::{Bound, SocketOptions, Transport};

/// Where a node takes calls, in one protocol (`Messenger::bind`). For calls in both, it is bound twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddr {
    /// The protocol: [`AddrType::MSGR2`], or [`AddrType::LEGACY`] as where nothing is said.
    pub kind: AddrType,
    /// The IP; `None` for all of the family that `ms_bind_ipv6` says.
    pub ip: Option<IpAddr>,
    /// The port; 0 for the first free one in `ms_bind_port_min..=ms_bind_port_max`.
    pub port: u16,
    /// Ports that are not taken from that range, as those that were had before (`rebind`).
    pub avoid_ports: Vec<u16>,
}

impl Default for BindAddr {
    fn default() -> Self {
        Self { kind: AddrType::LEGACY, ip: None, port: 0, avoid_ports: Vec::new() }
    }
}

impl BindAddr {
    /// A given address. Port 0 as in [`Self::port`].
    #[must_use]
    pub const fn at(addr: SocketAddr) -> Self {
        Self { kind: AddrType::LEGACY, ip: Some(addr.ip()), port: addr.port(), avoid_ports: Vec::new() }
    }

    /// The same, for calls in messenger v2.
    #[must_use]
    pub const fn v2(mut self) -> Self {
        self.kind = AddrType::MSGR2;
        self
    }
}

/// Binds, with the attempts that the options allow.
pub(crate) fn bind(
    addr: &BindAddr,
    options: &NodeSockets,
    transport: &dyn Transport,
    sockets: &SocketOptions,
) -> io::Result<Box<dyn Bound>> {
    let once = || bind_once(addr, options, transport, sockets);
    let mut attempt = once();
    for _ in 0..options.retry_count {
        if attempt.is_ok() {
            break;
        }
        thread::sleep(options.retry_delay);
        attempt = once();
    }
    attempt
}

fn bind_once(
    addr: &BindAddr,
    options: &NodeSockets,
    transport: &dyn Transport,
    sockets: &SocketOptions,
) -> io::Result<Box<dyn Bound>> {
    let any =
        if options.ipv6 { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    let ip = addr.ip.unwrap_or(any);
    if addr.port != 0 {
        return transport.bind(SocketAddr::new(ip, addr.port), true, sockets);
    }
    let range = options.port_min..=options.port_max;
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in range.filter(|port| !addr.avoid_ports.contains(port)) {
        match transport.bind(SocketAddr::new(ip, port), false, sockets) {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(last)
}
