//! The types of messages (`CEPH_MSG_*` of `include/ceph_fs.h`, `MSG_*` of `msg/Message.h`): those that a client or a
//! small cluster meets.

macro_rules! msg_types {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: u16 = $value;)*

        /// The name of a type as it stands here; `None` where it is not known.
        #[must_use]
        pub const fn name(message_type: u16) -> Option<&'static str> {
            match message_type {
                $($name => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

msg_types! {
    /// A sign of life that is answered.
    PING = 2;
    /// The monitors.
    MON_MAP = 4;
    /// Asks for the monitors.
    MON_GET_MAP = 5;
    /// Asks for the space of the cluster or of a pool.
    STATFS = 13;
    /// Answers it.
    STATFS_REPLY = 14;
    /// Asks to be sent maps as they change.
    MON_SUBSCRIBE = 15;
    /// Answers it, once.
    MON_SUBSCRIBE_ACK = 16;
    /// A step of the login.
    AUTH = 17;
    /// Answers it.
    AUTH_REPLY = 18;
    /// Asks for the newest version of a map.
    MON_GET_VERSION = 19;
    /// Answers it.
    MON_GET_VERSION_REPLY = 20;
    /// Asks for versions of the OSD map.
    MON_GET_OSDMAP = 6;
    /// The metadata servers.
    MDS_MAP = 21;
    /// Versions of the OSD map.
    OSD_MAP = 41;
    /// A request to an OSD.
    OSD_OP = 42;
    /// Answers it.
    OSD_OPREPLY = 43;
    /// Tells a watcher of a notification.
    WATCH_NOTIFY = 44;
    /// Answers [`POOLOP`].
    POOLOP_REPLY = 48;
    /// Creates or deletes a pool or a snapshot of one.
    POOLOP = 49;
    /// A command to the monitors.
    MON_COMMAND = 50;
    /// Answers it.
    MON_COMMAND_ACK = 51;
    /// Lines for the cluster log.
    LOG = 52;
    /// Acknowledges them.
    LOGACK = 53;
    /// Asks for the statistics of pools.
    GETPOOLSTATS = 58;
    /// Answers it.
    GETPOOLSTATSREPLY = 59;
    /// Tells a client to hold or to go on.
    OSD_BACKOFF = 61;
    /// Options from the monitors.
    CONFIG = 62;
    /// Asks for options.
    GET_CONFIG = 63;
    /// What is kept under keys of a prefix.
    KV_DATA = 54;
    /// Deletes snapshots of clients that manage their own.
    REMOVE_SNAPS = 90;
    /// A command to an OSD or a metadata server.
    COMMAND = 97;
    /// Answers it.
    COMMAND_REPLY = 98;
    /// Opens a session with the manager.
    MGR_OPEN = 0x700;
    /// How often and how much the manager wants to be told.
    MGR_CONFIGURE = 0x701;
    /// What the manager is told.
    MGR_REPORT = 0x702;
    /// The manager.
    MGR_MAP = 0x704;
    /// The services beside the daemons.
    SERVICE_MAP = 0x707;
    /// Closes a session with the manager.
    MGR_CLOSE = 0x708;
    /// A command to the manager.
    MGR_COMMAND = 0x709;
    /// Answers it.
    MGR_COMMAND_REPLY = 0x70a;
    /// Tells the manager what changed.
    MGR_UPDATE = 0x70b;
}
