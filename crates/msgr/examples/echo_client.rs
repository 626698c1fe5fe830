//! Sends the words of its command line to an `echo_server`: `echo_client 127.0.0.1:7100 WORD...`.

use std::error::Error;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use loligo_msgr::proto::{Envelope, Fault};
use loligo_msgr::{Connection, Dispatcher, Messenger, NoAuth, NodeOptions};
use loligo_wire::entity::{EntityAddr, EntityType};
use loligo_wire::{message::Payload, msgr1::MessageHeader};

/// Tells what comes.
struct Tell(mpsc::Sender<Result<Envelope, Fault>>);

impl Dispatcher for Tell {
    fn ms_dispatch(&self, _: &Connection, message: &Envelope) -> bool {
        self.0.send(Ok(message.clone())).is_ok()
    }

    fn ms_handle_reset(&self, _: &Connection, why: &Fault) -> bool {
        self.0.send(Err(why.clone())).is_ok()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = EntityAddr::msgr2(args.next().ok_or("where to?")?.parse()?, 0);
    let (tell, told) = mpsc::channel();
    let messenger = Messenger::create(NodeOptions::client(), NoAuth)?;
    messenger.add_dispatcher_tail(Arc::new(Tell(tell)));
    let con = messenger.connect_to(EntityType::OSD, addr.into());
    for word in args {
        let header = MessageHeader { message_type: 0x7fff, ..MessageHeader::default() };
        let payload = Payload { version: 1, compat_version: 1, front: word.into(), ..Payload::default() };
        let start = Instant::now();
        con.send_message(Envelope { header, payload });
        let answer = told.recv_timeout(Duration::from_secs(10))??;
        println!("{} after {:?}", String::from_utf8_lossy(&answer.payload.front), start.elapsed());
    }
    Ok(())
}
