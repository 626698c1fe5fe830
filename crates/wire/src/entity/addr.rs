//! One address.

use core::cmp::Ordering;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Features};

const AF_UNSPEC: u16 = 0;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// What a `sockaddr_in` holds behind its family.
const IN4_DATA: usize = 14;
/// What the largest socket address that Ceph keeps, a `sockaddr_in6`, holds behind its family.
const MAX_DATA: usize = 26;
/// The size of a `sockaddr_storage`, as in the old form.
const STORAGE: usize = 128;

/// Which protocol is spoken at an address (`entity_addr_t::type_t`). Unknown values survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrType(pub u32);

impl AddrType {
    /// No address.
    pub const NONE: Self = Self(0);
    /// Messenger v1.
    pub const LEGACY: Self = Self(1);
    /// Messenger v2.
    pub const MSGR2: Self = Self(2);
    /// Whatever is spoken there; also what a client has that accepts no connections.
    pub const ANY: Self = Self(3);
    /// A network; the nonce is the length of its prefix.
    pub const CIDR: Self = Self(4);

    /// Its name as Ceph prints it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NONE => "none",
            Self::LEGACY => "v1",
            Self::MSGR2 => "v2",
            Self::ANY => "any",
            Self::CIDR => "cidr",
            _ => "???",
        }
    }
}

impl fmt::Display for AddrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A socket address of any family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostAddr {
    /// None (`AF_UNSPEC`).
    #[default]
    Unspecified,
    /// `AF_INET`.
    V4(SocketAddrV4),
    /// `AF_INET6`.
    V6(SocketAddrV6),
    /// A family that is not known here, kept as it came.
    Other {
        /// The family.
        family: u16,
        /// What followed it, padded with zeros.
        data: [u8; MAX_DATA],
    },
}

impl HostAddr {
    /// The number of the family, as on Linux.
    #[must_use]
    pub const fn family(&self) -> u16 {
        match self {
            Self::Unspecified => AF_UNSPEC,
            Self::V4(_) => AF_INET,
            Self::V6(_) => AF_INET6,
            Self::Other { family, .. } => *family,
        }
    }

    /// What follows the family in memory on Linux, little-endian where that depends on the machine.
    fn data(&self) -> [u8; MAX_DATA] {
        let mut data = [0; MAX_DATA];
        let mut put = |at: usize, bytes: &[u8]| {
            for (to, from) in data.iter_mut().skip(at).zip(bytes) {
                *to = *from;
            }
        };
        match self {
            Self::Unspecified => {}
            Self::V4(addr) => {
                put(0, &addr.port().to_be_bytes());
                put(2, &addr.ip().octets());
            }
            Self::V6(addr) => {
                put(0, &addr.port().to_be_bytes());
                put(2, &addr.flowinfo().to_be_bytes());
                put(6, &addr.ip().octets());
                put(22, &addr.scope_id().to_le_bytes());
            }
            Self::Other { data: other, .. } => put(0, other),
        }
        data
    }

    /// How many bytes of [`Self::data`] are written.
    const fn data_len(&self) -> usize {
        match self {
            Self::V4(_) => IN4_DATA,
            _ => MAX_DATA,
        }
    }

    fn from_data(family: u16, data: [u8; MAX_DATA]) -> Self {
        let [p0, p1, a, b, c, d, ..] = data;
        let port = u16::from_be_bytes([p0, p1]);
        match family {
            AF_INET => Self::V4(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port)),
            AF_INET6 => {
                let [_, _, _, _, _, _, ip @ .., s0, s1, s2, s3] = data;
                let flowinfo = u32::from_be_bytes([a, b, c, d]);
                let scope_id = u32::from_le_bytes([s0, s1, s2, s3]);
                Self::V6(SocketAddrV6::new(Ipv6Addr::from(ip), port, flowinfo, scope_id))
            }
            AF_UNSPEC if data == [0; MAX_DATA] => Self::Unspecified,
            _ => Self::Other { family, data },
        }
    }

    /// As a socket address of the standard library, where the family allows it.
    #[must_use]
    pub const fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::V4(addr) => Some(SocketAddr::V4(*addr)),
            Self::V6(addr) => Some(SocketAddr::V6(*addr)),
            Self::Unspecified | Self::Other { .. } => None,
        }
    }
}

impl From<SocketAddr> for HostAddr {
    fn from(addr: SocketAddr) -> Self {
        match addr {
            SocketAddr::V4(addr) => Self::V4(addr),
            SocketAddr::V6(addr) => Self::V6(addr),
        }
    }
}

/// An address, with the protocol that is spoken there and a nonce that tells one process from the next at the same
/// place: `entity_addr_t`.
///
/// Ordered as Ceph orders it (by its bytes in memory on a little-endian machine), so that a map with addresses as keys
/// is written in Ceph's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntityAddr {
    /// What is spoken there.
    pub kind: AddrType,
    /// Tells processes apart that use the same address one after the other.
    pub nonce: u32,
    /// Where.
    pub host: HostAddr,
}

impl EntityAddr {
    /// No address: type none, nothing in it.
    pub const NONE: Self = Self { kind: AddrType::NONE, nonce: 0, host: HostAddr::Unspecified };

    /// That protocol at that socket address.
    #[must_use]
    pub fn new(kind: AddrType, addr: SocketAddr, nonce: u32) -> Self {
        Self { kind, nonce, host: addr.into() }
    }

    /// Messenger v1 at that socket address.
    #[must_use]
    pub fn legacy(addr: SocketAddr, nonce: u32) -> Self {
        Self::new(AddrType::LEGACY, addr, nonce)
    }

    /// Messenger v2 at that socket address.
    #[must_use]
    pub fn msgr2(addr: SocketAddr, nonce: u32) -> Self {
        Self::new(AddrType::MSGR2, addr, nonce)
    }

    /// The same place with another protocol.
    #[must_use]
    pub const fn with_kind(self, kind: AddrType) -> Self {
        Self { kind, ..self }
    }

    /// The same place with another nonce.
    #[must_use]
    pub const fn with_nonce(self, nonce: u32) -> Self {
        Self { nonce, ..self }
    }

    /// The same host with another port; unchanged where the family has no ports.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        match &mut self.host {
            HostAddr::V4(addr) => addr.set_port(port),
            HostAddr::V6(addr) => addr.set_port(port),
            HostAddr::Unspecified | HostAddr::Other { .. } => {}
        }
        self
    }

    /// Where to connect to, where the family allows it.
    #[must_use]
    pub const fn socket_addr(&self) -> Option<SocketAddr> {
        self.host.socket_addr()
    }

    /// The IP address.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_addr().map(|addr| addr.ip())
    }

    /// The port, 0 where there is none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.socket_addr().map_or(0, |addr| addr.port())
    }

    /// Whether there is no IP address, or the one of any host (`is_blank_ip`).
    #[must_use]
    pub fn is_blank_ip(&self) -> bool {
        self.ip().is_none_or(|ip| ip.is_unspecified())
    }

    /// Whether both are on the same host (`is_same_host`).
    #[must_use]
    pub fn is_same_host(&self, other: &Self) -> bool {
        self.ip().is_some() && self.ip() == other.ip()
    }

    /// Whether both may be the same process (`probably_equals`): port and nonce agree, and so does the host, where both
    /// know it.
    #[must_use]
    pub fn probably_equals(&self, other: &Self) -> bool {
        self.port() == other.port()
            && self.nonce == other.nonce
            && (self.is_blank_ip() || other.is_blank_ip() || self.host == other.host)
    }

    /// Writes the form that peers without `MSG_ADDR2` know and that messenger v1 exchanges behind its banner: type 0,
    /// the nonce, and a `sockaddr_storage` whose family is big-endian.
    pub fn encode_legacy(&self, e: &mut Encoder) {
        0u32.encode(e);
        self.nonce.encode(e);
        e.raw(&self.host.family().to_be_bytes());
        e.raw(&self.host.data());
        e.raw(&[0; STORAGE - 2 - MAX_DATA]);
    }

    /// Reads what follows the marker byte 0.
    pub(super) fn decode_legacy_after_marker(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.take(3)?;
        let nonce = u32::decode(d)?;
        let family = u16::from_be_bytes(d.array()?);
        let data = d.array()?;
        d.take(STORAGE - 2 - MAX_DATA)?;
        Ok(match HostAddr::from_data(family, data) {
            host @ (HostAddr::V4(_) | HostAddr::V6(_)) => Self { kind: AddrType::LEGACY, nonce, host },
            HostAddr::Unspecified | HostAddr::Other { .. } => Self { nonce, ..Self::NONE },
        })
    }

    /// Reads what follows the marker byte 1.
    pub(super) fn decode_after_marker(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("entity_addr_t", 1, |d, _| {
            let kind = AddrType(u32::decode(d)?);
            let nonce = u32::decode(d)?;
            let length = d.length()?;
            let host =
                if length == 0 { HostAddr::Unspecified } else { decode_host(&mut d.section(length)?)? };
            Ok(Self { kind, nonce, host })
        })
    }

    /// The bytes that `operator<` of Ceph compares.
    fn sort_key(&self) -> ([u8; 4], [u8; 4], [u8; 2], [u8; MAX_DATA]) {
        let family = self.host.family().to_le_bytes();
        (self.kind.0.to_le_bytes(), self.nonce.to_le_bytes(), family, self.host.data())
    }
}

/// Reads a socket address that takes all the bytes: its family, then no more than that family holds.
fn decode_host(d: &mut Decoder<'_>) -> Result<HostAddr, DecodeError> {
    let family = u16::decode(d)?;
    let most = if family == AF_INET { IN4_DATA } else { MAX_DATA };
    let found = d.take(d.left())?;
    if found.len() > most {
        return Err(DecodeError::Invalid { what: "length of a socket address", value: found.len() as u64 });
    }
    let mut data = [0; MAX_DATA];
    for (to, from) in data.iter_mut().zip(found) {
        *to = *from;
    }
    Ok(HostAddr::from_data(family, data))
}

/// All forms, told apart by the first byte.
impl Decode for EntityAddr {
    const MIN_SIZE: usize = 1 + 6 + 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match u8::decode(d)? {
            0 => Self::decode_legacy_after_marker(d),
            1 => Self::decode_after_marker(d),
            marker => Err(DecodeError::Invalid { what: "entity_addr_t marker", value: u64::from(marker) }),
        }
    }
}

/// The form that the peer's features ask for; without `SERVER_NAUTILUS` the type any is written as v1.
impl Encode for EntityAddr {
    fn encode(&self, e: &mut Encoder) {
        if !e.features().has(Features::MSG_ADDR2) {
            self.encode_legacy(e);
            return;
        }
        let any_is_known = e.features().has(Features::SERVER_NAUTILUS);
        let kind = if self.kind == AddrType::ANY && !any_is_known { AddrType::LEGACY } else { self.kind };
        1u8.encode(e);
        e.versioned(1, 1, |e| {
            kind.0.encode(e);
            self.nonce.encode(e);
            e.counted(|e| {
                self.host.family().encode(e);
                let data = self.host.data();
                e.raw(data.get(..self.host.data_len()).unwrap_or(&data));
            });
        });
    }
}

impl Ord for EntityAddr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sort_key().cmp(&other.sort_key())
    }
}

impl PartialOrd for EntityAddr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr() -> EntityAddr {
        EntityAddr::msgr2("172.21.64.1:40502".parse().unwrap(), 7)
    }

    #[test]
    fn the_legacy_form_forgets_the_type_and_has_a_big_endian_family() {
        let bytes = addr().to_bytes(Features::NONE);
        assert_eq!(bytes.len(), 136);
        assert_eq!(bytes[..16], [0, 0, 0, 0, 7, 0, 0, 0, 0, 2, 0x9e, 0x36, 172, 21, 64, 1]);
        assert_eq!(EntityAddr::decode_all(&bytes), Ok(addr().with_kind(AddrType::LEGACY)));
        let blank = EntityAddr::NONE.with_nonce(9);
        assert_eq!(EntityAddr::decode_all(&blank.to_bytes(Features::NONE)), Ok(blank));
    }

    #[test]
    fn any_is_v1_for_peers_before_nautilus() {
        let any = addr().with_kind(AddrType::ANY);
        let luminous = Features::MSG_ADDR2 | Features::SERVER_LUMINOUS;
        assert_eq!(EntityAddr::decode_all(&any.to_bytes(luminous)), Ok(any.with_kind(AddrType::LEGACY)));
        assert_eq!(EntityAddr::decode_all(&any.to_bytes(Features::PACIFIC)), Ok(any));
    }

    #[test]
    fn every_family_survives() {
        let v6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 6789, 0x0102_0304, 5);
        let other = HostAddr::Other { family: 38, data: [3; MAX_DATA] };
        for host in [HostAddr::Unspecified, HostAddr::V6(v6), other] {
            let addr = EntityAddr { kind: AddrType(9), nonce: 1, host };
            assert_eq!(EntityAddr::decode_all(&addr.to_bytes(Features::PACIFIC)), Ok(addr));
        }
    }

    #[test]
    fn a_socket_address_that_is_too_long_or_too_short_is_refused() {
        let form = |length: u32, family: u16, data: usize| {
            let mut e = Encoder::new(Features::PACIFIC);
            1u8.encode(&mut e);
            e.versioned(1, 1, |e| {
                (2u32, 0u32).encode(e);
                length.encode(e);
                family.encode(e);
                e.raw(&[0; 64][..data]);
            });
            EntityAddr::decode_all(&e.finish())
        };
        assert!(form(16, AF_INET, 14).is_ok());
        assert!(matches!(form(17, AF_INET, 15), Err(DecodeError::Invalid { value: 15, .. })));
        assert!(matches!(form(29, AF_INET6, 27), Err(DecodeError::Invalid { value: 27, .. })));
        assert!(matches!(form(1, AF_INET, 14), Err(DecodeError::Truncated { .. })));
    }

    #[test]
    fn order_is_that_of_the_bytes_in_memory() {
        // 256 is 00 01 in memory and so comes before 1.
        assert!(addr().with_nonce(256) < addr().with_nonce(1));
        assert!(addr().with_kind(AddrType::LEGACY).with_nonce(1) < addr().with_nonce(256));
    }
}
