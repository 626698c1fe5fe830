//! What is found, as a line.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

use loligo_wire::DecodeError;
use loligo_wire::dump::{self, Dump, Formatter, Stamp};
use loligo_wire::message::{Payload, msg_type};
use loligo_wire::msgr1::{Footer, Item, MessageHeader};

use crate::args::Format;

/// What is found.
#[derive(Debug)]
pub(super) enum Event {
    /// A message.
    Message(Box<(MessageHeader, Payload, Footer)>),
    /// Anything else that messengers say to one another.
    Item(Item),
    /// Anything else that messenger v2 says.
    Frame(String),
    /// What follows is encrypted, and not read.
    Encrypted,
    /// The direction's beginning was not captured; so many bytes before its first whole message.
    Middle(u64),
    /// Something that cannot be read.
    Broken(DecodeError),
    /// So many bytes are not in the capture.
    Lost(u64),
    /// Packets of a kind of link that is not read.
    Link(u32),
}

/// What is found, when and where.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: Option<Stamp>,
    /// Who sent it, and to whom.
    pub(super) ends: Option<(SocketAddr, SocketAddr)>,
    pub(super) event: Event,
}

impl Line {
    pub(super) const fn new(time: Option<Stamp>, ends: (SocketAddr, SocketAddr), event: Event) -> Self {
        Self { time, ends: Some(ends), event }
    }

    /// Whether it is printed where nobody asks for everything.
    pub(super) const fn is_told(&self) -> bool {
        !matches!(self.event, Event::Item(_) | Event::Frame(_))
    }

    pub(super) fn write(&self, out: &mut dyn Write, format: Format) -> io::Result<()> {
        match format {
            Format::Plain => writeln!(out, "{self}"),
            Format::Json => writeln!(out, "{}", Formatter::new().dump(self)),
            Format::JsonPretty => writeln!(out, "{}", Formatter::pretty().dump(self)),
        }
    }
}

/// The message in a line, as Ceph's log has it; why not, where it cannot be read.
fn summary(header: &MessageHeader, payload: &Payload) -> Result<String, String> {
    match dump::find_message(header.message_type) {
        Some(entry) => (entry.summary)(header, payload.clone()).map_err(|error| error.to_string()),
        None => Err("of a type that is not known".to_owned()),
    }
}

fn name(header: &MessageHeader) -> String {
    let known = dump::find_message(header.message_type).map(|entry| entry.name);
    let name = known.or_else(|| msg_type::name(header.message_type));
    name.map_or_else(|| format!("type {}", header.message_type), ToOwned::to_owned)
}

fn is_signed(footer: &Footer) -> bool {
    matches!(footer, Footer::New(footer) if footer.sig != 0)
}

/// `TIME FROM > TO` and what was said. Of a message: its sender, number, text, version and sizes.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(time) = self.time {
            write!(f, "{time} ")?;
        }
        if let Some((from, to)) = self.ends {
            write!(f, "{from} > {to} ")?;
        }
        match &self.event {
            Event::Message(message) => {
                let (header, payload, footer) = &**message;
                let MessageHeader { seq, version, front_len, middle_len, data_len, src, .. } = header;
                write!(f, "{src} {seq} ")?;
                match summary(header, payload) {
                    Ok(summary) => one_line(f, &summary)?,
                    Err(error) => write!(f, "{} that cannot be read: {error}", name(header))?,
                }
                write!(f, " v{version} {front_len}+{middle_len}+{data_len}")?;
                f.write_str(if is_signed(footer) { " signed" } else { "" })
            }
            Event::Item(item) => f.write_str(&item.to_string()),
            Event::Frame(words) => one_line(f, words),
            Event::Encrypted => f.write_str("what follows is encrypted"),
            Event::Middle(passed_over) => {
                write!(f, "begins in the middle, {passed_over} bytes before the next message")
            }
            Event::Broken(error) => write!(f, "what cannot be read: {error}"),
            Event::Lost(missing) => write!(f, "{missing} bytes are not in the capture"),
            Event::Link(link) => write!(f, "packets of link type {link} are not read"),
        }
    }
}

/// Without characters that would break the line or the terminal.
fn one_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
    }
    Ok(())
}

impl Dump for Line {
    fn dump(&self, f: &mut Formatter) {
        if let Some(time) = self.time {
            f.dump_stream("time", time);
        }
        if let Some((from, to)) = self.ends {
            f.dump_stream("from", from);
            f.dump_stream("to", to);
        }
        match &self.event {
            Event::Message(message) => {
                let (header, payload, footer) = &**message;
                dump_message(f, header, payload, footer);
            }
            Event::Item(item) => f.dump_stream("item", item),
            Event::Frame(words) => f.dump_string("frame", words),
            Event::Encrypted => f.dump_string("skipped", "encrypted"),
            Event::Middle(passed_over) => f.dump_unsigned("middle", *passed_over),
            Event::Broken(error) => f.dump_stream("broken", error),
            Event::Lost(missing) => f.dump_unsigned("lost", *missing),
            Event::Link(link) => f.dump_unsigned("link", *link),
        }
    }
}

fn dump_message(f: &mut Formatter, header: &MessageHeader, payload: &Payload, footer: &Footer) {
    f.dump_string("message", name(header));
    f.dump_unsigned("type", header.message_type);
    f.dump_stream("src", header.src);
    f.dump_unsigned("seq", header.seq);
    f.dump_unsigned("tid", header.tid.0);
    f.dump_unsigned("priority", header.priority);
    f.dump_unsigned("version", header.version);
    f.dump_unsigned("compat_version", header.compat_version);
    f.dump_unsigned("front_len", header.front_len);
    f.dump_unsigned("middle_len", header.middle_len);
    f.dump_unsigned("data_len", header.data_len);
    f.dump_bool("signed", is_signed(footer));
    match summary(header, payload) {
        Ok(summary) => f.dump_string("summary", summary),
        Err(error) => f.dump_string("error", error),
    }
}
