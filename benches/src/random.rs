//! A deterministic source of choices: equal seeds make equal worlds on every machine.

/// Splitmix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// A number below `limit` whose logarithm is uniform: rank and frequency as in Zipf's law with exponent 1.
    pub fn skewed(&mut self, limit: usize) -> usize {
        let digits = (limit + 1).ilog2() as usize + 1;
        loop {
            let power = 1usize << self.below(digits);
            let rank = power + self.below(power) - 1;
            if rank < limit {
                return rank;
            }
        }
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `all`, which is not empty.
    pub fn pick<'a, X>(&mut self, all: &'a [X]) -> &'a X {
        &all[self.below(all.len())]
    }

    /// One of `all`, which is not empty.
    pub fn word<'a>(&mut self, all: &'a [String]) -> &'a str {
        &all[self.below(all.len())]
    }

    /// One to `most`, small numbers twice as often as the next.
    pub fn few(&mut self, most: usize) -> usize {
        let mut number = 1;
        while number < most && self.chance(33) {
            number += 1;
        }
        number
    }

    /// Lower-case letters and digits.
    pub fn id(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[self.below(36)])).collect()
    }
}
