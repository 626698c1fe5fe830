//! Messages between Ceph's own clients and daemons, heard on the wire, read and written again.

#[path = "common/heard.rs"]
mod heard;

use loligo_wire::Features;
use loligo_wire::message::msg_type;
use loligo_wire::samples::{MessageCase, message_cases};

use crate::heard::{RELEASES, parse};

/// What is wrong with how the message of a line is read and written, if anything.
fn trouble(cases: &[MessageCase], features: Features, line: &str) -> Option<String> {
    let Some((header, payload)) = parse(line) else { return Some("not in the format of the file".into()) };
    let name = msg_type::name(header.message_type);
    let Some(case) = cases.iter().find(|case| case.header.message_type == header.message_type) else {
        return Some(format!("no sample of {name:?}"));
    };
    match (case.rewrite)(&header, payload.clone(), features) {
        Ok(written) if written == payload => None,
        Ok(written) => {
            let pairs = written.front.iter().zip(&payload.front);
            let at = pairs.clone().position(|(written, heard)| written != heard).unwrap_or(pairs.len());
            Some(format!("{name:?} differs in byte {at} of the front, or behind it"))
        }
        Err(error) => Some(format!("{name:?}: {error}")),
    }
}

#[test]
fn messages_heard_on_the_wire_are_read_and_written_as_they_were() {
    let cases = message_cases();
    let mut troubles = Vec::new();
    for (release, features, lines) in RELEASES {
        for (number, line) in (1..).zip(lines.lines()).filter(|(_, line)| !line.starts_with('#')) {
            let trouble = trouble(&cases, features, line);
            troubles.extend(trouble.map(|what| format!("{release}, line {number}: {what}")));
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}
