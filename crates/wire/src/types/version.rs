//! Versions of objects.

use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// The version of an object or of a PG's log: `eversion_t`. An epoch weighs more than a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EVersion {
    /// The epoch of the interval in which it was made.
    pub epoch: Epoch,
    /// Counts the updates of the PG.
    pub version: u64,
}

impl EVersion {
    /// That version of that epoch.
    #[must_use]
    pub const fn new(epoch: Epoch, version: u64) -> Self {
        Self { epoch, version }
    }
}

/// `34'82`: epoch, then version.
impl fmt::Display for EVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'{}", self.epoch, self.version)
    }
}

impl Decode for EVersion {
    const MIN_SIZE: usize = 12;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let version = u64::decode(d)?;
        Ok(Self { epoch: Epoch::decode(d)?, version })
    }
}

impl Encode for EVersion {
    fn encode(&self, e: &mut Encoder) {
        self.version.encode(e);
        self.epoch.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_decides() {
        assert!(EVersion::new(Epoch(2), 1) > EVersion::new(Epoch(1), 9));
    }
}
