//! What a transport makes: streams of bytes, and places where calls come in.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use loligo_msgr_proto::{RecvChunk, SendBatch};

/// One end of a stream of bytes between two nodes, as a [`Line`](super::Line) writes, reads and ends it. What else there is
/// to it, as how it is opened and how its transport hears of it, is between the transport and a type of its own, which it
/// has back from [`Line::stream_as`](super::Line::stream_as). Whoever drops the last handle closes it.
///
/// Bytes arrive in order and once, or the stream breaks. Threads may write and read at the same time, one each.
pub trait Stream: Any + fmt::Debug + Send + Sync {
    /// Writes the first so many bytes of a batch, of all its pieces in order. What is left is offered again.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where it takes no more now: the transport calls [`Line::writable`](super::Line::writable) when it does
    /// again. Others break the stream.
    fn write_batch(&self, batch: &SendBatch) -> io::Result<usize>;

    /// Reads into a chunk; 0 at the end of the stream.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where there is nothing now. Others break the stream.
    fn read_chunk(&self, chunk: &mut RecvChunk) -> io::Result<usize>;

    /// Ends it both ways, at once, so that whoever waits for it wakes. May be called more than once.
    fn end(&self);

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// When the stream is broken.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// Whether both are handles of one stream.
pub(super) fn is_same(one: &dyn Stream, other: &dyn Stream) -> bool {
    std::ptr::addr_eq(one, other)
}

/// A place that [`Transport::bind`](super::Transport::bind) took, where calls can come in. It is given up when it is
/// dropped.
pub trait Bound: Any + fmt::Debug + Send + Sync {
    /// Where it is.
    ///
    /// # Errors
    ///
    /// When it is broken.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}
