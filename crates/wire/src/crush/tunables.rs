//! The tunables of a map.

/// What changed in CRUSH over the years, so that old maps keep placing as they did. A profile is one of the constructors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunables {
    /// Retries within the same bucket after a collision; 0 except in the oldest maps.
    pub choose_local_tries: u32,
    /// Retries by an exhaustive search of the same bucket; 0 except in the oldest maps.
    pub choose_local_fallback_tries: u32,
    /// Retries of the whole descent.
    pub choose_total_tries: u32,
    /// Not 0: the search for a device below a chosen bucket is tried once, and then another bucket.
    pub chooseleaf_descend_once: u32,
    /// Not 0: the search below a chosen bucket starts at its own `r`, shifted right by one less than this.
    pub chooseleaf_vary_r: u8,
    /// How the straws of a straw bucket were computed; no part in placing.
    pub straw_calc_version: u8,
    /// A bit for each bucket algorithm that may be used in the map; no part in placing.
    pub allowed_bucket_algs: u32,
    /// Not 0: the search below a chosen bucket does not depend on the position in the result.
    pub chooseleaf_stable: u8,
    /// Descents of a multi-step-retry rule (Squid).
    pub msr_descents: u32,
    /// Retries after a collision in a multi-step-retry rule (Squid).
    pub msr_collision_tries: u32,
}

impl Tunables {
    /// `set_tunables_legacy`: what a map has that says nothing, with straws computed in the old way.
    #[must_use]
    pub const fn legacy() -> Self {
        Self { straw_calc_version: 0, ..Self::argonaut() }
    }

    /// `set_tunables_argonaut`.
    #[must_use]
    pub const fn argonaut() -> Self {
        Self {
            choose_local_tries: 2,
            choose_local_fallback_tries: 5,
            choose_total_tries: 19,
            chooseleaf_descend_once: 0,
            ..Self::bobtail()
        }
    }

    /// `set_tunables_bobtail`.
    #[must_use]
    pub const fn bobtail() -> Self {
        Self { chooseleaf_vary_r: 0, ..Self::firefly() }
    }

    /// `set_tunables_firefly`: uniform, list and straw buckets.
    #[must_use]
    pub const fn firefly() -> Self {
        Self { allowed_bucket_algs: 0b01_0110, ..Self::hammer() }
    }

    /// `set_tunables_hammer`: straw2 buckets too.
    #[must_use]
    pub const fn hammer() -> Self {
        Self { chooseleaf_stable: 0, ..Self::jewel() }
    }

    /// `set_tunables_jewel`: the best, and the default of every release since.
    #[must_use]
    pub const fn jewel() -> Self {
        Self {
            choose_local_tries: 0,
            choose_local_fallback_tries: 0,
            choose_total_tries: 50,
            chooseleaf_descend_once: 1,
            chooseleaf_vary_r: 1,
            straw_calc_version: 1,
            allowed_bucket_algs: 0b11_0110,
            chooseleaf_stable: 1,
            msr_descents: 100,
            msr_collision_tries: 100,
        }
    }
}

impl Default for Tunables {
    fn default() -> Self {
        Self::jewel()
    }
}
