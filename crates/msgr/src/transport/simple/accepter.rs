//! Calls that come in.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use socket2::SockRef;

use super::Shared;
use super::bell::Bell;
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
        let _ = SockRef::from(&self.listener.socket).shutdown(Shutdown::Both);
        self.bell.ring();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn accept(&self, own: &Arc<Shared>, host: &Arc<dyn Host>) {
        while !self.is_over() {
            match self.listener.socket.accept() {
                Ok((stream, from)) => {
                    if let Some(line) = host.add_accept_pipe(&self.listener, stream, from) {
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
    let blocks = accepter.listener.socket.set_nonblocking(false);
    match blocks.and_then(|()| own.spawn(host, &name, None, work)) {
        Ok(()) => lock(&own.accepters).push(accepter),
        Err(error) => tracing::error!(%error, "no calls will be heard"),
    }
}
