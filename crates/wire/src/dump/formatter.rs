//! JSON in the form of Ceph's `JSONFormatter`.

use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use super::Dump;

/// Writes JSON as Ceph does, so that a line can be compared with one of Ceph's own programs.
///
/// Unlike Ceph's it cannot be left with a section open, and what it writes is always JSON: names are escaped, and bytes that
/// are not UTF-8 become a replacement character.
#[derive(Clone, Debug)]
pub struct Formatter {
    out: String,
    pretty: bool,
    /// The sections that are open, innermost last: whether each is an array, and whether anything is in it.
    depth: usize,
    in_array: bool,
    is_empty: bool,
}

impl Formatter {
    /// Writes on one line (`json`).
    #[must_use]
    pub const fn new() -> Self {
        Self { out: String::new(), pretty: false, depth: 0, in_array: true, is_empty: true }
    }

    /// Writes in lines, indented (`json-pretty`).
    #[must_use]
    pub const fn pretty() -> Self {
        Self { out: String::new(), pretty: true, depth: 0, in_array: true, is_empty: true }
    }

    /// The value as an object of its own.
    #[must_use]
    pub fn dump(mut self, value: &(impl Dump + ?Sized)) -> String {
        self.object("", |f| value.dump(f));
        self.out
    }

    /// An object of that name (`open_object_section`).
    pub fn object(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.section(name, false, body);
    }

    /// An array of that name (`open_array_section`). The names of what is in it are not written.
    pub fn array(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.section(name, true, body);
    }

    /// An object of that name, with the fields of the value.
    pub fn dump_object(&mut self, name: &str, value: &(impl Dump + ?Sized)) {
        self.object(name, |f| value.dump(f));
    }

    /// An array of objects, with the fields of the values.
    pub fn dump_objects<'a, T: Dump + 'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a T>) {
        self.array(name, |f| values.into_iter().for_each(|value| f.dump_object("", value)));
    }

    /// A whole number.
    pub fn dump_int(&mut self, name: &str, value: impl Into<i64>) {
        self.plain(name, format_args!("{}", value.into()));
    }

    /// A whole number that cannot be negative.
    pub fn dump_unsigned(&mut self, name: &str, value: impl Into<u64>) {
        self.plain(name, format_args!("{}", value.into()));
    }

    /// Whether something is so.
    pub fn dump_bool(&mut self, name: &str, value: bool) {
        self.plain(name, format_args!("{value}"));
    }

    /// A number with 17 digits; `null` where it is none.
    pub fn dump_float(&mut self, name: &str, value: f64) {
        self.plain(name, format_args!("{}", General(value)));
    }

    /// A text.
    pub fn dump_string(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.name(name);
        self.quoted(&String::from_utf8_lossy(value.as_ref()));
    }

    /// A text, as the value is printed.
    pub fn dump_stream(&mut self, name: &str, value: impl fmt::Display) {
        self.name(name);
        self.quoted(&format!("{value}"));
    }

    fn section(&mut self, name: &str, is_array: bool, body: impl FnOnce(&mut Self)) {
        self.name(name);
        let outer = core::mem::replace(&mut self.in_array, is_array);
        self.is_empty = true;
        self.depth += 1;
        self.out.push(if is_array { '[' } else { '{' });
        body(self);
        self.depth -= 1;
        if !self.is_empty {
            self.new_line();
        }
        self.out.push(if is_array { ']' } else { '}' });
        self.in_array = outer;
        self.is_empty = false;
    }

    /// What stands before a value: a comma, a line, its name.
    fn name(&mut self, name: &str) {
        if self.depth > 0 {
            if !self.is_empty {
                self.out.push(',');
            }
            self.new_line();
        }
        self.is_empty = false;
        if !self.in_array {
            self.quoted(name);
            self.out.push_str(if self.pretty { ": " } else { ":" });
        }
    }

    fn new_line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            (0..self.depth).for_each(|_| self.out.push_str("    "));
        }
    }

    fn plain(&mut self, name: &str, value: fmt::Arguments<'_>) {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(value);
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\0'..' ' | '\x7f' => _ = write!(self.out, "\\u{:04x}", u32::from(c)),
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

impl Default for Formatter {
    fn default() -> Self {
        Self::new()
    }
}

/// A number as `%.17g` prints it.
struct General(f64);

impl fmt::Display for General {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_finite() {
            return f.write_str("null");
        }
        let scientific = format!("{:.16e}", self.0);
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..17).contains(&exponent) {
            let decimals = usize::try_from(16 - exponent).unwrap_or(0);
            return f.write_str(without_zeros(&format!("{:.decimals$}", self.0)));
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{}e{sign}{:02}", without_zeros(digits), exponent.unsigned_abs())
    }
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Value;

    impl Dump for Value {
        fn dump(&self, f: &mut Formatter) {
            f.dump_int("int", -1);
            f.array("list", |f| {
                f.dump_unsigned("", 1u8);
                f.object("", |f| f.dump_bool("b", true));
                f.array("", |_| {});
            });
            f.object("empty", |_| {});
            f.dump_string("text", b"a\"\\\t\n\x01\x7f\xff/");
            f.dump_stream("stream", 1.5);
        }
    }

    #[test]
    fn lines_are_those_of_ceph() {
        assert_eq!(
            Formatter::new().dump(&Value),
            r#"{"int":-1,"list":[1,{"b":true},[]],"empty":{},"text":"a\"\\\t\n\u0001\u007f�/","stream":"1.5"}"#
        );
        let pretty = "{\n    \"int\": -1,\n    \"list\": [\n        1,\n        {\n            \"b\": true\n        },\n        \
                      []\n    ],\n    \"empty\": {},\n";
        assert!(Formatter::pretty().dump(&Value).starts_with(pretty));
    }

    #[test]
    fn numbers_are_those_of_printf() {
        for (number, wanted) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.95f32.into(), "0.94999998807907104"),
            (0.05, "0.050000000000000003"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (-2.5e-5, "-2.5000000000000001e-05"),
            (f64::NAN, "null"),
        ] {
            assert_eq!(format!("{}", General(number)), wanted);
        }
    }
}
