//! Sends every message back: `echo_server 127.0.0.1:7100 [async|simple]`. See `echo_client`.

use std::error::Error;
use std::sync::Arc;

use loligo_msgr::proto::{Config, Envelope, Fault, Peer};
use loligo_msgr::{BindAddr, Connection, Dispatcher, Messenger, NoAuth, NodeOptions, Policy, PolicySet};
use loligo_wire::entity::EntityName;

struct Echo;

impl Dispatcher for Echo {
    fn ms_dispatch(&self, con: &Connection, message: &Envelope) -> bool {
        con.send_message(message.clone());
        true
    }

    fn ms_handle_accept(&self, con: &Connection, peer: &Peer) {
        println!("{} is {}", con.id(), peer.name);
    }

    fn ms_handle_reset(&self, con: &Connection, why: &Fault) -> bool {
        println!("{} is gone: {why}", con.id());
        true
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().ok_or("where?")?.parse()?;
    let policies = PolicySet::new(Policy::stateless_server());
    let mut options = NodeOptions::new(Config::new(EntityName::osd(0), policies));
    options.ms_type = args.next().as_deref().unwrap_or("async").parse()?;
    options.nonce = Some(0); // Who knows only IP and port calls this one.
    let messenger = Messenger::create(options, NoAuth)?;
    messenger.add_dispatcher_tail(Arc::new(Echo));
    println!("serving at {}", messenger.bind(BindAddr::at(addr).v2())?);
    loop {
        std::thread::park();
    }
}
