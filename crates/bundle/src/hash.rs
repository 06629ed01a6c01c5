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
