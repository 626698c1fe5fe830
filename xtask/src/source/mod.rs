//! The project's own files, as the checks read them.

mod mask;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub(crate) use mask::{mask, without_tests};

/// A Rust source file.
pub(crate) struct Source {
    /// Absolute path.
    pub(crate) path: PathBuf,
    /// The file as it is.
    pub(crate) text: String,
    /// The same with comments and the contents of strings blanked, so that only code is left. Places are the same.
    pub(crate) code: String,
    /// `code` with test modules blanked as well.
    pub(crate) production: String,
}

impl Source {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Source> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Source::new(path.to_owned(), text))
    }

    /// The source `text` of a file at `path`.
    pub(crate) fn new(path: PathBuf, text: String) -> Source {
        let code = mask(&text);
        let production = if is_test(&path) { blank(&code) } else { without_tests(&code) };
        Source { path, text, code, production }
    }
}

/// Whether a file holds tests only: `tests.rs`, or below a folder of tests or benchmarks.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
        || path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
}

/// `text` with everything but line ends turned into spaces.
fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// The line, from 1, of the byte at `offset`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// All files below `dir` with one of these extensions, without what is generated or hidden, in order of their paths.
pub(crate) fn files_below(dir: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                let is_ours =
                    name != "target" && (name == ".ci" || !name.as_encoded_bytes().starts_with(b"."));
                folders.extend(is_ours.then_some(path));
            } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// All Rust files below `dir`.
pub(crate) fn rust_below(dir: &Path) -> Result<Vec<Source>> {
    files_below(dir, &["rs"])?.iter().map(|path| Source::read(path)).collect()
}

/// The offsets at which `word` stands in `code` as a word of its own.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|i| code.as_bytes().get(i));
        let after = code.as_bytes().get(at + word.len());
        let starts = word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let ends = word.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        !((starts && is_part(before)) || (ends && is_part(after)))
    })
}

/// The offset of the bracket that closes the one at `open`.
pub(crate) fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert_eq!(words("HashMap MyHashMap HashMapX x.HashMap", "HashMap").collect::<Vec<_>>(), [0, 29]);
        assert_eq!(words("println!(eprintln!())", "println!").collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn brackets_nest() {
        assert_eq!(closing("f(a[1], {b})", 1), Some(11));
        assert_eq!(closing("f(a", 1), None);
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!([0, 2, 3].map(|at| line_of("ab\ncd", at)), [1, 1, 2]);
    }

    #[test]
    fn test_files_hold_no_production_code() {
        let source = |path: &str| Source::new(path.into(), "fn f() {}\n".into()).production;
        assert_eq!(source("crates/x/src/lib.rs"), "fn f() {}\n");
        assert_eq!(source("crates/x/tests/a.rs").trim(), "");
        assert_eq!(source("crates/x/src/codec/tests.rs").trim(), "");
    }
}
