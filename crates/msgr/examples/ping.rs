//! Asks a monitor how it is, without logging in: `ping 10.0.0.1:6789`.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use loligo_base::{Mono, Now};
use loligo_msgr::proto::{
    ConId, Endpoint, Envelope, Fault, Input, NetCommand, NetEvent, Output, PeerError, Posted,
};
use loligo_msgr::{Node, NodeOptions};
use loligo_wire::Tid;
use loligo_wire::entity::{AddrType, EntityAddr, EntityAddrVec, EntityType};
use loligo_wire::message::{MPing, msg_type};

const CON: ConId = ConId::opened(0);

/// Asks one question of one monitor.
#[derive(Default)]
struct Asker {
    outputs: Vec<Output<Result<MPing, Fault>>>,
}

impl Endpoint for Asker {
    type Msg = Option<MPing>;
    type Call = EntityAddrVec;
    type Done = Result<MPing, Fault>;

    fn decode(envelope: Envelope) -> Result<Self::Msg, PeerError> {
        match envelope.header.message_type {
            msg_type::PING => envelope.decode().map(Some),
            _ => Ok(None),
        }
    }

    fn handle(&mut self, _now: Now, input: Input<Self::Msg, EntityAddrVec>) {
        let output = match input {
            Input::Call(addrs) => Output::Net(NetCommand::Connect { con: CON, peer: EntityType::MON, addrs }),
            Input::Net(NetEvent::Connected { con, peer }) => {
                println!("connected to {peer:?}");
                let msg = Box::new(Posted { tid: Tid(0), message: MPing });
                Output::Net(NetCommand::Send { con, msg })
            }
            Input::Net(NetEvent::Message { msg: Some(answer), .. }) => Output::Done(Ok(answer)),
            Input::Net(NetEvent::Reset { why, .. }) => Output::Done(Err(why)),
            _ => return,
        };
        self.outputs.push(output);
    }

    fn poll(&mut self) -> Option<Output<Self::Done>> {
        self.outputs.pop()
    }

    fn next_timeout(&self) -> Option<Mono> {
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = std::env::args().nth(1).ok_or("where is the monitor?")?.parse()?;
    let (done, answers) = mpsc::channel();
    let node = Node::start(Asker::default(), NodeOptions::client(), move |answer| {
        // Nobody listens any more when the time is over.
        let _ = done.send(answer);
    })?;
    node.call(EntityAddrVec(vec![EntityAddr::new(AddrType::ANY, addr, 0)]));
    let answer = answers.recv_timeout(Duration::from_secs(10))??;
    println!("{answer:?}");
    println!("we are {:?}", node.my_addrs());
    Ok(())
}
