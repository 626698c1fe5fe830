//! The messages between clients, monitors and OSDs (`src/messages`), one file each.
//!
//! A [`Message`] knows its type, its versions and its parts; sequence numbers, transactions, names and checksums are the
//! messenger's. Which message a peer may send, and what is done with it, is decided above.
//!
//! All forms are those of releases from Nautilus on: what a peer lacks that never had them (`OBJECTLOCATOR`, `OSDENC`,
//! `PGID64`, `SUBSCRIBE2`, `RESEND_ON_SPLIT`, ...) is to be required of it before anything is sent.

mod auth;
mod auth_reply;
mod command;
mod command_reply;
mod config;
mod get_config;
mod get_pool_stats;
mod get_pool_stats_reply;
mod kv_data;
mod log;
mod mgr_command;
mod mgr_map;
mod mgr_report;
mod mgr_session;
mod mon_command;
mod mon_command_ack;
mod mon_get_map;
mod mon_get_osdmap;
mod mon_get_version;
mod mon_get_version_reply;
mod mon_map;
mod mon_subscribe;
mod mon_subscribe_ack;
pub mod msg_type;
mod osd_backoff;
mod osd_map;
mod osd_op;
mod osd_op_reply;
mod paxos;
mod payload;
mod ping;
mod pool_op;
mod pool_op_reply;
mod remove_snaps;
mod statfs;
mod statfs_reply;
mod watch_notify;

pub use auth::MAuth;
pub use auth_reply::MAuthReply;
pub use command::MCommand;
pub use command_reply::MCommandReply;
pub use config::MConfig;
pub use get_config::MGetConfig;
pub use get_pool_stats::MGetPoolStats;
pub use get_pool_stats_reply::MGetPoolStatsReply;
pub use kv_data::MKVData;
pub use log::{MLog, MLogAck};
pub use mgr_command::{MMgrCommand, MMgrCommandReply};
pub use mgr_map::{MMgrMap, MServiceMap};
pub use mgr_report::{MMgrConfigure, MMgrReport, PerfCounterType};
pub use mgr_session::{MMgrClose, MMgrOpen, MMgrUpdate, ServiceInfo};
pub use mon_command::MMonCommand;
pub use mon_command_ack::MMonCommandAck;
pub use mon_get_map::MMonGetMap;
pub use mon_get_osdmap::MMonGetOSDMap;
pub use mon_get_version::MMonGetVersion;
pub use mon_get_version_reply::MMonGetVersionReply;
pub use mon_map::MMonMap;
pub use mon_subscribe::{MMonSubscribe, SubscribeItem};
pub use mon_subscribe_ack::MMonSubscribeAck;
pub use osd_backoff::MOSDBackoff;
pub use osd_map::MOSDMap;
pub use osd_op::{MOSDOp, OsdOpTarget};
pub use osd_op_reply::{MOSDOpReply, OpResult};
pub use payload::{Message, Payload};
pub use ping::MPing;
pub use pool_op::{MPoolOp, PoolOpCode};
pub use pool_op_reply::MPoolOpReply;
pub use remove_snaps::MRemoveSnaps;
pub use statfs::MStatfs;
pub use statfs_reply::MStatfsReply;
pub use watch_notify::{MWatchNotify, WatchEvent};
