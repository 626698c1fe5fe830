//! Real cephx for a pair: a client that has logged in, and an OSD that opens its tickets.

use std::rc::Rc;

use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthorizeHandler, Authorizer, CryptoKey, EntityAuth, KeyServer, KeyServerOptions,
    LoginHandler, LoginStep, ServiceKeys, Verdict,
};
use loligo_base::{Mono, Now, SeededEntropy, Wall};
use loligo_msgr_proto::{Accept, AuthRequest, AuthStep};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::{AuthEntityName, EntityType};

use super::{Judge, Pair};

/// When everything happens: within the time of the tickets.
const NOW: Now = Now { mono: Mono::ZERO, wall: Wall::new(1_000, 0) };

/// A cluster: a client with tickets, and the secrets of its OSDs.
#[derive(Clone)]
pub(crate) struct Cephx {
    client: Rc<AuthClient>,
    keys: Rc<ServiceKeys>,
}

impl Cephx {
    /// `client.admin` has logged in.
    pub(crate) fn new() -> Self {
        let entropy = &mut SeededEntropy::new(1);
        let key = CryptoKey::generate(NOW.wall, entropy);
        let text = key.to_base64();
        let mut keys = KeyServer::new(KeyServerOptions::default(), NOW.wall, entropy);
        let caps = [("mon", "allow *"), ("osd", "allow *")].map(|(to, what)| (to.into(), Bytes::from(what)));
        keys.add(AuthEntityName::client("admin"), EntityAuth { key, caps: caps.into() });
        let want = EntityTypes::of(&[EntityType::MON, EntityType::OSD]);
        let key = CryptoKey::from_base64(&text).unwrap();
        let mut client = AuthClient::cephx(AuthEntityName::client("admin"), key, want);
        let mut monitor = LoginHandler::new(&[AuthMethod::CEPHX]);
        let (mut login, mut request) = client.login();
        loop {
            let reply = monitor.handle(&mut keys, NOW.wall, &request, entropy).reply;
            match client.handle_reply(&mut login, NOW, reply, entropy) {
                LoginStep::Send(next) => request = next,
                LoginStep::Done(_) => break,
                other => panic!("{other:?}"),
            }
        }
        let keys = keys.service_keys(EntityType::OSD).unwrap();
        Self { client: Rc::new(client), keys: Rc::new(keys) }
    }

    /// Lets the ends of a pair know each other by tickets; another seed, another challenge and another nonce.
    pub(crate) fn with(&self, mut pair: Pair, seed: u64) -> Pair {
        pair.client.auth = self.client(seed);
        pair.server.auth = self.server(seed);
        pair
    }

    fn client(&self, seed: u64) -> Judge {
        let client = Rc::clone(&self.client);
        let mut entropy = SeededEntropy::new(seed);
        let mut shown: Option<Authorizer> = None;
        Box::new(move |request| {
            let authorizer = match request {
                AuthRequest::Authorizer { peer } => {
                    shown.insert(client.build_authorizer(*peer, &mut entropy).unwrap())
                }
                AuthRequest::Challenge { challenge } => {
                    let authorizer = shown.as_mut()?;
                    if authorizer.add_challenge(challenge, &mut entropy).is_err() {
                        return Some(AuthStep::Refuse);
                    }
                    authorizer
                }
                AuthRequest::Verify { reply } | AuthRequest::Done { reply, .. } => {
                    return Some(shown.as_ref()?.verify_reply(reply).map_or(
                        AuthStep::Refuse,
                        |authorized| {
                            AuthStep::Accept(Accept {
                                session_key: authorized.session_key,
                                connection_secret: authorized.connection_secret,
                                ..Accept::default()
                            })
                        },
                    ));
                }
                _ => return Some(AuthStep::Refuse),
            };
            let (method, authorizer) = (authorizer.method().0, authorizer.payload().clone());
            Some(AuthStep::Authorizer { method, authorizer })
        })
    }

    fn server(&self, seed: u64) -> Judge {
        let keys = Rc::clone(&self.keys);
        let mut entropy = SeededEntropy::new(seed ^ u64::MAX);
        let mut handler = AuthorizeHandler::new(&[AuthMethod::CEPHX]);
        Box::new(move |request| {
            let (method, shown, secret_len) = match request {
                AuthRequest::Check { method, authorizer, .. } => (AuthMethod(*method), authorizer, 0),
                AuthRequest::CheckV2 { method, payload, connection_secret_len, .. } => {
                    (*method, payload, *connection_secret_len)
                }
                _ => return Some(AuthStep::Refuse),
            };
            let verdict = handler.verify(&keys, NOW.wall, method, shown, secret_len, &mut entropy);
            Some(told(verdict))
        })
    }
}

/// What a caller is told of what it has shown.
pub(crate) fn told<E>(verdict: Result<Verdict, E>) -> AuthStep {
    match verdict {
        Ok(Verdict::Challenge(challenge)) => AuthStep::Challenge { challenge },
        Ok(Verdict::Accept(accepted)) => AuthStep::Accept(Accept {
            reply: accepted.reply,
            session_key: accepted.session_key,
            connection_secret: accepted.connection_secret,
            global_id: accepted.global_id,
        }),
        Err(_) => AuthStep::Refuse,
    }
}
