//! Splits of PGs.

use loligo_placement::ceph_stable_mod;

/// The PG that `child` was part of while there were `pg_num` of them (`pg_t::get_ancestor`).
pub(crate) const fn parent(child: u32, pg_num: u32) -> u32 {
    ceph_stable_mod(child, pg_num, pg_num.next_power_of_two().wrapping_sub(1))
}

/// How many low bits of a hash say that an object is in a PG, while there are `pg_num` of them
/// (`pg_t::get_split_bits`).
pub(crate) const fn split_bits(seed: u32, pg_num: u32) -> u32 {
    if pg_num <= 1 {
        return 0;
    }
    // Between two powers of two, the PGs that were split have one bit more than those that were not.
    let bits = u32::BITS - (pg_num - 1).leading_zeros();
    let half = 1 << (bits - 1);
    if seed % half < pg_num % half || pg_num == half << 1 { bits } else { bits - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_bits_say_which_hashes_are_in_a_pg() {
        for pg_num in 1..70 {
            for hash in 0..1024 {
                let seed = parent(hash, pg_num);
                let mask = (1 << split_bits(seed, pg_num)) - 1;
                assert_eq!(hash & mask, seed & mask, "{hash} of {pg_num}");
                // One bit less would take in objects of another PG, unless there is only one.
                let wider = mask >> 1;
                let foreign = (0..1024).any(|h| h & wider == seed & wider && parent(h, pg_num) != seed);
                assert!(foreign || pg_num == 1, "{seed} of {pg_num}");
            }
        }
    }
}
