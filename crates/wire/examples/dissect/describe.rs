//! Items in words.

use std::fmt::Write as _;

use loligo_wire::DecodeError;
use loligo_wire::message::{
    MAuthReply, MMonSubscribe, MOSDMap, MOSDOp, MOSDOpReply, MWatchNotify, Message, Payload, msg_type,
};
use loligo_wire::msgr1::MessageHeader;

use crate::stream::{Footer, Item};

/// The item in a line.
pub(crate) fn describe(item: &Item) -> String {
    match item {
        Item::Banner => "banner".into(),
        Item::Addr(addr) => format!("addr {addr}"),
        Item::Connect(connect, authorizer) => format!(
            "connect as {} with features {:#x}, authorizer of {} bytes for method {}",
            connect.host_type,
            connect.features.0,
            authorizer.len(),
            connect.authorizer_protocol
        ),
        Item::Reply(reply, authorizer) => format!(
            "reply {} with features {:#x} and {} bytes",
            reply.tag,
            reply.features.0,
            authorizer.len()
        ),
        Item::LastSeen(seq) => format!("last seen {seq}"),
        Item::Message(message) => {
            let (header, payload, footer) = &**message;
            message_line(header, payload, footer)
        }
        Item::Ack(seq) => format!("ack {seq}"),
        Item::Keepalive => "keepalive".into(),
        Item::Keepalive2(stamp) => format!("keepalive2 {stamp:?}"),
        Item::Keepalive2Ack(stamp) => format!("keepalive2_ack {stamp:?}"),
        Item::Close => "close".into(),
    }
}

fn message_line(header: &MessageHeader, payload: &Payload, footer: &Footer) -> String {
    let MessageHeader { seq, tid, message_type, version, front_len, middle_len, data_len, src, .. } = header;
    let name = msg_type::name(*message_type).map_or_else(|| format!("type {message_type}"), String::from);
    let mut line = format!("{src} {seq} {name} v{version} tid {tid} {front_len}+{middle_len}+{data_len}");
    if matches!(footer, Footer::New(footer) if footer.sig != 0) {
        line.push_str(" signed");
    }
    // A message that cannot be read has a line like all others, which says why.
    match fields(header, payload) {
        Ok(fields) if fields.is_empty() => {}
        Ok(fields) => line.extend([": ", &fields]),
        Err(error) => line.extend([": cannot be read: ", &error.to_string()]),
    }
    line
}

/// A few fields of the messages that tell most; nothing of others.
fn fields(header: &MessageHeader, payload: &Payload) -> Result<String, DecodeError> {
    fn read<M: Message>(header: &MessageHeader, payload: &Payload) -> Result<M, DecodeError> {
        M::decode(header, payload.clone())
    }
    Ok(match header.message_type {
        MOSDOp::TYPE => osd_op(&read(header, payload)?),
        MOSDOpReply::TYPE => osd_op_reply(&read(header, payload)?),
        MOSDMap::TYPE => {
            let map: MOSDMap = read(header, payload)?;
            let sizes = map.maps.values().chain(map.incremental_maps.values()).map(bytes::Bytes::len);
            let [first, last] = [map.first(), map.last()].map(Option::unwrap_or_default);
            format!("epochs {first} to {last}, {} bytes", sizes.sum::<usize>())
        }
        MMonSubscribe::TYPE => {
            let subscribe: MMonSubscribe = read(header, payload)?;
            let what = subscribe.what.iter().map(|(what, item)| format!("{what} from {}", item.start));
            what.collect::<Vec<_>>().join(", ")
        }
        MAuthReply::TYPE => {
            let reply: MAuthReply = read(header, payload)?;
            format!("method {}, {}, client.{}", reply.protocol, reply.result, reply.global_id)
        }
        MWatchNotify::TYPE => {
            let event: MWatchNotify = read(header, payload)?;
            format!("watch {:#x}, notify {}, {} bytes", event.cookie, event.notify_id, event.bl.len())
        }
        _ => String::new(),
    })
}

fn osd_op(op: &MOSDOp) -> String {
    let mut line = format!("{} {} e{}:", op.pgid, op.hobj, op.osdmap_epoch);
    for op in &op.ops {
        // Writing to a string cannot fail.
        let _ = write!(line, " {}", op.code);
        if !op.data.is_empty() {
            let _ = write!(line, "[{}]", op.data.len());
        }
    }
    line
}

fn osd_op_reply(reply: &MOSDOpReply) -> String {
    let name = String::from_utf8_lossy(&reply.oid);
    format!("{} {name} e{}: {}, version {}", reply.pgid, reply.osdmap_epoch, reply.result, reply.user_version)
}
