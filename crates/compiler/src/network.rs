//! Network sets to tries: all networks of the bundle cut the address line into classes, a trie a family
//! maps an address to its class, and a class lists the sets that hold it.

use camshaft_bundle::NONE;
use camshaft_bundle::schema::NODE;
use camshaft_value::address::Network;
use ipnet::{Ipv4Net, Ipv6Net};

use crate::intern::{Hashing, Interner, number};

/// The network sets of a world, by number.
#[derive(Debug)]
pub(crate) struct Networks {
    sets: Interner<Vec<Network>>,
}

/// The tries.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    /// `[eight bitmap words, first entry]`.
    pub(crate) nodes: Vec<[u32; 9]>,
    pub(crate) entries: Vec<u32>,
    /// Sets of each class.
    pub(crate) classes: Interner<Vec<u32>>,
    pub(crate) roots: [u32; 2],
}

impl Networks {
    pub(crate) fn new(hashing: &Hashing) -> Self {
        Self { sets: Interner::new(hashing) }
    }

    /// The number of a set of networks.
    pub(crate) fn set(&mut self, networks: &[Network]) -> u32 {
        self.sets.id_of(networks)
    }

    /// The number of a set of a draft.
    pub(crate) fn take(&mut self, draft: &Self, set: usize) -> u32 {
        let networks = draft.sets.items().get(set).map_or(&[][..], |networks| networks);
        self.sets.id_of_hashed(draft.sets.hash(set), networks)
    }

    /// How many sets there are.
    pub(crate) fn len(&self) -> usize {
        self.sets.items().len()
    }

    /// Tries over every set.
    pub(crate) fn tries(&self) -> Tries {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (set, networks) in (0u32..).zip(self.sets.items()) {
            for network in networks {
                match *network {
                    Network::V4(bits, length) => {
                        let Ok(net) = Ipv4Net::new(bits.into(), length) else { continue };
                        v4.push((
                            u128::from(net.network().to_bits()),
                            u128::from(net.broadcast().to_bits()),
                            set,
                        ));
                    }
                    Network::V6(bits, length) => {
                        let Ok(net) = Ipv6Net::new(bits.into(), length) else { continue };
                        v6.push((net.network().to_bits(), net.broadcast().to_bits(), set));
                    }
                }
            }
        }
        let mut tries = Tries { roots: [NONE; 2], ..Tries::default() };
        tries.classes.id(Vec::new());
        for (family, (ranges, width)) in [(v4, 32), (v6, 128)].into_iter().enumerate() {
            if !ranges.is_empty() {
                let steps = tries.steps(ranges);
                tries.roots[family] = tries.node(&steps, 0, width);
            }
        }
        tries
    }
}

impl Tries {
    /// Where the class changes: first address and class, from address 0 on.
    ///
    /// Prefixes are nested or disjoint, so a stack of the open ones gives the sets of every stretch.
    fn steps(&mut self, mut ranges: Vec<(u128, u128, u32)>) -> Vec<(u128, u32)> {
        // An outer network before an inner one.
        ranges.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        let mut steps = vec![(0, 0)];
        let mut open: Vec<(u128, u32)> = Vec::new();
        for (first, last, set) in ranges {
            self.close(&mut open, Some(first), &mut steps);
            open.push((last, set));
            self.step(&open, first, &mut steps);
        }
        self.close(&mut open, None, &mut steps);
        steps
    }

    /// Ends the open networks that lie before an address.
    fn close(&mut self, open: &mut Vec<(u128, u32)>, before: Option<u128>, steps: &mut Vec<(u128, u32)>) {
        while let Some((last, _)) = open.last().copied() {
            if before.is_some_and(|address| last >= address) {
                return;
            }
            open.pop();
            if let Some(next) = last.checked_add(1) {
                self.step(open, next, steps);
            }
        }
    }

    fn step(&mut self, open: &[(u128, u32)], first: u128, steps: &mut Vec<(u128, u32)>) {
        let mut sets: Vec<u32> = open.iter().map(|(_, set)| *set).collect();
        sets.sort_unstable();
        sets.dedup();
        let class = self.classes.id(sets);
        match steps.last_mut() {
            Some((at, last)) if *at == first => *last = class,
            _ => steps.push((first, class)),
        }
    }

    /// The node for the addresses from `base` on that share all but `width` bits.
    fn node(&mut self, steps: &[(u128, u32)], base: u128, width: u32) -> u32 {
        let node = self.nodes.len();
        self.nodes.push([0; 9]);
        let width = width - 8;
        let mut bitmap = [0u32; 8];
        let mut entries: Vec<u32> = Vec::new();
        for slot in 0..256u128 {
            let first = base | slot << width;
            let last = first | ((1 << width) - 1);
            // The step that reaches the slot, and those that begin inside it.
            let from = steps.partition_point(|(at, _)| *at <= first).saturating_sub(1);
            let to = steps.partition_point(|(at, _)| *at <= last);
            let inside = steps.get(from..to).unwrap_or(&[]);
            let entry = match inside {
                [(_, class)] => *class,
                _ if width == 0 => inside.last().map_or(0, |(_, class)| *class),
                _ => self.node(inside, first, width) | NODE,
            };
            if entries.last() != Some(&entry) || entry & NODE != 0 {
                entries.push(entry);
                bitmap[slot as usize / 32] |= 1 << (slot % 32);
            }
        }
        let start = number(self.entries.len());
        self.entries.extend(entries);
        if let Some(words) = self.nodes.get_mut(node) {
            words[..8].copy_from_slice(&bitmap);
            words[8] = start;
        }
        number(node)
    }
}
