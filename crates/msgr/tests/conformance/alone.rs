//! What is tried in a process of its own, for it counts or uses up what the process has.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::bed::{Bed, PATIENCE, next};
use crate::peers::{Call, Note, Told};

const ALONE: &str = "LOLIGO_TEST_ALONE";

/// Runs one test in a process of its own.
pub(crate) fn run(module: &str, test: &str, body: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return body();
    }
    let module = module.split_once("::").map_or(module, |(_, inner)| inner);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{test}"), "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let ran = text.contains("1 passed");
    assert!(output.status.success() && ran, "{text}{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn calls_are_taken_again_when_there_are_files_again(bed: &Bed) {
    let (_server, addrs) = bed.echo_server();
    let ours = [(); 2].map(|()| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap());
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    let mut files: Vec<_> = (0..64).map_while(|_| File::open("/dev/null").ok()).collect();
    assert!(File::open("/dev/null").is_err());
    // A thread that waits for a call has the descriptor for it already: the second call finds none.
    let [_first, mut stream] = ours.map(|socket| {
        socket.connect(&addrs.front().socket_addr().unwrap().into()).unwrap();
        TcpStream::from(socket)
    });
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut greeting = [0; 9];
    assert!(stream.read_exact(&mut greeting).is_err());

    files.clear();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"ceph v027");
}

fn entries(dir: &str) -> usize {
    fs::read_dir(dir).unwrap().count()
}

/// How many threads and descriptors the process has.
fn counts() -> [usize; 2] {
    [entries("/proc/self/task"), entries("/proc/self/fd")]
}

pub(crate) fn no_thread_and_no_descriptor_is_left(bed: &Bed) {
    let before = counts();
    let (server, addrs) = bed.echo_server();
    let callers: Vec<_> = (0..3).map(|_| bed.connected(&addrs)).collect();
    for (node, told) in &callers {
        node.call(Call::Send(Note::new(1, "", vec![7; 100_000])));
        assert!(matches!(next(told), Told::Answer(_)));
    }
    let busy = counts();
    assert!(busy[0] > before[0] && busy[1] >= before[1] + 3 * bed.files_a_stream(), "{before:?} {busy:?}");
    // One connection ends before its node does.
    callers[0].0.call(Call::MarkDown);
    for (node, _) in &callers {
        node.shutdown();
    }
    server.shutdown();
    drop((server, callers));
    // A thread that was joined is on the system's list a little longer.
    let deadline = Instant::now() + PATIENCE;
    while counts() != before {
        assert!(Instant::now() < deadline, "{before:?} {:?}", counts());
        thread::yield_now();
    }
}
