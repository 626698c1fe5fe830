//! The transport `async`: a few threads, each with an event queue of the system, for all pipes.
//!
//! Each line is at home at one reactor, which alone reads it and tells its events; any thread may write. The first reactor is
//! the node's own thread: it takes the calls and keeps the endpoint's time.

mod accept;
mod homes;
mod remote;
mod turns;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use loligo_base::{Mono, Now};
use mio::Poll;

use super::{After, Bound, Host, Line, Listener, SocketOptions, Thread, Transport};
use crate::sync::lock;
use homes::Homes;
use remote::{Command, Remote};

pub(super) use accept::PAUSE as ACCEPT_PAUSE;
use turns::Reactor;

/// The most threads that can be asked for, as in Ceph.
const THREADS_MAX: usize = 24;

/// See the module.
pub(crate) struct AsyncTransport {
    name: String,
    homes: Arc<Homes>,
    /// The event queues, until the threads that wait for them have begun.
    polls: Mutex<Vec<Poll>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl AsyncTransport {
    /// With so many threads, which are named after `name`.
    pub(crate) fn new(name: String, threads: usize) -> io::Result<Self> {
        let count = threads.clamp(1, THREADS_MAX);
        let polls = (0..count).map(|_| Poll::new()).collect::<io::Result<Vec<_>>>()?;
        let remotes =
            polls.iter().map(|poll| Remote::new(poll).map(Arc::new)).collect::<io::Result<Vec<_>>>()?;
        let homes = Arc::new(Homes::new(remotes));
        Ok(Self { name, homes, polls: Mutex::new(polls), threads: Mutex::default() })
    }

    fn first(&self) -> Option<&Arc<Remote>> {
        self.homes.all().first()
    }

    fn tell_home(&self, line: &Arc<Line>, command: Command) {
        if let Some((remote, _)) = self.homes.of(line) {
            remote.tell(command);
        }
    }
}

impl Transport for AsyncTransport {
    fn run(&self, host: &Arc<dyn Host>) {
        let polls = std::mem::take(&mut *lock(&self.polls));
        let mut reactors = polls
            .into_iter()
            .enumerate()
            .filter_map(|(at, poll)| Reactor::new(Arc::clone(host), at, poll, Arc::clone(&self.homes)));
        let Some(mut first) = reactors.next() else { return };
        for (mut reactor, at) in reactors.zip(1..) {
            match host.spawn(&format!("{}-{at}", self.name), Box::new(move || reactor.work())) {
                Ok(thread) => lock(&self.threads).push(thread),
                Err(error) => {
                    tracing::error!(%error, "a thread of the messenger cannot be made");
                    return;
                }
            }
        }
        first.work();
    }

    fn stop(&self) {
        for remote in self.homes.all() {
            remote.tell(Command::Stop);
        }
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reactor has panicked");
            }
        }
    }

    fn dial(&self, line: &Arc<Line>) {
        self.tell_home(line, Command::Dial(Arc::clone(line)));
    }

    fn adopt(&self, line: &Arc<Line>) {
        self.tell_home(line, Command::Adopt(Arc::clone(line)));
    }

    fn moved(&self, from: &Arc<Line>, to: &Arc<Line>) {
        self.tell_home(from, Command::HandOver(Arc::clone(from), Arc::clone(to)));
    }

    fn touched(&self, line: &Arc<Line>, now: Now, thread: Thread) {
        let Some((home, seat)) = self.homes.of(line) else { return };
        if thread == Thread::Caller && home.leave(line, seat, now.mono) {
            return;
        }
        if line.flush(now) == After::Service {
            home.tell(Command::Service(Arc::clone(line)));
        }
    }

    fn close(&self, line: &Arc<Line>) {
        self.tell_home(line, Command::Close(Arc::clone(line)));
    }

    fn bind(&self, addr: SocketAddr, is_given: bool, sockets: &SocketOptions) -> io::Result<Box<dyn Bound>> {
        Ok(Box::new(sockets.listener(addr, is_given)?))
    }

    fn listen(&self, listener: Listener) {
        if let Some(first) = self.first() {
            first.tell(Command::Listen(listener));
        }
    }

    fn unlisten(&self) {
        if let Some(first) = self.first() {
            first.tell(Command::Unlisten);
        }
    }

    fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.first().is_some_and(|first| first.wanted_at(at))
    }

    fn wake(&self) {
        if let Some(first) = self.first() {
            first.wake();
        }
    }

    fn run_soon(&self) {
        if let Some(first) = self.first() {
            first.tell(Command::Run);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
mod tests;
