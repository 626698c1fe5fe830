//! What the sources of a pure crate must not hold.

use crate::report::Finding;
use crate::source::{Source, closing, line_of, words};

/// A name that is fenced off, and why.
struct Ban {
    name: &'static str,
    why: &'static str,
}

const fn ban(name: &'static str, why: &'static str) -> Ban {
    Ban { name, why }
}

const NO_IO: &str = "a pure crate does no I/O: its driver does, and hands it the results";
const NO_CLOCK: &str = "a pure crate has no clock: the time comes in as `Now`";
const NO_THREAD: &str = "a pure crate has no threads: its owner drives it";
const NO_HASH_ORDER: &str = "iteration in hash order differs from run to run: use BTreeMap or BTreeSet";
const NO_ASYNC: &str = "machines are driven by handle and poll, on any executor or none";
const NO_RANDOM: &str = "randomness comes in as `Entropy` or a seeded `Prng`, so that a run can be repeated";
const NO_PRINT: &str = "a library does not print: use tracing";

/// Paths in `std` (or `core` and `alloc`, where they have them).
const STD_PATHS: &[Ban] = &[
    ban("net::TcpListener", NO_IO),
    ban("net::TcpStream", NO_IO),
    ban("net::UdpSocket", NO_IO),
    ban("std::net", NO_IO),
    ban("std::fs", NO_IO),
    ban("std::env", NO_IO),
    ban("std::process", NO_IO),
    ban("std::os", NO_IO),
    ban("std::thread", NO_THREAD),
    ban("std::time::Instant", NO_CLOCK),
    ban("std::time::SystemTime", NO_CLOCK),
];

const WORDS: &[Ban] = &[
    ban("HashMap", NO_HASH_ORDER),
    ban("HashSet", NO_HASH_ORDER),
    ban("RandomState", NO_HASH_ORDER),
    ban("async fn", NO_ASYNC),
    ban("async move", NO_ASYNC),
    ban("async {", NO_ASYNC),
    ban(".await", NO_ASYNC),
    ban("rand::", NO_RANDOM),
    ban("getrandom", NO_RANDOM),
    ban("mio::", NO_IO),
    ban("socket2::", NO_IO),
    ban("thread_local!", NO_THREAD),
    ban("println!", NO_PRINT),
    ban("print!", NO_PRINT),
    ban("eprintln!", NO_PRINT),
    ban("eprint!", NO_PRINT),
];

/// What breaks the fence in one file of a pure crate; its tests may do as they like.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let code = &source.production;
    let at = |offset: usize, ban: &Ban| {
        let line = line_of(code, offset);
        Finding::at(&source.path, line, format!("`{}` in a pure crate: {}", ban.name, ban.why))
    };
    let mut findings: Vec<Finding> =
        WORDS.iter().flat_map(|ban| words(code, ban.name).map(|offset| at(offset, ban))).collect();
    for (offset, path) in std_paths(code) {
        let is_below = |ban: &&Ban| path == ban.name || path.starts_with(&format!("{}::", ban.name));
        findings.extend(STD_PATHS.iter().find(is_below).map(|ban| at(offset, ban)));
    }
    findings
}

/// Every path that starts at `std`, with groups in braces spelled out.
fn std_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for offset in words(code, "std::") {
        let rest = code.get(offset + "std::".len()..).unwrap_or_default();
        expand("std", rest, offset, &mut paths);
    }
    paths
}

/// Adds each path that `rest`, which follows `prefix::`, spells.
fn expand(prefix: &str, rest: &str, offset: usize, paths: &mut Vec<(usize, String)>) {
    let trimmed = rest.trim_start();
    if trimmed.starts_with('{') {
        let end = closing(trimmed, 0).unwrap_or(trimmed.len());
        for part in split_top_level(trimmed.get(1..end).unwrap_or_default()) {
            expand(prefix, part, offset, paths);
        }
        return;
    }
    let length = trimmed.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(trimmed.len());
    let (name, after) = trimmed.split_at(length);
    let path = format!("{prefix}::{name}");
    match after.strip_prefix("::") {
        Some(after) => expand(&path, after, offset, paths),
        None => paths.push((offset, path)),
    }
}

/// Splits at the commas that are in no inner group.
fn split_top_level(group: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(group.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(group.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&Source::new("crates/x/src/a.rs".into(), text.into())).iter().map(|f| f.line).collect()
    }

    #[test]
    fn each_way_out_is_caught() {
        for bad in [
            "use std::net::TcpStream;",
            "use std::{fmt, net};",
            "use std::{fmt, collections::{BTreeMap, HashMap}};",
            "fn f() { std::thread::sleep(d) }",
            "use std::time::{Duration, Instant};",
            "let t = std::time::SystemTime::now();",
            "use std::fs;",
            "use std::{\n    fs::File,\n};",
            "let m: HashMap<u8, u8>;",
            "use std::collections::HashSet as Set;",
            "async fn f() {}",
            "let f = async { 1 };",
            "let n = rand::random();",
            "getrandom::fill(&mut b);",
            "use mio::Poll;",
            "println!(\"x\");",
            "eprintln!(\"x\");",
        ] {
            assert_eq!(lines(&format!("//! Doc.\n{bad}")).first(), Some(&2), "{bad}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_let_through() {
        for good in [
            "use std::time::Duration;",
            "use std::collections::BTreeMap;",
            "use core::net::{IpAddr, SocketAddr};",
            "// HashMap would iterate in hash order",
            "let s = \"println!\";",
            "struct MyHashMapLike;",
            "fn operand() {}",
            "#[cfg(test)]\nmod tests { use std::collections::HashMap; fn f() { println!() } }",
        ] {
            assert_eq!(lines(good), [0usize; 0], "{good}");
        }
    }
}
