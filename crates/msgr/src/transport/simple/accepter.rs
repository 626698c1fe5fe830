//! Calls that come in.

use std::io;
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::SockRef;

use super::Shared;
use crate::bell::Bell;
use crate::sync::lock;
use crate::transport::reactor::ACCEPT_PAUSE;
use crate::transport::{Host, Listener};

/// Takes calls at one address, on a thread of its own. It survives whatever the system says: it pauses, and goes on.
pub(super) struct Accepter {
    listener: Listener,
    bell: Bell,
    over: AtomicBool,
}

impl Accepter {
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        // A thread that waits for calls wakes of this. On a socket that is broken there is none that waits.
        let _ = self.socket().map(|socket| SockRef::from(socket).shutdown(Shutdown::Both));
        self.bell.ring();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// `None` where another transport bound it.
    fn socket(&self) -> Option<&TcpListener> {
        self.listener.bound_as()
    }

    fn accept(&self, own: &Arc<Shared>, host: &Arc<dyn Host>) {
        let Some(socket) = self.socket() else { return };
        while !self.is_over() {
            match socket.accept() {
                Ok((stream, from)) => {
                    let made = host.sockets().apply(&stream).ok();
                    let line =
                        made.and_then(|()| host.add_accept_pipe(&self.listener, Arc::new(stream) as _, from));
                    if let Some(line) = line {
                        own.adopt(host, &line);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ if self.is_over() => {}
                    _ => {
                        tracing::warn!(%error, "a call cannot be accepted");
                        self.bell.wait_for(ACCEPT_PAUSE);
                    }
                },
            }
        }
    }
}

/// Takes calls from now on.
pub(super) fn listen(own: &Arc<Shared>, host: &Arc<dyn Host>, listener: Listener) {
    let accepter = Accepter { listener, bell: Bell::default(), over: AtomicBool::new(false) };
    let accepter = Arc::new(accepter);
    let (for_thread, of, at) = (Arc::clone(&accepter), Arc::clone(own), Arc::clone(host));
    let work = move || for_thread.accept(&of, &at);
    let name = format!("{}-accepter", own.name);
    let blocks = accepter.socket().map_or(Ok(()), |socket| socket.set_nonblocking(false));
    match blocks.and_then(|()| own.spawn(host, &name, None, work)) {
        Ok(()) => lock(&own.accepters).push(accepter),
        Err(error) => tracing::error!(%error, "no calls will be heard"),
    }
}
