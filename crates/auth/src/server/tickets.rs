//! Tickets are made (`cephx_build_service_ticket_reply`, `build_session_auth_info`).

use bytes::Bytes;
use loligo_base::{Entropy, Wall};
use loligo_wire::cephx::{
    AuthCapsInfo, AuthTicket, CephXServiceTicket, CephXServiceTicketInfo, CephXServiceTicketReply,
    CephXTicketBlob, EntityTypes, ServiceTicketReply, TicketForm,
};
use loligo_wire::{AuthEntityName, Encode, EntityType, Features, GlobalId};

use super::KeyServer;
use crate::{Cipher, CryptoKey, SessionKey, Usage};

/// Whose a ticket is.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) name: &'a AuthEntityName,
    pub(super) global_id: GlobalId,
}

/// A ticket, before its holder is told of it.
pub(super) struct Grant {
    service: EntityType,
    pub(super) session_key: SessionKey,
    validity: Wall,
    blob: CephXTicketBlob,
}

impl Grant {
    /// A ticket for a service, with a session key of that type; nothing if the service has no secrets.
    pub(super) fn new(
        keys: &KeyServer,
        service: EntityType,
        holder: &Holder<'_>,
        cipher: Cipher,
        now: Wall,
        entropy: &mut dyn Entropy,
    ) -> Option<Self> {
        let Holder { name, global_id } = *holder;
        let (secret_id, secret, known_for) = keys.keys_of(service)?.current(now)?;
        let ttl = keys.options().ttl(service).min(known_for);
        let session_key = CryptoKey::generate_of(cipher, now, entropy);
        let ticket = AuthTicket {
            name: name.clone(),
            global_id,
            created: now,
            expires: now.saturating_add(ttl),
            caps: AuthCapsInfo { allow_all: false, caps: caps(keys, name, service) },
            flags: 0,
        };
        let info = CephXServiceTicketInfo { ticket, session_key: session_key.to_wire() };
        let blob = CephXTicketBlob { secret_id, blob: secret.seal(Usage::TicketInfo, &info, entropy) };
        let session_key = SessionKey::new(session_key);
        Some(Self { service, session_key, validity: Wall::from_since_epoch(ttl), blob })
    }

    /// What its holder is told, under a key that it has. `replaced` is the session key of the ticket that this one
    /// follows: who does not have that too learns nothing of the new one.
    pub(super) fn tell(
        &self,
        under: &CryptoKey,
        replaced: Option<&SessionKey>,
        entropy: &mut dyn Entropy,
    ) -> ServiceTicketReply {
        let told =
            CephXServiceTicket { session_key: self.session_key.key().to_wire(), validity: self.validity };
        let sealed = under.seal(Usage::TicketSessionKey, &told, entropy);
        let ticket = match replaced {
            None => TicketForm::Plain(self.blob.clone()),
            Some(replaced) => {
                let blob = self.blob.to_bytes(Features::NONE);
                TicketForm::Sealed(replaced.key().seal(Usage::TicketBlob, &blob, entropy))
            }
        };
        ServiceTicketReply { service: self.service, sealed, ticket }
    }
}

/// Tickets for several services, told under the session key of the login, whose type their own have. Services without
/// secrets are left out, and so is the login itself.
pub(super) fn grant_all(
    keys: &KeyServer,
    services: EntityTypes,
    holder: &Holder<'_>,
    under: &SessionKey,
    now: Wall,
    entropy: &mut dyn Entropy,
) -> CephXServiceTicketReply {
    let cipher = under.key().cipher();
    let mut reply = CephXServiceTicketReply::default();
    for service in services.without(EntityType::AUTH).iter() {
        if let Some(grant) = Grant::new(keys, service, holder, cipher, now, entropy) {
            reply.tickets.push(grant.tell(under.key(), None, entropy));
        }
    }
    reply
}

/// What somebody may do at a service, as an encoded string; nothing for the monitors, which look it up.
pub(super) fn caps(keys: &KeyServer, name: &AuthEntityName, service: EntityType) -> Bytes {
    if matches!(service, EntityType::MON | EntityType::AUTH) {
        return Bytes::new();
    }
    let caps = keys.get(name).and_then(|auth| auth.caps.get(service.name()));
    caps.map(|caps| caps.to_bytes(Features::NONE)).unwrap_or_default()
}
