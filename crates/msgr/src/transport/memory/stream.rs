//! Ends of streams for threads that may wait: those of a peer that is no node.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::link::{End, Watch};
use super::network::MemoryBound;
use crate::bell::Bell;
use crate::sync::{Mutex, lock};
use crate::transport::{Bound, Stream};

/// One end of a stream in memory, for a peer that is no node: [`TcpStream`](std::net::TcpStream) in all that it has. It blocks.
/// When the last handle is dropped, it hangs up.
pub struct MemoryStream {
    end: Arc<End>,
    bells: Arc<Bells>,
    read_timeout: Option<Duration>,
}

/// What waiting threads sleep on; one at a time each.
#[derive(Default)]
struct Bells {
    readable: Bell,
    writable: Bell,
    reads: Mutex<()>,
    writes: Mutex<()>,
}

impl Watch for Bells {
    fn readable(&self) {
        self.readable.ring();
    }

    fn writable(&self) {
        self.writable.ring();
    }
}

impl MemoryStream {
    pub(super) fn new(end: End) -> Self {
        let bells = Arc::<Bells>::default();
        end.watch(Arc::clone(&bells) as _);
        Self { end: Arc::new(end), bells, read_timeout: None }
    }

    /// Waits until the call is taken.
    pub(super) fn connected(self) -> io::Result<Self> {
        loop {
            match self.end.connected() {
                Ok(true) => return Ok(self),
                Ok(false) => self.bells.writable.wait(),
                Err(_) => return Err(io::Error::from_raw_os_error(libc::ECONNREFUSED)),
            }
        }
    }

    /// Another handle of the same end, as for a thread that writes while this one reads.
    #[must_use]
    pub fn handle(&self) -> Self {
        Self { end: Arc::clone(&self.end), bells: Arc::clone(&self.bells), read_timeout: self.read_timeout }
    }

    /// How long a read waits; `None` for any time. Then it fails with `TimedOut`.
    pub const fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.read_timeout = timeout;
    }

    /// Ends one direction or both. The peer reads what was written, and then that there is no more.
    pub fn shutdown(&self, how: Shutdown) {
        match how {
            Shutdown::Read => self.end.end_reading(),
            Shutdown::Write => self.end.end_writing(),
            Shutdown::Both => self.end.end(),
        }
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.end.local_addr()
    }

    /// The address of the other end.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.end.peer_addr()
    }
}

impl Read for MemoryStream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        let _turn = lock(&self.bells.reads);
        let deadline = self.read_timeout.map(|timeout| Instant::now() + timeout);
        loop {
            match self.end.read([&mut *room, &mut []]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.bells.readable.wait(),
                Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
                Some(left) => self.bells.readable.wait_for(left),
            }
        }
    }
}

impl Write for MemoryStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _turn = lock(&self.bells.writes);
        loop {
            match self.end.write(&mut std::iter::once(bytes)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.bells.writable.wait(),
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for MemoryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryStream").field(&self.end).finish()
    }
}

/// Where a peer that is no node takes calls: [`TcpListener`](std::net::TcpListener) in all that it has. Dropped, it leaves its
/// address.
#[derive(Debug)]
pub struct MemoryListener {
    bound: MemoryBound,
    calls: Arc<Calls>,
}

/// What a thread sleeps on that waits for a call.
#[derive(Debug, Default)]
struct Calls {
    bell: Bell,
    turn: Mutex<()>,
}

impl Watch for Calls {
    fn readable(&self) {
        self.bell.ring();
    }
}

impl MemoryListener {
    pub(super) fn new(bound: MemoryBound) -> Self {
        let calls = Arc::<Calls>::default();
        bound.watch(Arc::clone(&calls) as _);
        Self { bound, calls }
    }

    /// Waits for a call; gives the stream, and who calls.
    #[must_use]
    pub fn accept(&self) -> (MemoryStream, SocketAddr) {
        let _turn = lock(&self.calls.turn);
        loop {
            match self.bound.accept() {
                Some(end) => {
                    let from = end.peer_addr();
                    return (MemoryStream::new(end), from);
                }
                None => self.calls.bell.wait(),
            }
        }
    }

    /// Where it is.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.bound.local_addr()
    }
}
