//! Where the secrets of the small cluster come from.

use loligo_base::{Entropy, SeededEntropy};
use loligo_msgr::SystemEntropy;

/// The randomness of one daemon. Daemons of one seed differ.
pub(crate) fn entropy(seed: Option<u64>, daemon: u64) -> Box<dyn Entropy> {
    match seed {
        Some(seed) => Box::new(SeededEntropy::new(seed.wrapping_mul(1 << 17).wrapping_add(daemon))),
        None => Box::new(SystemEntropy),
    }
}
