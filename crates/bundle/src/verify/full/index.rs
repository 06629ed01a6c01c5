//! A block as a list of (row, slot), with how each row is selected inside its slot.

use crate::schema::{GROUP, SINGLE, Tables, automaton, piece, row};
use crate::words::{NONE, Range};

/// No text of a request is longer than 4,096 bytes and the slash of a bucket, so nothing deeper in a trie
/// is ever met.
const LONGEST: usize = 4_097;

/// What of a sixth segment every match of a row has in common.
#[derive(Debug, Default)]
pub(super) struct Tail<'a> {
    /// The whole text.
    pub(super) exact: Option<&'a str>,
    /// Beginnings: of the row's own pattern, and of the scope it must match besides.
    pub(super) heads: [&'a str; 2],
    /// The end.
    foot: &'a str,
    /// A text that matches the row's own pattern.
    witness: String,
}

impl<'a> Tail<'a> {
    pub(super) fn new(tables: &Tables<'a>, record: &[u32; row::WORDS]) -> Option<Self> {
        let [flags, _, _, _, _, operand, length, _, _, extra] = *record;
        let mut tail = Self::default();
        match flags >> row::flag::TAIL_SHIFT & 7 {
            row::tail::ANY => {}
            row::tail::EXACT => {
                let literal = tables.text.get(operand, length)?;
                tail.exact = Some(literal);
                tail.heads = [literal, ""];
                tail.foot = literal;
            }
            row::tail::PREFIX => tail.heads = [tables.text.get(operand, length)?, ""],
            row::tail::SUFFIX => tail.foot = tables.text.get(operand, length)?,
            // A deny with a variable that has no value matches any text.
            row::tail::VARIABLE if flags & row::flag::DENY != 0 => {}
            _ => {
                tail.heads = [literal_piece(tables, operand, false)?, ""];
                tail.foot = literal_piece(tables, operand, true)?;
                for number in tables.pattern_ends.range(operand)? {
                    if let [piece::LITERAL, start, length] = tables.pieces.record::<3>(number)? {
                        tail.witness.push_str(tables.text.get(start, length)?);
                    }
                }
            }
        }
        if let Some(extra) = extra.checked_sub(1) {
            let [_, scope, ..] = tables.extras.record::<5>(extra)?;
            if scope != NONE {
                let [own, _] = tail.heads;
                tail.heads = [own, literal_piece(tables, scope, false)?];
            }
        }
        Some(tail)
    }
}

/// The first or last piece of a pattern if it is a literal, else the empty text.
fn literal_piece<'a>(tables: &Tables<'a>, pattern: u32, last: bool) -> Option<&'a str> {
    let range = tables.pattern_ends.range(pattern)?;
    let number = if last { range.end.checked_sub(1)? } else { range.start };
    if range.is_empty() {
        return Some("");
    }
    match tables.pieces.record::<3>(number)? {
        [piece::LITERAL, start, length] => tables.text.get(start, length),
        _ => Some(""),
    }
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) row: u32,
    /// Counted from the block's first slot.
    pub(super) slot: u32,
}

/// Collects the entries of a block's slots.
pub(super) struct Collector<'t, 'a> {
    pub(super) tables: &'t Tables<'a>,
    pub(super) entries: Vec<Entry>,
    slot: u32,
}

impl<'t, 'a> Collector<'t, 'a> {
    pub(super) fn new(tables: &'t Tables<'a>) -> Self {
        Self { tables, entries: Vec::new(), slot: 0 }
    }

    /// The rows of one slot that its filters select. `None` when one of them could be missed.
    pub(super) fn slot(&mut self, slot: u32, posting: u32) -> Option<()> {
        self.slot = slot;
        if posting & (SINGLE | GROUP) == GROUP {
            return self.group(posting & !GROUP);
        }
        self.rows(posting, |_| true)
    }

    fn rows(&mut self, posting: u32, selects: impl Fn(&Tail<'a>) -> bool) -> Option<()> {
        let range = match posting {
            NONE => return Some(()),
            posting if posting & SINGLE != 0 => return self.row(posting & !SINGLE, selects),
            place => {
                let start = place.checked_add(1)?;
                Range { start, end: start.checked_add(self.tables.postings.get(place)?)? }
            }
        };
        self.tables.postings.slice(range)?.iter().try_for_each(|row| self.row(row, &selects))
    }

    fn row(&mut self, row: u32, selects: impl Fn(&Tail<'a>) -> bool) -> Option<()> {
        let tail = Tail::new(self.tables, &self.tables.rows.record(row)?)?;
        self.entries.push(Entry { row, slot: self.slot });
        selects(&tail).then_some(())
    }

    fn group(&mut self, number: u32) -> Option<()> {
        let [always, forward, backward, automaton] = self.tables.groups.record::<4>(number)?;
        self.rows(always, |_| true)?;
        if forward != NONE {
            self.trie(forward, false)?;
        }
        if backward != NONE {
            self.trie(backward, true)?;
        }
        if automaton == NONE { Some(()) } else { self.automaton(automaton) }
    }

    /// The rows of a trie; each begins (or ends) with the labels down to its node. No recursion: a chain
    /// of nodes may be as long as the bundle. Each waiting node knows how much of the text stays.
    fn trie(&mut self, root: u32, backwards: bool) -> Option<()> {
        let mut text: Vec<u8> = Vec::new();
        let mut waiting = vec![(root, 0usize)];
        while let Some((node, keep)) = waiting.pop() {
            let [start, length, first, children, prefix, exact] = self.tables.trie_nodes.record::<6>(node)?;
            text.truncate(keep);
            let label = self.tables.text.bytes(start, length)?;
            // Backwards the text is held reversed.
            let room = LONGEST.saturating_sub(keep);
            if backwards {
                text.extend(label.iter().rev().take(room));
            } else {
                text.extend(label.iter().take(room));
            }
            let out_of_reach = text.len() >= LONGEST;
            let whole: Vec<u8> = if backwards { text.iter().rev().copied().collect() } else { text.clone() };
            let shares = |tail: &Tail<'_>| match backwards {
                true => tail.foot.as_bytes().ends_with(&whole),
                false => tail.heads.iter().any(|head| head.as_bytes().starts_with(&whole)),
            };
            let equals = |tail: &Tail<'_>| tail.exact.is_some_and(|exact| exact.as_bytes() == whole);
            self.rows(prefix, |tail| out_of_reach || shares(tail))?;
            self.rows(exact, |tail| out_of_reach || equals(tail))?;
            for child in (Range { start: first, end: first.checked_add(children)? }) {
                let [_, child] = self.tables.trie_children.record::<2>(child)?;
                waiting.push((child, text.len()));
            }
        }
        Some(())
    }

    /// The rows of an automaton: run over a text of each, it must select that row.
    fn automaton(&mut self, number: u32) -> Option<()> {
        let record = self.tables.automata.record::<{ automaton::WORDS }>(number)?;
        let [_, _, _, states, first_accept, mode] = record;
        let start = self.entries.len();
        for state in first_accept..first_accept.checked_add(states)? {
            self.rows(self.tables.automaton_accept.get(state)?, |_| true)?;
        }
        let found = self.entries.get_mut(start..)?;
        found.sort_unstable();
        let mut rows: Vec<u32> = found.iter().map(|entry| entry.row).collect();
        let found = rows.len();
        rows.dedup();
        if mode == automaton::ON_THE_WAY && rows.len() < found {
            // Each state is met once, so a row of several would be tested more often than the certificate says.
            return None;
        }
        for row in &rows {
            let tail = Tail::new(self.tables, &self.tables.rows.record(*row)?)?;
            if tail.witness.is_empty() || !self.selects(record, *row, &tail.witness)? {
                return None;
            }
        }
        self.entries.truncate(start);
        let slot = self.slot;
        self.entries.extend(rows.into_iter().map(|row| Entry { row, slot }));
        Some(())
    }

    fn selects(&self, record: [u32; automaton::WORDS], row: u32, text: &str) -> Option<bool> {
        let [first_class, width, first_next, _, first_accept, mode] = record;
        let has = |state: u32| {
            let posting = self.tables.automaton_accept.get(first_accept.checked_add(state)?)?;
            if posting == NONE || posting & SINGLE != 0 {
                return Some(posting == row | SINGLE);
            }
            let start = posting.checked_add(1)?;
            let end = start.checked_add(self.tables.postings.get(posting)?)?;
            Some(self.tables.postings.slice(Range { start, end })?.iter().any(|other| other == row))
        };
        let (mut state, mut met) = (0u32, false);
        for byte in text.bytes() {
            let word = self.tables.automaton_classes.get(first_class.checked_add(u32::from(byte >> 2))?)?;
            let class = *word.to_le_bytes().get(usize::from(byte & 3))?;
            let at = state.checked_mul(width)?.checked_add(u32::from(class))?;
            state = self.tables.automaton_next.get(first_next.checked_add(at)?)?;
            let mut met_at = state;
            while mode == automaton::ON_THE_WAY && !met {
                met = has(met_at)?;
                let at = met_at.checked_add(1)?.checked_mul(width)?.checked_sub(1)?;
                met_at = self.tables.automaton_next.get(first_next.checked_add(at)?)?;
                if met_at == 0 {
                    break;
                }
            }
        }
        if mode == automaton::AT_END { has(state) } else { Some(met) }
    }
}
