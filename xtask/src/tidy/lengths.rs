//! Lengths of files and functions.

use super::limits::Limits;
use crate::report::Finding;
use crate::source::{Source, closing, line_of, words};
use crate::workspace;

/// An exception this much above its file is loose, and fails.
const SLACK_LINES: usize = 25;

/// What is longer than it may be, and what exceptions are looser than they need be.
pub(crate) fn check(limits: &Limits, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut exceptions = limits.exceptions();
    for source in sources {
        let exception = exceptions.remove(workspace::below_root(&source.path).as_str());
        findings.extend(check_file(limits, exception, source));
        findings.extend(check_functions(limits, source));
    }
    for file in exceptions.keys() {
        findings.push(Finding::of(*file, "has an exception in xtask/tidy.toml but is not there"));
    }
    for file in limits.unexplained() {
        findings.push(Finding::of(file, "has an exception without a reason in xtask/tidy.toml"));
    }
    findings
}

/// The lines of a file that count: those outside test modules, or all of a file of tests.
pub(crate) fn lines_of_file(source: &Source) -> usize {
    if is_only_tests(source) {
        return source.text.lines().count();
    }
    let is_code = |line: &str| !line.trim().is_empty();
    let blanked = source
        .code
        .lines()
        .zip(source.production.lines())
        .filter(|(code, production)| is_code(code) && !is_code(production))
        .count();
    source.text.lines().count() - blanked
}

fn is_only_tests(source: &Source) -> bool {
    source.production.trim().is_empty()
}

fn check_file(limits: &Limits, exception: Option<usize>, source: &Source) -> Option<Finding> {
    let lines = lines_of_file(source);
    let usual = if is_only_tests(source) { limits.test_file_lines } else { limits.file_lines };
    let limit = exception.unwrap_or(usual).max(usual);
    if lines > limit {
        let what = format!("{lines} lines where {limit} are allowed: split it by concern");
        return Some(Finding::at(&source.path, 0, what));
    }
    let is_loose = exception.is_some_and(|limit| lines <= usual || lines + SLACK_LINES < limit);
    is_loose.then(|| {
        let what = format!("{lines} lines, so its exception can be tighter: cargo xtask tidy --tighten");
        Finding::at(&source.path, 0, what)
    })
}

fn check_functions(limits: &Limits, source: &Source) -> Vec<Finding> {
    functions(&source.production)
        .into_iter()
        .filter(|function| function.lines > limits.function_lines)
        .map(|Function { name, line, lines }| {
            let limit = limits.function_lines;
            let what = format!("`{name}` has {lines} lines where {limit} are allowed: name its parts");
            Finding::at(&source.path, line, what)
        })
        .collect()
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

/// Every function with a body.
fn functions(code: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for start in words(code, "fn ") {
        let rest = code.get(start + 3..).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        if let (false, Some(end)) = (name.is_empty(), body_end(code, start)) {
            let line = line_of(code, start);
            found.push(Function { name, line, lines: line_of(code, end) - line + 1 });
        }
    }
    found
}

/// Where the body of the function at `start` ends; none for a declaration.
fn body_end(code: &str, start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        match code.as_bytes().get(at)? {
            b';' => return None,
            b'{' => return closing(code, at),
            b'(' | b'[' => at = closing(code, at)? + 1,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(lines: usize) -> Source {
        Source::new(workspace::root().join("crates/x/src/a.rs"), "fn a() {}\n".repeat(lines))
    }

    fn whats(limits: &Limits, source: Source) -> Vec<String> {
        check(limits, &[source]).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_long_file_is_caught_and_its_tests_do_not_count() {
        let limits = Limits::of(5, 70, &[]);
        assert!(whats(&limits, source(5)).is_empty());
        assert!(whats(&limits, source(6))[0].starts_with("6 lines where 5"));
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn a() {}\n    fn b() {}\n}\n";
        let tested = Source::new(workspace::root().join("crates/x/src/a.rs"), text.into());
        assert!(whats(&limits, tested).is_empty());
    }

    #[test]
    fn an_exception_holds_and_must_stay_tight() {
        let limits = Limits::of(5, 70, &[("crates/x/src/a.rs", 50)]);
        assert!(whats(&limits, source(50)).is_empty());
        assert!(whats(&limits, source(51))[0].starts_with("51 lines where 50"));
        assert!(whats(&limits, source(24))[0].contains("can be tighter"));
        assert!(whats(&limits, source(5))[0].contains("can be tighter"));
        let gone = check(&limits, &[]);
        assert!(gone[0].what.contains("is not there"));
    }

    #[test]
    fn a_long_function_is_caught_with_its_name_and_line() {
        let text = "trait T {\n    fn declared(&self, x: [u8; 4]);\n}\nfn long(x: [u8; 4]) {\n\n\n}\nfn short() {}\n";
        let source = Source::new("crates/x/src/a.rs".into(), text.into());
        let findings = check_functions(&Limits::of(500, 3, &[]), &source);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 4);
        assert!(findings[0].what.starts_with("`long` has 4 lines"), "{}", findings[0].what);
    }
}
