//! The logarithm of straw2, from tables that are computed when this is compiled.
//!
//! Follows `crush_ln` of `crush/mapper.c`. Ceph's tables are those of their definitions but for the last entry of one and
//! for most of another; placement depends on them, so the differences are part of the format.

/// About 2^44 * log2(x + 1), for `x` up to 0xffff.
#[inline]
pub(super) fn crush_ln(x: u16) -> u64 {
    let x = u32::from(x) + 1;
    // Shift until bit 15 or 16 is set; the shift comes off the exponent.
    let shift = if x & 0x1_8000 == 0 { x.leading_zeros() - 16 } else { 0 };
    let x = x << shift;
    let exponent = u64::from(15 - shift);
    let (reciprocal, high) = RH_LH.get((x >> 8) as usize - 128).copied().unwrap_or_default();
    let low = (u64::from(x) * reciprocal) >> 48;
    let low = LL.get((low & 0xff) as usize).copied().unwrap_or_default();
    (exponent << 44) + ((high + low) >> 4)
}

/// Of `k`: 2^48 / (1 + k/128), rounded up, and 2^48 * log2(1 + k/128), rounded down, except that the last one is less than
/// 2^48.
static RH_LH: [(u64, u64); 129] = {
    let mut table = [(0, 0); 129];
    let mut rest: &mut [(u64, u64)] = &mut table;
    let mut k = 0;
    while let Some((first, tail)) = rest.split_first_mut() {
        *first = ((1u64 << 55).div_ceil(128 + k), if k == 128 { 0xffff_0000_0000 } else { log2_1p(k, 128) });
        rest = tail;
        k += 1;
    }
    table
};

/// Of `k`: 2^48 * log2(1 + k/2^15), rounded down, plus [`OFFSET`], with the exceptions below.
static LL: [u64; 256] = {
    let mut table = [0; 256];
    let mut rest: &mut [u64] = &mut table;
    let mut k = 0;
    while let Some((first, tail)) = rest.split_first_mut() {
        *first = match odd(k) {
            Some(value) => value,
            None => log2_1p(k, 1 << 15) + if exact(k) { 0 } else { OFFSET },
        };
        rest = tail;
        k += 1;
    }
    table
};

/// By how much most entries of Ceph's table are too large.
const OFFSET: u64 = 0x1_4770_0000;

/// Whether Ceph's entry is what its definition says.
const fn exact(k: u64) -> bool {
    matches!(k, 0 | 1 | 203 | 216 | 222 | 233 | 237..=239 | 243..=246 | 248..=255)
}

/// Ceph's entry where it follows no rule.
const fn odd(k: u64) -> Option<u64> {
    Some(match k {
        56 => 0xa2_b07f_3458,
        127 => 0x16d_f6ca_19bd,
        134 => 0x182_b07f_3458,
        181 => 0x209_c06e_6212,
        184 => 0x212_b07f_3458,
        188 => 0x21d_6a73_a78f,
        193 => 0x22c_2367_9b4e,
        198 => 0x23a_2c3b_0ea4,
        199 => 0x23d_13ee_805b,
        200 => 0x240_35e9_221f,
        207 => 0x254_9264_4d65,
        210 => 0x25d_13ee_805b,
        212 => 0x262_9645_3882,
        225 => 0x287_bdbf_5255,
        227 => 0x28d_13ee_805b,
        228 => 0x290_35e9_221f,
        229 => 0x292_9645_3882,
        231 => 0x299_02a3_7aab,
        235 => 0x2a4_c760_5d61,
        236 => 0x2a7_bdbf_5255,
        240 => 0x2b2_9645_3882,
        241 => 0x2b5_d022_d80f,
        247 => 0x2c6_1a5e_8f4c,
        _ => return None,
    })
}

/// 2^48 * log2(1 + num/den), rounded down, for `num` up to `den`: twice the area tangent of num / (2 * den + num), as a
/// series, over ln 2; with 63 bits behind the point.
const fn log2_1p(num: u64, den: u64) -> u64 {
    /// 2 / ln 2
    const TWO_OVER_LN_2: u128 = 0x1_7154_7652_b82f_e177;
    let z = ((num as u128) << 63) / (2 * den + num) as u128;
    let square = (z * z) >> 63;
    let (mut power, mut n, mut sum) = (z, 1, 0);
    while power > 0 {
        sum += power / n;
        power = (power * square) >> 63;
        n += 2;
    }
    ((sum * TWO_OVER_LN_2) >> (63 + 15)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the choice among straws of one weight rests on.
    #[test]
    fn a_draw_that_is_larger_by_two_never_has_a_smaller_logarithm() {
        let mut largest = 0;
        for draw in 2..=u16::MAX {
            largest = largest.max(crush_ln(draw - 2));
            assert!(largest <= crush_ln(draw), "{draw}");
        }
    }

    /// crc32c from -1 over the little-endian words of the tables in Ceph's `crush/crush_ln_table.h` (18.2.7).
    #[test]
    fn tables_are_those_of_ceph() {
        let rh_lh = RH_LH.iter().fold(u32::MAX, |crc, (rh, lh)| {
            loligo_wire::crc32c(loligo_wire::crc32c(crc, &rh.to_le_bytes()), &lh.to_le_bytes())
        });
        assert_eq!(rh_lh, 0x7132_318f);
        let ll = LL.iter().fold(u32::MAX, |crc, word| loligo_wire::crc32c(crc, &word.to_le_bytes()));
        assert_eq!(ll, 0x8a6c_edc5);
    }

    #[test]
    fn the_logarithm_rises_from_0_to_2_to_the_48() {
        assert_eq!(crush_ln(0), 0);
        assert!(crush_ln(u16::MAX) <= 1 << 48);
        let falls = (0..u16::MAX).filter(|x| crush_ln(x + 1) < crush_ln(*x)).count();
        assert!(falls < 700, "{falls}: the odd entries make it fall here and there");
    }
}
