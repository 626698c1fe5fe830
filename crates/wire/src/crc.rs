//! Ceph's CRC-32C.

use crc_fast::{CrcAlgorithm, Digest};

use crate::BufferList;

/// CRC-32C as Ceph computes it (`ceph_crc32c`): from a seed (0 or !0 by field), without a final inversion.
///
/// ```
/// // The known value of include/crc32c tests in Ceph: "foo bar baz" from seed 0.
/// assert_eq!(loligo_wire::crc32c(0, b"foo bar baz"), 4_119_623_852);
/// ```
#[must_use]
pub fn crc32c(seed: u32, bytes: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc32Iscsi, seed.into());
    digest.update(bytes);
    // It has 32 bits, and is inverted at the end, which Ceph's is not.
    #[expect(clippy::cast_possible_truncation, reason = "a sum of 32 bits")]
    let sum = digest.finalize() as u32;
    !sum
}

/// [`crc32c()`] over all pieces of a list.
#[must_use]
pub fn crc32c_list(seed: u32, list: &BufferList) -> u32 {
    list.pieces().iter().fold(seed, |crc, piece| crc32c(crc, piece))
}
