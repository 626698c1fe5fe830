//! Messages from and to monitors and the manager.

use core::fmt;

use super::{Joined, Print, StrError, print_daemon};
use crate::dump::Stamp;
use crate::message::{
    MAuth, MAuthReply, MCommand, MCommandReply, MConfig, MGetConfig, MGetPoolStats, MGetPoolStatsReply,
    MKVData, MLog, MLogAck, MMgrClose, MMgrCommand, MMgrCommandReply, MMgrConfigure, MMgrMap, MMgrOpen,
    MMgrReport, MMgrUpdate, MMonCommand, MMonCommandAck, MMonGetMap, MMonGetOSDMap, MMonGetVersion,
    MMonGetVersionReply, MMonMap, MMonSubscribe, MMonSubscribeAck, MPing, MPoolOp, MPoolOpReply,
    MRemoveSnaps, MServiceMap, MStatfs, MStatfsReply, PoolOpCode,
};
use crate::msgr1::MessageHeader;
use crate::types::ErrorCode;
use crate::{Epoch, PoolId};

/// Shows messages: a pattern for the message and its header, and what is written.
macro_rules! in_a_line {
    ($($type:ident($message:pat, $header:pat, $f:ident) $body:expr;)*) => {$(
        impl Print for $type {
            fn print(&self, header: &MessageHeader, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let ($message, $header) = (self, header);
                $body
            }
        }
    )*};
}

in_a_line! {
    MPing(_, _, f) f.write_str("ping magic: 0");
    MMonMap(_, _, f) f.write_str("mon_map magic: 0");
    MMonGetMap(_, _, f) f.write_str("mon_getmap magic: 0");
    MAuth(m, _, f) {
        write!(f, "auth(proto {} {} bytes epoch {})", m.protocol, m.auth_payload.len(), m.monmap_epoch)
    };
    MAuthReply(m, _, f) {
        write!(f, "auth_reply(proto {} {} {}", m.protocol, m.result.0, StrError(m.result))?;
        if m.result_msg.is_empty() { f.write_str(")") } else { write!(f, ": {})", m.result_msg) }
    };
    MMonSubscribeAck(m, _, f) write!(f, "mon_subscribe_ack({}s)", m.interval);
    MMonGetVersion(m, _, f) write!(f, "mon_get_version(what={} handle={})", m.what, m.handle);
    MMonGetVersionReply(m, _, f) {
        write!(f, "mon_get_version_reply(handle={} version={})", m.handle, m.version)
    };
    MMonGetOSDMap(m, _, f) {
        let none = Epoch(0);
        f.write_str("mon_get_osdmap(")?;
        if m.full.0 != none && m.full.1 != none {
            write!(f, "full {}-{}", m.full.0, m.full.1)?;
        }
        if m.inc.0 != none && m.inc.1 != none {
            write!(f, " inc{}-{}", m.inc.0, m.inc.1)?;
        }
        f.write_str(")")
    };
    MKVData(m, _, f) {
        let what = if m.incremental { "incremental" } else { "full" };
        write!(f, "kv_data(v{} prefix {}, {what}, {} keys)", m.version, m.prefix, m.data.len())
    };
    MRemoveSnaps(m, _, f) {
        f.write_str("remove_snaps({")?;
        for (i, (pool, snaps)) in m.snaps.iter().enumerate() {
            write!(f, "{}{pool}=[{}]", if i == 0 { "" } else { "," }, Joined(snaps, ","))?;
        }
        write!(f, "}} v{})", m.version)
    };
    MCommand(m, header, f) write!(f, "command(tid {}: {})", header.tid, Joined(&m.cmd, " "));
    MCommandReply(m, header, f) write!(f, "command_reply(tid {}: {} {})", header.tid, m.r.0, m.rs);
    MMgrCommand(m, header, f) write!(f, "mgr_command(tid {}: {})", header.tid, Joined(&m.cmd, " "));
    MMgrCommandReply(m, header, f) write!(f, "mgr_command_reply(tid {}: {} {})", header.tid, m.r.0, m.rs);
    MStatfs(m, header, f) {
        write!(f, "statfs({} pool {} v{})", header.tid, m.data_pool.unwrap_or(PoolId(-1)), m.version)
    };
    MStatfsReply(_, header, f) write!(f, "statfs_reply({})", header.tid);
    MGetPoolStats(m, header, f) {
        write!(f, "getpoolstats({} [{}] v{})", header.tid, Joined(&m.pools, ","), m.version)
    };
    MGetPoolStatsReply(m, header, f) {
        let per_pool = if m.per_pool { " per_pool" } else { "" };
        write!(f, "getpoolstatsreply({}{per_pool} v{})", header.tid, m.version)
    };
    MPoolOp(m, header, f) {
        let op = pool_op_name(m.op);
        write!(f, "pool_op({op} pool {} tid {} name {} v{})", m.pool, header.tid, m.name, m.version)
    };
    MPoolOpReply(m, header, f) {
        let error = StrError(ErrorCode(m.reply_code.0));
        write!(f, "pool_op_reply(tid {} {error} v{})", header.tid, m.version)
    };
    MConfig(m, _, f) write!(f, "config({} keys)", m.config.len());
    MGetConfig(m, _, f) {
        write!(f, "get_config({}@{}", m.name, m.host)?;
        if m.device_class.is_empty() { f.write_str(")") } else { write!(f, " device_class {})", m.device_class) }
    };
    MLog(m, _, f) match m.entries.first() {
        Some(first) => {
            write!(f, "log({} entries from seq {} at {})", m.entries.len(), first.seq, Stamp(first.stamp))
        }
        None => f.write_str("log()"),
    };
    MLogAck(m, _, f) write!(f, "log(last {})", m.last);
    MMgrMap(m, _, f) write!(f, "mgrmap(e {})", m.map.epoch);
    MServiceMap(m, _, f) {
        write!(f, "service_map(e{} {} svc)", m.service_map.epoch, m.service_map.services.len())
    };
    MMgrOpen(m, header, f) {
        f.write_str("mgropen(")?;
        print_daemon(f, header, &m.service_name, &m.daemon_name)?;
        f.write_str(if m.service_daemon.is_some() { " daemon)" } else { ")" })
    };
    MMgrUpdate(m, header, f) {
        f.write_str("mgrupdate(")?;
        print_daemon(f, header, &m.service_name, &m.daemon_name)?;
        f.write_str(")")
    };
    MMgrClose(m, header, f) {
        f.write_str("mgrclose(")?;
        print_daemon(f, header, &m.service_name, &m.daemon_name)?;
        f.write_str(")")
    };
    MMgrConfigure(m, _, f) {
        write!(f, "mgrconfigure(period={}, threshold={})", m.stats_period, m.stats_threshold)
    };
    MMgrReport(m, header, f) {
        f.write_str("mgrreport(")?;
        print_daemon(f, header, &m.service_name, &m.daemon_name)?;
        let (declared, undeclared) = (m.declare_types.len(), m.undeclare_types.len());
        write!(f, " +{declared}-{undeclared} packed {}", m.packed.len())?;
        if let Some(status) = &m.daemon_status {
            write!(f, " status={}", status.len())?;
        }
        if !m.daemon_health_metrics.is_empty() {
            write!(f, " daemon_metrics={}", m.daemon_health_metrics.len())?;
        }
        if let Some(status) = &m.task_status {
            write!(f, " task_status={}", status.len())?;
        }
        f.write_str(")")
    };
    MMonSubscribe(m, _, f) {
        f.write_str("mon_subscribe({")?;
        for (i, (what, item)) in m.what.iter().enumerate() {
            let (comma, plus) = (if i == 0 { "" } else { "," }, if item.onetime { "" } else { "+" });
            write!(f, "{comma}{what}={}{plus}", item.start)?;
        }
        f.write_str("})")
    };
    MMonCommand(m, _, f) {
        if m.cmd.iter().any(|cmd| is_sensitive(cmd.as_bytes())) {
            return write!(f, "mon_command(... v {})", m.version);
        }
        write!(f, "mon_command({} v {})", Joined(&m.cmd, " "), m.version)
    };
    MMonCommandAck(m, _, f) {
        f.write_str("mon_command_ack(")?;
        if m.cmd.iter().any(|cmd| is_sensitive(cmd)) {
            f.write_str("...")?;
        } else {
            write!(f, "[{}]", Joined(&m.cmd, ","))?;
        }
        write!(f, "={} {} v{})", m.r.0, m.rs, m.version)
    };
}

/// Whether a command sets an option or a key, which may be a secret.
fn is_sensitive(command: &[u8]) -> bool {
    let has = |word: &[u8]| command.windows(word.len()).any(|part| part == word);
    has(b"config set") || has(b"config-key set") || has(b"config-key put")
}

/// `ceph_pool_op_name`
const fn pool_op_name(op: PoolOpCode) -> &'static str {
    match op {
        PoolOpCode::CREATE => "create",
        PoolOpCode::DELETE => "delete",
        PoolOpCode::CREATE_SNAP => "create snap",
        PoolOpCode::DELETE_SNAP => "delete snap",
        PoolOpCode::CREATE_UNMANAGED_SNAP => "create unmanaged snap",
        PoolOpCode::DELETE_UNMANAGED_SNAP => "delete unmanaged snap",
        _ => "???",
    }
}
