//! Values of options, in the words that Ceph takes.

use std::time::Duration;

/// `true`, `yes`, `on`, `1` and their opposites.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Reads a size as Ceph's options take it, a number with an optional binary unit: `4096`, `4K`, `4KiB`, `100M`, `1G`.
/// `None` where it is none.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().trim_end_matches('B').trim_end_matches('i') {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        "P" => 50,
        "E" => 60,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Seconds as a plain number, or a sum of parts with units: `90`, `0.5`, `1h30m`, `100ms`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    if let Ok(plain) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(plain).ok();
    }
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit_length = tail.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_length);
        total = total.checked_add(span(number.parse().ok()?, unit)?)?;
        rest = tail.trim_start();
    }
    (!text.trim().is_empty()).then_some(total)
}

fn span(number: u64, unit: &str) -> Option<Duration> {
    let seconds = match unit {
        "ms" | "msec" | "milliseconds" => return Some(Duration::from_millis(number)),
        "us" | "usec" | "microseconds" => return Some(Duration::from_micros(number)),
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hr" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [("4096", 4096), ("4K", 4096), ("4KiB", 4096), ("100M", 104_857_600), ("1 GB", 1 << 30)];
        for (text, wanted) in cases {
            assert_eq!(size(text), Some(wanted), "{text}");
        }
        for text in ["", "x", "4Q", "-1", "99999999999999999999", "20000000000G"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn durations() {
        let cases = [("90", 90_000), ("0.5", 500), ("1h30m", 5_400_000), ("100ms", 100), ("2m 1s", 121_000)];
        for (text, wanted) in cases {
            assert_eq!(seconds(text), Some(Duration::from_millis(wanted)), "{text}");
        }
        for text in ["", "x", "5y", "-1", "inf", "1h30", "NaN"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
