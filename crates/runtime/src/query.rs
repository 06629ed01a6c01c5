//! One resource of a request in the ids of one bundle.

use core::cell::Cell;

use camshaft_bundle::schema::{ACCOUNT_WORDS, anchor, scalar};
use camshaft_bundle::{NONE, Range, Tables, hash};
use camshaft_value::action::{Action, strip_name};
use camshaft_value::pattern;
use camshaft_value::resource::{Owner, Resource};
use camshaft_value::truth::Truth;

use crate::caller::Identity;

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
    /// Reads and looks up the action of a request; `None` when it is malformed.
    pub(crate) fn read(tables: &Tables<'_>, text: &'r str) -> Option<Self> {
        let text = strip_name(text);
        // PERF: what a policy names exactly is sound and needs no second look.
        let id = tables.actions().find(text).unwrap_or(NONE);
        let action = if id == NONE { Action::parse(text)? } else { Action::of_known(text)? };
        Self::of(tables, action, id)
    }

    /// The same action in the ids of another bundle.
    pub(crate) fn again(&self, tables: &Tables<'_>) -> Option<Self> {
        Self::of(tables, Action::of_known(self.text)?, tables.actions().find(self.text).unwrap_or(NONE))
    }

    fn of(tables: &Tables<'_>, action: Action<'r>, id: u32) -> Option<Self> {
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
    /// All spellings of an object of CAM; none where there is only one (CITE RES-21).
    pub(crate) spellings: [Option<&'q str>; 3],
    /// Hashes of the path up to its first slash, second slash, and whole, once made; `Some(None)` where there
    /// is no such slash.
    hashes: [Cell<Option<Option<u64>>>; 3],
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
            spellings: [None; 3],
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
        let cell = match bits {
            anchor::PATH => whole,
            anchor::PATH_2 => second,
            _ => first,
        };
        if let Some(hash) = cell.get() {
            return hash;
        }
        let hash = self.path_part(bits).map(|text| hash::text(seed, text));
        cell.set(Some(hash));
        hash
    }

    /// The path up to its first or second slash, or all of it.
    fn path_part(&self, bits: u32) -> Option<&'q str> {
        let slashes = match bits {
            anchor::PATH => return Some(self.path),
            anchor::PATH_2 => 1,
            _ => 0,
        };
        let mut bytes = self.path.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
        let (slash, _) = bytes.nth(slashes)?;
        self.path.get(..=slash)
    }
}

/// The owner of a requested resource, completed from the account table (CITE REQ-6).
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnerIds<'r> {
    written: Owner<'r>,
    root: Option<&'r str>,
    /// Ids in the world's bundle: [`anchor::MISSING`] where the owner has none, `NONE` where the bundle
    /// does not know it.
    pub(crate) uin: u32,
    pub(crate) appid: u32,
    /// Whether the owner is the caller's root account; U where the owner has no uin or the caller no
    /// account.
    pub(crate) own: Truth,
}

impl<'r> OwnerIds<'r> {
    /// `None` only for a bundle that contradicts itself.
    pub(crate) fn find(
        tables: &Tables<'_>,
        identity: Option<&Identity<'r>>,
        written: Owner<'r>,
    ) -> Option<Self> {
        let (root, root_id) = identity.map_or((None, NONE), |identity| (identity.root, identity.root_id));
        let appid_of = |uin: u32| {
            if uin >= tables.scalar(scalar::ACCOUNTS) {
                return Some(anchor::MISSING);
            }
            let [appid, ..] = tables.accounts.record::<ACCOUNT_WORDS>(uin)?;
            Some(if appid == NONE { anchor::MISSING } else { appid })
        };
        let (uin, appid, own) = match (written, root) {
            (Owner::Caller, None) => (anchor::MISSING, anchor::MISSING, Truth::Unknown),
            (Owner::Caller, Some(_)) => (root_id, appid_of(root_id)?, Truth::True),
            // PERF: most requests are for the caller's own account, whose id is known.
            (Owner::Uin(uin), Some(root)) if uin == root => (root_id, appid_of(root_id)?, Truth::True),
            (Owner::Uin(uin), root) => {
                let uin = tables.uins().find(uin).unwrap_or(NONE);
                (uin, appid_of(uin)?, if root.is_some() { Truth::False } else { Truth::Unknown })
            }
            (Owner::AppId(appid), root) => {
                let appid = tables.appids().find(appid).unwrap_or(NONE);
                let uin = if appid == NONE { NONE } else { tables.appid_accounts.get(appid)? };
                if uin == NONE || root.is_none() {
                    (if uin == NONE { anchor::MISSING } else { uin }, appid, Truth::Unknown)
                } else {
                    (uin, appid, Truth::from(uin == root_id))
                }
            }
        };
        Some(Self { written, root, uin, appid, own })
    }

    /// The owner's uin, where it has one.
    pub(crate) fn uin_text<'t: 'r>(&self, tables: &Tables<'t>) -> Option<&'r str> {
        match self.written {
            Owner::Uin(uin) => Some(uin),
            Owner::Caller => self.root,
            Owner::AppId(_) => tables.uins().get(self.uin),
        }
    }

    /// The owner's APPID, where it has one.
    fn appid_text<'t: 'r>(&self, tables: &Tables<'t>) -> Option<&'r str> {
        match self.written {
            Owner::AppId(appid) => Some(appid),
            Owner::Uin(_) | Owner::Caller => tables.appids().get(self.appid),
        }
    }
}

/// A requested resource with its owner: what a query is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'r, 'q> {
    pub(crate) resource: Resource<'r>,
    pub(crate) owner: OwnerIds<'r>,
    /// The sixth segment, a bucket with its slash.
    pub(crate) path: &'q str,
}

impl<'r, 'q> Target<'r, 'q> {
    /// The query for the world's bundle.
    pub(crate) fn query(&self, tables: &Tables<'_>, action: ActionIds<'q>) -> Query<'r, 'q> {
        self.query_with(tables, action, self.owner.uin, self.owner.appid)
    }

    /// The query for a session's bundle, which numbers accounts by itself.
    pub(crate) fn foreign_query(
        &self,
        world: &Tables<'_>,
        tables: &Tables<'_>,
        action: ActionIds<'q>,
    ) -> Query<'r, 'q> {
        let uin = self.owner.uin_text(world);
        let appid = self.owner.appid_text(world);
        let uin = uin.map_or(anchor::MISSING, |uin| tables.uins().find(uin).unwrap_or(NONE));
        let appid = appid.map_or(anchor::MISSING, |appid| tables.appids().find(appid).unwrap_or(NONE));
        self.query_with(tables, action, uin, appid)
    }

    fn query_with(&self, tables: &Tables<'_>, action: ActionIds<'q>, uin: u32, appid: u32) -> Query<'r, 'q> {
        let segments = tables.segments();
        let Resource { service, region, project, .. } = self.resource;
        // PERF: the resource is mostly of the action's own service.
        let of_action = action.text.strip_prefix(service).is_some_and(|rest| rest.starts_with(':'));
        Query {
            action,
            star: false,
            project,
            service: if of_action { action.service } else { segments.find(service).unwrap_or(NONE) },
            region: if region.is_empty() { 0 } else { segments.find(region).unwrap_or(NONE) },
            own: self.owner.own,
            uin,
            appid,
            path: self.path,
            spellings: [None; 3],
            hashes: Default::default(),
        }
    }
}
