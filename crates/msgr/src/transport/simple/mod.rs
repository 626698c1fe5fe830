//! The transport `simple`: a reader and a writer thread for each pipe, and one for each listener, as Ceph's first messenger
//! had.
//!
//! Their sockets block. Whoever is to be woken from them has its socket shut down. Beside them there is the node's own
//! thread, which keeps time and reaps.

mod accepter;
mod pipe;
mod reaper;
mod seat;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use loligo_base::{Mono, Now};

use super::socket::unreachable;
use super::{Bound, Host, Line, Listener, SocketOptions, Thread, Transport};
use crate::sync::lock;
use accepter::Accepter;
use reaper::{Reaper, Threads, Wish};
use seat::Seat;

/// See the module.
pub(crate) struct SimpleTransport {
    own: Arc<Shared>,
}

/// What one of a line's threads does.
type Work = fn(&Shared, &Arc<dyn Host>, &Arc<Line>);

/// What the threads of the transport share.
struct Shared {
    /// What threads are named after.
    name: String,
    /// The node's own thread.
    reaper: Reaper,
    threads: Mutex<Threads>,
    accepters: Mutex<Vec<Arc<Accepter>>>,
}

impl SimpleTransport {
    /// Threads are named after `name`.
    pub(crate) fn new(name: String) -> Self {
        let shared =
            Shared { name, reaper: Reaper::new(), threads: Mutex::default(), accepters: Mutex::default() };
        Self { own: Arc::new(shared) }
    }
}

impl Shared {
    /// Opens a stream for a line.
    fn dial(self: &Arc<Self>, host: &Arc<dyn Host>, line: &Arc<Line>) {
        if let Some(seat) = self.seat(host, line) {
            seat.want_stream();
        }
    }

    /// Takes in a line that has a stream.
    fn adopt(self: &Arc<Self>, host: &Arc<dyn Host>, line: &Arc<Line>) {
        if let Some(seat) = self.seat(host, line) {
            seat.ring();
        }
    }

    /// Gives a line its threads, where it has none and is alive.
    fn seat<'a>(self: &Arc<Self>, host: &Arc<dyn Host>, line: &'a Arc<Line>) -> Option<&'a Seat> {
        let seat = line.seat(|| Seat::new(&self.reaper, host))?;
        // Whoever ends it from now on finds the seat.
        if !line.is_dead()
            && seat.sit()
            && let Err(error) = self.seat_threads(host, line)
        {
            line.unreachable(host.now(), unreachable(&error));
        }
        self.look(line);
        Some(seat)
    }

    fn seat_threads(self: &Arc<Self>, host: &Arc<dyn Host>, line: &Arc<Line>) -> io::Result<()> {
        let works: [(&str, Work); 2] = [("r", pipe::read), ("w", pipe::write)];
        for (kind, work) in works {
            let (own, of, at) = (Arc::clone(self), Arc::clone(host), Arc::clone(line));
            let name = format!("{}-{kind}{}", self.name, line.con());
            self.spawn(host, &name, Some(Arc::clone(line)), move || work(&own, &of, &at))?;
        }
        Ok(())
    }

    fn unlisten(&self) {
        for accepter in lock(&self.accepters).drain(..) {
            accepter.end();
        }
    }

    /// Makes a thread that is joined by the reaper when it ends.
    fn spawn(
        self: &Arc<Self>,
        host: &Arc<dyn Host>,
        name: &str,
        line: Option<Arc<Line>>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let mut threads = lock(&self.threads);
        let key = threads.next_key()?;
        let own = Arc::clone(self);
        let thread = host.spawn(
            name,
            Box::new(move || {
                let _reap = reaper::ReapOnDrop { own, key };
                work();
            }),
        )?;
        threads.insert(key, thread, line);
        Ok(())
    }
}

impl Transport for SimpleTransport {
    fn run(&self, host: &Arc<dyn Host>) {
        self.own.keep_time_and_reap(host);
    }

    fn stop(&self) {
        self.own.reaper.tell(Wish::Stop);
    }

    fn join(&self) {
        self.own.unlisten();
        let left = lock(&self.own.threads).close();
        for line in left.lines() {
            // Nobody is to tell why it broke: that is up to the node.
            line.cut();
            if let Some(seat) = Seat::of(line) {
                seat.end();
            }
        }
        left.join();
    }

    fn dial(&self, line: &Arc<Line>) {
        self.own.reaper.tell(Wish::Dial(Arc::clone(line)));
    }

    fn adopt(&self, line: &Arc<Line>) {
        self.own.reaper.tell(Wish::Adopt(Arc::clone(line)));
    }

    fn moved(&self, from: &Arc<Line>, to: &Arc<Line>) {
        self.close(from);
        self.adopt(to);
    }

    fn touched(&self, line: &Arc<Line>, _now: Now, _thread: Thread) {
        self.own.look(line);
    }

    fn close(&self, line: &Arc<Line>) {
        if let Some(seat) = Seat::of(line) {
            seat.end();
            self.own.reaper.tell(Wish::Forget(seat.key()));
        }
    }

    fn bind(&self, addr: SocketAddr, is_given: bool, sockets: &SocketOptions) -> io::Result<Box<dyn Bound>> {
        Ok(Box::new(sockets.listener(addr, is_given)?))
    }

    fn listen(&self, listener: Listener) {
        self.own.reaper.tell(Wish::Listen(listener));
    }

    fn unlisten(&self) {
        self.own.reaper.tell(Wish::Unlisten);
    }

    fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.own.reaper.wanted_at(at)
    }

    fn wake(&self) {
        self.own.reaper.wake();
    }

    fn run_soon(&self) {
        self.own.reaper.tell(Wish::Run);
    }
}
