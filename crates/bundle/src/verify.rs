//! One pass over the tables of a bundle: every index, range and order.
//!
//! Tables in, nothing or the first fault out; called by [`crate::Bundle::open`]. After it no accessor of
//! the runtime fails for a reason of the bundle, and every walk ends: a probe at an empty slot, a trie
//! behind its last node, a network trie with the address, an automaton with the text. The time is linear
//! in the length: ranges that several records share are refused, and long probes are counted against a
//! budget. FORMAT.md lists the invariants by table.
//!
//! What the pass does not look at: whether the index of a block leads a request to its rows. That takes
//! the keys of every row and is the work of [`verify_full`].

mod actions;
mod blocks;
mod conditions;
mod dictionaries;
mod directory;
mod full;
mod groups;
mod names;
mod networks;
mod rows;

use crate::error::{OpenError, OpenErrorKind};
use crate::schema::{Tables, block, key, option, policy, scalar};
use crate::words::{NONE, Text, Words};

pub use full::{FullReport, verify_full};

type Checked<T = ()> = Result<T, OpenError>;

/// Checks every table.
pub(crate) fn check(tables: &Tables<'_>) -> Checked {
    scalars(tables)?;
    dictionaries::check(tables)?;
    fixed(tables)?;
    actions::check(tables)?;
    directory::check(tables)?;
    rows::patterns(tables)?;
    rows::principals(tables)?;
    rows::extras(tables)?;
    networks::check(tables)?;
    conditions::check(tables)?;
    names::check(tables)?;
    blocks::check(tables)?;
    directory::scopes(tables)
}

/// The scalars, whose length everything else relies on.
fn scalars(tables: &Tables<'_>) -> Checked {
    let fault = |index: u32, problem| Err(fault("scalars", index, problem));
    if tables.scalars.len() < scalar::CAPABLE_SERVICES as usize {
        return fault(0, "scalars are missing");
    }
    if tables.scalar(scalar::OPTIONS)
        & !(option::LIST_DENY_CAM | option::MAX_AGE | option::ANYONE_DENY_UNSIGNED)
        != 0
    {
        return fault(scalar::OPTIONS, "an option is unknown");
    }
    let age = tables.scalar(scalar::MAX_AGE_LOW) | tables.scalar(scalar::MAX_AGE_HIGH);
    if tables.scalar(scalar::OPTIONS) & option::MAX_AGE == 0 && age != 0 {
        return fault(scalar::MAX_AGE_LOW, "there is an age without its option");
    }
    // The bundle of a session policy holds it in the place of general policies.
    let general = [policy::IDENTITY, policy::SESSION];
    let [identity, session] =
        general.map(|kind| is_block(tables, tables.scalar(scalar::GENERAL_UNKNOWN), kind));
    if !identity && !session {
        return fault(scalar::GENERAL_UNKNOWN, "the block does not exist or is of another kind");
    }
    let services = tables.segment_ends.records::<1>();
    for (index, service) in (0u32..).zip(tables.scalars.iter()).skip(scalar::CAPABLE_SERVICES as usize) {
        if service >= services {
            return fault(index, "the service does not exist");
        }
    }
    Ok(())
}

/// Ids that every bundle gives to the same texts.
fn fixed(tables: &Tables<'_>) -> Checked {
    for (id, text) in (0u32..).zip(key::TEXTS) {
        if tables.keys().get(id) != Some(text) {
            return Err(fault("key_ends", id, "a derived key is missing"));
        }
    }
    match tables.segments().get(0) {
        Some("") => Ok(()),
        _ => Err(fault("segment_ends", 0, "segment 0 is not the empty text")),
    }
}

/// An error of a table.
fn fault(table: &'static str, record: u32, problem: &'static str) -> OpenError {
    OpenErrorKind::Table { table, record, problem }.into()
}

/// The records of a table with their numbers; the table must hold whole records.
fn records<'a, const N: usize>(
    table: &'static str,
    words: Words<'a>,
) -> Checked<impl Iterator<Item = (u32, [u32; N])> + use<'a, N>> {
    let (records, rest) = words.0.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(fault(table, words.records::<N>(), "the last record is cut"));
    }
    Ok((0u32..).zip(records.iter().map(|record| record.map(|word| word.to_native()))))
}

/// Ends must not decrease, and the last must be the length of the table they point into.
fn ends(table: &'static str, ends: Words<'_>, target: usize) -> Checked {
    let mut last = 0;
    for (item, end) in (0u32..).zip(ends.iter()) {
        if end < last {
            return Err(fault(table, item, "an end lies before the one in front of it"));
        }
        last = end;
    }
    if last as usize != target {
        return Err(fault(table, ends.records::<1>(), "the ends do not cover their table"));
    }
    Ok(())
}

/// The text of a range, which must be whole characters.
fn text<'a>(table: &'static str, record: u32, text: Text<'a>, start: u32, length: u32) -> Checked<&'a str> {
    text.get(start, length)
        .ok_or_else(|| fault(table, record, "a text lies off its table or begins inside a character"))
}

/// Counts ranges that must follow each other without gap or overlap.
struct Layout {
    table: &'static str,
    next: u32,
    total: usize,
}

impl Layout {
    fn new(table: &'static str, total: usize) -> Self {
        Self { table, next: 0, total }
    }

    /// Takes the next range.
    fn take(&mut self, record: u32, first: u32, count: u32) -> Checked {
        let end = first.checked_add(count).filter(|end| first == self.next && *end as usize <= self.total);
        match end {
            Some(end) => {
                self.next = end;
                Ok(())
            }
            None => Err(fault(self.table, record, "a range does not begin where the one before it ends")),
        }
    }

    /// Nothing may be left.
    fn end(&self, record: u32) -> Checked {
        if self.next as usize == self.total {
            Ok(())
        } else {
            Err(fault(self.table, record, "the ranges do not cover their table"))
        }
    }
}

/// Whether a block is `NONE` or exists and holds policies of the kind. (That all policies of a
/// block are of one kind is checked with the blocks.)
fn is_block(tables: &Tables<'_>, number: u32, expected: u32) -> bool {
    let kind = || {
        let [_, _, _, _, _, first, ..] = tables.blocks.record::<{ block::WORDS }>(number)?;
        let [_, _, _, _, _, _, kind, _] =
            tables.policies.record::<{ policy::WORDS }>(tables.block_policies.get(first)?)?;
        Some(kind)
    };
    number == NONE || kind() == Some(expected)
}

/// One bit for each number.
struct Bits(Vec<u64>);

impl Bits {
    fn new(length: usize) -> Self {
        Self(vec![0; length.div_ceil(64)])
    }

    fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize >> 6) {
            *word |= 1 << (at & 63);
        }
    }

    fn has(&self, at: u32) -> bool {
        self.0.get(at as usize >> 6).is_some_and(|word| word & 1 << (at & 63) != 0)
    }
}
