//! Blanking what is not code.

use super::closing;

/// Blanks comments and the contents of string and character literals. Every byte keeps its place: what is blanked
/// becomes spaces, line ends and quotes stay.
pub(crate) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).and_then(|i| bytes.get(i)).copied();
        let (kept_before, length, kept_after) = token(rest, before);
        for (i, byte) in code.iter_mut().enumerate().skip(at + kept_before) {
            if i >= at + length - kept_after {
                break;
            }
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += length;
    }
    // Whole literals and comments were blanked byte by byte, so what is left of other text is still whole.
    String::from_utf8_lossy(&code).into_owned()
}

/// The token at the start of `rest`: how many bytes to keep at its start, its length, how many to keep at its end.
fn token(rest: &[u8], before: Option<u8>) -> (usize, usize, usize) {
    let is_word_start = !before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    match rest {
        [b'/', b'/', ..] => (0, length_until(rest, b"\n"), 0),
        [b'/', b'*', ..] => (0, block_comment(rest), 0),
        [b'"', ..] => quoted(rest, b'"'),
        [b'\'', ..] => character(rest),
        [b'r' | b'b' | b'c', ..] if is_word_start => raw_string(rest).unwrap_or((1, 1, 0)),
        _ => (1, 1, 0),
    }
}

fn length_until(rest: &[u8], end: &[u8]) -> usize {
    rest.windows(end.len()).position(|window| window == end).unwrap_or(rest.len())
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(pair) = rest.get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8], quote: u8) -> (usize, usize, usize) {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match *byte {
            b'\\' => at += 2,
            b if b == quote => return (1, at + 1, 1),
            _ => at += 1,
        }
    }
    (1, rest.len(), 0)
}

/// A character literal, or the quote of a lifetime.
fn character(rest: &[u8]) -> (usize, usize, usize) {
    let text = std::str::from_utf8(rest.get(..rest.len().min(8)).unwrap_or_default());
    let text = match text {
        Ok(text) => text,
        Err(error) => {
            std::str::from_utf8(rest.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
    };
    let mut chars = text.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted(rest, b'\''),
        (Some(_), Some('\'')) => quoted(rest, b'\''),
        _ => (1, 1, 0),
    }
}

/// A raw string, if one starts here; other prefixed strings are words followed by plain strings.
fn raw_string(rest: &[u8]) -> Option<(usize, usize, usize)> {
    let prefix = match rest {
        [b'r', ..] => 1,
        [b'b' | b'c', b'r', ..] => 2,
        _ => return None,
    };
    let hashes = rest.get(prefix..)?.iter().take_while(|byte| **byte == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return None;
    }
    let start = prefix + hashes + 1;
    let end: Vec<u8> = [b'"'].into_iter().chain(std::iter::repeat_n(b'#', hashes)).collect();
    let length = start + length_until(rest.get(start..)?, &end) + end.len();
    Some((start, length.min(rest.len()), end.len()))
}

/// Blanks every item under `#[cfg(test)]` in masked code.
pub(crate) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut left = code.as_bytes().to_vec();
    for (start, _) in code.match_indices(MARK) {
        let end = item_end(code, start + MARK.len());
        for byte in left.iter_mut().take(end).skip(start) {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8_lossy(&left).into_owned()
}

/// Where the item that starts at or after `at` ends: after its block or its semicolon.
fn item_end(code: &str, at: usize) -> usize {
    let mut at = at;
    while let Some(byte) = code.as_bytes().get(at) {
        match byte {
            b';' => return at + 1,
            b'{' => return closing(code, at).map_or(code.len(), |end| end + 1),
            b'(' | b'[' => at = closing(code, at).map_or(code.len(), |end| end + 1),
            _ => at += 1,
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked_in_place() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y", z)"#, r#"f("    ", z)"#),
            (r###"f(r#"x"y"#, z)"###, r###"f(r#"   "#, z)"###),
            ("f(b\"x\", '\"', '\\'', 'a')", "f(b\" \", ' ', '  ', ' ')"),
            ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}"),
            ("for r in rows {}", "for r in rows {}"),
        ] {
            assert_eq!(mask(text), code, "{text}");
            assert_eq!(mask(text).len(), text.len(), "{text}");
        }
    }

    #[test]
    fn letters_beyond_ascii_keep_their_place() {
        assert_eq!(mask("é \"é\" é"), "é \"  \" é");
        assert_eq!(mask("'é' x"), "'  ' x");
    }

    #[test]
    fn test_items_are_blanked_and_what_follows_is_not() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}\n#[cfg(test)]\nuse x;\nfn d() {}";
        let left = without_tests(code);
        assert!(left.contains("fn a") && left.contains("fn c") && left.contains("fn d"), "{left}");
        assert!(!left.contains("fn b") && !left.contains("use x"), "{left}");
        assert_eq!(left.len(), code.len());
    }
}
