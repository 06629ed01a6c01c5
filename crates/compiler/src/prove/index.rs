//! One block: its index gives every row of its policies to every request that the row matches, and no other row.
//!
//! The hash keys are made anew for everything that a row leaves open (service, region, owner, action; for a deny
//! also what a request may lack), and looked up as the runtime does. Tries are compared with the literal
//! ends of the rows' globs, automata with their sets of positions (`automaton`).

use std::collections::HashMap;
use std::rc::Rc;

use camshaft_bundle::schema::{GROUP, SINGLE, anchor, block, key, option, policy, row, scalar, term};
use camshaft_bundle::slots::Slots;
use camshaft_bundle::{NONE, Range, Tables, hash};
use camshaft_value::operator::{Base, Operator, Qualifier};

use super::actions::{Ranks, Reach, Touched};
use super::automaton::{self, Selected};
use super::entry::{self, Entry, Owner, Probe};
use super::glob::Part;
use super::policy::policies_of;

/// Longest path of a request: 4,096 bytes and the slash of a bucket.
const LONGEST: usize = 4_097;

/// What came of one block.
#[derive(Debug)]
pub(super) enum Covered {
    Proven,
    /// A row that a request does not find, and the request if there is one.
    Missed {
        row: u32,
        probe: Option<Probe>,
        action: Option<String>,
        difference: String,
    },
    /// A row that belongs to no policy of the block.
    Foreign {
        row: u32,
    },
    /// Something was over the budget.
    Exhausted(String),
}

/// A row as far as an index looks at it.
struct Seen<'a> {
    number: u32,
    words: [u32; row::WORDS],
    denies: bool,
    is_resource: bool,
    entry: Entry<'a>,
    /// Literals that the paths of all requests begin with which the row matches.
    heads: [String; 2],
    foot: String,
    exact: Option<String>,
    /// What its terms need, those of them that need one of a few values.
    needed: Vec<Needed<'a>>,
}

impl<'a> Seen<'a> {
    fn new(tables: &Tables<'a>, number: u32, kind: u32) -> Option<Self> {
        let words = tables.rows.record::<{ row::WORDS }>(number)?;
        let entry = entry::of_row(tables, &words)?;
        let denies = words[row::FLAGS] & row::flag::DENY != 0;
        let mut seen = Self {
            number,
            words,
            denies,
            is_resource: kind == policy::RESOURCE,
            heads: Default::default(),
            foot: String::new(),
            exact: None,
            needed: needed(tables, words[row::GUARD], denies),
            entry,
        };
        // CITE VAR-4: where a variable has no value, a deny matches every path.
        let open = denies && seen.entry.path.has_variable();
        if !open && !seen.entry.all {
            seen.heads[0] = seen.entry.path.head().to_owned();
            seen.foot = seen.entry.path.foot().to_owned();
            seen.exact = seen.entry.path.exact().map(str::to_owned);
        }
        // CITE RES-21: an object of CAM may meet the scope by another spelling than the one asked for.
        if let Some(scope) = seen.entry.scope.as_ref().filter(|_| seen.entry.service != Some("cam")) {
            seen.heads[1] = scope.head().to_owned();
        }
        Some(seen)
    }

    /// Whether no request is long enough to match it.
    fn is_too_long(&self) -> bool {
        let unsure = self.denies && self.entry.path.has_variable();
        !unsure && self.entry.path.texts().map(str::len).sum::<usize>() > LONGEST
    }

    fn begins_with(&self, text: &[u8]) -> bool {
        self.heads.iter().any(|head| head.as_bytes().starts_with(text))
    }
}

/// A block under proof.
struct Cover<'t, 'a> {
    tables: &'t Tables<'a>,
    ranks: &'t Ranks<'a>,
    /// Kinds of keys, and of a list the slots of each.
    kinds: Vec<(u32, Range)>,
    slots: Slots<'a>,
    rows: Vec<Seen<'a>>,
    /// Row (its place in `rows`) and slot, where the slot gives the row to every path that it matches.
    standing: Vec<(u32, u32)>,
    /// The same where it gives the row to every request, that for `*` too.
    firm: Vec<(u32, u32)>,
    reaches: &'t mut HashMap<u32, Option<Rc<Reach>>>,
    exhausted: Option<String>,
    states: usize,
}

/// What a request that a row matches has in its segments.
#[derive(Clone, Copy)]
struct Case {
    subject: u32,
    service: u32,
    region: u32,
    /// Bits of the account and its id.
    account: (u32, u32),
}

/// Proves one block. `None` for a bundle that contradicts itself.
pub(super) fn block<'a>(
    tables: &Tables<'a>,
    ranks: &Ranks<'a>,
    number: u32,
    reaches: &mut HashMap<u32, Option<Rc<Reach>>>,
    states: usize,
) -> Option<Covered> {
    let [first_kind, kinds, first_slot, slots, flags, ..] =
        tables.blocks.record::<{ block::WORDS }>(number)?;
    let mut rows = Vec::new();
    for policy in policies_of(tables, number)?.iter() {
        let [first, count, _, _, _, _, kind, _] = tables.policies.record::<{ policy::WORDS }>(policy)?;
        for row in first..first.checked_add(count)? {
            let Some(seen) = Seen::new(tables, row, kind) else {
                let difference = format!("row {row} contradicts itself");
                return Some(Covered::Missed { row, probe: None, action: None, difference });
            };
            rows.push(seen);
        }
    }
    let mut cover = Cover {
        tables,
        ranks,
        kinds: tables.kinds_of(first_kind, kinds)?.collect(),
        slots: tables.slots_of(first_slot, slots, flags)?,
        rows,
        standing: Vec::new(),
        firm: Vec::new(),
        reaches,
        exhausted: None,
        states,
    };
    if let Some(covered) = cover.collect()? {
        return Some(covered);
    }
    cover.standing.sort_unstable();
    cover.firm.sort_unstable();
    let mut last_star = None;
    for place in 0..cover.rows.len() {
        if let Some(missed) = cover.row(place, &mut last_star)? {
            return Some(missed);
        }
    }
    Some(cover.exhausted.map_or(Covered::Proven, Covered::Exhausted))
}

impl<'a> Cover<'_, 'a> {
    /// The place of a row.
    fn place(&self, row: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&row, |seen| seen.number).ok()
    }

    /// Reads every slot.
    fn collect(&mut self) -> Option<Option<Covered>> {
        for slot in 0..self.slots.len() {
            let posting = self.slots.posting(slot)?;
            let foreign = if posting & (SINGLE | GROUP) == GROUP {
                self.group(slot, posting & !GROUP)?
            } else {
                self.firm(slot, posting)?
            };
            if foreign.is_some() {
                return Some(foreign);
            }
        }
        Some(None)
    }

    /// Takes the rows of a posting that every request meets.
    fn firm(&mut self, slot: u32, posting: u32) -> Option<Option<Covered>> {
        for row in rows_of(self.tables, posting)? {
            if let Some(place) = self.place(row) {
                self.firm.push((u32::try_from(place).ok()?, slot));
            }
        }
        self.posting(slot, posting, &|_| true)
    }

    /// Takes the rows of a posting that `selects` for all paths that they match.
    fn posting(
        &mut self,
        slot: u32,
        posting: u32,
        selects: &dyn Fn(&Seen<'a>) -> bool,
    ) -> Option<Option<Covered>> {
        let rows = rows_of(self.tables, posting)?;
        for row in rows {
            let Some(place) = self.place(row) else { return Some(Some(Covered::Foreign { row })) };
            if self.rows.get(place).is_some_and(selects) {
                self.standing.push((u32::try_from(place).ok()?, slot));
            }
        }
        Some(None)
    }

    fn group(&mut self, slot: u32, number: u32) -> Option<Option<Covered>> {
        let [always, forward, backward, automaton] = self.tables.groups.record::<4>(number)?;
        let mut foreign = self.firm(slot, always)?;
        for (root, backwards) in [(forward, false), (backward, true)] {
            if root != NONE && foreign.is_none() {
                foreign = self.trie(slot, root, backwards)?;
            }
        }
        if automaton != NONE && foreign.is_none() {
            foreign = self.automaton(slot, automaton)?;
        }
        Some(foreign)
    }

    /// A path reaches the nodes whose labels it begins (ends) with.
    fn trie(&mut self, slot: u32, root: u32, backwards: bool) -> Option<Option<Covered>> {
        let tables = self.tables;
        // Labels down to a node; backwards the text is held reversed.
        let mut text: Vec<u8> = Vec::new();
        let mut waiting = vec![(root, 0usize)];
        while let Some((node, keep)) = waiting.pop() {
            let [start, length, first, children, prefix, exact] = tables.trie_nodes.record::<6>(node)?;
            text.truncate(keep);
            let label = tables.text.bytes(start, length)?;
            let room = (LONGEST + 1).saturating_sub(keep);
            if backwards {
                text.extend(label.iter().rev().take(room));
            } else {
                text.extend(label.iter().take(room));
            }
            let within = text.len() <= LONGEST;
            let whole: Vec<u8> = if backwards { text.iter().rev().copied().collect() } else { text.clone() };
            let shares = |seen: &Seen<'_>| {
                within
                    && if backwards {
                        seen.foot.as_bytes().ends_with(&whole)
                    } else {
                        seen.begins_with(&whole)
                    }
            };
            let equals = |seen: &Seen<'_>| {
                within && seen.exact.as_ref().is_some_and(|exact| exact.as_bytes() == whole)
            };
            for (posting, selects) in [(prefix, &shares as &dyn Fn(&Seen<'a>) -> bool), (exact, &equals)] {
                let foreign = self.posting(slot, posting, selects)?;
                if foreign.is_some() {
                    return Some(foreign);
                }
            }
            for child in (Range { start: first, end: first.checked_add(children)? }) {
                let [_, child] = tables.trie_children.record::<2>(child)?;
                waiting.push((child, text.len()));
            }
        }
        Some(None)
    }

    fn automaton(&mut self, slot: u32, number: u32) -> Option<Option<Covered>> {
        let mut rows = automaton::rows(self.tables, number)?;
        rows.sort_unstable();
        rows.dedup();
        let mut patterns: HashMap<&[Part<'a>], Vec<u32>> = HashMap::new();
        for row in &rows {
            let Some(place) = self.place(*row) else { return Some(Some(Covered::Foreign { row: *row })) };
            let seen = self.rows.get(place)?;
            if !seen.entry.path.has_variable() && !seen.entry.all {
                patterns.entry(&seen.entry.path.0).or_default().push(*row);
            }
        }
        let mut patterns: Vec<(&[Part<'a>], Vec<u32>)> = patterns.into_iter().collect();
        patterns.sort_unstable();
        let globs: Vec<super::glob::Glob<'a>> =
            patterns.iter().map(|(parts, _)| super::glob::Glob(parts.to_vec())).collect();
        let rows: Vec<Vec<u32>> = patterns.into_iter().map(|(_, rows)| rows).collect();
        match automaton::selects(self.tables, number, &globs, &rows, self.states)? {
            Selected::All => {}
            Selected::Exhausted(what) => self.exhausted = Some(what),
            Selected::Misses { row, path } => {
                let seen = self.rows.get(self.place(row)?)?;
                let mut probe = seen.entry.probe("", "");
                probe.path = path;
                let difference = "the automaton of a crowded key does not select it".to_owned();
                return Some(Some(Covered::Missed { row, probe: Some(probe), action: None, difference }));
            }
        }
        for row in rows.into_iter().flatten() {
            let place = u32::try_from(self.place(row)?).ok()?;
            self.standing.push((place, slot));
        }
        Some(None)
    }

    /// A case of a row that no key leads to.
    fn row(&mut self, place: usize, last_star: &mut Option<(u32, u32)>) -> Option<Option<Covered>> {
        let seen = self.rows.get(place)?;
        let (denies, is_resource) = (seen.denies, seen.is_resource);
        let too_long = seen.is_too_long();
        let [flags, service, region, account, actions, _, _, _, statement, _] = seen.words;
        let reach = match self.reaches.get(&actions) {
            Some(reach) => reach.clone(),
            None => {
                let reach = self.ranks.reach(self.tables, actions).map(Rc::new);
                self.reaches.insert(actions, reach.clone());
                reach
            }
        };
        let Some(reach) = reach else {
            let why = "its actions are of a service that is no segment";
            return Some(Some(self.missed(place, why, None, None)));
        };
        let nothing = Case { subject: anchor::ALL, service: NONE, region: NONE, account: (0, 0) };
        if flags & row::flag::ALL != 0 {
            return Some(self.case(place, &nothing, &reach));
        }
        let strict = self.tables.scalar(scalar::OPTIONS) & option::LIST_DENY_CAM == 0;
        // Rows of one statement and service are met by the same requests for `*`.
        if denies && strict && !is_resource && *last_star != Some((statement, service)) {
            *last_star = Some((statement, service));
            let star = Case { subject: anchor::STAR, ..nothing };
            let of_service = match (&*reach, service) {
                (_, NONE) => Rc::clone(&reach),
                (Reach::Everything, service) => {
                    Rc::new(Reach::Services(vec![Touched { service, open: true, exact: Vec::new() }]))
                }
                (Reach::Services(services), service) => {
                    let of = services.iter().filter(|touched| touched.service == service);
                    Rc::new(Reach::Services(of.cloned().collect()))
                }
            };
            let missed = self.case(place, &star, &of_service);
            if missed.is_some() {
                return Some(missed);
            }
        }
        if too_long {
            return Some(None);
        }
        let regions = [Some(region), (denies && region != NONE).then_some(0)];
        let (bits, missing) = match seen_owner(&self.rows.get(place)?.entry) {
            anchor::OWN => (anchor::OWN, None),
            0 => (0, None),
            bits => (bits, denies.then_some(anchor::MISSING)),
        };
        for region in regions.into_iter().flatten() {
            for account in [Some(account), missing].into_iter().flatten() {
                let case = Case { subject: anchor::SEGMENTS, service, region, account: (bits, account) };
                let missed = self.case(place, &case, &reach);
                if missed.is_some() {
                    return Some(missed);
                }
            }
        }
        Some(None)
    }

    /// What of a case is missed.
    fn case(&self, place: usize, case: &Case, reach: &Reach) -> Option<Covered> {
        if self.kinds.is_empty() && !self.slots.is_empty() && self.stands(place, case, 0)
            || self.found(place, case, 0, 0)
        {
            return None;
        }
        let services = match reach {
            Reach::Everything => return Some(self.missed(place, "no key leads to it", Some(case), None)),
            Reach::Services(services) => services,
        };
        for touched in services {
            if self.found(place, case, anchor::ACTION_SERVICE, touched.service) {
                continue;
            }
            let missing = |action: &&u32| !self.found(place, case, anchor::ACTION, **action);
            let action = touched.exact.iter().find(missing);
            let action = action.and_then(|action| self.tables.actions().get(*action));
            if touched.open || action.is_some() {
                let service = self.tables.segments().get(touched.service).unwrap_or("");
                let action = action.map_or_else(|| format!("{service}:X"), str::to_owned);
                return Some(self.missed(place, "no key leads to it", Some(case), Some(action)));
            }
        }
        None
    }

    fn missed(&self, place: usize, why: &str, case: Option<&Case>, action: Option<String>) -> Covered {
        let Some(seen) = self.rows.get(place) else { return Covered::Proven };
        let mut probe = seen.entry.probe("", "");
        match case {
            Some(case) if case.subject == anchor::STAR => probe.path.clear(),
            Some(case) => {
                if case.region == 0 {
                    probe.region.clear();
                }
                // The owner has no id of the kind that the row asks for.
                match case.account {
                    (anchor::UIN, anchor::MISSING) => probe.owner = "uid/9999999999".to_owned(),
                    (anchor::APPID, anchor::MISSING) => probe.owner = "uin/999999999999".to_owned(),
                    _ => {}
                }
            }
            None => {}
        }
        if probe.service.is_empty() {
            probe.service =
                action.as_deref().and_then(|action| action.split(':').next()).unwrap_or("cvm").to_owned();
        }
        let difference =
            format!("the index does not give row {} to a request that it matches: {why}", seen.number);
        Covered::Missed { row: seen.number, probe: Some(probe), action, difference }
    }

    /// Whether a slot gives a row to the requests of a case.
    fn stands(&self, place: usize, case: &Case, slot: u32) -> bool {
        let list = if case.subject == anchor::SEGMENTS { &self.standing } else { &self.firm };
        u32::try_from(place).is_ok_and(|place| list.binary_search(&(place, slot)).is_ok())
    }

    /// Whether a key with these bits of the action leads to a row that answers for the case.
    fn found(&self, place: usize, case: &Case, bits: u32, action: u32) -> bool {
        let mut kinds = self.kinds.iter().filter(|(kind, _)| kind & anchor::ACTION_BITS == bits);
        kinds.any(|(kind, of_kind)| self.leads(place, case, (*kind, *of_kind), action))
    }

    fn leads(&self, place: usize, case: &Case, (kind, of_kind): (u32, Range), action: u32) -> bool {
        let others = anchor::SERVICE | anchor::REGION | anchor::ACCOUNT | anchor::PATH_BITS;
        if kind & anchor::SUBJECT != case.subject
            || case.subject != anchor::SEGMENTS && kind & others != 0
            || kind & anchor::SERVICE != 0 && case.service == NONE
            || kind & anchor::REGION != 0 && case.region == NONE
            || kind & anchor::ACCOUNT != 0 && kind & anchor::ACCOUNT != case.account.0
        {
            return false;
        }
        let Some(seen) = self.rows.get(place) else { return false };
        let seed = self.tables.seed();
        let until = |head: &String, slash: usize| {
            let (at, _) = head.match_indices('/').nth(slash)?;
            Some(hash::text(seed, head.get(..=at)?))
        };
        let [own, scope] = &seen.heads;
        let paths = match kind & anchor::PATH_BITS {
            0 => [Some(0), None],
            anchor::PATH_1 => [until(own, 0), until(scope, 0)],
            anchor::PATH_2 => [until(own, 1), until(scope, 1)],
            _ => [seen.exact.as_ref().map(|exact| hash::text(seed, exact)), None],
        };
        let (service, region, account) = (case.service, case.region, case.account.1);
        let leads = |(kind, of_kind): (u32, Range), context: u64| {
            paths.into_iter().flatten().any(|path| {
                let parts = anchor::Parts { service, region, account, path, action, context };
                let key = anchor::key(seed, kind, &parts);
                let found = self.slots.find(key, (kind, of_kind), |slot, _| {
                    let answers = self.answers(place, case, slot, (kind & anchor::ACTION_BITS, action));
                    Some(if answers { Err(()) } else { Ok(()) })
                });
                found == Some(Err(()))
            })
        };
        if kind & anchor::CONTEXT == 0 {
            return leads((kind, of_kind), 0);
        }
        // Whoever stands under a key without values must stand under its values as well, and is found by those.
        if kind & anchor::EMPTY != 0 {
            return false;
        }
        let without = self.kinds.iter().find(|(other, _)| *other == kind & !anchor::VALUE | anchor::EMPTY);
        // Where a request matches the row, its context has one of these: each must lead to the row.
        seen.needed.iter().any(|Needed { key, values, or_none }| {
            values.iter().all(|value| leads((kind, of_kind), anchor::value(seed, *key, value)))
                && (!or_none || without.is_some_and(|without| leads(*without, anchor::empty(seed, *key))))
        })
    }

    /// Whether a slot gives the row, or for the request `*` another of its statement that matches as well.
    fn answers(&self, place: usize, case: &Case, slot: u32, (bits, action): (u32, u32)) -> bool {
        if self.stands(place, case, slot) {
            return true;
        }
        let Some(seen) = self.rows.get(place).filter(|_| case.subject == anchor::STAR) else { return false };
        // The service that the request's action surely has.
        let service = match bits {
            anchor::ACTION_SERVICE => action,
            anchor::ACTION => self.tables.action_services.get(action).unwrap_or(NONE),
            _ => NONE,
        };
        let statement = seen.words[row::STATEMENT];
        let is_other = |other: &&Seen<'_>| other.words[row::STATEMENT] == statement;
        let before = self.rows.get(..place).unwrap_or(&[]).iter().rev().take_while(is_other).count();
        let behind = self.rows.get(place..).unwrap_or(&[]).iter().take_while(is_other).count();
        (place - before..place + behind).any(|other| {
            let of = self.rows.get(other).map(|other| (other.words[row::SERVICE], other.entry.all));
            let meets = of.is_some_and(|(own, all)| {
                !all && (own == NONE || own == seen.words[row::SERVICE] || own == service)
            });
            meets && self.stands(other, case, slot)
        })
    }
}

/// The bit of the account in keys.
fn seen_owner(entry: &Entry<'_>) -> u32 {
    match entry.owner {
        Owner::Caller => anchor::OWN,
        Owner::Uin(_) => anchor::UIN,
        Owner::AppId(_) => anchor::APPID,
        Owner::Any | Owner::Unknown => 0,
    }
}

/// A term that holds only where the context has one of its values.
struct Needed<'a> {
    /// Id of the key.
    key: u32,
    values: Vec<&'a str>,
    /// Or where the key is there without values.
    or_none: bool,
}

/// The terms of a guard (its number and 1, 0 for none) that need one of a few values.
///
/// An allow needs T (CITE EVA-1). Of an equality that is not negated that takes a value that is equal: an absent key
/// gives F (CITE CON-6), no value U or F (CITE CON-14), several values without a qualifier T only where all are equal
/// (CITE CON-13). A deny takes U as well (CITE EVA-2): where of several values some are equal, and where there are none
/// but for `for_any_value:`. The caller's own keys are no part of the context.
fn needed<'a>(tables: &Tables<'a>, guard: u32, denies: bool) -> Vec<Needed<'a>> {
    let terms =
        guard.checked_sub(1).and_then(|guard| tables.guard_terms.slice(tables.guard_ends.range(guard)?));
    let of_term = |number: u32| {
        let [code, key, start, length, flags] = tables.terms.record::<{ term::WORDS }>(number)?;
        let operator = Operator::from_code(code)?;
        let equality = matches!(operator.base, Base::StringEqual | Base::StringLike | Base::BinaryEqual);
        let derived = key::TEXTS.contains(&tables.keys().get(key)?);
        if !equality || operator.if_exist || derived || flags & term::UNVALUED != 0 {
            return None;
        }
        let words = tables.values.slice(Range { start, end: start.checked_add(length)? })?;
        let (literals, patterns) = (words.get(0)?, words.get(1)?);
        if literals == 0 || patterns != 0 {
            return None;
        }
        let text = |number: u32| {
            let at = number.checked_mul(2)?.checked_add(2)?;
            tables.text.get(words.get(at)?, words.get(at + 1)?)
        };
        let values = (0..literals).map(text).collect::<Option<_>>()?;
        Some(Needed { key, values, or_none: denies && operator.qualifier != Qualifier::AnyValue })
    };
    terms.into_iter().flat_map(|terms| terms.iter()).filter_map(of_term).collect()
}

/// The rows of a posting that is no group.
pub(super) fn rows_of(tables: &Tables<'_>, posting: u32) -> Option<Vec<u32>> {
    Some(match posting {
        NONE => Vec::new(),
        posting if posting & SINGLE != 0 => vec![posting & !SINGLE],
        place => {
            let start = place.checked_add(1)?;
            let end = start.checked_add(tables.postings.get(place)?)?;
            tables.postings.slice(Range { start, end })?.iter().collect()
        }
    })
}
