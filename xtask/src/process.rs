//! Child processes. Each has a deadline, so that no task can hang.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How often a running child is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// What a child left.
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output.
    pub(crate) stdout: Vec<u8>,
    /// Its standard error, as text.
    pub(crate) stderr: String,
}

impl Output {
    /// The standard output as text without surrounding white space.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

/// Runs `command` to its end with `input` on its standard input, whatever its exit status is.
///
/// # Errors
/// If it cannot be started, or if it is still running after `deadline`; it and its children are then killed.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8], deadline: Duration) -> Result<Output> {
    let name = name_of(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    thread::scope(|scope| {
        let out = scope.spawn(move || drain(stdout));
        let err = scope.spawn(move || drain(stderr));
        if let Some(mut stdin) = stdin {
            // A child that ends without reading its input says why on its standard error.
            let _ = stdin.write_all(input);
        }
        let status = wait(&mut child, &name, deadline, kill_group)?;
        let stdout = out.join().unwrap_or_default();
        let stderr = String::from_utf8_lossy(&err.join().unwrap_or_default()).into_owned();
        Ok(Output { status, stdout, stderr })
    })
}

/// Runs `command` to its end; an exit status other than 0 is an error that shows its standard error.
pub(crate) fn run(command: &mut Command, deadline: Duration) -> Result<Output> {
    let name = name_of(command);
    let output = run_with_input(command, b"", deadline)?;
    if output.status.success() {
        return Ok(output);
    }
    let said = if output.stderr.trim().is_empty() { output.text() } else { output.stderr.clone() };
    Err(anyhow!("{name} ended with {}: {}", output.status, last_lines(&said, 15)))
}

/// Runs `command` with both outputs going to `log`; an exit status other than 0 is an error that shows the log's
/// end. For programs that leave daemons behind, which would hold a pipe open.
pub(crate) fn run_logged(command: &mut Command, log: &Path, deadline: Duration) -> Result<()> {
    let name = name_of(command);
    let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
    command.stdin(Stdio::null()).stderr(file.try_clone()?).stdout(file).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let status = wait(&mut child, &name, deadline, kill_group)?;
    if !status.success() {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let said = last_lines(&said, 15);
        bail!(
            "{name} ended with {}",
            if said.is_empty() { with_errno(status) } else { format!("{status}: {said}") }
        );
    }
    Ok(())
}

/// The exit status of who ended without a word, with what it means to a daemon of Ceph's: an errno.
fn with_errno(status: ExitStatus) -> String {
    match status.code() {
        Some(code @ 2..=133) => format!("{status} ({})", std::io::Error::from_raw_os_error(code)),
        _ => status.to_string(),
    }
}

/// Runs `command` with our own terminal; an exit status other than 0 is an error.
///
/// It stays in our process group, so that an interrupt from the terminal ends it with us.
pub(crate) fn run_attached(command: &mut Command, deadline: Duration) -> Result<()> {
    let name = name_of(command);
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {name}"))?;
    let status = wait(&mut child, &name, deadline, |child| kill_tree(child.id()))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// The file that `program` names on PATH.
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    find_in(program, &std::env::var_os("PATH")?)
}

fn find_in(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The last `count` lines of `text`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

fn drain(from: Option<impl Read>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut from) = from {
        // What was read before a fault is still worth showing.
        let _ = from.read_to_end(&mut all);
    }
    all
}

fn wait(child: &mut Child, name: &str, deadline: Duration, kill: impl Fn(&Child)) -> Result<ExitStatus> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= end {
            kill(child);
            child.wait()?;
            bail!("{name} was still running after {} s and has been killed", deadline.as_secs());
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Kills a child that leads its own process group, with all that it started.
fn kill_group(child: &Child) {
    // A group that has just ended by itself is as good as killed.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// Kills a process with all that descend from it.
fn kill_tree(root: u32) {
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        next += 1;
        // Stopped, it starts nothing new while its children are looked up; killed, it would lose them.
        signal(parent, Signal::STOP);
        tree.extend(children_of(parent));
    }
    for process in tree {
        signal(process, Signal::KILL);
    }
}

fn signal(number: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

fn children_of(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_child_past_its_deadline_is_killed() {
        let error = run(&mut sh("exec sleep 60"), Duration::from_millis(50)).err().unwrap();
        assert!(error.to_string().contains("has been killed"), "{error}");
    }

    #[test]
    fn a_daemon_that_ends_without_a_word_is_explained_by_its_errno() {
        let log = std::env::temp_dir().join(format!("loligo-xtask-{}.log", std::process::id()));
        let error = run_logged(&mut sh("exit 28"), &log, Duration::from_secs(20)).err().unwrap().to_string();
        std::fs::remove_file(&log).unwrap();
        assert!(error.contains("exit status: 28 (No space left on device"), "{error}");
    }

    #[test]
    fn an_attached_child_past_its_deadline_is_killed_with_its_children() {
        let mark = format!("{}.25", 1_000_000 + std::process::id());
        let started = format!("sleep {mark} & sleep {mark}");
        assert!(run_attached(&mut sh(&started), Duration::from_millis(300)).is_err());
        // Who is killed is gone a moment later: wait for that, as long as a busy machine may take.
        let end = Instant::now() + Duration::from_secs(20);
        let list = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true";
        while run(&mut sh(list), Duration::from_secs(10)).unwrap().text().contains(&format!("sleep {mark} "))
        {
            assert!(Instant::now() < end, "a child of the child lives on");
        }
    }

    #[test]
    fn a_failure_shows_what_the_child_said() {
        let error = run(&mut sh("echo why >&2; exit 3"), Duration::from_secs(10)).err().unwrap();
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn input_reaches_the_child() {
        let output = run_with_input(&mut sh("cat"), b"abc", Duration::from_secs(10)).unwrap();
        assert_eq!(output.text(), "abc");
    }

    #[test]
    fn only_executable_files_are_found() {
        assert!(find_in("sh", OsStr::new("/nonexistent:/bin")).is_some());
        assert!(find_in("passwd", OsStr::new("/etc")).is_none());
    }

    #[test]
    fn last_lines_of_less_is_all() {
        assert_eq!(last_lines("a\nb\n", 5), "a\nb");
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
    }
}
