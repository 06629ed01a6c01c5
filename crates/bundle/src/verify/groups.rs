//! Groups with their tries and automata. They stand in the order in which slots lead to them, and their
//! tries and automata in the order of the groups, so that each is reached once.

use crate::schema::{Tables, automaton};
use crate::verify::blocks::Postings;
use crate::verify::{Checked, Layout, fault};
use crate::words::{NONE, Range};

pub(super) struct Groups<'t, 'a> {
    tables: &'t Tables<'a>,
    postings: &'t Postings,
    groups: u32,
    nodes: u32,
    children: Layout,
    automata: u32,
    classes: Layout,
    next: Layout,
    accept: Layout,
}

impl<'t, 'a> Groups<'t, 'a> {
    pub(super) fn new(tables: &'t Tables<'a>, postings: &'t Postings) -> Self {
        Self {
            tables,
            postings,
            groups: 0,
            nodes: 0,
            children: Layout::new("trie_children", tables.trie_children.records::<2>() as usize),
            automata: 0,
            classes: Layout::new("automaton_classes", tables.automaton_classes.len()),
            next: Layout::new("automaton_next", tables.automaton_next.len()),
            accept: Layout::new("automaton_accept", tables.automaton_accept.len()),
        }
    }

    /// The group of a slot: the next one.
    pub(super) fn next(&mut self, slot: u32, number: u32) -> Checked {
        let record = self.tables.groups.record::<4>(number).filter(|_| number == self.groups);
        let Some([always, forward, backward, automaton]) = record else {
            return Err(fault("block_slots", slot, "the group does not exist or is another slot's"));
        };
        self.groups = self.groups.saturating_add(1);
        self.postings.check("groups", number, always)?;
        for (root, backwards) in [(forward, false), (backward, true)] {
            if root == self.nodes {
                self.trie(backwards)?;
            } else if root != NONE {
                return Err(fault("groups", number, "the trie is not the next one"));
            }
        }
        if automaton == self.automata {
            self.automaton()?;
        } else if automaton != NONE {
            return Err(fault("groups", number, "the automaton is not the next one"));
        }
        Ok(())
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Checked {
        let tables = self.tables;
        let children = self.children.next;
        for (table, words, width, count) in [
            ("groups", tables.groups, 4usize, self.groups),
            ("trie_nodes", tables.trie_nodes, 6, self.nodes),
            ("trie_children", tables.trie_children, 2, children),
            ("automata", tables.automata, automaton::WORDS, self.automata),
        ] {
            if Some(words.len()) != width.checked_mul(count as usize) {
                return Err(fault(table, count, "no slot leads to the record"));
            }
        }
        self.classes.end(self.automata)?;
        self.next.end(self.automata)?;
        self.accept.end(self.automata)
    }

    /// The trie that begins at the next node. The children of its nodes, taken in order, are the nodes
    /// behind the root in order: each has one parent and stands behind it.
    fn trie(&mut self, backwards: bool) -> Checked {
        const TABLE: &str = "trie_nodes";
        let root = self.nodes;
        let mut end = root.saturating_add(1);
        while self.nodes < end {
            let node = self.nodes;
            let Some([start, length, first, children, prefix, exact]) =
                self.tables.trie_nodes.record::<6>(node)
            else {
                return Err(fault(TABLE, node, "the node does not exist"));
            };
            self.nodes = node.saturating_add(1);
            if self.tables.text.bytes(start, length).is_none() {
                return Err(fault(TABLE, node, "the label lies off the text"));
            }
            if node == root && length != 0 {
                return Err(fault(TABLE, node, "the root has a label"));
            }
            self.postings.check(TABLE, node, prefix)?;
            self.postings.check(TABLE, node, exact)?;
            self.children.take(node, first, children)?;
            let mut last = None;
            let range = Range { start: first, end: self.children.next };
            for at in range {
                let next = self.edge(end, backwards).map(|byte| [byte, end]);
                let Some([byte, _]) = next.filter(|next| self.tables.trie_children.record(at) == Some(*next))
                else {
                    return Err(fault(
                        "trie_children",
                        at,
                        "the child is not the next node or has another label",
                    ));
                };
                if last.is_some_and(|last| byte <= last) {
                    return Err(fault("trie_children", at, "the children are not sorted"));
                }
                last = Some(byte);
                end = end.saturating_add(1);
            }
        }
        Ok(())
    }

    /// The byte of a node's label that a walk meets first.
    fn edge(&self, node: u32, backwards: bool) -> Option<u32> {
        let [start, length, ..] = self.tables.trie_nodes.record::<6>(node)?;
        let label = self.tables.text.bytes(start, length)?;
        let byte = if backwards { label.last() } else { label.first() };
        byte.map(|byte| u32::from(*byte))
    }

    /// The next automaton: classes below its width, states below their number.
    fn automaton(&mut self) -> Checked {
        const TABLE: &str = "automata";
        let (tables, number) = (self.tables, self.automata);
        let Some(record) = tables.automata.record::<{ automaton::WORDS }>(number) else {
            return Err(fault(TABLE, number, "the automaton does not exist"));
        };
        let [first_class, width, first_next, states, first_accept, mode] = record;
        self.automata = number.saturating_add(1);
        // The last integer of a state is its link.
        let classes = if mode == automaton::ON_THE_WAY { width.saturating_sub(1) } else { width };
        if mode > automaton::ON_THE_WAY || classes == 0 || classes > 256 || states == 0 {
            return Err(fault(TABLE, number, "the mode, width or number of states is impossible"));
        }
        let Some(transitions) = states.checked_mul(width) else {
            return Err(fault(TABLE, number, "the transitions run off their table"));
        };
        self.classes.take(number, first_class, automaton::CLASS_WORDS)?;
        self.next.take(number, first_next, transitions)?;
        self.accept.take(number, first_accept, states)?;
        let known = tables.automaton_classes.slice(Range { start: first_class, end: self.classes.next });
        let mut bytes = known.iter().flat_map(|words| words.iter()).flat_map(u32::to_le_bytes);
        if bytes.any(|class| u32::from(class) >= classes) {
            return Err(fault("automaton_classes", number, "a class does not exist"));
        }
        let next = tables.automaton_next.slice(Range { start: first_next, end: self.next.next });
        if next.iter().flat_map(|words| words.iter()).any(|state| state >= states) {
            return Err(fault("automaton_next", number, "a state does not exist"));
        }
        if mode == automaton::ON_THE_WAY {
            let links = next.iter().flat_map(|words| words.iter()).skip(classes as usize);
            let mut links = (0..).zip(links.step_by(width as usize));
            // So that following links ends.
            if links.any(|(state, link)| link >= state && (state, link) != (0, 0)) {
                return Err(fault("automaton_next", number, "a link does not lead back"));
            }
        }
        let accept = tables.automaton_accept.slice(Range { start: first_accept, end: self.accept.next });
        for posting in accept.iter().flat_map(|words| words.iter()) {
            self.postings.check("automaton_accept", number, posting)?;
        }
        Ok(())
    }
}
