//! The cluster as a whole: CRUSH, flags, addresses that are shut out.

use anyhow::Result;

use super::Churn;
use super::state::Pool;
use crate::ceph::Release;

/// Hosts into which the OSDs are put.
const HOSTS: u32 = 4;
/// `set`, and at once `unset`.
const SHORT_FLAGS: &[&str] = &["noup", "nodown", "noin"];
const LONG_FLAGS: &[&str] = &["noout", "norebalance", "noscrub", "nodeep-scrub", "nosnaptrim", "notieragent"];

impl Churn {
    /// Two OSDs a host, two hosts a rack, two classes; rules and profiles for all of it.
    pub(super) fn set_up(&mut self) -> Result<()> {
        for osd in 0..self.cluster.osds {
            let host = osd % HOSTS + 1;
            self.must(&format!("osd crush set osd.{osd} 1.0 root=default rack=k{} host=h{host}", host % 2))?;
            self.must(&format!("osd crush rm-device-class osd.{osd}"))?;
            let class = if (osd / HOSTS).is_multiple_of(2) { "ssd" } else { "hdd" };
            self.must(&format!("osd crush set-device-class {class} osd.{osd}"))?;
        }
        for rule in ["by_host default host", "on_ssd default osd ssd", "on_hdd default osd hdd"] {
            self.must(&format!("osd crush rule create-replicated {rule}"))?;
        }
        for profile in [
            "k2m1 k=2 m=1 crush-failure-domain=osd",
            "k3m1 k=3 m=1 crush-failure-domain=host",
            "k2m2 k=2 m=2 crush-failure-domain=osd",
        ] {
            self.must(&format!("osd erasure-code-profile set {profile}"))?;
        }
        let compat = match self.release() {
            Release::Nautilus | Release::Pacific => "luminous",
            Release::Reef => "reef",
            Release::Tentacle => "squid",
        };
        self.must(&format!("osd set-require-min-compat-client {compat}"))?;
        if self.release() >= Release::Tentacle {
            let steps = "crush-osds-per-failure-domain=2 crush-num-failure-domains=2";
            self.must(&format!(
                "osd erasure-code-profile set msr k=2 m=2 crush-failure-domain=host {steps}"
            ))?;
        }
        for _ in 0..2 {
            self.create_replicated()?;
            self.create_erasure()?;
        }
        Ok(())
    }

    pub(super) fn flags(&mut self) -> Result<()> {
        let (short, long) = (*self.dice.pick(SHORT_FLAGS), *self.dice.pick(LONG_FLAGS));
        self.must(&format!("osd set {short}"))?;
        self.must(&format!("osd unset {short}"))?;
        self.must(&format!("osd set {long}"))?;
        // One that hinders repair must not stay while something is to be repaired.
        if self.is_careful() || self.dice.chance(50) {
            self.must(&format!("osd unset {long}"))?;
        }
        Ok(())
    }

    pub(super) fn group_flags(&mut self) -> Result<()> {
        let osd = self.dice.below(self.cluster.osds);
        let whom = (*self.dice.pick(&["osd", "host", "class"])).to_owned();
        let whom = match whom.as_str() {
            "osd" => format!("osd.{osd}"),
            "host" => format!("h{}", self.dice.between(1, HOSTS)),
            _ => "ssd".to_owned(),
        };
        self.may(&format!("osd set-group noout,noin {whom}"))?;
        if self.is_careful() || self.dice.chance(50) {
            self.may(&format!("osd unset-group noout,noin {whom}"))?;
        }
        Ok(())
    }

    pub(super) fn pause(&mut self) -> Result<()> {
        self.must("osd set pause")?;
        self.must("osd unset pause")
    }

    fn blocklist_word(&self) -> &'static str {
        if self.release() >= Release::Pacific { "blocklist" } else { "blacklist" }
    }

    pub(super) fn blocklist(&mut self) -> Result<()> {
        let word = self.blocklist_word();
        for _ in 0..3 {
            let addr = format!("192.0.2.{}:0/{}", self.dice.below(250), self.dice.below(9999));
            let seconds = self.dice.between(3600, 86400);
            self.must(&format!("osd {word} add {addr} {seconds}"))?;
        }
        Ok(())
    }

    pub(super) fn rm_blocklist(&mut self) -> Result<()> {
        let word = self.blocklist_word();
        let addrs = self.state()?.blocklisted();
        match self.dice.choose(&addrs) {
            Some(addr) => self.must(&format!("osd {word} rm {addr}")),
            None => Ok(()),
        }
    }

    pub(super) fn range_blocklist(&mut self) -> Result<()> {
        if self.release() < Release::Reef {
            return Ok(());
        }
        let range = format!("198.51.{}.0/24", self.dice.below(250));
        self.must(&format!("osd blocklist range add {range} 3600"))?;
        if self.dice.chance(50) {
            self.must(&format!("osd blocklist range rm {range}"))?;
        }
        Ok(())
    }

    pub(super) fn rule(&mut self) -> Result<()> {
        let name = self.name("rule");
        let domain = *self.dice.pick(&["osd", "host"]);
        let class = *self.dice.pick(&["", " ssd", " hdd"]);
        self.must(&format!("osd crush rule create-replicated {name} default {domain}{class}"))?;
        if self.dice.chance(50) {
            self.must(&format!("osd crush rule rm {name}"))?;
        }
        Ok(())
    }

    /// Another class for an OSD: its shadow buckets are made anew.
    pub(super) fn class(&mut self) -> Result<()> {
        let osd = self.dice.below(self.cluster.osds);
        let class = *self.dice.pick(&["ssd", "hdd", "nvme"]);
        self.must(&format!("osd crush rm-device-class osd.{osd}"))?;
        self.must(&format!("osd crush set-device-class {class} osd.{osd}"))
    }

    pub(super) fn profile(&mut self) -> Result<()> {
        let name = self.name("p");
        self.must(&format!("osd erasure-code-profile set {name} k=2 m=1 crush-failure-domain=osd"))?;
        if self.dice.chance(70) {
            self.must(&format!("osd erasure-code-profile rm {name}"))?;
        }
        Ok(())
    }

    /// Weights that count for one pool alone: one for each OSD, or one for each of its places.
    pub(super) fn weight_set(&mut self) -> Result<()> {
        let pools = self.others()?;
        let Some(Pool { name, size, .. }) = self.dice.choose(&pools) else { return Ok(()) };
        let positional = self.dice.chance(50);
        let mode = if positional { "positional" } else { "flat" };
        if !self.may(&format!("osd crush weight-set create {name} {mode}"))? {
            return self.may(&format!("osd crush weight-set rm {name}")).map(drop);
        }
        for _ in 0..2 {
            let osd = self.dice.below(self.cluster.osds);
            let count = if positional { size } else { 1 };
            let mut weight = || *self.dice.pick(&["0.4", "0.75", "1.0", "1.6"]);
            let weights: Vec<&str> = (0..count).map(|_| weight()).collect();
            self.may(&format!("osd crush weight-set reweight {name} osd.{osd} {}", weights.join(" ")))?;
        }
        Ok(())
    }

    /// Weights that count for all other pools.
    pub(super) fn compat_weight_set(&mut self) -> Result<()> {
        if !self.may("osd crush weight-set create-compat")? {
            return self.must("osd crush weight-set rm-compat");
        }
        let osd = self.dice.below(self.cluster.osds);
        let weight = *self.dice.pick(&["0.5", "0.8", "1.2"]);
        self.must(&format!("osd crush weight-set reweight-compat osd.{osd} {weight}"))
    }

    pub(super) fn move_host(&mut self) -> Result<()> {
        let (host, rack) = (self.dice.between(1, HOSTS), self.dice.below(3));
        self.must(&format!("osd crush add-bucket k{rack} rack"))?;
        self.must(&format!("osd crush move k{rack} root=default"))?;
        self.must(&format!("osd crush move h{host} rack=k{rack}"))
    }

    pub(super) fn tunables(&mut self) -> Result<()> {
        let profile = *self.dice.pick(&["bobtail", "firefly", "hammer", "jewel"]);
        self.may(&format!("osd crush tunables {profile}")).map(drop)
    }

    pub(super) fn threshold(&mut self) -> Result<()> {
        let (what, ratio) = *self.dice.pick(&[
            ("nearfull", "0.8"),
            ("nearfull", "0.85"),
            ("backfillfull", "0.91"),
            ("full", "0.96"),
        ]);
        self.must(&format!("osd set-{what}-ratio {ratio}"))
    }

    /// One that says nothing to a client that only reads and writes.
    pub(super) fn config(&mut self) -> Result<()> {
        let size = self.dice.between(100, 200) << 20;
        self.must(&format!("config set client client_oc_size {size}"))?;
        if self.dice.chance(50) {
            self.must("config rm client client_oc_size")?;
        }
        Ok(())
    }

    /// Makes a new map of the monitors.
    pub(super) fn election_strategy(&mut self) -> Result<()> {
        if self.release() < Release::Pacific {
            return Ok(());
        }
        let strategy = *self.dice.pick(&["classic", "connectivity"]);
        self.may(&format!("mon set election_strategy {strategy}")).map(drop)
    }
}
