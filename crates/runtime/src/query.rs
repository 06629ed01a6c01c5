//! One resource of a request in the ids of one bundle.

use core::cell::Cell;

use camshaft_bundle::schema::anchor;
use camshaft_bundle::{NONE, Range, Tables, hash};
use camshaft_value::action::Action;
use camshaft_value::pattern;
use camshaft_value::truth::Truth;

/// The action of a request in the ids of one bundle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActionIds<'r> {
    pub(crate) text: &'r str,
    /// Id among the exact actions, `NONE` when no policy names it.
    pub(crate) id: u32,
    /// Its rank among exact actions and prefixes.
    pub(crate) rank: u32,
    /// Segment id of its service.
    pub(crate) service: u32,
}

impl<'r> ActionIds<'r> {
    pub(crate) fn find(tables: &Tables<'_>, action: Action<'r>) -> Option<Self> {
        let id = tables.actions().find(action.text).unwrap_or(NONE);
        let rank = match id {
            NONE => prefix_rank(tables, action.text)?,
            id => tables.action_ranks.get(id)?,
        };
        let service = tables.segments().find(action.service).unwrap_or(NONE);
        Some(Self { text: action.text, id, rank, service })
    }

    /// Whether an action set holds the action.
    #[inline]
    pub(crate) fn is_in(&self, tables: &Tables<'_>, set: u32) -> Option<bool> {
        let words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?;
        let intervals = words.get(0)?;
        // The last interval that begins at or below the rank.
        let (mut low, mut high) = (0u32, intervals);
        while low < high {
            let middle = low.midpoint(high);
            let first = words.get(middle.checked_mul(2)?.checked_add(1)?)?;
            if first <= self.rank {
                low = middle.checked_add(1)?;
            } else {
                high = middle;
            }
        }
        if low > 0 && self.rank < words.get(low.checked_mul(2)?)? {
            return Some(true);
        }
        let globs = intervals.checked_mul(2)?.checked_add(1)?;
        let globs = words.slice(Range { start: globs, end: u32::try_from(words.len()).ok()? })?;
        for glob in globs.iter() {
            let [start, length] = tables.action_globs.record::<2>(glob)?;
            if pattern::matches_glob(tables.text.get(start, length)?, self.text) {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// The rank of an action that no policy names exactly: that of the longest prefix it begins with. The
/// last prefix that is not greater is that one or lies below it, so the way up finds it.
fn prefix_rank(tables: &Tables<'_>, action: &str) -> Option<u32> {
    let text = |at: u32| {
        let [start, length, parent, rank] = tables.action_prefixes.record::<4>(at)?;
        Some((tables.text.get(start, length)?, parent, rank))
    };
    let (mut low, mut high) = (0u32, tables.action_prefixes.records::<4>());
    while low < high {
        let middle = low.midpoint(high);
        if text(middle)?.0 <= action {
            low = middle.checked_add(1)?;
        } else {
            high = middle;
        }
    }
    let mut at = low.checked_sub(1)?;
    loop {
        let (prefix, parent, rank) = text(at)?;
        if action.starts_with(prefix) {
            return Some(rank);
        }
        // Parents stand before their children; prefix 0 is the empty text.
        if parent >= at {
            return None;
        }
        at = parent;
    }
}

/// One resource of a request in the ids of one bundle.
#[derive(Clone, Debug)]
pub(crate) struct Query<'r, 'q> {
    pub(crate) action: ActionIds<'q>,
    /// The request is for `*`.
    pub(crate) star: bool,
    pub(crate) project: &'r str,
    /// Segment ids; region 0 is "none given".
    pub(crate) service: u32,
    pub(crate) region: u32,
    /// Whether the owner is the caller's root account; U where the owner has no uin or the caller no
    /// account.
    pub(crate) own: Truth,
    /// Ids of the owner: [`anchor::MISSING`] where it has none, `NONE` where the bundle does not know it.
    pub(crate) uin: u32,
    pub(crate) appid: u32,
    /// The sixth segment, a bucket with its slash.
    pub(crate) path: &'q str,
    /// Hashes of the path up to its first slash, second slash, and whole; 0 for not yet made.
    hashes: [Cell<u64>; 3],
}

impl<'r, 'q> Query<'r, 'q> {
    /// The request resource `*`.
    pub(crate) fn star(action: ActionIds<'q>) -> Self {
        Self {
            action,
            star: true,
            project: "",
            service: NONE,
            region: NONE,
            own: Truth::True,
            uin: NONE,
            appid: NONE,
            path: "",
            hashes: Default::default(),
        }
    }

    /// The same request for another spelling of the sixth segment (CITE RES-21).
    pub(crate) fn spelled(&self, path: &'q str) -> Self {
        Self { path, hashes: Default::default(), ..self.clone() }
    }

    /// The key of an anchor kind, where the request has all its parts.
    #[inline]
    pub(crate) fn key(&self, seed: u64, kind: u32) -> Option<u64> {
        match kind & anchor::SUBJECT {
            anchor::SEGMENTS if self.star => return None,
            anchor::STAR if !self.star => return None,
            _ => {}
        }
        let known = |id: u32| (id != NONE).then_some(id);
        let service = if kind & anchor::SERVICE == 0 { 0 } else { known(self.service)? };
        let region = if kind & anchor::REGION == 0 { 0 } else { known(self.region)? };
        let account = match kind & anchor::ACCOUNT {
            anchor::OWN if self.own == Truth::False => return None,
            anchor::UIN => known(self.uin)?,
            anchor::APPID => known(self.appid)?,
            _ => 0,
        };
        let action = match kind & anchor::ACTION_BITS {
            anchor::ACTION_SERVICE => known(self.action.service)?,
            anchor::ACTION => known(self.action.id)?,
            _ => 0,
        };
        let path = match kind & anchor::PATH_BITS {
            0 => 0,
            bits => self.path_hash(seed, bits)?,
        };
        Some(anchor::key(seed, kind, &anchor::Parts { service, region, account, path, action }))
    }

    fn path_hash(&self, seed: u64, bits: u32) -> Option<u64> {
        let [first, second, whole] = &self.hashes;
        let mut slashes = self.path.match_indices('/').map(|(at, _)| at);
        let (cell, end) = match bits {
            anchor::PATH => (whole, None),
            anchor::PATH_2 => (second, slashes.nth(1)),
            _ => (first, slashes.next()),
        };
        if cell.get() != 0 {
            return Some(cell.get());
        }
        let text = match end {
            Some(slash) => self.path.get(..=slash)?,
            None if bits == anchor::PATH => self.path,
            None => return None,
        };
        let hash = hash::text(seed, text);
        cell.set(hash);
        Some(hash)
    }
}

/// The owner and place of a requested resource, as text: what a query is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'r, 'q> {
    pub(crate) project: &'r str,
    pub(crate) service: &'r str,
    pub(crate) region: &'r str,
    /// The owner's uin and APPID, as far as the account table completes them (CITE REQ-6).
    pub(crate) uin: Option<&'q str>,
    pub(crate) appid: Option<&'q str>,
    pub(crate) own: Truth,
    pub(crate) path: &'q str,
}

impl<'r, 'q> Target<'r, 'q> {
    /// The query for a bundle.
    pub(crate) fn query(&self, tables: &Tables<'_>, action: ActionIds<'q>) -> Query<'r, 'q> {
        let segments = tables.segments();
        Query {
            action,
            star: false,
            project: self.project,
            service: segments.find(self.service).unwrap_or(NONE),
            region: if self.region.is_empty() { 0 } else { segments.find(self.region).unwrap_or(NONE) },
            own: self.own,
            uin: self.uin.map_or(anchor::MISSING, |uin| tables.uins().find(uin).unwrap_or(NONE)),
            appid: self.appid.map_or(anchor::MISSING, |appid| tables.appids().find(appid).unwrap_or(NONE)),
            path: self.path,
            hashes: Default::default(),
        }
    }
}
