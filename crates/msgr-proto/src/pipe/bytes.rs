//! The stream of a pipe: bytes in and out.

use loligo_base::Now;

use super::{Asking, Life, Pipe, RecvChunk, SendBatch, recv};
use crate::protocol::Protocol;
use crate::session::Sent;

impl Pipe {
    /// Room for bytes of the stream; none while the pipe wants none, or when room was handed out already.
    pub fn recv_begin(&mut self) -> Option<RecvChunk> {
        if !self.wants_read() {
            return None;
        }
        self.chunk_out = true;
        Some(recv::begin(&mut self.stage, self.protocol.gather(), &mut self.spares, self.incarnation))
    }

    /// Whether the pipe would take bytes.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        let busy = self.chunk_out || self.asking.is_some() || self.throttled_until.is_some();
        matches!(self.life, Life::Greeting { .. } | Life::Open) && !busy
    }

    /// Takes room back, with `n` bytes in it. Room from an earlier stream is dropped.
    pub fn recv_end(&mut self, now: Now, chunk: RecvChunk, n: usize) {
        if chunk.incarnation != self.incarnation {
            return;
        }
        self.chunk_out = false;
        recv::end(&mut self.stage, self.protocol.gather(), &mut self.spares, chunk, n);
        if n > 0 {
            self.last_read = now.mono;
            self.stall.came(n);
            self.parse(now);
        }
        self.invariants();
    }

    /// Bytes to be written, `max` and the rest of a message at most; none while there are none, or when bytes were
    /// handed out already. Messages get their numbers, and are encoded, here.
    pub fn send_begin(&mut self, now: Now, max: usize) -> Option<SendBatch> {
        if !self.may_write() {
            return None;
        }
        self.fill(now, max);
        if self.writer.len() == 0 {
            return None;
        }
        self.batch_out = true;
        Some(self.writer.take(self.incarnation))
    }

    /// Whether there is anything to write and nobody writes.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        let queued = self.queue.len() > 0 || self.session.has_again() || self.chores.are_there();
        self.may_write() && ((self.life == Life::Open && queued) || self.writer.len() > 0)
    }

    /// Whether the stream can be written. Not while it is asked whether another pipe takes it.
    fn may_write(&self) -> bool {
        let has_stream = matches!(self.life, Life::Greeting { .. } | Life::Open);
        has_stream && !self.batch_out && self.asking != Some(Asking::Session)
    }

    fn fill(&mut self, now: Now, max: usize) {
        if self.life != Life::Open {
            return;
        }
        let mut written = Ok(());
        if self.chores.are_urgent() {
            written = self.with_protocol(now, Protocol::write_chores);
        }
        while self.writer.len() < max && written.is_ok() {
            let Some(next) = self.next() else { break };
            written = self.with_protocol(now, |protocol, cx| protocol.write(cx, next.seq, &*next.msg));
            if !self.policy.lossy {
                self.session.keep(next);
            }
        }
        // Behind the messages, which say the same on messenger v2.
        if self.chores.ack.is_some() && written.is_ok() {
            written = self.with_protocol(now, Protocol::write_ack);
        }
        if let Err(fault) = written {
            self.fault(now, fault);
        }
    }

    /// The next message: what has to be written again comes first.
    fn next(&mut self) -> Option<Sent> {
        let again = self.session.next_again();
        again.or_else(|| self.queue.pop().map(|msg| self.session.number(msg)))
    }

    /// Takes bytes back, of which `n` were written. Bytes of an earlier stream are dropped.
    pub fn send_end(&mut self, batch: SendBatch, n: usize) {
        if batch.incarnation != self.incarnation {
            return;
        }
        self.batch_out = false;
        self.writer.give_back(batch, n);
        self.invariants();
    }
}
