//! The endpoint of a messenger.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{
    Arrived, AuthRequest, ConId, DispatchQueue, Endpoint, Envelope, Fault, Held, Input, NetCommand, NetEvent,
    Output, Peer, PeerError, PolicySet,
};
use loligo_wire::entity::{EntityAddrVec, EntityType};

use super::{Authenticate, Dispatchers};
use crate::sync::lock;

/// The endpoint of a [`Messenger`](super::Messenger): it knows its connections and by which address they were opened,
/// and leaves the rest to the dispatchers. Messages reach them as they came, not decoded.
pub struct DispatcherChain {
    auth: Box<dyn Authenticate>,
    dispatchers: Dispatchers,
    policies: PolicySet,
    opened: u64,
    cons: BTreeMap<ConId, Entry>,
    by_addrs: BTreeMap<EntityAddrVec, ConId>,
    queue: Arc<Mutex<DispatchQueue<Delivery>>>,
    outputs: VecDeque<Output<()>>,
}

#[derive(Debug, Default)]
struct Entry {
    /// What it is found by: where it was opened to, or whence a peer called that may not do so twice.
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
        /// The message, with what it holds of the throttles until it is dispatched.
        arrived: Arrived,
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
    /// No connections yet. What is to be handed out is put into `queue`.
    pub(super) fn new(
        auth: Box<dyn Authenticate>,
        dispatchers: Dispatchers,
        policies: PolicySet,
        queue: Arc<Mutex<DispatchQueue<Delivery>>>,
    ) -> Self {
        Self {
            auth,
            dispatchers,
            policies,
            opened: 0,
            cons: BTreeMap::new(),
            by_addrs: BTreeMap::new(),
            queue,
            outputs: VecDeque::new(),
        }
    }

    /// The living connection to these addresses, else a new one.
    pub fn connect_to(&mut self, peer: EntityType, addrs: EntityAddrVec) -> ConId {
        if let Some(con) = self.by_addrs.get(&addrs) {
            return *con;
        }
        let con = self.next_con();
        self.register(con, addrs.clone());
        self.outputs.push_back(Output::Net(NetCommand::Connect { con, peer, addrs }));
        con
    }

    /// A connection that nobody else is given.
    pub fn connect_to_anon(&mut self, peer: EntityType, addrs: EntityAddrVec) -> ConId {
        let con = self.next_con();
        self.cons.insert(con, Entry::default());
        self.outputs.push_back(Output::Net(NetCommand::ConnectAnon { con, peer, addrs }));
        con
    }

    /// The living connection to these addresses.
    #[must_use]
    pub fn get_connection(&self, addrs: &EntityAddrVec) -> Option<ConId> {
        self.by_addrs.get(addrs).copied()
    }

    /// Closes the living connection to these addresses, and tells so (`mark_down_addrs`).
    pub fn mark_down_addrs(&mut self, addrs: &EntityAddrVec) {
        if let Some(con) = self.get_connection(addrs) {
            self.mark_down(con);
            self.tell(Delivery::Reset { con, why: Fault::Closed });
        }
    }

    fn mark_down(&mut self, con: ConId) {
        self.forget(con);
        self.discard_queue(con);
        self.outputs.push_back(Output::Net(NetCommand::MarkDown { con }));
    }

    const fn next_con(&mut self) -> ConId {
        let con = ConId::opened(self.opened);
        self.opened += 1;
        con
    }

    fn register(&mut self, con: ConId, addrs: EntityAddrVec) {
        self.by_addrs.insert(addrs.clone(), con);
        self.cons.entry(con).or_default().addrs = addrs;
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

    fn event(&mut self, event: NetEvent<Arrived>) {
        let delivery = match event {
            NetEvent::Message { con, msg, header } => return self.enqueue(con, header.priority, msg),
            NetEvent::Connected { con, peer } => {
                self.cons.entry(con).or_default().peer = Some(peer.clone());
                Delivery::Connect { con, peer }
            }
            NetEvent::Accepted { con, peer } => {
                self.accepted(con, &peer);
                Delivery::Accept { con, peer }
            }
            NetEvent::Reset { con, why } => {
                self.forget(con);
                self.discard_queue(con);
                Delivery::Reset { con, why }
            }
            NetEvent::RemoteReset { con } => {
                self.discard_queue(con);
                Delivery::RemoteReset { con }
            }
            NetEvent::Refused { con } => Delivery::Refused { con },
            NetEvent::AuthWanted { con, request } => return self.authenticate(con, request),
        };
        self.tell(delivery);
    }

    fn tell(&mut self, delivery: Delivery) {
        lock(&self.queue).queue_event(delivery);
        self.outputs.push_back(Output::Done(()));
    }

    fn enqueue(&mut self, con: ConId, priority: u16, arrived: Arrived) {
        let cost = arrived.envelope.payload.data.len() as u64;
        lock(&self.queue).enqueue(con, priority, cost, Delivery::Message { con, arrived });
        self.outputs.push_back(Output::Done(()));
    }

    /// Messages that wait are dropped, with nothing locked that others may want.
    fn discard_queue(&self, con: ConId) {
        let gone = lock(&self.queue).discard_queue(con);
        drop(gone);
    }

    fn accepted(&mut self, con: ConId, peer: &Peer) {
        self.cons.entry(con).or_default().peer = Some(peer.clone());
        // Who may call as often as it likes is not called back.
        let registers = self.policies.get(peer.name.kind).registers();
        if registers && !self.by_addrs.contains_key(&peer.addrs) {
            self.register(con, peer.addrs.clone());
        }
    }

    fn authenticate(&mut self, con: ConId, request: AuthRequest) {
        let chain = lock(&self.dispatchers).clone();
        let step = chain.iter().find_map(|one| one.ms_authenticate(con, &request));
        let step = step.unwrap_or_else(|| self.auth.answer(con, request));
        self.outputs.push_back(Output::Net(NetCommand::AuthStep { con, step }));
    }
}

impl Endpoint for DispatcherChain {
    type Msg = Arrived;
    type Call = NetCommand;
    /// There is something in the queue.
    type Done = ();

    fn decode(envelope: Envelope) -> Result<Arrived, PeerError> {
        Ok(Arrived { envelope, held: Held::default() })
    }

    fn take(arrived: Arrived) -> Result<(Arrived, Held), PeerError> {
        Ok((arrived, Held::default()))
    }

    fn handle(&mut self, _now: Now, input: Input<Arrived, NetCommand>) {
        match input {
            Input::Net(event) => self.event(event),
            Input::Call(NetCommand::MarkDown { con }) => self.mark_down(con),
            Input::Call(command) => self.outputs.push_back(Output::Net(command)),
            // Each connection was reset before.
            Input::Timeout | Input::Stopped => {}
        }
    }

    fn poll(&mut self) -> Option<Output<()>> {
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
