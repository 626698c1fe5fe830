//! What goes wrong, and when.

use core::time::Duration;

use loligo_minicluster::MonCall;

use super::setup::POOLS;
use super::{Phase, World};
use crate::event::Event;
use crate::fault::{Fault, command};
use crate::host::Host;
use crate::ids::HostId;

/// How often heartbeats find out again that an OSD does not answer.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// From how many PGs on a pool grows no more.
const PG_NUM_MAX: u32 = 32;

/// By how many seconds a clock is wrong at most.
const SKEW_MAX: u64 = 600;

impl World {
    /// Something goes wrong, and something else will.
    pub(super) fn trouble(&mut self) {
        if self.phase != Phase::Safety {
            return;
        }
        if let Some(fault) = self.draw_fault() {
            let now = self.core.now;
            self.core.trace.say(now, format_args!("  {fault:?}"));
            self.fault(fault);
        }
        let pause = self.core.up_to(self.plan.troubles.every * 2);
        self.core.after(pause, Event::Trouble);
    }

    fn draw_fault(&mut self) -> Option<Fault> {
        let t = self.plan.troubles.clone();
        let weights = [t.cut, t.stop_osd, t.stop_mon, t.weight, t.pause, t.full, t.noup, t.grow, t.skew];
        let prng = &mut self.core.prng;
        let mut drawn = prng.below(weights.iter().sum());
        let mut which = 0;
        while let Some(weight) = weights.get(which).filter(|weight| **weight <= drawn) {
            drawn -= weight;
            which += 1;
        }
        let osd = u16::try_from(prng.below(self.plan.osds.into())).unwrap_or(0);
        let set = prng.chance(1, 2);
        let silently = t.silent && prng.chance(1, 2);
        Some(match which {
            0 => Fault::Cut,
            1 => Fault::StopOsd { osd, silently },
            2 => Fault::StopMon { silently },
            3 => Fault::Command(command::weigh(osd, set)),
            4 => Fault::Command(command::flag(set, "pause")),
            5 => Fault::Command(command::flag(set, "full")),
            6 => Fault::Command(command::flag(set, if prng.chance(1, 2) { "noup" } else { "nodown" })),
            7 => self.draw_growth()?,
            8 => self.draw_skew(),
            _ => return None,
        })
    }

    fn draw_growth(&mut self) -> Option<Fault> {
        let i = self.core.prng.index(self.plan.pools.len())?;
        let pool = self.plan.pools.get_mut(i)?;
        if pool.pg_num > PG_NUM_MAX {
            return None;
        }
        pool.pg_num += u32::try_from(self.core.prng.below(5)).unwrap_or(0);
        Some(Fault::Command(command::grow(POOLS.get(i)?, pool.pg_num)))
    }

    fn draw_skew(&mut self) -> Fault {
        let prng = &mut self.core.prng;
        let host = match prng.below(3) {
            0 => HostId::Mon,
            1 => HostId::Osd(u16::try_from(prng.below(self.plan.osds.into())).unwrap_or(0)),
            _ => HostId::Client(u16::try_from(prng.below(self.plan.clients.into())).unwrap_or(0)),
        };
        let by = i64::try_from(prng.below(SKEW_MAX)).unwrap_or(0);
        Fault::Skew(host, if prng.chance(1, 2) { by } else { -by })
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Cut => self.core.cut_any_stream(),
            Fault::StopOsd { osd, silently } => self.stop_osd(osd, silently),
            Fault::StartOsd(osd) => {
                if self.osds.get(usize::from(osd)).is_some_and(|osd| !osd.is_up()) {
                    self.start_osd(osd);
                }
            }
            Fault::Heartbeat(osd) => {
                if self.osds.get(usize::from(osd)).is_some_and(|osd| !osd.is_up()) {
                    if self.mon.is_up() {
                        self.mon.call(&mut self.core, MonCall::OsdFailed(loligo_wire::OsdId(osd.into())));
                    }
                    self.core.after(HEARTBEAT, Event::Fault(Fault::Heartbeat(osd)));
                }
            }
            Fault::StopMon { silently } => self.stop_mon(silently),
            Fault::StartMon => {
                if !self.mon.is_up() {
                    self.start_mon();
                }
            }
            Fault::Command(command) => self.order(command),
            Fault::Skew(host, seconds) => {
                if let Some(host) = self.host(host) {
                    host.set_skew(seconds);
                }
            }
        }
    }

    fn stop_osd(&mut self, n: u16, silently: bool) {
        let Some(osd) = self.osds.get_mut(usize::from(n)).filter(|osd| osd.is_up()) else { return };
        osd.stop(&mut self.core, silently);
        let notice = self.core.up_to(self.plan.troubles.notice);
        self.core.after(notice, Event::Fault(Fault::Heartbeat(n)));
        let outage = self.core.up_to(self.plan.troubles.outage);
        self.core.after(outage, Event::Fault(Fault::StartOsd(n)));
    }

    fn stop_mon(&mut self, silently: bool) {
        if self.mon.is_up() {
            self.mon.stop(&mut self.core, silently);
            let outage = self.core.up_to(self.plan.troubles.outage);
            self.core.after(outage, Event::Fault(Fault::StartMon));
        }
    }

    /// No more faults: everything is put right.
    pub(super) fn heal(&mut self) {
        if self.phase != Phase::Safety {
            return;
        }
        self.phase = Phase::Healed(self.core.now);
        self.core.net.weather.heal();
        self.fault(Fault::StartMon);
        self.mon.set_skew(0);
        for osd in 0..self.plan.osds {
            self.fault(Fault::StartOsd(osd));
            self.fault(Fault::Skew(HostId::Osd(osd), 0));
            self.order(command::weigh(osd, true));
        }
        for client in 0..self.plan.clients {
            self.fault(Fault::Skew(HostId::Client(client), 0));
        }
        for flag in ["pause", "full", "noup", "nodown"] {
            self.order(command::flag(false, flag));
        }
        self.core.after(Duration::from_secs(1), Event::Look);
    }
}
