//! Names of the things in the world.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A machine of the world, with one endpoint on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HostId {
    Mon,
    Osd(u16),
    Client(u16),
}

impl HostId {
    /// Where it is. Daemons listen there; a client calls from there.
    pub(crate) const fn ip(self) -> IpAddr {
        let (net, n) = match self {
            Self::Mon => (0, 1),
            Self::Osd(n) => (1, n),
            Self::Client(n) => (2, n),
        };
        let [high, low] = n.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(10, net, high, low))
    }

    /// Where a daemon listens.
    pub(crate) const fn listens(self) -> SocketAddr {
        let port = match self {
            Self::Mon => 6789,
            Self::Osd(_) | Self::Client(_) => 6800,
        };
        SocketAddr::new(self.ip(), port)
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mon => f.write_str("mon"),
            Self::Osd(n) => write!(f, "osd.{n}"),
            Self::Client(n) => write!(f, "client.{n}"),
        }
    }
}

/// One end of a stream: that of the caller, or that of the called. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineId(u64);

impl LineId {
    /// The caller's end of the `n`th stream.
    pub(crate) const fn caller(n: u64) -> Self {
        Self(n << 1)
    }

    /// The other end.
    pub(crate) const fn peer(self) -> Self {
        Self(self.0 ^ 1)
    }

    /// Which stream it is an end of.
    pub(crate) const fn stream(self) -> u64 {
        self.0 >> 1
    }

    /// Whether it is the end of the called.
    pub(crate) const fn is_called(self) -> bool {
        self.0 & 1 == 1
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stream(), if self.is_called() { 'b' } else { 'a' })
    }
}
