//! Dictionaries and tables of pairs: each entry is found by the lookup that the runtime uses.

use crate::dictionary::{Dictionary, PROBES, Pairs, table_size};
use crate::schema::Tables;
use crate::verify::{Checked, ends, fault, records};

/// Every dictionary.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    texts("segment_slots", "segment_ends", &tables.segments())?;
    texts("uin_slots", "uin_ends", &tables.uins())?;
    texts("appid_slots", "appid_ends", &tables.appids())?;
    texts("action_slots", "action_ends", &tables.actions())?;
    texts("key_slots", "key_ends", &tables.keys())?;
    texts("name_slots", "name_ends", &tables.names())?;
    texts("caller_slots", "caller_ends", &tables.callers())
}

/// Texts are whole characters and each is found under its own id, so no two are equal.
fn texts(slots: &'static str, table: &'static str, dictionary: &Dictionary<'_>) -> Checked {
    let all = dictionary.text.all();
    ends(table, dictionary.ends, all.len())?;
    let count = dictionary.len();
    sized(slots, dictionary.slots.len(), count, 2)?;
    let mut taken = 0u32;
    for (slot, [tag, number]) in records::<2>(slots, dictionary.slots)? {
        if number > count || number == 0 && tag != 0 {
            return Err(fault(slots, slot, "a slot holds an id that does not exist"));
        }
        taken = taken.saturating_add(u32::from(number != 0));
    }
    if taken != count {
        return Err(fault(slots, taken, "an id stands in two slots or in none"));
    }
    let mut budget = Budget::new(slots, dictionary.slots.records::<2>());
    for id in 0..count {
        let Some(text) = dictionary.get(id) else {
            return Err(fault(table, id, "a text begins inside a character"));
        };
        match dictionary.locate(text) {
            Some((found, steps)) if found == id => budget.spend(id, steps)?,
            _ => return Err(fault(slots, id, "a text is not found under its id")),
        }
    }
    Ok(())
}

/// Calls `entry` with every pair and its value; each pair is found in its own slot, so none stands twice.
pub(super) fn pairs(
    table: &'static str,
    pairs: &Pairs<'_>,
    count: u32,
    mut entry: impl FnMut(u32, u32, u32) -> bool,
) -> Checked {
    sized(table, pairs.slots.len(), count, 3)?;
    let mut budget = Budget::new(table, pairs.slots.records::<3>());
    let mut taken = 0u32;
    for (slot, [a, b, number]) in records::<3>(table, pairs.slots)? {
        let Some(value) = number.checked_sub(1) else {
            if (a, b) == (0, 0) {
                continue;
            }
            return Err(fault(table, slot, "an empty slot holds a pair"));
        };
        taken = taken.saturating_add(1);
        // Too many entries could fill the table and make every lookup walk all of it.
        if taken > count || !entry(a, b, value) {
            return Err(fault(table, slot, "a slot leads to another record than its pair names"));
        }
        match pairs.locate(a, b) {
            Some((_, at, steps)) if at == slot => budget.spend(slot, steps)?,
            _ => return Err(fault(table, slot, "a pair is not found in its slot")),
        }
    }
    if taken != count {
        return Err(fault(table, taken, "a record has no slot"));
    }
    Ok(())
}

/// A table is as large as its entries ask for, so at least half of it is empty.
fn sized(table: &'static str, words: usize, count: u32, width: usize) -> Checked {
    if Some(words) == table_size(count as usize).checked_mul(width) {
        Ok(())
    } else {
        Err(fault(table, 0, "the table does not have the size for its entries"))
    }
}

struct Budget {
    table: &'static str,
    left: u64,
}

impl Budget {
    fn new(table: &'static str, slots: u32) -> Self {
        Self { table, left: u64::from(slots).saturating_mul(PROBES) }
    }

    fn spend(&mut self, record: u32, steps: u32) -> Checked {
        match self.left.checked_sub(u64::from(steps)) {
            Some(left) => self.left = left,
            None => return Err(fault(self.table, record, "the lookups take too many steps")),
        }
        Ok(())
    }
}
