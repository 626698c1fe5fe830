//! From a packet to a segment of TCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A segment of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    /// Who sent it.
    pub(crate) from: SocketAddr,
    /// To whom.
    pub(crate) to: SocketAddr,
    /// The sequence number of its first byte, or of the SYN before it.
    pub(crate) seq: u32,
    /// Whether it opens its direction.
    pub(crate) syn: bool,
    /// Whether it acknowledges anything: a SYN that does not is a client's.
    pub(crate) ack: bool,
    /// Whether it closes its direction.
    pub(crate) fin: bool,
    /// Whether it breaks the connection off.
    pub(crate) reset: bool,
    /// What it carries.
    pub(crate) payload: &'a [u8],
}

/// Kinds of links: `LINKTYPE_*`.
mod link {
    pub(super) const NULL: u32 = 0;
    pub(super) const ETHERNET: u32 = 1;
    pub(super) const RAW_BSD: u32 = 12;
    pub(super) const RAW_OPENBSD: u32 = 14;
    pub(super) const RAW: u32 = 101;
    pub(super) const LOOP: u32 = 108;
    pub(super) const LINUX_SLL: u32 = 113;
    pub(super) const IPV4: u32 = 228;
    pub(super) const IPV6: u32 = 229;
    pub(super) const LINUX_SLL2: u32 = 276;
}

/// Whether packets of such a link are read.
pub(crate) const fn is_known(link: u32) -> bool {
    matches!(
        link,
        link::NULL
            | link::ETHERNET
            | link::RAW_BSD
            | link::RAW_OPENBSD
            | link::RAW
            | link::LOOP
            | link::LINUX_SLL
            | link::IPV4
            | link::IPV6
            | link::LINUX_SLL2
    )
}

/// The segment in a packet; `None` where it has none that is whole.
pub(crate) fn segment(link: u32, bytes: &[u8]) -> Option<Segment<'_>> {
    let packet = match link {
        link::ETHERNET => ethernet(bytes)?,
        link::NULL | link::LOOP => bytes.get(4..)?,
        link::LINUX_SLL => bytes.get(16..)?,
        link::LINUX_SLL2 => bytes.get(20..)?,
        _ => bytes,
    };
    // What the link says of the protocol, the packet says, too.
    match packet.first()? >> 4 {
        4 => ipv4(packet),
        6 => ipv6(packet),
        _ => None,
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn ethernet(bytes: &[u8]) -> Option<&[u8]> {
    const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
    let mut at = 12;
    while VLAN.contains(&short(bytes, at)?) {
        at += 4;
    }
    bytes.get(at + 2..)
}

const TCP: u8 = 6;

fn ipv4(packet: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(packet.first()? & 0xf) * 4;
    // A capture of what the machine sends itself may have packets whose length was to be filled in by the hardware.
    let total = match usize::from(short(packet, 2)?) {
        0 => packet.len(),
        total => total,
    };
    let fragment = short(packet, 6)? & 0x3fff;
    if header < 20 || fragment != 0 || *packet.get(9)? != TCP {
        return None;
    }
    let address = |at: usize| {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(octets)))
    };
    tcp([address(12)?, address(16)?], packet.get(header..total)?)
}

fn ipv6(packet: &[u8]) -> Option<Segment<'_>> {
    const HEADER: usize = 40;
    let length = match usize::from(short(packet, 4)?) {
        0 => packet.len().saturating_sub(HEADER),
        length => length,
    };
    let address = |at: usize| {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let (mut next, mut rest) = (*packet.get(6)?, packet.get(HEADER..HEADER + length)?);
    // Hop-by-hop options, routing and destination options may stand before it; fragments are not put together.
    while matches!(next, 0 | 43 | 60) {
        let length = 8 * (usize::from(*rest.get(1)?) + 1);
        next = *rest.first()?;
        rest = rest.get(length..)?;
    }
    if next == TCP { tcp([address(8)?, address(24)?], rest) } else { None }
}

fn tcp([from, to]: [IpAddr; 2], bytes: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(bytes.get(12)? >> 4) * 4;
    let flags = *bytes.get(13)?;
    if header < 20 {
        return None;
    }
    Some(Segment {
        from: SocketAddr::new(from, short(bytes, 0)?),
        to: SocketAddr::new(to, short(bytes, 2)?),
        seq: bytes.get(4..8)?.try_into().ok().map(u32::from_be_bytes)?,
        syn: flags & 0x02 != 0,
        ack: flags & 0x10 != 0,
        fin: flags & 0x01 != 0,
        reset: flags & 0x04 != 0,
        payload: bytes.get(header..)?,
    })
}
