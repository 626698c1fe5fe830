//! The secrets that a service opens tickets with.

use alloc::collections::BTreeMap;

use loligo_base::Wall;

use super::{CryptoKey, fields_in_order};

fields_in_order! {
    /// A key and its end: `ExpiringCryptoKey`.
    #[derive(Debug, Default, PartialEq, Eq)]
    ExpiringCryptoKey v 1u8 {
        /// The key.
        key: CryptoKey,
        /// When it stops being used.
        expiration: Wall,
    }
}

fields_in_order! {
    /// The previous, current and next secret of a service: `RotatingSecrets`.
    #[derive(Debug, Default, PartialEq, Eq)]
    RotatingSecrets v 1u8 {
        /// By number; the number is in each ticket.
        secrets: BTreeMap<u64, ExpiringCryptoKey>,
        /// The highest number given out.
        max_ver: u64,
    }
}
