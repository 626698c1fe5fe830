//! `loligo dissect`: the messages of captured connections of messenger v1 and, as long as they are not encrypted, v2, one per
//! line.

mod capture;
mod flow;
mod frames;
mod line;
mod packet;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::net::SocketAddr;
use std::path::Path;

use loligo_wire::dump::Stamp;
use loligo_wire::msgr1::{Item, Side};

use crate::args::Format;
use crate::fail::Fail;
pub(crate) use capture::CaptureError;
use capture::{Capture, Packet};
use flow::{Arrived, Flow};
use line::{Event, Line};
use packet::Segment;
use stream::{Found, Stream};

/// How many directions of connections are kept in mind; those that were silent longest are forgotten first.
const MAX_DIRECTIONS: usize = 2048;
/// How many bytes are held of all of them.
const MAX_HELD: usize = 1 << 30;

/// Prints what is in a capture, or what comes of one on standard input.
pub(crate) fn run(path: &Path, all: bool, format: Format) -> Result<(), Fail> {
    let out = BufWriter::new(io::stdout().lock());
    let broken = |why| Fail::Capture { path: path.to_owned(), why };
    if path == Path::new("-") {
        return dissect(io::stdin().lock(), out, all, format).map_err(|why| why.into_fail(broken));
    }
    let file = File::open(path).map_err(|why| Fail::file(path, why))?;
    dissect(BufReader::new(file), out, all, format).map_err(|why| why.into_fail(broken))
}

/// Why a capture was not printed to its end.
enum Stop {
    Input(CaptureError),
    Output(io::Error),
}

impl Stop {
    fn into_fail(self, broken: impl FnOnce(CaptureError) -> Fail) -> Fail {
        match self {
            Self::Input(why) => broken(why),
            Self::Output(why) => why.into(),
        }
    }
}

fn dissect(input: impl Read, mut out: impl Write, all: bool, format: Format) -> Result<(), Stop> {
    let mut capture = Capture::new(input).map_err(Stop::Input)?;
    let mut dissector = Dissector::default();
    let (mut lines, mut broken) = (Vec::new(), None);
    let print = |lines: &mut Vec<Line>, out: &mut dyn Write| -> Result<(), Stop> {
        for line in lines.drain(..).filter(|line| all || line.is_told()) {
            line.write(out, format).map_err(Stop::Output)?;
        }
        Ok(())
    };
    loop {
        match capture.next_packet() {
            Ok(Some(packet)) => dissector.take(&packet, &mut lines),
            Ok(None) => break,
            Err(why) => {
                broken = Some(why);
                break;
            }
        }
        print(&mut lines, &mut out)?;
    }
    // What was there before the damage counts.
    dissector.finish(&mut lines);
    print(&mut lines, &mut out)?;
    out.flush().map_err(Stop::Output)?;
    broken.map_or(Ok(()), |why| Err(Stop::Input(why)))
}

/// Who sent the bytes of a direction, and to whom.
type Ends = (SocketAddr, SocketAddr);

/// One direction of a connection.
#[derive(Debug)]
struct Direction {
    flow: Flow,
    stream: Stream,
    /// When it was heard of last, counted in packets.
    heard: u64,
}

impl Direction {
    fn held(&self) -> usize {
        self.flow.waiting() + self.stream.held()
    }
}

/// Puts connections together and reads them.
#[derive(Debug, Default)]
struct Dissector {
    directions: BTreeMap<Ends, Direction>,
    /// The same by when they were heard of last.
    by_age: BTreeMap<u64, Ends>,
    held: usize,
    packets: u64,
    /// Whether it was told that packets are of a kind that is not read.
    told_of_links: bool,
}

impl Dissector {
    fn take(&mut self, packet: &Packet, lines: &mut Vec<Line>) {
        self.packets += 1;
        if !packet::is_known(packet.link) && !std::mem::replace(&mut self.told_of_links, true) {
            lines.push(Line { time: packet.time, ends: None, event: Event::Link(packet.link) });
        }
        if let Some(segment) = packet::segment(packet.link, &packet.bytes) {
            self.segment(packet.time, &segment, lines);
        }
    }

    fn segment(&mut self, time: Option<Stamp>, segment: &Segment<'_>, lines: &mut Vec<Line>) {
        let ends = (segment.from, segment.to);
        self.make_room(ends);
        let heard = self.packets;
        self.by_age.insert(heard, ends);
        let fresh = || Direction { flow: Flow::default(), stream: Stream::middle(), heard };
        let direction = self.directions.entry(ends).or_insert_with(fresh);
        direction.heard = heard;
        let before = direction.held();
        let Direction { flow, stream, .. } = direction;
        flow.take(segment, |arrived| {
            read(stream, &arrived, &mut |event| lines.push(Line::new(time, ends, event)))
        });
        let over = flow.is_over(segment);
        if over {
            flow.finish(|arrived| {
                read(stream, &arrived, &mut |event| lines.push(Line::new(time, ends, event)))
            });
        }
        self.held = self.held + direction.held() - before;
        if over || self.held > MAX_HELD {
            self.forget(ends);
        }
    }

    /// Makes room for a direction that is heard of now.
    fn make_room(&mut self, ends: Ends) {
        if let Some(direction) = self.directions.get(&ends) {
            self.by_age.remove(&direction.heard);
        } else if self.directions.len() >= MAX_DIRECTIONS {
            let silent = self.by_age.first_key_value().map(|(_, ends)| *ends);
            silent.into_iter().for_each(|ends| self.forget(ends));
        }
    }

    fn forget(&mut self, ends: Ends) {
        if let Some(direction) = self.directions.remove(&ends) {
            self.held -= direction.held();
            self.by_age.remove(&direction.heard);
        }
    }

    fn finish(&mut self, lines: &mut Vec<Line>) {
        for (ends, Direction { flow, stream, .. }) in &mut self.directions {
            flow.finish(|arrived| {
                read(stream, &arrived, &mut |event| lines.push(Line::new(None, *ends, event)))
            });
        }
    }
}

/// Reads what arrived of a direction.
fn read(stream: &mut Stream, arrived: &Arrived<'_>, tell: &mut impl FnMut(Event)) {
    match arrived {
        Arrived::Start { client } => {
            *stream = Stream::start(if *client { Side::Client } else { Side::Server });
        }
        Arrived::Middle => *stream = Stream::middle(),
        Arrived::Lost(missing) => {
            stream.lost();
            tell(Event::Lost(*missing));
        }
        Arrived::Bytes(bytes) => stream.take(bytes, |found| {
            tell(match found {
                Found::Item(Item::Message(message)) => Event::Message(message),
                Found::Item(item) => Event::Item(item),
                Found::Message(message) => Event::Message(message),
                Found::Frame(words) => Event::Frame(words),
                Found::Encrypted => Event::Encrypted,
                Found::Middle(passed_over) => Event::Middle(passed_over),
                Found::Broken(error) => Event::Broken(error),
            });
        }),
    }
}
