//! Logins with cephx against the monitors' side of `loligo-auth`, in virtual time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must fail")]

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthError, AuthorizeHandler, Cipher, CryptoKey, EntityAuth, KeyServer, KeyServerOptions,
    LoginHandler, LoginRequest, Verdict,
};
use loligo_base::{Mono, Now, Prng, SeededEntropy, Wall};
use loligo_monclient::{FromMon, Input, MonClient, MonSession, Options, Output, ToMon};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::{AuthEntityName, EntityAddr, EntityAddrVec, EntityType};
use loligo_wire::message::{MAuth, MAuthReply};
use loligo_wire::monmap::{MonInfo, MonMap};
use loligo_wire::types::ErrorCode;
use loligo_wire::{Epoch, GlobalId, Tid, Uuid};

const CEPHX: &[AuthMethod] = &[AuthMethod::CEPHX];
/// Much shorter than Ceph's defaults, as in the clusters that renewal is tried on.
const TTL: KeyServerOptions = KeyServerOptions {
    auth_mon_ticket_ttl: Duration::from_secs(120),
    auth_service_ticket_ttl: Duration::from_secs(60),
    auth_service_cipher: Cipher::Aes,
};

/// Three monitors that answer at once, and a client.
struct World {
    /// The login is a part of the connection.
    is_v2: bool,
    /// Somebody between us and the monitors writes another global id into AUTH_DONE.
    forges_global_id: bool,
    /// Somebody between us and the monitors makes every signature wrong: no connection opens.
    breaks_signatures: bool,
    keys: KeyServer,
    entropy: SeededEntropy,
    now: Now,
    monitors: BTreeMap<MonSession, LoginHandler>,
    client: MonClient<()>,
    /// What the client told those above it.
    told: VecDeque<Output<()>>,
}

fn admin() -> AuthEntityName {
    AuthEntityName::client("admin")
}

fn addrs(n: u8) -> EntityAddrVec {
    EntityAddr::legacy(SocketAddr::new(Ipv4Addr::new(10, 0, 0, n).into(), 6789), 0).into()
}

fn monmap() -> MonMap {
    let mut map = MonMap { epoch: Epoch(1), fsid: Uuid([7; 16]), ..MonMap::default() };
    for (name, n) in [("a", 1), ("b", 2), ("c", 3)] {
        map.add(MonInfo { name: name.into(), public_addrs: addrs(n), ..MonInfo::default() });
    }
    map
}

impl World {
    /// `own_key` makes the client's key of the cluster's.
    fn new(is_v2: bool, name: AuthEntityName, own_key: impl FnOnce(&CryptoKey) -> CryptoKey) -> Self {
        let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
        let mut entropy = SeededEntropy::new(42);
        let mut keys = KeyServer::new(TTL, now.wall, &mut entropy);
        let key = CryptoKey::generate(now.wall, &mut entropy);
        let own = own_key(&key);
        let caps = ["mon", "osd", "mgr"].map(|service| (service.to_owned(), Bytes::from("allow *")));
        keys.add(admin(), EntityAuth { key, caps: caps.into() });
        let want = EntityTypes::of(&[EntityType::MON, EntityType::OSD, EntityType::MGR]);
        let auth = AuthClient::cephx(name, own, want);
        let mon_host = (1..=3).map(addrs).collect();
        let random = Box::new(SeededEntropy::new(43));
        let client = MonClient::new(Options::default(), mon_host, auth, Prng::new(1), random);
        let (forges_global_id, breaks_signatures) = (false, false);
        let (monitors, told) = (BTreeMap::new(), VecDeque::new());
        Self { is_v2, forges_global_id, breaks_signatures, keys, entropy, now, monitors, client, told }
    }

    /// A world of each messenger, with the right key.
    fn of_both_messengers() -> [Self; 2] {
        [false, true]
            .map(|is_v2| Self::new(is_v2, admin(), |key| CryptoKey::from_base64(&key.to_base64()).unwrap()))
    }

    /// Carries out what the client wants until it wants nothing more.
    fn settle(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Open { session, .. } => {
                    self.monitors.insert(session, LoginHandler::new(CEPHX));
                    let in_time = !self.is_v2 || self.let_in(session);
                    if self.is_v2 && self.breaks_signatures {
                        self.client.handle(self.now, Input::Lost { session });
                    } else if in_time {
                        self.client.handle(self.now, Input::Opened { session });
                    }
                }
                Output::Close { session } => drop(self.monitors.remove(&session)),
                Output::Send { session, message: ToMon::Auth(auth), .. } => self.answer(session, auth),
                Output::Send { session, message: ToMon::Subscribe(wanted), .. }
                    if wanted.what.contains_key("monmap") && self.is_v2 =>
                {
                    let message = FromMon::MonMap(Arc::new(monmap()));
                    self.client.handle(self.now, Input::Message { session, tid: Tid(0), message });
                }
                Output::Send { .. } | Output::Keepalive { .. } | Output::MonMap(_) => {}
                told => self.told.push_back(told),
            }
        }
    }

    /// The login of messenger v2; says whether the connection opens.
    fn let_in(&mut self, session: MonSession) -> bool {
        let (now, monitor) = (self.now, self.monitors.get_mut(&session).unwrap());
        // Another monitor may have let us in meanwhile.
        let Some(request) = self.client.auth_begin(now, session) else { return false };
        let (challenge, done) = monitor.begin_v2(&mut self.keys, &request, &mut self.entropy).unwrap();
        assert!(done.is_none());
        let proof = self.client.auth_more(now, session, challenge).unwrap().payload;
        match monitor.more_v2(&self.keys, now.wall, &proof, 64, &mut self.entropy) {
            Ok((reply, known)) if self.forges_global_id => {
                let forged = GlobalId(known.global_id.0 + 1000);
                assert!(self.client.auth_done(now, session, forged, reply).is_none());
                false
            }
            Ok((reply, known)) => {
                let keys = self.client.auth_done(now, session, known.global_id, reply).unwrap();
                let (ours, theirs) = (keys.connection_secret.unwrap(), known.connection_secret.unwrap());
                assert_eq!(ours.expose(), theirs.expose());
                true
            }
            Err(_) => {
                assert_eq!(self.client.auth_bad_method(now, session, -13, CEPHX), None);
                false
            }
        }
    }

    fn answer(&mut self, session: MonSession, auth: MAuth) {
        let Some(monitor) = self.monitors.get_mut(&session) else { return };
        let request = LoginRequest { method: AuthMethod(auth.protocol), payload: auth.auth_payload };
        let answer = monitor.handle(&mut self.keys, self.now.wall, &request, &mut self.entropy);
        let reply = MAuthReply {
            protocol: answer.reply.method.0,
            result: ErrorCode(answer.reply.result),
            global_id: answer.reply.global_id,
            result_bl: answer.reply.payload,
            ..MAuthReply::default()
        };
        let mut messages = vec![FromMon::AuthReply(reply)];
        if answer.client.is_some() && auth.monmap_epoch < Epoch(1) {
            messages.push(FromMon::MonMap(Arc::new(monmap())));
        }
        for message in messages {
            self.client.handle(self.now, Input::Message { session, tid: Tid(0), message });
        }
    }

    fn start(&mut self) {
        self.client.start(self.now);
        self.settle();
    }

    /// Lets time pass, with the timeouts that fall into it and new secrets when they are due.
    fn after(&mut self, secs: u64) {
        let end = self.now.mono + Duration::from_secs(secs);
        loop {
            let due = self.client.next_timeout().filter(|due| *due < end);
            self.pass_to(due.unwrap_or(end));
            self.keys.rotate(self.now.wall, &mut self.entropy);
            if due.is_none() {
                return;
            }
            self.client.handle(self.now, Input::Timeout);
            self.settle();
        }
    }

    fn pass_to(&mut self, mono: Mono) {
        let by = mono - self.now.mono;
        self.now = Now { mono: self.now.mono + by, wall: self.now.wall.saturating_add(by) };
    }

    /// The session with the monitor dies.
    fn cut(&mut self) {
        let session = *self.monitors.keys().next_back().unwrap();
        self.monitors.clear();
        self.client.handle(self.now, Input::Lost { session });
        self.settle();
    }

    /// What an OSD says to the client's authorizer.
    fn show_osd(&mut self) -> Result<(), AuthError> {
        let keys = self.keys.service_keys(EntityType::OSD).unwrap();
        let mut osd = AuthorizeHandler::new(CEPHX);
        let mut authorizer = self.client.build_authorizer(EntityType::OSD)?;
        for _ in 0..2 {
            let payload = authorizer.payload().clone();
            match osd.verify(&keys, self.now.wall, AuthMethod::CEPHX, &payload, 0, &mut self.entropy)? {
                Verdict::Challenge(challenge) => self.client.add_challenge(&mut authorizer, &challenge)?,
                Verdict::Accept(accepted) => return authorizer.verify_reply(&accepted.reply).map(drop),
            }
        }
        panic!("the OSD does not make up its mind");
    }

    /// The number that the client was given, told by the first thing that it told.
    fn logged_in(&mut self) -> GlobalId {
        match self.told.pop_front() {
            Some(Output::LoggedIn { global_id, .. }) => global_id,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_login_brings_one_identity_and_tickets() {
    for mut world in World::of_both_messengers() {
        world.start();
        let global_id = world.logged_in();
        assert_ne!(global_id, GlobalId(0));
        assert_eq!(world.client.global_id(), global_id);
        // Three monitors were asked, one is left.
        assert_eq!(world.monitors.len(), 1);
        world.show_osd().unwrap();
    }
}

#[test]
fn the_global_id_is_kept_and_proven_over_a_reconnect() {
    for mut world in World::of_both_messengers() {
        world.start();
        let global_id = world.logged_in();
        for _ in 0..5 {
            world.after(60);
            world.told.clear();
            world.cut();
            assert_eq!(world.logged_in(), global_id);
            assert!(!world.told.iter().any(|told| matches!(told, Output::IdentityChanged { .. })));
            world.show_osd().unwrap();
        }
    }
}

#[test]
fn tickets_are_renewed_before_they_lapse() {
    for mut world in World::of_both_messengers() {
        world.start();
        for _ in 0..180 {
            world.after(60);
            world.show_osd().unwrap();
            assert!(world.client.have_ticket(EntityType::OSD, world.now));
        }
        assert!(!world.told.iter().any(|told| matches!(told, Output::LoginFailed(_))));
        // All of it on the first session.
        assert_eq!(world.monitors.len(), 1);
    }
}

#[test]
fn tickets_are_renewed_after_a_jump_of_the_wall_clock() {
    for mut world in World::of_both_messengers() {
        world.start();
        world.now.wall = world.now.wall.saturating_add(Duration::from_secs(50));
        world.told.clear();
        world.after(11);
        assert!(world.told.iter().any(|told| matches!(told, Output::NewTickets)));
    }
}

#[test]
fn a_ticket_that_an_osd_refused_is_asked_for_anew() {
    for mut world in World::of_both_messengers() {
        world.start();
        world.told.clear();
        world.client.invalidate_ticket(world.now, EntityType::OSD);
        assert!(!world.client.have_ticket(EntityType::OSD, world.now));
        world.after(2);
        assert!(matches!(world.told.pop_front(), Some(Output::NewTickets)));
        assert!(world.client.have_ticket(EntityType::OSD, world.now));
        world.show_osd().unwrap();
    }
}

#[test]
fn a_refused_reclaim_leads_to_a_new_identity_that_is_told() {
    for mut world in World::of_both_messengers() {
        world.start();
        let old = world.logged_in();
        world.told.clear();
        // The monitors were away for so long that they forgot the secret that our ticket is sealed with.
        world.pass_to(world.now.mono + Duration::from_secs(3600));
        for _ in 0..60 {
            world.now.wall = world.now.wall.saturating_add(Duration::from_secs(60));
            world.keys.rotate(world.now.wall, &mut world.entropy);
        }
        world.cut();
        let Some(Output::IdentityChanged { old: told_old, new }) = world.told.pop_front() else {
            panic!("{:?}", world.told);
        };
        assert_eq!(told_old, old);
        assert_ne!(new, old);
        assert_eq!(world.logged_in(), new);
        world.show_osd().unwrap();
    }
}

#[test]
fn a_wrong_key_and_an_unknown_name_are_refused() {
    let mut other = SeededEntropy::new(44);
    let stranger = || AuthEntityName::client("nobody");
    let mut worlds = Vec::new();
    for is_v2 in [false, true] {
        let wrong = CryptoKey::generate(Wall::ZERO, &mut other);
        worlds.push(World::new(is_v2, admin(), |_| wrong));
        let copy = |key: &CryptoKey| CryptoKey::from_base64(&key.to_base64()).unwrap();
        worlds.push(World::new(is_v2, stranger(), copy));
    }
    for world in &mut worlds {
        world.start();
        let refused =
            |told: &Output<()>| matches!(told, Output::LoginFailed(AuthError::Refused { errno: 13 }));
        assert!(world.told.pop_front().is_some_and(|told| refused(&told)));
        assert!(world.told.is_empty());
        // The hunt is over.
        assert_eq!(world.client.next_timeout(), None);
    }
}

#[test]
fn a_key_that_is_changed_later_does_not_end_the_hunt() {
    for mut world in World::of_both_messengers() {
        world.start();
        world.told.clear();
        world.keys.remove(&admin());
        world.cut();
        assert!(world.told.iter().any(|told| matches!(told, Output::LoginFailed(_))));
        assert!(world.client.next_timeout().is_some());
    }
}

/// Who sits between us and the monitors can write what they like into frames that are not signed yet.
#[test]
fn what_nobody_has_signed_changes_neither_identity_nor_tickets() {
    let mut world = World::new(true, admin(), |key| CryptoKey::from_base64(&key.to_base64()).unwrap());
    world.start();
    let global_id = world.logged_in();
    let forgeries: [fn(&mut World); 2] =
        [|world| world.forges_global_id = true, |world| world.breaks_signatures = true];
    for forge in forgeries {
        forge(&mut world);
        world.told.clear();
        world.cut();
        assert!(!world.client.is_connected());
        assert!(!world.told.iter().any(|told| matches!(told, Output::IdentityChanged { .. })));
        assert_eq!(world.client.global_id(), global_id);
        world.show_osd().unwrap();
        (world.forges_global_id, world.breaks_signatures) = (false, false);
        world.told.clear();
        world.after(60);
        assert!(world.client.is_connected());
        assert_eq!(world.logged_in(), global_id);
    }
}

#[test]
fn a_first_login_that_nobody_has_signed_is_none() {
    let mut world = World::new(true, admin(), |key| CryptoKey::from_base64(&key.to_base64()).unwrap());
    world.breaks_signatures = true;
    world.start();
    assert!(!world.client.was_connected());
    assert_eq!(world.client.global_id(), GlobalId(0));
    assert!(!world.client.have_ticket(EntityType::OSD, world.now));
    world.breaks_signatures = false;
    world.after(10);
    assert_ne!(world.logged_in(), GlobalId(0));
}
