//! How a transport bears many pipes: `scale MS_TYPE PIPES PINGS` opens so many to a server in a process of its own, asks one after the
//! other, in turn, and prints one line of JSON: threads, memory and CPU time of both ends, and how long answers took.

use std::collections::{BTreeSet, VecDeque};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use loligo_base::{Mono, Now};
use loligo_msgr::proto::{
    ConId, Config, Endpoint, Envelope, Input, NetCommand, NetEvent, Output, PeerError, Posted,
};
use loligo_msgr::{Authenticate, BindAddr, MsType, NoAuth, Node, NodeOptions, Policy, PolicySet};
use loligo_wire::Tid;
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::MPing;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both ends: a server answers, a client tells.
struct End {
    serves: bool,
    outputs: VecDeque<Output<Told>>,
}

enum Told {
    Connected(ConId),
    Answered,
    Reset,
}

enum Call {
    Connect(ConId, EntityAddrVec),
    Ping(ConId),
}

const fn ping() -> Posted<MPing> {
    Posted { tid: Tid(1), message: MPing }
}

impl Endpoint for End {
    type Msg = ();
    type Call = Call;
    type Done = Told;

    fn decode(_: Envelope) -> Result<(), PeerError> {
        Ok(())
    }

    fn handle(&mut self, _now: Now, input: Input<(), Call>) {
        let output = match input {
            Input::Call(Call::Connect(con, addrs)) => {
                Output::Net(NetCommand::Connect { con, peer: EntityType::OSD, addrs })
            }
            Input::Call(Call::Ping(con)) => Output::Net(NetCommand::Send { con, msg: Box::new(ping()) }),
            Input::Net(NetEvent::AuthWanted { con, request }) => {
                Output::Net(NetCommand::AuthStep { con, step: NoAuth.answer(con, request) })
            }
            Input::Net(NetEvent::Message { con, .. }) if self.serves => {
                Output::Net(NetCommand::Send { con, msg: Box::new(ping()) })
            }
            Input::Net(NetEvent::Message { .. }) => Output::Done(Told::Answered),
            Input::Net(NetEvent::Connected { con, .. }) => Output::Done(Told::Connected(con)),
            Input::Net(NetEvent::Reset { .. }) if !self.serves => Output::Done(Told::Reset),
            Input::Net(_) | Input::Timeout | Input::Stopped => return,
        };
        self.outputs.push_back(output);
    }

    fn poll(&mut self) -> Option<Output<Told>> {
        self.outputs.pop_front()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

fn options(ms_type: MsType, serves: bool) -> NodeOptions {
    let (name, policy) = if serves {
        (EntityName::osd(0), Policy::stateless_server())
    } else {
        (EntityName::client(0), Policy::lossy_client())
    };
    let mut config = Config::new(name, PolicySet::new(policy));
    // All come from one host, at once.
    config.limits.half_open_per_host = usize::MAX;
    config.limits.half_open = usize::MAX;
    NodeOptions { nonce: Some(0), ms_type, ..NodeOptions::new(config) }
}

fn serve(ms_type: MsType) -> Result<(), Box<dyn Error>> {
    let end = End { serves: true, outputs: VecDeque::new() };
    let node = Node::start(end, options(ms_type, true), |_| {})?;
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    println!("{}", node.bind(BindAddr::at(any).v2())?.port());
    // Until who started it is gone.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Threads, resident KiB and seconds of CPU of a process.
fn cost(pid: &str) -> Result<(u64, u64, f64), Box<dyn Error>> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let number = |name: &str| -> Result<u64, Box<dyn Error>> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        Ok(line.split_whitespace().next().ok_or("an empty line")?.parse()?)
    };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(") ").next().ok_or("no stat")?.split(' ').collect();
    let ticks =
        |at: usize| -> Result<f64, Box<dyn Error>> { Ok(fields.get(at).ok_or("short stat")?.parse()?) };
    Ok((number("Threads:")?, number("VmRSS:")?, (ticks(11)? + ticks(12)?) / 100.0))
}

fn measure(ms_type: MsType, pipes: u64, pings: u64) -> Result<(), Box<dyn Error>> {
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", ms_type.name()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let result = call(ms_type, pipes, pings, &mut server);
    drop(server.stdin.take());
    server.wait()?;
    result
}

fn call(
    ms_type: MsType,
    pipes: u64,
    pings: u64,
    server: &mut std::process::Child,
) -> Result<(), Box<dyn Error>> {
    let mut port = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut port)?;
    let addr = SocketAddr::from(([127, 0, 0, 1], port.trim().parse()?));
    let addr = EntityAddr::new(AddrType::MSGR2, addr, 0);
    let (tell, told) = mpsc::channel();
    let end = End { serves: false, outputs: VecDeque::new() };
    let node = Node::start(end, options(ms_type, false), move |what| {
        let _ = tell.send(what);
    })?;
    let mut waiting = BTreeSet::new();
    let began = Instant::now();
    for n in 0..pipes {
        let con = ConId::opened(n);
        waiting.insert(con);
        node.call(Call::Connect(con, addr.into()));
        // As many calls at once as a listener takes.
        while waiting.len() >= 64 || (n + 1 == pipes && !waiting.is_empty()) {
            match told.recv_timeout(PATIENCE)? {
                Told::Connected(con) => waiting.remove(&con),
                _ => return Err("a connection died".into()),
            };
        }
    }
    let opened = began.elapsed();
    let pid = server.id().to_string();
    let (before, theirs_before) = (cost("self")?, cost(&pid)?);
    let mut times = Vec::new();
    for n in 0..pings {
        let sent = Instant::now();
        node.call(Call::Ping(ConId::opened(n % pipes)));
        match told.recv_timeout(PATIENCE)? {
            Told::Answered => times.push(sent.elapsed()),
            _ => return Err("a connection died".into()),
        }
    }
    times.sort_unstable();
    let (ours, theirs) = (cost("self")?, cost(&pid)?);
    let micros = |part: u64| {
        let at = usize::try_from(pings * part / 100).unwrap_or(0).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    println!(
        "{{\"ms_type\":\"{}\",\"pipes\":{pipes},\"open_ms\":{},\"client_threads\":{},\"server_threads\":{},\
         \"client_kib\":{},\"server_kib\":{},\"client_cpu_us\":{:.1},\"server_cpu_us\":{:.1},\"p50_us\":{:.1},\"p99_us\":{:.1}}}",
        ms_type.name(),
        opened.as_millis(),
        ours.0,
        theirs.0,
        ours.1,
        theirs.1,
        (ours.2 - before.2) * 1e6 / pings as f64,
        (theirs.2 - theirs_before.2) * 1e6 / pings as f64,
        micros(50),
        micros(99),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", ms_type] => serve(ms_type.parse()?),
        [ms_type, pipes, pings] => measure(ms_type.parse()?, pipes.parse()?, pings.parse()?),
        _ => Err("scale MS_TYPE PIPES PINGS".into()),
    }
}
