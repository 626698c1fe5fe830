//! Where the secrets of the small cluster come from.

use loligo_base::{Entropy, SeededEntropy};

/// The system's randomness.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            // Going on with bytes that can be guessed would be worse than ending.
            #[expect(clippy::panic, reason = "a system without randomness cannot authenticate")]
            {
                panic!("the operating system gives no random bytes: {error}");
            }
        }
    }
}

/// The randomness of one daemon. Daemons of one seed differ.
pub(crate) fn entropy(seed: Option<u64>, daemon: u64) -> Box<dyn Entropy> {
    match seed {
        Some(seed) => Box::new(SeededEntropy::new(seed.wrapping_mul(1 << 17).wrapping_add(daemon))),
        None => Box::new(SystemEntropy),
    }
}
