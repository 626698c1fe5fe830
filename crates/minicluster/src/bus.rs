//! What the daemons of the small cluster say to one another.
//!
//! Real daemons use Ceph's own messages for this (`MOSDBoot`, `MOSDRepOp`, peering, …). Clients never see those, so here
//! they are plain values on a bus that keeps the order of each sender and receiver. What a client sees is the real
//! protocol.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use loligo_auth::ServiceKeys;
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{EVersion, HObject, PgId, ReqId};
use loligo_wire::{Epoch, OsdId};

use crate::history::MapHistory;
use crate::interval::Interval;
use crate::osd::{LogEntry, Object};

/// A daemon of the small cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Daemon {
    /// The monitor.
    Mon,
    /// An OSD.
    Osd(OsdId),
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mon => f.write_str("mon"),
            Self::Osd(osd) => write!(f, "osd.{osd}"),
        }
    }
}

/// Something that one daemon says to another.
#[derive(Clone, Debug)]
pub struct BusMessage {
    /// Who says it.
    pub from: Daemon,
    /// To whom.
    pub to: Daemon,
    /// What.
    pub(crate) body: Box<Body>,
}

/// `osd.1 to osd.2: Pull of pg 1.3 since 12`, for a log.
impl fmt::Display for BusMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, body } = self;
        match (body.pg(), body.since()) {
            (Some(pg), Some(since)) => write!(f, "{from} to {to}: {} of pg {pg} since {since}", body.name()),
            _ => write!(f, "{from} to {to}: {}", body.name()),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// From an OSD that started: where it can be reached.
    Boot { addrs: EntityAddrVec },
    /// From the monitor: the newest map, what it says of each PG, and the maps as clients get them.
    Map { map: Arc<OSDMap>, intervals: Arc<BTreeMap<PgId, Interval>>, history: Arc<MapHistory> },
    /// From the monitor: the keys that tickets for OSDs are sealed with.
    ServiceKeys(Arc<ServiceKeys>),
    /// From a primary to the monitor: who served this PG last?
    HistoryWanted { pg: PgId, since: Epoch },
    /// The answer: the OSDs that were active last; `None` where the PG never was.
    History { pg: PgId, since: Epoch, last_active: Option<Vec<OsdId>> },
    /// From a primary to the monitor: these OSDs now have everything, write that down before we serve.
    Activate { pg: PgId, since: Epoch, acting: Vec<OsdId> },
    /// The answer: it is written down.
    Activated { pg: PgId, since: Epoch },
    /// From a new primary to an OSD that was active last: give me all that you have of this PG.
    Pull { pg: PgId, since: Epoch },
    /// A whole PG: the answer to a pull, or what a primary gives to its replicas.
    Whole { pg: PgId, since: Epoch, data: PgData },
    /// From a replica: it has taken the whole PG.
    WholeTaken { pg: PgId, since: Epoch },
    /// From a primary: do this, too.
    Replicate { pg: PgId, since: Epoch, entry: LogEntry, object: Option<Arc<Object>> },
    /// From a replica: done.
    Replicated { pg: PgId, since: Epoch, version: EVersion },
}

impl Body {
    const fn name(&self) -> &'static str {
        match self {
            Self::Boot { .. } => "Boot",
            Self::Map { .. } => "Map",
            Self::ServiceKeys(_) => "ServiceKeys",
            Self::HistoryWanted { .. } => "HistoryWanted",
            Self::History { .. } => "History",
            Self::Activate { .. } => "Activate",
            Self::Activated { .. } => "Activated",
            Self::Pull { .. } => "Pull",
            Self::Whole { .. } => "Whole",
            Self::WholeTaken { .. } => "WholeTaken",
            Self::Replicate { .. } => "Replicate",
            Self::Replicated { .. } => "Replicated",
        }
    }

    /// The PG that it is about.
    const fn pg(&self) -> Option<PgId> {
        match self {
            Self::Boot { .. } | Self::Map { .. } | Self::ServiceKeys(_) => None,
            Self::HistoryWanted { pg, .. }
            | Self::History { pg, .. }
            | Self::Activate { pg, .. }
            | Self::Activated { pg, .. }
            | Self::Pull { pg, .. }
            | Self::Whole { pg, .. }
            | Self::WholeTaken { pg, .. }
            | Self::Replicate { pg, .. }
            | Self::Replicated { pg, .. } => Some(*pg),
        }
    }

    /// The interval that it is about: whoever has not seen the map in which that began, keeps the message until then.
    pub(crate) const fn since(&self) -> Option<Epoch> {
        match self {
            Self::Boot { .. } | Self::Map { .. } | Self::ServiceKeys(_) => None,
            Self::HistoryWanted { since, .. }
            | Self::History { since, .. }
            | Self::Activate { since, .. }
            | Self::Activated { since, .. }
            | Self::Pull { since, .. }
            | Self::Whole { since, .. }
            | Self::WholeTaken { since, .. }
            | Self::Replicate { since, .. }
            | Self::Replicated { since, .. } => Some(*since),
        }
    }
}

/// All that an OSD has of a PG. Objects are shared until somebody changes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PgData {
    pub(crate) objects: BTreeMap<HObject, Arc<Object>>,
    pub(crate) log: BTreeMap<EVersion, LogEntry>,
    pub(crate) by_reqid: BTreeMap<ReqId, EVersion>,
    pub(crate) last_update: EVersion,
}
