//! Which connection belongs to which session.

use alloc::collections::BTreeMap;

use loligo_auth::Authorizer;
use loligo_monclient::MonSession;
use loligo_msgr_proto::ConId;
use loligo_objecter::SessionId;
use loligo_wire::entity::EntityAddr;

/// A connection of the client.
#[derive(Debug)]
pub(crate) enum Link {
    /// To a monitor.
    Mon {
        session: MonSession,
        /// Where it is.
        addr: EntityAddr,
    },
    /// To an OSD.
    Osd { session: SessionId, handshake: Handshake },
}

/// How far an OSD has come to know us.
#[derive(Debug, Default)]
pub(crate) struct Handshake {
    /// What we showed.
    pub(crate) authorizer: Option<Authorizer>,
    /// How many times new tickets had come when that was made.
    pub(crate) tickets: u64,
    /// The OSD refused one.
    pub(crate) rejected: bool,
    /// The OSD waits for an authorizer, and we for a ticket.
    pub(crate) waits: bool,
}

/// All connections, found by connection and by session.
#[derive(Debug, Default)]
pub(crate) struct Links {
    by_con: BTreeMap<ConId, Link>,
    mons: BTreeMap<MonSession, ConId>,
    osds: BTreeMap<SessionId, ConId>,
    last: u64,
}

impl Links {
    fn next(&mut self) -> ConId {
        self.last += 1;
        ConId::opened(self.last)
    }

    pub(crate) fn open_mon(&mut self, session: MonSession, addr: EntityAddr) -> ConId {
        let con = self.next();
        self.by_con.insert(con, Link::Mon { session, addr });
        self.mons.insert(session, con);
        con
    }

    pub(crate) fn open_osd(&mut self, session: SessionId) -> ConId {
        let con = self.next();
        self.by_con.insert(con, Link::Osd { session, handshake: Handshake::default() });
        self.osds.insert(session, con);
        con
    }

    pub(crate) fn get(&self, con: ConId) -> Option<&Link> {
        self.by_con.get(&con)
    }

    /// The handshake is done.
    pub(crate) fn established(&mut self, con: ConId) -> Option<&Link> {
        let link = self.by_con.get_mut(&con)?;
        if let Link::Osd { handshake, .. } = link {
            *handshake = Handshake::default();
        }
        Some(link)
    }

    pub(crate) fn handshake(&mut self, con: ConId) -> Option<&mut Handshake> {
        match self.by_con.get_mut(&con) {
            Some(Link::Osd { handshake, .. }) => Some(handshake),
            _ => None,
        }
    }

    pub(crate) fn mon(&self, session: MonSession) -> Option<ConId> {
        self.mons.get(&session).copied()
    }

    /// Where the monitors are that were called.
    pub(crate) fn mon_addrs(&self) -> impl Iterator<Item = EntityAddr> {
        self.by_con.values().filter_map(|link| match link {
            Link::Mon { addr, .. } => Some(*addr),
            Link::Osd { .. } => None,
        })
    }

    pub(crate) fn osd(&self, session: SessionId) -> Option<ConId> {
        self.osds.get(&session).copied()
    }

    /// Forgets a connection.
    pub(crate) fn remove(&mut self, con: ConId) -> Option<Link> {
        let link = self.by_con.remove(&con)?;
        match &link {
            Link::Mon { session, .. } => self.mons.remove(session),
            Link::Osd { session, .. } => self.osds.remove(session),
        };
        Some(link)
    }

    /// The connections to OSDs that wait for a ticket.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = ConId> {
        let waits = |link: &Link| matches!(link, Link::Osd { handshake, .. } if handshake.waits);
        self.by_con.iter().filter(move |(_, link)| waits(link)).map(|(con, _)| *con)
    }
}
