//! Which services and actions an action set touches.

use crate::schema::Tables;
use crate::verify::{Checked, fault};
use crate::words::Range;

/// The actions of a set by service.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Every action of every service.
    pub(super) all: bool,
    /// Segment id of each service, sorted.
    pub(super) services: Vec<Service>,
}

/// The actions of one service in a set.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) id: u32,
    /// Whether a prefix or glob is among them, so that they cannot be listed.
    pub(super) open: bool,
    /// Exact actions.
    pub(super) exact: Vec<u32>,
}

/// The reaches of all sets, made when first asked for.
pub(super) struct Reaches<'t, 'a> {
    tables: &'t Tables<'a>,
    /// By rank: number of the prefix, or id of the exact action.
    items: Vec<(bool, u32)>,
    sets: Vec<Option<Reach>>,
}

impl<'t, 'a> Reaches<'t, 'a> {
    pub(super) fn new(tables: &'t Tables<'a>) -> Self {
        let prefixes = (0..tables.action_prefixes.records::<4>()).filter_map(|number| {
            tables.action_prefixes.record::<4>(number).map(|[.., rank]| (rank, false, number))
        });
        let exact = (0u32..).zip(tables.action_ranks.iter()).map(|(id, rank)| (rank, true, id));
        let mut items: Vec<(u32, bool, u32)> = prefixes.chain(exact).collect();
        items.sort_unstable();
        let items = items.into_iter().map(|(_, exact, number)| (exact, number)).collect();
        let mut sets = Vec::new();
        sets.resize_with(tables.action_set_ends.len(), || None);
        Self { tables, items, sets }
    }

    /// The reach of a set.
    pub(super) fn get(&mut self, set: u32) -> Checked<&Reach> {
        let missing = || fault("action_set_words", set, "the set names a service that is no segment");
        let reach = match self.sets.get(set as usize) {
            Some(None) => Some(self.make(set).ok_or_else(missing)?),
            _ => None,
        };
        let slot = self.sets.get_mut(set as usize).ok_or_else(missing)?;
        if reach.is_some() {
            *slot = reach;
        }
        slot.as_ref().ok_or_else(missing)
    }

    fn make(&self, set: u32) -> Option<Reach> {
        let tables = self.tables;
        let mut words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?.iter();
        // Service, and the exact action or none for an open pattern.
        let mut found: Vec<(u32, Option<u32>)> = Vec::new();
        let service = |text: &str| tables.segments().find(text.split_once(':')?.0);
        for _ in 0..words.next()? {
            for rank in (Range { start: words.next()?, end: words.next()? }) {
                let (exact, number) = *self.items.get(rank as usize)?;
                if exact {
                    found.push((service(tables.actions().get(number)?)?, Some(number)));
                    continue;
                }
                let [start, length, ..] = tables.action_prefixes.record::<4>(number)?;
                if length == 0 {
                    return Some(Reach { all: true, services: Vec::new() });
                }
                found.push((service(tables.text.get(start, length)?)?, None));
            }
        }
        for glob in words {
            let [start, length] = tables.action_globs.record::<2>(glob)?;
            found.push((service(tables.text.get(start, length)?)?, None));
        }
        found.sort_unstable();
        found.dedup();
        let mut services: Vec<Service> = Vec::new();
        for (id, action) in found {
            if services.last().is_none_or(|last| last.id != id) {
                services.push(Service { id, open: false, exact: Vec::new() });
            }
            let last = services.last_mut()?;
            last.open |= action.is_none();
            last.exact.extend(action);
        }
        Some(Reach { all: false, services })
    }
}
