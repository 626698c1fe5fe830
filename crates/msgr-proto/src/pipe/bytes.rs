//! The stream of a pipe: bytes in and out.

use loligo_base::Now;

use super::{Life, Pipe, RecvChunk, SendBatch, recv};
use crate::Fault;
use crate::protocol::Protocol;

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
        let busy = self.chunk_out || self.asking || self.throttled_until.is_some();
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
        if self.batch_out || self.life == Life::Dead {
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
        let queued = self.life == Life::Open && (self.queue.len() > 0 || self.chores.are_there());
        self.life != Life::Dead && !self.batch_out && (queued || self.writer.len() > 0)
    }

    fn fill(&mut self, now: Now, max: usize) {
        if self.life != Life::Open {
            return;
        }
        let mut written = Ok(());
        if self.chores.are_there() {
            written = self.with_protocol(now, Protocol::write_chores);
        }
        while self.writer.len() < max && written.is_ok() {
            let Some(msg) = self.queue.pop() else { break };
            written = self.with_protocol(now, |protocol, cx| protocol.write(cx, &*msg));
        }
        if let Err(fault) = written {
            self.die(fault);
        }
    }

    /// Takes bytes back, of which `n` were written. Bytes of an earlier stream are dropped.
    pub fn send_end(&mut self, batch: SendBatch, n: usize) {
        if batch.incarnation != self.incarnation {
            return;
        }
        self.batch_out = false;
        self.writer.give_back(batch, n);
        self.dispose();
        self.invariants();
    }

    /// Closes a disposable pipe that has nothing left to send.
    pub(super) fn dispose(&mut self) {
        let sent = self.queue.len() == 0 && self.writer.len() == 0 && !self.batch_out;
        if self.disposable && self.life == Life::Open && sent {
            self.die(Fault::Closed);
        }
    }
}
