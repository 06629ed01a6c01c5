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

/// The slots of a dictionary over texts in the order of their ids.
pub fn text_slots<'t>(seed: u64, texts: impl ExactSizeIterator<Item = &'t str>) -> Vec<u32> {
    let mut slots = vec![[0u32; 2]; table_size(texts.len())];
    for (id, text) in (1u32..).zip(texts) {
        let hash = hash::text(seed, text);
        place(&mut slots, hash, |slot| slot[1] == 0, [(hash >> 32) as u32, id]);
    }
    slots.concat()
}

/// The slots of a table of pairs.
pub fn pair_slots(seed: u64, pairs: impl ExactSizeIterator<Item = (u32, u32, u32)>) -> Vec<u32> {
    let mut slots = vec![[0u32; 3]; table_size(pairs.len())];
    for (a, b, value) in pairs {
        place(&mut slots, hash::pair(seed, a, b), |slot| slot[2] == 0, [a, b, value.saturating_add(1)]);
    }
    slots.concat()
}

/// A power of two that leaves at least half of the slots empty, and at least one.
pub fn table_size(items: usize) -> usize {
    items.saturating_mul(2).max(1).next_power_of_two()
}

/// Puts an item into the first free slot from its hash on.
pub fn place<const N: usize>(
    slots: &mut [[u32; N]],
    hash: u64,
    free: impl Fn(&[u32; N]) -> bool,
    item: [u32; N],
) {
    let mask = slots.len().saturating_sub(1);
    let start = hash as u32 as usize & mask;
    for step in 0..slots.len() {
        if let Some(slot) = slots.get_mut(start.wrapping_add(step) & mask)
            && free(slot)
        {
            *slot = item;
            return;
        }
    }
}
