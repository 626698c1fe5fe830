//! OSDs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Churn;
use crate::ceph::daemon::DaemonName;

/// OSDs that are known and never start, at most.
const PHANTOMS: u32 = 3;
/// How long other OSDs may take to notice that one is dead.
const UNNOTICED: Duration = Duration::from_secs(10);

impl Churn {
    /// A daemon's number.
    fn any_osd(&mut self) -> u32 {
        self.dice.below(self.cluster.osds)
    }

    pub(super) fn reweight(&mut self) -> Result<()> {
        let osd = self.any_osd();
        let weight = *self.dice.pick(&["1.0", "0.95", "0.8", "0.7"]);
        self.must(&format!("osd reweight {osd} {weight}"))
    }

    pub(super) fn crush_reweight(&mut self) -> Result<()> {
        let osd = self.any_osd();
        let weight = *self.dice.pick(&["1.0", "0.7", "1.5", "2.25"]);
        self.must(&format!("osd crush reweight osd.{osd} {weight}"))
    }

    pub(super) fn affinity(&mut self) -> Result<()> {
        let osd = self.any_osd();
        let affinity = *self.dice.pick(&["0", "0.25", "0.5", "1"]);
        self.must(&format!("osd primary-affinity osd.{osd} {affinity}"))
    }

    /// Takes an OSD out; of those that serve a pool that is kept, one at a time.
    pub(super) fn out(&mut self) -> Result<()> {
        if self.is_careful() {
            self.revive_all()?;
            self.all_in()?;
            self.wait_until_kept_is_clean()?;
        }
        let osd = self.any_osd();
        self.must(&format!("osd out {osd}"))
    }

    pub(super) fn back_in(&mut self) -> Result<()> {
        let state = self.state()?;
        let out: Vec<u32> = state.osds.iter().filter(|osd| osd.is_in == 0).map(|osd| osd.osd).collect();
        match self.dice.choose(&out) {
            // One that never comes would leave a pool that is kept without a copy.
            Some(osd) if !self.is_careful() || osd < self.cluster.osds => self.must(&format!("osd in {osd}")),
            _ => Ok(()),
        }
    }

    /// All daemons are in.
    pub(super) fn all_in(&mut self) -> Result<()> {
        let daemons = self.cluster.osds;
        let osds = self.state()?.osds;
        let mut out = osds.iter().filter(|osd| osd.is_in == 0 && osd.osd < daemons);
        out.try_for_each(|osd| self.must(&format!("osd in {}", osd.osd)))
    }

    /// Says of an OSD that it is down. It says that it is not.
    pub(super) fn mark_down(&mut self) -> Result<()> {
        if self.is_careful() {
            self.revive_all()?;
            self.wait_until_kept_is_clean()?;
        }
        let osd = self.any_osd();
        self.must(&format!("osd down {osd}"))
    }

    pub(super) fn kill(&mut self) -> Result<()> {
        if self.is_careful() {
            self.revive_all()?;
            self.all_in()?;
            self.wait_until_kept_is_clean()?;
        }
        let number = self.any_osd();
        let daemon = DaemonName::osd(number);
        let Some(process) = daemon.process(&self.cluster.dir) else { return Ok(()) };
        process.signal(self.spec.signal)?;
        process.wait_for_end(&daemon)?;
        self.down.push(number);
        self.told(&format!("killed {daemon}"));
        let died = Instant::now();
        self.wait_until(&format!("{daemon} is down"), |churn| {
            let is_down = !churn.is_up(number)?;
            // One that shares no PG with others may go unnoticed.
            if !is_down && died.elapsed() > UNNOTICED {
                churn.must(&format!("osd down {number}"))?;
            }
            Ok(is_down)
        })
    }

    pub(super) fn revive(&mut self) -> Result<()> {
        let Some(number) = self.down.pop() else { return Ok(()) };
        let daemon = DaemonName::osd(number);
        daemon.start(&self.cluster.bin, &self.cluster.dir)?;
        self.told(&format!("revived {daemon}"));
        self.wait_until(&format!("{daemon} is up"), |churn| churn.is_up(number))
    }

    pub(super) fn revive_all(&mut self) -> Result<()> {
        while !self.down.is_empty() {
            self.revive()?;
        }
        Ok(())
    }

    fn is_up(&mut self, number: u32) -> Result<bool> {
        let osds = self.state()?.osds;
        let osd = osds.iter().find(|osd| osd.osd == number).context("the OSD is gone")?;
        Ok(osd.up == 1)
    }

    /// An OSD that is registered and has a place, but no daemon; or one of these less.
    pub(super) fn phantom(&mut self) -> Result<()> {
        let all = self.state()?.osds;
        let phantoms: Vec<u32> =
            all.iter().map(|osd| osd.osd).filter(|osd| *osd >= self.cluster.osds).collect();
        if phantoms.len() >= PHANTOMS as usize {
            let Some(osd) = self.dice.choose(&phantoms) else { return Ok(()) };
            return self.must(&format!("osd purge {osd} --yes-i-really-mean-it"));
        }
        let osd = (self.cluster.osds..).find(|osd| !phantoms.contains(osd)).context("no number is left")?;
        let uuid = format!("00000000-0000-4000-8000-{:012x}", self.dice.below(u32::MAX));
        self.must(&format!("osd new {uuid} {osd}"))?;
        let host = self.dice.between(1, 4);
        self.must(&format!("osd crush add osd.{osd} 1.0 root=default host=h{host}"))?;
        // Where it is in, PGs lack a copy.
        if self.is_careful() || self.dice.chance(50) {
            self.must(&format!("osd out {osd}"))?;
        }
        Ok(())
    }
}
