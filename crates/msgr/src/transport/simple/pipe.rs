//! The two threads of a line.

use std::net::TcpStream;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};

use super::Shared;
use super::reaper::Wish;
use super::seat::Seat;
use crate::transport::socket::{connect, connected, kind, unreachable};
use crate::transport::{Host, Line, ReadOutcome};
use loligo_msgr_proto::Fault;

/// What a reader thread does.
pub(super) fn read(own: &Shared, host: &Arc<dyn Host>, line: &Arc<Line>) {
    let Some(seat) = Seat::of(line) else { return };
    while !seat.is_over() {
        let outcome = line.read(&**host);
        own.look(line);
        own.work(host);
        if outcome == ReadOutcome::Stopped && !seat.is_over() {
            seat.reader.wait();
        }
    }
}

/// What a writer thread does. It also calls the peer, as Ceph's did.
pub(super) fn write(own: &Shared, host: &Arc<dyn Host>, line: &Arc<Line>) {
    let Some(seat) = Seat::of(line) else { return };
    while !seat.is_over() {
        if seat.wants_stream() {
            dial(&**host, line);
            seat.reader.ring();
        }
        // What is left to see to is seen to now.
        let _ = line.flush(host.now());
        own.look(line);
        own.work(host);
        if !seat.is_over() {
            seat.writer.wait();
        }
    }
}

impl Shared {
    /// Sees to all that may be left to do after somebody worked on a pipe.
    pub(super) fn look(&self, line: &Arc<Line>) {
        // What there is to do before it has a seat is done when it has.
        let Some(seat) = Seat::of(line) else { return };
        seat.tell(line);
        if let Some(at) = line.rearm() {
            self.reaper.tell(Wish::Arm(Arc::clone(line), at));
        }
        if line.wants_write() {
            seat.writer.ring();
        }
        if line.resumes() {
            seat.reader.ring();
        }
    }

    fn work(&self, host: &Arc<dyn Host>) {
        if host.run() {
            self.reaper.tell(Wish::Run);
        }
    }
}

/// Opens a stream, and waits until it is open. Who ends it meanwhile wakes this.
fn dial(host: &dyn Host, line: &Line) {
    if !line.wants_stream() {
        return;
    }
    let socket = match host.sockets().socket(line.addr()) {
        Ok(socket) => Arc::new(socket),
        Err(error) => return line.unreachable(host.now(), unreachable(&error)),
    };
    if !line.attach(Arc::clone(&socket) as _) {
        return;
    }
    if let Err(fault) = call(line, &socket) {
        return line.lost(host.now(), &*socket, fault);
    }
    line.started(host.now(), &*socket);
}

fn call(line: &Line, socket: &TcpStream) -> Result<(), Fault> {
    connect(socket, line.addr())?;
    // One that was ended before it was called hears nothing of its end. From here on it does.
    while line.has(socket) && !connected(socket)? {
        let mut call = [PollFd::new(socket, PollFlags::OUT)];
        match poll(&mut call, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Fault::Unreachable(kind(&error.into()))),
        }
    }
    socket.set_nonblocking(false).map_err(|error| Fault::Unreachable(kind(&error)))
}
