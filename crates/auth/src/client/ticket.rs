//! Tickets that a client holds (`CephXTicketHandler`, `CephXTicketManager`).

use alloc::collections::BTreeMap;
use core::fmt;
use core::time::Duration;

use loligo_base::{Mono, Now, Wall};
use loligo_wire::cephx::{
    CephXServiceTicket, CephXServiceTicketReply, CephXTicketBlob, EntityTypes, ServiceTicketReply, TicketForm,
};
use loligo_wire::{Decode, Decoder, EntityType};

use crate::{AuthError, CryptoKey, SessionKey, Usage};

/// A point on both clocks. It has come when either says so: the monotonic one may stand still while the machine
/// sleeps, the other may be set back.
#[derive(Clone, Copy, Debug)]
struct Due {
    mono: Mono,
    wall: Wall,
}

impl Due {
    fn after(now: Now, by: Duration) -> Self {
        Self { mono: now.mono + by, wall: now.wall.saturating_add(by) }
    }

    fn has_come(self, now: Now) -> bool {
        now.mono >= self.mono || now.wall >= self.wall
    }
}

/// A ticket and the key that goes with it.
pub(super) struct Ticket {
    /// The key.
    pub(super) session_key: SessionKey,
    /// The ticket, which only the service can read.
    pub(super) blob: CephXTicketBlob,
    renew_after: Due,
    expires: Due,
    is_invalid: bool,
}

impl Ticket {
    /// Reads what a monitor sent (`CephXTicketHandler::verify_service_ticket_reply`). `replaced` is the ticket that
    /// this one follows.
    fn receive(
        reply: &ServiceTicketReply,
        told_under: &CryptoKey,
        replaced: Option<&Self>,
        now: Now,
    ) -> Result<Self, AuthError> {
        let told: CephXServiceTicket = told_under.open(Usage::TicketSessionKey, &reply.sealed)?;
        let session_key = CryptoKey::from_wire(told.session_key).map_err(AuthError::SessionKey)?;
        let blob = match &reply.ticket {
            TicketForm::Plain(blob) => blob.clone(),
            TicketForm::Sealed(sealed) => {
                let replaced = replaced.ok_or(AuthError::NoTicket { service: reply.service })?;
                let bytes: bytes::Bytes = replaced.session_key.key().open(Usage::TicketBlob, sealed)?;
                CephXTicketBlob::decode(&mut Decoder::of(&bytes))?
            }
        };
        let validity = told.validity.since_epoch();
        // Ceph takes a quarter of the whole seconds.
        let quarter = Duration::from_secs(told.validity.secs().into()) / 4;
        Ok(Self {
            session_key: SessionKey::new(session_key),
            blob,
            renew_after: Due::after(now, validity.saturating_sub(quarter)),
            expires: Due::after(now, validity),
            is_invalid: false,
        })
    }

    /// Whether a new one should be asked for: a quarter of its time is left, or less (`need_key`).
    pub(super) fn is_due(&self, now: Now) -> bool {
        self.is_invalid || self.renew_after.has_come(now)
    }

    /// Whether it is over (the opposite of `have_key`).
    pub(super) fn is_over(&self, now: Now) -> bool {
        self.is_invalid || self.expires.has_come(now)
    }
}

/// Without what a service would take.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("secret_id", &self.blob.secret_id)
            .field("renew_after", &self.renew_after)
            .field("expires", &self.expires)
            .field("is_invalid", &self.is_invalid)
            .finish_non_exhaustive()
    }
}

/// One ticket per service.
#[derive(Debug, Default)]
pub(super) struct Tickets(BTreeMap<EntityType, Ticket>);

impl Tickets {
    pub(super) fn get(&self, service: EntityType) -> Option<&Ticket> {
        self.0.get(&service)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes these in place of those for the same services.
    pub(super) fn replace(&mut self, mut newer: Self) {
        self.0.append(&mut newer.0);
    }

    /// The ticket is refused by its service: a new one is needed (`invalidate_ticket`).
    pub(super) fn invalidate(&mut self, service: EntityType) {
        if let Some(ticket) = self.0.get_mut(&service) {
            ticket.is_invalid = true;
        }
    }

    /// When the first of the wanted services needs a new ticket; the start of the clock when it does already.
    pub(super) fn next_due(&self, want: EntityTypes) -> Option<Mono> {
        let due = |service| match self.get(service) {
            Some(ticket) if !ticket.is_invalid => ticket.renew_after.mono,
            _ => Mono::ZERO,
        };
        want.iter().map(due).min()
    }

    /// Reads tickets that a monitor sent (`CephXTicketManager::verify_service_ticket_reply`). `held` are those that
    /// they replace.
    pub(super) fn receive(
        reply: &CephXServiceTicketReply,
        told_under: &CryptoKey,
        held: &Self,
        now: Now,
    ) -> Result<Self, AuthError> {
        let mut tickets = Self::default();
        for reply in &reply.tickets {
            let ticket = Ticket::receive(reply, told_under, held.get(reply.service), now)?;
            tickets.0.insert(reply.service, ticket);
        }
        Ok(tickets)
    }
}
