//! The endpoint of a messenger.

use std::collections::{BTreeMap, VecDeque};

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{
    ConId, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Output, Peer, PeerError,
};
use loligo_wire::entity::{EntityAddrVec, EntityType};

use super::Authenticate;

/// The endpoint of a [`Messenger`](super::Messenger): it knows its connections and by which address they were opened,
/// and leaves the rest to the dispatchers. Messages reach them as they came, not decoded.
pub struct DispatcherChain {
    auth: Box<dyn Authenticate>,
    opened: u64,
    cons: BTreeMap<ConId, Entry>,
    by_addrs: BTreeMap<EntityAddrVec, ConId>,
    outputs: VecDeque<Output<Delivery>>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Where it was opened to; nothing for an accepted one.
    addrs: EntityAddrVec,
    /// Who is there, once it is open.
    peer: Option<Peer>,
}

/// What is to be handed to the dispatchers.
#[derive(Debug)]
pub enum Delivery {
    /// For [`Dispatcher::ms_dispatch`](super::Dispatcher::ms_dispatch).
    Message {
        /// The connection.
        con: ConId,
        /// The message.
        envelope: Envelope,
    },
    /// For [`Dispatcher::ms_handle_connect`](super::Dispatcher::ms_handle_connect).
    Connect {
        /// The connection.
        con: ConId,
        /// Who is there.
        peer: Peer,
    },
    /// For [`Dispatcher::ms_handle_accept`](super::Dispatcher::ms_handle_accept).
    Accept {
        /// The connection.
        con: ConId,
        /// Who is there.
        peer: Peer,
    },
    /// For [`Dispatcher::ms_handle_reset`](super::Dispatcher::ms_handle_reset).
    Reset {
        /// The connection.
        con: ConId,
        /// Why.
        why: Fault,
    },
    /// For [`Dispatcher::ms_handle_remote_reset`](super::Dispatcher::ms_handle_remote_reset).
    RemoteReset {
        /// The connection.
        con: ConId,
    },
    /// For [`Dispatcher::ms_handle_refused`](super::Dispatcher::ms_handle_refused).
    Refused {
        /// The connection.
        con: ConId,
    },
}

impl Delivery {
    /// The connection that it came by.
    #[must_use]
    pub const fn con(&self) -> ConId {
        match self {
            Self::Message { con, .. }
            | Self::Connect { con, .. }
            | Self::Accept { con, .. }
            | Self::Reset { con, .. }
            | Self::RemoteReset { con }
            | Self::Refused { con } => *con,
        }
    }
}

impl DispatcherChain {
    /// No connections yet.
    #[must_use]
    pub fn new(auth: Box<dyn Authenticate>) -> Self {
        Self { auth, opened: 0, cons: BTreeMap::new(), by_addrs: BTreeMap::new(), outputs: VecDeque::new() }
    }

    /// The living connection to these addresses, else a new one.
    pub fn connect_to(&mut self, peer: EntityType, addrs: EntityAddrVec) -> ConId {
        if let Some(con) = self.by_addrs.get(&addrs) {
            return *con;
        }
        let con = ConId::opened(self.opened);
        self.opened += 1;
        self.by_addrs.insert(addrs.clone(), con);
        self.cons.insert(con, Entry { addrs: addrs.clone(), peer: None });
        self.outputs.push_back(Output::Net(NetCommand::Connect { con, peer, addrs }));
        con
    }

    /// Who is at the other end of an open connection.
    #[must_use]
    pub fn peer(&self, con: ConId) -> Option<&Peer> {
        self.cons.get(&con)?.peer.as_ref()
    }

    fn forget(&mut self, con: ConId) {
        if let Some(entry) = self.cons.remove(&con)
            && self.by_addrs.get(&entry.addrs) == Some(&con)
        {
            self.by_addrs.remove(&entry.addrs);
        }
    }

    fn event(&mut self, event: NetEvent<Envelope>) -> Output<Delivery> {
        Output::Done(match event {
            NetEvent::Message { con, msg, .. } => Delivery::Message { con, envelope: msg },
            NetEvent::Connected { con, peer } => {
                self.cons.entry(con).or_default().peer = Some(peer.clone());
                Delivery::Connect { con, peer }
            }
            NetEvent::Accepted { con, peer } => {
                self.cons.entry(con).or_default().peer = Some(peer.clone());
                Delivery::Accept { con, peer }
            }
            NetEvent::Reset { con, why } => {
                self.forget(con);
                Delivery::Reset { con, why }
            }
            NetEvent::RemoteReset { con } => Delivery::RemoteReset { con },
            NetEvent::Refused { con } => Delivery::Refused { con },
            NetEvent::AuthWanted { con, request } => {
                let step = self.auth.answer(con, request);
                return Output::Net(NetCommand::AuthStep { con, step });
            }
        })
    }
}

impl Endpoint for DispatcherChain {
    type Msg = Envelope;
    type Call = NetCommand;
    type Done = Delivery;

    fn decode(envelope: Envelope) -> Result<Envelope, PeerError> {
        Ok(envelope)
    }

    fn handle(&mut self, _now: Now, input: Input<Envelope, NetCommand>) {
        let output = match input {
            Input::Net(event) => self.event(event),
            Input::Call(command) => {
                if let NetCommand::MarkDown { con } = command {
                    self.forget(con);
                }
                Output::Net(command)
            }
            // Each connection was reset before.
            Input::Timeout | Input::Stopped => return,
        };
        self.outputs.push_back(output);
    }

    fn poll(&mut self) -> Option<Output<Delivery>> {
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

impl std::fmt::Debug for DispatcherChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DispatcherChain").field("cons", &self.cons).finish_non_exhaustive()
    }
}
