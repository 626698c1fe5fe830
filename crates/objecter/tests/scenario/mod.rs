//! Runs scenario files.

mod change;
mod print;
mod world;

use std::fmt::Write;
use std::path::Path;

use world::World;

/// Runs a file; gives what differs. With `UPDATE_SCENARIOS` set it is rewritten instead.
pub(crate) fn run_file(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let got = run(&text);
    if std::env::var_os("UPDATE_SCENARIOS").is_some() {
        std::fs::write(path, &got).unwrap();
        return None;
    }
    let line = text.lines().zip(got.lines()).position(|(wanted, got)| wanted != got);
    (text != got).then(|| {
        let from = line.unwrap_or(0).saturating_sub(5);
        let some: Vec<&str> = got.lines().skip(from).take(20).collect();
        format!("{}: line {} differs; it should read\n{}", path.display(), from + 6, some.join("\n"))
    })
}

/// Runs a text: blocks of commands, `----` and answers, with an empty line between. A line with `#` is a remark; `new`
/// starts with a new Objecter.
fn run(text: &str) -> String {
    let mut world = World::new();
    let mut blocks = Vec::new();
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()) {
        let Some((commands, _)) = block.split_once("\n----") else {
            blocks.push(block.to_owned());
            continue;
        };
        let mut out = format!("{commands}\n----");
        for command in commands.lines().filter(|line| !line.starts_with('#')) {
            for answer in world.run(command) {
                write!(out, "\n{answer}").unwrap();
            }
        }
        blocks.push(out);
    }
    blocks.join("\n\n") + "\n"
}
