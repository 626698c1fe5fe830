//! One run of `ceph` that takes commands as they come.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::cluster::Cluster;

/// One command takes at most this long.
const DEADLINE: Duration = Duration::from_secs(120);

/// A command whose answer cannot be that of another one: by it the end of the one before is known.
const MARK: &str = "fsid";
const MARKED: &str = "{\"fsid\":";

/// A running `ceph`. A start of it takes half a second of a processor, a command to one that runs next to nothing.
pub(crate) struct Shell {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Vec<u8>>,
}

/// What `ceph` said to a command.
pub(crate) struct Answer {
    /// All lines.
    pub(crate) text: String,
    /// Why the command was refused, if it was.
    pub(crate) refusal: Option<String>,
}

impl Shell {
    /// Starts it for a cluster; answers that have a form are in JSON.
    pub(crate) fn open(cluster: &Cluster) -> Result<Shell> {
        Shell::start(&cluster.bin, &cluster.conf())
    }

    fn start(bin: &Path, conf: &Path) -> Result<Shell> {
        let (output, input) = std::io::pipe()?;
        let mut command = Command::new(bin.join("ceph"));
        command.arg("--conf").arg(conf).args(["--format", "json", "--connect-timeout", "50"]);
        command.env("PYTHONUNBUFFERED", "1").stdin(Stdio::piped()).stdout(input.try_clone()?).stderr(input);
        let mut child = command.spawn().context("cannot start ceph")?;
        // The command holds the write ends of the pipe, which must close with the child.
        drop(command);
        let stdin = child.stdin.take().context("ceph has no standard input")?;
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Shell { child, stdin, lines })
    }

    /// Gives a command in words, and waits for its answer.
    pub(crate) fn say(&mut self, words: &str) -> Result<Answer> {
        writeln!(self.stdin, "{words}\n{MARK}").with_context(|| format!("ceph has ended before {words}"))?;
        let end = Instant::now() + DEADLINE;
        let mut answer = Answer { text: String::new(), refusal: None };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                bail!("no answer to `{words}`; it said: {}", answer.text);
            };
            for line in String::from_utf8_lossy(&answer_line(&String::from_utf8_lossy(&line))).lines() {
                if line.starts_with(MARKED) {
                    return Ok(answer);
                }
                if line.starts_with("Error E") {
                    answer.refusal = Some(line.to_owned());
                }
                answer.text.push_str(line);
                answer.text.push('\n');
            }
        }
    }

    /// The answer to a question.
    pub(crate) fn ask(&mut self, words: &str) -> Result<Value> {
        let answer = self.say(words)?;
        let json = answer.text.lines().find(|line| line.starts_with(['{', '[']));
        let json = json.with_context(|| format!("`{words}` gave no JSON: {}", answer.text))?;
        serde_json::from_str(json).with_context(|| format!("cannot read the answer to `{words}`"))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of a `ceph` that reads its commands, without what it puts around: a prompt, and in Nautilus the quotes and escapes
/// that Python shows bytes with.
pub(crate) fn answer_line(line: &str) -> Vec<u8> {
    let line = line.trim_start_matches("ceph> ");
    let mut bytes = match line.strip_prefix("b'").and_then(|line| line.strip_suffix('\'')) {
        Some(shown) => unescaped(shown),
        None => line.as_bytes().to_vec(),
    };
    bytes.push(b'\n');
    bytes
}

/// The bytes of which Python shows this.
fn unescaped(shown: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = shown;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let hex = escape.strip_prefix('x').and_then(|hex| hex.split_at_checked(2));
        let byte = hex.and_then(|(hex, after)| Some((u8::from_str_radix(hex, 16).ok()?, after)));
        rest = match byte {
            Some((byte, after)) => {
                bytes.push(byte);
                after
            }
            None => {
                let mut chars = escape.chars();
                bytes.extend(chars.next().into_iter().flat_map(|c| match c {
                    'n' => b"\n".to_vec(),
                    other => other.to_string().into_bytes(),
                }));
                chars.as_str()
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_prompt_and_python_put_around_an_answer_is_taken_off() {
        assert_eq!(answer_line("ceph> {}"), b"{}\n");
        assert_eq!(answer_line("{\"a\":\"ü\"}"), "{\"a\":\"ü\"}\n".as_bytes());
        assert_eq!(answer_line(r#"b'{"a":"\xc3\xbc\\\'"}'"#), "{\"a\":\"ü\\'\"}\n".as_bytes());
        assert_eq!(answer_line(r"b'\n{}'"), b"\n{}\n");
    }
}
