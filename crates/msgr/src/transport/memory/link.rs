//! A stream of bytes in memory, and its two ends.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use loligo_msgr_proto::{Fault, RecvChunk, SendBatch};

use super::flow::Flow;
use crate::sync::{Mutex, lock};
use crate::transport::Stream;
use crate::transport::socket::unreachable;

/// Who is told that an end, or a place where calls come in, is to be looked at. It makes a note of that, and
/// calls nothing of the network.
pub(super) trait Watch: Send + Sync {
    /// There may be something to take.
    fn readable(&self);

    /// There may be room again.
    fn writable(&self) {}
}

/// Which end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Caller,
    Called,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Calling,
    Open,
    Refused,
}

/// A stream of bytes between two addresses.
pub(super) struct Link {
    state: Mutex<State>,
    caller: SocketAddr,
    called: SocketAddr,
}

struct State {
    phase: Phase,
    /// Nothing passes, and nobody hears why.
    is_silent: bool,
    caller: Post,
    called: Post,
}

/// What there is at one end.
struct Post {
    /// What it writes.
    flow: Flow,
    /// What is wrong with it, as an error of the system.
    error: Option<i32>,
    watch: Option<Arc<dyn Watch>>,
    news: News,
}

/// What an end is to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct News {
    readable: bool,
    writable: bool,
}

impl News {
    const ALL: Self = Self { readable: true, writable: true };
}

impl Post {
    const fn new(flow: Flow) -> Self {
        Self { flow, error: None, watch: None, news: News { readable: false, writable: false } }
    }

    const fn reset(&mut self) {
        self.error = Some(libc::ECONNRESET);
        self.news = News::ALL;
    }

    /// Who is to be told what.
    fn take_news(&mut self) -> Option<(Arc<dyn Watch>, News)> {
        let news = std::mem::take(&mut self.news);
        if news == News::default() { None } else { Some((Arc::clone(self.watch.as_ref()?), news)) }
    }
}

fn errno<T>(errno: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(errno))
}

fn would_block<T>() -> io::Result<T> {
    Err(io::ErrorKind::WouldBlock.into())
}

impl State {
    /// That end, and the other one.
    const fn posts(&mut self, side: Side) -> (&mut Post, &mut Post) {
        match side {
            Side::Caller => (&mut self.caller, &mut self.called),
            Side::Called => (&mut self.called, &mut self.caller),
        }
    }

    const fn passes(&self) -> bool {
        matches!(self.phase, Phase::Open) && !self.is_silent
    }

    fn write(&mut self, side: Side, pieces: &mut dyn Iterator<Item = &[u8]>) -> io::Result<usize> {
        // When it is open, both are told so.
        if self.phase != Phase::Open {
            return would_block();
        }
        let is_heard = !self.is_silent;
        let (own, other) = self.posts(side);
        if own.flow.is_ended {
            return errno(libc::EPIPE);
        }
        if let Some(error) = own.error.filter(|_| is_heard) {
            return errno(error);
        }
        if own.flow.is_deaf && is_heard {
            // As with sockets, what is written to one that has closed is lost, and the answer to it breaks the stream.
            own.reset();
            return Ok(pieces.map(<[u8]>::len).sum());
        }
        let was_empty = own.flow.is_empty();
        let Some(n) = own.flow.put(pieces) else { return would_block() };
        other.news.readable |= was_empty;
        if own.flow.is_spent() {
            self.cut();
        }
        Ok(n)
    }

    fn read(&mut self, side: Side, parts: [&mut [u8]; 2]) -> io::Result<usize> {
        let passes = self.passes();
        let (own, other) = self.posts(side);
        if other.flow.is_deaf {
            return Ok(0);
        }
        if !passes {
            return would_block();
        }
        match (other.flow.take(parts), own.error) {
            // What came before the stream broke is heard first.
            (0, Some(error)) => errno(error),
            (0, None) if other.flow.is_ended => Ok(0),
            (0, None) => would_block(),
            (n, _) => {
                other.news.writable |= other.flow.has_room_again();
                Ok(n)
            }
        }
    }

    /// Whether a read at that end would say something.
    fn is_readable(&mut self, side: Side) -> bool {
        let passes = self.passes();
        let (own, other) = self.posts(side);
        let has_something = own.error.is_some() || other.flow.is_ended || !other.flow.is_empty();
        other.flow.is_deaf || passes && has_something
    }

    fn end_writing(&mut self, side: Side) {
        let (own, other) = self.posts(side);
        own.flow.is_ended = true;
        own.news.writable = true;
        other.news.readable = true;
    }

    fn end_reading(&mut self, side: Side) {
        let (own, other) = self.posts(side);
        other.flow.is_deaf = true;
        own.news.readable = true;
        other.news.writable = true;
        if other.flow.discard() {
            other.reset();
        }
    }

    /// Both ends break; what is under way is lost. Says whether there was a stream.
    fn cut(&mut self) -> bool {
        let is_open = self.phase == Phase::Open;
        for post in [&mut self.caller, &mut self.called].into_iter().filter(|_| is_open) {
            post.flow.discard();
            post.reset();
        }
        is_open
    }
}

impl Link {
    /// A stream that is not open yet: its end at the caller and that at the called, each with what it writes.
    pub(super) fn between(
        (caller, from_caller): (SocketAddr, Flow),
        (called, from_called): (SocketAddr, Flow),
    ) -> (End, End) {
        let state = Mutex::new(State {
            phase: Phase::Calling,
            is_silent: false,
            caller: Post::new(from_caller),
            called: Post::new(from_called),
        });
        let link = Arc::new(Self { state, caller, called });
        let end = |side| End { link: Arc::clone(&link), side };
        (end(Side::Caller), end(Side::Called))
    }

    /// The addresses of its ends.
    pub(super) const fn addrs(&self) -> [SocketAddr; 2] {
        [self.caller, self.called]
    }

    /// The call is taken.
    pub(super) fn open(&self) {
        self.with(|state| {
            if state.phase == Phase::Calling {
                state.phase = Phase::Open;
                (state.caller.news, state.called.news) = (News::ALL, News::ALL);
            }
        });
    }

    /// Both ends break. Says whether there was a stream.
    pub(super) fn cut(&self) -> bool {
        self.with(State::cut)
    }

    /// Nothing passes any more, or everything again.
    pub(super) fn silence(&self, is_silent: bool) {
        self.with(|state| {
            state.is_silent = is_silent;
            if !is_silent {
                (state.caller.news, state.called.news) = (News::ALL, News::ALL);
            }
        });
    }

    /// Does something, and then tells who is to hear of it.
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let value = f(&mut state);
        let told = [state.caller.take_news(), state.called.take_news()];
        drop(state);
        for (watch, news) in told.into_iter().flatten() {
            if news.writable {
                watch.writable();
            }
            if news.readable {
                watch.readable();
            }
        }
        value
    }
}

/// One end of a stream. Dropped, it hangs up.
pub(super) struct End {
    link: Arc<Link>,
    side: Side,
}

impl End {
    pub(super) const fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// From now on that one is told, in place of any other. What there was to tell before, it has to look for.
    pub(super) fn watch(&self, watch: Arc<dyn Watch>) {
        let before = self.link.with(|state| state.posts(self.side).0.watch.replace(watch));
        // What goes with it goes when nothing is locked.
        drop(before);
    }

    /// The address of the other end.
    pub(super) fn peer_addr(&self) -> SocketAddr {
        match self.side {
            Side::Caller => self.link.called,
            Side::Called => self.link.caller,
        }
    }

    /// Whether the call was taken.
    pub(super) fn connected(&self) -> Result<bool, Fault> {
        match self.link.with(|state| state.phase) {
            Phase::Calling => Ok(false),
            Phase::Open => Ok(true),
            Phase::Refused => Err(unreachable(&io::Error::from_raw_os_error(libc::ECONNREFUSED))),
        }
    }

    /// Nobody takes the call.
    pub(super) fn refuse(&self) {
        self.link.with(|state| {
            if state.phase == Phase::Calling {
                state.phase = Phase::Refused;
                state.caller.news = News::ALL;
            }
        });
    }

    /// Whether the other end has hung up.
    pub(super) fn is_left(&self) -> bool {
        self.link.with(|state| state.posts(self.side).1.flow.is_ended)
    }

    pub(super) fn is_readable(&self) -> bool {
        self.link.with(|state| state.is_readable(self.side))
    }

    pub(super) fn write(&self, pieces: &mut dyn Iterator<Item = &[u8]>) -> io::Result<usize> {
        self.link.with(|state| state.write(self.side, pieces))
    }

    pub(super) fn read(&self, parts: [&mut [u8]; 2]) -> io::Result<usize> {
        self.link.with(|state| state.read(self.side, parts))
    }

    /// Writes no more, and reads on.
    pub(super) fn end_writing(&self) {
        self.link.with(|state| state.end_writing(self.side));
    }

    /// Reads no more, and writes on.
    pub(super) fn end_reading(&self) {
        self.link.with(|state| state.end_reading(self.side));
    }
}

impl Stream for End {
    fn write_batch(&self, batch: &SendBatch) -> io::Result<usize> {
        self.write(&mut batch.pieces())
    }

    fn read_chunk(&self, chunk: &mut RecvChunk) -> io::Result<usize> {
        self.read(chunk.parts_mut())
    }

    fn end(&self) {
        self.link.with(|state| {
            state.end_writing(self.side);
            state.end_reading(self.side);
        });
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(match self.side {
            Side::Caller => self.link.caller,
            Side::Called => self.link.called,
        })
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.side == Side::Called {
            self.refuse();
        }
        self.end();
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.side, self.link.addrs())
    }
}
