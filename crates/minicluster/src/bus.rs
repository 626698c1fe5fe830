//! What the daemons of the small cluster say to one another.
//!
//! Real daemons use Ceph's own messages for this (`MOSDBoot`, `MOSDRepOp`, peering, …). Clients never see those, so here
//! they are plain values on a bus that keeps the order of each sender and receiver. What a client sees is the real
//! protocol.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use loligo_auth::ServiceKeys;
use loligo_wire::entity::EntityAddrVec;
use loligo_wire::osdmap::OSDMap;
use loligo_wire::types::{EVersion, HObject, PgId, ReqId};
use loligo_wire::{Epoch, OsdId};

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

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// From an OSD that started: where it can be reached.
    Boot { addrs: EntityAddrVec },
    /// From the monitor: the newest map, and what it says of each PG.
    Map { map: Arc<OSDMap>, intervals: Arc<BTreeMap<PgId, Interval>> },
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
