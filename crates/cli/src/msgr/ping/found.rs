//! What was found behind an address.

use std::time::Duration;

use loligo_wire::cephx::AuthMethod;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::msgr2::ConMode;
use loligo_wire::{Features, Release};
use serde_json::{Value, json};

use crate::args::Format;
use crate::fail::Fail;
use crate::output;

/// What was found behind an address. What the peer does not say stays `None`.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) addr: EntityAddr,
    pub(super) protocol: &'static str,
    /// Of messenger v2.
    pub(super) revision: Option<&'static str>,
    /// Whether frames may be compressed.
    pub(super) compression: Option<bool>,
    pub(super) entity: Option<EntityType>,
    pub(super) name: Option<EntityName>,
    /// Of messenger v1: the version of the protocol between clients and such a daemon.
    pub(super) protocol_version: Option<u32>,
    pub(super) addrs: Vec<EntityAddr>,
    /// Ours, as the peer sees it.
    pub(super) our_addr: Option<EntityAddr>,
    pub(super) features: Option<Features>,
    pub(super) methods: Option<Vec<AuthMethod>>,
    pub(super) modes: Option<Vec<ConMode>>,
    pub(super) rtt: Option<Rtt>,
    pub(super) session: Session,
}

/// How long an answer took.
#[derive(Debug)]
pub(super) struct Rtt {
    /// To what.
    pub(super) of: &'static str,
    pub(super) time: Duration,
}

/// Whether a session could be had.
#[derive(Debug, Default)]
pub(super) enum Session {
    /// Not without a key.
    #[default]
    NeedsKey,
    /// It was.
    Open,
    /// It could have been, but was not.
    Refused(String),
}

/// What came with each release, the newest first. Quincy has all that Reef has.
const LEVELS: [(Features, Release); 12] = [
    (Features::SERVER_TENTACLE, Release::TENTACLE),
    (Features::SERVER_SQUID, Release::SQUID),
    (Features(Features::SERVER_REEF.0 | Features::SERVER_QUINCY.0), Release::REEF),
    (Features::SERVER_QUINCY, Release::QUINCY),
    (Features::SERVER_PACIFIC, Release::PACIFIC),
    (Features::SERVER_OCTOPUS, Release::OCTOPUS),
    (Features::SERVER_NAUTILUS, Release::NAUTILUS),
    (Features::SERVER_MIMIC, Release::MIMIC),
    (Features::SERVER_LUMINOUS, Release::LUMINOUS),
    (Features::SERVER_KRAKEN, Release::KRAKEN),
    (Features::SERVER_JEWEL, Release::JEWEL),
    (Features::NONE, Release::UNKNOWN),
];

/// The release up to which features go.
fn level(features: Features) -> Option<Release> {
    let found = LEVELS.iter().find(|(level, _)| features.has(*level)).map(|(_, release)| *release);
    found.filter(|release| *release != Release::UNKNOWN)
}

impl Found {
    pub(super) fn print(&self, format: Format) -> Result<(), Fail> {
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        match format {
            Format::Plain => out.write_all(self.lines().as_bytes())?,
            Format::Json | Format::JsonPretty => writeln!(out, "{}", output::json(&self.value(), format))?,
        }
        Ok(out.flush()?)
    }

    fn value(&self) -> Value {
        let texts = |addrs: &[EntityAddr]| addrs.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (session, why) = match &self.session {
            Session::NeedsKey => ("needs a key", None),
            Session::Open => ("open", None),
            Session::Refused(why) => ("refused", Some(why)),
        };
        json!({
            "addr": self.addr.to_string(),
            "protocol": self.protocol,
            "revision": self.revision,
            "compression": self.compression,
            "entity_type": self.entity.map(EntityType::name),
            "name": self.name.map(|name| name.to_string()),
            "protocol_version": self.protocol_version,
            "addrs": texts(&self.addrs),
            "our_addr": self.our_addr.map(|addr| addr.to_string()),
            "features": self.features.map(|features| json!({
                "bits": format!("{:#x}", features.0),
                "release": level(features).map(Release::name),
                "names": names(features),
            })),
            "auth_methods": self.methods.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "con_modes": self.modes.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "session": session,
            "session_refused_because": why,
            "rtt_us": self.rtt.as_ref().map(|rtt| u64::try_from(rtt.time.as_micros()).unwrap_or(u64::MAX)),
            "rtt_of": self.rtt.as_ref().map(|rtt| rtt.of),
        })
    }

    fn lines(&self) -> String {
        let mut lines = vec![("address", self.addr.to_string()), ("protocol", self.protocol_line())];
        let mut add = |what, value: Option<String>| lines.extend(value.map(|value| (what, value)));
        let entity = || self.entity.map(|entity| entity.name().to_owned());
        add("entity", self.name.map(|name| name.to_string()).or_else(entity));
        add("its addresses", (!self.addrs.is_empty()).then(|| joined(&self.addrs)));
        add("our address", self.our_addr.map(|addr| addr.to_string()));
        add("features", self.features.map(features_line));
        add("auth methods", self.methods.as_deref().map(joined));
        add("modes", self.modes.as_deref().map(joined));
        add(
            "session",
            Some(match &self.session {
                Session::NeedsKey => "needs a key".to_owned(),
                Session::Open => "open to everybody".to_owned(),
                Session::Refused(why) => format!("refused: {why}"),
            }),
        );
        add(
            "round trip",
            self.rtt.as_ref().map(|rtt| format!("{} us, of the {}", rtt.time.as_micros(), rtt.of)),
        );
        lines.iter().map(|(what, value)| format!("{what:<14}{value}\n")).collect()
    }

    fn protocol_line(&self) -> String {
        let mut line = format!("messenger {}", self.protocol);
        if let Some(revision) = self.revision {
            line.push_str(&format!(", revision {revision}"));
        }
        if self.compression == Some(true) {
            line.push_str(", can compress");
        }
        if let Some(version) = self.protocol_version {
            line.push_str(&format!(", version {version} for clients"));
        }
        line
    }
}

fn joined<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn names(features: Features) -> Vec<&'static str> {
    Features::NAMED.iter().filter(|(_, one)| features.has(*one)).map(|(name, _)| *name).collect()
}

fn features_line(features: Features) -> String {
    let level = level(features).map_or_else(|| "older than jewel".to_owned(), |level| level.to_string());
    format!("{:#x}, those of {level}: {}", features.0, names(features).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_release_is_told_by_its_features() {
        for (release, features) in Features::RELEASES {
            // What Quincy and Reef offer is the same.
            let wanted =
                if release == Release::QUINCY { [Release::QUINCY, Release::REEF] } else { [release; 2] };
            assert!(
                level(features).is_some_and(|found| wanted.contains(&found)),
                "{release}: {:?}",
                level(features)
            );
        }
        // As 16.2.15 offers them, with the bit that Reef took later.
        assert_eq!(level(Features(0x3f01_cfbd_fffd_ffff)), Some(Release::PACIFIC));
        assert_eq!(level(Features::NONE), None);
    }
}
