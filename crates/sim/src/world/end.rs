//! How a world comes to its end.

use core::time::Duration;

use loligo_client::Call;
use loligo_wire::types::PgId;

use super::{Phase, World};
use crate::check::{self, Violation};
use crate::event::Event;
use crate::host::{Host, Node};

/// How long everything may take to come to its end once nothing goes wrong any more. Longer than the longest of all
/// back-offs and deadlines in a row: a handshake (10 s), a back-off of an OSD session (15 s), a hunt for the monitor (30 s),
/// a look at what is laggy (10 s).
const HEALING_MAX: Duration = Duration::from_secs(240);

/// How long it takes to hang up.
const LEAVING: Duration = Duration::from_secs(60);

impl World {
    /// The pools are made: the clients begin to work, and things to go wrong.
    pub(super) fn ready(&mut self) {
        if self.phase != Phase::Setup {
            return;
        }
        self.phase = Phase::Safety;
        for client in 0..self.plan.clients {
            self.think(client);
        }
        self.core.after(Duration::ZERO, Event::Trouble);
        self.core.after(self.plan.safety, Event::Heal);
    }

    /// Looks whether everything has come to an end.
    pub(super) fn look(&mut self) {
        match self.phase {
            Phase::Healed(since) => {
                let is_done =
                    self.work_is_done() && self.operator.is_done() && self.idle_pgs().next().is_none();
                if is_done && self.is_settled() {
                    return self.leave();
                }
                if self.core.now > since + HEALING_MAX {
                    self.not_finished();
                }
                self.core.after(Duration::from_secs(1), Event::Look);
            }
            Phase::Leaving(since) if self.core.now >= since + LEAVING => self.over(),
            Phase::Setup | Phase::Safety | Phase::Leaving(_) | Phase::Over => {}
        }
    }

    /// Whether every OSD has what the others gave it. Of an op that was given up, nobody waits for the end, and its write may
    /// still be on its way to the replicas.
    fn is_settled(&self) -> bool {
        self.bus.is_quiet() && self.osds.iter().all(Node::is_idle)
    }

    fn pgs(&self) -> impl Iterator<Item = PgId> {
        let pools = self.mon.endpoint.osdmap().get_pools();
        pools.flat_map(|(id, pool)| (0..pool.pg_num).map(move |seed| PgId::new(id, seed)))
    }

    /// The PGs that nobody serves.
    fn idle_pgs(&self) -> impl Iterator<Item = PgId> {
        self.pgs().filter(|pg| !self.osds.iter().any(|osd| osd.endpoint.serves(*pg)))
    }

    fn not_finished(&mut self) {
        let mut left: Vec<String> = self.idle_pgs().map(|pg| format!("pg {pg} is not served")).collect();
        for (client, n) in self.clients.iter().zip(0..) {
            left.extend(client.endpoint.dump_ops().map(|op| format!("client.{n}: {op}")));
        }
        if !self.operator.is_done() {
            left.push("the operator has no answer".into());
        }
        let pending = self.history.pending();
        self.violations.push(Violation::NotFinished { pending, left });
    }

    /// Everything is done: looks at what came of it, and lets the clients go.
    fn leave(&mut self) {
        let violations = check::outcome(self);
        self.violations.extend(violations);
        self.phase = Phase::Leaving(self.core.now);
        for (client, n) in self.clients.iter_mut().zip(0u16..) {
            if client.endpoint.num_ops() > 0 {
                let what = format!("client.{n} has ops left");
                self.violations.push(Violation::Wrong { what });
            }
            client.call(&mut self.core, Call::Shutdown { done: 0 });
        }
        self.core.after(LEAVING, Event::Look);
    }

    /// A client has gone.
    pub(super) const fn client_left(&mut self) {
        self.left += 1;
    }

    /// What was taken must be given back.
    fn over(&mut self) {
        self.phase = Phase::Over;
        let hosts = self.osds.iter().map(|host| host as &dyn Host);
        let clients = self.clients.iter().map(|host| host as &dyn Host);
        let all = std::iter::once(&self.mon as &dyn Host).chain(hosts).chain(clients);
        let held: u64 = all.map(Host::held).sum();
        let open: usize = self.clients.iter().map(Host::connections).sum();
        if held > 0 || open > 0 || usize::from(self.left) != self.clients.len() {
            let left = self.left;
            let what = format!("at the end: {held} bytes held, {open} connections open, {left} clients gone");
            self.violations.push(Violation::Wrong { what });
        }
    }
}
