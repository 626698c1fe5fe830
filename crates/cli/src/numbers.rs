//! Numbers of a command line as Ceph's tools read them.

/// An `int` of an option. As in Ceph's tools it has no plus before it, and nothing behind it.
pub(crate) fn int(text: &str) -> Result<i32, String> {
    let invalid = || "a whole number is needed, without a plus before it".to_owned();
    if text.starts_with('+') {
        return Err(invalid());
    }
    text.parse().map_err(|_| invalid())
}

/// The number that a text begins with, whatever stands behind it, as `atof` reads it. What begins with none is 0 there; a
/// hexadecimal number, which Ceph's tools read, too, is none here.
pub(crate) fn leading_float(text: &str) -> Option<f64> {
    /// Longer than any number that means something.
    const MAX: usize = 400;
    let text = text.trim_start();
    let digits = text.trim_start_matches(['+', '-']);
    if digits.starts_with("0x") || digits.starts_with("0X") {
        return None;
    }
    (1..=text.len().min(MAX)).rev().find_map(|end| text.get(..end)?.parse().ok())
}

/// The whole number that a text begins with, as `std::stoi` reads it.
pub(crate) fn leading_int(text: &str) -> Option<i32> {
    let text = text.trim_start();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    text.get(..text.len() - digits.len() + end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, wanted) in [
            ("0.5abc", Some(0.5)),
            (" 1e9", Some(1e9)),
            ("1e", Some(1.0)),
            ("-.5", Some(-0.5)),
            ("infx", Some(f64::INFINITY)),
            ("abc", None),
            ("0x1p-1", None),
            ("", None),
            ("½", None),
        ] {
            assert_eq!(leading_float(text), wanted, "{text}");
        }
        for (text, wanted) in [
            ("1x", Some(1)),
            (" -7.9", Some(-7)),
            ("+3", Some(3)),
            ("x", None),
            ("-", None),
            ("9999999999", None),
        ] {
            assert_eq!(leading_int(text), wanted, "{text}");
        }
        assert_eq!(
            (int("-3"), int("3").is_ok(), int("+3").is_err(), int("3.5").is_err()),
            (Ok(-3), true, true, true)
        );
    }
}
