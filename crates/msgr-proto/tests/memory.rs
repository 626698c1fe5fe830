//! What pipes and the algorithms of compression take from the heap for peers that lie about sizes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::cephx::Cephx;
use common::{Pair, client_config, server_config};
use loligo_msgr_proto::compression::Compressor;
use loligo_wire::Encode;
use loligo_wire::Features;
use loligo_wire::msgr1::{ConnectMessage, ConnectReply, Tag as Tag1};
use loligo_wire::msgr2::{BANNER_PREFIX, Preamble, Tag};

/// The system's allocator, which counts what each thread holds, and the largest piece that it asked for.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

fn count(change: isize) {
    let held = HELD.get() + change;
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

// SAFETY: all is done by the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        LARGEST.set(LARGEST.get().max(layout.size()));
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How much more than before a call held at most, and the largest piece of it.
fn most_held(call: impl FnOnce()) -> (usize, usize) {
    let before = HELD.get();
    MOST.set(before);
    LARGEST.set(0);
    call();
    ((MOST.get() - before).unsigned_abs(), LARGEST.get())
}

/// What a peer may make an end take before they know each other.
const BEFORE: usize = 64 << 10;

/// All that each end says until both are open, so that each prefix of it is a stage of the handshake.
fn recorded(pair: impl Fn() -> Pair) -> [Vec<u8>; 2] {
    let mut pair = pair();
    let mut said = [Vec::new(), Vec::new()];
    loop {
        let out = pair.client.write(pair.now, usize::MAX);
        let back = pair.server.write(pair.now, usize::MAX);
        if out.is_empty() && back.is_empty() {
            assert!(pair.client.pipe.is_open() && pair.server.pipe.is_open());
            return said;
        }
        said[0].extend_from_slice(&out);
        said[1].extend_from_slice(&back);
        pair.server.inbound.extend(out);
        pair.client.inbound.extend(back);
        while pair.server.read(pair.now, usize::MAX) | pair.client.read(pair.now, usize::MAX) {}
    }
}

/// What an end takes that has heard `said` up to somewhere, and is then told of 4 GiB and sent a little of it.
fn claims(pair: &dyn Fn() -> Pair, said: &[u8], claim: &[u8], to_server: bool) {
    for end in 0..said.len() {
        let mut pair = pair();
        // What was said, and written, is not counted: the end before it is told.
        let target = if to_server { &mut pair.server } else { &mut pair.client };
        let now = pair.now;
        target.inbound.reserve(BEFORE);
        target.inbound.extend(&said[..end]);
        while target.read(now, usize::MAX) {}
        let (most, largest) = most_held(|| {
            for part in [claim, &[0; 4096]] {
                target.inbound.extend(part);
                while target.read(now, usize::MAX) {}
            }
        });
        assert!(
            most <= BEFORE && largest <= BEFORE,
            "{most} and {largest} bytes after {end} of {}",
            said.len()
        );
        assert!(target.seen.notes.is_empty());
    }
}

#[test]
fn who_claims_four_gigabytes_on_v2_before_it_is_known_gets_64_kilobytes_at_most() {
    let cephx = Cephx::new();
    let pair = || cephx.with(Pair::v2(client_config(), server_config()), 1).start();
    let said = recorded(pair);
    for (at, said) in said.iter().enumerate() {
        let to_server = at == 0;
        // Of the messages of a session, which come after it, is another test.
        let known = said.len() - 40;
        for tag in [
            Tag::HELLO,
            Tag::AUTH_REQUEST,
            Tag::AUTH_SIGNATURE,
            Tag::CLIENT_IDENT,
            Tag::SERVER_IDENT,
            Tag::MESSAGE,
        ] {
            for lengths in [[u32::MAX, 0, 0, 0], [41, u32::MAX, u32::MAX, u32::MAX]] {
                claims(&pair, &said[..known], &Preamble::new(tag, lengths).to_array(), to_server);
            }
        }
        let banner = [&BANNER_PREFIX[..], &u16::MAX.to_le_bytes()].concat();
        claims(&pair, &said[..1], &banner, to_server);
    }
}

#[test]
fn who_claims_four_gigabytes_on_v1_before_it_is_known_gets_64_kilobytes_at_most() {
    let cephx = Cephx::new();
    let pair = || cephx.with(Pair::new(client_config(), server_config()), 1).start();
    let said = recorded(pair);
    let connect = ConnectMessage { authorizer_len: u32::MAX, ..ConnectMessage::default() };
    let ready = ConnectReply {
        tag: Tag1::READY,
        features: Features::PACIFIC,
        global_seq: 7,
        connect_seq: 1,
        protocol_version: 24,
        authorizer_len: u32::MAX,
        flags: ConnectMessage::LOSSY,
    };
    for (at, said) in said.iter().enumerate() {
        let to_server = at == 0;
        let known = said.len() - 9;
        claims(&pair, &said[..known], &connect.to_bytes(Features::NONE), to_server);
        claims(&pair, &said[..known], &ready.to_bytes(Features::NONE), to_server);
        claims(&pair, &said[..known], &[0xff; 200], to_server);
    }
}

/// A bomb of each algorithm: what it takes is bounded by the limit, not by what would come out.
#[test]
fn a_bomb_takes_no_more_than_may_come_out_of_it() {
    const LIMIT: usize = 1 << 20;
    let zeros = vec![0; 32 << 20];
    for compressor in Compressor::ALL {
        let bomb = compressor.compress(&zeros).unwrap();
        let (most, _) = most_held(|| assert!(compressor.decompress(&bomb, LIMIT).is_err()));
        // Deflate grows up to the limit; the others say beforehand that it is too much.
        let may = if compressor == Compressor::Zlib { 2 * LIMIT + BEFORE } else { BEFORE };
        assert!(most <= may, "{compressor:?} took {most}");
    }
    // One that says that little comes out.
    let mut lie = Compressor::Zstd.compress(&zeros).unwrap();
    lie[..4].copy_from_slice(&1_000_u32.to_le_bytes());
    let (most, _) = most_held(|| assert!(Compressor::Zstd.decompress(&lie, LIMIT).is_err()));
    assert!(most <= 4 * LIMIT, "zstd took {most}");
    // Some that say that much comes out, which may be, where nothing can.
    let limit = 1 << 30;
    let gib = 1_u32 << 30;
    let lz4 = [1, gib, 8, 0, 0].into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    for (compressor, lie) in [
        (Compressor::Snappy, vec![0x80, 0x80, 0x80, 0x80, 0x04, 0, 0]),
        (Compressor::Zstd, [&gib.to_le_bytes()[..], &lie[4..]].concat()),
        (Compressor::Lz4, lz4),
    ] {
        let (most, _) =
            most_held(|| assert!(compressor.decompress(&lie[..lie.len().min(64)], limit).is_err()));
        assert!(most <= LIMIT, "{compressor:?} took {most}");
    }
}
