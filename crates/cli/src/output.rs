//! Numbers and tables as Ceph's programs print them.

use serde_json::Value;

use crate::args::Format;

/// A number as C++ streams and `%g` print it: six digits that count, no zeros behind them, an exponent where it is
/// shorter.
pub(crate) fn general(number: f64) -> String {
    general_to(6, number)
}

/// The same with so many digits.
pub(crate) fn general_to(digits: u8, number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    if !number.is_finite() {
        let infinite = if number < 0.0 { "-inf" } else { "inf" };
        return if number.is_nan() { "nan" } else { infinite }.to_owned();
    }
    let digits = usize::from(digits.max(1));
    let scientific = format!("{number:.0$e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let shown = i32::try_from(digits).unwrap_or(i32::MAX);
    if (-4..shown).contains(&exponent) {
        let decimals = usize::try_from(shown - 1 - exponent).unwrap_or(0);
        return without_zeros(&format!("{number:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// JSON in the wanted form.
pub(crate) fn json(value: &Value, format: Format) -> String {
    match format {
        Format::JsonPretty => format!("{value:#}"),
        Format::Plain | Format::Json => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_printf() {
        // What printf "%g" of a C library prints.
        for (number, wanted) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (f64::NEG_INFINITY, "-inf"),
            (1.0, "1"),
            (0.002, "0.002"),
            (-1.0, "-1"),
            (123_456.7, "123457"),
            (1_234_567.0, "1.23457e+06"),
            (0.000_123_456_7, "0.000123457"),
            (0.000_012_345, "1.2345e-05"),
            (2.718_181_8, "2.71818"),
            (999_999.9, "1e+06"),
            (100_000.0, "100000"),
        ] {
            assert_eq!(general(number), wanted);
        }
    }
}
