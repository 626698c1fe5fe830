//! Files that are read as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::fail::Fail;

/// The most bytes of a file or of standard input. Maps of the largest clusters have some 100 MiB.
const LIMIT: u64 = 1 << 30;

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Fail> {
    let read = || {
        let file = File::open(path)?;
        if file.metadata()?.len() > LIMIT {
            return Err(too_large(LIMIT));
        }
        read_up_to(file, LIMIT)
    };
    read().map_err(|why| Fail::file(path, why))
}

/// Reads a file, or standard input where it is called `-`.
pub(crate) fn read_or_stdin(path: &Path) -> Result<Vec<u8>, Fail> {
    if path == Path::new("-") {
        return read_up_to(io::stdin().lock(), LIMIT).map_err(|why| Fail::file(path, why));
    }
    read(path)
}

/// Not all files know beforehand how long they are.
fn read_up_to(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = input.take(limit + 1).read_to_end(&mut bytes)?;
    if read as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_refused() {
        assert_eq!(read_up_to(io::repeat(0).take(10), 10).unwrap().len(), 10);
        let error = read_up_to(io::repeat(0), 10).unwrap_err();
        assert_eq!(error.to_string(), "more than 10 bytes");
    }
}
