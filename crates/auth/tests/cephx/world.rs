//! A cluster in memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper: a panic is how it fails")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use loligo_auth::{
    Accepted, AuthClient, AuthError, AuthorizeHandler, Authorizer, Cipher, CryptoKey, EntityAuth, KeyServer,
    KeyServerOptions, LoggedIn, Login, LoginAnswer, LoginHandler, LoginRequest, LoginStep, Verdict,
};
use loligo_base::{Mono, Now, SeededEntropy, Wall};
use loligo_wire::cephx::{AuthMethod, EntityTypes};
use loligo_wire::{AuthEntityName, EntityType};

pub(crate) const CEPHX: &[AuthMethod] = &[AuthMethod::CEPHX];
pub(crate) const OPTIONS: KeyServerOptions = KeyServerOptions {
    auth_mon_ticket_ttl: Duration::from_secs(120),
    auth_service_ticket_ttl: Duration::from_secs(60),
    auth_service_cipher: Cipher::Aes,
};

pub(crate) fn admin() -> AuthEntityName {
    AuthEntityName::client("admin")
}

pub(crate) fn want() -> EntityTypes {
    EntityTypes::of(&[EntityType::MON, EntityType::OSD, EntityType::MGR])
}

/// Monitors, a clock and entropy.
pub(crate) struct World {
    pub(crate) keys: KeyServer,
    pub(crate) now: Now,
    pub(crate) entropy: SeededEntropy,
    key: String,
}

impl World {
    pub(crate) fn new(options: KeyServerOptions) -> Self {
        Self::with_key(Cipher::Aes, options)
    }

    /// Where the client has a key of that type.
    pub(crate) fn with_key(cipher: Cipher, options: KeyServerOptions) -> Self {
        let now = Now { mono: Mono::ZERO, wall: Wall::new(1_700_000_000, 0) };
        let mut entropy = SeededEntropy::new(42);
        let mut keys = KeyServer::new(options, now.wall, &mut entropy);
        let key = CryptoKey::generate_of(cipher, now.wall, &mut entropy);
        let text = key.to_base64().to_string();
        let caps = [("mon", "allow *"), ("osd", "allow rwx"), ("mgr", "allow r")];
        let caps = caps.map(|(service, caps)| (service.to_string(), Bytes::from(caps)));
        keys.add(admin(), EntityAuth { key, caps: BTreeMap::from(caps) });
        Self { keys, now, entropy, key: text }
    }

    pub(crate) fn key(&self) -> CryptoKey {
        CryptoKey::from_base64(&self.key).unwrap()
    }

    pub(crate) fn client(&self) -> AuthClient {
        AuthClient::cephx(admin(), self.key(), want())
    }

    pub(crate) fn pass(&mut self, secs: u64) {
        let by = Duration::from_secs(secs);
        self.now = Now { mono: self.now.mono + by, wall: self.now.wall.saturating_add(by) };
    }

    pub(crate) fn ask(&mut self, monitor: &mut LoginHandler, request: &LoginRequest) -> LoginAnswer {
        monitor.handle(&mut self.keys, self.now.wall, request, &mut self.entropy)
    }

    /// Sends a request and all that follow from it until the client is satisfied or not.
    pub(crate) fn exchange(
        &mut self,
        client: &mut AuthClient,
        login: &mut Login,
        monitor: &mut LoginHandler,
        request: LoginRequest,
    ) -> LoginStep {
        let mut request = request;
        for _ in 0..8 {
            let answer = self.ask(monitor, &request);
            match client.handle_reply(login, self.now, answer.reply, &mut self.entropy) {
                LoginStep::Send(next) => request = next,
                step => return step,
            }
        }
        panic!("the login does not end");
    }

    /// Logs in on a new connection.
    pub(crate) fn try_login(
        &mut self,
        client: &mut AuthClient,
    ) -> Result<(Login, LoginHandler, LoggedIn), AuthError> {
        let (mut login, request) = client.login();
        let mut monitor = LoginHandler::new(CEPHX);
        match self.exchange(client, &mut login, &mut monitor, request) {
            LoginStep::Done(logged_in) => Ok((login, monitor, logged_in)),
            LoginStep::Failed(error) => Err(error),
            step => panic!("{step:?}"),
        }
    }

    pub(crate) fn login(&mut self, client: &mut AuthClient) -> (Login, LoginHandler, LoggedIn) {
        self.try_login(client).unwrap()
    }

    /// What an OSD answers to an authorizer.
    pub(crate) fn show(
        &mut self,
        osd: &mut AuthorizeHandler,
        authorizer: &Authorizer,
    ) -> Result<Verdict, AuthError> {
        self.show_bytes(osd, authorizer.payload())
    }

    pub(crate) fn show_bytes(
        &mut self,
        osd: &mut AuthorizeHandler,
        payload: &Bytes,
    ) -> Result<Verdict, AuthError> {
        let keys = self.keys.service_keys(EntityType::OSD).unwrap();
        osd.verify(&keys, self.now.wall, AuthMethod::CEPHX, payload, 0, &mut self.entropy)
    }

    pub(crate) fn authorizer(&mut self, client: &AuthClient) -> Authorizer {
        client.build_authorizer(EntityType::OSD, &mut self.entropy).unwrap()
    }

    /// Shows an authorizer and answers the challenge.
    pub(crate) fn connect(&mut self, client: &AuthClient) -> Result<(Authorizer, Accepted), AuthError> {
        let mut osd = AuthorizeHandler::new(CEPHX);
        let mut authorizer = self.authorizer(client);
        let challenge = challenge(self.show(&mut osd, &authorizer)?);
        authorizer.add_challenge(&challenge, &mut self.entropy)?;
        match self.show(&mut osd, &authorizer)? {
            Verdict::Accept(accepted) => Ok((authorizer, accepted)),
            verdict @ Verdict::Challenge(_) => panic!("{verdict:?}"),
        }
    }
}

pub(crate) fn challenge(verdict: Verdict) -> Bytes {
    match verdict {
        Verdict::Challenge(challenge) => challenge,
        verdict @ Verdict::Accept(_) => panic!("{verdict:?}"),
    }
}
