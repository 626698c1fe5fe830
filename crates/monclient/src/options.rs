//! What can be set, under Ceph's option names.

use core::time::Duration;

use loligo_wire::entity::Protocols;

/// The options of the monitor session. The defaults are Ceph's.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long a batch of monitors has to answer before the next one is tried. Times the back-off; 10 ms at least. 3 s.
    pub mon_client_hunt_interval: Duration,
    /// How many monitors are tried at once; 0 for all. 3.
    pub mon_client_hunt_parallel: usize,
    /// By what the interval grows with each hunt that follows a lost session. 1.5.
    pub mon_client_hunt_interval_backoff: f64,
    /// The smallest multiple of the interval. 1.
    pub mon_client_hunt_interval_min_multiple: f64,
    /// The largest multiple of the interval. 10.
    pub mon_client_hunt_interval_max_multiple: f64,
    /// How often the monitor is asked for a sign of life; 10 ms at least. 10 s.
    pub mon_client_ping_interval: Duration,
    /// The only monitor to be called, by its rank; negative for any. -1.
    pub mon_client_target_rank: i64,
    /// The protocols that monitors are called with, as whoever opens the connections has it. Both.
    pub protocols: Protocols,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mon_client_hunt_interval: Duration::from_secs(3),
            mon_client_hunt_parallel: 3,
            mon_client_hunt_interval_backoff: 1.5,
            mon_client_hunt_interval_min_multiple: 1.0,
            mon_client_hunt_interval_max_multiple: 10.0,
            mon_client_ping_interval: Duration::from_secs(10),
            mon_client_target_rank: -1,
            protocols: Protocols::default(),
        }
    }
}
