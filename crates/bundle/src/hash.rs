//! The hash functions of the format. They are part of it and frozen with its version.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Hash of a text: XXH3, 64 bits, seeded.
#[inline]
pub fn text(seed: u64, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), seed)
}

/// Folded multiply: the high and low half of the 128-bit product of `a` and `b`, xored.
#[inline]
pub fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(u128::from(b ^ 0xd6e8_feb8_6659_fd93));
    (product as u64) ^ ((product >> 64) as u64)
}

/// Hash of a pair of ids.
#[inline]
pub fn pair(seed: u64, a: u32, b: u32) -> u64 {
    fold(seed, u64::from(a) << 32 | u64::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::anchor::{self, Parts};

    /// The vectors of FORMAT.md: a dependency that hashed differently would change the format.
    #[test]
    fn values_are_frozen() {
        let seed = 0x0123_4567_89ab_cdef;
        assert_eq!(text(0, ""), 0x2d06_8005_38d3_94c2);
        assert_eq!(text(0, "cos"), 0x4af0_ee5d_46ac_31a4);
        assert_eq!(text(1, "cos"), 0xf26b_fa5c_785e_0e3f);
        assert_eq!(text(seed, "ap-guangzhou"), 0x44b6_2700_b7c6_7d20);
        assert_eq!(text(seed, "examplebucket-1250000000/exampleobject"), 0x3c4d_b52c_8b5a_804a);
        assert_eq!(text(seed, &"a".repeat(300)), 0xf07e_5e61_db4f_1a0e);
        assert_eq!(fold(0, 0), 0xc9d8_74ca_57d9_e055);
        assert_eq!(fold(1, 2), 0xbd60_66e6_b2ae_ea0c);
        assert_eq!(pair(seed, 3, 7), 0x064b_ea66_5770_e477);
        let path = text(seed, "examplebucket-1250000000/");
        let parts = Parts { service: 1, region: 2, account: 3, path, action: 4 };
        assert_eq!(anchor::key(seed, 0x26d, &parts), 0x0599_c2a6_189e_b613);
    }
}
