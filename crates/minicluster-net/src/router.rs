//! The bus between the daemons of one process.

use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use loligo_minicluster::{BusMessage, Daemon, Mon, MonCall, Osd, OsdCall};
use loligo_msgr::{Node, WeakNode};
use loligo_wire::OsdId;

use crate::seat::Seat;

/// Brings what daemons say to one another from node to node.
///
/// A node hands out what its daemon says in order and one at a time, and what is asked of a node is queued in order: so the
/// order of each sender and receiver is kept. No lock is held while a node is called. What is said to a daemon that does
/// not run is lost, as it is with Ceph's.
#[derive(Default)]
pub(crate) struct Router {
    mon: OnceLock<WeakNode<Mon>>,
    osds: RwLock<BTreeMap<OsdId, WeakNode<Seat<Osd>>>>,
}

impl Router {
    pub(crate) fn add_mon(&self, node: &Node<Mon>) {
        // There is one monitor, and it is added once.
        let _ = self.mon.set(node.downgrade());
    }

    pub(crate) fn add_osd(&self, osd: OsdId, node: &Node<Seat<Osd>>) {
        self.osds.write().unwrap_or_else(PoisonError::into_inner).insert(osd, node.downgrade());
    }

    pub(crate) fn remove_osd(&self, osd: OsdId) {
        self.osds.write().unwrap_or_else(PoisonError::into_inner).remove(&osd);
    }

    pub(crate) fn route(&self, message: BusMessage) {
        match message.to {
            Daemon::Mon => {
                if let Some(mon) = self.mon.get().and_then(WeakNode::upgrade) {
                    mon.call(MonCall::Bus(message));
                }
            }
            Daemon::Osd(osd) => {
                if let Some(node) = self.osd(osd) {
                    node.call(OsdCall::Bus(message));
                }
            }
        }
    }

    fn osd(&self, osd: OsdId) -> Option<Node<Seat<Osd>>> {
        self.osds.read().unwrap_or_else(PoisonError::into_inner).get(&osd)?.upgrade()
    }
}
