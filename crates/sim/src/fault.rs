//! What goes wrong.

use crate::ids::HostId;

/// Something that goes wrong, or ends to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// A stream is cut.
    Cut,
    /// An OSD stops; those that it is connected to may not learn it.
    StopOsd { osd: u16, silently: bool },
    /// An OSD starts again.
    StartOsd(u16),
    /// The other OSDs see that one does not answer, as heartbeats would show.
    Heartbeat(u16),
    /// The monitor stops.
    StopMon { silently: bool },
    /// The monitor starts again.
    StartMon,
    /// An operator says something to the monitor.
    Command(String),
    /// A clock on the wall jumps; so many seconds wrong it is then.
    Skew(HostId, i64),
}

/// The commands of an operator, as `ceph` sends them.
pub(crate) mod command {
    pub(crate) fn create(pool: &str, pg_num: u32, size: u8) -> String {
        format!(r#"{{"prefix":"osd pool create","pool":"{pool}","pg_num":{pg_num},"size":{size}}}"#)
    }

    pub(crate) fn grow(pool: &str, pg_num: u32) -> String {
        format!(r#"{{"prefix":"osd pool set","pool":"{pool}","var":"pg_num","val":"{pg_num}"}}"#)
    }

    pub(crate) fn flag(set: bool, key: &str) -> String {
        format!(r#"{{"prefix":"osd {}","key":"{key}"}}"#, if set { "set" } else { "unset" })
    }

    pub(crate) fn weigh(osd: u16, within: bool) -> String {
        format!(r#"{{"prefix":"osd {}","ids":["{osd}"]}}"#, if within { "in" } else { "out" })
    }
}
