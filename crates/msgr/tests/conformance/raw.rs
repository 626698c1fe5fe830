//! Peers that are no nodes, on whatever the transport that is tried moves bytes through.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use loligo_msgr::transport::memory::{MemoryListener, MemoryStream};

/// One end of a stream. It blocks.
pub(crate) trait RawStream: Read + Write + Send {
    /// Another handle of the same end.
    fn another(&self) -> Box<dyn RawStream>;

    /// Ends both directions.
    fn end(&self);
}

impl RawStream for TcpStream {
    fn another(&self) -> Box<dyn RawStream> {
        Box::new(self.try_clone().unwrap())
    }

    fn end(&self) {
        self.shutdown(Shutdown::Both).unwrap();
    }
}

impl RawStream for MemoryStream {
    fn another(&self) -> Box<dyn RawStream> {
        Box::new(self.handle())
    }

    fn end(&self) {
        self.shutdown(Shutdown::Both);
    }
}

/// Where calls come in.
pub(crate) enum RawListener {
    Socket(TcpListener),
    Memory(MemoryListener),
}

impl RawListener {
    pub(crate) fn local_addr(&self) -> SocketAddr {
        match self {
            Self::Socket(listener) => listener.local_addr(),
            Self::Memory(listener) => listener.local_addr(),
        }
        .unwrap()
    }

    /// Waits for a call.
    pub(crate) fn accept(&self) -> Box<dyn RawStream> {
        match self {
            Self::Socket(listener) => Box::new(listener.accept().unwrap().0),
            Self::Memory(listener) => Box::new(listener.accept().0),
        }
    }
}

/// Calls an address.
pub(crate) type Dialler = Box<dyn FnOnce(SocketAddr) -> io::Result<Box<dyn RawStream>> + Send>;
