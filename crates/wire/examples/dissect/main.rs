//! Prints what is in one direction of a recorded messenger v1 connection, a line for each item:
//!
//! ```text
//! dissect client|server FILE
//! ```
//!
//! FILE holds the bytes that the client or the server sent, from the first: what a packet sniffer calls the stream's
//! payload. `testdata/pacific` has some: `dissect server testdata/pacific/stream-watch-server`.

mod describe;
mod stream;

use std::error::Error;
use std::io::{self, BufWriter, Write as _};

use bytes::Bytes;

use crate::describe::describe;
use crate::stream::{Reader, Side};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (side, file) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", file] => (Side::Client, file),
        ["server", file] => (Side::Server, file),
        _ => return Err("usage: dissect client|server FILE".into()),
    };
    let stream = Bytes::from(std::fs::read(file)?);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut reader = Reader::new(&stream, side);
    loop {
        let offset = stream.len() - reader.left();
        match reader.read() {
            Ok(Some(item)) => writeln!(out, "{offset:8} {}", describe(&item))?,
            Ok(None) => break,
            Err(error) => {
                out.flush()?;
                return Err(format!("at byte {offset}: {error}").into());
            }
        }
    }
    Ok(out.flush()?)
}
