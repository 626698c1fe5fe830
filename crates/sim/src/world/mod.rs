//! A world: a monitor, OSDs and clients on one network, in one time.

mod bus;
mod end;
mod faults;
mod operator;
mod setup;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use loligo_base::Mono;
use loligo_client::Client;
use loligo_minicluster::{Mon, Osd};
use loligo_wire::Epoch;
use loligo_wire::osdmap::OSDMap;

use crate::check::{self, Object, Violation};
use crate::event::Event;
use crate::history::History;
use crate::host::{Host, Node};
use crate::ids::{HostId, LineId};
use crate::net::{Item, cut_fault};
use crate::plan::Plan;
use crate::shared::{Core, Told};
use bus::Bus;
use operator::Operator;

/// How many steps a world takes at most. One that takes more goes round in circles.
const STEPS_MAX: u64 = 5_000_000;

/// A monitor, OSDs and clients on one network, in one time.
pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) plan: Plan,
    pub(crate) mon: Node<Mon>,
    pub(crate) osds: Vec<Node<Osd>>,
    /// Those with work, and behind them that of the operator.
    pub(crate) clients: Vec<Node<Client<u64>>>,
    bus: Bus,
    /// Every map that there was.
    pub(crate) maps: BTreeMap<Epoch, Arc<OSDMap>>,
    pub(crate) objects: Vec<Object>,
    pub(crate) history: History,
    operator: Operator,
    phase: Phase,
    /// How many ops each client still has to submit, and how many are under way.
    work: Vec<work::Work>,
    /// How many times something started: what makes addresses new.
    starts: u32,
    /// How many clients have gone.
    left: u16,
    pub(crate) violations: Vec<Violation>,
}

/// How far a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The pools are made.
    Setup,
    /// Clients work while things go wrong.
    Safety,
    /// Nothing goes wrong any more since then.
    Healed(Mono),
    /// All ops are done; the clients go.
    Leaving(Mono),
    /// It is over.
    Over,
}

impl World {
    /// Lets the world go on until it is over.
    pub(crate) fn run(&mut self) {
        while self.phase != Phase::Over && self.violations.is_empty() {
            let Some((at, event)) = self.core.schedule.pop() else {
                self.violations.push(Violation::Standstill);
                break;
            };
            self.core.now = at;
            self.core.trace.step(at, &event);
            self.step(event);
            self.listen();
            if self.core.trace.steps() > STEPS_MAX {
                self.violations.push(Violation::NoEnd { steps: STEPS_MAX });
            }
        }
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Inbox(host) => self.on_host(host, |host, core| host.take_input(core)),
            Event::Wake(host) => self.on_host(host, |host, core| host.wake(core)),
            Event::Flush(host, id) => self.on_host(host, |host, core| host.flush(core, id)),
            Event::Read(host, id) => self.on_host(host, |host, core| host.read(core, id)),
            Event::Pump(host, id) => self.on_host(host, |host, core| host.pump(core, id)),
            Event::PipeTimer(host, id) => self.on_host(host, |host, core| host.fire(core, id)),
            Event::Ring(id) => self.ring(id),
            Event::Dialled(id, taken) => {
                if let Some(host) = self.core.net.host(id) {
                    self.on_host(host, |host, core| host.dialled(core, id, taken));
                }
            }
            Event::Arrive(id) => self.arrive(id),
            Event::Cut(id) => {
                if let Some(host) = self.core.net.host(id) {
                    self.on_host(host, |host, core| host.ended(core, id, cut_fault()));
                }
            }
            Event::Bus(from, to) => self.bus_arrives(from, to),
            Event::Work(client) => self.work(client),
            Event::Cancel(client, number) => self.cancel(client, number),
            Event::Fault(fault) => self.fault(fault),
            Event::Trouble => self.trouble(),
            Event::Heal => self.heal(),
            Event::Look => self.look(),
        }
        let epoch = self.mon.endpoint.epoch();
        self.maps.entry(epoch).or_insert_with(|| Arc::clone(self.mon.endpoint.osdmap()));
    }

    pub(crate) fn host(&mut self, id: HostId) -> Option<&mut dyn Host> {
        match id {
            HostId::Mon => Some(&mut self.mon),
            HostId::Osd(n) => self.osds.get_mut(usize::from(n)).map(|host| host as &mut dyn Host),
            HostId::Client(n) => self.clients.get_mut(usize::from(n)).map(|host| host as &mut dyn Host),
        }
    }

    fn on_host(&mut self, id: HostId, act: impl FnOnce(&mut dyn Host, &mut Core)) {
        let host: Option<&mut dyn Host> = match id {
            HostId::Mon => Some(&mut self.mon),
            HostId::Osd(n) => self.osds.get_mut(usize::from(n)).map(|host| host as &mut dyn Host),
            HostId::Client(n) => self.clients.get_mut(usize::from(n)).map(|host| host as &mut dyn Host),
        };
        if let Some(host) = host {
            act(host, &mut self.core);
        }
    }

    fn ring(&mut self, line: LineId) {
        let Some((from, to)) = self.core.net.ringing(line) else { return };
        let osds = self.osds.iter_mut().map(|host| host as &mut dyn Host).zip((0..).map(HostId::Osd));
        let mon = (&mut self.mon as &mut dyn Host, HostId::Mon);
        let called = std::iter::once(mon).chain(osds).find(|(host, id)| host.is_up() && id.listens() == to);
        let by = called.map(|(host, id)| {
            let taken = host.ring(&mut self.core, line.peer(), from);
            taken.then_some(id)
        });
        self.core.answer(line, by.flatten());
    }

    fn arrive(&mut self, line: LineId) {
        match self.core.net.arrive(line) {
            Some((host, Item::Bytes(bytes))) => {
                self.on_host(host, |host, core| host.arrived(core, line, bytes))
            }
            Some((host, Item::End(fault))) => self.on_host(host, |host, core| host.ended(core, line, fault)),
            None => {}
        }
    }

    /// Takes what came out of the hosts.
    fn listen(&mut self) {
        while let Some(told) = self.core.told.pop_front() {
            match told {
                Told::Bus(message) => self.carry(message),
                Told::Client(client, done) => self.client_told(client, done),
                Told::Request(request) => self.violations.extend(check::routing(&self.maps, &request).err()),
                Told::Wrong(what) => self.violations.push(Violation::Wrong { what }),
            }
        }
    }
}
