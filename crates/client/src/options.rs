//! What can be set, under Ceph's option names.

use core::time::Duration;

/// The options of a client. The defaults are Ceph's.
#[derive(Clone, Debug)]
pub struct Options {
    /// Those of the session with the monitors.
    pub mon: loligo_monclient::Options,
    /// Those of the ops.
    pub objecter: loligo_objecter::Options,
    /// How long the first login may take, where its caller does not say; 0 for no limit. 5 min.
    pub client_mount_timeout: Duration,
    /// How long a request to the monitors, or a wait for a map, may take where its caller does not say; none, or 0, for ever.
    pub rados_mon_op_timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mon: loligo_monclient::Options::default(),
            objecter: loligo_objecter::Options::default(),
            client_mount_timeout: Duration::from_secs(300),
            rados_mon_op_timeout: None,
        }
    }
}
