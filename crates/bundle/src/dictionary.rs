//! Hash tables of the bundle: texts to dense ids, and pairs of ids to a value.
//!
//! Open addressing with linear probing over a power-of-two table at most half full. The compiler fills
//! them here and the runtime reads them here, so both agree on every probe.

use crate::hash;
use crate::words::{Text, Words};

/// Texts numbered from 0.
#[derive(Clone, Copy, Debug)]
pub struct Dictionary<'a> {
    pub(crate) seed: u64,
    pub(crate) slots: Words<'a>,
    pub(crate) ends: Words<'a>,
    pub(crate) text: Text<'a>,
}

impl<'a> Dictionary<'a> {
    /// The id of a text.
    #[inline]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.locate(text).map(|(id, _)| id)
    }

    /// The id of a text, and how many slots the lookup passed before it.
    // PERF: a call would first lay the views of the tables out in memory.
    #[inline(always)]
    pub(crate) fn locate(&self, text: &str) -> Option<(u32, u32)> {
        if self.ends.is_empty() {
            return None;
        }
        let hash = hash::text(self.seed, text);
        let tag = (hash >> 32) as u32;
        let mask = self.slots.records::<2>().checked_sub(1)?;
        let mut at = hash as u32 & mask;
        // Bounded by the table; `verify` has seen an empty slot, which ends every probe earlier.
        for steps in 0..=mask {
            let [found, number] = self.slots.record::<2>(at)?;
            let id = number.checked_sub(1)?;
            if found == tag && self.is(id, text)? {
                return Some((id, steps));
            }
            at = at.wrapping_add(1) & mask;
        }
        None
    }

    #[inline]
    fn is(&self, id: u32, text: &str) -> Option<bool> {
        let range = self.ends.range(id)?;
        Some(hash::same(self.text.bytes(range.start, range.len())?, text.as_bytes()))
    }

    /// The text of an id.
    #[inline]
    pub fn get(&self, id: u32) -> Option<&'a str> {
        let range = self.ends.range(id)?;
        self.text.get(range.start, range.len())
    }

    /// The number of texts.
    pub fn len(&self) -> u32 {
        self.ends.records::<1>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Pairs of ids with a value each.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    pub(crate) seed: u64,
    pub(crate) slots: Words<'a>,
}

impl Pairs<'_> {
    /// The value of a pair.
    #[inline]
    pub fn find(&self, a: u32, b: u32) -> Option<u32> {
        self.locate(a, b).map(|(value, _, _)| value)
    }

    /// The value of a pair, its slot, and how many slots the lookup passed before it.
    #[inline]
    pub(crate) fn locate(&self, a: u32, b: u32) -> Option<(u32, u32, u32)> {
        let mask = self.slots.records::<3>().checked_sub(1)?;
        let mut at = hash::pair(self.seed, a, b) as u32 & mask;
        for steps in 0..=mask {
            let [left, right, value] = self.slots.record::<3>(at)?;
            let value = value.checked_sub(1)?;
            if (left, right) == (a, b) {
                return Some((value, at, steps));
            }
            at = at.wrapping_add(1) & mask;
        }
        None
    }
}

/// The text by which most requests name a sub-account.
pub fn caller_text(root: &str, uin: &str) -> String {
    ["qcs::cam::uin/", root, ":uin/", uin].concat()
}

/// Slots that all lookups of a table together may pass, for each slot of the table. A table at most half full needs
/// about two on average; only texts chosen against the seed need more.
pub const PROBES: u64 = 32;

/// A hash table.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    /// Its slots.
    pub words: Vec<u32>,
    /// Slots that the lookups of its entries pass together.
    pub passed: u64,
    /// How many slots it has.
    pub slots: u64,
}

impl Filled {
    fn new<const N: usize>(slots: &[[u32; N]], passed: u64) -> Self {
        Self { words: slots.concat(), passed, slots: slots.len() as u64 }
    }
}

/// The slots of a dictionary over texts in the order of their ids.
pub fn text_slots<'t>(seed: u64, texts: impl ExactSizeIterator<Item = &'t str>) -> Filled {
    let mut slots = vec![[0u32; 2]; table_size(texts.len())];
    let mut passed = 0u64;
    for (id, text) in (1u32..).zip(texts) {
        let hash = hash::text(seed, text);
        let steps = place(&mut slots, hash, |slot| slot[1] == 0, [(hash >> 32) as u32, id]);
        passed = passed.saturating_add(steps);
    }
    Filled::new(&slots, passed)
}

/// The slots of a table of pairs.
pub fn pair_slots(seed: u64, pairs: impl ExactSizeIterator<Item = (u32, u32, u32)>) -> Filled {
    let mut slots = vec![[0u32; 3]; table_size(pairs.len())];
    let mut passed = 0u64;
    for (a, b, value) in pairs {
        let item = [a, b, value.saturating_add(1)];
        let steps = place(&mut slots, hash::pair(seed, a, b), |slot| slot[2] == 0, item);
        passed = passed.saturating_add(steps);
    }
    Filled::new(&slots, passed)
}

/// A power of two that leaves at least half of the slots empty, and at least one.
pub fn table_size(items: usize) -> usize {
    items.saturating_mul(2).max(1).next_power_of_two()
}

/// Puts an item into the first free slot from its hash on; how many slots it passes.
pub fn place<const N: usize>(
    slots: &mut [[u32; N]],
    hash: u64,
    free: impl Fn(&[u32; N]) -> bool,
    item: [u32; N],
) -> u64 {
    let mask = slots.len().saturating_sub(1);
    let start = hash as u32 as usize & mask;
    for step in 0..slots.len() {
        if let Some(slot) = slots.get_mut(start.wrapping_add(step) & mask)
            && free(slot)
        {
            *slot = item;
            return step as u64;
        }
    }
    slots.len() as u64
}
