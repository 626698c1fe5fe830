//! How a world begins.

use bytes::Bytes;
use core::time::Duration;
use loligo_auth::{AuthClient, CryptoKey, EntityAuth, KeyServer, KeyServerOptions};
use loligo_base::{Mono, Prng, SeededEntropy};
use loligo_client::{Call, Client, Options};
use loligo_minicluster::{Mon, MonCall, MonOptions, Osd, OsdCall};
use loligo_msgr_proto::{Config, Policy, PolicySet};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::{AddrType, AuthEntityName, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::types::ObjectLocator;
use loligo_wire::{OsdId, PoolId, Uuid};

use super::bus::Bus;
use super::operator::Operator;
use super::work::Work;
use super::{Phase, World};
use crate::check::Object;
use crate::fault::command;
use crate::history::History;
use crate::host::{Node, START};
use crate::ids::HostId;
use crate::plan::Plan;
use crate::shared::Core;
use crate::trace::Trace;
use crate::{Canary, Print};

const CEPHX: &[AuthMethod] = &[AuthMethod::CEPHX];
const NONE: &[AuthMethod] = &[AuthMethod::NONE];

/// The names of the pools, which are numbered from 1.
pub(super) const POOLS: [&str; 2] = ["alpha", "beta"];

/// The token of the call that starts a client.
pub(super) const STARTED: u64 = u64::MAX;

impl World {
    /// The world of a seed.
    pub(crate) fn new(seed: u64, canary: Option<Canary>, print: Option<Print>) -> Self {
        let mut prng = Prng::new(seed);
        let plan = Plan::draw(&mut prng.fork());
        let mut core = Core::new(prng.fork(), plan.weather.clone(), plan.local, Trace::new(print));
        core.canary = canary;
        core.trace.say(Mono::ZERO, format_args!("{plan:#?}"));
        let mut secrets = SeededEntropy::new(prng.next_u64());
        let (mon, auths) = monitor(&plan, &mut secrets, prng.next_u64());
        let methods = if plan.cephx { CEPHX } else { NONE };
        let osds = (0..plan.osds).map(|n| osd(n, methods, &plan, prng.next_u64())).collect();
        let clients = (0..).zip(auths).map(|(n, auth)| client(n, auth, &plan, prng.next_u64())).collect();
        let mut world = Self {
            work: (0..plan.clients).map(|_| Work::new(plan.ops)).collect(),
            objects: objects(&plan),
            core,
            plan,
            mon,
            osds,
            clients,
            bus: Bus::default(),
            maps: Default::default(),
            history: History::default(),
            operator: Operator::default(),
            phase: Phase::Setup,
            starts: 0,
            left: 0,
            violations: Vec::new(),
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.start_mon();
        for osd in 0..self.plan.osds {
            self.start_osd(osd);
        }
        for (client, n) in self.clients.iter_mut().zip(1000..) {
            client.set_nonce(n);
            let deadline = Some(Mono::ZERO + Duration::from_secs(1_000));
            client.call(&mut self.core, Call::Start { deadline, done: STARTED });
        }
        let pools = self.plan.pools.clone();
        for (name, pool) in POOLS.iter().zip(&pools) {
            self.order(command::create(name, pool.pg_num, pool.size));
        }
    }

    pub(super) fn start_mon(&mut self) {
        let addrs = self.mon.listen(0);
        self.mon.call(&mut self.core, MonCall::Start(addrs));
    }

    pub(super) fn start_osd(&mut self, n: u16) {
        self.starts += 1;
        let nonce = self.starts;
        if let Some(osd) = self.osds.get_mut(usize::from(n)) {
            let addrs = osd.listen(nonce);
            osd.call(&mut self.core, OsdCall::Start(addrs));
        }
    }

    pub(crate) fn osd(&self, osd: OsdId) -> Option<&Node<Osd>> {
        self.osds.get(usize::try_from(osd.0).ok()?)
    }

    /// The number of the operator's client.
    pub(super) const fn operators_client(&self) -> u16 {
        self.plan.clients
    }
}

fn objects(plan: &Plan) -> Vec<Object> {
    let pools = (1..).map(PoolId).zip(&plan.pools);
    pools
        .flat_map(|(pool, _)| {
            (0..plan.objects).map(move |n| Object {
                name: Bytes::from(format!("object-{n}")),
                locator: ObjectLocator::new(pool),
            })
        })
        .collect()
}

/// The monitor, and what each client needs to log in.
fn monitor(plan: &Plan, secrets: &mut SeededEntropy, seed: u64) -> (Node<Mon>, Vec<AuthClient>) {
    let options =
        KeyServerOptions { auth_service_ticket_ttl: plan.service_ticket_ttl, ..KeyServerOptions::default() };
    let mut keys = KeyServer::new(options, START, secrets);
    let want = EntityTypes::of(&[EntityType::MON, EntityType::OSD]);
    let mut auths = Vec::new();
    for n in 0..=plan.clients {
        let name = AuthEntityName::client(n.to_string());
        let key = CryptoKey::generate(START, secrets);
        let own = CryptoKey::from_base64(&key.to_base64());
        let caps = ["mon", "osd"].map(|service| (service.to_owned(), Bytes::from("allow *")));
        keys.add(name.clone(), EntityAuth { key, caps: caps.into() });
        auths.push(match own {
            Ok(own) if plan.cephx => AuthClient::cephx(name, own, want),
            _ => AuthClient::none(name),
        });
    }
    let options = MonOptions {
        fsid: Uuid([7; 16]),
        osds: plan.osds,
        methods: if plan.cephx { CEPHX } else { NONE },
        keys,
        entropy: Box::new(SeededEntropy::new(seed)),
        osd_pool_default_size: 3,
        osd_pool_default_pg_num: 8,
    };
    let now = loligo_base::Now { mono: Mono::ZERO, wall: START };
    let config = Config::new(EntityName::new(EntityType::MON, 0), PolicySet::new(Policy::stateless_server()));
    (Node::new(HostId::Mon, Mon::new(options, now), plan.speaking(config)), auths)
}

fn osd(n: u16, methods: &'static [AuthMethod], plan: &Plan, seed: u64) -> Node<Osd> {
    let osd = Osd::new(OsdId(n.into()), methods, Box::new(SeededEntropy::new(seed)));
    let policies = PolicySet::new(Policy::stateless_registered_server());
    let config = plan.speaking(Config::new(EntityName::osd(n.into()), policies));
    Node::new(HostId::Osd(n), osd, config)
}

fn client(n: u16, auth: AuthClient, plan: &Plan, seed: u64) -> Node<Client<u64>> {
    let mut options = Options::default();
    options.objecter.objecter_inflight_ops = plan.inflight_ops;
    let kind = if plan.con_mode.is_some() { AddrType::MSGR2 } else { AddrType::LEGACY };
    let mon = EntityAddrVec::from(EntityAddr::new(kind, HostId::Mon.listens(), 0));
    let client = Client::new(options, vec![mon], auth, Box::new(SeededEntropy::new(seed)));
    Node::new(HostId::Client(n), client, plan.speaking(Config::client()))
}
