//! An echo server and a client that measures it, on Ceph's messenger v1.
//!
//! `echo serve 127.0.0.1:7100`, then `echo call 127.0.0.1:7100 DEPTH SIZE SECONDS`: keeps DEPTH messages with SIZE
//! bytes of data under way, and prints how many came back, and what CPU time each one took.

use std::collections::VecDeque;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use bytes::Bytes;
use loligo_base::{Mono, Now};
use loligo_msgr::proto::{
    ConId, Config, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Outgoing, Output, PeerError,
};
use loligo_msgr::{Authenticate, BindAddr, NoAuth, Node, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityName, EntityType};
use loligo_wire::message::Payload;
use loligo_wire::msgr1::priority;
use loligo_wire::{BufferList, Features, Tid};

/// A message of our own, that is nothing but bytes. Messages of Ceph are in `loligo_wire::message`.
#[derive(Debug)]
struct Note(BufferList);

impl Outgoing for Note {
    fn message_type(&self) -> u16 {
        0x7fff
    }

    fn tid(&self) -> Tid {
        Tid(0)
    }

    fn priority(&self) -> u16 {
        priority::DEFAULT
    }

    fn encode(&self, _features: Features) -> Payload {
        Payload { version: 1, compat_version: 1, data: self.0.clone(), ..Payload::default() }
    }
}

/// Both ends: a server sends everything back, a client tells what comes back.
struct Echo {
    serves: bool,
    outputs: VecDeque<Output<Told>>,
}

/// What the client is told.
enum Told {
    Connected,
    Answer,
    Reset(Fault),
}

/// What the client asks for.
enum Call {
    Connect(EntityAddrVec),
    Send(Bytes),
}

/// The one connection of the client.
const CON: ConId = ConId::opened(0);

impl Endpoint for Echo {
    type Msg = Note;
    type Call = Call;
    type Done = Told;

    fn decode(envelope: Envelope) -> Result<Note, PeerError> {
        Ok(Note(envelope.payload.data))
    }

    fn handle(&mut self, _now: Now, input: Input<Note, Call>) {
        let output = match input {
            Input::Call(Call::Connect(addrs)) => {
                Output::Net(NetCommand::Connect { con: CON, peer: EntityType::OSD, addrs })
            }
            Input::Call(Call::Send(data)) => {
                Output::Net(NetCommand::Send { con: CON, msg: Box::new(Note(data.into())) })
            }
            Input::Net(NetEvent::AuthWanted { con, request }) => {
                Output::Net(NetCommand::AuthStep { con, step: NoAuth.answer(con, request) })
            }
            Input::Net(NetEvent::Message { con, msg, .. }) if self.serves => {
                Output::Net(NetCommand::Send { con, msg: Box::new(msg) })
            }
            Input::Net(NetEvent::Message { .. }) => Output::Done(Told::Answer),
            Input::Net(NetEvent::Connected { .. }) => Output::Done(Told::Connected),
            Input::Net(NetEvent::Reset { why, .. }) if !self.serves => Output::Done(Told::Reset(why)),
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

fn serve(addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    let policies = PolicySet::new(Policy::stateless_server());
    let mut options = NodeOptions::new(Config::new(EntityName::osd(0), policies));
    // Callers that know only IP and port say nonce 0, like those of a monitor.
    options.nonce = Some(0);
    let node = Node::start(Echo { serves: true, outputs: VecDeque::new() }, options, |_| {})?;
    println!("serving at {:?}", node.bind(BindAddr::at(addr))?);
    loop {
        std::thread::park();
    }
}

fn next(told: &Receiver<Told>) -> Result<(), Box<dyn Error>> {
    match told.recv_timeout(Duration::from_secs(10))? {
        Told::Connected | Told::Answer => Ok(()),
        Told::Reset(why) => Err(why.into()),
    }
}

fn call(addr: SocketAddr, depth: usize, size: usize, time: Duration) -> Result<(), Box<dyn Error>> {
    let (tell, told) = mpsc::channel();
    let echo = Echo { serves: false, outputs: VecDeque::new() };
    let node = Node::start(echo, NodeOptions::client(), move |answer| {
        // Nobody listens any more when the time is over.
        let _ = tell.send(answer);
    })?;
    node.call(Call::Connect(EntityAddrVec::from(EntityAddr::new(AddrType::ANY, addr, 0))));
    next(&told)?;
    let data = Bytes::from(vec![1; size]);
    for _ in 0..depth {
        node.call(Call::Send(data.clone()));
    }
    let (start, cpu, mut count) = (Instant::now(), cpu_seconds()?, 0_u32);
    while start.elapsed() < time {
        next(&told)?;
        node.call(Call::Send(data.clone()));
        count += 1;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    let micros = (cpu_seconds()? - cpu) * 1e6 / f64::from(count);
    println!("{count} messages, {rate:.0} a second, {micros:.1} µs of CPU each");
    Ok(())
}

/// The CPU time of this process so far, user and system, as Linux counts it: in hundredths of a second.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(") ").next().ok_or("no stat")?;
    let fields: Vec<&str> = behind_name.split(' ').collect();
    let ticks =
        |at: usize| fields.get(at).ok_or("short stat")?.parse::<f64>().map_err(Box::<dyn Error>::from);
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", addr] => serve(addr.parse()?),
        ["call", addr, depth, size, seconds] => {
            call(addr.parse()?, depth.parse()?, size.parse()?, Duration::from_secs(seconds.parse()?))
        }
        _ => Err("echo serve ADDR | echo call ADDR DEPTH SIZE SECONDS".into()),
    }
}
