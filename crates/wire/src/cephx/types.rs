//! The numbers of the authentication protocols.

use core::fmt;

use crate::entity::EntityType;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        $crate::codec::as_inner!($name($inner));
    };
}

number! {
    /// How a peer proves who it is (`CEPH_AUTH_*`). Unknown values survive a round trip.
    AuthMethod(u32)
}
number! {
    /// The kind of a key (`CEPH_CRYPTO_*`). Unknown values survive a round trip.
    KeyType(u16)
}
number! {
    /// What a client asks of the monitors (`CEPHX_GET_*`).
    RequestType(u16)
}
number! {
    /// A set of daemon types: which services a client wants tickets for.
    EntityTypes(u32)
}

impl AuthMethod {
    /// Not chosen yet: what the first message of a login carries.
    pub const UNKNOWN: Self = Self(0);
    /// Everybody is who they say.
    pub const NONE: Self = Self(1);
    /// Shared secrets.
    pub const CEPHX: Self = Self(2);
    /// Kerberos.
    pub const GSS: Self = Self(4);
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UNKNOWN => f.pad("unknown"),
            Self::NONE => f.pad("none"),
            Self::CEPHX => f.pad("cephx"),
            Self::GSS => f.pad("gss"),
            Self(other) => write!(f, "method {other}"),
        }
    }
}

impl KeyType {
    /// No key.
    pub const NONE: Self = Self(0);
    /// AES-128 in CBC mode.
    pub const AES: Self = Self(1);
    /// AES-256 in CTS mode with HMAC-SHA384 (`aes256k`, RFC 8009).
    pub const AES256K: Self = Self(2);
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.pad("none"),
            Self::AES => f.pad("aes"),
            Self::AES256K => f.pad("aes256k"),
            Self(other) => write!(f, "{other}"),
        }
    }
}

impl RequestType {
    /// `CEPHX_GET_AUTH_SESSION_KEY`: log in, or renew the login.
    pub const AUTH_SESSION_KEY: Self = Self(0x0100);
    /// `CEPHX_GET_PRINCIPAL_SESSION_KEY`: tickets for services.
    pub const PRINCIPAL_SESSION_KEY: Self = Self(0x0200);
    /// `CEPHX_GET_ROTATING_KEY`: a service's own rotating secrets.
    pub const ROTATING_KEY: Self = Self(0x0400);
}

impl EntityTypes {
    /// None.
    pub const NONE: Self = Self(0);

    /// Those types.
    #[must_use]
    pub fn of(types: &[EntityType]) -> Self {
        Self(types.iter().fold(0, |mask, kind| mask | u32::from(kind.0)))
    }

    /// Whether the type is among them.
    #[must_use]
    pub fn has(self, kind: EntityType) -> bool {
        kind.0 != 0 && self.0 & u32::from(kind.0) == u32::from(kind.0)
    }

    /// With that type.
    #[must_use]
    pub fn with(self, kind: EntityType) -> Self {
        Self(self.0 | u32::from(kind.0))
    }

    /// Without that type.
    #[must_use]
    pub fn without(self, kind: EntityType) -> Self {
        Self(self.0 & !u32::from(kind.0))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each type, lowest bit first. Bits above those that [`EntityType`] can hold are left out.
    pub fn iter(self) -> impl Iterator<Item = EntityType> {
        (0..8).map(|bit| EntityType(1 << bit)).filter(move |kind| self.has(*kind))
    }
}
