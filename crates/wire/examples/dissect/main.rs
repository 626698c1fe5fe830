//! Prints what is in one direction of a recorded messenger v1 connection, a line for each item:
//!
//! ```text
//! dissect client|server FILE
//! ```
//!
//! FILE holds the bytes that the client or the server sent, from the first: what a packet sniffer calls the stream's
//! payload. `testdata/pacific` has some: `dissect server testdata/pacific/stream-watch-server`.

mod describe;

use std::error::Error;
use std::io::{self, BufWriter, Write as _};

use bytes::Bytes;
use loligo_wire::Decoder;
use loligo_wire::msgr1::{Side, StreamReader};

use crate::describe::describe;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (side, file) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", file] => (Side::Client, file),
        ["server", file] => (Side::Server, file),
        _ => return Err("usage: dissect client|server FILE".into()),
    };
    let stream = Bytes::from(std::fs::read(file)?);
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut reader, mut d) = (StreamReader::new(side), Decoder::of(&stream));
    while !d.is_empty() {
        let offset = stream.len() - d.left();
        match reader.read(&mut d) {
            Ok(item) => writeln!(out, "{offset:8} {}", describe(&item))?,
            Err(error) => {
                out.flush()?;
                return Err(format!("at byte {offset}: {error}").into());
            }
        }
    }
    Ok(out.flush()?)
}
