//! What the node is for its transport, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use loligo_base::Now;
use loligo_msgr_proto::{Endpoint, Fault, Held, Input, Link, NetEvent};
use loligo_wire::entity::EntityAddrVec;

use super::shared::{Shared, Within};
use crate::sync::lock;
use crate::transport::{Host, Line, Listener, Scratch, SocketOptions, Stream, Thread};

/// How many panics of endpoint and sink are survived while the node ends.
const PANICS_MAX: usize = 1_000;

impl<E> Host for Shared<E>
where
    E: Endpoint + Send + 'static,
    E::Msg: Send,
    E::Call: Send,
    E::Done: Send,
{
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn sockets(&self) -> &SocketOptions {
        &self.sockets
    }

    fn add_accept_pipe(
        &self,
        listener: &Listener,
        stream: Arc<dyn Stream>,
        from: SocketAddr,
    ) -> Option<Arc<Line>> {
        let now = self.clock.now();
        let mut pool = lock(&self.pool);
        // Looked at behind the lock: what is put in before the listener is given up is found when all are reset.
        if listener.generation != self.listeners.load(Ordering::SeqCst) || self.stopped.load(Ordering::SeqCst)
        {
            return None;
        }
        let Some((con, pipe)) = pool.accept_in(now, listener.kind, from) else {
            drop(pool);
            tracing::warn!(%from, "too many callers that have not said who they are");
            return None;
        };
        let line = Arc::new(Line::new(con, from, pipe, self.faults.clone()));
        pool.insert(con, EntityAddrVec::NONE, Arc::clone(&line));
        drop(pool);
        if line.attach(Arc::clone(&stream)) {
            line.started(now, &*stream);
        }
        Some(line)
    }

    fn pump(&self, line: &Arc<Line>, scratch: &mut Scratch) {
        // What is sent where messages go past the queue leaves together, when the transport lets the endpoint work.
        let _within = self.fast.is_some().then(|| Within::delivering(self.address()));
        self.take_events(line, scratch);
    }

    fn run(&self) -> bool {
        self.work_off(Thread::Transport)
    }

    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
        let Some(shared) = self.own.upgrade() else { return Err(io::ErrorKind::NotConnected.into()) };
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _within = Within::thread_of(shared.address());
            if panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!("the node ends because of a panic on its thread");
                shared.transport.stop();
            }
        })
    }
}

impl<E> Shared<E>
where
    E: Endpoint + Send + 'static,
    E::Msg: Send,
    E::Call: Send,
    E::Done: Send,
{
    /// Works until the node is shut down. A panic on one of its threads, be it of the endpoint or of the sink, and a
    /// transport that is broken end the node as well: all connections are reset and the endpoint hears that there will be
    /// nothing more, so that nobody waits for ever.
    pub(super) fn live(self: Arc<Self>) {
        let _within = Within::thread_of(self.address());
        let host: Arc<dyn Host> = Arc::clone(&self) as _;
        if panic::catch_unwind(AssertUnwindSafe(|| self.transport.run(&host))).is_err() {
            tracing::error!("the node ends because of a panic on its thread");
        }
        self.stopped.store(true, Ordering::SeqCst);
        self.transport.stop();
        self.transport.join();
        if panic::catch_unwind(AssertUnwindSafe(|| self.mark_down_all(&Fault::Shutdown, true))).is_err() {
            tracing::error!("a panic while the connections were closed");
        }
        self.post(Input::Stopped, Held::default());
        // Who panicked once may again. Each time, that takes what it stumbled over out of the way.
        for _ in 0..PANICS_MAX {
            if panic::catch_unwind(AssertUnwindSafe(|| while self.work_off(Thread::Transport) {})).is_ok() {
                break;
            }
        }
    }
}

impl<E: Endpoint> Shared<E> {
    /// Resets all connections (`mark_down_all`). `for_good`: no more calls are taken either.
    pub(super) fn mark_down_all(&self, why: &Fault, for_good: bool) {
        let mut pool = lock(&self.pool);
        if for_good {
            self.listeners.fetch_add(1, Ordering::SeqCst);
        }
        let all: Vec<_> = pool.connections().map(|(con, _)| con).collect();
        let links: Vec<_> = all.into_iter().filter_map(|con| Some((con, pool.remove(con)?))).collect();
        drop(pool);
        if for_good {
            self.transport.unlisten();
        }
        for (con, link) in links {
            match link {
                Link::Pipe(line) => {
                    line.lock().pipe.mark_down();
                    self.close(&line);
                    self.reset(&line, why.clone());
                }
                Link::Local => self.tell(NetEvent::Reset { con, why: why.clone() }),
            }
        }
    }
}
