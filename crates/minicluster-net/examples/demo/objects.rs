//! Objects of all sizes, and where they live.

use std::time::Instant;

use loligo::IoCtx;

use crate::Failure;

const SIZES: [(&str, usize); 8] = [
    ("0 B", 0),
    ("1 B", 1),
    ("4 KiB", 4 << 10),
    ("64 KiB", 64 << 10),
    ("1 MiB", 1 << 20),
    ("4 MiB", 4 << 20),
    ("4 MiB + 1", (4 << 20) + 1),
    ("16 MiB", 16 << 20),
];

/// Bytes that no two places of an object share, so that nothing can be exchanged unseen.
fn contents(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ size as u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Stores objects, reads them back, and prints a table of them.
pub(crate) fn store_and_verify(pool: &IoCtx) -> Result<(), Failure> {
    println!("{:<10}{:>12}{:>8}  {:<8}{:>10}{:>10}", "object", "size", "pg", "acting", "write", "read");
    for (number, (label, size)) in SIZES.into_iter().enumerate() {
        let name = format!("object{number}");
        let data = contents(size);
        let start = Instant::now();
        pool.write_full(&name, data.clone()).wait()?;
        let written = start.elapsed();
        let start = Instant::now();
        let read = pool.read(&name, 0, 0).wait()?;
        let took = start.elapsed();
        if read != data || pool.stat(&name).wait()?.size != size as u64 {
            return Err(format!("{name}: what was read is not what was written").into());
        }
        let placed = pool.map(&name)?;
        let acting: Vec<_> = placed.acting.iter().map(ToString::to_string).collect();
        println!(
            "{name:<10}{label:>12}{:>8}  {:<8}{:>10}{:>10}",
            placed.pg.to_string(),
            format!("[{}]", acting.join(",")),
            format!("{written:.1?}"),
            format!("{took:.1?}")
        );
    }
    println!("All read back, byte for byte.\n");
    Ok(())
}
