//! Blocks: the rows of one attachment set, indexed under anchor keys.
//!
//! A key is made of those parts of a row that a request can make from its own text. Each row first takes
//! the key of its service, region and account (or of its action, for the entry `*`); where a key stays
//! crowded its rows move to narrower keys, by path, then by action, then by a value that their conditions
//! ask for; what is still crowded becomes a group with tries and automata.

use std::collections::HashMap;

use camshaft_bundle::NONE;
use camshaft_bundle::schema::{SINGLE, anchor, block, row};
use camshaft_bundle::slots::MOST_LISTED;
use camshaft_bundle::{Certificate, dictionary, hash, slots};

use crate::actions::Reach;
use crate::condition::{Asked, Conditions};
use crate::config::Config;
use crate::group::{self, Group};
use crate::intern::{Heap, number};
use crate::row::Row;
use crate::tail::Patterns;

/// What blocks are built from.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    pub(crate) seed: u64,
    pub(crate) rows: &'a [Row],
    pub(crate) reaches: &'a [Reach],
    pub(crate) heap: &'a Heap,
    pub(crate) patterns: &'a Patterns,
    pub(crate) conditions: &'a Conditions<'a>,
}

/// Where a key leads.
#[derive(Debug)]
pub(crate) enum Posting {
    /// Rows, at least one.
    Rows(Vec<u32>),
    /// A group.
    Group(Box<Group>),
}

/// A key and where it leads.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) kind: u32,
    pub(crate) key: u64,
    /// How many rows the posting has.
    rows: u32,
    pub(crate) posting: Posting,
}

/// An index over some rows.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Kind, and one past its last slot in a list.
    pub(crate) kinds: Vec<[u32; 2]>,
    /// A list, or a hash table with empty slots.
    pub(crate) slots: Vec<Option<Slot>>,
    pub(crate) flags: u32,
    pub(crate) certificate: Certificate,
    /// A row under the most crowded key.
    pub(crate) crowded: Option<u32>,
}

impl Block {
    /// Slots that the lookups of its keys pass together; a list is scanned.
    pub(crate) fn passed(&self) -> u64 {
        if self.flags & block::LIST != 0 {
            return 0;
        }
        let mask = self.slots.len().wrapping_sub(1);
        let taken = self.slots.iter().enumerate().filter_map(|(at, slot)| Some((at, slot.as_ref()?)));
        taken.map(|(at, slot)| (at.wrapping_sub(slot.key as u32 as usize) & mask) as u64).sum()
    }
}

/// Rows up to which a block needs no keys.
const LIST_ROWS: usize = 8;
/// Actions, or services of actions, up to which a row may stand under each of them: a row is never copied
/// under more keys, so an index stays linear in the rows.
const ACTION_KEYS: usize = 16;
/// Values of a condition up to which a row may stand under each of them.
const VALUE_KEYS: usize = 32;
/// Part of a crowd up to which the rows of a value are worth a key.
const RARE: usize = 16;

/// The parts of a key, comparable and with the path as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    kind: u32,
    service: u32,
    region: u32,
    account: u32,
    action: u32,
    /// A value of the context, or a key without any, as a part of keys; 0 for neither.
    context: u64,
    // Last, so that sorting seldom comes to compare text.
    path: &'a str,
}

impl Key<'_> {
    fn hash(&self, seed: u64) -> u64 {
        let parts = anchor::Parts {
            service: self.service,
            region: self.region,
            account: self.account,
            path: if self.kind & anchor::PATH_BITS == 0 { 0 } else { hash::text(seed, self.path) },
            action: self.action,
            context: self.context,
        };
        anchor::key(seed, self.kind, &parts)
    }
}

type Entries<'a> = Vec<(Key<'a>, u32)>;

/// Builds the index of some rows, given by number in ascending order.
pub(crate) fn build(context: &Context<'_>, rows: &[u32]) -> Block {
    let denies = rows.iter().any(|row| context.rows.get(*row as usize).is_some_and(Row::denies));
    let flags = if denies { block::DENIES } else { 0 };
    if !context.config.get_anchors() || rows.len() <= LIST_ROWS && context.config.get_dense_rows() > 0 {
        let candidates = number(rows.len());
        let all = || Slot { kind: 0, key: 0, rows: candidates, posting: Posting::Rows(rows.to_vec()) };
        let slots = if rows.is_empty() { Vec::new() } else { vec![Some(all())] };
        return Block {
            kinds: Vec::new(),
            slots,
            flags: flags | block::LIST,
            certificate: Certificate { rows: candidates, ..Certificate::default() },
            crowded: rows.first().copied(),
        };
    }
    let mut entries: Entries<'_> = Vec::with_capacity(rows.len());
    let mut last = None;
    for &number in rows {
        if let Some(row) = context.rows.get(number as usize) {
            // Rows of a statement stand together.
            let first = last != Some(row.statement());
            base_keys(context, row, number, first, &mut entries);
            if row.star && row.words[row::SERVICE] == NONE {
                last = Some(row.statement());
            }
        }
    }
    tidy(context, &mut entries);
    if context.config.get_path_anchors() {
        refine(context, &mut entries, path_keys);
    }
    if context.config.get_action_anchors() {
        refine(context, &mut entries, action_keys);
        refine(context, &mut entries, action_keys);
    }
    if context.config.get_value_anchors() {
        refine_by_values(context, &mut entries);
    }
    finish(context, &entries, flags)
}

/// The widest keys under which a row can be asked for.
fn base_keys<'a>(context: &Context<'a>, row: &Row, number: u32, first_star: bool, entries: &mut Entries<'a>) {
    let Some(reach) = context.reaches.get(row.actions() as usize) else { return };
    let key = Key { kind: 0, service: NONE, region: NONE, account: 0, action: NONE, context: 0, path: "" };
    let mut by_action = |kind: u32| {
        if reach.all {
            entries.push((Key { kind, ..key }, number));
            return;
        }
        for service in &reach.services {
            entries.push((Key { kind: kind | anchor::ACTION_SERVICE, action: *service, ..key }, number));
        }
    };
    if row.is_all() {
        by_action(anchor::ALL);
        return;
    }
    let service = row.words[row::SERVICE];
    if row.star {
        // CITE RES-18: the service of the entry is that of the action, or none.
        match service {
            // One row speaks for its statement.
            NONE if first_star => by_action(anchor::STAR),
            NONE => {}
            service if reach.all || reach.services.contains(&service) => {
                let kind = anchor::STAR | anchor::ACTION_SERVICE;
                entries.push((Key { kind, action: service, ..key }, number));
            }
            _ => {}
        }
    }
    let mut kind = anchor::SEGMENTS;
    if service != NONE {
        kind |= anchor::SERVICE;
    }
    let region = row.words[row::REGION];
    let account = row.words[row::ACCOUNT];
    // A request may lack what the entry names: U, and a deny then matches (CITE RES-5, RES-9, EVA-2).
    let unsure = row.denies();
    let regions: &[(u32, u32)] = match region {
        NONE => &[(0, NONE)],
        region if unsure => &[(anchor::REGION, region), (anchor::REGION, 0)],
        region => &[(anchor::REGION, region)],
    };
    let accounts: &[(u32, u32)] = match row.account_kind() {
        row::account::OWN => &[(anchor::OWN, 0)],
        row::account::UIN if unsure => &[(anchor::UIN, account), (anchor::UIN, anchor::MISSING)],
        row::account::UIN => &[(anchor::UIN, account)],
        row::account::APPID if unsure => &[(anchor::APPID, account), (anchor::APPID, anchor::MISSING)],
        row::account::APPID => &[(anchor::APPID, account)],
        _ => &[(0, 0)],
    };
    for (region_bit, region) in regions {
        for (account_bits, account) in accounts {
            let kind = kind | region_bit | account_bits;
            entries.push((Key { kind, service, region: *region, account: *account, ..key }, number));
        }
    }
}

/// Sorts, and keeps one row a statement under a key that tests no path (a request for `*`).
fn tidy(context: &Context<'_>, entries: &mut Entries<'_>) {
    entries.sort_unstable();
    entries.dedup_by(|b, a| {
        let statement = |row: u32| context.rows.get(row as usize).map(Row::statement);
        a.0 == b.0
            && (a.1 == b.1 || a.0.kind & anchor::SUBJECT == anchor::STAR && statement(a.1) == statement(b.1))
    });
}

/// Moves the rows of crowded keys to narrower ones; an empty answer leaves a row where it is.
fn refine<'a>(
    context: &Context<'a>,
    entries: &mut Entries<'a>,
    narrower: fn(&Context<'a>, &Key<'a>, &Row) -> Vec<Key<'a>>,
) {
    let mut refined: Entries<'a> = Vec::with_capacity(entries.len());
    for crowd in entries.chunk_by(|a, b| a.0 == b.0) {
        if crowd.len() <= context.config.get_dense_rows() {
            refined.extend_from_slice(crowd);
            continue;
        }
        for (key, number) in crowd {
            let keys =
                context.rows.get(*number as usize).map_or_else(Vec::new, |row| narrower(context, key, row));
            if keys.is_empty() {
                refined.push((*key, *number));
            }
            refined.extend(keys.into_iter().map(|key| (key, *number)));
        }
    }
    *entries = refined;
    tidy(context, entries);
}

/// By the literal beginning of the path.
fn path_keys<'a>(context: &Context<'a>, key: &Key<'a>, row: &Row) -> Vec<Key<'a>> {
    let unsure = row.tail.kind == row::tail::VARIABLE && row.denies();
    if key.kind & anchor::SUBJECT != anchor::SEGMENTS || unsure {
        return Vec::new();
    }
    let head = context.heap.get(row.tail.head);
    if row.tail.kind == row::tail::EXACT && context.heap.get(row.tail.operand) == head {
        return vec![Key { kind: key.kind | anchor::PATH, path: head, ..*key }];
    }
    let mut slashes = head.match_indices('/').map(|(at, _)| at + 1);
    let (first, second) = (slashes.next(), slashes.next());
    let (bits, end) = match (first, second) {
        (_, Some(end)) => (anchor::PATH_2, end),
        (Some(end), None) => (anchor::PATH_1, end),
        (None, None) => return Vec::new(),
    };
    vec![Key { kind: key.kind | bits, path: head.get(..end).unwrap_or(head), ..*key }]
}

/// By the action's service, then by the action.
fn action_keys<'a>(context: &Context<'a>, key: &Key<'a>, row: &Row) -> Vec<Key<'a>> {
    let Some(reach) = context.reaches.get(row.actions() as usize) else { return Vec::new() };
    if reach.all || key.kind & anchor::ACTION != 0 {
        return Vec::new();
    }
    let by_service = key.kind & anchor::ACTION_SERVICE != 0;
    let of_key = |service: u32| !by_service || service == key.action;
    let open = reach.open.iter().any(|service| of_key(*service));
    let exact = reach.exact.iter().filter(|(service, _)| of_key(*service));
    if !open && exact.clone().count() <= ACTION_KEYS {
        let kind = key.kind & !anchor::ACTION_BITS | anchor::ACTION;
        return exact.map(|(_, action)| Key { kind, action: *action, ..*key }).collect();
    }
    if by_service || reach.services.len() > ACTION_KEYS {
        return Vec::new();
    }
    let kind = key.kind | anchor::ACTION_SERVICE;
    reach.services.iter().map(|service| Key { kind, action: *service, ..*key }).collect()
}

/// Moves the rows of crowded keys that ask for a rare value of the context to keys with that value, where they are
/// many: each request then looks all its values up.
fn refine_by_values<'a>(context: &Context<'a>, entries: &mut Entries<'a>) {
    let least = context.config.get_dense_rows() * 4;
    let mut refined: Entries<'a> = Vec::with_capacity(entries.len());
    for crowd in entries.chunk_by(|a, b| a.0 == b.0) {
        let rare = if crowd.len() > least { rare_values(context, crowd) } else { Vec::new() };
        let moved = rare.iter().flatten().count();
        if moved < least.max(crowd.len() / 4).max(1) {
            refined.extend_from_slice(crowd);
            continue;
        }
        for ((key, number), rare) in crowd.iter().zip(rare) {
            let Some(Asked { values, none }) = rare else {
                refined.push((*key, *number));
                continue;
            };
            let mut stand = |bit: u32, context: u64| {
                refined.push((Key { kind: key.kind | bit, context, ..*key }, *number));
            };
            values.into_iter().for_each(|value| stand(anchor::VALUE, value));
            none.into_iter().for_each(|none| stand(anchor::EMPTY, none));
        }
    }
    *entries = refined;
    tidy(context, entries);
}

/// For each row the term whose values fewest other rows ask for, where they are rare.
fn rare_values(context: &Context<'_>, crowd: &[(Key<'_>, u32)]) -> Vec<Option<Asked>> {
    let terms_of = |number: u32| {
        let row = context.rows.get(number as usize);
        row.map_or_else(Vec::new, |row| context.conditions.asked(row, context.heap, context.seed))
    };
    let by_row: Vec<Vec<Asked>> = crowd.iter().map(|(_, number)| terms_of(*number)).collect();
    let mut rows: HashMap<u64, usize> = HashMap::new();
    for value in by_row.iter().flatten().flat_map(|asked| &asked.values) {
        *rows.entry(*value).or_default() += 1;
    }
    let few = (crowd.len() / RARE).max(1);
    let most =
        |asked: &Asked| asked.values.iter().filter_map(|value| rows.get(value)).copied().max().unwrap_or(0);
    let rarest = |terms: Vec<Asked>| {
        let rare = |asked: &Asked| asked.values.len() <= VALUE_KEYS && most(asked) <= few;
        terms
            .into_iter()
            .filter(rare)
            .min_by_key(|asked| (asked.none.is_some(), most(asked), asked.values.len()))
    };
    by_row.into_iter().map(rarest).collect()
}

/// Keys to slots.
fn finish(context: &Context<'_>, entries: &Entries<'_>, flags: u32) -> Block {
    let crowds: Vec<&[(Key<'_>, u32)]> = entries.chunk_by(|a, b| a.0 == b.0).collect();
    let mut block = Block { flags, ..Block::default() };
    // One past the last slot of each kind in a list.
    let mut kinds: Vec<[u32; 2]> = Vec::new();
    let list = crowds.len() <= context.config.get_listed_keys().min(MOST_LISTED);
    if list {
        block.flags |= block::LIST;
    } else {
        block.slots.resize_with(dictionary::table_size(crowds.len()), || None);
    }
    let mut fullest = 0;
    for crowd in crowds {
        let Some((key, first)) = crowd.first() else { continue };
        let rows: Vec<u32> = crowd.iter().map(|(_, row)| *row).collect();
        let count = number(rows.len());
        if count > fullest {
            (fullest, block.crowded) = (count, Some(*first));
        }
        if kinds.last().is_none_or(|[kind, _]| *kind != key.kind) {
            kinds.push([key.kind, 0]);
        }
        let hash = key.hash(context.seed);
        let posting = posting(context, key, rows);
        let slot = Some(Slot { kind: key.kind, key: hash, rows: count, posting });
        if list {
            block.slots.push(slot);
            if let Some([_, end]) = kinds.last_mut() {
                *end = number(block.slots.len());
            }
        } else {
            let mask = block.slots.len() - 1;
            let mut at = hash as u32 as usize & mask;
            // At most half of the slots are taken.
            while block.slots[at].is_some() {
                at = (at + 1) & mask;
            }
            block.slots[at] = slot;
        }
    }
    block.kinds = kinds;
    let tag =
        |slot: &Slot| if list { slots::list_tag(slot.key) } else { slots::table_tag(slot.kind, slot.key) };
    let met = |slot: &Slot| (slot.kind, tag(slot), slot.rows);
    block.certificate = slots::certificate(block.slots.iter().map(|slot| slot.as_ref().map(met)));
    block
}

fn posting(context: &Context<'_>, key: &Key<'_>, rows: Vec<u32>) -> Posting {
    // A key that already holds the whole path leaves its tails nothing to select by.
    // Nearly every row under a key without values matches, so that the first to be met decides.
    let tails = key.kind & (anchor::SUBJECT | anchor::EMPTY) == anchor::SEGMENTS
        && key.kind & anchor::PATH_BITS != anchor::PATH;
    if tails
        && rows.len() > context.config.get_dense_rows()
        && let Some(group) = group::build(context, &rows)
    {
        return Posting::Group(Box::new(group));
    }
    Posting::Rows(rows)
}

/// Whether a posting is written as the row itself.
pub(crate) fn single(rows: &[u32]) -> Option<u32> {
    match rows {
        [row] => Some(row | SINGLE),
        _ => None,
    }
}
