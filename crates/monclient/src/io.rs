//! What goes into the machine and what comes out of it.

use alloc::sync::Arc;
use core::fmt;

use loligo_auth::AuthError;
use loligo_wire::entity::{EntityAddrVec, EntityName};
use loligo_wire::message::{
    MAuth, MAuthReply, MConfig, MGetPoolStats, MGetPoolStatsReply, MMonCommand, MMonCommandAck,
    MMonGetVersion, MMonGetVersionReply, MMonSubscribe, MMonSubscribeAck, MStatfs, MStatfsReply,
};
use loligo_wire::monmap::MonMap;
use loligo_wire::{GlobalId, Tid};

use crate::{Reply, RequestError};

/// Names a connection to a monitor; never used twice by one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonSession(pub u64);

impl fmt::Display for MonSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mon session {}", self.0)
    }
}

/// What a [`MonClient`](crate::MonClient) is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A session that it opened is ready for messages.
    Opened {
        /// The session.
        session: MonSession,
    },
    /// A session is dead, or could not be opened.
    Lost {
        /// The session.
        session: MonSession,
    },
    /// A session could not be opened, and never can be: the monitor and we have nothing in common, neither an address nor a
    /// revision nor a mode. That is a refusal, as one of a login (`handle_auth_bad_method`).
    NothingInCommon {
        /// The session.
        session: MonSession,
    },
    /// A message came.
    Message {
        /// The session.
        session: MonSession,
        /// The transaction in the message's header.
        tid: Tid,
        /// The message.
        message: FromMon,
    },
    /// The time that [`MonClient::next_timeout`](crate::MonClient::next_timeout) gave has come.
    Timeout,
}

/// What a [`MonClient`](crate::MonClient) wants done.
#[derive(Clone, Debug)]
pub enum Output<T> {
    /// Open a connection.
    Open {
        /// Its name.
        session: MonSession,
        /// Who should be there.
        name: EntityName,
        /// Where.
        addrs: EntityAddrVec,
    },
    /// Close a connection. Nothing more is to be told of it.
    Close {
        /// The session.
        session: MonSession,
    },
    /// Send a message.
    Send {
        /// The session.
        session: MonSession,
        /// The transaction for the message's header; 0 for none.
        tid: Tid,
        /// The message.
        message: ToMon,
    },
    /// Ask the monitor for a sign of life; where there is none in `mon_client_ping_timeout`, the session is lost.
    Keepalive {
        /// The session.
        session: MonSession,
    },
    /// A monitor knows us now: for the first time, or again after a session was lost.
    LoggedIn {
        /// The session.
        session: MonSession,
        /// Our number. The client's name is `client.<global id>` of the first login, for as long as it lives.
        global_id: GlobalId,
    },
    /// The monitors did not let us have our number again, and we have another one. What OSDs hold (watches, locks, the
    /// results of ops that are sent again) is in the name that messages go under, which must not follow. Comes before
    /// [`Self::LoggedIn`].
    IdentityChanged {
        /// The number that we had.
        old: GlobalId,
        /// The number that we have.
        new: GlobalId,
    },
    /// The monitors refused us. Before the first login this ends the hunt; after it, the hunt goes on.
    LoginFailed(AuthError),
    /// There is no monitor to be spoken with: as [`Self::LoginFailed`], for [`Input::NothingInCommon`].
    NothingInCommon,
    /// New tickets came: a connection that waited for an authorizer can have it.
    NewTickets,
    /// A new map of the monitors.
    MonMap(Arc<MonMap>),
    /// The options that the monitors keep for this client.
    Config(MConfig),
    /// A request has ended.
    Done {
        /// What its owner gave along.
        done: T,
        /// How it ended.
        result: Result<Reply, RequestError>,
    },
}

/// A message to a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToMon {
    /// A step of the login, or a request for tickets.
    Auth(MAuth),
    /// What we want to be told.
    Subscribe(MMonSubscribe),
    /// What is the newest version of a map?
    GetVersion(MMonGetVersion),
    /// A command.
    Command(MMonCommand),
    /// What is the usage of the cluster?
    Statfs(MStatfs),
    /// What is the usage of pools?
    GetPoolStats(MGetPoolStats),
}

/// A message of a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromMon {
    /// A step of the login, or tickets.
    AuthReply(MAuthReply),
    /// The map of the monitors (`MMonMap`), decoded.
    MonMap(Arc<MonMap>),
    /// Subscriptions are noted.
    SubscribeAck(MMonSubscribeAck),
    /// The version of a map.
    GetVersionReply(MMonGetVersionReply),
    /// The result of a command.
    CommandAck(MMonCommandAck),
    /// The usage of the cluster.
    StatfsReply(MStatfsReply),
    /// The usage of pools.
    GetPoolStatsReply(MGetPoolStatsReply),
    /// Options.
    Config(MConfig),
}
