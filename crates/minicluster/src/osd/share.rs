//! Telling clients of newer maps.

use alloc::boxed::Box;

use loligo_msgr_proto::{ConId, NetCommand, Posted};
use loligo_wire::{Epoch, Tid};

use super::Osd;

impl Osd {
    /// Sends a client the maps between `known` and ours that this connection has not brought it yet
    /// (`OSDService::maybe_share_map`). Without that, a client whose request was dropped would not know that it must send it
    /// elsewhere: the monitors tell only those who ask.
    pub(super) fn share_map(&mut self, con: ConId, known: Epoch) {
        let Some(sent) = self.cons.get_mut(&con) else { return };
        *sent = known.max(*sent);
        while *sent < self.map.epoch {
            let message = self.history.since(sent.next());
            *sent = message.last().unwrap_or(self.map.epoch);
            let msg = Box::new(Posted { tid: Tid(0), message });
            self.out.push_back(loligo_msgr_proto::Output::Net(NetCommand::Send { con, msg }));
        }
    }
}
