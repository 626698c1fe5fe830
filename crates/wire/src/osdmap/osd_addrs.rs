//! The addresses of all OSDs.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, EntityAddrVec};

/// The addresses of one OSD on one of its networks. An OSD that has none takes no memory, and a changed map shares those
/// that did not change with the map before it.
pub(super) type SharedAddrs = Option<Arc<EntityAddrVec>>;

/// The addresses of each OSD on each of its networks: `addrs_s`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsdAddrs {
    /// For clients.
    pub client_addrs: Vec<Option<Arc<EntityAddrVec>>>,
    /// For other OSDs.
    pub cluster_addrs: Vec<Option<Arc<EntityAddrVec>>>,
    /// For heartbeats between OSDs, on the cluster's network.
    pub hb_back_addrs: Vec<Option<Arc<EntityAddrVec>>>,
    /// For heartbeats between OSDs, on the clients' network.
    pub hb_front_addrs: Vec<Option<Arc<EntityAddrVec>>>,
}

impl OsdAddrs {
    /// All four vectors.
    pub(super) fn each_mut(&mut self) -> [&mut Vec<SharedAddrs>; 4] {
        let Self { client_addrs, cluster_addrs, hb_back_addrs, hb_front_addrs } = self;
        [client_addrs, cluster_addrs, hb_back_addrs, hb_front_addrs]
    }
}

/// Shares a vector of addresses, unless it is empty.
pub(super) fn share(addrs: &EntityAddrVec) -> SharedAddrs {
    (!addrs.is_empty()).then(|| Arc::new(addrs.clone()))
}

/// Reads the addresses of all OSDs on one network.
pub(super) fn decode_addrs(d: &mut Decoder<'_>) -> Result<Vec<SharedAddrs>, DecodeError> {
    d.list(EntityAddrVec::MIN_SIZE, |d| {
        let addrs = EntityAddrVec::decode(d)?;
        Ok((!addrs.is_empty()).then(|| Arc::new(addrs)))
    })
}

/// Writes the addresses of all OSDs on one network; to peers older than Nautilus the v1 address alone.
pub(super) fn encode_addrs(addrs: &[SharedAddrs], since_nautilus: bool, e: &mut Encoder) {
    e.count(addrs.len());
    for addrs in addrs {
        let addrs = addrs.as_deref().unwrap_or(const { &EntityAddrVec::NONE });
        if since_nautilus {
            addrs.encode(e);
        } else {
            addrs.legacy_addr().encode(e);
        }
    }
}
