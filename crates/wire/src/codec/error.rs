//! Why bytes could not be read.

use thiserror::Error;

/// Why bytes could not be read. It is always the peer (or the file) that is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("ends early: {wanted} more bytes wanted, {left} left")]
    Truncated {
        /// How many bytes the value still needed.
        wanted: u64,
        /// How many there were.
        left: u64,
    },
    /// A versioned struct says that readers of our age cannot understand it.
    #[error("{type_name}: needs a reader of version {compat}, this one knows {known}")]
    Incompatible {
        /// Ceph's name of the struct.
        type_name: &'static str,
        /// The oldest reader version that the writer allows.
        compat: u8,
        /// The newest version that is known here.
        known: u8,
    },
    /// A struct of an age that no supported release writes.
    #[error("{type_name}: version {version} is older than the oldest supported one, {oldest}")]
    TooOld {
        /// Ceph's name of the struct.
        type_name: &'static str,
        /// The version found.
        version: u8,
        /// The oldest version that is known here.
        oldest: u8,
    },
    /// A value outside of what its type allows.
    #[error("{what}: {value} is not allowed")]
    Invalid {
        /// The field.
        what: &'static str,
        /// What stood there.
        value: u64,
    },
    /// A checksum over part of the bytes does not match.
    #[error("{what}: checksum {found:#010x}, computed {computed:#010x}")]
    Checksum {
        /// What the checksum covers.
        what: &'static str,
        /// The one in the bytes.
        found: u32,
        /// The one of the bytes.
        computed: u32,
    },
    /// A text that is not UTF-8 where a text is needed.
    #[error("{what}: not UTF-8")]
    NotUtf8 {
        /// The field.
        what: &'static str,
    },
    /// Structs within structs, deeper than anything that Ceph writes.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: u8,
    },
    /// Bytes left over where the format ends.
    #[error("{what}: {left} bytes left over")]
    LeftOver {
        /// What should have ended.
        what: &'static str,
        /// How many bytes follow.
        left: u64,
    },
}
