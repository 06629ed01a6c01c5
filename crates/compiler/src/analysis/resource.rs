//! The resource of a request: `*`, or six segments.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use camshaft_value::region;
use camshaft_value::resource::lacks_slash;
use camshaft_value::truth::Truth;

use super::bits::Bits;
use super::formula::Formula;
use super::search::{Flow, SERVICES, Search, Spent, within};
use super::set::{Item, Matcher};
use super::text::{Letters, Patterns, walk};
use crate::prove::entry::{Owner, Project};
use crate::prove::glob::{Glob, Part};

/// Sixth segments. A star is a letter like any other there, and stands last.
const PATHS: Letters = Letters {
    allowed: |letter| !letter.is_control() && !letter.is_whitespace(),
    fillers: "xyzabcdefghijklmnopqrstuvwABCXYZ0123456789/_-.*",
    empty: false,
};

/// The search for a resource.
pub(super) struct Resources<'r, 's, 'a> {
    pub(super) search: &'r Search<'s, 'a>,
    /// Matchers whose action is the request's, and their entries.
    pub(super) live: &'r [(usize, &'r [&'s Item<'a>])],
    pub(super) formula: &'r Formula,
    pub(super) action: &'r str,
    /// The resource must be a known role.
    pub(super) assumes: bool,
    /// What was asked of contexts already.
    pub(super) told: RefCell<HashSet<Vec<Truth>>>,
}

/// An entry of a matcher whose other segments fit.
struct Placed<'r, 'a> {
    /// Of its matcher in `live`.
    place: usize,
    /// What it comes to if its patterns match.
    truth: Truth,
    /// Of the path and of the scope.
    patterns: [Option<usize>; 2],
    item: &'r Item<'a>,
}

impl<'a> Resources<'_, '_, 'a> {
    fn matcher(&self, at: usize) -> Option<&Matcher<'a>> {
        self.search.set.matchers.get(at)
    }

    /// Goes on with contexts, given what each matcher comes to.
    fn matched(&self, truths: Vec<Truth>, resource: &dyn Fn() -> String) -> Flow {
        if self.told.borrow().contains(&truths) {
            return Flow::Continue(());
        }
        let formula = self.formula.reduced(&|atom| {
            let (at, least) = self.search.set.atom(atom);
            match self.matcher(at) {
                None => Some(false),
                Some(matcher) if self.truth_of(at, &truths).min(matcher.cap) < least => Some(false),
                Some(matcher) if matcher.terms.is_empty() => Some(true),
                Some(_) => None,
            }
        });
        within(self.search.steps.take(truths.len() + 1, "resources"))?;
        self.told.borrow_mut().insert(truths);
        if formula == Formula::Const(false) {
            return Flow::Continue(());
        }
        let resource = resource();
        if resource.len() > camshaft_frontend::limits::REQUEST_STRING_BYTES {
            return Flow::Continue(());
        }
        self.search.contexts(&formula, self.action, &resource)
    }

    /// The request for `*` (CITE RES-16 to RES-18).
    pub(super) fn star(&self, service: &str) -> Flow {
        if self.assumes {
            return Flow::Continue(());
        }
        let truths = self.live.iter().map(|(at, items)| {
            let Some(matcher) = self.matcher(*at) else { return Truth::False };
            Truth::from(items.iter().any(|item| {
                let entry = &item.entry;
                entry.scope.is_none()
                    && (entry.all || matcher.star && entry.service.is_none_or(|own| own == service))
            }))
        });
        self.matched(truths.collect(), &|| "*".to_owned())
    }

    pub(super) fn segments(&self, action_service: &str) -> Flow {
        let set = self.search.set;
        let items = || self.live.iter().flat_map(|(_, items)| items.iter()).filter(|item| !item.entry.all);
        let mut services: Vec<&str> = vec![action_service];
        let named: BTreeSet<&str> = items().filter_map(|item| item.entry.service).collect();
        services.extend(named.iter().copied().filter(|service| *service != action_service));
        let fresh = SERVICES.into_iter().map(str::to_owned).chain((0..).map(|n| format!("zz{n}")));
        let fresh = { fresh }.find(|service| !services.contains(&service.as_str()));
        services.extend(fresh.as_deref());
        if self.assumes {
            services = vec!["cam"];
        }
        for service in services {
            let of_service = || items().filter(|item| item.entry.service.is_none_or(|own| own == service));
            let capable =
                set.directories.iter().any(|directory| directory.capable.iter().any(|own| **own == *service));
            let named: BTreeSet<&str> = of_service().filter_map(|item| item.entry.region).collect();
            let mut regions: Vec<&str> = named.iter().copied().collect();
            regions.extend(
                ["ap-guangzhou", "ap-beijing", "ap-shanghai"]
                    .into_iter()
                    .chain(region::known())
                    .chain(["zz-0"])
                    .find(|region| !named.contains(region)),
            );
            regions.extend(Some("").filter(|_| !capable && !named.is_empty()));
            let mut owners = self.owners(of_service());
            if self.assumes {
                let accounts = set.directories.iter().flat_map(|directory| directory.accounts_with_roles());
                owners.extend(accounts.map(|uin| format!("uin/{uin}")));
                owners.sort_unstable();
                owners.dedup();
            }
            let mut projects: Vec<String> = vec![String::new()];
            let named: BTreeSet<&str> = of_service()
                .filter_map(|item| match item.entry.project {
                    Project::Any => None,
                    Project::Default => Some("0"),
                    Project::Id(id) => Some(id),
                })
                .collect();
            if !named.is_empty() {
                projects.extend(named.iter().map(|id| format!("id/{id}")));
                projects.extend(
                    (1..)
                        .map(|id| id.to_string())
                        .find(|id| !named.contains(id.as_str()))
                        .map(|id| format!("id/{id}")),
                );
            }
            let mut told: HashSet<(Vec<Truth>, Option<&str>)> = HashSet::new();
            for region in &regions {
                for owner in &owners {
                    for project in &projects {
                        let cell = Place { service, region, owner, project };
                        let base = within(self.base(&cell))?;
                        let cam = (service == "cam").then_some(owner.as_str());
                        if told.insert((base.clone(), cam)) {
                            self.paths(&cell, &base)?;
                        }
                    }
                }
            }
        }
        Flow::Continue(())
    }

    /// Owners that the entries tell apart, as requests write them.
    fn owners<'i>(&self, items: impl Iterator<Item = &'i &'i Item<'a>>) -> Vec<String>
    where
        'a: 'i,
    {
        let set = self.search.set;
        let mut owners: Vec<String> = Vec::new();
        let mut add = |owner: String| {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        };
        let own = set.caller().account.as_deref();
        own.into_iter().for_each(|own| add(format!("uin/{own}")));
        for item in items {
            match item.entry.owner {
                Owner::Uin(uin) => add(format!("uin/{uin}")),
                Owner::AppId(appid) => add(format!("uid/{appid}")),
                Owner::Any | Owner::Caller | Owner::Unknown => {}
            }
        }
        set.owners.iter().for_each(|owner| add(owner.clone()));
        let fresh = |known: &dyn Fn(&str) -> bool| {
            (0u64..).map(|n| (100_000_000_999 + n).to_string()).find(|id| !known(id)).unwrap_or_default()
        };
        let uin = fresh(&|id| {
            owners.contains(&format!("uin/{id}")) || set.directories.iter().any(|of| of.knows(id))
        });
        let appid = fresh(&|id| {
            owners.contains(&format!("uid/{id}")) || set.directories.iter().any(|of| of.knows_appid(id))
        });
        owners.extend([format!("uin/{uin}"), format!("uid/{appid}")]);
        owners
    }

    /// What the entries come to but for the sixth segment; in the order of `live` and its entries.
    fn base(&self, cell: &Place<'_>) -> Result<Vec<Truth>, Spent> {
        let mut truths = Vec::new();
        let own = self.search.set.caller().account.as_deref();
        for (at, items) in self.live {
            let Some(matcher) = self.matcher(*at) else { continue };
            let directory = self.search.set.directory(matcher.side);
            self.search.steps.take(items.len(), "resources")?;
            let (uin, appid) = directory.owner(cell.owner);
            truths.extend(items.iter().map(|item| {
                let entry = &item.entry;
                if entry.all {
                    return Truth::True;
                }
                let compared = |own: &str, known: Option<&str>| match known {
                    Some(known) => Truth::from(own == known),
                    None => Truth::Unknown,
                };
                let service = Truth::from(entry.service.is_none_or(|own| own == cell.service));
                let region = match entry.region {
                    None => Truth::True,
                    Some(own) => compared(own, Some(cell.region).filter(|region| !region.is_empty())),
                };
                let owner = match entry.owner {
                    Owner::Any => Truth::True,
                    Owner::Uin(own) => compared(own, uin),
                    Owner::AppId(own) => compared(own, appid),
                    Owner::Caller => own.map_or(Truth::Unknown, |own| compared(own, uin)),
                    Owner::Unknown => Truth::Unknown,
                };
                let project = Truth::from(match entry.project {
                    Project::Any => true,
                    Project::Default => cell.project.is_empty() || cell.project == "id/0",
                    Project::Id(id) => cell.project.strip_prefix("id/") == Some(id),
                });
                let base = service.and(region).and(owner).and(project);
                // A scope that is not surely met is none (CITE EVA-9).
                let outside = entry.scope.is_some() && (uin.is_none() || cell.region.is_empty());
                if outside {
                    Truth::False
                } else if item.unvalued {
                    base.and(Truth::Unknown)
                } else {
                    base
                }
            }));
        }
        Ok(truths)
    }

    /// The sixth segments of one cell.
    fn paths(&self, cell: &Place<'_>, base: &[Truth]) -> Flow {
        let (mut patterns, entries) = self.entries(base);
        if !self.assumes {
            self.texts(cell, &mut patterns, &entries)?;
        }
        if cell.service == "cam" { self.objects(cell, &entries) } else { Flow::Continue(()) }
    }

    /// The patterns of sixth segments, and by entry what it comes to but for them.
    fn entries(&self, base: &[Truth]) -> (Patterns, Vec<Placed<'_, 'a>>) {
        let mut patterns = Patterns::default();
        let mut numbers: BTreeMap<&Glob<'a>, usize> = BTreeMap::new();
        let mut number = |glob| {
            *numbers.entry(glob).or_insert_with(|| {
                patterns.add(glob, false);
                patterns.len() - 1
            })
        };
        let mut entries = Vec::new();
        let mut base = base.iter();
        for (place, (_, items)) in self.live.iter().enumerate() {
            for item in *items {
                let Some(truth) = base.next().copied().filter(|truth| *truth > Truth::False) else {
                    continue;
                };
                let path = Some(&item.path).filter(|_| !item.entry.all);
                let globs = [path, item.entry.scope.as_ref()];
                let patterns = globs.map(|glob| glob.filter(|glob| !glob.is_any()).map(&mut number));
                entries.push(Placed { place, truth, patterns, item });
            }
        }
        (patterns, entries)
    }

    /// What each matcher comes to, given the patterns that match.
    fn truths(&self, entries: &[Placed<'_, 'a>], matched: &Bits) -> Vec<Truth> {
        let mut truths = vec![Truth::False; self.live.len()];
        for entry in entries {
            if entry.patterns.iter().flatten().all(|pattern| matched.has(*pattern))
                && let Some(known) = truths.get_mut(entry.place)
            {
                *known = (*known).or(entry.truth);
            }
        }
        truths
    }

    /// Whether the formula may hold where no pattern matches but these.
    fn may_hold(&self, entries: &[Placed<'_, 'a>], live: &Bits) -> bool {
        // PERF: entries stand in the order of their matchers, so that only those of an atom are looked at.
        let is_dead = |atom| {
            let (at, least) = self.search.set.atom(atom);
            let Ok(place) = self.live.binary_search_by_key(&at, |(at, _)| *at) else { return true };
            let first = entries.partition_point(|entry| entry.place < place);
            let of_matcher = entries.iter().skip(first).take_while(|entry| entry.place == place);
            !of_matcher.into_iter().any(|entry| {
                entry.truth >= least && entry.patterns.iter().flatten().all(|pattern| live.has(*pattern))
            })
        };
        self.formula.may_hold(&is_dead)
    }

    fn truth_of(&self, at: usize, truths: &[Truth]) -> Truth {
        let place = self.live.binary_search_by_key(&at, |(at, _)| *at).ok();
        place.and_then(|place| truths.get(place)).copied().unwrap_or(Truth::False)
    }

    /// Sixth segments that are no object with several names.
    fn texts(&self, cell: &Place<'_>, patterns: &mut Patterns, entries: &[Placed<'_, 'a>]) -> Flow {
        let cos = cell.service == "cos";
        // In a request for COS a text without a slash and a star is the bucket with its slash (CITE RES-24).
        if cos {
            for mark in ["/", "*"] {
                patterns.add(&Glob(vec![Part::Any, Part::Text(mark.into()), Part::Any]), false);
            }
        }
        let directories = &self.search.set.directories;
        let has_names = |text: &str| {
            cell.service == "cam"
                && directories.iter().any(|directory| !directory.spellings(cell.owner, text).is_empty())
        };
        let own = patterns.len();
        loop {
            // An object with several names stands in the way: once it has a pattern of its own, other texts are found.
            let mut object: Option<String> = None;
            let flow = walk(
                patterns,
                PATHS,
                &self.search.steps,
                |live| self.may_hold(entries, live),
                |matched, text| {
                    let is_object = (own..patterns.len()).any(|pattern| matched.has(pattern));
                    if is_object || cos && lacks_slash("cos", text) {
                        return Flow::Continue(());
                    }
                    if has_names(text) {
                        object.get_or_insert_with(|| text.to_owned());
                        return Flow::Continue(());
                    }
                    within(self.search.steps.take(entries.len(), "resources"))?;
                    self.matched(self.truths(entries, matched), &|| cell.text(text))
                },
            );
            within(flow)??;
            let Some(text) = object else { return Flow::Continue(()) };
            patterns.add(&Glob::text(text), false);
        }
    }

    /// Objects of CAM with several names.
    fn objects(&self, cell: &Place<'_>, entries: &[Placed<'_, 'a>]) -> Flow {
        let directories = &self.search.set.directories;
        let objects: BTreeSet<&str> =
            directories.iter().flat_map(|directory| directory.objects(cell.owner)).collect();
        // The sides may know it by different names.
        let mut texts: BTreeSet<String> = BTreeSet::new();
        for object in objects.into_iter().filter(|object| !self.assumes || *object != "root") {
            texts.insert(object.to_owned());
            texts.extend(directories.iter().flat_map(|directory| directory.spellings(cell.owner, object)));
        }
        texts.iter().try_for_each(|text| self.object(cell, entries, text))
    }

    /// One object of CAM, in all its spellings.
    fn object(&self, cell: &Place<'_>, entries: &[Placed<'_, 'a>], text: &str) -> Flow {
        within(self.search.steps.take(entries.len() * 4 + 1, "objects of CAM"))?;
        let set = self.search.set;
        let spelled: Vec<Vec<String>> = set
            .directories
            .iter()
            .map(|directory| {
                let spelled = directory.spellings(cell.owner, text);
                if spelled.is_empty() { vec![text.to_owned()] } else { spelled }
            })
            .collect();
        let mut truths = vec![Truth::False; self.live.len()];
        for Placed { place, truth, item, .. } in entries {
            let Some((at, _)) = self.live.get(*place) else { continue };
            let side = self.matcher(*at).map_or(0, |matcher| matcher.side);
            let texts = spelled.get(side).map_or(&[][..], Vec::as_slice);
            let covers = item.entry.all || texts.iter().any(|text| item.path.matches(text));
            let inside =
                item.entry.scope.as_ref().is_none_or(|scope| texts.iter().any(|text| scope.matches(text)));
            if covers
                && inside
                && let Some(known) = truths.get_mut(*place)
            {
                *known = (*known).or(*truth);
            }
        }
        self.matched(truths, &|| cell.text(text))
    }
}

/// All but the sixth segment.
struct Place<'c> {
    service: &'c str,
    region: &'c str,
    owner: &'c str,
    project: &'c str,
}

impl Place<'_> {
    fn text(&self, path: &str) -> String {
        let Self { service, region, owner, project } = self;
        format!("qcs:{project}:{service}:{region}:{owner}:{path}")
    }
}
