//! Interners: each distinct item gets the number of its first appearance.
//!
//! Tables that are made with the same [`Hashing`] may hand each other an item with its hash, so that what many
//! threads collected is put together without hashing it again. No order depends on a hash.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashTable};

/// How the items of several tables are hashed: differently in every compilation, so that no policy can be
/// written to crowd a table.
pub(crate) type Hashing = DefaultHashBuilder;

/// Numbers by hash; the items themselves are elsewhere.
#[derive(Debug, Default)]
struct Table {
    /// Upper half of the hash, and number.
    slots: HashTable<(u32, u32)>,
    hashes: Vec<u64>,
}

impl Table {
    fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = (hash >> 32) as u32;
        self.slots.find(hash, |(of, id)| *of == tag && is(*id)).map(|(_, id)| *id)
    }

    /// Takes an item that is not in the table.
    fn insert(&mut self, hash: u64) -> u32 {
        let id = number(self.hashes.len());
        self.hashes.push(hash);
        let Self { slots, hashes } = self;
        let of = |slot: &(u32, u32)| hashes.get(slot.1 as usize).copied().unwrap_or(0);
        slots.insert_unique(hash, ((hash >> 32) as u32, id), of);
        id
    }

    fn reserve(&mut self, items: usize) {
        let Self { slots, hashes } = self;
        slots.reserve(items, |slot| hashes.get(slot.1 as usize).copied().unwrap_or(0));
        hashes.reserve(items);
    }

    fn hash(&self, id: usize) -> u64 {
        self.hashes.get(id).copied().unwrap_or(0)
    }
}

/// Distinct items, numbered from 0 in order of appearance.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    hashing: Hashing,
    table: Table,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self::new(&Hashing::default())
    }
}

impl<T> Interner<T> {
    pub(crate) fn new(hashing: &Hashing) -> Self {
        Self { hashing: hashing.clone(), table: Table::default(), items: Vec::new() }
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// Makes room for so many more items.
    pub(crate) fn reserve(&mut self, items: usize) {
        self.table.reserve(items);
        self.items.reserve(items);
    }

    /// The hash of an item, for another table.
    pub(crate) fn hash(&self, id: usize) -> u64 {
        self.table.hash(id)
    }
}

impl<T: Eq + Hash> Interner<T> {
    pub(crate) fn id(&mut self, item: T) -> u32 {
        let hash = self.hashing.hash_one(&item);
        self.id_hashed(hash, &item, || ()).unwrap_or_else(|()| self.insert(hash, item))
    }

    /// The number of an item that is copied only if it is new; `Err` is what `new` made of it.
    fn id_hashed<Q, N>(&self, hash: u64, item: &Q, new: impl FnOnce() -> N) -> Result<u32, N>
    where
        Q: ?Sized + Eq,
        T: Borrow<Q>,
    {
        let is = |id: u32| self.items.get(id as usize).is_some_and(|of| of.borrow() == item);
        self.table.find(hash, is).ok_or_else(new)
    }

    fn insert(&mut self, hash: u64, item: T) -> u32 {
        self.items.push(item);
        self.table.insert(hash)
    }

    /// The number of an item by its borrowed form.
    pub(crate) fn id_of<Q>(&mut self, item: &Q) -> u32
    where
        Q: ?Sized + Eq + Hash + ToOwned<Owned = T>,
        T: Borrow<Q>,
    {
        self.id_of_hashed(self.hashing.hash_one(item), item)
    }

    /// The number of an item whose hash another table knows.
    pub(crate) fn id_of_hashed<Q>(&mut self, hash: u64, item: &Q) -> u32
    where
        Q: ?Sized + Eq + ToOwned<Owned = T>,
        T: Borrow<Q>,
    {
        self.id_hashed(hash, item, || item.to_owned()).unwrap_or_else(|item| self.insert(hash, item))
    }

    pub(crate) fn find(&self, item: &T) -> Option<u32> {
        self.id_hashed(self.hashing.hash_one(item), item, || ()).ok()
    }
}

/// Distinct texts, numbered from 0 in order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Names {
    hashing: Hashing,
    table: Table,
    texts: Vec<Box<str>>,
}

impl Names {
    pub(crate) fn new(hashing: &Hashing) -> Self {
        Self { hashing: hashing.clone(), ..Self::default() }
    }

    pub(crate) fn id(&mut self, text: &str) -> u32 {
        self.id_hashed(self.hashing.hash_one(text), text)
    }

    /// The number of a text whose hash another table knows.
    pub(crate) fn id_hashed(&mut self, hash: u64, text: &str) -> u32 {
        self.find_hashed(hash, text).unwrap_or_else(|| {
            self.texts.push(text.into());
            self.table.insert(hash)
        })
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.find_hashed(self.hashing.hash_one(text), text)
    }

    fn find_hashed(&self, hash: u64, text: &str) -> Option<u32> {
        self.table.find(hash, |id| self.texts.get(id as usize).is_some_and(|of| **of == *text))
    }

    /// The number of a text in this table, else its number in another with [`OWN`] added.
    pub(crate) fn id_or_own(&self, own: &mut Self, text: &str) -> u32 {
        let hash = self.hashing.hash_one(text);
        self.find_hashed(hash, text).unwrap_or_else(|| own.id_hashed(hash, text) | OWN)
    }

    pub(crate) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// A text with its hash, for another table.
    pub(crate) fn hashed(&self, id: usize) -> (u64, &str) {
        (self.table.hash(id), self.texts.get(id).map_or("", |text| text))
    }
}

/// Marks the numbers of a table that stands behind another one.
pub(crate) const OWN: u32 = 1 << 31;

/// One text into which others are laid once each.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    hashing: Hashing,
    table: Table,
    /// Start and length by number.
    places: Vec<(u32, u32)>,
    text: String,
}

impl Heap {
    pub(crate) fn new(hashing: &Hashing) -> Self {
        Self { hashing: hashing.clone(), ..Self::default() }
    }

    /// Makes room for so many more texts of so many bytes in all.
    pub(crate) fn reserve(&mut self, texts: usize, bytes: usize) {
        self.table.reserve(texts);
        self.places.reserve(texts);
        self.text.reserve(bytes);
    }

    /// Start and length of the text in the heap.
    pub(crate) fn place(&mut self, text: &str) -> (u32, u32) {
        self.place_hashed(self.hashing.hash_one(text), text)
    }

    /// The place of a text whose hash another heap knows.
    pub(crate) fn place_hashed(&mut self, hash: u64, text: &str) -> (u32, u32) {
        let id = self.id_hashed(hash, text);
        self.places.get(id as usize).copied().unwrap_or((0, 0))
    }

    /// The number of a text.
    pub(crate) fn id(&mut self, text: &str) -> u32 {
        self.id_hashed(self.hashing.hash_one(text), text)
    }

    fn id_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let is = |id: u32| self.places.get(id as usize).is_some_and(|place| self.get(*place) == text);
        self.table.find(hash, is).unwrap_or_else(|| {
            self.places.push((number(self.text.len()), number(text.len())));
            self.text.push_str(text);
            self.table.insert(hash)
        })
    }

    pub(crate) fn get(&self, place: (u32, u32)) -> &str {
        self.text.get(place.0 as usize..place.0 as usize + place.1 as usize).unwrap_or("")
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// A text with its hash, for another heap.
    pub(crate) fn hashed(&self, id: usize) -> (u64, &str) {
        (self.table.hash(id), self.places.get(id).map_or("", |place| self.get(*place)))
    }
}

/// A count as a 32-bit number. Counts that do not fit cannot occur below the bundle's own size limit,
/// which is checked when it is written; until then they saturate.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
