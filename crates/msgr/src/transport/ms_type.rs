//! The names of the transports.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which transport a node has (`ms_type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MsType {
    /// A few threads for all pipes (`async`, also called `async+posix`): see
    /// [`ms_async_op_threads`](crate::NodeOptions::ms_async_op_threads).
    #[default]
    Async,
    /// A reader and a writer thread for each pipe (`simple`), as Ceph's first messenger had.
    Simple,
}

impl MsType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Async, Self::Simple];

    /// The names that each of them has, its own first.
    const NAMES: [(&'static str, Self); 3] =
        [("async", Self::Async), ("async+posix", Self::Async), ("simple", Self::Simple)];

    /// What a name must be, in words.
    pub const WANTED: &str = "one of async, async+posix, simple";

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Simple => "simple",
        }
    }
}

impl fmt::Display for MsType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No transport has that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no transport {0:?}: ms_type must be {wanted}", wanted = MsType::WANTED)]
pub struct UnknownMsType(pub String);

impl FromStr for MsType {
    type Err = UnknownMsType;

    fn from_str(name: &str) -> Result<Self, UnknownMsType> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, ms_type)| *ms_type).ok_or_else(|| UnknownMsType(name.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn each_transport_is_found_by_its_names_and_others_are_told_which_there_are() {
        for ms_type in MsType::ALL {
            assert_eq!(ms_type.to_string().parse(), Ok(ms_type));
        }
        assert_eq!("async+posix".parse(), Ok(MsType::Async));
        let error = "xio".parse::<MsType>().unwrap_err().to_string();
        for (name, _) in MsType::NAMES {
            assert!(error.contains(name), "{error}");
        }
    }
}
