//! What all pipes of one messenger share.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI64, Ordering};
use core::time::Duration;

use loligo_wire::Features;
use loligo_wire::entity::{EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::msgr1::protocol;

use crate::compression::Compression;
use crate::modes::{Modes, Protocols};
use crate::policy::{Policy, PolicySet};
use crate::throttle::Throttle;

/// What all pipes of one messenger share: who it is, how it treats its peers, its options and limits.
#[derive(Debug)]
pub struct Config {
    /// Who this messenger is.
    pub myname: MyName,
    /// How connections behave, by type of peer.
    pub policies: PolicySet,
    /// What this end can do.
    pub features_supported: Features,
    /// `ms_*` options.
    pub options: Options,
    /// How much a peer may send.
    pub limits: Limits,
    /// `ms_dispatch_throttle_bytes`: the most bytes of messages that are read and not yet handled.
    pub dispatch_throttle: Arc<Throttle>,
    /// The most bytes of large receive buffers that are kept to be used again, by all pipes together.
    pub spares_throttle: Arc<Throttle>,
    /// The version of the protocol among daemons of our own type (`set_cluster_protocol`); 0 for clients.
    pub cluster_protocol: u32,
}

impl Config {
    /// A client: lossy connections to everybody, no throttles of its own.
    #[must_use]
    pub fn client() -> Self {
        let policy = Policy::lossy_client().requiring(Features::OSDREPLYMUX);
        let client = Self::new(EntityName::client(EntityName::NEW), PolicySet::new(policy));
        // Monitors let in only who can carry out what the map has: primaries of upmaps since Reef, multi-step-retry rules since
        // Squid. And who lacks what came with Tentacle is sent maps without it, to which their checksums do not belong.
        Self { features_supported: Features::TENTACLE, ..client }
    }

    /// Somebody of that name, with these policies and defaults for the rest.
    #[must_use]
    pub fn new(myname: EntityName, policies: PolicySet) -> Self {
        Self {
            myname: MyName::new(myname),
            policies,
            features_supported: Features::PACIFIC,
            options: Options::default(),
            limits: Limits::default(),
            dispatch_throttle: Arc::new(Throttle::new(100 << 20)),
            spares_throttle: Arc::new(Throttle::new(32 << 20)),
            cluster_protocol: 0,
        }
    }

    /// Which of its addresses a peer is called at, which decides on the protocol: the first one that is spoken here, as in
    /// Ceph, where daemons name that of v2 first. `None` where none is.
    #[must_use]
    pub fn target_addr(&self, addrs: &EntityAddrVec) -> Option<EntityAddr> {
        self.options.protocols.pick(addrs)
    }

    /// The version of the protocol that is spoken with a peer (`get_proto_version`).
    #[must_use]
    pub fn proto_version(&self, peer: EntityType, connect: bool) -> u32 {
        let mine = self.myname.get().kind;
        if peer == mine {
            return self.cluster_protocol;
        }
        match if connect { peer } else { mine } {
            EntityType::OSD => protocol::OSDC,
            EntityType::MDS => protocol::MDSC,
            EntityType::MON => protocol::MONC,
            _ => 0,
        }
    }
}

/// The name of a messenger. A client learns its number at login (`set_myname`); every message carries it.
#[derive(Debug)]
pub struct MyName {
    kind: EntityType,
    num: AtomicI64,
}

impl MyName {
    /// That name.
    #[must_use]
    pub const fn new(name: EntityName) -> Self {
        Self { kind: name.kind, num: AtomicI64::new(name.num) }
    }

    /// The name now.
    #[must_use]
    pub fn get(&self) -> EntityName {
        EntityName::new(self.kind, self.num.load(Ordering::Relaxed))
    }

    /// Sets the number. The type stays.
    pub fn set_num(&self, num: i64) {
        self.num.store(num, Ordering::Relaxed);
    }
}

/// Options of the messenger by Ceph's names, with Ceph's defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a connection may take to be opened and greeted.
    pub ms_connection_ready_timeout: Duration,
    /// How long a connection may be silent before it is closed.
    pub ms_connection_idle_timeout: Duration,
    /// How long a lossless connection waits before it calls again when a call failed; twice as long each time. Each wait is
    /// cut short by up to a half, so that those who lost the same peer do not all come back at once.
    pub ms_initial_backoff: Duration,
    /// How long it waits at most.
    pub ms_max_backoff: Duration,
    /// How long a message that has begun may stay as it is: it keeps its share of the throttles. Not an option of Ceph,
    /// where such a message keeps it until the connection is idle for too long. Such a connection is of no use, and a new one
    /// is opened soon enough.
    pub message_stall_timeout: Duration,
    /// How long the answer to a keepalive may take. Ceph leaves that to the callers of `send_keepalive`; this is
    /// the monitor client's `mon_client_ping_timeout`.
    pub keepalive_timeout: Duration,
    /// Whether data is summed and checked; on messenger v2, whether anything is checked. There, what is sent is summed all the
    /// same: a frame cannot say that it is not, so both ends of a Ceph have to agree on this option.
    pub ms_crc_data: bool,
    /// Whether headers, fronts and middles are summed and checked, on messenger v1.
    pub ms_crc_header: bool,
    /// Whether the own address is what the first peer sees, or what the socket says.
    pub ms_learn_addr_from_peer: bool,
    /// Whether messages are signed where there is a key for it, on messenger v1.
    pub cephx_sign_messages: bool,
    /// The connection modes of messenger v2, by what both ends are.
    pub modes: Modes,
    /// Who compresses what on messenger v2.
    pub compression: Compression,
    /// The protocols that peers are called with.
    pub protocols: Protocols,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ms_connection_ready_timeout: Duration::from_secs(10),
            ms_connection_idle_timeout: Duration::from_secs(900),
            ms_initial_backoff: Duration::from_millis(200),
            ms_max_backoff: Duration::from_secs(15),
            message_stall_timeout: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(30),
            ms_crc_data: true,
            ms_crc_header: true,
            ms_learn_addr_from_peer: true,
            cephx_sign_messages: true,
            modes: Modes::default(),
            compression: Compression::default(),
            protocols: Protocols::default(),
        }
    }
}

/// How much a peer may send. What exceeds a limit is a fault; nothing is allocated for it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of an authorizer, in either direction of the handshake.
    pub authorizer: u32,
    /// Rounds of a handshake: connect messages read by a server, replies read by a client.
    pub handshake_rounds: u32,
    /// Bytes of the banner's payload on messenger v2.
    pub banner: u32,
    /// Bytes of a control frame on messenger v2.
    pub control: u32,
    /// Bytes of a frame with what the peer proves to a caller on messenger v2. That of a monitor has tickets, with the
    /// capabilities of whoever logs in.
    pub auth_reply: u32,
    /// Bytes of all that a caller says on messenger v2 until both ends know each other: two authorizers and what is said beside
    /// them. For what it is told, [`auth_reply`](Self::auth_reply) comes on top.
    pub transcript: u32,
    /// Bytes of the front of a message.
    pub front: u32,
    /// Bytes of the middle of a message.
    pub middle: u32,
    /// Bytes of the data of a message.
    pub data: u32,
    /// Accepted connections per address that have not authenticated yet.
    pub half_open_per_host: usize,
    /// Accepted connections in all that have not authenticated yet.
    pub half_open: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            authorizer: 16 << 10,
            handshake_rounds: 8,
            banner: 1 << 10,
            control: 16 << 10,
            auth_reply: 1 << 20,
            transcript: 40 << 10,
            front: 64 << 20,
            middle: 64 << 20,
            data: 1 << 30,
            half_open_per_host: 256,
            half_open: 4096,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_offers_what_maps_of_newer_releases_ask_of_it() {
        // `ceph osd setcrushmap` with such a rule made a monitor of 20.2.4 refuse clients without it.
        assert!(Config::client().features_supported.has(Features::CRUSH_MSR));
        // `ceph osd set-require-min-compat-client reef`, which comes before `pg-upmap-primary`, was refused by a monitor of 18.2.7
        // that had a client without it.
        assert!(Config::client().features_supported.has(Features::SERVER_REEF));
        assert!(Config::client().features_supported.has(Features::SERVER_TENTACLE), "targets count on it");
    }
}
