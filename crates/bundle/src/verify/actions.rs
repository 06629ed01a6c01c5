//! Ranks of actions and the sets made of them.

use crate::schema::Tables;
use crate::verify::{Checked, ends, fault, records, text};

/// Prefixes, ranks, globs and sets.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    prefixes(tables)?;
    ranks(tables)?;
    services(tables)?;
    for (glob, [start, length]) in records::<2>("action_globs", tables.action_globs)? {
        text("action_globs", glob, tables.text, start, length)?;
    }
    ends("action_set_ends", tables.action_set_ends, tables.action_set_words.len())?;
    let sets = tables.action_set_ends.records::<1>();
    if tables.action_hulls.len() != (sets as usize).saturating_mul(3) {
        return Err(fault("action_hulls", sets, "there is not one hull for each set"));
    }
    for set in 0..sets {
        if !is_set(tables, set).unwrap_or(false) {
            return Err(fault("action_set_words", set, "the set is malformed, unsorted or out of range"));
        }
        let words = tables.action_set_ends.range(set).and_then(|range| tables.action_set_words.slice(range));
        let hull = words.and_then(|words| Tables::hull_of(words.iter()));
        if hull.is_none() || tables.action_hulls.record::<3>(set) != hull {
            return Err(fault("action_hulls", set, "the hull is not that of the set"));
        }
    }
    Ok(())
}

/// Sorted by bytes; the parent of each is the longest other prefix that it begins with, so that the way
/// up from any of them meets all.
fn prefixes(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "action_prefixes";
    let get = |at: u32| {
        let [start, length, parent, _] = tables.action_prefixes.record::<4>(at)?;
        Some((tables.text.get(start, length)?, parent))
    };
    let mut last: Option<&str> = None;
    for (number, [start, length, parent, _]) in records::<4>(TABLE, tables.action_prefixes)? {
        let prefix = text(TABLE, number, tables.text, start, length)?;
        let sound = match last {
            None => prefix.is_empty() && parent == 0,
            Some(last) => last < prefix,
        };
        if !sound {
            return Err(fault(TABLE, number, "the prefixes are not sorted from the empty one on"));
        }
        // Up from the prefix before: what is left behind is no beginning of later ones either, so all
        // these ways together are linear.
        let mut above = number.saturating_sub(1);
        while let Some((outer, next)) = get(above)
            && !prefix.starts_with(outer)
            && next < above
        {
            above = next;
        }
        if parent != above {
            return Err(fault(TABLE, number, "the parent is not the longest shorter prefix"));
        }
        last = Some(prefix);
    }
    match last {
        Some(_) => Ok(()),
        None => Err(fault(TABLE, 0, "the empty prefix is missing")),
    }
}

/// Prefixes and exact actions, merged by their ranks, are 0, 1, 2 … and sorted by bytes, a prefix before
/// an action of the same text.
fn ranks(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "action_ranks";
    let actions = tables.actions();
    if actions.len() != tables.action_ranks.records::<1>() {
        return Err(fault(TABLE, actions.len(), "there is not one rank for each action"));
    }
    let mut exact = (0u32..).zip(tables.action_ranks.iter()).peekable();
    let mut prefixes = records::<4>("action_prefixes", tables.action_prefixes)?.peekable();
    let mut last = ("", false);
    for rank in 0u32.. {
        let item = if let Some((_, [start, length, ..])) = prefixes.next_if(|(_, [.., own])| *own == rank) {
            tables.text.get(start, length).map(|text| (text, false))
        } else if let Some((id, _)) = exact.next_if(|(_, own)| *own == rank) {
            actions.get(id).map(|text| (text, true))
        } else if let Some((id, _)) = exact.peek() {
            return Err(fault(TABLE, *id, "the ranks have a gap or a repetition"));
        } else if let Some((number, _)) = prefixes.peek() {
            return Err(fault("action_prefixes", *number, "the ranks have a gap or a repetition"));
        } else {
            return Ok(());
        };
        match item {
            Some(item) if rank == 0 || last < item => last = item,
            _ => return Err(fault(TABLE, rank, "the ranks do not follow the texts")),
        }
    }
    Ok(())
}

/// The service of an action is what stands before its colon.
fn services(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "action_services";
    let (actions, segments) = (tables.actions(), tables.segments());
    if actions.len() != tables.action_services.records::<1>() {
        return Err(fault(TABLE, actions.len(), "there is not one service for each action"));
    }
    for (id, service) in (0u32..).zip(tables.action_services.iter()) {
        let written = actions.get(id).and_then(|text| text.split_once(':')).map(|(service, _)| service);
        if written.is_none() || segments.get(service) != written {
            return Err(fault(TABLE, id, "the service is not that of the action"));
        }
    }
    Ok(())
}

/// Intervals sorted, not empty and apart; globs sorted; everything in range.
fn is_set(tables: &Tables<'_>, set: u32) -> Option<bool> {
    let ranks = tables.action_prefixes.records::<4>().checked_add(tables.action_ranks.records::<1>())?;
    let globs = tables.action_globs.records::<2>();
    let mut words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?.iter();
    let mut last: Option<u32> = None;
    for _ in 0..words.next()? {
        let (first, end) = (words.next()?, words.next()?);
        if last.is_some_and(|last| first <= last) || end <= first || end > ranks {
            return Some(false);
        }
        last = Some(end);
    }
    let mut last: Option<u32> = None;
    for glob in words {
        if last.is_some_and(|last| glob <= last) || glob >= globs {
            return Some(false);
        }
        last = Some(glob);
    }
    Some(true)
}
