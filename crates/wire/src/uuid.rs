//! Universally unique numbers.

use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// The id of a cluster (`fsid`) or of an OSD's store: `uuid_d`. All zeros is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// A text that is not a UUID of 8-4-4-4-12 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a UUID of 8-4-4-4-12 hexadecimal digits")]
pub struct UuidParseError;

impl Uuid {
    /// None.
    pub const NIL: Self = Self([0; 16]);

    /// Whether this is none.
    #[must_use]
    pub fn is_nil(self) -> bool {
        self == Self::NIL
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = UuidParseError;

    fn from_str(text: &str) -> Result<Self, UuidParseError> {
        let lengths = text.split('-').map(str::len);
        if !lengths.eq([8, 4, 4, 4, 12]) || !text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
            return Err(UuidParseError);
        }
        let mut digits = text.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok());
        let mut uuid = Self::NIL;
        for byte in &mut uuid.0 {
            let (high, low) = (digits.next(), digits.next());
            *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or(UuidParseError)?;
        }
        Ok(uuid)
    }
}

impl Decode for Uuid {
    const MIN_SIZE: usize = 16;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        d.array().map(Self)
    }
}

impl Encode for Uuid {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn is_printed_and_read_as_usual() {
        let text = "f8c4215a-e6c1-4d5d-908a-f636a1b2c3d4";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.0[..4], [0xf8, 0xc4, 0x21, 0x5a]);
        assert_eq!(uuid.to_string(), text);
        for bad in
            ["", "f8c4215a", "f8c4215a-e6c1-4d5d-908a-f636a1b2c3dg", "f8c4215ae6c1-4d5d-908a-f636a1b2c3d4-"]
        {
            assert_eq!(bad.parse::<Uuid>(), Err(UuidParseError), "{bad}");
        }
        assert!(Uuid::default().is_nil());
    }
}
