//! Who may log in, and the secrets that services open tickets with (`KeyServer`, `KeyServerData`).

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::time::Duration;

use bytes::Bytes;
use loligo_base::{Entropy, Wall};
use loligo_wire::{AuthEntityName, EntityType, GlobalId};

use crate::{Cipher, CryptoKey, Keyring, KeyringError};

/// Previous, current and next (`KEY_ROTATE_NUM`).
const KEY_ROTATE_NUM: usize = 3;

/// The services that have rotating secrets.
const SERVICES: [EntityType; 5] =
    [EntityType::AUTH, EntityType::MON, EntityType::OSD, EntityType::MDS, EntityType::MGR];

/// How long tickets live, and what they are sealed with. The names are those of Ceph's options, the values its defaults,
/// but for `aes` where a new cluster of Tentacle has `aes256k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyServerOptions {
    /// A login at the monitors.
    pub auth_mon_ticket_ttl: Duration,
    /// A ticket for any other service.
    pub auth_service_ticket_ttl: Duration,
    /// The type of the secrets that tickets are sealed with. The session keys of tickets have the type of their holder's
    /// key.
    pub auth_service_cipher: Cipher,
}

impl Default for KeyServerOptions {
    fn default() -> Self {
        Self {
            auth_mon_ticket_ttl: Duration::from_secs(72 * 60 * 60),
            auth_service_ticket_ttl: Duration::from_secs(60 * 60),
            auth_service_cipher: Cipher::Aes,
        }
    }
}

/// The key of somebody who may log in, and what they may do.
#[derive(Debug)]
pub struct EntityAuth {
    /// The key.
    pub key: CryptoKey,
    /// What it may do, by the name of the service. Opaque here.
    pub caps: BTreeMap<String, Bytes>,
}

/// All that the monitors of a cluster know of keys.
#[derive(Debug)]
pub struct KeyServer {
    options: KeyServerOptions,
    entities: BTreeMap<AuthEntityName, EntityAuth>,
    services: BTreeMap<EntityType, ServiceKeys>,
    last_global_id: u64,
}

impl KeyServer {
    /// Nobody may log in yet; the services have their secrets.
    pub fn new(options: KeyServerOptions, now: Wall, entropy: &mut dyn Entropy) -> Self {
        let services = SERVICES.map(|service| (service, ServiceKeys::empty(service))).into();
        // Ceph begins above the numbers that its daemons might have.
        let mut server = Self { options, entities: BTreeMap::new(), services, last_global_id: 4096 };
        server.rotate(now, entropy);
        server
    }

    /// Lets somebody log in.
    pub fn add(&mut self, name: AuthEntityName, auth: EntityAuth) {
        self.entities.insert(name, auth);
    }

    /// Lets all of a keyring log in.
    ///
    /// # Errors
    ///
    /// When one of its keys cannot be used.
    pub fn add_keyring(&mut self, keyring: &Keyring) -> Result<(), KeyringError> {
        for (name, entry) in keyring.iter() {
            let caps = entry.caps.iter().map(|(service, caps)| (service.clone(), Bytes::from(caps.clone())));
            let auth = EntityAuth { key: keyring.key(name)?, caps: caps.collect() };
            self.add(name.clone(), auth);
        }
        Ok(())
    }

    /// Lets somebody log in no more. Tickets that they hold stay good.
    pub fn remove(&mut self, name: &AuthEntityName) {
        self.entities.remove(name);
    }

    /// Somebody's key and what they may do.
    #[must_use]
    pub fn get(&self, name: &AuthEntityName) -> Option<&EntityAuth> {
        self.entities.get(name)
    }

    /// Makes new secrets where the current one is over, and forgets the oldest. Says whether it made any; the services
    /// then need their [`ServiceKeys`] again (`prepare_rotating_update`).
    pub fn rotate(&mut self, now: Wall, entropy: &mut dyn Entropy) -> bool {
        let options = self.options;
        self.services.values_mut().fold(false, |any, keys| keys.rotate(&options, now, entropy) | any)
    }

    /// When [`Self::rotate`] has something to do.
    #[must_use]
    pub fn next_rotation(&self) -> Option<Wall> {
        self.services.values().filter_map(ServiceKeys::current_expiration).min()
    }

    /// The secrets of a service, for its daemons.
    #[must_use]
    pub fn service_keys(&self, service: EntityType) -> Option<ServiceKeys> {
        self.services.get(&service).map(ServiceKeys::duplicate)
    }

    /// A number for a new client.
    pub(super) fn assign_global_id(&mut self) -> GlobalId {
        self.last_global_id = self.last_global_id.saturating_add(1);
        GlobalId(self.last_global_id)
    }

    pub(super) fn keys_of(&self, service: EntityType) -> Option<&ServiceKeys> {
        self.services.get(&service)
    }

    pub(super) const fn options(&self) -> KeyServerOptions {
        self.options
    }
}

impl KeyServerOptions {
    /// How long tickets for a service live.
    pub(super) const fn ttl(&self, service: EntityType) -> Duration {
        if service.0 == EntityType::AUTH.0 { self.auth_mon_ticket_ttl } else { self.auth_service_ticket_ttl }
    }
}

/// The secrets with which a service opens tickets (`RotatingSecrets`): an old one, until the tickets sealed with it are
/// over, the current one, and the next, which a daemon knows before the first ticket is sealed with it.
#[derive(Debug)]
pub struct ServiceKeys {
    service: EntityType,
    secrets: BTreeMap<u64, ServiceSecret>,
    last_id: u64,
}

#[derive(Debug)]
struct ServiceSecret {
    key: CryptoKey,
    expiration: Wall,
}

impl ServiceKeys {
    /// No secrets: no ticket is good. For a service where method `none` is all there is.
    #[must_use]
    pub const fn empty(service: EntityType) -> Self {
        Self { service, secrets: BTreeMap::new(), last_id: 0 }
    }

    /// The service.
    #[must_use]
    pub const fn service(&self) -> EntityType {
        self.service
    }

    /// The secret of that number, if it is in use.
    pub(super) fn get(&self, secret_id: u64) -> Option<&CryptoKey> {
        self.secrets.get(&secret_id).map(|secret| &secret.key)
    }

    /// The secret for new tickets, with its number and how long it will be known at most: the second oldest, or if that
    /// is over, the next (`get_service_secret`).
    pub(super) fn current(&self, now: Wall) -> Option<(u64, &CryptoKey, Duration)> {
        let last = self.secrets.values().next_back()?;
        let mut candidates = self.secrets.iter().skip(usize::from(self.secrets.len() > 1));
        let (id, secret) = candidates.find(|(_, secret)| secret.expiration >= now)?;
        Some((*id, &secret.key, last.expiration.saturating_since(now)))
    }

    fn current_expiration(&self) -> Option<Wall> {
        self.secrets.values().nth(1).map(|secret| secret.expiration)
    }

    fn needs_rotation(&self, now: Wall) -> bool {
        self.secrets.len() < KEY_ROTATE_NUM || self.current_expiration().is_none_or(|end| end <= now)
    }

    /// Each secret outlives the one before it by a ticket's life (`_rotate_secret`).
    fn rotate(&mut self, options: &KeyServerOptions, now: Wall, entropy: &mut dyn Entropy) -> bool {
        let ttl = options.ttl(self.service);
        // After a long pause all are over; as many as are kept are then made anew.
        let mut made = 0;
        while made < KEY_ROTATE_NUM && self.needs_rotation(now) {
            let last = self.secrets.values().next_back().map(|secret| secret.expiration);
            let from = last.map_or(now, |last| last.max(now.saturating_add(ttl)));
            let secret = ServiceSecret {
                key: CryptoKey::generate_of(options.auth_service_cipher, now, entropy),
                expiration: from.saturating_add(ttl),
            };
            self.last_id = self.last_id.saturating_add(1);
            self.secrets.insert(self.last_id, secret);
            while self.secrets.len() > KEY_ROTATE_NUM {
                self.secrets.pop_first();
            }
            made += 1;
        }
        made > 0
    }

    fn duplicate(&self) -> Self {
        let copy = |(id, secret): (&u64, &ServiceSecret)| {
            (*id, ServiceSecret { key: secret.key.duplicate(), expiration: secret.expiration })
        };
        Self {
            service: self.service,
            secrets: self.secrets.iter().map(copy).collect(),
            last_id: self.last_id,
        }
    }
}
