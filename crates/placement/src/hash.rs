//! Robert Jenkins' hash, for numbers (CRUSH) and for names (objects).
//!
//! Follows `crush/hash.c` and `common/ceph_hash.cc`. The mixing is Jenkins' of 1996, in the public domain.

/// Something of 32 bits that is mixed; or several of them beside one another, which a processor mixes at once.
trait Word: Copy {
    /// `(self - b - c) ^ (c >> n)`
    fn right(self, b: Self, c: Self, n: u32) -> Self;
    /// `(self - b - c) ^ (c << n)`
    fn left(self, b: Self, c: Self, n: u32) -> Self;
}

impl Word for u32 {
    #[inline]
    fn right(self, b: Self, c: Self, n: u32) -> Self {
        self.wrapping_sub(b).wrapping_sub(c) ^ (c >> n)
    }

    #[inline]
    fn left(self, b: Self, c: Self, n: u32) -> Self {
        self.wrapping_sub(b).wrapping_sub(c) ^ (c << n)
    }
}

impl<const N: usize> Word for [u32; N] {
    #[inline(always)]
    fn right(mut self, b: Self, c: Self, n: u32) -> Self {
        self.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = a.right(b, c, n));
        self
    }

    #[inline(always)]
    fn left(mut self, b: Self, c: Self, n: u32) -> Self {
        self.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = a.left(b, c, n));
        self
    }
}

/// Mixes three words, reversibly.
#[inline(always)]
fn mix<W: Word>(mut a: W, mut b: W, mut c: W) -> (W, W, W) {
    a = a.right(b, c, 13);
    b = b.left(c, a, 8);
    c = c.right(a, b, 13);
    a = a.right(b, c, 12);
    b = b.left(c, a, 16);
    c = c.right(a, b, 5);
    a = a.right(b, c, 3);
    b = b.left(c, a, 10);
    c = c.right(a, b, 15);
    (a, b, c)
}

/// `crush_hash_seed`
const SEED: u32 = 1_315_423_911;
/// The two words that stand in where an input is missing.
const X: u32 = 231_232;
const Y: u32 = 1_232;

/// The hash of one number (`crush_hash32`).
#[must_use]
pub fn crush_hash32(a: u32) -> u32 {
    let h = SEED ^ a;
    let (_, _, h) = mix(a, X, h);
    mix(Y, a, h).2
}

/// The hash of two numbers (`crush_hash32_2`).
#[inline]
#[must_use]
pub fn crush_hash32_2(a: u32, b: u32) -> u32 {
    let (a, b, h) = mix(a, b, SEED ^ a ^ b);
    let (_, _, h) = mix(X, a, h);
    mix(b, Y, h).2
}

/// The hash of three numbers (`crush_hash32_3`).
#[inline]
#[must_use]
pub fn crush_hash32_3(a: u32, b: u32, c: u32) -> u32 {
    let (a, b, h) = mix(a, b, SEED ^ a ^ b ^ c);
    let (c, x, h) = mix(c, X, h);
    let (y, _, h) = mix(Y, a, h);
    let (_, _, h) = mix(b, x, h);
    mix(y, c, h).2
}

/// [`crush_hash32_3`] of each of several numbers in the middle, at once.
#[inline(always)]
#[must_use]
pub(crate) fn crush_hash32_3_each<const N: usize>(a: u32, b: [u32; N], c: u32) -> [u32; N] {
    let (x, y) = ([X; N], [Y; N]);
    let h = b.map(|b| SEED ^ a ^ b ^ c);
    let (a, b, h) = mix([a; N], b, h);
    let (c, x, h) = mix([c; N], x, h);
    let (y, _, h) = mix(y, a, h);
    let (_, _, h) = mix(b, x, h);
    mix(y, c, h).2
}

/// The hash of four numbers (`crush_hash32_4`).
#[inline]
#[must_use]
pub fn crush_hash32_4(a: u32, b: u32, c: u32, d: u32) -> u32 {
    let (a, b, h) = mix(a, b, SEED ^ a ^ b ^ c ^ d);
    let (c, d, h) = mix(c, d, h);
    let (_, x, h) = mix(a, X, h);
    let (y, _, h) = mix(Y, b, h);
    let (_, _, h) = mix(c, x, h);
    mix(y, d, h).2
}

/// The hash of five numbers (`crush_hash32_5`).
#[must_use]
pub fn crush_hash32_5(a: u32, b: u32, c: u32, d: u32, e: u32) -> u32 {
    let (a, b, h) = mix(a, b, SEED ^ a ^ b ^ c ^ d ^ e);
    let (c, d, h) = mix(c, d, h);
    let (e, x, h) = mix(e, X, h);
    let (y, _, h) = mix(Y, a, h);
    let (_, x, h) = mix(b, x, h);
    let (y, _, h) = mix(y, c, h);
    let (_, _, h) = mix(d, x, h);
    mix(y, e, h).2
}

/// `CEPH_STR_HASH_LINUX`: the hash of names in old pools.
pub const CEPH_STR_HASH_LINUX: u8 = 1;
/// `CEPH_STR_HASH_RJENKINS`: the hash of names in every pool of today.
pub const CEPH_STR_HASH_RJENKINS: u8 = 2;

/// The hash of the bytes of all `parts`, one after the other (`ceph_str_hash`). A hash that is not known gives `u32::MAX`,
/// as in Ceph.
#[must_use]
pub fn ceph_str_hash(kind: u8, parts: &[&[u8]]) -> u32 {
    match kind {
        CEPH_STR_HASH_LINUX => ceph_str_hash_linux(parts),
        CEPH_STR_HASH_RJENKINS => ceph_str_hash_rjenkins(parts),
        _ => u32::MAX,
    }
}

/// The hash of Linux's directory cache over the bytes of all `parts`.
#[must_use]
pub fn ceph_str_hash_linux(parts: &[&[u8]]) -> u32 {
    parts.iter().copied().flatten().fold(0, |hash: u32, byte| {
        let c = u32::from(*byte);
        hash.wrapping_add(c << 4).wrapping_add(c >> 4).wrapping_mul(11)
    })
}

/// Jenkins' hash over the bytes of all `parts`.
#[must_use]
pub fn ceph_str_hash_rjenkins(parts: &[&[u8]]) -> u32 {
    let mut state = (0x9e37_79b9, 0x9e37_79b9, 0);
    let mut block = [0u8; 12];
    let mut filled = 0;
    let mut length = 0u32;
    for part in parts {
        let mut rest = *part;
        // Names are far shorter than 4 GiB; Ceph counts them in 32 bits too.
        length = length.wrapping_add(u32::try_from(part.len()).unwrap_or(u32::MAX));
        while !rest.is_empty() {
            if filled == 0
                && let Some((whole, tail)) = rest.split_first_chunk::<12>()
            {
                state = absorb(state, *whole);
                rest = tail;
                continue;
            }
            let Some(room) = block.get_mut(filled..) else { break };
            let n = room.len().min(rest.len());
            let (head, tail) = rest.split_at(n);
            room.iter_mut().zip(head).for_each(|(to, from)| *to = *from);
            filled += n;
            rest = tail;
            if filled == block.len() {
                state = absorb(state, block);
                filled = 0;
            }
        }
    }
    block.iter_mut().skip(filled).for_each(|byte| *byte = 0);
    let (a, b, c) = words(block);
    // The lowest byte of the third word is kept for the length.
    mix(
        u32::wrapping_add(state.0, a),
        u32::wrapping_add(state.1, b),
        u32::wrapping_add(state.2, length).wrapping_add(c << 8),
    )
    .2
}

const fn words(block: [u8; 12]) -> (u32, u32, u32) {
    let [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3] = block;
    (
        u32::from_le_bytes([a0, a1, a2, a3]),
        u32::from_le_bytes([b0, b1, b2, b3]),
        u32::from_le_bytes([c0, c1, c2, c3]),
    )
}

fn absorb(state: (u32, u32, u32), block: [u8; 12]) -> (u32, u32, u32) {
    let (a, b, c) = words(block);
    mix(state.0.wrapping_add(a), state.1.wrapping_add(b), state.2.wrapping_add(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_numbers_at_once_hash_as_one_by_one() {
        let numbers = [0, 1, 0x8000_0000, u32::MAX, 77, 1 << 16, 12_345, 3];
        for (x, r) in [(0, 0), (1, 50), (u32::MAX, 7)] {
            assert_eq!(
                crush_hash32_3_each(x, numbers, r),
                numbers.map(|number| crush_hash32_3(x, number, r))
            );
        }
    }

    #[test]
    fn a_name_hashes_the_same_however_it_is_cut() {
        let name = b"rbd_data.1234567890abcdef.0000000000000042/with more";
        let whole = ceph_str_hash_rjenkins(&[name]);
        for one in 0..name.len() {
            for two in one..name.len() {
                assert_eq!(ceph_str_hash_rjenkins(&[&name[..one], &name[one..two], &name[two..]]), whole);
            }
        }
        assert_eq!(ceph_str_hash(CEPH_STR_HASH_LINUX, &[b"ab", b"", b"c"]), ceph_str_hash_linux(&[b"abc"]));
        assert_eq!(ceph_str_hash(77, &[name]), u32::MAX);
    }
}
