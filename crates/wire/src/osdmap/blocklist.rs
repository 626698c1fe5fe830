//! Who must not come back.

use core::net::IpAddr;

use super::OSDMap;
use crate::{AddrType, EntityAddr, EntityAddrVec, Release};

impl OSDMap {
    /// Whether that instance of a client or daemon, its whole host, or a network that it is in is shut out.
    #[must_use]
    pub fn is_addr_blocklisted(&self, addr: &EntityAddr) -> bool {
        let since_nautilus = self.require_osd_release >= Release::NAUTILUS;
        let addr = addr.with_kind(if since_nautilus { AddrType::ANY } else { AddrType::LEGACY });
        if self.blocklist.contains_key(&addr) {
            return true;
        }
        let Some(ip) = addr.ip() else { return false };
        self.blocklist.contains_key(&addr.with_port(0).with_nonce(0))
            || self.range_blocklist.keys().any(|network| contains(network, ip))
    }

    /// Whether any of the addresses is shut out.
    #[must_use]
    pub fn is_blocklisted(&self, addrs: &EntityAddrVec) -> bool {
        addrs.iter().any(|addr| self.is_addr_blocklisted(addr))
    }
}

/// Whether an address is in a network whose prefix length is the nonce (`range_bits::matches`).
fn contains(network: &EntityAddr, ip: IpAddr) -> bool {
    match (network.ip(), ip) {
        (Some(IpAddr::V4(network_ip)), IpAddr::V4(ip)) => {
            let host_bits = u32::BITS.saturating_sub(network.nonce);
            let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
            (network_ip.to_bits() ^ ip.to_bits()) & mask == 0
        }
        (Some(IpAddr::V6(network_ip)), IpAddr::V6(ip)) => {
            let host_bits = u128::BITS.saturating_sub(network.nonce);
            let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
            (network_ip.to_bits() ^ ip.to_bits()) & mask == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::sync::Arc;

    use loligo_base::Wall;

    use super::*;

    fn addr(text: &str) -> EntityAddr {
        text.parse().unwrap()
    }

    fn map(blocklist: &[&str], ranges: &[(&str, u32)]) -> OSDMap {
        let any = |text: &&str| (addr(text).with_kind(AddrType::ANY), Wall::ZERO);
        let cidr =
            |(text, bits): &(&str, u32)| (addr(text).with_kind(AddrType::CIDR).with_nonce(*bits), Wall::ZERO);
        OSDMap {
            require_osd_release: Release::PACIFIC,
            blocklist: Arc::new(blocklist.iter().map(any).collect::<BTreeMap<_, _>>()),
            range_blocklist: ranges.iter().map(cidr).collect(),
            ..OSDMap::default()
        }
    }

    #[test]
    fn an_instance_is_shut_out_whatever_it_speaks() {
        let map = map(&["v1:10.0.0.1:6800/7"], &[]);
        assert!(map.is_addr_blocklisted(&addr("v1:10.0.0.1:6800/7")));
        assert!(map.is_addr_blocklisted(&addr("v2:10.0.0.1:6800/7")));
        assert!(!map.is_addr_blocklisted(&addr("v1:10.0.0.1:6800/8")));
        assert!(!map.is_addr_blocklisted(&addr("v1:10.0.0.1:6801/7")));
        let both: EntityAddrVec = "[v2:10.0.0.1:3/7,v1:10.0.0.1:6800/7]".parse().unwrap();
        assert!(map.is_blocklisted(&both));
    }

    #[test]
    fn port_and_nonce_0_shut_out_the_whole_host() {
        let map = map(&["v1:10.0.0.1:0/0"], &[]);
        assert!(map.is_addr_blocklisted(&addr("v1:10.0.0.1:6800/7")));
        assert!(!map.is_addr_blocklisted(&addr("v1:10.0.0.2:6800/7")));
    }

    #[test]
    fn networks_match_by_prefix() {
        let map = map(&[], &[("v1:10.1.0.0:0/0", 16), ("v1:[fd00:1::]:0/0", 72)]);
        assert!(map.is_addr_blocklisted(&addr("v2:10.1.255.9:6800/7")));
        assert!(!map.is_addr_blocklisted(&addr("v2:10.2.0.1:6800/7")));
        assert!(map.is_addr_blocklisted(&addr("v2:[fd00:1:0:0:0012::9]:6800/7")));
        assert!(!map.is_addr_blocklisted(&addr("v2:[fd00:1:0:0:0112::9]:6800/7")));
        assert!(!map.is_addr_blocklisted(&addr("v2:[fd00:2::9]:6800/7")));
    }

    #[test]
    fn a_network_of_no_bits_is_everybody_of_its_family() {
        let map = map(&[], &[("v1:10.1.0.0:0/0", 0)]);
        assert!(map.is_addr_blocklisted(&addr("v2:192.168.0.1:1/1")));
        assert!(!map.is_addr_blocklisted(&addr("v2:[fd00:1::]:1/1")));
    }
}
