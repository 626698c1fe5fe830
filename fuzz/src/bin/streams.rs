//! One direction of a connection, from its banner or from the middle: each item can be written, and what was written is read
//! as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loligo_fuzz::reader;
use loligo_wire::msgr1::Item;
use loligo_wire::{Decoder, Encode, Features};

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let mut reader = reader(*which);
    let mut rest = Decoder::new(bytes);
    loop {
        let before = (reader.clone(), rest.left());
        let Ok(item) = reader.read(&mut rest) else { break };
        assert!(rest.left() < before.1, "an item takes bytes");
        let written = item.to_bytes(Features::NONE);
        let again = before.0.clone().read(&mut Decoder::new(&written)).expect("what was written can be read");
        // An address is written in the form of old, which cannot say all that today's can.
        assert!(again == item || matches!(item, Item::Addr(_)), "{item:?} became {again:?}");
    }
});
