//! Calls that come in.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::os::fd::AsRawFd;

use super::turns::Reactor;
use crate::transport::Listener;

/// How long to wait before accepting again when the system has no room, as for too many open files.
pub(in crate::transport) const PAUSE: Duration = Duration::from_millis(100);
/// How many calls are accepted before others have their turn.
const ACCEPTS_MAX: usize = 64;

/// Takes calls at one address. It survives whatever the system says: it pauses, and goes on.
pub(super) struct Accepter {
    listener: Arc<Listener>,
    paused: bool,
}

impl Accepter {
    pub(super) const fn resume(&mut self) {
        self.paused = false;
    }
}

impl Reactor {
    pub(super) fn listen(&mut self, listener: Listener) {
        let token = self.own.token();
        // What another transport bound is none of ours.
        let Some(fd) = listener.bound_as::<TcpListener>().map(AsRawFd::as_raw_fd) else { return };
        let registered = self.poll.registry().register(&mut SourceFd(&fd), Token(token), Interest::READABLE);
        if let Err(error) = registered {
            tracing::error!(%error, "no calls will be heard");
            return;
        }
        self.accepters.insert(token, Accepter { listener: Arc::new(listener), paused: false });
    }

    pub(super) fn unlisten(&mut self) {
        for token in std::mem::take(&mut self.accepters).into_keys() {
            self.timers.cancel(&token);
        }
    }

    pub(super) fn accept(&mut self, token: usize) {
        for _ in 0..ACCEPTS_MAX {
            let Some(accepter) = self.accepters.get_mut(&token).filter(|accepter| !accepter.paused) else {
                return;
            };
            let listener = Arc::clone(&accepter.listener);
            let Some(socket) = listener.bound_as::<TcpListener>() else { return };
            match socket.accept() {
                Ok((stream, from)) => {
                    // Dropped where it cannot be made not to block: it would hold up all others.
                    let made =
                        stream.set_nonblocking(true).and_then(|()| self.host.sockets().apply(&stream)).ok();
                    let line =
                        made.and_then(|()| self.host.add_accept_pipe(&listener, Arc::new(stream) as _, from));
                    if let Some(line) = line {
                        self.take_home(line);
                    }
                }
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
        self.timers.set(token, self.host.now().mono + self.pause_of(token));
    }

    fn pause_of(&self, token: usize) -> Duration {
        let paused = self.accepters.get(&token).is_some_and(|accepter| accepter.paused);
        if paused { PAUSE } else { Duration::ZERO }
    }
}
