//! Messages from and to OSDs.

use core::fmt;

use super::ops::{Hex, Op};
use super::{Joined, Print, StrError};
use crate::Epoch;
use crate::message::{MOSDBackoff, MOSDMap, MOSDOp, MOSDOpReply, MWatchNotify, WatchEvent};
use crate::msgr1::MessageHeader;
use crate::types::{BackoffOp, OsdFlags};

impl Print for MOSDMap {
    fn print(&self, _: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = [self.first(), self.last()].map(Option::unwrap_or_default);
        write!(f, "osd_map({first}..{last}")?;
        let (oldest, newest) = (self.cluster_osdmap_trim_lower_bound, self.newest_map);
        if (oldest, newest) != (Epoch(0), Epoch(0)) {
            write!(f, " src has {oldest}..{newest}")?;
        }
        f.write_str(")")
    }
}

impl Print for MOSDOp {
    fn print(&self, header: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "osd_op({} {} {} [", self.reqid_from(header), self.pgid, self.hobj)?;
        for (i, op) in self.ops.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "," }, Op { op, has_output: false })?;
        }
        let snaps: alloc::vec::Vec<Hex> = self.snapc.snaps.iter().map(|snap| Hex(snap.0)).collect();
        write!(f, "] snapc {}=[{}]", self.snapc.seq, Joined(&snaps, ","))?;
        if self.flags.has(OsdFlags::RETRY) {
            write!(f, " RETRY={}", self.retry_attempt)?;
        }
        write!(f, " {} e{})", Flags(self.flags), self.osdmap_epoch)
    }
}

impl Print for MOSDOpReply {
    fn print(&self, header: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = alloc::string::String::from_utf8_lossy(&self.oid);
        write!(f, "osd_op_reply({} {name} [", header.tid)?;
        for (i, done) in self.ops.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { "," }, Op { op: &done.op, has_output: true })?;
        }
        write!(f, "] v{} uv{}", self.replay_version, self.user_version)?;
        f.write_str(if self.flags.has(OsdFlags::ONDISK) {
            " ondisk"
        } else if self.flags.has(OsdFlags::ONNVRAM) {
            " onnvram"
        } else {
            " ack"
        })?;
        write!(f, " = {}", self.result.0)?;
        if self.result.is_err() {
            write!(f, " ({})", StrError(self.result))?;
        }
        if let Some(redirect) = &self.redirect {
            let object = alloc::string::String::from_utf8_lossy(&redirect.object);
            write!(f, " redirect: {{ object {object}, locator{{{}}} }}", redirect.locator)?;
        }
        f.write_str(")")
    }
}

impl Print for MOSDBackoff {
    fn print(&self, _: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            BackoffOp::BLOCK => "block",
            BackoffOp::ACK_BLOCK => "ack-block",
            BackoffOp::UNBLOCK => "unblock",
            _ => "???",
        };
        write!(f, "osd_backoff({} {op} id {} [{},{})", self.pgid, self.id, self.begin, self.end)?;
        write!(f, " e{})", self.map_epoch)
    }
}

impl Print for MWatchNotify {
    fn print(&self, _: &MessageHeader, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = match self.opcode {
            WatchEvent::NOTIFY => "notify",
            WatchEvent::NOTIFY_COMPLETE => "notify_complete",
            WatchEvent::DISCONNECT => "disconnect",
            _ => "???",
        };
        write!(f, "watch-notify({event} ({}) cookie {}", self.opcode.0, self.cookie)?;
        write!(f, " notify {} ret {})", self.notify_id, self.return_code.0)
    }
}

/// The flags of a request (`ceph_osd_flag_string`).
struct Flags(OsdFlags);

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 28] = [
            "ack",
            "onnvram",
            "ondisk",
            "retry",
            "read",
            "write",
            "ordersnap",
            "peerstat_old",
            "balance_reads",
            "parallelexec",
            "pgop",
            "exec",
            "exec_public",
            "localize_reads",
            "rwordered",
            "ignore_cache",
            "skiprwlocks",
            "ignore_overlay",
            "flush",
            "map_snap_clone",
            "enforce_snapc",
            "redirected",
            "known_if_redirected",
            "full_try",
            "full_force",
            "ignore_redirect",
            "returnvec",
            "supports_pool_eio",
        ];
        super::ops::write_bits(f, self.0.0, &NAMES)
    }
}
