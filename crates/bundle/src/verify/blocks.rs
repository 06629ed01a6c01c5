//! Blocks: their kinds, slots and policies, and the postings that slots and groups lead to.

use crate::dictionary::table_size;
use crate::schema::{GROUP, SINGLE, Tables, anchor, block, policy, row};
use crate::slots::{MOST_LISTED, tag_words};
use crate::verify::groups::Groups;
use crate::verify::{Bits, Checked, Layout, fault, records};
use crate::words::{NONE, Range};

/// Every block, then the groups they use.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "blocks";
    let postings = Postings::new(tables)?;
    let mut groups = Groups::new(tables, &postings);
    let mut kind_layout = Layout::new("block_kinds", tables.block_kinds.records::<2>() as usize);
    let mut slot_layout = Layout::new("block_slots", tables.block_slots.records::<2>() as usize);
    let mut policy_layout = Layout::new("block_policies", tables.block_policies.len());
    let mut list_layout = Layout::new("block_lists", tables.block_lists.len());
    let mut all_slots = records::<2>("block_slots", tables.block_slots)?;
    for (number, record) in records::<{ block::WORDS }>(TABLE, tables.blocks)? {
        let [first_kind, kinds, first_slot, slots, flags, first_policy, policies, ..] = record;
        kind_layout.take(number, first_kind, kinds)?;
        policy_layout.take(number, first_policy, policies)?;
        if flags & !(block::LIST | block::DENIES) != 0 {
            return Err(fault(TABLE, number, "a flag is unknown"));
        }
        let listed = if flags & block::LIST == 0 { None } else { Some(slots) };
        self::kinds(tables, number, first_kind, kinds, listed)?;
        self::policies(tables, number, Range { start: first_policy, end: policy_layout.next })?;
        let list = flags & block::LIST != 0;
        let mut taken = 0u32;
        if list {
            list_layout.take(number, first_slot, slots.saturating_add(tag_words(slots)))?;
            for slot in 0..slots {
                let posting = tables.slots_of(first_slot, slots, flags).and_then(|slots| slots.posting(slot));
                let Some(posting) = posting.filter(|posting| *posting != NONE) else {
                    return Err(fault("block_lists", number, "a slot of a list is empty"));
                };
                self::slot(&mut groups, &postings, "block_lists", number, posting)?;
                taken = taken.saturating_add(1);
            }
        } else {
            slot_layout.take(number, first_slot, slots)?;
            for (slot, [tag, posting]) in all_slots.by_ref().take(slots as usize) {
                match posting {
                    NONE if tag == 0 => continue,
                    NONE => return Err(fault("block_slots", slot, "an empty slot has a tag")),
                    posting => self::slot(&mut groups, &postings, "block_slots", slot, posting)?,
                }
                taken = taken.saturating_add(1);
            }
        }
        let sound = match kinds {
            0 => list && slots <= 1 && taken == slots,
            _ if list => taken == slots && (1..=MOST_LISTED).contains(&(slots as usize)),
            // At least half of the slots are empty, so that a probe ends.
            _ => slots as usize == table_size(taken as usize),
        };
        if !sound {
            return Err(fault(TABLE, number, "the slots are neither a list nor a table"));
        }
    }
    let count = tables.blocks.records::<{ block::WORDS }>();
    kind_layout.end(count)?;
    slot_layout.end(count)?;
    list_layout.end(count)?;
    policy_layout.end(count)?;
    groups.end()
}

/// The posting of a slot: the next group, or rows.
fn slot(
    groups: &mut Groups<'_, '_>,
    postings: &Postings,
    table: &'static str,
    number: u32,
    posting: u32,
) -> Checked {
    if posting & (SINGLE | GROUP) == GROUP {
        groups.next(number, posting & !GROUP)
    } else {
        postings.check(table, number, posting)
    }
}

/// Kinds ascend, and are made of bits that have a meaning; in a list each has slots, and together they have all.
fn kinds(tables: &Tables<'_>, number: u32, first: u32, kinds: u32, listed: Option<u32>) -> Checked {
    let mut last = None;
    let mut end = 0;
    for (kind, range) in tables.kinds_of(first, kinds).into_iter().flatten() {
        if !anchor::is_kind(kind) || last.is_some_and(|last| kind <= last) {
            return Err(fault("block_kinds", number, "a kind is unknown or out of order"));
        }
        last = Some(kind);
        end = range.end;
        let sound = if listed.is_some() { range.start < range.end } else { end == 0 };
        if !sound {
            return Err(fault("block_kinds", number, "a kind has no slots, or slots of a table"));
        }
    }
    if kinds > 0 && listed.is_some_and(|slots| slots != end) {
        return Err(fault("block_kinds", number, "the kinds have not all slots of the list"));
    }
    Ok(())
}

/// Policies ascend and are of one kind.
fn policies(tables: &Tables<'_>, number: u32, range: Range) -> Checked {
    let mut last = None;
    for policy in tables.block_policies.slice(range).iter().flat_map(|policies| policies.iter()) {
        let record = tables.policies.record::<{ policy::WORDS }>(policy);
        let kind = record.map(|[_, _, _, _, _, _, kind, _]| kind);
        let sound = match last {
            Some((before, of)) => policy > before && kind == of,
            None => kind.is_some(),
        };
        if !sound {
            return Err(fault(
                "block_policies",
                number,
                "a policy does not exist, is out of order or of another kind",
            ));
        }
        last = Some((policy, kind));
    }
    Ok(())
}

/// Where lists of rows begin.
pub(super) struct Postings {
    starts: Bits,
    rows: u32,
}

impl Postings {
    /// Walks `[count, rows …]` from list to list.
    fn new(tables: &Tables<'_>) -> Checked<Self> {
        const TABLE: &str = "postings";
        let rows = tables.rows.records::<{ row::WORDS }>();
        let mut starts = Bits::new(tables.postings.len());
        let mut words = tables.postings.iter();
        let mut place = 0u32;
        while let Some(count) = words.next() {
            starts.set(place);
            if count == 0 || words.len() < count as usize {
                return Err(fault(TABLE, place, "a list is empty or runs off the table"));
            }
            if words.by_ref().take(count as usize).any(|row| row >= rows) {
                return Err(fault(TABLE, place, "a row of the list does not exist"));
            }
            place = place.saturating_add(count).saturating_add(1);
        }
        Ok(Self { starts, rows })
    }

    /// `NONE`, a row, or a list; never a group.
    pub(super) fn check(&self, table: &'static str, record: u32, posting: u32) -> Checked {
        let sound = match posting {
            NONE => true,
            posting if posting & SINGLE != 0 => posting & !SINGLE < self.rows,
            place => self.starts.has(place),
        };
        if sound { Ok(()) } else { Err(fault(table, record, "the posting does not exist")) }
    }
}
