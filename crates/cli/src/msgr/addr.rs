//! Addresses on the command line.

use std::net::{SocketAddr, ToSocketAddrs};

use clap::ValueEnum;
use loligo_wire::entity::{AddrType, EntityAddr};

/// A messenger protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Messenger v1
    V1,
    /// Messenger v2
    V2,
}

impl Protocol {
    pub(crate) const fn addr_type(self) -> AddrType {
        match self {
            Self::V1 => AddrType::LEGACY,
            Self::V2 => AddrType::MSGR2,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// An address as it was given: perhaps without a protocol, perhaps with a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GivenAddr {
    pub(crate) protocol: Option<Protocol>,
    pub(crate) addr: SocketAddr,
    pub(crate) nonce: u32,
}

impl GivenAddr {
    /// As Ceph writes it, with that protocol.
    pub(crate) fn entity_addr(self, protocol: Protocol) -> EntityAddr {
        EntityAddr::new(protocol.addr_type(), self.addr, self.nonce)
    }
}

/// Reads `v2:127.0.0.1:3300/0`: the protocol and the nonce may be left out, and in place of an IP address a host name may
/// stand, of which the first address is taken. Without a port, it is 0.
pub(crate) fn parse(text: &str) -> Result<GivenAddr, String> {
    let (protocol, rest) = split_protocol(text);
    if let Ok(addr) = EntityAddr::parse(rest, AddrType::ANY) {
        let at = addr.host.socket_addr().ok_or_else(|| "this is no IP address".to_owned())?;
        return Ok(GivenAddr { protocol, addr: at, nonce: addr.nonce });
    }
    let (host, nonce) = rest.split_once('/').unwrap_or((rest, "0"));
    let nonce = nonce.parse().map_err(|_| "the nonce behind the slash is a number of 32 bits".to_owned())?;
    let mut found = host.to_socket_addrs().map_err(|why| format!("write it as v2:HOST:PORT ({why})"))?;
    let addr = found.next().ok_or_else(|| "the host has no address".to_owned())?;
    Ok(GivenAddr { protocol, addr, nonce })
}

fn split_protocol(text: &str) -> (Option<Protocol>, &str) {
    for protocol in [Protocol::V1, Protocol::V2] {
        if let Some(rest) = text.strip_prefix(protocol.name()).and_then(|rest| rest.strip_prefix(':')) {
            return (Some(protocol), rest);
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_say_its_protocol_and_nonce() {
        let at = |protocol, addr: &str, nonce| GivenAddr { protocol, addr: addr.parse().unwrap(), nonce };
        for (text, wanted) in [
            ("v1:10.0.0.1:6789/7", at(Some(Protocol::V1), "10.0.0.1:6789", 7)),
            ("v2:[::1]:3300", at(Some(Protocol::V2), "[::1]:3300", 0)),
            ("10.0.0.1:3300", at(None, "10.0.0.1:3300", 0)),
        ] {
            assert_eq!(parse(text), Ok(wanted), "{text}");
        }
        assert_eq!(parse("v2:localhost:3300/4").map(|given| (given.addr.port(), given.nonce)), Ok((3300, 4)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "v2:", "v3:10.0.0.1:1", "10.0.0.1:99999", "localhost", "10.0.0.1:1/x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
