//! Sockets, and what the system says of them.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use loligo_msgr_proto::{Fault, IoKind, RecvChunk, SendBatch};
use socket2::{Domain, Protocol, Socket, Type};

use super::stream::{Bound, Stream};

/// How many pieces one call of `writev` takes.
const PIECES_MAX: usize = 64;

/// How sockets are made.
#[derive(Clone, Debug, Default)]
pub struct SocketOptions {
    /// Whether small writes leave at once (`ms_tcp_nodelay`).
    pub nodelay: bool,
    /// The size of the receive buffer in bytes, 0 for the system's choice (`ms_tcp_rcvbuf`).
    pub rcvbuf: usize,
    /// How many calls may wait to be accepted (`ms_tcp_listen_backlog`).
    pub backlog: i32,
}

impl SocketOptions {
    /// A socket that does not block, to call that address with.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn socket(&self, addr: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::from(self.bare(addr)?);
        self.apply(&stream)?;
        Ok(stream)
    }

    /// A socket that does not block, where calls come in. See [`Transport::bind`](super::Transport::bind).
    ///
    /// # Errors
    ///
    /// When the address is not to be had.
    pub fn listener(&self, addr: SocketAddr, is_given: bool) -> io::Result<TcpListener> {
        let socket = self.bare(addr)?;
        socket.set_reuse_address(is_given)?;
        socket.bind(&addr.into())?;
        socket.listen(self.backlog)?;
        Ok(socket.into())
    }

    /// A socket that does not block, for calls to that address or from there.
    fn bare(&self, addr: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if self.rcvbuf > 0 {
            socket.set_recv_buffer_size(self.rcvbuf)?;
        }
        Ok(socket)
    }

    /// Sets the options that a socket may be given at any time.
    ///
    /// # Errors
    ///
    /// When the socket is broken.
    pub fn apply(&self, stream: &TcpStream) -> io::Result<()> {
        if self.nodelay { stream.set_nodelay(true) } else { Ok(()) }
    }
}

impl Stream for TcpStream {
    fn write_batch(&self, batch: &SendBatch) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PIECES_MAX];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(batch.pieces()) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        let mut socket = self;
        match slices.get(..count).unwrap_or_default() {
            [one] => socket.write(one),
            many => socket.write_vectored(many),
        }
    }

    fn read_chunk(&self, chunk: &mut RecvChunk) -> io::Result<usize> {
        let mut socket = self;
        match chunk.parts_mut() {
            [[], stage] => socket.read(stage),
            [bulk, stage] => socket.read_vectored(&mut [IoSliceMut::new(bulk), IoSliceMut::new(stage)]),
        }
    }

    fn end(&self) {
        // Others may hold the stream a little longer. Where it ended already, so much the better.
        let _ = self.shutdown(Shutdown::Both);
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

impl Bound for TcpListener {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

/// Begins to call that address.
pub(crate) fn connect(stream: &TcpStream, addr: SocketAddr) -> Result<(), Fault> {
    match socket2::SockRef::from(stream).connect(&addr.into()) {
        Err(error) if !in_progress(&error) => Err(unreachable(&error)),
        _ => Ok(()),
    }
}

/// Whether the call was taken.
pub(crate) fn connected(stream: &TcpStream) -> Result<bool, Fault> {
    if let Ok(Some(error)) | Err(error) = stream.take_error() {
        return Err(unreachable(&error));
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected || in_progress(&error) => Ok(false),
        Err(error) => Err(unreachable(&error)),
    }
}

/// What it means that nobody can be called.
pub(crate) fn unreachable(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::Refused,
        _ => Fault::Unreachable(kind(error)),
    }
}

/// `EINPROGRESS` has no kind of its own.
fn in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// What an error of the system becomes in a fault.
pub(crate) fn kind(error: &io::Error) -> IoKind {
    IoKind { errno: error.raw_os_error().unwrap_or(0) }
}
