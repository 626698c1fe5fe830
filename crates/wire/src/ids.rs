//! Numbers that must not be mistaken for one another.

use core::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        $crate::codec::as_inner!($name($inner));
    };
}

id! {
    /// The number of an op or request, unique within a client: `ceph_tid_t`.
    Tid(u64)
}
id! {
    /// The version of a map: `epoch_t`.
    Epoch(u32)
}
id! {
    /// The number of an OSD. Negative numbers are none.
    OsdId(i32)
}
id! {
    /// The number of a pool. Negative numbers are none.
    PoolId(i64)
}
id! {
    /// The number that the monitors gave to a client: its `entity_name_t` is `client.<global id>`.
    GlobalId(u64)
}

impl OsdId {
    /// A hole in an acting set (`CRUSH_ITEM_NONE`): no OSD.
    pub const NONE: Self = Self(0x7fff_ffff);

    /// Whether this names an OSD, and is neither negative nor [`Self::NONE`].
    #[must_use]
    pub const fn is_osd(self) -> bool {
        self.0 >= 0 && self.0 != Self::NONE.0
    }
}

impl Epoch {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
