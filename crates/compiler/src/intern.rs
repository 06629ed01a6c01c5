//! Interners: each distinct item gets the number of its first appearance.

use std::collections::HashMap;
use std::hash::Hash;

/// Distinct items, numbered from 0 in order of appearance.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    ids: HashMap<T, u32>,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { ids: HashMap::new(), items: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    pub(crate) fn id(&mut self, item: T) -> u32 {
        if let Some(id) = self.ids.get(&item) {
            return *id;
        }
        let id = number(self.items.len());
        self.items.push(item.clone());
        self.ids.insert(item, id);
        id
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

/// Distinct texts, numbered from 0 in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = number(self.texts.len());
        self.texts.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    pub(crate) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }
}

/// One text into which others are laid once each.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    places: HashMap<Box<str>, (u32, u32)>,
    text: String,
}

impl Heap {
    /// Start and length of the text in the heap.
    pub(crate) fn place(&mut self, text: &str) -> (u32, u32) {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = (number(self.text.len()), number(text.len()));
        self.text.push_str(text);
        self.places.insert(text.into(), place);
        place
    }

    pub(crate) fn get(&self, place: (u32, u32)) -> &str {
        self.text.get(place.0 as usize..place.0 as usize + place.1 as usize).unwrap_or("")
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// A count as a 32-bit number. Counts that do not fit cannot occur below the bundle's own size limit,
/// which is checked when it is written; until then they saturate.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
