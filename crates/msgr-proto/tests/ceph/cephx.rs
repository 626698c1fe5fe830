//! `AuthTest` of `test_msgr.cc`, with real cephx: a ticket of a monitor, an authorizer, a challenge, a proof.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthorizeHandler, Authorizer, Cipher, CryptoKey, EntityAuth, KeyServer, KeyServerOptions,
    LoginHandler, LoginStep,
};
use loligo_base::{Now, SeededEntropy};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep, ConId, Fault, Policy};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::EntityType;
use loligo_wire::{AuthEntityName, GlobalId};

use crate::common::cephx::told;
use crate::world::kit::{MODES, Mode, duo, note};
use crate::world::{ECHO, HostId, Seen, World};

const METHODS: &[AuthMethod] = &[AuthMethod::CEPHX];

/// A monitor, somebody who has logged in there, and the OSDs that know the monitor's keys.
pub(crate) struct Cephx {
    keys: KeyServer,
    client: AuthClient,
    entropy: SeededEntropy,
    shown: BTreeMap<(HostId, ConId), Authorizer>,
    handshakes: BTreeMap<(HostId, ConId), AuthorizeHandler>,
    /// The service believes whoever comes.
    none: bool,
}

impl Cephx {
    fn new(now: Now, cipher: Cipher) -> Self {
        let mut entropy = SeededEntropy::new(42);
        let options = KeyServerOptions {
            auth_mon_ticket_ttl: Duration::from_secs(120),
            auth_service_ticket_ttl: Duration::from_secs(60),
            auth_service_cipher: cipher,
        };
        let mut keys = KeyServer::new(options, now.wall, &mut entropy);
        let name = AuthEntityName::client("admin");
        let key = CryptoKey::generate_of(cipher, now.wall, &mut entropy);
        let mine = CryptoKey::from_base64(key.to_base64().as_ref()).unwrap();
        let caps = ["mon", "osd"].map(|service| (service.to_string(), Bytes::from("allow *")));
        keys.add(name.clone(), EntityAuth { key, caps: BTreeMap::from(caps) });
        let mut client = AuthClient::cephx(name, mine, EntityTypes::of(&[EntityType::MON, EntityType::OSD]));
        let (mut login, mut request) = client.login();
        let mut monitor = LoginHandler::new(METHODS);
        loop {
            let answer = monitor.handle(&mut keys, now.wall, &request, &mut entropy);
            match client.handle_reply(&mut login, now, answer.reply, &mut entropy) {
                LoginStep::Send(next) => request = next,
                LoginStep::Done(_) => break,
                step => panic!("{step:?}"),
            }
        }
        let (shown, handshakes) = (BTreeMap::new(), BTreeMap::new());
        Self { keys, client, entropy, shown, handshakes, none: false }
    }

    fn step(&mut self, now: Now, host: HostId, con: ConId, request: &AuthRequest) -> AuthStep {
        let at = (host, con);
        match request {
            AuthRequest::Authorizer { .. } if self.none => {
                AuthStep::Authorizer { method: AuthMethod::NONE.0, authorizer: Bytes::from_static(b"me") }
            }
            AuthRequest::Authorizer { peer } => {
                let authorizer = self.client.build_authorizer(*peer, &mut self.entropy).unwrap();
                let step = show(&authorizer);
                self.shown.insert(at, authorizer);
                step
            }
            AuthRequest::Challenge { challenge } => {
                let Some(authorizer) = self.shown.get_mut(&at) else { return AuthStep::Refuse };
                match authorizer.add_challenge(challenge, &mut self.entropy) {
                    Ok(()) => show(authorizer),
                    Err(_) => AuthStep::Refuse,
                }
            }
            AuthRequest::Verify { reply } | AuthRequest::Done { reply, .. } => self.verify(at, reply),
            AuthRequest::Check { method, authorizer, .. } => self.check(now, at, *method, authorizer, 0),
            AuthRequest::CheckV2 { method, payload, connection_secret_len, .. } => {
                self.check(now, at, method.0, payload, *connection_secret_len)
            }
            _ => AuthStep::Refuse,
        }
    }

    fn verify(&self, at: (HostId, ConId), reply: &Bytes) -> AuthStep {
        if self.none {
            return AuthStep::Accept(Accept::default());
        }
        let Some(Ok(authorized)) = self.shown.get(&at).map(|shown| shown.verify_reply(reply)) else {
            return AuthStep::Refuse;
        };
        AuthStep::Accept(Accept {
            reply: Bytes::new(),
            session_key: authorized.session_key,
            connection_secret: authorized.connection_secret,
            global_id: GlobalId(0),
        })
    }

    fn check(
        &mut self,
        now: Now,
        at: (HostId, ConId),
        method: u32,
        payload: &Bytes,
        secret: usize,
    ) -> AuthStep {
        if self.none && method == AuthMethod::NONE.0 {
            return AuthStep::Accept(Accept::default());
        }
        let keys = self.keys.service_keys(EntityType::OSD).unwrap();
        let handshake = self.handshakes.entry(at).or_insert_with(|| AuthorizeHandler::new(METHODS));
        told(handshake.verify(&keys, now.wall, AuthMethod(method), payload, secret, &mut self.entropy))
    }
}

fn show(authorizer: &Authorizer) -> AuthStep {
    AuthStep::Authorizer { method: authorizer.method().0, authorizer: authorizer.payload().clone() }
}

/// All hosts of the world know each other by cephx.
pub(crate) fn with_cephx(world: &mut World, cipher: Cipher) -> Rc<RefCell<Cephx>> {
    let cephx = Rc::new(RefCell::new(Cephx::new(world.now, cipher)));
    for (id, host) in world.hosts.iter_mut().enumerate() {
        let cephx = Rc::clone(&cephx);
        host.auth = Box::new(move |now, con, request| Some(cephx.borrow_mut().step(now, id, con, request)));
    }
    cephx
}

#[test]
fn auth() {
    for mode in MODES {
        for cipher in [Cipher::Aes, Cipher::Aes256k] {
            let (mut world, client, server) = duo(mode, Policy::lossy_client(), Policy::stateless_server());
            world.script = None;
            let cephx = with_cephx(&mut world, cipher);
            world.hosts[server].echo = true;
            let con = world.connect(client, server);
            world.send(client, con, note(1));
            world.run();
            assert!(world.hosts[client].is_open(con));
            assert_eq!(world.hosts[client].tids(), [ECHO + 1], "{mode:?} {cipher:?}");

            // From now on without keys, where that is enough for the mode.
            cephx.borrow_mut().none = true;
            world.mark_down(client, con);
            let con = world.connect(client, server);
            world.send(client, con, note(2));
            world.run();
            let last = world.hosts[client].seen_of(con).last().cloned().unwrap();
            if mode == Mode::Secure {
                assert!(matches!(last, Seen::Reset(Fault::NoModeWithoutKeys)), "{last:?}");
            } else {
                assert_eq!(world.hosts[client].tids(), [ECHO + 1, ECHO + 2], "{mode:?} {cipher:?}");
            }
        }
    }
}

#[test]
fn an_authorizer_of_somebody_else_opens_nothing() {
    for mode in MODES {
        let (mut world, client, server) = duo(mode, Policy::lossy_client(), Policy::stateless_server());
        world.script = None;
        let _cephx = with_cephx(&mut world, Cipher::Aes);
        // Another cluster: other keys, the same names.
        let mut other = Cephx::new(world.now, Cipher::Aes);
        other.entropy = SeededEntropy::new(43);
        let mut keys = SeededEntropy::new(44);
        other.keys = KeyServer::new(
            KeyServerOptions {
                auth_mon_ticket_ttl: Duration::from_secs(120),
                auth_service_ticket_ttl: Duration::from_secs(60),
                auth_service_cipher: Cipher::Aes,
            },
            world.now.wall,
            &mut keys,
        );
        world.hosts[server].auth =
            Box::new(move |now, con, request| Some(other.step(now, server, con, request)));
        let con = world.connect(client, server);
        world.send(client, con, note(1));
        world.run();
        let last = world.hosts[client].seen_of(con).last().cloned().unwrap();
        assert!(matches!(last, Seen::Reset(Fault::BadAuthorizer)), "{mode:?} {last:?}");
        assert!(world.hosts[server].seen.iter().all(|(_, seen)| !matches!(seen, Seen::Message(_))));
    }
}

#[test]
fn a_session_goes_on_over_streams_that_break_with_cephx_on_each() {
    for mode in MODES {
        for (of_client, of_server) in [
            (Policy::lossless_client(), Policy::stateful_server()),
            (Policy::lossless_peer(), Policy::lossless_peer()),
        ] {
            let (mut world, client, server) = duo(mode, of_client, of_server);
            world.script = None;
            let _cephx = with_cephx(&mut world, Cipher::Aes);
            world.hosts[server].echo = true;
            let con = world.connect(client, server);
            for tid in 1..=20 {
                world.send(client, con, note(tid));
                world.run();
                if tid % 3 == 0 {
                    world.cut_all();
                }
                world.run_for(Duration::from_millis(100));
            }
            world.run_for(Duration::from_secs(20));
            assert_eq!(world.hosts[server].tids(), (1..=20).collect::<Vec<_>>(), "{mode:?}");
            let answers: Vec<_> = (1..=20).map(|tid| ECHO + tid).collect();
            assert_eq!(world.hosts[client].tids(), answers, "{mode:?}");
        }
    }
}
