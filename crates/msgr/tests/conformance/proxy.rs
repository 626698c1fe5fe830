//! A proxy of messenger v1, that can keep back what the server says.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;

use loligo_wire::entity::{AddrType, EntityAddr};

use crate::bed::Bed;
use crate::raw::RawStream;

/// What a proxy keeps of what the server says, once it is told to keep it.
pub(crate) type Kept = Arc<Mutex<Option<Vec<u8>>>>;

/// Passes on what two ends say. When the server has closed, gives the stream on which the client waits for more.
pub(crate) fn proxy(bed: &Bed, server: EntityAddr, kept: Kept) -> (EntityAddr, Receiver<Box<dyn RawStream>>) {
    let (listener, dialler) = (bed.listen(), bed.dialler());
    let own = listener.local_addr();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut client = listener.accept();
        let mut stream = dialler(server.socket_addr().unwrap()).unwrap();
        let (mut from, mut to) = (client.another(), stream.another());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        // The server says where it is: banner, type, nonce, family, and then the port.
        let mut greeting = [0; 21];
        stream.read_exact(&mut greeting).unwrap();
        greeting[19..].copy_from_slice(&own.port().to_be_bytes());
        client.write_all(&greeting).unwrap();
        let mut room = [0; 4_096];
        loop {
            let n = stream.read(&mut room).unwrap();
            match &mut *kept.lock().unwrap() {
                _ if n == 0 => break,
                Some(kept) => kept.extend_from_slice(&room[..n]),
                None => client.write_all(&room[..n]).unwrap(),
            }
        }
        drop(tell.send(client));
    });
    (EntityAddr::new(AddrType::ANY, own, server.nonce), told)
}
