//! From the queue to the dispatchers, and past it.

use std::sync::{Arc, Mutex, OnceLock};

use loligo_msgr_proto::{Arrived, ConId, DispatchQueue, Peer};

use super::{Connection, Delivery, Dispatcher, DispatcherChain, Dispatchers};
use crate::node::{Fast, WeakNode};
use crate::sync::lock;

/// What hands things to the dispatchers.
#[derive(Clone)]
pub(super) struct Deliverer {
    pub(super) dispatchers: Dispatchers,
    pub(super) queue: Arc<Mutex<DispatchQueue<Delivery>>>,
    /// Whose it is: known when that has begun.
    pub(super) node: Arc<OnceLock<WeakNode<DispatcherChain>>>,
}

impl Deliverer {
    fn con(&self, con: ConId) -> Option<Connection> {
        self.node.get().map(|node| Connection::new(node.clone(), con))
    }

    /// Ends the messenger.
    pub(super) fn end(&self) {
        if let Some(node) = self.node.get().and_then(WeakNode::upgrade) {
            node.shutdown();
        }
    }

    /// Hands out what is next in the queue, and says whether there was something. What that holds of the throttles is held until
    /// then.
    pub(super) fn deliver_next(&self) -> bool {
        let next = lock(&self.queue).dequeue();
        next.map(|delivery| self.deliver(delivery)).is_some()
    }

    fn deliver(&self, delivery: Delivery) {
        let Some(con) = self.con(delivery.con()) else { return };
        let chain = lock(&self.dispatchers).clone();
        match delivery {
            Delivery::Message { con: id, arrived } => {
                // One to ourselves, which has no number, came by no pipe that could have taken it past the queue.
                let is_own = arrived.envelope.header.seq == 0;
                let arrived = if is_own { self.message(id, arrived) } else { Some(arrived) };
                let Some(arrived) = arrived else { return };
                let message = &arrived.envelope;
                if !chain.iter().any(|one| one.ms_dispatch(&con, message)) {
                    let message_type = message.header.message_type;
                    tracing::warn!(message_type, con = %con.id(), "nobody takes a message");
                }
            }
            Delivery::Connect { peer, .. } => chain.iter().for_each(|one| one.ms_handle_connect(&con, &peer)),
            Delivery::Accept { peer, .. } => chain.iter().for_each(|one| one.ms_handle_accept(&con, &peer)),
            Delivery::RemoteReset { .. } => chain.iter().for_each(|one| one.ms_handle_remote_reset(&con)),
            Delivery::Reset { why, .. } => {
                let _ = chain.iter().any(|one| one.ms_handle_reset(&con, &why));
            }
            Delivery::Refused { .. } => {
                let _ = chain.iter().any(|one| one.ms_handle_refused(&con));
            }
        }
    }

    /// The dispatchers that may want some messages past the queue.
    fn fast_dispatchers(&self) -> Vec<Arc<dyn Dispatcher>> {
        let dispatchers = lock(&self.dispatchers);
        dispatchers.iter().filter(|one| one.ms_can_fast_dispatch_any()).cloned().collect()
    }
}

impl Fast for Deliverer {
    fn message(&self, con: ConId, arrived: Arrived) -> Option<Arrived> {
        let fast = self.fast_dispatchers();
        if fast.is_empty() {
            return Some(arrived);
        }
        let Some(con) = self.con(con) else { return Some(arrived) };
        let message = &arrived.envelope;
        fast.iter().for_each(|one| one.ms_fast_preprocess(&con, message));
        match fast.iter().find(|one| one.ms_can_fast_dispatch(message)) {
            Some(one) => {
                one.ms_fast_dispatch(&con, message);
                None
            }
            None => Some(arrived),
        }
    }

    fn open(&self, con: ConId, peer: &Peer, is_accepted: bool) {
        let Some(handle) = self.con(con) else { return };
        let chain = lock(&self.dispatchers).clone();
        for one in chain {
            if is_accepted {
                one.ms_handle_fast_accept(&handle, peer);
            } else {
                one.ms_handle_fast_connect(&handle, peer);
            }
        }
    }
}
