//! The last merge of two PGs.

use crate::types::{EVersion, PgId};
use crate::{Decode, DecodeError, Decoder, Encode, Encoder, Epoch};

/// The most recent merge of two PGs of a pool: `pg_merge_meta_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PgMergeMeta {
    /// The PG that went away.
    pub source_pgid: PgId,
    /// When both were ready.
    pub ready_epoch: Epoch,
    /// When the source had last started.
    pub last_epoch_started: Epoch,
    /// When the source had last been clean.
    pub last_epoch_clean: Epoch,
    /// The last change in the source.
    pub source_version: EVersion,
    /// The last change in the PG that it was merged into.
    pub target_version: EVersion,
}

impl PgMergeMeta {
    const KNOWN: u8 = 1;
}

impl Decode for PgMergeMeta {
    const MIN_SIZE: usize = 59;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.versioned("pg_merge_meta_t", Self::KNOWN, |d, _| {
            Ok(Self {
                source_pgid: PgId::decode(d)?,
                ready_epoch: Epoch::decode(d)?,
                last_epoch_started: Epoch::decode(d)?,
                last_epoch_clean: Epoch::decode(d)?,
                source_version: EVersion::decode(d)?,
                target_version: EVersion::decode(d)?,
            })
        })
    }
}

impl Encode for PgMergeMeta {
    fn encode(&self, e: &mut Encoder) {
        e.versioned(1, 1, |e| {
            self.source_pgid.encode(e);
            self.ready_epoch.encode(e);
            self.last_epoch_started.encode(e);
            self.last_epoch_clean.encode(e);
            self.source_version.encode(e);
            self.target_version.encode(e);
        });
    }
}
