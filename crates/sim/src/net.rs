//! The network: streams of bytes between hosts.
//!
//! A stream keeps the order of its bytes in each direction, as TCP does; everything else is drawn: in which pieces they
//! arrive, and when.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use loligo_base::{Mono, Prng};
use loligo_msgr_proto::{Fault, IoKind};

use crate::event::{Event, Schedule};
use crate::ids::{HostId, LineId};

/// `ECONNRESET`.
const RESET: Fault = Fault::Io(IoKind { errno: 104 });

/// How the network behaves in this world.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// The shortest and the longest time that a piece takes.
    pub(crate) delay: (Duration, Duration),
    /// How often, in a thousand, a piece takes a hundred times as long.
    pub(crate) slow: u64,
    /// The largest piece that arrives at once; 0 for any.
    pub(crate) piece: usize,
}

impl Weather {
    /// No piece is late any more, and none is small: what is left to say must come to an end in time.
    pub(crate) const fn heal(&mut self) {
        (self.slow, self.piece) = (0, 0);
    }

    pub(crate) fn delay(&self, prng: &mut Prng) -> Duration {
        let (least, most) = self.delay;
        let range = most.saturating_sub(least);
        let drawn =
            least + Duration::from_nanos(prng.below(u64::try_from(range.as_nanos()).unwrap_or(0) + 1));
        if prng.chance(self.slow, 1000) { drawn * 100 } else { drawn }
    }

    /// How many of `n` bytes, one at least, move at once.
    pub(crate) fn piece(&self, prng: &mut Prng, n: usize) -> usize {
        let most = if self.piece == 0 { n } else { n.min(self.piece) };
        // Half of the time as much as may be, so that long messages come to an end.
        if prng.chance(1, 2) { most } else { prng.index(most).map_or(0, |i| i + 1) }
    }
}

/// Something in flight.
#[derive(Debug)]
pub(crate) enum Item {
    Bytes(Vec<u8>),
    /// The other end closed.
    End(Fault),
}

/// One end of a stream, and what is in flight to it.
#[derive(Debug, Default)]
struct End {
    /// Who is there; nobody where the end is closed or was never taken.
    host: Option<HostId>,
    items: VecDeque<Item>,
    /// When the last of them arrives.
    last: Mono,
}

#[derive(Debug)]
struct Stream {
    caller: End,
    called: End,
    to: SocketAddr,
    from: SocketAddr,
}

impl Stream {
    const fn end(&self, line: LineId) -> &End {
        if line.is_called() { &self.called } else { &self.caller }
    }

    const fn end_mut(&mut self, line: LineId) -> &mut End {
        if line.is_called() { &mut self.called } else { &mut self.caller }
    }
}

/// All streams.
#[derive(Debug)]
pub(crate) struct Network {
    streams: BTreeMap<u64, Stream>,
    next: u64,
    pub(crate) weather: Weather,
}

impl Network {
    pub(crate) const fn new(weather: Weather) -> Self {
        Self { streams: BTreeMap::new(), next: 0, weather }
    }

    /// A host calls an address.
    pub(crate) fn dial(
        &mut self,
        now: Mono,
        prng: &mut Prng,
        schedule: &mut Schedule,
        host: HostId,
        to: SocketAddr,
    ) -> LineId {
        let line = LineId::caller(self.next);
        let port = 32_768 + u16::try_from(self.next % 28_000).unwrap_or(0);
        self.next += 1;
        let from = SocketAddr::new(host.ip(), port);
        let caller = End { host: Some(host), ..End::default() };
        let stream = Stream { caller, called: End::default(), to, from };
        self.streams.insert(line.stream(), stream);
        let at = now + self.weather.delay(prng);
        schedule.at(prng, at, Event::Ring(line));
        line
    }

    /// Who calls, and where; nothing where the caller hung up meanwhile.
    pub(crate) fn ringing(&self, line: LineId) -> Option<(SocketAddr, SocketAddr)> {
        let stream = self.streams.get(&line.stream())?;
        stream.caller.host.is_some().then_some((stream.from, stream.to))
    }

    /// The call is answered by a host or refused; the caller learns it later.
    pub(crate) fn answer(
        &mut self,
        now: Mono,
        prng: &mut Prng,
        schedule: &mut Schedule,
        line: LineId,
        by: Option<HostId>,
    ) {
        let Some(stream) = self.streams.get_mut(&line.stream()) else { return };
        let at = now + self.weather.delay(prng);
        stream.called.host = by;
        // What the called says first comes after that.
        stream.caller.last = at;
        schedule.at(prng, at, Event::Dialled(line, by.is_some()));
    }

    /// Who is at this end.
    pub(crate) fn host(&self, line: LineId) -> Option<HostId> {
        self.streams.get(&line.stream())?.end(line).host
    }

    /// This end says something.
    pub(crate) fn write(
        &mut self,
        now: Mono,
        prng: &mut Prng,
        schedule: &mut Schedule,
        line: LineId,
        mut bytes: Vec<u8>,
    ) {
        while !bytes.is_empty() {
            let rest = bytes.split_off(self.weather.piece(prng, bytes.len()));
            let piece = core::mem::replace(&mut bytes, rest);
            self.put(now, prng, schedule, line.peer(), Item::Bytes(piece));
        }
    }

    fn put(&mut self, now: Mono, prng: &mut Prng, schedule: &mut Schedule, to: LineId, item: Item) {
        let delay = self.weather.delay(prng);
        let Some(stream) = self.streams.get_mut(&to.stream()) else { return };
        let end = stream.end_mut(to);
        end.last = end.last.max(now + delay);
        end.items.push_back(item);
        schedule.at(prng, end.last, Event::Arrive(to));
    }

    /// Takes what arrives at this end; nothing where nobody is there any more.
    pub(crate) fn arrive(&mut self, line: LineId) -> Option<(HostId, Item)> {
        let stream = self.streams.get_mut(&line.stream())?;
        let end = stream.end_mut(line);
        let item = end.items.pop_front()?;
        Some((end.host?, item))
    }

    /// This end closes; the other one learns it after what is in flight. `silently`: the other one never learns it.
    pub(crate) fn hang_up(
        &mut self,
        now: Mono,
        prng: &mut Prng,
        schedule: &mut Schedule,
        line: LineId,
        silently: bool,
    ) {
        let Some(stream) = self.streams.get_mut(&line.stream()) else { return };
        stream.end_mut(line).host = None;
        if stream.caller.host.is_none() && stream.called.host.is_none() {
            self.streams.remove(&line.stream());
        } else if !silently {
            let end = if prng.chance(1, 2) { Fault::Closed } else { RESET };
            self.put(now, prng, schedule, line.peer(), Item::End(end));
        }
    }

    /// A stream that both ends think is well, drawn.
    pub(crate) fn any_stream(&self, prng: &mut Prng) -> Option<LineId> {
        let open: Vec<u64> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.caller.host.is_some() && stream.called.host.is_some())
            .map(|(n, _)| *n)
            .collect();
        prng.index(open.len()).and_then(|i| open.get(i)).map(|n| LineId::caller(*n))
    }

    /// A stream is cut: each end sees it at a time of its own.
    pub(crate) fn cut(&self, now: Mono, prng: &mut Prng, schedule: &mut Schedule, line: LineId) {
        for end in [line, line.peer()] {
            let at = now + self.weather.delay(prng);
            schedule.at(prng, at, Event::Cut(end));
        }
    }
}

/// What the end of a cut stream sees.
pub(crate) const fn cut_fault() -> Fault {
    RESET
}
