//! How Ceph prints values.

use std::fmt::{self, Display};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loligo_base::Wall;
use loligo_wire::OsdId;

use crate::output::general;

/// A list in brackets, as Ceph prints a vector.
pub(super) struct List<'a, T>(pub(super) &'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, item) in self.0.iter().enumerate() {
            write!(f, "{}{item}", if i == 0 { "" } else { "," })?;
        }
        f.write_str("]")
    }
}

/// The number of an OSD; -1 for none.
pub(super) fn number(osd: Option<OsdId>) -> i32 {
    osd.map_or(-1, |osd| osd.0)
}

/// 16.16 fixed point as a decimal number.
#[expect(clippy::cast_precision_loss, reason = "Ceph prints it in single precision")]
pub(super) fn fixed(weight: u32) -> f32 {
    weight as f32 / 65536.0
}

/// A number as a C++ stream prints it, on the processors that Ceph runs on: what is none has a sign.
pub(super) fn stream(number: f64) -> String {
    if number.is_nan() { "-nan".to_owned() } else { general(number) }
}

/// A time as `utime_t` prints it: local, or, in the first ten years, as seconds.
pub(super) fn time(time: Wall) -> String {
    const TEN_YEARS: u32 = 60 * 60 * 24 * 365 * 10;
    let micros = time.nanos() / 1000;
    if time.secs() < TEN_YEARS {
        return format!("{}.{micros:06}", time.secs());
    }
    match Timestamp::from_second(i64::from(time.secs())) {
        Ok(seconds) => {
            let local = seconds.to_zoned(TimeZone::system());
            format!("{}.{micros:06}{}", local.strftime("%Y-%m-%dT%H:%M:%S"), local.strftime("%z"))
        }
        // Every number of seconds that a map can hold is in range.
        Err(_) => time.secs().to_string(),
    }
}
