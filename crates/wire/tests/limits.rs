//! What a decoder takes from the heap is bounded by what it was given to read.
#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::Bytes;
use loligo_wire::BufferList;
use loligo_wire::message::Payload;
use loligo_wire::samples::{cases, message_cases};

/// The system's allocator, which counts what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
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

/// How much more than before a call held at most.
fn most_held(call: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    call();
    (MOST.get() - before).unsigned_abs()
}

/// The sizes of which elements a count may be just about right for what follows.
const SIZES: [usize; 5] = [4, 8, 12, 17, 42];

/// A value with a count in the place of four of its bytes, far too large or just satisfied, and a tail to satisfy it.
fn hostile(value: &Bytes, mut with: impl FnMut(Bytes)) {
    for (tail, filling) in [(0usize, 0u8), (64, 0xff), (64, 1), (30_000, 0), (33_000, 0), (30_000, 1)] {
        for at in 0..value.len().saturating_sub(3) {
            let behind = value.len() + tail - at - 4;
            let just_satisfied = SIZES.map(|size| u32::try_from(behind / size).unwrap_or(u32::MAX));
            for count in just_satisfied.into_iter().chain([u32::MAX, 0x7fff_ffff]) {
                let mut bytes = value.to_vec();
                bytes.resize(value.len() + tail, filling);
                stretch_envelopes(value, &mut bytes);
                bytes.splice(at..at + 4, count.to_le_bytes());
                with(bytes.into());
            }
        }
    }
}

/// Makes each length of `value` that reaches to its end reach to the end of `longer`.
fn stretch_envelopes(value: &[u8], longer: &mut [u8]) {
    let word = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    for (at, length) in value.windows(4).enumerate() {
        let (behind, stretched) = (value.len() - at - 4, longer.len() - at - 4);
        if let Some(place) = longer.get_mut(at..at + 4)
            && behind > 0
            && length == word(behind)
        {
            place.copy_from_slice(&word(stretched));
        }
    }
}

fn check(type_name: &str, given: usize, held: usize) {
    let allowed = 16 * given + (64 << 10);
    assert!(held <= allowed, "{type_name}: {held} bytes held for {given} bytes given");
}

#[test]
fn a_value_takes_at_most_sixteen_times_its_bytes() {
    for case in cases() {
        hostile(&case.bytes, |bytes| {
            let held = most_held(|| _ = (case.read)(&bytes));
            check(case.type_name, bytes.len(), held);
        });
    }
}

#[test]
fn a_message_takes_at_most_sixteen_times_its_bytes() {
    for case in message_cases() {
        hostile(&case.payload.front, |front| {
            let given = front.len() + case.payload.data.len();
            let payload =
                Payload::received(&case.header, front, Bytes::new(), BufferList::clone(&case.payload.data));
            let held = most_held(|| _ = (case.read)(&case.header, payload));
            check(case.type_name, given, held);
        });
    }
}
