//! The text of `ceph.conf` (`ConfUtils` of Ceph).

use std::collections::BTreeMap;

use super::ConfError;

/// The sections and options of a `ceph.conf`, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfFile {
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

impl ConfFile {
    /// Reads the text of a `ceph.conf`.
    ///
    /// # Errors
    ///
    /// When a line is neither a section, an option, a comment nor empty.
    pub fn parse(text: &str) -> Result<Self, ConfError> {
        let mut file = Self::default();
        // Ceph takes options above the first section as global ones.
        let mut section = "global".to_owned();
        for (line, text) in logical_lines(text) {
            let syntax = |what| ConfError::Syntax { path: None, line, what };
            let text = without_comment(&text).trim();
            if text.is_empty() {
                continue;
            }
            if let Some(rest) = text.strip_prefix('[') {
                let name = rest.strip_suffix(']').ok_or_else(|| syntax("a section must end with ]"))?;
                section = name.split_whitespace().collect::<Vec<_>>().join(" ");
                file.sections.entry(section.clone()).or_default();
                continue;
            }
            let (key, value) =
                text.split_once('=').ok_or_else(|| syntax("an option needs a = and a value"))?;
            let key = normalise(key);
            if key.is_empty() {
                return Err(syntax("an option needs a name"));
            }
            let value = unquote(value.trim()).ok_or_else(|| syntax("a quote is not closed"))?;
            file.sections.entry(section.clone()).or_default().insert(key, value);
        }
        Ok(file)
    }

    /// The options of a section, by normalised name; none where there is no such section.
    pub fn section(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.sections.get(name).into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

/// The one form of an option's name: underscores for spaces and dashes.
pub(super) fn normalise(option: &str) -> String {
    option.split(|c: char| c.is_whitespace() || c == '-' || c == '_').filter(|w| !w.is_empty()).fold(
        String::new(),
        |mut name, word| {
            if !name.is_empty() {
                name.push('_');
            }
            name.push_str(word);
            name
        },
    )
}

/// Lines with their numbers; one that ends with a backslash goes on with the next.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, raw) in text.lines().enumerate() {
        let (number, mut line) = open.take().unwrap_or((index + 1, String::new()));
        match raw.strip_suffix('\\') {
            Some(head) => {
                line.push_str(head);
                open = Some((number, line));
            }
            None => {
                line.push_str(raw);
                lines.push((number, line));
            }
        }
    }
    lines.extend(open);
    lines
}

/// Cuts a comment off: from `;` or `#` outside of quotes and not behind a backslash.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', _) => escaped = true,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (';' | '#', None) => return line.get(..at).unwrap_or(line),
            _ => {}
        }
    }
    line
}

/// Takes quotes and backslashes away. `None` when a quote is not closed.
fn unquote(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) => match chars.next() {
                Some(c @ ('"' | '\'' | '#' | ';' | '\\' | '=')) => out.push(c),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            // A quote inside a word is a character of it.
            ('"' | '\'', None) if out.is_empty() => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => out.push(c),
        }
    }
    quote.is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, section: &str, key: &str) -> Option<String> {
        let file = ConfFile::parse(text).unwrap();
        file.section(section).find(|(k, _)| *k == key).map(|(_, v)| v.to_owned())
    }

    #[test]
    fn comments_quotes_and_continued_lines() {
        let text = "# head\n; too\n[global] ; why\n a = 1 # one\nb = \"x ; y\"\nc = x\\\n y\nd = \\#5\ne =\n";
        assert_eq!(get(text, "global", "a").as_deref(), Some("1"));
        assert_eq!(get(text, "global", "b").as_deref(), Some("x ; y"));
        assert_eq!(get(text, "global", "c").as_deref(), Some("x y"));
        assert_eq!(get(text, "global", "d").as_deref(), Some("#5"));
        assert_eq!(get(text, "global", "e").as_deref(), Some(""));
    }

    #[test]
    fn a_value_keeps_its_equals_signs() {
        assert_eq!(get("[client.a]\nkey = AQ==\n", "client.a", "key").as_deref(), Some("AQ=="));
    }

    #[test]
    fn a_line_that_is_nothing_is_an_error_with_its_number() {
        for (text, line) in [("\n\nnonsense\n", 3), ("[open\n", 1), ("a = 'x\n", 1), ("[a]\n= 5\n", 2)] {
            match ConfFile::parse(text) {
                Err(ConfError::Syntax { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*|[\\[\\]=\"'\\\\;#a \n]*") {
            let _ = ConfFile::parse(&text);
        }
    }
}
