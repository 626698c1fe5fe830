//! A connection whose every step ends in time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo_wire::Decode;

use super::PingError;

/// A connection whose every step ends in time.
pub(super) struct Stream {
    tcp: TcpStream,
    patience: Duration,
    end: Instant,
    said: &'static str,
}

impl Stream {
    pub(super) fn open(addr: SocketAddr, patience: Duration, end: Instant) -> Result<Self, PingError> {
        let left = left(end).ok_or(PingError::Silence { after: patience, said: "nothing" })?;
        let tcp = TcpStream::connect_timeout(&addr, left).map_err(|why| match why.kind() {
            ErrorKind::ConnectionRefused => PingError::Refused,
            ErrorKind::TimedOut => PingError::Silence { after: patience, said: "the call" },
            _ => PingError::Unreachable(why),
        })?;
        tcp.set_nodelay(true).map_err(PingError::Unreachable)?;
        Ok(Self { tcp, patience, end, said: "the call" })
    }

    /// Says something; errors to come will name it.
    pub(super) fn say(&mut self, what: &'static str, bytes: &[u8]) -> Result<(), PingError> {
        self.said = what;
        let left = left(self.end);
        let sent = self.tcp.set_write_timeout(left).and_then(|()| self.tcp.write_all(bytes));
        sent.map_err(|why| self.fault(why))
    }

    /// So many bytes.
    pub(super) fn hear(&mut self, len: usize) -> Result<Bytes, PingError> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let Some(left) = left(self.end) else { return Err(self.fault(ErrorKind::TimedOut.into())) };
            let read = self.tcp.set_read_timeout(Some(left)).and_then(|()| self.tcp.read(rest));
            match read {
                Ok(0) => return Err(self.fault(ErrorKind::UnexpectedEof.into())),
                Ok(read) => filled += read,
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(why) => return Err(self.fault(why)),
            }
        }
        Ok(bytes.into())
    }

    /// The bytes that come first, which must be these. Of others, no more are waited for than tell what they are not.
    pub(super) fn hear_banner(&mut self, wanted: &[u8]) -> Result<(), PingError> {
        let mut began = Vec::new();
        while wanted != began {
            let next = self.hear(1);
            match next {
                Ok(byte) => began.extend_from_slice(&byte),
                Err(PingError::Closed { .. } | PingError::Silence { .. }) if !began.is_empty() => break,
                Err(why) => return Err(why),
            }
            let at = began.len() - 1;
            if began.get(at) != wanted.get(at) {
                began.extend_from_slice(&self.more());
                break;
            }
        }
        if wanted == began { Ok(()) } else { Err(other(began)) }
    }

    /// What has come already, a few bytes at most.
    fn more(&mut self) -> Vec<u8> {
        let mut bytes = [0; 24];
        let read = self
            .tcp
            .set_read_timeout(Some(Duration::from_millis(100)))
            .and_then(|()| self.tcp.read(&mut bytes));
        bytes.get(..read.unwrap_or(0)).unwrap_or_default().to_vec()
    }

    /// A value of a fixed size.
    pub(super) fn hear_value<T: Decode>(&mut self, what: &'static str, len: usize) -> Result<T, PingError> {
        let bytes = self.hear(len)?;
        T::decode_all(&bytes).map_err(|why| PingError::Malformed { what, why })
    }

    fn fault(&self, why: io::Error) -> PingError {
        match why.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                PingError::Silence { after: self.patience, said: self.said }
            }
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                PingError::Closed { said: self.said }
            }
            _ => PingError::Unreachable(why),
        }
    }
}

/// What is left; no time at all is none.
fn left(end: Instant) -> Option<Duration> {
    Some(end.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
}

fn other(began: Vec<u8>) -> PingError {
    if began.starts_with(b"ceph v0") {
        PingError::OtherProtocol { version: 1 }
    } else if began.starts_with(b"ceph v2") {
        PingError::OtherProtocol { version: 2 }
    } else {
        PingError::NotCeph { began }
    }
}
