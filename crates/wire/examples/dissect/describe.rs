//! Items in words.

use loligo_wire::dump;
use loligo_wire::message::{Payload, msg_type};
use loligo_wire::msgr1::{Footer, Item, MessageHeader};

/// The item in a line.
pub(crate) fn describe(item: &Item) -> String {
    match item {
        Item::Message(message) => {
            let (header, payload, footer) = &**message;
            message_line(header, payload, footer)
        }
        _ => item.to_string(),
    }
}

fn message_line(header: &MessageHeader, payload: &Payload, footer: &Footer) -> String {
    let MessageHeader { seq, message_type, front_len, middle_len, data_len, src, .. } = header;
    let mut line = format!("{src} {seq} {front_len}+{middle_len}+{data_len} ");
    if matches!(footer, Footer::New(footer) if footer.sig != 0) {
        line.push_str("signed ");
    }
    // A message that cannot be read has a line like all others, which says why.
    let name = msg_type::name(*message_type).map_or_else(|| format!("type {message_type}"), String::from);
    line += &match dump::find_message(*message_type).map(|entry| (entry.summary)(header, payload.clone())) {
        Some(Ok(summary)) => summary,
        Some(Err(error)) => format!("{name}: cannot be read: {error}"),
        None => name,
    };
    line
}
