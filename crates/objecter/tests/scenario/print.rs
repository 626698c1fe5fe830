//! What the Objecter says, in one line each.

use loligo_objecter::{OpReply, Outcome, Output};
use loligo_wire::message::MOSDOp;
use loligo_wire::types::{OpCode, OsdOp};

pub(crate) fn output(output: &Output<String>) -> String {
    match output {
        Output::OpenSession { session, addrs } => format!("open {session} at {}", addrs.front()),
        Output::CloseSession(session) => format!("close {session}"),
        Output::Send { session, tid, message } => format!("send {session} tid {tid} {}", request(message)),
        Output::SendBackoffAck { session, ack } => {
            format!("ack {session} backoff {} of pg {} e{}", ack.id, ack.pgid, ack.map_epoch)
        }
        Output::Ping(session) => format!("ping {session}"),
        Output::WantMap(want) if want.continuous => format!("want maps from {}", want.start),
        Output::WantMap(want) => format!("want one map from {}", want.start),
        Output::GotMap(epoch) => format!("got map {epoch}"),
        Output::GetVersion { check } => format!("which is the newest map? ({check})"),
        Output::Complete(token, outcome) => format!("done {token}: {}", self::outcome(outcome)),
    }
}

fn request(message: &MOSDOp) -> String {
    let ops: Vec<String> = message.ops.iter().map(op).collect();
    let what = if message.hobj.oid.is_empty() {
        format!("hash {:x}", message.hobj.hash)
    } else {
        String::from_utf8_lossy(&message.hobj.oid).into_owned()
    };
    let (pg, epoch, attempt) = (message.pgid, message.osdmap_epoch, message.retry_attempt);
    let flags = message.flags.without(loligo_wire::types::OsdFlags(0x840_0004));
    let snaps: Vec<u64> = message.snapc.snaps.iter().map(|snap| snap.0).collect();
    let snaps = if snaps.is_empty() { String::new() } else { format!(" snaps {snaps:?}") };
    format!("pg {pg} e{epoch} attempt {attempt} {what}: {} {flags:?}{snaps}", ops.join(", "))
}

fn op(op: &OsdOp) -> String {
    let name = op.code.name().unwrap_or("?");
    match op.code {
        OpCode::PGNLS => name.to_owned(),
        _ if op.data.is_empty() => name.to_owned(),
        _ => format!("{name} {}", op.data.len()),
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Ok(OpReply { result, version, ops, .. }) if result.0 >= 0 => {
            let bytes: usize = ops.iter().map(|done| done.op.data.len()).sum();
            format!("{} version {version}, {} ops, {bytes} bytes", result.0, ops.len())
        }
        Ok(reply) => format!("the OSD says {}", reply.result.0),
        Err(error) => {
            let ran = if error.may_have_run() { "may have run" } else { "did not run" };
            format!("error {}: {error} ({ran})", error.errno())
        }
    }
}
