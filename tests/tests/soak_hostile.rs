//! A messenger among strangers who mean it no good: calls that never say anything, calls that say nonsense, and no free file
//! descriptors. What is established goes on, and what the strangers cost comes back.
//!
//! The strangers are processes of their own (this program, started again), so that what is measured is the messenger's.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on must fail")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loligo_base::Prng;
use loligo_msgr::proto::{Config, Envelope, Fault, Posted};
use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
use loligo_wire::Tid;
use loligo_wire::entity::{EntityAddr, EntityName, EntityType};
use loligo_wire::message::{MPing, Message};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// Which stranger this process is to be.
const ROLE: &str = "LOLIGO_STRANGER";
/// How many calls say nothing.
const SILENT: u64 = 10_000;
/// How many calls a second say nonsense, and for how long.
const NONSENSE: (u64, Duration) = (1_000, Duration::from_secs(60));
/// A ping that takes longer than that was held up by strangers.
const HELD_UP: Duration = Duration::from_secs(2);

#[test]
#[ignore = "minutes long: cargo xtask soak hostile"]
fn established_traffic_goes_on_among_strangers() {
    let server = Messenger::create(server_options(), NoAuth).unwrap();
    server.add_dispatcher_tail(Arc::new(Pong));
    let v1 = server.bind(loopback()).unwrap();
    let v2 = server.bind(loopback().v2()).unwrap();
    let pings = [Pings::start(v1), Pings::start(v2)];
    let quiet = Usage::now();
    println!("before: {quiet:?}");

    let mut after_silence = Vec::new();
    for wave in 1..=2 {
        let strangers = [Stranger::start("silent", v1), Stranger::start("silent", v2)];
        strangers.into_iter().for_each(Stranger::wait);
        after_silence.push(settled(&quiet));
        println!("silent callers, wave {wave}: {:?}, pings {:?}", after_silence.last(), longest(&pings));
    }
    let strangers = [Stranger::start("nonsense", v1), Stranger::start("nonsense", v2)];
    strangers.into_iter().for_each(Stranger::wait);
    let after_nonsense = settled(&quiet);
    println!("nonsense: {after_nonsense:?}, pings {:?}", longest(&pings));

    without_files(v2);
    println!("no files: {:?}, pings {:?}", settled(&quiet), longest(&pings));

    // Once it has been paid for, no more memory is taken by more of the same.
    let grown = after_nonsense.rss_kib.saturating_sub(after_silence[0].rss_kib);
    assert!(grown < 16 << 10, "{grown} KiB more were left after the second and third wave");
    for ping in pings {
        let (count, longest) = ping.finish();
        println!("{count} pings, the longest took {longest:?}");
        assert!(longest < HELD_UP, "{longest:?}");
    }
}

/// All file descriptors are taken while strangers call: nobody is let in, and everything goes on when there are some again.
fn without_files(addr: EntityAddr) {
    let limit = getrlimit(Resource::Nofile);
    let few = Some(Usage::now().files + 8);
    setrlimit(Resource::Nofile, Rlimit { current: few, maximum: limit.maximum }).unwrap();
    let callers: Vec<_> = (0..200).filter_map(|n| call(n, addr.socket_addr()?).ok()).collect();
    thread::sleep(Duration::from_secs(3));
    setrlimit(Resource::Nofile, limit).unwrap();
    drop(callers);
    let mut greeting = [0; 8];
    let mut caller = TcpStream::connect(addr.socket_addr().unwrap()).unwrap();
    caller.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    caller.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"ceph v2\n");
}

/// A stranger, where this process was started to be one.
#[test]
#[ignore = "started by the other test"]
fn stranger() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (role, addr) = role.split_once(' ').unwrap();
    let addr: SocketAddr = addr.parse().unwrap();
    match role {
        "silent" => silent(addr),
        _ => nonsense(addr),
    }
}

/// Calls and says nothing, or no more than a banner, until the server is tired of it.
fn silent(addr: SocketAddr) {
    let callers: Vec<_> = (0..SILENT / 2).filter_map(|n| call(n, addr).ok()).collect();
    for caller in callers.iter().step_by(3) {
        let _ = (&*caller).write_all(b"ceph v027");
    }
    println!("{} callers are in", callers.len());
    let started = Instant::now();
    for mut caller in callers {
        caller.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        let _ = caller.read_to_end(&mut rest);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(25), "the last one was hung up on after {took:?}");
}

/// Calls and says whatever comes to mind.
fn nonsense(addr: SocketAddr) {
    let (rate, time) = NONSENSE;
    let mut prng = Prng::new(u64::from(addr.port()));
    let started = Instant::now();
    let (mut calls, mut failed) = (0, 0_u64);
    while started.elapsed() < time {
        match call(calls, addr) {
            Ok(mut caller) => drop(caller.write_all(&rubbish(&mut prng))),
            Err(_) => failed += 1,
        }
        calls += 1;
        let due = Duration::from_secs(1) * u32::try_from(calls).unwrap() / u32::try_from(rate / 2).unwrap();
        thread::sleep(due.saturating_sub(started.elapsed()));
    }
    println!("{calls} calls, {failed} of which did not come through");
    assert!(failed * 10 < calls);
}

/// Bytes that begin like a greeting, or do not.
fn rubbish(prng: &mut Prng) -> Vec<u8> {
    let starts: [&[u8]; 5] = [b"", b"ceph v027", b"ceph v2\n\x10\x00", b"GET / HTTP/1.1\r\n", b"ceph"];
    let mut bytes = starts[prng.index(starts.len()).unwrap()].to_vec();
    let length = prng.below(2_000);
    bytes.extend((0..length).map(|_| prng.next_u64().to_le_bytes()[0]));
    bytes
}

/// A call from one of many addresses, as from many hosts.
fn call(n: u64, addr: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let [_, _, high, low] = u32::try_from(n % 200 + 2).unwrap().to_be_bytes();
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 1, high, low), 0)).into())?;
    socket.connect_timeout(&addr.into(), Duration::from_secs(5))?;
    Ok(socket.into())
}

struct Stranger(Child);

impl Stranger {
    fn start(role: &str, addr: EntityAddr) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "stranger", "--nocapture"]).stdin(Stdio::null());
        Self(command.env(ROLE, format!("{role} {}", addr.socket_addr().unwrap())).spawn().unwrap())
    }

    fn wait(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

/// What this process holds.
#[derive(Clone, Copy, Debug)]
struct Usage {
    files: u64,
    rss_kib: u64,
}

impl Usage {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let rss_kib = rss.trim().trim_end_matches(" kB").parse().unwrap();
        Self { files: std::fs::read_dir("/proc/self/fd").unwrap().count() as u64, rss_kib }
    }
}

/// What is held when all strangers are gone: as many files as before.
fn settled(quiet: &Usage) -> Usage {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let now = Usage::now();
        if now.files <= quiet.files {
            return now;
        }
        assert!(Instant::now() < deadline, "{} files are left, {} were there before", now.files, quiet.files);
        thread::sleep(Duration::from_millis(100));
    }
}

fn loopback() -> BindAddr {
    BindAddr { ip: Some(Ipv4Addr::LOCALHOST.into()), ..BindAddr::default() }
}

fn server_options() -> NodeOptions {
    NodeOptions::new(Config::new(EntityName::osd(0), PolicySet::new(Policy::stateless_server())))
}

/// Answers pings.
struct Pong;

impl Dispatcher for Pong {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        if message.header.message_type == MPing::TYPE {
            con.send_message(Posted { tid: message.header.tid, message: MPing });
        }
        true
    }
}

/// Tells which ping is answered, and of resets.
struct Told {
    tell: Mutex<mpsc::Sender<Tid>>,
    reset: AtomicBool,
}

impl Dispatcher for Told {
    fn ms_dispatch(&self, _: &Connection, message: &Envelope) -> bool {
        self.tell.lock().unwrap().send(message.header.tid).is_ok()
    }

    fn ms_handle_reset(&self, _: &Connection, why: &Fault) -> bool {
        println!("reset: {why}");
        self.reset.store(true, Ordering::SeqCst);
        true
    }
}

/// A connection that was there before the strangers, on which one ping after the other is answered.
struct Pings {
    stop: Arc<AtomicBool>,
    longest: Arc<AtomicU64>,
    thread: JoinHandle<u64>,
}

impl Pings {
    fn start(addr: EntityAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let longest = Arc::new(AtomicU64::new(0));
        let client = Messenger::create(NodeOptions::client(), NoAuth).unwrap();
        let (tell, told) = mpsc::channel();
        let watcher = Arc::new(Told { tell: Mutex::new(tell), reset: AtomicBool::new(false) });
        client.add_dispatcher_tail(Arc::clone(&watcher) as Arc<dyn Dispatcher>);
        let con = client.connect_to(EntityType::OSD, addr.into());
        let ping = move |n| {
            let began = Instant::now();
            con.send_message(Posted { tid: Tid(n), message: MPing });
            assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok(Tid(n)), "a ping is not answered");
            assert!(!watcher.reset.load(Ordering::SeqCst), "an established connection was reset");
            began.elapsed()
        };
        ping(1);
        let (over, most) = (Arc::clone(&stop), Arc::clone(&longest));
        let thread = thread::spawn(move || {
            let _client = client;
            let mut count = 1;
            while !over.load(Ordering::SeqCst) {
                count += 1;
                let took = u64::try_from(ping(count).as_micros()).unwrap();
                most.fetch_max(took, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
            }
            count
        });
        Self { stop, longest, thread }
    }

    fn longest(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::SeqCst))
    }

    fn finish(self) -> (u64, Duration) {
        self.stop.store(true, Ordering::SeqCst);
        let longest = self.longest();
        (self.thread.join().unwrap(), longest)
    }
}

/// How long the slowest ping took until now.
fn longest(pings: &[Pings]) -> Vec<Duration> {
    pings.iter().map(Pings::longest).collect()
}
