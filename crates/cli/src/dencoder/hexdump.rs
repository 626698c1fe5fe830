//! Bytes as `hexdump -C` and Ceph print them.

use std::io::{self, Write};

const ROW: usize = 16;

/// Writes the bytes, and their number at the end; nothing where there are none. Rows like the one before of nothing but one
/// byte are left out.
pub(super) fn write(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut before: Option<u8> = None;
    let mut left_out = false;
    for (place, row) in bytes.chunks(ROW).enumerate() {
        let offset = place * ROW;
        let is_last = offset + ROW >= bytes.len();
        let only = row.first().copied().filter(|first| row.iter().all(|byte| byte == first));
        if !is_last && only.is_some() && only == before {
            if !left_out {
                writeln!(out, "*")?;
            }
            left_out = true;
            continue;
        }
        (before, left_out) = (only, false);
        write_row(out, offset, row)?;
    }
    if bytes.is_empty() { Ok(()) } else { writeln!(out, "{:08x}", bytes.len()) }
}

fn write_row(out: &mut impl Write, offset: usize, row: &[u8]) -> io::Result<()> {
    write!(out, "{offset:08x} ")?;
    for place in 0..ROW {
        let gap = if place == ROW / 2 { " " } else { "" };
        match row.get(place) {
            Some(byte) => write!(out, "{gap} {byte:02x}")?,
            None => write!(out, "{gap}   ")?,
        }
    }
    let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
    writeln!(out, "  |{}|", row.iter().map(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_hexdump() {
        let mut bytes = b"Ceph\x00\x7f ~".to_vec();
        bytes.resize(80, 0);
        bytes.extend(b"end");
        let mut out = Vec::new();
        write(&mut out, &bytes).unwrap();
        // What `hexdump -C` prints.
        let wanted = "\
00000000  43 65 70 68 00 7f 20 7e  00 00 00 00 00 00 00 00  |Ceph.. ~........|
00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
00000050  65 6e 64                                          |end|
00000053
";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
