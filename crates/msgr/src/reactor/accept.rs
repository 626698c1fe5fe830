//! Calls that come in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use loligo_msgr_proto::Endpoint;
use loligo_wire::entity::{AddrType, EntityAddrVec};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token};

use super::Reactor;
use crate::cell::Cell;
use crate::sync::lock;

/// How long to wait before accepting again when the system has no room, as for too many open files.
const PAUSE: Duration = Duration::from_millis(100);
/// How many calls are accepted before others have their turn.
const ACCEPTS_MAX: usize = 64;

/// Takes calls at one address. It survives whatever the system says: it pauses, and goes on.
pub(super) struct Accepter {
    listener: TcpListener,
    /// The protocol that is spoken there.
    kind: AddrType,
    paused: bool,
}

impl Accepter {
    pub(super) const fn resume(&mut self) {
        self.paused = false;
    }
}

impl<E: Endpoint> Reactor<E> {
    pub(super) fn listen(&mut self, mut listener: TcpListener, kind: AddrType) {
        let token = self.token();
        if let Err(error) = self.poll.registry().register(&mut listener, Token(token), Interest::READABLE) {
            tracing::error!(%error, "no calls will be heard");
            return;
        }
        self.accepters.insert(token, Accepter { listener, kind, paused: false });
    }

    pub(super) fn accept(&mut self, token: usize) {
        for _ in 0..ACCEPTS_MAX {
            let Some(accepter) = self.accepters.get_mut(&token).filter(|accepter| !accepter.paused) else {
                return;
            };
            let kind = accepter.kind;
            match accepter.listener.accept() {
                Ok((stream, from)) => self.add_accept_pipe(stream, from, kind),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => {
                        tracing::warn!(%error, "a call cannot be accepted");
                        accepter.paused = true;
                        break;
                    }
                },
            }
        }
        // No event tells of the calls that still wait.
        self.timers.set(token, self.shared.clock.mono() + self.pause_of(token));
    }

    fn pause_of(&self, token: usize) -> Duration {
        let paused = self.accepters.get(&token).is_some_and(|accepter| accepter.paused);
        if paused { PAUSE } else { Duration::ZERO }
    }

    /// Greets a caller, or hangs up where too many have not said who they are.
    fn add_accept_pipe(&mut self, stream: TcpStream, from: SocketAddr, kind: AddrType) {
        let now = self.shared.clock.now();
        let mut pool = lock(&self.shared.pool);
        let Some((con, pipe)) = pool.accept_in(now, kind, from) else {
            drop(pool);
            tracing::warn!(%from, "too many callers that have not said who they are");
            return;
        };
        let cell = Arc::new(Cell::new(con, from, pipe));
        pool.insert(con, EntityAddrVec::NONE, Arc::clone(&cell));
        drop(pool);
        cell.lock().started(now);
        self.adopt(&cell, stream, false);
    }
}
