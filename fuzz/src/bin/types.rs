//! Every type by name: what decodes can be printed and written, and what was written says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loligo_wire::dump::{Formatter, types};
use loligo_wire::{Decoder, Features};

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let entry = types()[usize::from(*which) % types().len()];
    let Ok(value) = (entry.decode)(&mut Decoder::new(bytes)) else { return };
    let _ = Formatter::new().dump(&*value);
    for (_, features) in Features::RELEASES {
        let written = value.to_bytes(features);
        let again = (entry.decode)(&mut Decoder::of(&written)).expect("what was written can be read");
        assert_eq!(again.to_bytes(features), written, "{}", entry.name);
    }
});
