//! Names of daemons and clients.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::EntityParseError;
use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// What kind of daemon or client (`CEPH_ENTITY_TYPE_*`). Each kind is one bit, so that a mask can name several.
/// Unknown values survive a round trip.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityType(pub u8);

impl EntityType {
    /// A monitor.
    pub const MON: Self = Self(0x01);
    /// A metadata server.
    pub const MDS: Self = Self(0x02);
    /// An OSD.
    pub const OSD: Self = Self(0x04);
    /// A client.
    pub const CLIENT: Self = Self(0x08);
    /// A manager.
    pub const MGR: Self = Self(0x10);
    /// The authentication service of the monitors.
    pub const AUTH: Self = Self(0x20);

    const NAMED: [(Self, &'static str); 6] = [
        (Self::MON, "mon"),
        (Self::MDS, "mds"),
        (Self::OSD, "osd"),
        (Self::CLIENT, "client"),
        (Self::MGR, "mgr"),
        (Self::AUTH, "auth"),
    ];

    /// The type of that name (`EntityName::str_to_ceph_entity_type`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Its name, `unknown` where it has none (`ceph_entity_type_name`).
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(known, _)| *known == self).map_or("unknown", |(_, name)| name)
    }

    /// Reads the form of four bytes, as in `ceph_msg_connect` and in authorizers.
    ///
    /// # Errors
    ///
    /// When the bytes end, or the number is above 255: no mask of types that any release knows.
    pub fn decode_u32(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let number = u32::decode(d)?;
        u8::try_from(number)
            .map(Self)
            .map_err(|_| DecodeError::Invalid { what: "entity type", value: u64::from(number) })
    }

    /// Writes the form of four bytes.
    pub fn encode_u32(self, e: &mut Encoder) {
        u32::from(self.0).encode(e);
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityType({:#04x} {})", self.0, self.name())
    }
}

impl Decode for EntityType {
    const MIN_SIZE: usize = 1;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        u8::decode(d).map(Self)
    }
}

impl Encode for EntityType {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

/// The number of a daemon, or the global id of a client: `entity_name_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityName {
    /// What kind.
    pub kind: EntityType,
    /// Which one; negative where that is not known yet (`entity_name_t::NEW`).
    pub num: i64,
}

impl EntityName {
    /// The number of somebody who has none yet.
    pub const NEW: i64 = -1;

    /// That number of that kind.
    #[must_use]
    pub const fn new(kind: EntityType, num: i64) -> Self {
        Self { kind, num }
    }

    /// `mon.<rank>`.
    #[must_use]
    pub const fn mon(rank: i64) -> Self {
        Self::new(EntityType::MON, rank)
    }

    /// `osd.<id>`.
    #[must_use]
    pub const fn osd(id: i64) -> Self {
        Self::new(EntityType::OSD, id)
    }

    /// `client.<global id>`.
    #[must_use]
    pub const fn client(global_id: i64) -> Self {
        Self::new(EntityType::CLIENT, global_id)
    }

    /// Whether the number is not known yet.
    #[must_use]
    pub const fn is_new(self) -> bool {
        self.num < 0
    }
}

/// `osd.3`, or `client.?` where the number is not known.
impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_new() { write!(f, "{}.?", self.kind) } else { write!(f, "{}.{}", self.kind, self.num) }
    }
}

/// Follows `entity_name_t::parse`, which knows no `auth`.
impl FromStr for EntityName {
    type Err = EntityParseError;

    fn from_str(s: &str) -> Result<Self, EntityParseError> {
        let (kind, num) = s.split_once('.').ok_or(EntityParseError::NoDot)?;
        let kind = EntityType::from_name(kind)
            .filter(|kind| *kind != EntityType::AUTH)
            .ok_or(EntityParseError::UnknownType)?;
        let num = num.parse().map_err(|_| EntityParseError::NotANumber)?;
        Ok(Self { kind, num })
    }
}

impl Decode for EntityName {
    const MIN_SIZE: usize = 9;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { kind: EntityType::decode(d)?, num: i64::decode(d)? })
    }
}

impl Encode for EntityName {
    fn encode(&self, e: &mut Encoder) {
        self.kind.encode(e);
        self.num.encode(e);
    }
}

/// The name that a key belongs to, `client.admin`: Ceph's `EntityName`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthEntityName {
    /// What kind.
    pub kind: EntityType,
    /// Which one: a number, a name, or nothing for the key that all monitors share.
    pub id: String,
}

impl AuthEntityName {
    /// That id of that kind.
    #[must_use]
    pub fn new(kind: EntityType, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// `client.<id>`.
    #[must_use]
    pub fn client(id: impl Into<String>) -> Self {
        Self::new(EntityType::CLIENT, id)
    }
}

/// `client.admin`; nothing where the kind is 0, as in Ceph.
impl fmt::Display for AuthEntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == EntityType::default() {
            return Ok(());
        }
        write!(f, "{}.{}", self.kind, self.id)
    }
}

/// Follows `EntityName::from_str`: all behind the first dot is the id.
impl FromStr for AuthEntityName {
    type Err = EntityParseError;

    fn from_str(s: &str) -> Result<Self, EntityParseError> {
        let (kind, id) = s.split_once('.').ok_or(EntityParseError::NoDot)?;
        let kind = EntityType::from_name(kind).ok_or(EntityParseError::UnknownType)?;
        Ok(Self::new(kind, id))
    }
}

impl Decode for AuthEntityName {
    const MIN_SIZE: usize = 8;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { kind: EntityType::decode_u32(d)?, id: String::decode(d)? })
    }
}

impl Encode for AuthEntityName {
    fn encode(&self, e: &mut Encoder) {
        self.kind.encode_u32(e);
        self.id.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_are_printed_and_read_as_in_ceph() {
        assert_eq!(EntityName::client(4155).to_string(), "client.4155");
        assert_eq!(EntityName::mon(EntityName::NEW).to_string(), "mon.?");
        assert_eq!(EntityName::new(EntityType(0x40), 1).to_string(), "unknown.1");
        assert_eq!("osd.7".parse(), Ok(EntityName::osd(7)));
        assert_eq!("auth.7".parse::<EntityName>(), Err(EntityParseError::UnknownType));
        assert_eq!("osd. 7".parse::<EntityName>(), Err(EntityParseError::NotANumber));
        assert_eq!("osd7".parse::<EntityName>(), Err(EntityParseError::NoDot));
    }

    #[test]
    fn an_id_may_hold_dots_and_may_be_empty() {
        let name: AuthEntityName = "client.rgw.host.a".parse().unwrap();
        assert_eq!(name, AuthEntityName::client("rgw.host.a"));
        assert_eq!(name.to_string(), "client.rgw.host.a");
        assert_eq!("mon.".parse(), Ok(AuthEntityName::new(EntityType::MON, "")));
        assert_eq!("admin".parse::<AuthEntityName>(), Err(EntityParseError::NoDot));
        assert_eq!("user.admin".parse::<AuthEntityName>(), Err(EntityParseError::UnknownType));
        assert_eq!(AuthEntityName::default().to_string(), "");
    }
}
