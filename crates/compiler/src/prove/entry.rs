//! Resource entries: what a statement says of resources, and what a row says, in one form.
//!
//! Read from the canonical statements and from the rows of the bundle by rules of their own; nothing of `lower` or
//! `draft` is used. An entry is an AND of its parts, a statement an OR of its entries.

use std::borrow::Cow;

use camshaft_bundle::schema::row;
use camshaft_bundle::{NONE, Tables};
use camshaft_frontend::policy::{
    AccountPattern, Effect, ProjectPattern, ResourceEntry, ResourcePattern, Statement,
};
use camshaft_value::resource::lacks_slash;

use super::glob::{Glob, Walked, apart, same};

/// Whose resources an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner<'a> {
    Any,
    /// The caller's root account.
    Caller,
    Uin(&'a str),
    AppId(&'a str),
    /// Never known.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Project<'a> {
    Any,
    /// Project 0, or none.
    Default,
    Id(&'a str),
}

/// One resource entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry<'a> {
    /// The entry `*`.
    pub(crate) all: bool,
    pub(crate) service: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) owner: Owner<'a>,
    pub(crate) project: Project<'a>,
    pub(crate) path: Glob<'a>,
    /// What the sixth segment must match besides.
    pub(crate) scope: Option<Glob<'a>>,
}

/// The scope of a resource policy, and the account that owns it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) pattern: &'a ResourcePattern,
    pub(crate) uin: &'a str,
    pub(crate) appid: Option<&'a str>,
}

/// Where a policy stands, as far as its entries depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// The empty account is the caller's.
    Caller,
    /// The empty account is this uin (CITE RES-8).
    Account(&'a str),
    Scope(Scope<'a>),
}

const ALL: Entry<'static> = Entry {
    all: true,
    service: None,
    region: None,
    owner: Owner::Any,
    project: Project::Any,
    path: Glob(Vec::new()),
    scope: None,
};

/// The entries of a statement; those that can never match are left out.
pub(crate) fn of_statement<'a>(statement: &'a Statement, place: Place<'a>) -> Vec<Entry<'a>> {
    of_resources(&statement.resources, place, statement.effect == Effect::Deny)
}

/// The same of the entries of an allow or a deny.
pub(crate) fn of_resources<'a>(
    resources: &'a [ResourceEntry],
    place: Place<'a>,
    deny: bool,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(resources.len());
    for resource in resources {
        match (resource, place) {
            (ResourceEntry::All, Place::Scope(scope)) => entries.extend(inside(&ALL, &scope, deny)),
            (ResourceEntry::All, _) => entries.push(ALL),
            (ResourceEntry::Segments(pattern), Place::Scope(scope)) => {
                entries.extend(inside(&segments(pattern, None), &scope, deny));
            }
            (ResourceEntry::Segments(pattern), place) => {
                let account = if let Place::Account(uin) = place { Some(uin) } else { None };
                let entry = segments(pattern, account);
                // CITE RES-24: against requests of `cos` a bucket has its slash.
                if entry.service.is_none()
                    && let Some(path) = slashed(&entry.path)
                {
                    entries.push(Entry { service: Some("cos"), path, ..entry.clone() });
                }
                entries.push(entry);
            }
        }
    }
    // CITE EVA-2: what is never known lets a deny match and an allow never.
    entries.retain(|entry| deny || entry.owner != Owner::Unknown);
    entries
}

fn segments<'a>(pattern: &'a ResourcePattern, own: Option<&'a str>) -> Entry<'a> {
    Entry {
        all: false,
        service: pattern.service.as_deref(),
        region: pattern.region.as_deref(),
        owner: match &pattern.account {
            AccountPattern::Own => own.map_or(Owner::Caller, Owner::Uin),
            AccountPattern::Any => Owner::Any,
            AccountPattern::Uin(uin) => Owner::Uin(uin),
            AccountPattern::AppId(appid) => Owner::AppId(appid),
            AccountPattern::Unvalued => Owner::Unknown,
        },
        project: match &pattern.project {
            ProjectPattern::Any => Project::Any,
            ProjectPattern::Default => Project::Default,
            ProjectPattern::Id(id) => Project::Id(id),
        },
        path: Glob::of(&pattern.path),
        scope: None,
    }
}

/// The bucket with its slash.
fn slashed<'a>(path: &Glob<'a>) -> Option<Glob<'a>> {
    let text = path.exact().filter(|text| !text.is_empty() && lacks_slash("cos", text))?;
    Some(Glob::text(format!("{text}/")))
}

/// What of an entry lies inside a scope (CITE EVA-9), `None` for nothing.
///
/// A scope is met only by requests whose owner is known by its uin, so the owner is that of the scope.
fn inside<'a>(entry: &Entry<'a>, scope: &Scope<'a>, deny: bool) -> Option<Entry<'a>> {
    let whole = segments(scope.pattern, None);
    fn both<T: PartialEq + Copy>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
        match (a, b) {
            (Some(a), Some(b)) => (a == b).then_some(Some(a)),
            (one, other) => Some(one.or(other)),
        }
    }
    let is_owner = match entry.owner {
        Owner::Any | Owner::Caller => true,
        Owner::Uin(uin) => uin == scope.uin,
        // An owner without APPID makes the comparison unknown (CITE RES-9).
        Owner::AppId(appid) => scope.appid.map_or(deny, |own| own == appid),
        Owner::Unknown => deny,
    };
    let project = match (entry.project, whole.project) {
        (Project::Any, project) | (project, Project::Any) => project,
        (a, b) if a == b => a,
        _ => return None,
    };
    let path = if entry.all { Glob::any() } else { entry.path.clone() };
    let path = match slashed(&path) {
        Some(path) if whole.service == Some("cos") => path,
        _ => path,
    };
    let inside = Entry {
        all: false,
        service: both(entry.service, whole.service)?,
        region: both(entry.region, whole.region)?,
        owner: Owner::Uin(scope.uin),
        project,
        path,
        scope: Some(whole.path),
    };
    is_owner.then_some(inside)
}

/// What a row says. `None` for one that contradicts itself.
pub(super) fn of_row<'a>(tables: &Tables<'a>, words: &[u32; row::WORDS]) -> Option<Entry<'a>> {
    let [flags, service, region, account, _, operand, length, _, _, extra] = *words;
    let mut entry = ALL;
    if let Some(extra) = extra.checked_sub(1) {
        let [_, scope, kind, start, length] = tables.extras.record::<5>(extra)?;
        entry.scope = if scope == NONE { None } else { Some(Glob::stored(tables, scope)?) };
        entry.project = match kind {
            row::project::DEFAULT => Project::Default,
            row::project::ID => Project::Id(tables.text.get(start, length)?),
            _ => Project::Any,
        };
    }
    if flags & row::flag::ALL != 0 {
        return Some(entry);
    }
    let segment = |id: u32| match id {
        NONE => Some(None),
        id => tables.segments().get(id).map(Some),
    };
    entry.all = false;
    entry.service = segment(service)?;
    entry.region = segment(region)?;
    entry.owner = match flags >> row::flag::ACCOUNT_SHIFT & 7 {
        row::account::ANY => Owner::Any,
        row::account::OWN => Owner::Caller,
        row::account::UIN => Owner::Uin(tables.uins().get(account)?),
        row::account::APPID => Owner::AppId(tables.appids().get(account)?),
        _ => Owner::Unknown,
    };
    entry.path = Glob::of_tail(tables, flags >> row::flag::TAIL_SHIFT & 7, operand, length)?;
    Some(entry)
}

/// A request for one resource, as far as entries look at it; the caller is the root account of `own`.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) service: String,
    pub(super) region: String,
    /// Empty for the caller's own account.
    pub(super) owner: String,
    pub(super) project: String,
    pub(super) path: String,
}

impl<'a> Entry<'a> {
    /// Whether the entry is the other but for the sixth segment.
    fn agrees(&self, other: &Self) -> bool {
        (self.all, self.service, self.region, self.owner, self.project)
            == (other.all, other.service, other.region, other.owner, other.project)
    }

    /// Whether a row that says `self` matches what `said`, an entry of a statement, does.
    pub(super) fn means(&self, said: &Self, deny: bool, budget: usize) -> Walked {
        if !self.agrees(said) {
            return Walked::Fails(Vec::new());
        }
        if self.path == said.path && self.scope == said.scope {
            return Walked::Proven;
        }
        let any = Glob::any();
        let (own, other) = (self.scope.as_ref().unwrap_or(&any), said.scope.as_ref().unwrap_or(&any));
        // A scope knows no caller; with a variable it is never met.
        if own.has_variable() {
            return Walked::Fails(Vec::new());
        }
        // An object of CAM may meet the scope by another spelling than the entry (CITE RES-21).
        let apart = self.service == Some("cam");
        if !apart && !self.path.has_variable() && !said.path.has_variable() {
            return same(&[&self.path, own], &[&said.path, other], budget);
        }
        if self.path.has_variable() || said.path.has_variable() {
            if self.path != said.path {
                return Walked::Fails(Vec::new());
            }
            if !apart && !deny && self.scope.is_none() {
                // Whatever the variables stand for, the entry lies in the scope.
                let wide = self.path.widened();
                return same(&[&wide], &[&wide, other], budget);
            }
            // A deny matches every path where a variable has no value (CITE VAR-4), but in the scope only.
            return same(&[own], &[other], budget);
        }
        match same(&[&self.path], &[&said.path], budget) {
            Walked::Proven => same(&[own], &[other], budget),
            failed => failed,
        }
    }

    /// Whether nothing matches the entry, because its path lies outside of its scope.
    pub(super) fn is_void(&self, deny: bool, budget: usize) -> Walked {
        let unsure = deny && self.path.has_variable();
        match &self.scope {
            Some(scope) if !unsure && self.service != Some("cam") => {
                apart(&[&self.path.widened(), scope], budget)
            }
            _ => Walked::Fails(Vec::new()),
        }
    }

    /// Whether the entry covers the resource of a probe; everything it may look at is known.
    pub(super) fn covers(&self, probe: &Probe) -> bool {
        if self.all {
            return true;
        }
        let owner = match self.owner {
            Owner::Any => true,
            Owner::Caller => probe.owner.is_empty(),
            Owner::Uin(uin) => probe.owner.strip_prefix("uin/") == Some(uin),
            Owner::AppId(appid) => probe.owner.strip_prefix("uid/") == Some(appid),
            Owner::Unknown => true,
        };
        let project = match self.project {
            Project::Any => true,
            Project::Default => probe.project.is_empty() || probe.project == "id/0",
            Project::Id(id) => probe.project.strip_prefix("id/") == Some(id),
        };
        owner
            && project
            && self.service.is_none_or(|service| service == probe.service)
            && self.region.is_none_or(|region| region == probe.region)
            && self.path.matches(&probe.path)
            && self.scope.as_ref().is_none_or(|scope| scope.matches(&probe.path))
    }

    /// A resource that the entry may cover; `service` where the entry leaves it open.
    pub(super) fn probe(&self, service: &str, filling: &str) -> Probe {
        let service = self.service.unwrap_or(service);
        let mut path = match &self.scope {
            Some(scope) if self.path.is_any() => scope.witness(filling),
            _ => self.path.witness(filling),
        };
        if path.is_empty() {
            path.push('x');
        }
        Probe {
            service: service.to_owned(),
            region: self.region.unwrap_or("ap-guangzhou").to_owned(),
            owner: match self.owner {
                Owner::Uin(uin) => format!("uin/{uin}"),
                Owner::AppId(appid) => format!("uid/{appid}"),
                Owner::Any | Owner::Caller | Owner::Unknown => String::new(),
            },
            project: match self.project {
                Project::Id(id) => format!("id/{id}"),
                Project::Any | Project::Default => String::new(),
            },
            path,
        }
    }
}

impl Probe {
    /// As a request writes it; without a path it is for `*`.
    pub(super) fn text(&self) -> String {
        let Self { service, region, owner, project, path } = self;
        if path.is_empty() {
            return "*".to_owned();
        }
        format!("qcs:{project}:{service}:{region}:{owner}:{path}")
    }
}

impl core::fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.all {
            return f.write_str("*");
        }
        let project = match self.project {
            Project::Any => Cow::Borrowed(""),
            Project::Default => "id/0".into(),
            Project::Id(id) => format!("id/{id}").into(),
        };
        let owner = match self.owner {
            Owner::Any => Cow::Borrowed("*"),
            Owner::Caller => "".into(),
            Owner::Uin(uin) => format!("uin/{uin}").into(),
            Owner::AppId(appid) => format!("uid/{appid}").into(),
            Owner::Unknown => "uin/${OwnerUin}".into(),
        };
        let (service, region) = (self.service.unwrap_or(""), self.region.unwrap_or(""));
        write!(f, "qcs:{project}:{service}:{region}:{owner}:{}", self.path)?;
        match &self.scope {
            Some(scope) if !scope.is_any() => write!(f, " inside {scope}"),
            _ => Ok(()),
        }
    }
}
