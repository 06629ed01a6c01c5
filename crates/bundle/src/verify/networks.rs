//! The tries of all networks, and the classes they lead to.

use crate::schema::{NODE, Tables, scalar, term};
use crate::verify::{Bits, Checked, ends, fault, records};
use crate::words::{NONE, Range};

/// Bytes of an address of either family.
const V4_BYTES: u8 = 4;
const V6_BYTES: u8 = 16;

/// Each node has one parent in front of it and stands no deeper than its family's addresses are long, so
/// a walk ends within the address. Every slot of a node has an entry, and every entry is one node's.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    classes(tables)?;
    const TABLE: &str = "network_nodes";
    let classes = tables.network_class_ends.records::<1>();
    // Bytes of the address that are left at each node; 0 until its parent is met.
    let mut left = vec![0u8; tables.network_nodes.records::<9>() as usize];
    for (index, bytes) in [(scalar::V4_ROOT, V4_BYTES), (scalar::V6_ROOT, V6_BYTES)] {
        match (tables.scalar(index), left.get_mut(tables.scalar(index) as usize)) {
            (_, Some(left)) if *left == 0 => *left = bytes,
            (NONE, _) => {}
            _ => return Err(fault("scalars", index, "the root of the trie does not exist")),
        }
    }
    let mut used = Bits::new(tables.network_entries.len());
    let mut total = 0usize;
    for (number, [bits @ .., first]) in records::<9>(TABLE, tables.network_nodes)? {
        let Some(own @ 1..) = left.get(number as usize).copied() else {
            return Err(fault(TABLE, number, "no node in front of it leads to the node"));
        };
        let count = bits.iter().fold(0u32, |sum, word| sum.saturating_add(word.count_ones()));
        let [lowest, ..] = bits;
        let range = first.checked_add(count).map(|end| Range { start: first, end });
        let entries = range.and_then(|range| tables.network_entries.slice(range));
        let (1, Some(entries)) = (lowest & 1, entries) else {
            return Err(fault(TABLE, number, "slots of the node have no entry"));
        };
        for (at, entry) in (first..).zip(entries.iter()) {
            if used.has(at) {
                return Err(fault(TABLE, number, "an entry is another node's too"));
            }
            used.set(at);
            total = total.saturating_add(1);
            if entry & NODE == 0 {
                if entry >= classes {
                    return Err(fault(TABLE, number, "a class does not exist"));
                }
                continue;
            }
            let child = entry & !NODE;
            match (own.checked_sub(1), left.get_mut(child as usize)) {
                (Some(below @ 1..), Some(left)) if child > number && *left == 0 => *left = below,
                _ => return Err(fault(TABLE, number, "a child is missing, too deep or has another parent")),
            }
        }
    }
    if total != tables.network_entries.len() {
        return Err(fault("network_entries", 0, "an entry is no node's"));
    }
    Ok(())
}

/// Each class lists sets in ascending order.
fn classes(tables: &Tables<'_>) -> Checked {
    ends("network_class_ends", tables.network_class_ends, tables.network_class_sets.len())?;
    // A set belongs to a term.
    let sets = tables.terms.records::<{ term::WORDS }>();
    for class in 0..tables.network_class_ends.records::<1>() {
        let range = tables.network_class_ends.range(class);
        let mut last = None;
        for set in
            range.and_then(|range| tables.network_class_sets.slice(range)).iter().flat_map(|sets| sets.iter())
        {
            if set >= sets || last.is_some_and(|last| set <= last) {
                return Err(fault("network_class_sets", class, "a set does not exist or is out of order"));
            }
            last = Some(set);
        }
    }
    Ok(())
}
