//! How connections to each type of peer behave (Ceph 18.2, `msg/Policy.h`).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use loligo_wire::Features;
use loligo_wire::entity::EntityType;

use crate::throttle::Throttle;

/// How a connection behaves when it breaks, and what it may hold: data, chosen by the peer's type.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The connection dies on the first error, and what was under way is lost.
    pub lossy: bool,
    /// This end never dials.
    pub server: bool,
    /// With nothing to send, a broken connection is opened again only when there is.
    pub standby: bool,
    /// A session that the peer forgot is noticed.
    pub resetcheck: bool,
    /// On a server: a new connection from an address ends the one that the address had.
    pub register_lossy_clients: bool,
    /// What a peer must have to be talked to.
    pub features_required: Features,
    /// The most bytes of messages that may be held at once, for all connections of this policy.
    pub throttler_bytes: Option<Arc<Throttle>>,
    /// The most messages that may be held at once, for all connections of this policy.
    pub throttler_messages: Option<Arc<Throttle>>,
}

impl Policy {
    const fn new(lossy: bool, server: bool, standby: bool, resetcheck: bool, register: bool) -> Self {
        Self {
            lossy,
            server,
            standby,
            resetcheck,
            register_lossy_clients: register,
            features_required: Features::NONE,
            throttler_bytes: None,
            throttler_messages: None,
        }
    }

    /// A server that keeps sessions: an MDS for its clients.
    #[must_use]
    pub const fn stateful_server() -> Self {
        Self::new(false, true, true, true, true)
    }

    /// A server without sessions where each client address has one connection.
    #[must_use]
    pub const fn stateless_registered_server() -> Self {
        Self::new(true, true, false, false, true)
    }

    /// A server without sessions: a monitor or an OSD for its clients.
    #[must_use]
    pub const fn stateless_server() -> Self {
        Self::new(true, true, false, false, false)
    }

    /// Daemons among themselves.
    #[must_use]
    pub const fn lossless_peer() -> Self {
        Self::new(false, false, true, false, true)
    }

    /// Daemons among themselves, whose addresses may be used anew.
    #[must_use]
    pub const fn lossless_peer_reuse() -> Self {
        Self::new(false, false, true, true, true)
    }

    /// A client of a server without sessions.
    #[must_use]
    pub const fn lossy_client() -> Self {
        Self::new(true, false, false, false, true)
    }

    /// A client of a server with sessions.
    #[must_use]
    pub const fn lossless_client() -> Self {
        Self::new(false, false, false, true, true)
    }

    /// Whether there is one connection for each address of a peer.
    #[must_use]
    pub const fn registers(&self) -> bool {
        !(self.server && self.lossy) || self.register_lossy_clients
    }

    /// The same, for peers that have these features at least.
    #[must_use]
    pub const fn requiring(mut self, features: Features) -> Self {
        self.features_required = features;
        self
    }

    /// The same, with limits (`set_throttlers`).
    #[must_use]
    pub fn throttled(mut self, bytes: Option<Arc<Throttle>>, messages: Option<Arc<Throttle>>) -> Self {
        self.throttler_bytes = bytes;
        self.throttler_messages = messages;
        self
    }
}

/// The policy for each type of peer.
#[derive(Clone, Debug)]
pub struct PolicySet {
    default_policy: Policy,
    policy_map: BTreeMap<EntityType, Policy>,
}

impl PolicySet {
    /// One policy for all (`set_default_policy`).
    #[must_use]
    pub const fn new(default_policy: Policy) -> Self {
        Self { default_policy, policy_map: BTreeMap::new() }
    }

    /// Another policy for one type (`set_policy`).
    #[must_use]
    pub fn with(mut self, peer: EntityType, policy: Policy) -> Self {
        self.policy_map.insert(peer, policy);
        self
    }

    /// The policy for peers of a type.
    #[must_use]
    pub fn get(&self, peer: EntityType) -> &Policy {
        self.policy_map.get(&peer).unwrap_or(&self.default_policy)
    }
}
