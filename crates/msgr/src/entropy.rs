//! Random bytes of the system.

use std::io;

use loligo_base::Entropy;

/// Random bytes of the system: what keys, challenges and names of sessions are made of in a program.
///
/// # Panics
///
/// Where the system gives none, which it did when the node began: going on with bytes that can be guessed would be worse than
/// ending.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::panic, reason = "a system without randomness cannot authenticate")]
    fn fill(&mut self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}

/// A random number, or the reason why there is none.
pub(crate) fn random_nonce() -> io::Result<u32> {
    getrandom::u32().map_err(|error| match error.raw_os_error() {
        Some(errno) => io::Error::from_raw_os_error(errno),
        None => io::Error::from(io::ErrorKind::Unsupported),
    })
}
