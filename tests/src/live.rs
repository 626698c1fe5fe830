//! A client on a real cluster, without the library on top: the endpoint on a node.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{AuthClient, Keyring};
use loligo_client::{Call, CallId, Client, ConnectError, Done, Options, Outcome};
use loligo_monclient::{Reply, Request};
use loligo_msgr::proto::Endpoint;
use loligo_msgr::{Node, NodeOptions, SystemEntropy};
use loligo_objecter::{ObjectOperation, Op, OpReply};
use loligo_wire::cephx::{EntityTypes, KeyType};
use loligo_wire::entity::{AuthEntityName, EntityAddrVec, EntityType};
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::ObjectLocator;
use loligo_wire::{BufferList, GlobalId, PoolId};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The cluster that `LOLIGO_TEST_CEPH_CONF` names; says so where there is none.
#[must_use]
pub fn conf() -> Option<PathBuf> {
    let conf = std::env::var_os("LOLIGO_TEST_CEPH_CONF").map(PathBuf::from);
    if conf.is_none() {
        skip("LOLIGO_TEST_CEPH_CONF names no ceph.conf");
    }
    conf
}

/// Says, also where `LOLIGO_TEST_SKIPPED` is, that this test cannot run.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {why}; cargo xtask test brings a cluster", thread.name().unwrap_or("a test"));
    eprintln!("SKIPPED {line}");
    if let Some(path) = std::env::var_os("LOLIGO_TEST_SKIPPED") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

/// One value of a `ceph.conf` in which each option stands once.
#[must_use]
pub fn option(conf: &Path, name: &str) -> String {
    let text = std::fs::read_to_string(conf).unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name} in {}", conf.display())).trim().to_owned()
}

/// Where the outcome of a call goes.
pub type Token = Sender<Outcome>;

/// A client on a node, to be used step by step.
pub struct LiveClient<E: Endpoint = Client<Token>> {
    node: Node<E>,
    last: AtomicU64,
    events: Arc<Mutex<Vec<String>>>,
}

/// A client for these monitors that is on no node yet.
#[must_use]
pub fn client(mon_host: Vec<EntityAddrVec>, auth: AuthClient) -> Client<Token> {
    Client::new(Options::default(), mon_host, auth, Box::new(SystemEntropy))
}

impl LiveClient {
    /// A client for these monitors that was not started.
    #[must_use]
    pub fn new(mon_host: Vec<EntityAddrVec>, auth: AuthClient) -> Self {
        Self::on_a_node(client(mon_host, auth))
    }

    /// `client.admin` of the cluster of that `ceph.conf`, logged in.
    #[must_use]
    pub fn connected(conf: &Path) -> Self {
        let client = Self::new(mon_host(conf), admin(conf));
        client.connect(PATIENCE).unwrap();
        client
    }
}

impl<E> LiveClient<E>
where
    E: Endpoint<Call = Call<Token>, Done = Done<Token>> + Send + 'static,
    E::Msg: Send,
{
    /// A client, or what stands around one, on a node of its own; it was not started.
    #[must_use]
    pub fn on_a_node(endpoint: E) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let node = Node::start(endpoint, NodeOptions::client(), move |done| match done {
            // Nobody may be listening any more.
            Done::Call { done, outcome } => drop(done.send(outcome)),
            Done::Config(_) => {}
            other => heard.lock().unwrap().push(format!("{other:?}")),
        });
        Self { node: node.unwrap(), last: AtomicU64::new(0), events }
    }
}

impl<E: Endpoint<Call = Call<Token>, Done = Done<Token>>> LiveClient<E> {
    /// What was told without being asked.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    fn id(&self) -> CallId {
        CallId(self.last.fetch_add(1, Ordering::Relaxed))
    }

    fn call(&self, call: impl FnOnce(Token) -> Call<Token>) -> Receiver<Outcome> {
        let (done, outcome) = channel();
        self.node.call(call(done));
        outcome
    }

    /// Logs in.
    ///
    /// # Errors
    ///
    /// As the client says.
    pub fn connect(&self, timeout: Duration) -> Result<GlobalId, ConnectError> {
        let deadline = Some(self.node.now().mono + timeout);
        match self.call(|done| Call::Start { deadline, done }).recv_timeout(timeout + PATIENCE) {
            Ok(Outcome::Connected(result)) => result,
            other => panic!("{other:?}"),
        }
    }

    /// The map, at least as new as the newest that the monitors have now.
    #[must_use]
    pub fn latest_osdmap(&self) -> Arc<OSDMap> {
        let id = self.id();
        match self.call(|done| Call::WaitForLatestOsdMap { id, deadline: None, done }).recv_timeout(PATIENCE)
        {
            Ok(Outcome::OsdMap(Ok(map))) => map,
            other => panic!("{other:?}"),
        }
    }

    /// A monitor's answer.
    #[must_use]
    pub fn ask(&self, request: Request) -> Reply {
        let id = self.id();
        match self.call(|done| Call::Mon { id, request, deadline: None, done }).recv_timeout(PATIENCE) {
            Ok(Outcome::Mon(Ok(reply))) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// The result of a monitor's command and what it gave.
    #[must_use]
    pub fn command(&self, json: &str) -> (i32, String, String) {
        let (retcode, outs, out) = self.command_bytes(json);
        (retcode, outs, String::from_utf8(out.to_vec()).unwrap())
    }

    /// The result of a monitor's command and what it gave, which need not be a text.
    #[must_use]
    pub fn command_bytes(&self, json: &str) -> (i32, String, Bytes) {
        match self.ask(Request::Command { cmd: vec![json.into()], inbl: BufferList::new() }) {
            Reply::Command { retcode, outs, outbl } => (retcode.0, outs.to_string(), outbl.to_contiguous()),
            other => panic!("{other:?}"),
        }
    }

    /// Begins an op.
    #[must_use]
    pub fn submit(&self, op: Op) -> Receiver<Outcome> {
        let id = self.id();
        self.call(|done| Call::Op { id, op, done })
    }

    /// An OSD's answer to a change of an object.
    #[must_use]
    pub fn mutate(&self, pool: PoolId, name: &str, operation: ObjectOperation) -> OpReply {
        answer(&self.submit(Op::mutate(name.to_owned().into(), ObjectLocator::new(pool), operation)))
    }

    /// An OSD's answer to a question about an object.
    #[must_use]
    pub fn read(&self, pool: PoolId, name: &str, operation: ObjectOperation) -> OpReply {
        answer(&self.submit(Op::read(name.to_owned().into(), ObjectLocator::new(pool), operation)))
    }

    /// Shuts the client down, and waits until it says so.
    pub fn shutdown(&self) {
        match self.call(|done| Call::Shutdown { done }).recv_timeout(PATIENCE) {
            Ok(Outcome::Shutdown) => {}
            other => panic!("{other:?}"),
        }
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &Node<E> {
        &self.node
    }
}

/// Waits for the answer to an op.
#[must_use]
pub fn answer(outcome: &Receiver<Outcome>) -> OpReply {
    match outcome.recv_timeout(PATIENCE) {
        Ok(Outcome::Op(Ok(reply))) => reply,
        other => panic!("{other:?}"),
    }
}

/// The monitors of a `ceph.conf`.
#[must_use]
pub fn mon_host(conf: &Path) -> Vec<EntityAddrVec> {
    let text = option(conf, "mon_host");
    let groups = text.split_inclusive(']').map(|group| group.trim_matches([',', ' ']));
    groups.filter(|group| !group.is_empty()).map(|group| group.parse().expect("an address vector")).collect()
}

/// `client.admin` with its key, and a wish for tickets of OSDs and managers.
#[must_use]
pub fn admin(conf: &Path) -> AuthClient {
    let name = AuthEntityName::client("admin");
    let keyring = Keyring::parse(&std::fs::read(option(conf, "keyring")).unwrap()).unwrap();
    let key = keyring.key(&name).unwrap();
    AuthClient::cephx(name, key, wanted())
}

/// The type of the key of `client.admin`.
#[must_use]
pub fn admin_key_type(conf: &Path) -> KeyType {
    let keyring = Keyring::parse(&std::fs::read(option(conf, "keyring")).unwrap()).unwrap();
    keyring.key(&AuthEntityName::client("admin")).unwrap().key_type()
}

/// The services that a client wants tickets for.
#[must_use]
pub fn wanted() -> EntityTypes {
    [EntityType::MON, EntityType::OSD, EntityType::MGR].into_iter().fold(EntityTypes::NONE, EntityTypes::with)
}
