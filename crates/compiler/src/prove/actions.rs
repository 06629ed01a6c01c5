//! Action sets against the actions of statements, and the services that a set touches.

use std::collections::HashMap;

use camshaft_bundle::{Range, Tables};
use camshaft_frontend::policy::{ActionEntry, Piece};
use camshaft_value::pattern::matches_glob;

/// The items of a bundle that have ranks: exact actions and prefixes, by rank.
pub(super) struct Ranks<'a> {
    /// Text, and whether it is an exact action; sorted.
    items: Vec<(&'a str, bool)>,
    /// By item: one past the last item that begins with it; itself for an exact action.
    ends: Vec<u32>,
    /// By item: id of the exact action.
    ids: Vec<u32>,
    /// Globs by text.
    globs: HashMap<&'a str, u32>,
}

/// What a set touches in one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    /// Segment id.
    pub(super) service: u32,
    /// Whether it cannot be listed: there is a prefix or glob.
    pub(super) open: bool,
    /// Ids of exact actions, where it is not open.
    pub(super) exact: Vec<u32>,
}

/// The actions of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every action of every service.
    Everything,
    /// By service.
    Services(Vec<Touched>),
}

impl<'a> Ranks<'a> {
    /// `None` for a bundle that contradicts itself.
    pub(super) fn new(tables: &Tables<'a>) -> Option<Self> {
        let mut items = Vec::new();
        for [start, length, _, rank] in tables.action_prefixes.iter_records::<4>() {
            items.push((rank, tables.text.get(start, length)?, false, camshaft_bundle::NONE));
        }
        for (id, rank) in (0u32..).zip(tables.action_ranks.iter()) {
            items.push((rank, tables.actions().get(id)?, true, id));
        }
        items.sort_unstable();
        let ids = items.iter().map(|(.., id)| *id).collect();
        let items: Vec<(&str, bool)> = items.into_iter().map(|(_, text, exact, _)| (text, exact)).collect();
        let mut ends: Vec<u32> = (1u32..).take(items.len()).collect();
        let mut open: Vec<usize> = Vec::new();
        for (at, (text, exact)) in items.iter().enumerate() {
            while let Some(outer) = open.last().copied()
                && items.get(outer).is_some_and(|(outer, _)| !text.starts_with(outer))
            {
                open.pop();
            }
            for outer in &open {
                if let Some(end) = ends.get_mut(*outer) {
                    *end = u32::try_from(at + 1).ok()?;
                }
            }
            if !exact {
                open.push(at);
            }
        }
        let globs = (0u32..).zip(tables.action_globs.iter_records::<2>());
        let globs = globs.map(|(glob, [start, length])| Some((tables.text.get(start, length)?, glob)));
        Some(Self { items, ends, ids, globs: globs.collect::<Option<_>>()? })
    }

    fn find(&self, text: &str, exact: bool) -> Option<u32> {
        let at = self.items.binary_search(&(text, exact)).ok()?;
        u32::try_from(at).ok()
    }

    /// The words that a set of these actions has; `None` when one of them is no item of the bundle.
    fn words(&self, actions: &[ActionEntry]) -> Option<Vec<u32>> {
        let (mut intervals, mut globs) = (Vec::new(), Vec::new());
        for action in actions {
            match Shape::of(action) {
                Shape::Prefix(text) => {
                    let first = self.find(&text, false)?;
                    intervals.push((first, *self.ends.get(first as usize)?));
                }
                Shape::Exact(text) => {
                    let rank = self.find(&text, true)?;
                    intervals.push((rank, rank + 1));
                }
                Shape::Glob(text) => globs.push(*self.globs.get(&*text)?),
            }
        }
        intervals.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (first, end) in intervals {
            match joined.last_mut() {
                Some((_, last)) if first <= *last => *last = end.max(*last),
                _ => joined.push((first, end)),
            }
        }
        globs.sort_unstable();
        globs.dedup();
        let count = u32::try_from(joined.len()).ok()?;
        let intervals = joined.into_iter().flat_map(|(first, end)| [first, end]);
        Some(core::iter::once(count).chain(intervals).chain(globs).collect())
    }

    /// What a set touches. `None` when it names a service that is no segment.
    pub(super) fn reach(&self, tables: &Tables<'_>, set: u32) -> Option<Reach> {
        let mut words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?.iter();
        // Service, and the exact action or none.
        let mut found: Vec<(u32, Option<u32>)> = Vec::new();
        let service = |text: &str| tables.segments().find(text.split_once(':')?.0);
        for _ in 0..words.next()? {
            let Range { start: mut rank, end } = Range { start: words.next()?, end: words.next()? };
            while rank < end {
                let (text, exact) = *self.items.get(rank as usize)?;
                if text.is_empty() && !exact {
                    return Some(Reach::Everything);
                }
                let id = exact.then_some(*self.ids.get(rank as usize)?);
                found.push((service(text)?, id));
                rank = *self.ends.get(rank as usize)?;
            }
        }
        for glob in words {
            let [start, length] = tables.action_globs.record::<2>(glob)?;
            found.push((service(tables.text.get(start, length)?)?, None));
        }
        found.sort_unstable();
        found.dedup();
        let of_service = |run: &[(u32, Option<u32>)]| {
            let open = run.iter().any(|(_, action)| action.is_none());
            let exact =
                if open { Vec::new() } else { run.iter().filter_map(|(_, action)| *action).collect() };
            run.first().map(|(service, _)| Touched { service: *service, open, exact })
        };
        Some(Reach::Services(found.chunk_by(|a, b| a.0 == b.0).filter_map(of_service).collect()))
    }
}

/// What an entry is among the items.
enum Shape {
    Prefix(String),
    Exact(String),
    Glob(String),
}

impl Shape {
    fn covers(&self, action: &str) -> bool {
        match self {
            Self::Prefix(prefix) => action.starts_with(prefix.as_str()),
            Self::Exact(text) => action == text,
            Self::Glob(glob) => matches_glob(glob, action),
        }
    }

    fn of(action: &ActionEntry) -> Self {
        let ActionEntry::Operation { service, operation } = action else {
            return Self::Prefix(String::new());
        };
        let mut text = format!("{service}:");
        let stars = operation.0.iter().filter(|piece| **piece == Piece::Star).count();
        let last = operation.0.last() == Some(&Piece::Star);
        for piece in &operation.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Star | Piece::Variable(_) => text.push('*'),
            }
        }
        match stars {
            0 => Self::Exact(text),
            1 if last => {
                text.pop();
                Self::Prefix(text)
            }
            _ => Self::Glob(text),
        }
    }
}

impl Ranks<'_> {
    /// An action that a set holds and the entries do not, or the reverse.
    pub(super) fn difference(
        &self,
        tables: &Tables<'_>,
        set: u32,
        actions: &[ActionEntry],
    ) -> Option<String> {
        let mut words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?.iter();
        let mut intervals = Vec::new();
        for _ in 0..words.next()? {
            intervals.push(words.next()?..words.next()?);
        }
        let globs: Vec<&str> = words
            .filter_map(|glob| tables.action_globs.record::<2>(glob))
            .filter_map(|[start, length]| tables.text.get(start, length))
            .collect();
        let holds = |rank: u32, action: &str| {
            intervals.iter().any(|interval| interval.contains(&rank))
                || globs.iter().any(|glob| matches_glob(glob, action))
        };
        let said = |action: &str| actions.iter().map(Shape::of).any(|shape| shape.covers(action));
        let items = (0u32..).zip(&self.items).map(|(rank, (text, exact))| match (*exact, *text) {
            (true, action) => (rank, action.to_owned()),
            (false, "") => (rank, "unheard:Of".to_owned()),
            // Of no longer prefix, so that it has this one's rank.
            (false, prefix) => (rank, format!("{prefix}Zz0")),
        });
        let own = actions.iter().map(|action| {
            let action = witness(action);
            (self.find(&action, true).unwrap_or(camshaft_bundle::NONE), action)
        });
        let of_globs = globs.iter().map(|glob| (camshaft_bundle::NONE, glob.replace('*', "X")));
        let mut all = items.chain(own.filter(|(rank, _)| *rank != camshaft_bundle::NONE)).chain(of_globs);
        all.find(|(rank, action)| holds(*rank, action) != said(action)).map(|(_, action)| action)
    }
}

/// An action that an entry covers.
pub(super) fn witness(action: &ActionEntry) -> String {
    let ActionEntry::Operation { service, operation } = action else { return "cvm:RunInstances".to_owned() };
    let mut text = format!("{service}:");
    for piece in &operation.0 {
        text.push_str(if let Piece::Literal(literal) = piece { literal } else { "X" });
    }
    text
}

/// Sets that were compared with lists of entries before.
#[derive(Default)]
pub(super) struct Compared(HashMap<u32, Vec<ActionEntry>>);

impl Compared {
    /// Whether a set of the bundle is that of these entries.
    pub(super) fn same(
        &mut self,
        ranks: &Ranks<'_>,
        tables: &Tables<'_>,
        set: u32,
        actions: &[ActionEntry],
    ) -> bool {
        if self.0.get(&set).is_some_and(|known| known == actions) {
            return true;
        }
        let stored = tables.action_set_ends.range(set).and_then(|range| tables.action_set_words.slice(range));
        let expected = ranks.words(actions);
        let same = match (stored, expected) {
            (Some(stored), Some(expected)) => stored.iter().eq(expected),
            _ => false,
        };
        if same {
            self.0.insert(set, actions.to_vec());
        }
        same
    }
}
