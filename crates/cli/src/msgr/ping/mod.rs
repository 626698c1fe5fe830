//! `loligo msgr ping`: what is behind an address, as far as it tells those without a key.
//!
//! It speaks the first words of the protocol by itself, one after the other and in clear text, and never shows anything that a
//! daemon would hold against it in its log.

mod found;
mod stream;
mod v1;
mod v2;

use std::time::{Duration, Instant};

use clap::Args;
use loligo_wire::AuthEntityName;
use thiserror::Error;

use super::addr::{self, GivenAddr, Protocol};
use crate::args::Global;
use crate::fail::Fail;
use stream::Stream;

pub(crate) const EXAMPLES: &str = "\
Examples:
  loligo msgr ping v2:192.0.2.1:3300
  loligo msgr ping v1:192.0.2.1:6789/0 --format json
  loligo msgr ping 192.0.2.1:6801/1234 --timeout 2

An address without v1: or v2: is tried with both, v2 first. Where nobody needs a key, --name logs in; for that, daemons want to be
called by the whole address with the nonce behind the slash, as `ceph osd dump` shows it.";

/// How long all of it may take where nothing is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// What `ping` takes.
#[derive(Args, Debug)]
pub(crate) struct PingArgs {
    /// The address: v1:HOST:PORT, v2:HOST:PORT or HOST:PORT, each perhaps with /NONCE
    #[arg(value_parser = addr::parse)]
    addr: GivenAddr,
}

/// Why nothing is known of an address.
#[derive(Debug, Error)]
pub(crate) enum PingError {
    /// Nobody listens.
    #[error("connection refused")]
    Refused,
    /// The network does not let us.
    #[error("not to be reached: {0}")]
    Unreachable(std::io::Error),
    /// No word in time.
    #[error("silence for {:.1} s after {said}", after.as_secs_f64())]
    Silence {
        /// How long.
        after: Duration,
        /// What we said last.
        said: &'static str,
    },
    /// The connection ended.
    #[error("the peer closed the connection after {said}")]
    Closed {
        /// What we said last.
        said: &'static str,
    },
    /// The first bytes are no banner.
    #[error("this is not Ceph: it begins with {}", shown(began))]
    NotCeph {
        /// The bytes.
        began: Vec<u8>,
    },
    /// The other protocol.
    #[error("messenger v{version} is spoken here, not the one that was asked for")]
    OtherProtocol {
        /// Which.
        version: u8,
    },
    /// It says something that cannot be read.
    #[error("its {what} cannot be read: {why}")]
    Malformed {
        /// What.
        what: &'static str,
        /// Why.
        why: loligo_wire::DecodeError,
    },
    /// It says something else than is due.
    #[error("it answers {what} with {answer}")]
    Unexpected {
        /// What we said.
        what: &'static str,
        /// What it said.
        answer: String,
    },
    /// It announces more than anybody has to say.
    #[error("it announces {len} bytes of {what}")]
    TooLong {
        /// Of what.
        what: &'static str,
        /// How many.
        len: u64,
    },
}

/// Bytes of somebody else's protocol, for a person.
fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// Asks, and prints what was said.
pub(crate) fn run(args: &PingArgs, global: &Global) -> Result<(), Fail> {
    let name: AuthEntityName =
        global.name.parse().map_err(|why| Fail::Usage(format!("the name {}: {why}", global.name)))?;
    let ping = Ping { addr: args.addr, name, patience: global.timeout.unwrap_or(PATIENCE) };
    let found = ping.any().map_err(|why| Fail::Ping { addr: args.addr.addr, why })?;
    found.print(global.format)
}

/// Whom to ask, and for how long.
struct Ping {
    addr: GivenAddr,
    name: AuthEntityName,
    patience: Duration,
}

impl Ping {
    /// By the protocol that was given, or by the one that is spoken.
    fn any(&self) -> Result<found::Found, PingError> {
        let end = Instant::now() + self.patience;
        match self.addr.protocol {
            Some(protocol) => self.by(protocol, end),
            None => match self.by(Protocol::V2, end) {
                Err(PingError::OtherProtocol { .. }) => self.by(Protocol::V1, end),
                found => found,
            },
        }
    }

    fn by(&self, protocol: Protocol, end: Instant) -> Result<found::Found, PingError> {
        let stream = Stream::open(self.addr.addr, self.patience, end)?;
        match protocol {
            Protocol::V1 => v1::ask(stream, self),
            Protocol::V2 => v2::ask(stream, self),
        }
    }
}

#[cfg(test)]
mod tests;
