//! What happened, as one number, and in words where somebody wants to read it.

use core::fmt;
use core::hash::{Hash, Hasher};

use loligo_base::Mono;

/// A sink for the lines of a trace.
pub type Print = Box<dyn FnMut(fmt::Arguments<'_>)>;

/// All that happened in a world: two runs with the same hash did the same.
pub(crate) struct Trace {
    hash: Fnv,
    steps: u64,
    print: Option<Print>,
}

impl Trace {
    pub(crate) const fn new(print: Option<Print>) -> Self {
        Self { hash: Fnv(0xcbf2_9ce4_8422_2325), steps: 0, print }
    }

    /// Takes down a step.
    pub(crate) fn step(&mut self, now: Mono, what: &(impl Hash + fmt::Debug)) {
        self.steps += 1;
        now.hash(&mut self.hash);
        what.hash(&mut self.hash);
        self.say(now, format_args!("{what:?}"));
    }

    /// Takes down bytes, so that a difference in them is seen.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.hash.write(bytes);
    }

    /// Says something to whoever reads the trace.
    pub(crate) fn say(&mut self, now: Mono, what: fmt::Arguments<'_>) {
        if let Some(print) = &mut self.print {
            let micros = now.as_nanos() / 1_000;
            print(format_args!("{:>6}.{:06} {what}", micros / 1_000_000, micros % 1_000_000));
        }
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash.0
    }
}

/// FNV-1a: the same number on every machine and in every run.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
