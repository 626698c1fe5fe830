//! One end of a stream with its pipe.

use std::collections::VecDeque;

use loligo_base::{Mono, Now};
use loligo_msgr_proto::{ConId, Fault, Incarnation, Pipe};

use crate::event::Event;
use crate::ids::{HostId, LineId};
use crate::shared::Core;

/// How many bytes are encoded at once.
const WRITE_MAX: usize = 64 << 10;

/// One end of a stream with its pipe: what the edge driver calls a cell.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) con: ConId,
    pub(crate) pipe: Pipe,
    /// What arrived and is not read.
    inbound: VecDeque<u8>,
    /// How the stream ended, behind those bytes.
    end: Option<Fault>,
    flushing: bool,
    reading: bool,
    pumping: bool,
    armed: Option<Mono>,
    /// The stream that it has, as the pipe names it.
    stream: Incarnation,
}

impl Line {
    pub(crate) const fn new(con: ConId, pipe: Pipe) -> Self {
        Self {
            con,
            stream: pipe.incarnation(),
            pipe,
            inbound: VecDeque::new(),
            end: None,
            flushing: false,
            reading: false,
            pumping: false,
            armed: None,
        }
    }

    /// The pipe goes on with another stream, which `newcomer` had or which is new: nothing of what was to happen will.
    pub(crate) fn on_stream_of(self, newcomer: Option<Self>) -> Self {
        let (inbound, end) = newcomer.map(|line| (line.inbound, line.end)).unwrap_or_default();
        Self { inbound, end, ..Self::new(self.con, self.pipe) }
    }

    /// The stream is open.
    pub(crate) fn started(&mut self, now: Now) {
        self.pipe.started(now, self.stream);
    }

    /// The stream broke, or could not be opened.
    pub(crate) fn lost(&mut self, now: Now, fault: Fault) {
        self.pipe.lost(now, self.stream, fault);
    }

    pub(crate) fn arrived(&mut self, bytes: Vec<u8>) {
        self.inbound.extend(bytes);
    }

    pub(crate) fn ended(&mut self, fault: Fault) {
        self.end.get_or_insert(fault);
    }

    /// Lets the pipe write once, as much as the stream takes.
    pub(crate) fn flush(&mut self, core: &mut Core, now: Now, id: LineId) {
        self.flushing = false;
        let Some(batch) = self.pipe.send_begin(now, WRITE_MAX) else { return };
        let most = core.net.weather.piece(&mut core.prng, batch.len());
        let bytes: Vec<u8> = batch.pieces().flatten().copied().take(most).collect();
        self.pipe.send_end(batch, bytes.len());
        core.write(id, bytes);
    }

    /// Lets the pipe read once.
    pub(crate) fn read(&mut self, core: &mut Core, now: Now) {
        self.reading = false;
        let Some(mut chunk) = self.pipe.recv_begin() else { return };
        if self.inbound.is_empty() {
            self.pipe.recv_end(now, chunk, 0);
            if let Some(fault) = self.end.take() {
                self.lost(now, fault);
            }
            return;
        }
        let n = core.net.weather.piece(&mut core.prng, self.inbound.len());
        let bytes = self.inbound.make_contiguous();
        let taken = chunk.fill(bytes.get(..n).unwrap_or_default());
        self.inbound.drain(..taken);
        self.pipe.recv_end(now, chunk, taken);
    }

    /// The pipe's next event goes up.
    pub(crate) fn next_event(&mut self) -> Option<loligo_msgr_proto::PipeEvent> {
        self.pumping = false;
        self.pipe.poll()
    }

    /// The timer is due.
    pub(crate) fn fire(&mut self, now: Now) {
        self.armed = None;
        if self.pipe.next_timeout().is_some_and(|at| at <= now.mono) {
            self.pipe.handle_timeout(now);
        }
    }

    /// Sees to it that whatever can move will.
    pub(crate) fn settle(&mut self, core: &mut Core, host: HostId, id: LineId) {
        if !self.flushing && self.pipe.wants_write() {
            self.flushing = true;
            core.soon(Event::Flush(host, id));
        }
        let readable = !self.inbound.is_empty() || self.end.is_some();
        if !self.reading && readable && self.pipe.wants_read() {
            self.reading = true;
            core.soon(Event::Read(host, id));
        }
        if !self.pumping && self.pipe.has_events() {
            self.pumping = true;
            core.soon(Event::Pump(host, id));
        }
        if let Some(at) = self.pipe.next_timeout().filter(|at| self.armed.is_none_or(|armed| *at < armed)) {
            self.armed = Some(at);
            core.at(at, Event::PipeTimer(host, id));
        }
    }
}
