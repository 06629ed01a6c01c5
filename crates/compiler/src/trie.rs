//! A path-compressed trie over literals of the text heap, read forwards or backwards.

use std::collections::BTreeMap;

use crate::tail::Place;

/// Nodes by insertion; node 0 is the root.
#[derive(Debug)]
pub(crate) struct Trie {
    backwards: bool,
    pub(crate) nodes: Vec<Node>,
}

/// A node: the label that leads to it and what ends at it.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) label: Place,
    pub(crate) children: BTreeMap<u8, usize>,
    /// Rows whose tail begins (ends) with the text up to here.
    pub(crate) prefix: Vec<u32>,
    /// Rows whose tail is the text up to here.
    pub(crate) exact: Vec<u32>,
}

impl Trie {
    pub(crate) fn new(backwards: bool) -> Self {
        Self { backwards, nodes: vec![Node::default()] }
    }

    /// The byte at a distance from the label's reading start.
    fn byte(&self, text: &[u8], place: Place, at: u32) -> u8 {
        let index = if self.backwards { place.0 + place.1 - 1 - at } else { place.0 + at };
        text.get(index as usize).copied().unwrap_or(0)
    }

    /// The part of a place from a reading distance on, or before it.
    fn from(&self, place: Place, at: u32) -> Place {
        if self.backwards { (place.0, place.1 - at) } else { (place.0 + at, place.1 - at) }
    }

    fn until(&self, place: Place, at: u32) -> Place {
        if self.backwards { (place.0 + place.1 - at, at) } else { (place.0, at) }
    }

    /// The node of a literal, made if need be.
    pub(crate) fn insert(&mut self, text: &[u8], literal: Place) -> &mut Node {
        let (mut node, mut rest) = (0, literal);
        while rest.1 > 0 {
            let first = self.byte(text, rest, 0);
            let Some(child) = self.nodes[node].children.get(&first).copied() else {
                let new = self.nodes.len();
                self.nodes.push(Node { label: rest, ..Node::default() });
                self.nodes[node].children.insert(first, new);
                return &mut self.nodes[new];
            };
            let label = self.nodes[child].label;
            let shared = (0..label.1.min(rest.1))
                .take_while(|at| self.byte(text, label, *at) == self.byte(text, rest, *at));
            let shared = u32::try_from(shared.count()).unwrap_or(u32::MAX);
            if shared < label.1 {
                // Split the label: a new node takes its beginning.
                let middle = self.nodes.len();
                let (begin, end) = (self.until(label, shared), self.from(label, shared));
                let byte = self.byte(text, end, 0);
                self.nodes.push(Node {
                    label: begin,
                    children: BTreeMap::from([(byte, child)]),
                    ..Node::default()
                });
                self.nodes[child].label = end;
                self.nodes[node].children.insert(first, middle);
                node = middle;
            } else {
                node = child;
            }
            rest = self.from(rest, shared);
        }
        &mut self.nodes[node]
    }
}
