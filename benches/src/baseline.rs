//! What people write instead of an engine, made as well as it goes without a compiler.
//!
//! *naive*: all statements of the caller, one after the other. *indexed*, "the thirty lines": the same
//! behind a hash map from the caller and the service of the action to statements, and from a bucket to the
//! statements of its resource policies. Both take the request text that [`camshaft_runtime::Engine::decide`]
//! takes, stop at the first deny, and know only what the workloads use: one owner's spelling of an account,
//! one resource, no layer but identity and resource, no check of the request's form, and every key of a
//! condition either present once or absent. The worlds' own text is borrowed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use camshaft_runtime::{Decision, Layer, Request};
use camshaft_value::date::Instant;

use crate::glob::Glob;
use crate::world::{Resource, Statement, Term, UserId, World};

/// How the statements of a caller are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// All of them.
    Naive,
    /// Those on the service of the action.
    Indexed,
}

/// An answer, without its witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allowed.
    Allow,
    /// A deny matched.
    ExplicitDeny,
    /// Nothing granted; the layer, `None` for an error.
    ImplicitDeny(Option<Layer>),
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allow { .. } => Self::Allow,
            Decision::ExplicitDeny { .. } => Self::ExplicitDeny,
            Decision::ImplicitDeny { layer } => Self::ImplicitDeny(Some(layer)),
            Decision::Error { .. } => Self::ImplicitDeny(None),
        }
    }
}

/// A hash map with a hash that is as cheap as the engine's.
type Map<'w, V> = HashMap<&'w str, V, BuildHasherDefault<Fold>>;

/// A world for scanning.
#[derive(Debug)]
pub struct Baseline<'w> {
    rules: Vec<Rule<'w>>,
    callers: HashMap<String, Caller<'w>, BuildHasherDefault<Fold>>,
    buckets: Map<'w, Vec<u32>>,
    owners: HashMap<String, Vec<u32>, BuildHasherDefault<Fold>>,
}

#[derive(Debug)]
struct Caller<'w> {
    segments: [String; 2],
    id: UserId,
    rules: Vec<u32>,
    by_service: Map<'w, Vec<u32>>,
}

#[derive(Debug)]
struct Rule<'w> {
    deny: bool,
    /// Whom it binds; `None` for the holder, an empty list for everyone.
    principals: Option<&'w [UserId]>,
    /// The bucket of a resource policy.
    bucket: &'w str,
    actions: Vec<(&'w str, Glob<'w>)>,
    /// `None` for `*`.
    resources: Vec<Option<Place<'w>>>,
    tests: Vec<Test<'w>>,
}

#[derive(Debug)]
struct Place<'w> {
    service: &'w str,
    region: Option<&'w str>,
    account: String,
    path: Glob<'w>,
}

/// A requirement on the context, read.
#[derive(Debug)]
pub struct Test<'w>(Requirement<'w>);

#[derive(Debug)]
enum Requirement<'w> {
    Networks(&'w [u32]),
    Tags(&'w [&'static str]),
    MaxKeys(u32),
    After(Option<Instant>),
}

/// A request, split.
struct Asked<'r> {
    service: &'r str,
    operation: &'r str,
    /// Service, region, account, sixth segment; `None` for `*`.
    target: Option<[&'r str; 4]>,
    request: &'r Request<'r>,
}

impl<'w> Baseline<'w> {
    /// Reads a world.
    pub fn new(world: &'w World) -> Self {
        let mut made = Self {
            rules: Vec::with_capacity(world.statements),
            callers: HashMap::default(),
            buckets: Map::default(),
            owners: HashMap::default(),
        };
        let policies: Vec<Vec<u32>> = world
            .policies
            .iter()
            .map(|policy| policy.statements.iter().map(|statement| made.rule(world, statement, "")).collect())
            .collect();
        for bucket in &world.buckets {
            for statement in &bucket.statements {
                let rule = made.rule(world, statement, &bucket.name);
                made.buckets.entry(&bucket.name).or_default().push(rule);
                let owner = world.account_segment("cos", bucket.account);
                made.owners.entry(owner).or_default().push(rule);
            }
        }
        for (number, account) in world.accounts.iter().enumerate() {
            for (at, user) in account.users.iter().enumerate() {
                let group = user.groups.iter().flat_map(|group| &account.groups[*group].policies);
                let held = user.policies.iter().chain(group);
                let rules: Vec<u32> = held.flat_map(|policy| policies[*policy].iter().copied()).collect();
                let mut by_service: Map<'w, Vec<u32>> = Map::default();
                for rule in &rules {
                    for (service, _) in &made.rules[*rule as usize].actions {
                        let list = by_service.entry(service).or_default();
                        if list.last() != Some(rule) {
                            list.push(*rule);
                        }
                    }
                }
                let segments = [world.account_segment("", number), world.account_segment("cos", number)];
                let id = UserId { account: number, user: at };
                let name = format!("qcs::cam::uin/{}:uin/{}", account.uin, user.uin);
                made.callers.insert(name, Caller { segments, id, rules, by_service });
            }
        }
        made
    }

    fn rule(&mut self, world: &'w World, statement: &'w Statement, bucket: &'w str) -> u32 {
        let actions = statement.actions.iter();
        let actions =
            actions.map(|action| (action.service.name.as_str(), Glob::new(&action.operation))).collect();
        let place = |resource: &'w Resource| match resource {
            Resource::All => None,
            Resource::Segments { service, region, account, path } => Some(Place {
                service: &service.name,
                region: *region,
                account: world.account_segment(&service.name, *account),
                path: Glob::new(path),
            }),
        };
        self.rules.push(Rule {
            deny: statement.deny,
            principals: statement.principals.as_deref(),
            bucket,
            actions,
            resources: statement.resources.iter().map(place).collect(),
            tests: statement.terms.iter().map(Test::new).collect(),
        });
        (self.rules.len() - 1) as u32
    }

    /// Decides a request.
    pub fn decide(&self, request: &Request<'_>, search: Search) -> Answer {
        let nothing = Answer::ImplicitDeny(None);
        let Some(caller) = self.callers.get(request.principal) else { return nothing };
        let Some((service, operation)) = request.action.split_once(':') else { return nothing };
        let [resource] = request.resources else { return nothing };
        let mut parts = resource.splitn(6, ':').skip(2);
        let mut part = || parts.next().unwrap_or("");
        let target = (*resource != "*").then(|| [part(), part(), part(), part()]);
        let asked = Asked { service, operation, target, request };
        let held = match search {
            Search::Naive => &caller.rules,
            Search::Indexed => caller.by_service.get(service).unwrap_or(const { &Vec::new() }),
        };
        let mut identity = false;
        for number in held {
            let rule = &self.rules[*number as usize];
            // An allow behind another changes nothing.
            if (rule.deny || !identity) && rule.matches(&asked) {
                if rule.deny {
                    return Answer::ExplicitDeny;
                }
                identity = true;
            }
        }
        let (mut by_owner, mut anyone) = (false, false);
        if let Some([_, _, account, path]) = target {
            for number in self.of_owner(account, path, search) {
                let rule = &self.rules[*number as usize];
                let principals = rule.principals.unwrap_or(&[]);
                let admits = principals.is_empty() || principals.contains(&caller.id);
                if admits && rule.covers_bucket(path) && rule.matches(&asked) {
                    if rule.deny {
                        return Answer::ExplicitDeny;
                    }
                    by_owner = true;
                    anyone |= principals.is_empty();
                }
            }
        }
        let own = target.is_none_or(|[_, _, account, _]| caller.segments.iter().any(|own| own == account));
        match (own, identity, by_owner) {
            (true, false, false) => Answer::ImplicitDeny(Some(Layer::Identity)),
            (true, ..) | (false, true, true) => Answer::Allow,
            (false, ..) if anyone => Answer::Allow,
            (false, _, true) => Answer::ImplicitDeny(Some(Layer::Identity)),
            (false, _, false) => Answer::ImplicitDeny(Some(Layer::Resource)),
        }
    }

    /// The statements of an owner's resource policies.
    fn of_owner(&self, account: &str, path: &str, search: Search) -> &[u32] {
        if self.owners.is_empty() {
            return &[];
        }
        let found = match search {
            Search::Naive => self.owners.get(account),
            Search::Indexed => path.split_once('/').and_then(|(bucket, _)| self.buckets.get(bucket)),
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// Bytes of everything but the borrowed text and the maps' free slots.
    pub fn bytes(&self) -> usize {
        let mut bytes = size_of_val(self.rules.as_slice());
        for rule in &self.rules {
            bytes += size_of_val(rule.actions.as_slice()) + size_of_val(rule.resources.as_slice());
            bytes += size_of_val(rule.tests.as_slice());
            bytes += rule.resources.iter().flatten().map(|place| place.account.len()).sum::<usize>();
        }
        for (name, caller) in &self.callers {
            bytes += name.len() + size_of::<String>() + size_of::<Caller<'_>>() + 4 * caller.rules.len();
            bytes += caller.segments.iter().map(String::len).sum::<usize>();
            bytes += caller.by_service.values().map(|list| 4 * list.len() + 40).sum::<usize>();
        }
        bytes
    }
}

impl Rule<'_> {
    fn covers_bucket(&self, path: &str) -> bool {
        path.strip_prefix(self.bucket).is_some_and(|rest| rest.starts_with('/'))
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        self.actions
            .iter()
            .any(|(service, operation)| *service == asked.service && operation.matches(asked.operation))
            && self.covers(asked)
            && self.tests.iter().all(|test| test.holds(asked.request))
    }

    fn covers(&self, asked: &Asked<'_>) -> bool {
        self.resources.iter().any(|entry| match (entry, asked.target) {
            (None, _) => true,
            (Some(place), None) => self.deny && place.service == asked.service,
            (Some(place), Some([service, region, account, path])) => {
                place.service == service
                    && place.region.is_none_or(|wanted| wanted == region)
                    && place.account == account
                    && place.path.matches(path)
            }
        })
    }
}

impl<'w> Test<'w> {
    /// Reads a term.
    pub fn new(term: &'w Term) -> Self {
        Self(match term {
            Term::Networks(networks) => Requirement::Networks(networks),
            Term::Tags(tags) => Requirement::Tags(tags),
            Term::MaxKeys(most) => Requirement::MaxKeys(*most),
            Term::After(_) => {
                Requirement::After(term.values().first().and_then(|value| Instant::parse(value)))
            }
        })
    }

    /// Whether a request meets it; an absent key does not.
    pub fn holds(&self, request: &Request<'_>) -> bool {
        let value = |key: &str| {
            let found = request.context.iter().find(|(name, _)| *name == key);
            found.and_then(|(_, values)| values.first().copied())
        };
        match &self.0 {
            Requirement::Networks(networks) => {
                let address = value("qcs:ip").and_then(|text| text.parse::<core::net::Ipv4Addr>().ok());
                address.is_some_and(|address| networks.contains(&(address.to_bits() & 0xffff_ff00)))
            }
            Requirement::Tags(tags) => value("qcs:resource_tag").is_some_and(|tag| tags.contains(&tag)),
            Requirement::MaxKeys(most) => value("cos:max-keys")
                .and_then(|text| text.parse::<u32>().ok())
                .is_some_and(|keys| keys <= *most),
            Requirement::After(date) => request.time.and_then(Instant::parse) > *date,
        }
    }
}

/// Folded multiplication over words of eight bytes.
#[derive(Debug, Default)]
pub struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut mix = |word: u64| {
            let product =
                u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xd6e8_feb8_6659_fd93_u64);
            self.0 = product as u64 ^ (product >> 64) as u64;
        };
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {
        // The end mark of a `str`; the length is mixed in already.
    }
}
