//! The daemons of a small cluster, each on its node.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loligo_auth::{CryptoKey, KeyServer, Keyring, KeyringEntry};
use loligo_base::Now;
use loligo_minicluster::{Mon, MonCall, MonOptions, Osd, OsdCall};
use loligo_msgr::proto::{Config, Endpoint, Modes, Protocols};
use loligo_msgr::{BindAddr, Clock, Node, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::{AuthEntityName, EntityAddrVec, EntityName};
use loligo_wire::{OsdId, Uuid};

use crate::entropy::entropy;
use crate::error::MiniError;
use crate::files::Files;
use crate::options::MiniOptions;
use crate::router::Router;
use crate::seat::Seat;

/// Which randomness the monitor, the OSDs and the cluster as a whole have.
const MON_ENTROPY: u64 = 1;
const OSD_ENTROPY: u64 = 2;
const CLUSTER_ENTROPY: u64 = 0;

/// A small cluster that runs: one monitor and some OSDs in memory, each with an address of its own on 127.0.0.1. Dropping it
/// ends it, and its data are gone.
pub struct MiniCluster {
    fsid: Uuid,
    files: Files,
    mon: Node<Mon>,
    osds: Vec<Mutex<Place>>,
    router: Arc<Router>,
    transport: Transport,
}

/// How the daemons are reached.
struct Transport {
    modes: Modes,
    protocols: Protocols,
}

/// Where an OSD is.
enum Place {
    Running(Node<Seat<Osd>>),
    Stopped(Box<Osd>),
    /// Its node could not be started, and took it along.
    Lost,
}

impl MiniCluster {
    /// Starts a cluster, and gives it back when all of its OSDs are up.
    ///
    /// # Errors
    ///
    /// When the system gives no sockets or threads, or the files cannot be written.
    pub fn start(options: MiniOptions) -> Result<Self, MiniError> {
        let now = Clock::start().now();
        let mut random = entropy(options.seed, CLUSTER_ENTROPY);
        let mut fsid = Uuid::NIL;
        random.fill(&mut fsid.0);
        let cipher = options.tickets.auth_service_cipher;
        let key = CryptoKey::generate_of(cipher, now.wall, &mut *random);
        let mut keyring = Keyring::new();
        keyring.insert(AuthEntityName::client("admin"), admin(&key));
        let files = Files::new(options.dir.clone())?;

        let router = Arc::new(Router::default());
        let mon = start_mon(&options, fsid, &keyring, now, &router)?;
        let addrs = bind(&mon, options.protocols)?;
        files.write(fsid, &addrs, options.auth, &keyring)?;
        mon.call(MonCall::Start(addrs));

        let methods = options.auth.methods();
        let osds = (0..options.osds)
            .map(|id| {
                let random = entropy(options.seed, OSD_ENTROPY + u64::from(id));
                Mutex::new(Place::Stopped(Box::new(Osd::new(OsdId(id.into()), methods, random))))
            })
            .collect();
        let transport = Transport { modes: options.modes, protocols: options.protocols };
        let cluster = Self { fsid, files, mon, osds, router, transport };
        for id in 0..options.osds {
            cluster.start_osd(id)?;
        }
        Ok(cluster)
    }

    /// The cluster's id.
    #[must_use]
    pub const fn fsid(&self) -> Uuid {
        self.fsid
    }

    /// The `ceph.conf` that names the monitor and the keyring of `client.admin`.
    #[must_use]
    pub fn conf_path(&self) -> PathBuf {
        self.files.conf()
    }

    /// The keyring of `client.admin`.
    #[must_use]
    pub fn keyring_path(&self) -> PathBuf {
        self.files.keyring()
    }

    /// The monitor's addresses, that of messenger v2 first.
    #[must_use]
    pub fn mon_addrs(&self) -> EntityAddrVec {
        self.mon.my_addrs()
    }

    /// How many OSDs there are, running or not.
    #[must_use]
    pub fn osds(&self) -> u16 {
        u16::try_from(self.osds.len()).unwrap_or(u16::MAX)
    }

    /// Stops an OSD as `kill -9` would: its connections break, what it had under way is lost, what it stored is kept. The
    /// monitor is told, as the other OSDs would tell it. One that is stopped stays so.
    ///
    /// # Errors
    ///
    /// When there is no such OSD.
    pub fn stop_osd(&self, id: u16) -> Result<(), MiniError> {
        let osd = OsdId(id.into());
        {
            let mut place = self.place(id)?;
            let Place::Running(node) = &*place else { return Ok(()) };
            self.router.remove_osd(osd);
            // From here on it does nothing more; only then its peers see their connections break.
            let left = node.with(Seat::take);
            node.shutdown();
            *place = left.map_or(Place::Lost, |osd| Place::Stopped(Box::new(osd)));
        }
        self.mon.call(MonCall::OsdFailed(osd));
        Ok(())
    }

    /// Starts an OSD that was stopped, at another address. It has what it stored.
    ///
    /// # Errors
    ///
    /// When there is no such OSD, or the system gives no socket or thread for it.
    pub fn start_osd(&self, id: u16) -> Result<(), MiniError> {
        let mut place = self.place(id)?;
        let osd = match std::mem::replace(&mut *place, Place::Lost) {
            Place::Stopped(osd) => *osd,
            running => {
                *place = running;
                return Ok(());
            }
        };
        let router = Arc::clone(&self.router);
        let name = EntityName::osd(id.into());
        let options = node_options(name, format!("mini-osd.{id}"), &self.transport.modes);
        let node = Node::start(Seat::new(osd), options, move |message| router.route(message))?;
        let addrs = bind(&node, self.transport.protocols)?;
        self.router.add_osd(OsdId(id.into()), &node);
        node.call(OsdCall::Start(addrs));
        *place = Place::Running(node);
        Ok(())
    }

    fn place(&self, id: u16) -> Result<MutexGuard<'_, Place>, MiniError> {
        let place = self.osds.get(usize::from(id)).ok_or(MiniError::NoSuchOsd(id))?;
        Ok(place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for MiniCluster {
    fn drop(&mut self) {
        for place in &self.osds {
            if let Place::Running(node) = &*place.lock().unwrap_or_else(PoisonError::into_inner) {
                node.shutdown();
            }
        }
        self.mon.shutdown();
    }
}

impl fmt::Debug for MiniCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MiniCluster")
            .field("fsid", &self.fsid)
            .field("mon", &self.mon)
            .field("osds", &self.osds.len())
            .finish_non_exhaustive()
    }
}

/// `client.admin`, which may do everything.
fn admin(key: &CryptoKey) -> KeyringEntry {
    KeyringEntry::new(key, &[("mds", "allow *"), ("mgr", "allow *"), ("mon", "allow *"), ("osd", "allow *")])
}

fn start_mon(
    options: &MiniOptions,
    fsid: Uuid,
    keyring: &Keyring,
    now: Now,
    router: &Arc<Router>,
) -> Result<Node<Mon>, MiniError> {
    let mut random = entropy(options.seed, MON_ENTROPY);
    let mut keys = KeyServer::new(options.tickets, now.wall, &mut *random);
    keys.add_keyring(keyring)?;
    let mon = Mon::new(
        MonOptions {
            fsid,
            osds: options.osds,
            methods: options.auth.methods(),
            keys,
            entropy: random,
            osd_pool_default_size: options.osd_pool_default_size,
            osd_pool_default_pg_num: options.osd_pool_default_pg_num,
        },
        now,
    );
    // Clients know a monitor by its address alone, so its nonce is 0, as Ceph's is.
    let node_options = NodeOptions {
        nonce: Some(0),
        ..node_options(EntityName::mon(0), "mini-mon.a".into(), &options.modes)
    };
    let sink = Arc::clone(router);
    let node = Node::start(mon, node_options, move |message| sink.route(message))?;
    router.add_mon(&node);
    Ok(node)
}

/// A daemon that takes calls from clients, at any free port.
fn node_options(name: EntityName, thread_name: String, modes: &Modes) -> NodeOptions {
    let mut config = Config::new(name, PolicySet::new(Policy::stateless_server()));
    config.options.modes = modes.clone();
    // The port 0: the system chooses, and no two clusters of a machine meet.
    NodeOptions { ms_bind_port_min: 0, ms_bind_port_max: 0, thread_name, ..NodeOptions::new(config) }
}

fn bind<E: Endpoint>(node: &Node<E>, protocols: Protocols) -> Result<EntityAddrVec, MiniError> {
    let loopback = BindAddr::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    if protocols.v2 {
        node.bind(loopback.clone().v2())?;
    }
    if protocols.v1 {
        node.bind(loopback)?;
    }
    Ok(node.my_addrs())
}
