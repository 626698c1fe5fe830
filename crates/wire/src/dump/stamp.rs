//! Times as Ceph prints them.

use core::fmt;

use loligo_base::Wall;

/// Below ten years, Ceph takes a time for a length of time.
const ABSOLUTE: u32 = 60 * 60 * 24 * 365 * 10;

/// A time as `utime_t` prints it, where the time zone is UTC: `2026-11-22T00:12:12.123456+0000`, or `5.000000`.
#[derive(Clone, Copy, Debug)]
pub struct Stamp(pub Wall);

/// A time as `utime_t::gmtime` prints it: `2026-11-22T00:12:12.123456Z`, or `5.000000`.
#[derive(Clone, Copy, Debug)]
pub struct GmStamp(pub Wall);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_stamp(self.0, '.', "+0000", f)
    }
}

impl fmt::Display for GmStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_stamp(self.0, '.', "Z", f)
    }
}

/// A time as `fmt` prints a `utime_t`, where the time zone is UTC: `2026-11-22T00:12:12:123456+0000`, or `5.000000`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FmtStamp(pub(super) Wall);

impl fmt::Display for FmtStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_stamp(self.0, ':', "+0000", f)
    }
}

fn write_stamp(wall: Wall, point: char, zone: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (secs, micros) = (wall.secs(), wall.nanos() / 1000);
    if secs < ABSOLUTE {
        return write!(f, "{secs}.{micros:06}");
    }
    let (year, month, day) = civil(secs / 86_400);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{micros:06}{zone}")
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
///
/// Counts years from March on, so that the leap day is the last of its year.
const fn civil(days: u32) -> (u32, u32, u32) {
    // From 0000-03-01; an era has 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn stamps_are_those_of_date() {
        // As `date -u -d @SECONDS` says.
        for (secs, wanted) in [
            (951_782_400, "2000-02-29T00:00:00.000001+0000"),
            (1_709_251_199, "2024-02-29T23:59:59.000001+0000"),
            (1_709_251_200, "2024-03-01T00:00:00.000001+0000"),
            (1_735_689_599, "2024-12-31T23:59:59.000001+0000"),
            (u32::MAX, "2106-02-07T06:28:15.000001+0000"),
        ] {
            assert_eq!(Stamp(Wall::new(secs, 1999)).to_string(), wanted);
        }
        assert_eq!(GmStamp(Wall::new(1_700_000_000, 0)).to_string(), "2023-11-14T22:13:20.000000Z");
        assert_eq!(Stamp(Wall::new(5, 20_000)).to_string(), "5.000020");
    }
}
