//! Callers that wait: for a connection, for a map.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_base::Mono;
use loligo_monclient::{Request, RequestError};
use loligo_msgr_proto::Fault;
use loligo_objecter as osd;
use loligo_wire::Epoch;
use loligo_wire::entity::{EntityAddr, EntityAddrVec, Protocols};

use crate::client::{Asked, Life, Timer};
use crate::under_way::Place;
use crate::{CallId, Client, ConnectError, Outcome};

/// Those that wait, by the number of their wait.
#[derive(Debug)]
pub(crate) struct Waiting<C> {
    waits: BTreeMap<u64, Wait<C>>,
    last: u64,
    /// Why there is nobody to call, if so.
    nobody: Option<ConnectError>,
}

#[derive(Debug)]
struct Wait<C> {
    id: Option<CallId>,
    done: C,
    until: Until,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// A login and the first map.
    Connected,
    /// To know which map is the newest.
    LatestKnown,
    /// A map that is at least this new.
    Map(Epoch),
}

impl<C> Waiting<C> {
    pub(crate) fn new(mon_host: &[EntityAddrVec], protocols: Protocols) -> Self {
        let callable = mon_host.iter().any(|addrs| protocols.pick(addrs).is_some());
        let nobody = match mon_host {
            [] => Some(ConnectError::NoMonitors),
            _ if !callable => Some(ConnectError::NoAddress),
            _ => None,
        };
        Self { waits: BTreeMap::new(), last: 0, nobody }
    }

    /// The numbers of the waits for which `pick` holds.
    fn pick(&self, pick: impl Fn(Until) -> bool) -> Vec<u64> {
        self.waits.iter().filter(|(_, wait)| pick(wait.until)).map(|(number, _)| *number).collect()
    }
}

impl<C> Client<C> {
    fn wait(&mut self, id: Option<CallId>, until: Until, deadline: Option<Mono>, done: C) -> u64 {
        self.waiting.last += 1;
        let number = self.waiting.last;
        self.waiting.waits.insert(number, Wait { id, done, until });
        if let Some(id) = id {
            self.under_way.insert(id, Place::Wait(number));
        }
        if let Some(deadline) = deadline {
            self.timers.set(Timer::Wait(number), deadline);
        }
        if self.life == Life::Stopped {
            self.end_wait(number, RequestError::Shutdown { sent: false });
        }
        number
    }

    pub(crate) fn wait_for_connection(&mut self, deadline: Option<Mono>, done: C) {
        let number = self.wait(None, Until::Connected, deadline, done);
        if let Some(why) = self.waiting.nobody.clone() {
            self.not_connected(&why);
        }
        // The first map shows where the cluster is.
        if self.waiting.waits.contains_key(&number) {
            self.objecter.handle(self.now, osd::Input::WaitForMap(Epoch(1)));
            self.check_connected();
        }
    }

    pub(crate) fn wait_for_map(&mut self, id: CallId, epoch: Epoch, deadline: Option<Mono>, done: C) {
        let number = self.wait(Some(id), Until::Map(epoch), deadline, done);
        self.await_map(number, epoch);
    }

    pub(crate) fn wait_for_latest(&mut self, id: CallId, deadline: Option<Mono>, done: C) {
        let number = self.wait(Some(id), Until::LatestKnown, deadline, done);
        if self.waiting.waits.contains_key(&number) {
            self.mon.submit(
                Request::GetVersion { what: "osdmap".into() },
                deadline,
                Asked::LatestMap(number),
            );
        }
    }

    /// The newest map that the monitors have is of this epoch.
    pub(crate) fn latest_map_is(&mut self, number: u64, newest: Epoch) {
        self.await_map(number, newest);
    }

    fn await_map(&mut self, number: u64, epoch: Epoch) {
        let Some(wait) = self.waiting.waits.get_mut(&number) else { return };
        wait.until = Until::Map(epoch);
        self.objecter.handle(self.now, osd::Input::WaitForMap(epoch));
        self.map_came(self.objecter.osdmap().get_epoch());
    }

    /// The map is of this epoch now.
    pub(crate) fn map_came(&mut self, epoch: Epoch) {
        for number in self.waiting.pick(|until| matches!(until, Until::Map(wanted) if wanted <= epoch)) {
            if let Some(wait) = self.forget(number) {
                let map = Arc::clone(self.objecter.osdmap());
                self.tell(wait.done, Outcome::OsdMap(Ok(map)));
            }
        }
        self.check_connected();
    }

    /// Tells those that wait for a connection, once there is one.
    pub(crate) fn check_connected(&mut self) {
        if !self.mon.is_connected() || self.objecter.osdmap().get_epoch() == Epoch(0) {
            return;
        }
        let global_id = self.mon.global_id();
        for number in self.waiting.pick(|until| until == Until::Connected) {
            if let Some(wait) = self.forget(number) {
                self.tell(wait.done, Outcome::Connected(Ok(global_id)));
            }
        }
    }

    /// Tells those that wait for a connection that there will be none.
    pub(crate) fn not_connected(&mut self, why: &ConnectError) {
        for number in self.waiting.pick(|until| until == Until::Connected) {
            if let Some(wait) = self.forget(number) {
                self.tell(wait.done, Outcome::Connected(Err(why.clone())));
            }
        }
    }

    /// Ends a wait without what was waited for.
    pub(crate) fn end_wait(&mut self, number: u64, why: RequestError) {
        let Some(wait) = self.forget(number) else { return };
        let outcome = match (wait.until, why) {
            (Until::Connected, RequestError::Shutdown { .. }) => {
                Outcome::Connected(Err(ConnectError::Shutdown))
            }
            (Until::Connected, _) => Outcome::Connected(Err(self.timed_out())),
            _ => Outcome::OsdMap(Err(why)),
        };
        self.tell(wait.done, outcome);
    }

    pub(crate) fn end_waits(&mut self, why: RequestError) {
        for number in self.waiting.pick(|_| true) {
            self.end_wait(number, why);
        }
    }

    fn forget(&mut self, number: u64) -> Option<Wait<C>> {
        self.timers.cancel(&Timer::Wait(number));
        let wait = self.waiting.waits.remove(&number)?;
        if let Some(id) = wait.id {
            self.under_way.remove(id);
        }
        Some(wait)
    }

    fn timed_out(&self) -> ConnectError {
        ConnectError::TimedOut { tried: self.tried() }
    }

    /// What there is to say of each monitor that was called.
    pub(crate) fn tried(&self) -> Vec<(EntityAddr, Option<Fault>)> {
        let called = self.links.mon_addrs().map(|addr| (addr, None));
        let mut tried: BTreeMap<_, _> = called.collect();
        tried.extend(self.faults.iter().map(|(addr, fault)| (*addr, Some(fault.clone()))));
        tried.into_iter().collect()
    }
}
