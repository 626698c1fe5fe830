//! How both ends prove who they are: not at all, or for the secure mode with cephx, the client logging in at the server as at a
//! monitor.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use loligo_auth::{
    AuthClient, AuthError, EntityAuth, KeyServer, KeyServerOptions, Keyring, LoggedInClient, Login,
    LoginHandler, LoginRequest, LoginStep,
};
use loligo_msgr::proto::{Accept, AuthRequest, AuthStep, ConId};
use loligo_msgr::{Authenticate, Clock, NoAuth, SystemEntropy};
use loligo_wire::AuthEntityName;
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::entity::EntityType;

use super::args::Mode;
use crate::args::Global;
use crate::fail::Fail;

/// `EACCES`
const EACCES: i32 = 13;
/// `EOPNOTSUPP`
const EOPNOTSUPP: i32 = 95;

/// How many logins may be under way.
const MAX_LOGINS: usize = 4096;

const METHODS: &[AuthMethod] = &[AuthMethod::CEPHX];

/// The keyring of both ends, which only the secure mode needs, but that does.
pub(super) fn keys(global: &Global, mode: Mode) -> Result<Option<&Path>, Fail> {
    let keys = global.keyring.as_deref().filter(|_| mode == Mode::Secure);
    if mode == Mode::Secure && keys.is_none() {
        return Err(Fail::Usage("--mode secure takes a keyring, the same at both ends: -k FILE".to_owned()));
    }
    Ok(keys)
}

/// One of the two ways.
pub(super) enum Auth {
    None(NoAuth),
    Server(Box<ServerAuth>),
    Client(Box<ClientAuth>),
}

impl Auth {
    /// A server at which those of a keyring may log in, or without one, everybody is believed.
    pub(super) fn server(keys: Option<&Path>) -> Result<Self, Fail> {
        let Some(path) = keys else { return Ok(Self::None(NoAuth)) };
        let clock = Clock::start();
        let mut server = KeyServer::new(KeyServerOptions::default(), clock.now().wall, &mut SystemEntropy);
        let keyring = keyring(path)?;
        for (name, _) in keyring.iter() {
            let key = keyring.key(name).map_err(|why| bad_keyring(path, &why))?;
            // Whose key is there may log in, whatever it may do elsewhere.
            let caps = [("mon".into(), Bytes::from_static(b"allow r"))].into();
            server.add(name.clone(), EntityAuth { key, caps });
        }
        Ok(Self::Server(Box::new(ServerAuth { clock, keys: server, logins: BTreeMap::new() })))
    }

    /// A client that logs in under that name by its key in a keyring, or without one says nothing.
    pub(super) fn client(keys: Option<&Path>, name: &str, refused: &Arc<AtomicBool>) -> Result<Self, Fail> {
        let Some(path) = keys else { return Ok(Self::None(NoAuth)) };
        let keyring = keyring(path)?;
        let name: AuthEntityName =
            name.parse().map_err(|why| Fail::Usage(format!("the name {name} given with -n: {why}")))?;
        let key = keyring.key(&name).map_err(|why| bad_keyring(path, &why))?;
        let client = AuthClient::cephx(name, key, EntityTypes::of(&[SECURE_SERVER]));
        Ok(Self::Client(Box::new(ClientAuth {
            clock: Clock::start(),
            client,
            login: None,
            refused: Arc::clone(refused),
        })))
    }
}

impl Authenticate for Auth {
    fn answer(&mut self, con: ConId, request: AuthRequest) -> AuthStep {
        match self {
            Self::None(none) => none.answer(con, request),
            Self::Server(server) => server.answer(con, request),
            Self::Client(client) => client.answer(request),
        }
    }
}

fn keyring(path: &Path) -> Result<Keyring, Fail> {
    let text = fs::read(path).map_err(|why| Fail::file(path, why))?;
    Keyring::parse(&text).map_err(|why| bad_keyring(path, &why))
}

fn bad_keyring(path: &Path, why: &dyn std::fmt::Display) -> Fail {
    Fail::Usage(format!("{}: {why}", path.display()))
}

/// The monitor's side of a login.
pub(super) struct ServerAuth {
    clock: Clock,
    keys: KeyServer,
    logins: BTreeMap<ConId, LoginHandler>,
}

impl ServerAuth {
    fn answer(&mut self, con: ConId, request: AuthRequest) -> AuthStep {
        let AuthRequest::CheckV2 { method, payload, more, connection_secret_len, .. } = request else {
            return AuthStep::Refuse;
        };
        if method != AuthMethod::CEPHX {
            return AuthStep::BadMethod { result: -EOPNOTSUPP, allowed: METHODS.to_vec() };
        }
        match self.step(con, payload, more, connection_secret_len) {
            Ok((challenge, None)) => AuthStep::Challenge { challenge },
            Ok((reply, Some(client))) => {
                self.logins.remove(&con);
                let LoggedInClient { session_key, connection_secret, global_id, .. } = client;
                AuthStep::Accept(Accept { reply, session_key, connection_secret, global_id })
            }
            Err(_) => AuthStep::BadMethod { result: -EACCES, allowed: METHODS.to_vec() },
        }
    }

    fn step(
        &mut self,
        con: ConId,
        payload: Bytes,
        more: bool,
        secret_len: usize,
    ) -> Result<(Bytes, Option<LoggedInClient>), AuthError> {
        let now = self.clock.now().wall;
        let Self { keys, logins, .. } = self;
        if more {
            let login = logins.get_mut(&con).ok_or(AuthError::Unexpected)?;
            let done = login.more_v2(keys, now, &payload, secret_len, &mut SystemEntropy);
            return done.map(|(reply, client)| (reply, Some(client)));
        }
        let mut login = LoginHandler::new(METHODS);
        let request = LoginRequest { method: AuthMethod::CEPHX, payload };
        let begun = login.begin_v2(keys, &request, &mut SystemEntropy);
        if logins.len() >= MAX_LOGINS {
            // Those whose connections broke in the midst.
            logins.clear();
        }
        logins.insert(con, login);
        begun
    }
}

/// The client's side of it.
pub(super) struct ClientAuth {
    clock: Clock,
    client: AuthClient,
    login: Option<Login>,
    /// Is told when a login has failed.
    refused: Arc<AtomicBool>,
}

impl ClientAuth {
    fn answer(&mut self, request: AuthRequest) -> AuthStep {
        let now = self.clock.now();
        let (client, login) = (&mut self.client, &mut self.login);
        let step = match request {
            AuthRequest::Login => {
                // Each connection logs in as somebody new.
                client.forget_identity();
                let Ok((begun, request)) = client.login_v2(&[]) else { return AuthStep::Refuse };
                *login = Some(begun);
                return show(request);
            }
            AuthRequest::BadMethod { result, allowed } => {
                login.as_mut().map(|login| client.handle_bad_method(login, result, &allowed))
            }
            AuthRequest::Challenge { challenge } => login
                .as_mut()
                .map(|login| client.handle_reply_more(login, now, challenge, &mut SystemEntropy)),
            AuthRequest::Done { global_id, reply } => {
                login.as_mut().map(|login| client.handle_done(login, now, global_id, reply))
            }
            AuthRequest::Authorizer { .. }
            | AuthRequest::Verify { .. }
            | AuthRequest::Rejected
            | AuthRequest::Check { .. }
            | AuthRequest::CheckV2 { .. } => None,
        };
        match step {
            Some(LoginStep::Send(request)) => show(request),
            Some(LoginStep::Proven(keys)) => AuthStep::Accept(Accept {
                session_key: keys.session_key,
                connection_secret: keys.connection_secret,
                ..Accept::default()
            }),
            _ => {
                self.refused.store(true, Ordering::Relaxed);
                AuthStep::Refuse
            }
        }
    }
}

fn show(request: LoginRequest) -> AuthStep {
    AuthStep::Authorizer { method: request.method.0, authorizer: request.payload }
}

/// What the other end of a secure connection is called: only at a monitor does a client log in.
pub(super) const SECURE_SERVER: EntityType = EntityType::MON;
