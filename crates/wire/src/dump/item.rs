//! Items of a recorded stream.

use core::fmt;

use super::Stamp;
use crate::msgr1::Item;

/// In words. A message is only called that: what it says takes more than a line.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Banner => f.write_str("banner"),
            Self::Addr(addr) => write!(f, "addr {addr}"),
            Self::Connect(connect, authorizer) => write!(
                f,
                "connect as {} with features {:#x}, authorizer of {} bytes for method {}",
                connect.host_type,
                connect.features.0,
                authorizer.len(),
                connect.authorizer_protocol
            ),
            Self::Reply(reply, authorizer) => write!(
                f,
                "reply {} with features {:#x} and {} bytes",
                reply.tag,
                reply.features.0,
                authorizer.len()
            ),
            Self::LastSeen(seq) => write!(f, "last seen {seq}"),
            Self::Message(_) => f.write_str("message"),
            Self::Ack(seq) => write!(f, "ack {seq}"),
            Self::Keepalive => f.write_str("keepalive"),
            Self::Keepalive2(stamp) => write!(f, "keepalive2 {}", Stamp(*stamp)),
            Self::Keepalive2Ack(stamp) => write!(f, "keepalive2_ack {}", Stamp(*stamp)),
            Self::Close => f.write_str("close"),
        }
    }
}
