//! One resource of a request in the ids of one bundle.

use core::cell::Cell;

use camshaft_bundle::schema::{ACCOUNT_WORDS, anchor, scalar};
use camshaft_bundle::{NONE, Range, Tables, hash};
use camshaft_value::action::{Action, strip_name};
use camshaft_value::pattern;
use camshaft_value::resource::{Owner, Resource};
use camshaft_value::search;
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
    /// Its service.
    pub(crate) service_text: &'r str,
}

impl<'r> ActionIds<'r> {
    /// Reads and looks up the action of a request; `None` when it is malformed.
    pub(crate) fn read(tables: &Tables<'_>, text: &'r str) -> Option<Self> {
        Self::known(tables, strip_name(text)).or_else(|| {
            let Action { text, service, .. } = Action::parse(text)?;
            Self::unknown(tables, text, service)
        })
    }

    /// The same action in the ids of another bundle.
    pub(crate) fn again(&self, tables: &Tables<'_>) -> Option<Self> {
        Self::known(tables, self.text).or_else(|| Self::unknown(tables, self.text, self.service_text))
    }

    /// An action that some policy names exactly.
    ///
    /// PERF: its text is sound and needs no second look.
    fn known(tables: &Tables<'_>, text: &'r str) -> Option<Self> {
        let id = tables.actions().find(text)?;
        let (rank, service) = (tables.action_ranks.get(id)?, tables.action_services.get(id)?);
        let (service_text, _) = text.split_at_checked(text.bytes().position(|byte| byte == b':')?)?;
        Some(Self { text, id, rank, service, service_text })
    }

    /// An action that no policy names exactly.
    fn unknown(tables: &Tables<'_>, text: &'r str, service_text: &'r str) -> Option<Self> {
        let service = tables.segments().find(service_text).unwrap_or(NONE);
        Some(Self { text, id: NONE, rank: prefix_rank(tables, text)?, service, service_text })
    }

    /// Whether an action set holds the action.
    #[inline]
    pub(crate) fn is_in(&self, tables: &Tables<'_>, set: u32) -> Option<bool> {
        // PERF: most rows are dismissed by their actions, and most sets are one interval.
        let [first, end, whole] = tables.action_hulls.record::<3>(set)?;
        if self.rank < first || self.rank >= end {
            return Some(false);
        }
        if whole != 0 { Some(true) } else { self.is_among(tables, set) }
    }

    /// Whether an action set of several intervals or globs holds the action.
    fn is_among(&self, tables: &Tables<'_>, set: u32) -> Option<bool> {
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
    pub(crate) action: &'q ActionIds<'q>,
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
    pub(crate) spellings: &'q [&'q str],
    keys: Keys,
}

/// The parts of the keys of a query.
///
/// PERF: mixed once, where each kind of key would mix them again, and joined by table: kinds follow no
/// pattern that branches could be predicted by.
#[derive(Clone, Debug)]
struct Keys {
    seed: u64,
    /// Bits of the anchor kinds that the query has parts for; those of a path until it turns out to lack slashes.
    has: Cell<u32>,
    /// Bits of the paths whose hashes are made.
    made: Cell<u32>,
    /// By the bits of service and region.
    segments: [u64; 4],
    /// By the bits of uin and APPID.
    account: [u64; 4],
    /// By the bits of the action.
    action: [u64; 4],
    /// Hashes of the path up to its first slash, second slash, and whole.
    paths: [Cell<u64>; 3],
}

/// What the parts of the keys are made of; `NONE` for what the query lacks.
struct Ids {
    service: u32,
    region: u32,
    uin: u32,
    appid: u32,
}

impl Keys {
    #[inline]
    fn new(tables: &Tables<'_>, has: u32, ids: &Ids, action: &ActionIds<'_>) -> Self {
        let (seed, kinds) = (tables.seed(), tables.kinds());
        let mut has = has | anchor::ALL | anchor::PATH_BITS;
        let mut part = |bit: u32, id: u32| {
            if id == NONE || kinds & bit == 0 {
                return 0;
            }
            has |= bit;
            anchor::part(seed, bit, id)
        };
        let (service, region) = (part(anchor::SERVICE, ids.service), part(anchor::REGION, ids.region));
        let (uin, appid) = (part(anchor::UIN, ids.uin), part(anchor::APPID, ids.appid));
        let (of_service, exact) =
            (part(anchor::ACTION_SERVICE, action.service), part(anchor::ACTION, action.id));
        Self {
            seed,
            has: Cell::new(has),
            made: Cell::new(0),
            segments: [0, service, region, service ^ region],
            account: [0, uin, appid, 0],
            action: [0, of_service, exact, 0],
            paths: [const { Cell::new(0) }; 3],
        }
    }

    /// The parts of a kind but the path.
    #[inline]
    fn join(&self, kind: u32) -> u64 {
        const { assert!(anchor::SERVICE == 1 << 3 && anchor::REGION == 1 << 4) };
        const { assert!(anchor::UIN == 1 << 6 && anchor::APPID == 1 << 7) };
        const { assert!(anchor::ACTION_SERVICE == 1 << 11 && anchor::ACTION == 1 << 12) };
        let of = |table: &[u64], at: u32| table.get(at as usize).copied().unwrap_or(0);
        of(&self.segments, kind >> 3 & 3)
            ^ of(&self.account, kind >> 6 & 3)
            ^ of(&self.action, kind >> 11 & 3)
    }
}

impl<'r, 'q> Query<'r, 'q> {
    /// The request resource `*`.
    pub(crate) fn star(tables: &Tables<'_>, action: &'q ActionIds<'q>) -> Self {
        let ids = Ids { service: NONE, region: NONE, uin: NONE, appid: NONE };
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
            spellings: &[],
            keys: Keys::new(tables, anchor::STAR, &ids, action),
        }
    }

    /// The same request for another spelling of the sixth segment (CITE RES-21).
    pub(crate) fn spelled(&self, path: &'q str) -> Self {
        let keys = self.keys.clone();
        keys.has.set(keys.has.get() | anchor::PATH_BITS);
        keys.made.set(0);
        Self { path, keys, ..self.clone() }
    }

    /// The key of an anchor kind, where the request has all its parts; none for a kind that looks at the context.
    #[inline]
    pub(crate) fn key(&self, kind: u32) -> Option<u64> {
        Some(anchor::join(self.keys.seed, kind, self.parts(kind)?))
    }

    /// The parts of a key of the kind, where the request has all of them.
    #[inline]
    pub(crate) fn parts(&self, kind: u32) -> Option<u64> {
        let keys = &self.keys;
        if kind & !keys.has.get() != 0 {
            return None;
        }
        let mut joined = keys.join(kind);
        if kind & anchor::PATH_BITS != 0 {
            joined ^= self.path_hash(kind & anchor::PATH_BITS)?;
        }
        Some(joined)
    }

    fn path_hash(&self, bits: u32) -> Option<u64> {
        let keys = &self.keys;
        let [first, second, whole] = &keys.paths;
        let cell = match bits {
            anchor::PATH => whole,
            anchor::PATH_2 => second,
            _ => first,
        };
        if keys.made.get() & bits == 0 {
            let Some(text) = self.path_part(bits) else {
                keys.has.set(keys.has.get() & !bits);
                return None;
            };
            keys.made.set(keys.made.get() | bits);
            cell.set(hash::text(keys.seed, text));
        }
        Some(cell.get())
    }

    /// The path up to its first or second slash, or all of it.
    fn path_part(&self, bits: u32) -> Option<&'q str> {
        let slash = |text: &str| Some(search::find(text.as_bytes(), b'/')?.saturating_add(1));
        let mut end = match bits {
            anchor::PATH => return Some(self.path),
            _ => slash(self.path)?,
        };
        if bits == anchor::PATH_2 {
            end = end.saturating_add(slash(self.path.get(end..)?)?);
        }
        self.path.get(..end)
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
    #[inline]
    pub(crate) fn find(
        tables: &Tables<'_>,
        identity: Option<&Identity<'r>>,
        written: Owner<'r>,
    ) -> Option<Self> {
        let (root, root_id) = identity.map_or((None, NONE), |identity| (identity.root, identity.root_id));
        let or_missing = |appid: u32| if appid == NONE { anchor::MISSING } else { appid };
        let appid_of = |uin: u32| {
            if uin >= tables.scalar(scalar::ACCOUNTS) {
                return Some(anchor::MISSING);
            }
            let [appid, ..] = tables.accounts.record::<ACCOUNT_WORDS>(uin)?;
            Some(or_missing(appid))
        };
        let own_appid = || {
            let [appid, ..] = identity.map_or([NONE; ACCOUNT_WORDS], |identity| identity.account);
            or_missing(appid)
        };
        let (uin, appid, own) = match (written, root) {
            (Owner::Caller, None) => (anchor::MISSING, anchor::MISSING, Truth::Unknown),
            (Owner::Caller, Some(_)) => (root_id, own_appid(), Truth::True),
            // PERF: most requests are for the caller's own account, whose id is known.
            (Owner::Uin(uin), Some(root)) if uin == root => (root_id, own_appid(), Truth::True),
            (Owner::Uin(uin), root) => {
                let uin = tables.uins().find(uin).unwrap_or(NONE);
                (uin, appid_of(uin)?, if root.is_some() { Truth::False } else { Truth::Unknown })
            }
            (Owner::AppId(appid), Some(_)) if identity.and_then(|own| own.appid(tables)) == Some(appid) => {
                (root_id, own_appid(), Truth::True)
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
    pub(crate) resource: &'q Resource<'r>,
    pub(crate) owner: OwnerIds<'r>,
    /// The sixth segment, a bucket with its slash.
    pub(crate) path: &'q str,
}

impl<'r, 'q> Target<'r, 'q> {
    /// The query for the world's bundle.
    pub(crate) fn query(&self, tables: &Tables<'_>, action: &'q ActionIds<'q>) -> Query<'r, 'q> {
        self.query_with(tables, action, self.owner.uin, self.owner.appid)
    }

    /// The query for a session's bundle, which numbers accounts by itself.
    pub(crate) fn foreign_query(
        &self,
        world: &Tables<'_>,
        tables: &Tables<'_>,
        action: &'q ActionIds<'q>,
    ) -> Query<'r, 'q> {
        let uin = self.owner.uin_text(world);
        let appid = self.owner.appid_text(world);
        let uin = uin.map_or(anchor::MISSING, |uin| tables.uins().find(uin).unwrap_or(NONE));
        let appid = appid.map_or(anchor::MISSING, |appid| tables.appids().find(appid).unwrap_or(NONE));
        self.query_with(tables, action, uin, appid)
    }

    #[inline]
    fn query_with(
        &self,
        tables: &Tables<'_>,
        action: &'q ActionIds<'q>,
        uin: u32,
        appid: u32,
    ) -> Query<'r, 'q> {
        let segments = tables.segments();
        let Resource { service, region, project, .. } = *self.resource;
        // PERF: the resource is mostly of the action's own service.
        let of_action = action.service_text == service;
        let service = if of_action { action.service } else { segments.find(service).unwrap_or(NONE) };
        let region = if region.is_empty() { 0 } else { segments.find(region).unwrap_or(NONE) };
        let own = if self.owner.own == Truth::False { 0 } else { anchor::OWN };
        Query {
            action,
            star: false,
            project,
            service,
            region,
            own: self.owner.own,
            uin,
            appid,
            path: self.path,
            spellings: &[],
            keys: Keys::new(tables, anchor::SEGMENTS | own, &Ids { service, region, uin, appid }, action),
        }
    }
}
