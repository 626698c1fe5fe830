//! Callers that have not said who they are.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use crate::ConId;

/// Counts callers that have not said who they are, in all and per address, against a limit for each.
#[derive(Debug)]
pub(super) struct HalfOpen {
    limit: usize,
    limit_per_host: usize,
    cons: BTreeMap<ConId, IpAddr>,
    hosts: BTreeMap<IpAddr, usize>,
}

impl HalfOpen {
    pub(super) const fn new(limit: usize, limit_per_host: usize) -> Self {
        Self { limit, limit_per_host, cons: BTreeMap::new(), hosts: BTreeMap::new() }
    }

    /// A caller came from `host`; says whether there is room for it.
    pub(super) fn enter(&mut self, con: ConId, host: IpAddr) -> bool {
        let of_host = self.hosts.get(&host).copied().unwrap_or(0);
        if self.cons.len() >= self.limit || of_host >= self.limit_per_host {
            return false;
        }
        self.cons.insert(con, host);
        self.hosts.insert(host, of_host + 1);
        true
    }

    /// A caller said who it is, or left. Nothing where that is known already.
    pub(super) fn leave(&mut self, con: ConId) {
        let Some(host) = self.cons.remove(&con) else { return };
        let left = self.hosts.get(&host).map_or(0, |n| n.saturating_sub(1));
        if left == 0 {
            self.hosts.remove(&host);
        } else {
            self.hosts.insert(host, left);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.cons.len()
    }
}
