//! One connection of a messenger.

use loligo_msgr_proto::{ConId, NetCommand, Outgoing, Peer};

use super::DispatcherChain;
use crate::node::WeakNode;

/// One connection of a [`Messenger`](super::Messenger): Ceph's `Connection`. A cheap handle; it does not keep the
/// messenger running, nor the connection open.
#[derive(Clone, Debug)]
pub struct Connection {
    node: WeakNode<DispatcherChain>,
    con: ConId,
}

impl Connection {
    pub(super) const fn new(node: WeakNode<DispatcherChain>, con: ConId) -> Self {
        Self { node, con }
    }

    /// The name of the connection, the same for all handles of it.
    #[must_use]
    pub const fn id(&self) -> ConId {
        self.con
    }

    /// Who is at the other end; `None` before the connection is open and after it is dead.
    #[must_use]
    pub fn peer(&self) -> Option<Peer> {
        self.node.upgrade()?.with(|chain| chain.peer(self.con).cloned())
    }

    /// Sends a message. On a dead connection it is dropped.
    pub fn send_message(&self, msg: impl Outgoing + 'static) {
        self.command(NetCommand::Send { con: self.con, msg: Box::new(msg) });
    }

    /// Asks the peer for a sign of life. Without an answer in time, the connection is reset.
    pub fn send_keepalive(&self) {
        self.command(NetCommand::SendKeepalive { con: self.con });
    }

    /// Closes at once. No callback comes of it, but for those that wait already.
    pub fn mark_down(&self) {
        self.command(NetCommand::MarkDown { con: self.con });
    }

    /// From now on the connection is lossy, whatever its policy: it goes on, and is reset when its stream breaks.
    pub fn mark_disposable(&self) {
        self.command(NetCommand::MarkDisposable { con: self.con });
    }

    fn command(&self, command: NetCommand) {
        if let Some(node) = self.node.upgrade() {
            node.call(command);
        }
    }
}

/// Equal when they are handles of one connection.
impl PartialEq for Connection {
    fn eq(&self, other: &Self) -> bool {
        self.con == other.con
    }
}

impl Eq for Connection {}
