//! A transport that can cut the streams of its callers.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use loligo_base::{Mono, Now};
use loligo_msgr::Transport;
use loligo_msgr::transport::{Bound, Host, Line, Listener, SocketOptions, Thread};

/// Another transport, that remembers the lines that it dials.
pub(crate) struct Cutting {
    inner: Arc<dyn Transport>,
    dialled: Mutex<Vec<Arc<Line>>>,
    ended: AtomicBool,
}

impl Cutting {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self { inner, dialled: Mutex::default(), ended: AtomicBool::new(false) })
    }

    /// Cuts the streams that there are; gives how many.
    pub(crate) fn cut(&self) -> usize {
        let streams: Vec<_> = self.dialled.lock().unwrap().iter().filter_map(|line| line.stream()).collect();
        streams.iter().for_each(|stream| stream.end());
        streams.len()
    }

    /// Nobody is called any more.
    pub(crate) fn end_calls(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

impl Transport for Cutting {
    fn run(&self, host: &Arc<dyn Host>) {
        self.inner.run(host);
    }

    fn stop(&self) {
        self.inner.stop();
    }

    fn join(&self) {
        self.inner.join();
        self.dialled.lock().unwrap().clear();
    }

    fn dial(&self, line: &Arc<Line>) {
        let mut dialled = self.dialled.lock().unwrap();
        if !dialled.iter().any(|known| Arc::ptr_eq(known, line)) {
            dialled.push(Arc::clone(line));
        }
        drop(dialled);
        if !self.ended.load(Ordering::SeqCst) {
            self.inner.dial(line);
        }
    }

    fn adopt(&self, line: &Arc<Line>) {
        self.inner.adopt(line);
    }

    fn moved(&self, from: &Arc<Line>, to: &Arc<Line>) {
        self.inner.moved(from, to);
    }

    fn touched(&self, line: &Arc<Line>, now: Now, thread: Thread) {
        self.inner.touched(line, now, thread);
    }

    fn close(&self, line: &Arc<Line>) {
        self.inner.close(line);
    }

    fn bind(&self, addr: SocketAddr, is_given: bool, sockets: &SocketOptions) -> io::Result<Box<dyn Bound>> {
        self.inner.bind(addr, is_given, sockets)
    }

    fn listen(&self, listener: Listener) {
        self.inner.listen(listener);
    }

    fn unlisten(&self) {
        self.inner.unlisten();
    }

    fn wanted_at(&self, at: Option<Mono>) -> bool {
        self.inner.wanted_at(at)
    }

    fn wake(&self) {
        self.inner.wake();
    }

    fn run_soon(&self) {
        self.inner.run_soon();
    }
}
