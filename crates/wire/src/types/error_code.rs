//! Results of ops.

use core::fmt;

use crate::{Decode, DecodeError, Decoder, Encode, Encoder};

/// The result of an op or command: `errorcode32_t`. Negative numbers are errors, by the numbers of Linux; others are
/// what the op returned.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i32);

macro_rules! errors {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl ErrorCode {
            $(
                #[doc = concat!($text, ".")]
                pub const $name: Self = Self(-$number);
            )*

            /// The name and meaning of an error; `None` where it is none or not known here.
            #[must_use]
            pub const fn description(self) -> Option<(&'static str, &'static str)> {
                match self {
                    $(Self::$name => Some((stringify!($name), $text)),)*
                    _ => None,
                }
            }
        }
    };
}

errors! {
    EPERM = 1, "Operation not permitted";
    ENOENT = 2, "No such file or directory";
    EINTR = 4, "Interrupted system call";
    EIO = 5, "Input/output error";
    ENXIO = 6, "No such device or address";
    E2BIG = 7, "Argument list too long";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory";
    EACCES = 13, "Permission denied";
    EBUSY = 16, "Device or resource busy";
    EEXIST = 17, "File exists";
    ENODEV = 19, "No such device";
    ENOTDIR = 20, "Not a directory";
    EISDIR = 21, "Is a directory";
    EINVAL = 22, "Invalid argument";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    EROFS = 30, "Read-only file system";
    EDOM = 33, "Numerical argument out of domain";
    ERANGE = 34, "Numerical result out of range";
    ENAMETOOLONG = 36, "File name too long";
    ENOSYS = 38, "Function not implemented";
    ENOTEMPTY = 39, "Directory not empty";
    ENODATA = 61, "No data available";
    EOVERFLOW = 75, "Value too large for defined data type";
    ERESTART = 85, "Interrupted, or an older snapshot context than the object's (EOLDSNAPC)";
    EMSGSIZE = 90, "Message too long";
    EOPNOTSUPP = 95, "Operation not supported";
    ESHUTDOWN = 108, "The client is blocklisted, or shut down (EBLOCKLISTED)";
    ENOTCONN = 107, "Transport endpoint is not connected";
    ETIMEDOUT = 110, "Connection timed out";
    ECONNREFUSED = 111, "Connection refused";
    EALREADY = 114, "Operation already in progress";
    EINPROGRESS = 115, "Operation now in progress";
    ESTALE = 116, "Stale file handle";
    EDQUOT = 122, "Disk quota exceeded";
    ECANCELED = 125, "Operation canceled";
}

impl ErrorCode {
    /// Success, with nothing to return.
    pub const OK: Self = Self(0);
    /// The client is blocklisted.
    pub const EBLOCKLISTED: Self = Self::ESHUTDOWN;
    /// A write came with an older snapshot context than the object has.
    pub const EOLDSNAPC: Self = Self::ERESTART;

    /// Whether it is an error.
    #[must_use]
    pub const fn is_err(self) -> bool {
        self.0 < 0
    }

    /// The errno as a positive number; `None` where it is no error.
    #[must_use]
    pub const fn errno(self) -> Option<u32> {
        if self.is_err() { Some(self.0.unsigned_abs()) } else { None }
    }

    /// What was returned, or the error.
    ///
    /// # Errors
    ///
    /// Itself, where it is an error.
    pub const fn result(self) -> Result<u32, Self> {
        if self.is_err() { Err(self) } else { Ok(self.0.unsigned_abs()) }
    }
}

/// `ENOENT: No such file or directory`, as far as it is known.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.description(), self.errno()) {
            (Some((name, text)), _) => write!(f, "{name}: {text}"),
            (None, Some(errno)) => write!(f, "error {errno}"),
            (None, None) => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.description() {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "ErrorCode({})", self.0),
        }
    }
}

impl Decode for ErrorCode {
    const MIN_SIZE: usize = 4;

    fn decode(d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        i32::decode(d).map(Self)
    }
}

impl Encode for ErrorCode {
    fn encode(&self, e: &mut Encoder) {
        self.0.encode(e);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn errors_are_negative_and_results_are_not() {
        assert_eq!(ErrorCode(-2).errno(), Some(2));
        assert_eq!(ErrorCode(-2).to_string(), "ENOENT: No such file or directory");
        assert_eq!(ErrorCode(-9999).to_string(), "error 9999");
        assert_eq!(ErrorCode(17).result(), Ok(17));
        assert_eq!(ErrorCode(-17).result(), Err(ErrorCode::EEXIST));
        assert_eq!(ErrorCode(i32::MIN).errno(), Some(1 << 31));
    }
}
