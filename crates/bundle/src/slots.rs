//! The slots of a block: where a key leads.
//!
//! A few keys are a list of 16-bit tags to scan, with the postings behind; many are a hash table. The compiler
//! fills them, and the runtime and the verification look keys up by the same code.

use std::collections::BTreeMap;

use crate::certificate::Certificate;
use crate::schema::anchor;
use crate::words::{NONE, Range, Words};

/// Keys up to which the slots are a list.
///
/// PERF: eight tags are compared in a dozen instructions, and a cache line holds thirty-two; a hash table of as
/// many keys spreads over eight lines, and takes three times the bytes.
pub const MOST_LISTED: usize = 128;

/// The slots of one block.
#[derive(Clone, Copy, Debug)]
pub enum Slots<'a> {
    /// Two tags an integer, and a posting for each tag.
    List {
        /// The tags.
        tags: Words<'a>,
        /// The postings.
        postings: Words<'a>,
    },
    /// `[tag, posting]`, a power of two of them.
    Table(Words<'a>),
}

/// Tags that are compared together; a list has a multiple of them, the last filled up with 0.
const TAGS: u32 = 8;
/// Integers that hold them.
const CHUNK: usize = 4;
/// Bits of a key in a table's tag; the others hold the kind.
const TABLE_BITS: u32 = 32 - anchor::END.trailing_zeros();

/// The integers that the tags of a list take.
#[inline]
pub(crate) fn tag_words(slots: u32) -> u32 {
    slots.div_ceil(TAGS).saturating_mul(CHUNK as u32)
}

/// The tag of a key in a list.
#[inline]
pub fn list_tag(key: u64) -> u32 {
    (key >> 48) as u32
}

/// The tag of a key in a table. It holds the kind: no key leads to the slots of another kind, whose rows the
/// certificate counts apart.
#[inline]
pub fn table_tag(kind: u32, key: u64) -> u32 {
    kind << TABLE_BITS | (key >> (64 - TABLE_BITS)) as u32
}

impl Slots<'_> {
    /// How many slots there are, empty ones too.
    pub fn len(&self) -> u32 {
        match self {
            Self::List { postings, .. } => postings.records::<1>(),
            Self::Table(slots) => slots.records::<2>(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The posting of a slot, `NONE` for an empty one.
    pub fn posting(&self, slot: u32) -> Option<u32> {
        match self {
            Self::List { postings, .. } => postings.get(slot),
            Self::Table(slots) => slots.record::<2>(slot).map(|[_, posting]| posting),
        }
    }

    /// The tag of a slot.
    pub fn tag(&self, slot: u32) -> Option<u32> {
        match self {
            Self::List { tags, .. } => tags.get(slot / 2).map(|pair| pair >> ((slot & 1) << 4) & 0xffff),
            Self::Table(slots) => slots.record::<2>(slot).map(|[tag, _]| tag),
        }
    }

    /// Calls `found` with slot and posting of every slot of its kind that the key leads to, until it breaks off with a
    /// value; `of_kind` are the slots of the kind in a list.
    #[inline(always)]
    pub fn find<T>(
        &self,
        key: u64,
        (kind, of_kind): (u32, Range),
        mut found: impl FnMut(u32, u32) -> Option<Result<(), T>>,
    ) -> Option<Result<(), T>> {
        match self {
            Self::List { tags, postings } => {
                let tag = list_tag(key);
                let both = tag | tag << 16;
                let chunks = Range { start: of_kind.start / TAGS, end: of_kind.end.div_ceil(TAGS) };
                // PERF: nothing is decided within a chunk, so that it is compared as a whole.
                for number in chunks {
                    let chunk = tags.record::<CHUNK>(number)?;
                    let [a, b, c, d] = chunk.map(|word| zero_halves(word ^ both));
                    if a | b | c | d != 0 {
                        let first = number.checked_mul(TAGS)?;
                        for (at, word) in (first..).step_by(2).zip(chunk) {
                            for (at, half) in [(at, word & 0xffff), (at.checked_add(1)?, word >> 16)] {
                                // A chunk may hold slots of other kinds, and the last is filled up.
                                if half == tag
                                    && of_kind.start <= at
                                    && at < of_kind.end
                                    && let Err(value) = found(at, postings.get(at)?)?
                                {
                                    return Some(Err(value));
                                }
                            }
                        }
                    }
                }
            }
            Self::Table(slots) => {
                let tag = table_tag(kind, key);
                let mask = slots.records::<2>().checked_sub(1)?;
                let mut at = key as u32 & mask;
                for _ in 0..=mask {
                    let [own, posting] = slots.record::<2>(at)?;
                    if posting == NONE {
                        break;
                    }
                    if own == tag
                        && let Err(value) = found(at, posting)?
                    {
                        return Some(Err(value));
                    }
                    at = at.wrapping_add(1) & mask;
                }
            }
        }
        Some(Ok(()))
    }
}

/// Not zero when a half of the integer is.
#[inline]
fn zero_halves(word: u32) -> u32 {
    word.wrapping_sub(0x0001_0001) & !word & 0x8000_8000
}

/// The integers of a list with these tags and postings.
pub fn list(slots: &[(u64, u32)]) -> Vec<u32> {
    let mut tags: Vec<u32> = slots.iter().map(|(key, _)| list_tag(*key)).collect();
    tags.resize(slots.len().next_multiple_of(TAGS as usize), 0);
    let (pairs, _) = tags.as_chunks::<2>();
    let words = pairs.iter().map(|[low, high]| low | high << 16);
    words.chain(slots.iter().map(|(_, posting)| *posting)).collect()
}

/// The rows that one spelling of one resource can meet at most, from the kind, the tag and the number of rows of
/// every slot in order, `None` for an empty one. A request has one key of a kind, or one for each value, or key
/// without values, of the context, and is for `*` or not.
pub fn certificate(slots: impl IntoIterator<Item = Option<(u32, u32, u32)>>) -> Certificate {
    let most = most(slots);
    let of = |subject: u32, context: u32| {
        let kinds =
            most.iter().filter(|(kind, _)| **kind & (anchor::SUBJECT | anchor::CONTEXT) == subject | context);
        kinds.fold(0u32, |sum, (_, rows)| sum.saturating_add(*rows))
    };
    let rows = |context| {
        of(anchor::ALL, context).saturating_add(of(anchor::SEGMENTS, context).max(of(anchor::STAR, context)))
    };
    Certificate { rows: rows(0), of_value: rows(anchor::VALUE), of_empty: rows(anchor::EMPTY) }
}

/// Most rows that a lookup of each kind may give. Keys of a kind may share a tag, and a lookup meets all that do: in
/// a list, or in one run of a table, from an empty slot to the next.
fn most(slots: impl IntoIterator<Item = Option<(u32, u32, u32)>>) -> BTreeMap<u32, u32> {
    let mut run = 0u32;
    let mut met: Vec<(u32, u32, u32, u32)> = Vec::new();
    for slot in slots {
        match slot {
            None => run = run.saturating_add(1),
            Some((kind, tag, rows)) => met.push((run, kind, tag, rows)),
        }
    }
    // The last run of a table goes on at its beginning.
    for (of, ..) in met.iter_mut().rev().take_while(|(of, ..)| *of == run) {
        *of = 0;
    }
    met.sort_unstable();
    let mut most: BTreeMap<u32, u32> = BTreeMap::new();
    for same in met.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
        let rows = same.iter().fold(0u32, |sum, (.., rows)| sum.saturating_add(*rows));
        if let Some((_, kind, ..)) = same.first() {
            let most = most.entry(*kind).or_default();
            *most = (*most).max(rows);
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_keys_that_share_a_tag_are_met_together() {
        let (kind, second) = (anchor::ALL, anchor::SEGMENTS);
        let [a, b, c, d] = [(kind, 7, 3), (kind, 7, 4), (kind, 8, 5), (second, 7, 6)].map(Some);
        assert_eq!(most([a, b, c, d]), BTreeMap::from([(kind, 7), (second, 6)]));
        // An empty slot ends a search, and a search that reaches the end goes on at the beginning.
        assert_eq!(most([None, a, None, b]), BTreeMap::from([(kind, 4)]));
        assert_eq!(most([a, None, c, b]), BTreeMap::from([(kind, 7)]));
    }

    #[test]
    fn no_key_leads_to_the_slots_of_another_kind() {
        let key = 0x0123_4567_89ab_cdef;
        assert_ne!(table_tag(anchor::ALL, key), table_tag(anchor::SEGMENTS, key));
        assert_eq!(table_tag(anchor::END - 1, u64::MAX), u32::MAX);
    }
}
