//! The hash functions of the format. They are part of it and frozen with its version.

/// Hash of a text: a [`fold`] for every sixteen bytes, and one for the last of them.
///
/// PERF: half the instructions of XXH3 on the 4 to 48 bytes that requests are made of. Whoever chooses texts
/// so that they collide only slows lookups, and the bundle says so when it is opened.
#[inline]
pub fn text(seed: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (chunks, rest) = bytes.as_chunks::<16>();
    let mut hash = seed ^ bytes.len() as u64;
    for chunk in chunks {
        hash = halves(hash, *chunk);
    }
    if rest.is_empty() {
        return fold(hash, 0);
    }
    match bytes.last_chunk::<16>() {
        Some(last) => halves(hash, *last),
        None => {
            let (a, b) = short(bytes);
            fold(hash ^ a, b)
        }
    }
}

#[inline]
fn halves(hash: u64, chunk: [u8; 16]) -> u64 {
    let both = u128::from_le_bytes(chunk);
    fold(hash ^ both as u64, (both >> 64) as u64)
}

/// Less than sixteen bytes as two integers: the first and the last eight, or four, or single bytes.
#[inline]
fn short(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    let at = |at: usize| bytes.get(at).map_or(0, |byte| u64::from(*byte));
    (at(0) | at(bytes.len() / 2) << 8, at(bytes.len().saturating_sub(1)))
}

/// Whether two texts are equal.
///
/// PERF: most names are short, and a call to compare them costs as much as comparing them.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() < 16 { short(a) == short(b) } else { a == b }
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

    /// The vectors of FORMAT.md.
    #[test]
    fn values_are_frozen() {
        let seed = 0x0123_4567_89ab_cdef;
        assert_eq!(text(0, ""), 0xc9d8_74ca_57d9_e055);
        assert_eq!(text(0, "cos"), 0x6e4d_f4c0_95d2_2ed4);
        assert_eq!(text(1, "cos"), 0x9764_f388_f334_2034);
        assert_eq!(text(0, "cvm1"), 0x56db_22e7_7ba3_9216);
        assert_eq!(text(seed, "ap-guangzhou"), 0xd214_8755_5645_cb0b);
        assert_eq!(text(seed, "exactly sixteen!"), 0x1ff7_e173_6d6b_2430);
        assert_eq!(text(seed, "examplebucket-1250000000/exampleobject"), 0x5409_b23a_3be2_e1e6);
        assert_eq!(text(seed, &"a".repeat(300)), 0xe470_8eef_04d7_5158);
        assert_eq!(fold(0, 0), 0xc9d8_74ca_57d9_e055);
        assert_eq!(fold(1, 2), 0xbd60_66e6_b2ae_ea0c);
        assert_eq!(pair(seed, 3, 7), 0x064b_ea66_5770_e477);
        let path = text(seed, "examplebucket-1250000000/");
        let parts = Parts {
            service: 1,
            region: 2,
            account: 3,
            path,
            action: 4,
            context: anchor::value(seed, 5, "id&1"),
        };
        assert_eq!(anchor::key(seed, 0x115a, &parts), 0x5916_f601_0e9b_1599);
        assert_eq!(parts.context, 0x532d_a990_5fa1_a3ce);
        assert_eq!(anchor::key(seed, 0x315a, &parts), 0xd61d_3132_cc4e_0c3d);
    }
}
