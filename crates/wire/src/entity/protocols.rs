//! Which messengers are spoken.

use super::{AddrType, EntityAddr, EntityAddrVec};

/// The protocols that peers are called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// Messenger v1.
    pub v1: bool,
    /// Messenger v2.
    pub v2: bool,
}

impl Default for Protocols {
    /// Both.
    fn default() -> Self {
        Self { v1: true, v2: true }
    }
}

impl Protocols {
    /// Whether the protocol of addresses of that type is one of them.
    #[must_use]
    pub const fn speaks(self, kind: AddrType) -> bool {
        match kind {
            AddrType::LEGACY => self.v1,
            AddrType::MSGR2 => self.v2,
            _ => false,
        }
    }

    /// The address that a peer is called at, which decides on the protocol: the first one that is spoken, else one where any
    /// protocol is (`AsyncMessenger::create_connect`). `None` where there is none.
    #[must_use]
    pub fn pick(self, addrs: &EntityAddrVec) -> Option<EntityAddr> {
        let any = || addrs.pick(AddrType::ANY).filter(|_| self.v1);
        let known = |addr: &&EntityAddr| self.speaks(addr.kind) && !addr.is_blank_ip();
        addrs.iter().find(known).copied().or_else(any)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn the_first_address_that_is_spoken_is_called() {
        let at = |kind, port| EntityAddr::new(kind, ([10, 0, 0, 1], port).into(), 0);
        let (v1, v2) = (at(AddrType::LEGACY, 6789), at(AddrType::MSGR2, 3300));
        let both = Protocols::default();
        assert_eq!(both.pick(&EntityAddrVec(vec![v2, v1])), Some(v2));
        assert_eq!(both.pick(&EntityAddrVec(vec![v1, v2])), Some(v1));
        assert_eq!(Protocols { v1: true, v2: false }.pick(&EntityAddrVec(vec![v2, v1])), Some(v1));
        assert_eq!(Protocols { v1: false, v2: true }.pick(&EntityAddrVec(vec![v1])), None);
        let any = at(AddrType::ANY, 6800);
        assert_eq!(both.pick(&any.into()), Some(any));
    }
}
