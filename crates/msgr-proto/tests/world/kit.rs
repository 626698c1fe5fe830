//! Worlds of two messengers, in each way to speak.

use bytes::Bytes;
use loligo_msgr_proto::compression::CompressionMode;
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, ConId, Config, Policy, PolicySet, Protocols};
use loligo_wire::entity::{EntityName, EntityType};
use loligo_wire::msgr2::{CompressionAlgorithm, ConMode};

use super::tap::BANNER_ITEM;
use super::{Act, HostId, Logged, Rule, Script, Seen, Way, World};
use crate::common::{self, Note};

/// A way to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    V1,
    Crc,
    Secure,
    /// As [`Mode::Crc`], and all is compressed.
    Compressed,
}

pub(crate) const MODES: [Mode; 4] = [Mode::V1, Mode::Crc, Mode::Secure, Mode::Compressed];
pub(crate) const V2_MODES: [Mode; 3] = [Mode::Crc, Mode::Secure, Mode::Compressed];

impl Mode {
    pub(crate) fn is_v2(self) -> bool {
        self != Self::V1
    }
}

/// A messenger of that name, with one policy for all.
pub(crate) fn config(mode: Mode, name: EntityName, policy: Policy) -> Config {
    let mut config = Config::new(name, PolicySet::new(policy));
    config.options.protocols = Protocols { v1: true, v2: mode.is_v2() };
    let only = vec![if mode == Mode::Secure { ConMode::SECURE } else { ConMode::CRC }];
    let modes = &mut config.options.modes;
    (modes.ms_cluster_mode, modes.ms_service_mode, modes.ms_client_mode) = (only.clone(), only.clone(), only);
    if mode == Mode::Compressed {
        let compression = &mut config.options.compression;
        compression.ms_osd_compress_mode = CompressionMode::Force;
        compression.ms_osd_compression_algorithm = vec![CompressionAlgorithm::SNAPPY];
        compression.ms_osd_compress_min_size = 0;
        compression.ms_compress_all_peers = true;
    }
    config
}

pub(crate) fn client() -> EntityName {
    EntityName::new(EntityType::CLIENT, 4)
}

/// A client, which takes no calls, and a server at port 6800, that know each other by a key.
pub(crate) fn duo(mode: Mode, of_client: Policy, of_server: Policy) -> (World, HostId, HostId) {
    let mut world = World::new(7);
    world.script = Some(Script::default());
    let client = world.host(config(mode, client(), of_client), 0);
    let server = world.host(config(mode, EntityName::osd(0), of_server), 6_800);
    with_keys(&mut world);
    (world, client, server)
}

/// Two daemons; the address of the first is below that of the second.
pub(crate) fn peers(mode: Mode, of_first: Policy, of_second: Policy) -> (World, HostId, HostId) {
    let of = |seed| {
        let mut world = World::new(seed);
        world.script = Some(Script::default());
        let first = world.host(config(mode, EntityName::osd(0), of_first.clone()), 6_800);
        let second = world.host(config(mode, EntityName::osd(1), of_second.clone()), 6_800);
        with_keys(&mut world);
        (world, first, second)
    };
    // The nonce comes first in the order of addresses.
    let mut all = (7..).map(of);
    all.find(|(world, first, second)| world.addrs(*first).front() < world.addrs(*second).front()).unwrap()
}

/// All hosts know each other by a key, after a challenge.
pub(crate) fn with_keys(world: &mut World) {
    for host in &mut world.hosts {
        host.auth = Box::new(|_, _, request| keyed(request));
    }
}

/// As [`common::keyed`], on both messengers.
pub(crate) fn keyed(request: &AuthRequest) -> Option<AuthStep> {
    let done = |reply: &'static str| {
        let request = AuthRequest::Done { global_id: loligo_wire::GlobalId(0), reply: "proof".into() };
        let step = common::keyed(&request);
        let Some(AuthStep::Accept(accept)) = step else { panic!("{step:?}") };
        Some(AuthStep::Accept(Accept { reply: Bytes::from(reply), connection_secret: None, ..accept }))
    };
    match request {
        AuthRequest::Check { authorizer, .. } if authorizer == "first" => {
            Some(AuthStep::Challenge { challenge: "riddle".into() })
        }
        AuthRequest::Check { authorizer, .. } if authorizer == "solved" => done("proof"),
        AuthRequest::Verify { reply } if reply == "proof" => done(""),
        _ => common::keyed(request),
    }
}

/// A message.
pub(crate) fn note(tid: u64) -> Box<Note> {
    Box::new(Note::new(tid, vec![7; 100], vec![8; 300]))
}

/// How often a host saw something of connections that it had asked for, or was told of.
pub(crate) fn count(world: &World, host: HostId, is: impl Fn(&Seen) -> bool) -> usize {
    let host = &world.hosts[host];
    let accepted = host.accepted();
    let is_known = |con: &ConId| host.has_asked_for(*con) || accepted.contains(con);
    host.seen.iter().filter(|(con, seen)| is(seen) && is_known(con)).count()
}

/// How often a host wrote or read an item, or was about to.
pub(crate) fn items(world: &World, host: HostId, way: Way, item: &str) -> usize {
    let log = &world.script.as_ref().unwrap().log;
    log.iter().filter(|logged| logged.host == host && logged.way == way && logged.item == item).count()
}

/// How often a host called.
pub(crate) fn calls(world: &World, host: HostId) -> usize {
    let log = &world.script.as_ref().unwrap().log;
    let is_call = |logged: &&Logged| logged.called && logged.way == Way::Write && logged.item == BANNER_ITEM;
    log.iter().filter(is_call).filter(|logged| logged.host == host).count()
}

/// From now on something happens at the `nth` item of that name that a host writes or reads.
pub(crate) fn rule(world: &mut World, host: HostId, way: Way, item: &'static str, nth: usize, act: Act) {
    world.script.as_mut().unwrap().rules.push(Rule { host, way, item, nth, act });
}

pub(crate) fn is_reset(seen: &Seen) -> bool {
    matches!(seen, Seen::Reset(_))
}

pub(crate) fn is_remote_reset(seen: &Seen) -> bool {
    matches!(seen, Seen::RemoteReset)
}

pub(crate) fn is_connected(seen: &Seen) -> bool {
    matches!(seen, Seen::Connected(_))
}

pub(crate) fn is_accepted(seen: &Seen) -> bool {
    matches!(seen, Seen::Accepted(_))
}
