//! One block: every row is found from every side, and every slot is counted.

use crate::certificate::Certificate;
use crate::hash;
use crate::schema::{Tables, anchor, block, option, policy, row, scalar};
use crate::slots::{self, Slots};
use crate::verify::full::FullReport;
use crate::verify::full::index::{Collector, Entry, Tail};
use crate::verify::full::reach::{Reach, Reaches, Service};
use crate::verify::{Checked, fault};
use crate::words::{NONE, Range};

const TABLE: &str = "blocks";

/// A block under proof.
struct Cover<'t, 'a> {
    tables: &'t Tables<'a>,
    seed: u64,
    kinds: Vec<(u32, Range)>,
    slots: Slots<'a>,
    /// Sorted by row.
    entries: Vec<Entry>,
    /// By slot: the kind of a key that leads to it, `NONE` before one is found.
    kind_of: Vec<u32>,
    lookups: u64,
    /// The rows of the statement looked at last: itself, first and last.
    rows_of: (u32, u32, u32),
}

/// What a request that matches a row has in its segments, as far as keys are made of it.
struct Case<'c, 'a> {
    subject: u32,
    service: u32,
    region: u32,
    /// Bits of the account and its id.
    account: (u32, u32),
    /// The guard and 1, 0 for none; and whether the row denies.
    condition: (u32, bool),
    tail: &'c Tail<'a>,
    /// Entries of the row, and of all rows that answer for it.
    own: Range,
    standing: Range,
}

/// Proves one block.
pub(super) fn check(
    tables: &Tables<'_>,
    number: u32,
    reaches: &mut Reaches<'_, '_>,
    report: &mut FullReport,
) -> Checked {
    let missing = || fault(TABLE, number, "the block cannot be read");
    let record = tables.blocks.record::<{ block::WORDS }>(number).ok_or_else(missing)?;
    let [first_kind, kinds, first_slot, slots, flags, first_policy, policies, ..] = record;
    let mut cover = Cover::new(tables, [first_kind, kinds, first_slot, slots, flags]).ok_or_else(missing)?;
    if !cover.collect() {
        return Err(fault(TABLE, number, "a filter of a group can miss a row of its own"));
    }
    let policies = Range { start: first_policy, end: first_policy.saturating_add(policies) };
    let rows = rows_of(tables, policies).ok_or_else(missing)?;
    let mut standing: Vec<u32> = cover.entries.iter().map(|entry| entry.row).collect();
    standing.dedup();
    if standing != rows {
        return Err(fault(TABLE, number, "the rows of the index are not those of the policies"));
    }
    let mut denies = 0;
    for (row, kind) in &with_kinds(tables, policies).ok_or_else(missing)? {
        let record = tables.rows.record::<{ row::WORDS }>(*row).ok_or_else(missing)?;
        let [row_flags, _, _, _, actions, ..] = record;
        if row_flags & row::flag::DENY != 0 {
            denies = block::DENIES;
        }
        let reach = reaches.get(actions)?;
        if !cover.kinds.is_empty() && !cover.row(*row, &record, *kind, reach).unwrap_or(false) {
            return Err(fault("rows", *row, "no key of a request that the row matches leads to it"));
        }
    }
    if flags & block::DENIES != denies {
        return Err(fault(TABLE, number, "the flag for denies is wrong"));
    }
    let counted = cover.candidates(rows.len());
    let Some(counted) = counted else {
        return Err(fault(TABLE, number, "no key of its rows leads to a slot"));
    };
    let [.., rows_of_any, of_value, of_empty] = record;
    if counted != (Certificate { rows: rows_of_any, of_value, of_empty }) {
        return Err(fault(TABLE, number, "the candidates are not those of the slots"));
    }
    report.rows = report.rows.saturating_add(rows.len() as u64);
    report.lookups = report.lookups.saturating_add(cover.lookups);
    let used = (0..cover.slots.len()).filter(|slot| cover.slots.posting(*slot) != Some(NONE)).count();
    report.slots = report.slots.saturating_add(used as u64);
    Ok(())
}

/// The rows of a block's policies, ascending.
fn rows_of(tables: &Tables<'_>, policies: Range) -> Option<Vec<u32>> {
    Some(with_kinds(tables, policies)?.into_iter().map(|(row, _)| row).collect())
}

/// The same with the kind of each row's policy.
fn with_kinds(tables: &Tables<'_>, policies: Range) -> Option<Vec<(u32, u32)>> {
    let mut rows = Vec::new();
    for policy in tables.block_policies.slice(policies)?.iter() {
        let [first, count, _, _, _, _, kind, _] = tables.policies.record::<{ policy::WORDS }>(policy)?;
        rows.extend((first..first.checked_add(count)?).map(|row| (row, kind)));
    }
    Some(rows)
}

impl<'t, 'a> Cover<'t, 'a> {
    fn new(tables: &'t Tables<'a>, [first_kind, kinds, first_slot, slots, flags]: [u32; 5]) -> Option<Self> {
        Some(Self {
            tables,
            seed: tables.seed(),
            kinds: tables.kinds_of(first_kind, kinds)?.collect(),
            slots: tables.slots_of(first_slot, slots, flags)?,
            entries: Vec::new(),
            kind_of: vec![NONE; slots as usize],
            lookups: 0,
            rows_of: (NONE, 0, 0),
        })
    }

    /// Reads the rows of every slot; false when one of them could be missed.
    fn collect(&mut self) -> bool {
        let mut collector = Collector::new(self.tables);
        for slot in 0..self.slots.len() {
            let posting = self.slots.posting(slot).unwrap_or(NONE);
            if collector.slot(slot, posting).is_none() {
                return false;
            }
        }
        self.entries = collector.entries;
        self.entries.sort_unstable();
        self.entries.dedup();
        true
    }

    /// Whether a row is found from every side.
    fn row(&mut self, number: u32, record: &[u32; row::WORDS], kind: u32, reach: &Reach) -> Option<bool> {
        let [flags, service, region, account, _, _, _, guard, ..] = *record;
        let tail = Tail::new(self.tables, record)?;
        let denies = flags & row::flag::DENY != 0;
        let mut case = Case {
            subject: anchor::ALL,
            service: NONE,
            region: NONE,
            account: (0, 0),
            condition: (guard, denies),
            tail: &tail,
            own: self.standing(number, number),
            standing: self.standing(number, number),
        };
        if flags & row::flag::ALL != 0 {
            return Some(self.case(&case, reach, None));
        }
        let strict = self.tables.scalar(scalar::OPTIONS) & option::LIST_DENY_CAM == 0;
        if denies && strict && kind != policy::RESOURCE {
            // For `*` one row of a statement is as good as another.
            let (first, last) = self.statement(number, record)?;
            case.subject = anchor::STAR;
            case.standing = self.standing(first, last);
            let only = (service != NONE).then_some(service);
            if !self.case(&case, reach, only) {
                return Some(false);
            }
        }
        case.subject = anchor::SEGMENTS;
        case.service = service;
        case.standing = case.own;
        // A deny also binds requests that lack what it names.
        let regions = [Some(region), (denies && region != NONE).then_some(0)];
        let (bits, missing) = match flags >> row::flag::ACCOUNT_SHIFT {
            row::account::OWN => (anchor::OWN, None),
            row::account::UIN => (anchor::UIN, denies.then_some(anchor::MISSING)),
            row::account::APPID => (anchor::APPID, denies.then_some(anchor::MISSING)),
            _ => (0, None),
        };
        for region in regions.into_iter().flatten() {
            for account in [Some(account), missing].into_iter().flatten() {
                case.region = region;
                case.account = (bits, account);
                if !self.case(&case, reach, None) {
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// First and last row of the row's statement.
    fn statement(&mut self, number: u32, record: &[u32; row::WORDS]) -> Option<(u32, u32)> {
        let [.., own, _] = *record;
        let (statement, first, last) = self.rows_of;
        if statement == own && (first..=last).contains(&number) {
            return Some((first, last));
        }
        let tables = self.tables;
        let of =
            |number: u32| tables.rows.record::<{ row::WORDS }>(number).map(|[.., statement, _]| statement);
        let (mut first, mut last) = (number, number);
        while let Some(before) = first.checked_sub(1).filter(|before| of(*before) == Some(own)) {
            first = before;
        }
        while of(last.checked_add(1)?) == Some(own) {
            last = last.checked_add(1)?;
        }
        self.rows_of = (own, first, last);
        Some((first, last))
    }

    /// The entries of a range of rows.
    fn standing(&self, first: u32, last: u32) -> Range {
        let at = |point: usize| u32::try_from(point).unwrap_or(NONE);
        Range {
            start: at(self.entries.partition_point(|entry| entry.row < first)),
            end: at(self.entries.partition_point(|entry| entry.row <= last)),
        }
    }

    /// Whether every action of the row finds it; `only` restricts the actions to those of one service.
    fn case(&mut self, case: &Case<'_, '_>, reach: &Reach, only: Option<u32>) -> bool {
        // The row's own keys first: what another row answers for may have a wider key besides.
        self.found(case, case.own, 0, 0)
            || self.actions(case, reach, only)
            || self.found(case, case.standing, 0, 0)
    }

    fn actions(&mut self, case: &Case<'_, '_>, reach: &Reach, only: Option<u32>) -> bool {
        let all = case.standing;
        if reach.all {
            return only.is_some_and(|service| self.found(case, all, anchor::ACTION_SERVICE, service));
        }
        let of = |service: &&Service| only.is_none_or(|only| only == service.id);
        reach.services.iter().filter(of).all(|service| {
            self.found(case, all, anchor::ACTION_SERVICE, service.id)
                || !service.open
                    && service.exact.iter().all(|action| self.found(case, all, anchor::ACTION, *action))
        })
    }

    /// Whether a key with these action bits leads to a slot that holds one of the entries.
    fn found(&mut self, case: &Case<'_, '_>, standing: Range, bits: u32, action: u32) -> bool {
        (0..self.kinds.len()).any(|at| {
            let Some((kind, of_kind)) = self.kinds.get(at).copied() else { return false };
            kind & anchor::ACTION_BITS == bits && self.leads(case, standing, (kind, of_kind), action)
        })
    }

    fn leads(
        &mut self,
        case: &Case<'_, '_>,
        standing: Range,
        (kind, of_kind): (u32, Range),
        action: u32,
    ) -> bool {
        let parts = |path: u64, context: u64| anchor::Parts {
            service: case.service,
            region: case.region,
            account: case.account.1,
            path,
            action,
            context,
        };
        if kind & anchor::SUBJECT != case.subject {
            return false;
        }
        let others = anchor::SERVICE | anchor::REGION | anchor::ACCOUNT | anchor::PATH_BITS;
        if case.subject != anchor::SEGMENTS && kind & others != 0
            || kind & anchor::SERVICE != 0 && case.service == NONE
            || kind & anchor::REGION != 0 && case.region == NONE
            || kind & anchor::ACCOUNT != 0 && kind & anchor::ACCOUNT != case.account.0
        {
            return false;
        }
        let (tables, seed) = (self.tables, self.seed);
        let text = |text: &str| hash::text(seed, text);
        let until = |head: &&str, slash: usize| {
            let (at, _) = head.match_indices('/').nth(slash)?;
            Some(text(head.get(..=at)?))
        };
        let [own, scope] = &case.tail.heads;
        let paths = match kind & anchor::PATH_BITS {
            0 => [Some(0), None],
            anchor::PATH_1 => [until(own, 0), until(scope, 0)],
            anchor::PATH_2 => [until(own, 1), until(scope, 1)],
            _ => [case.tail.exact.map(text), None],
        };
        // Whoever stands under a key without values stands under its values as well.
        if kind & anchor::EMPTY != 0 {
            return false;
        }
        let of_none = self.kinds.iter().find(|(other, _)| *other == kind ^ anchor::CONTEXT).copied();
        let mut leads = |(kind, of_kind): (u32, Range), context: u64| {
            paths.into_iter().flatten().any(|path| {
                let key = anchor::key(seed, kind, &parts(path, context));
                self.lookup(standing, (kind, of_kind), key)
            })
        };
        if kind & anchor::CONTEXT == 0 {
            return leads((kind, of_kind), 0);
        }
        // Everything of the context with which the row can match must lead to it.
        let (guard, denies) = case.condition;
        let terms =
            guard.checked_sub(1).and_then(|guard| tables.guard_terms.slice(tables.guard_ends.range(guard)?));
        let selecting = |term| tables.selecting(term, denies);
        terms.into_iter().flat_map(|terms| terms.iter()).filter_map(selecting).any(|term| {
            term.values().all(|value| leads((kind, of_kind), anchor::value(seed, term.key, value)))
                && (!term.takes_none
                    || of_none.is_some_and(|none| leads(none, anchor::empty(seed, term.key))))
        })
    }

    /// The lookup of the runtime.
    fn lookup(&mut self, standing: Range, (kind, of_kind): (u32, Range), key: u64) -> bool {
        self.lookups = self.lookups.saturating_add(1);
        let entries = self.entries.get(standing.start as usize..standing.end as usize).unwrap_or(&[]);
        let found = self.slots.find(key, (kind, of_kind), |slot, _| {
            let leads = entries.iter().any(|entry| entry.slot == slot);
            Some(if leads { Err(slot) } else { Ok(()) })
        });
        let Some(Err(slot)) = found else { return false };
        match self.kind_of.get_mut(slot as usize) {
            Some(own) => {
                *own = kind;
                true
            }
            None => false,
        }
    }

    /// Most rows that one resource can meet: one key of each kind, and a resource is either `*` or not.
    /// `None` when a slot was not reached.
    fn candidates(&self, rows: usize) -> Option<Certificate> {
        if self.kinds.is_empty() {
            return Some(Certificate { rows: u32::try_from(rows).ok()?, ..Certificate::default() });
        }
        let mut counts = vec![0u32; self.kind_of.len()];
        for entry in &self.entries {
            let count = counts.get_mut(entry.slot as usize)?;
            *count = count.saturating_add(1);
        }
        let mut met = Vec::with_capacity(counts.len());
        for (slot, (count, kind)) in (0..).zip(counts.into_iter().zip(&self.kind_of)) {
            if count > 0 && *kind == NONE {
                return None;
            }
            let is_empty = self.slots.posting(slot)? == NONE;
            met.push(if is_empty { None } else { Some((*kind, self.slots.tag(slot)?, count)) });
        }
        Some(slots::certificate(met))
    }
}
