//! What comes compressed, with each algorithm: no more comes out than may, and what came out can be compressed and comes out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loligo_msgr_proto::compression::Compressor;

/// How much may come out.
const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let compressor = Compressor::ALL[usize::from(*which) % Compressor::ALL.len()];
    let Ok(plain) = compressor.decompress(bytes, LIMIT) else { return };
    assert!(plain.len() <= LIMIT);
    let compressed = compressor.compress(&plain).expect("it is small enough");
    let again = compressor.decompress(&compressed, plain.len()).expect("what was compressed comes out");
    assert_eq!(again, plain);
});
