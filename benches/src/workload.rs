//! Parameters of workloads and the names they use, read from `workloads/`: they are data, not code.

use std::sync::LazyLock;

use serde::Deserialize;

/// What a world and its requests are made by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name: that of its file.
    #[serde(skip)]
    pub name: &'static str,
    /// What it shows, for people.
    pub about: String,
    /// Seed of every choice.
    pub seed: u64,
    /// Numbers of statements to measure.
    pub sizes: Vec<usize>,
    /// Who holds the statements.
    pub principals: Principals,
    /// Action entries.
    pub actions: Actions,
    /// Resource entries.
    pub resources: Resources,
    /// Regions and accounts of resources.
    pub places: Places,
    /// Conditions.
    pub conditions: Conditions,
    /// Statements that deny.
    pub deny_percent: usize,
    /// Resource policies of buckets.
    pub buckets: Option<Buckets>,
    /// One account with everything that the platform's quotas allow; sizes are then its policies.
    #[serde(default)]
    pub quota: Option<Quota>,
    /// One sub-account with the hardest policies that the quotas allow; sizes are then its policies.
    #[serde(default)]
    pub hostile: Option<Hostile>,
    /// Requests.
    pub requests: Requests,
}

/// Who holds the statements.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principals {
    /// Statements of one sub-account; 0 for all of them.
    pub statements: usize,
    /// How many of them come from a group.
    pub shared_percent: usize,
}

/// Action entries: the rest are all operations of a service.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// One operation.
    pub exact_percent: usize,
    /// A verb and a star.
    pub prefix_percent: usize,
    /// Most entries of a statement.
    pub most: usize,
}

/// Resource entries: the rest name one resource.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// A literal beginning and a star.
    pub prefix_percent: usize,
    /// A star inside.
    pub infix_percent: usize,
    /// A star and a literal end.
    #[serde(default)]
    pub suffix_percent: usize,
    /// The entry `*`, in statements that allow.
    pub all_percent: usize,
    /// Most statements of one holder that have it: a principal with a hundred thousand statements does not
    /// have thousands of those, which would decide every request.
    pub all_most: usize,
    /// Of the prefixes, those that cover a whole kind of resource, as `instance/*`; in allows, and as seldom.
    pub whole_kind_percent: usize,
    /// Most entries of a statement.
    pub most: usize,
}

/// Where resources are.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// How many regions policies name; 0 when they name none.
    pub regions: usize,
    /// Entries on accounts other than the holder's.
    pub foreign_percent: usize,
    /// How many such accounts there are.
    pub foreign_accounts: usize,
}

/// Conditions.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Statements with one.
    pub percent: usize,
    /// Most terms of one.
    pub most: usize,
}

/// Resource policies of buckets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buckets {
    /// The part of the statements that stand in them.
    pub percent: usize,
    /// Statements of one bucket.
    pub statements: usize,
    /// Requests that go to such a bucket.
    pub request_percent: usize,
    /// If not 0, how many statements identities have beside the buckets, whatever the size.
    #[serde(default)]
    pub beside: usize,
}

/// A root account at the platform's quotas.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// LIM-4: custom policies.
    pub policies: usize,
    /// LIM-1: characters of each, at most.
    pub characters: usize,
    /// LIM-6: sub-accounts.
    pub users: usize,
    /// LIM-5: groups.
    pub groups: usize,
    /// LIM-7: roles.
    pub roles: usize,
    /// LIM-3: policies of every sub-account, group and role.
    pub attached: usize,
    /// LIM-8: groups of a sub-account.
    pub groups_of_user: usize,
    /// LIM-9: sub-accounts of a group.
    pub users_of_group: usize,
}

/// Policies made to cost a decision as much as the platform's quotas allow. Templates of sixth segments have
/// `{bucket}`, the one bucket; `{nested}`, a beginning of one text, and `{endless}`, all of it; `{word}`, up to eight
/// letters a and b, and `{words}`, 200 of them; `{letter}` and `{letters}`, one and 200 of all letters and digits;
/// `{long}`, twenty letters that are always the same, then eight that are not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hostile {
    /// LIM-2: characters of each policy, at most.
    pub characters: usize,
    /// LIM-3: policies of the sub-account and of each of its groups.
    pub attached: usize,
    /// Values of the tag that a statement wants; 0 for no such condition.
    pub tags: usize,
    /// Networks of which a statement wants one; 0 for no such condition.
    pub networks: usize,
    /// Sixth segments that policies name; without any, statements are about `*`.
    pub paths: Vec<String>,
    /// Sixth segments that every other request names.
    pub asked: Vec<String>,
}

/// Layers that are laid over a world without changing an answer; see [`crate::layers`].
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layers {
    /// A permissions boundary on every sub-account.
    pub boundary: bool,
    /// Levels of an organization over every account.
    pub levels: usize,
    /// A session policy with every request.
    pub session: bool,
    /// A resource policy on every bucket that is asked for.
    pub buckets: bool,
    /// General policies of every sub-account.
    pub general: usize,
    /// Groups that every sub-account is in, beside those it has.
    pub groups: usize,
    /// All of it holds for an account that nobody asks as or for.
    pub elsewhere: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callers {
    /// Every sub-account.
    #[default]
    All,
    /// The one with the fewest statements.
    Fewest,
    /// The one with the most.
    Most,
}

/// Requests.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// How many distinct ones. PERF: fewer than 10,000 and the branch predictor knows them by heart.
    pub count: usize,
    /// Those made to match a statement; the others are a hit with one thing changed.
    pub hit_percent: usize,
    /// Those for the resource `*`.
    pub star_percent: usize,
    /// Those that bring a tag.
    pub tag_percent: usize,
    /// Whether a few callers make most of them.
    pub skewed: bool,
}

/// A workload at a size, whose instructions are counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Name of the workload.
    pub workload: String,
    /// Statements.
    pub size: usize,
    /// What it is called behind the workload; otherwise its size.
    #[serde(default)]
    pub label: Option<String>,
    /// Layers over it.
    #[serde(default)]
    pub layers: Option<Layers>,
    /// The only service asked for.
    #[serde(default)]
    pub service: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub callers: Callers,
    /// Whether it takes too long for every check.
    #[serde(default)]
    pub heavy: bool,
}

/// Names that worlds are made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// How to read the file.
    pub about: String,
    /// Current region codes.
    pub regions: Vec<String>,
    /// Words of paths.
    pub words: Vec<String>,
    /// Values of `qcs:resource_tag`.
    pub tags: Vec<String>,
    /// Services.
    pub services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its short name.
    pub name: String,
    /// Its operations.
    pub operations: Vec<String>,
    /// Templates of its resources.
    pub resources: Vec<String>,
}

const FILES: [(&str, &str); 23] = [
    ("org", include_str!("../workloads/org.json")),
    ("org-skewed", include_str!("../workloads/org-skewed.json")),
    ("org-dense", include_str!("../workloads/org-dense.json")),
    ("hot", include_str!("../workloads/hot.json")),
    ("hot-dense", include_str!("../workloads/hot-dense.json")),
    ("exact", include_str!("../workloads/exact.json")),
    ("prefix", include_str!("../workloads/prefix.json")),
    ("infix", include_str!("../workloads/infix.json")),
    ("suffix", include_str!("../workloads/suffix.json")),
    ("conditions", include_str!("../workloads/conditions.json")),
    ("denies", include_str!("../workloads/denies.json")),
    ("misses", include_str!("../workloads/misses.json")),
    ("buckets", include_str!("../workloads/buckets.json")),
    ("bucket-policies", include_str!("../workloads/bucket-policies.json")),
    ("quota", include_str!("../workloads/quota.json")),
    ("adversarial-nested", include_str!("../workloads/adversarial-nested.json")),
    ("adversarial-shared", include_str!("../workloads/adversarial-shared.json")),
    ("adversarial-stars", include_str!("../workloads/adversarial-stars.json")),
    ("adversarial-inside", include_str!("../workloads/adversarial-inside.json")),
    ("adversarial-long", include_str!("../workloads/adversarial-long.json")),
    ("adversarial-mixed", include_str!("../workloads/adversarial-mixed.json")),
    ("adversarial-values", include_str!("../workloads/adversarial-values.json")),
    ("adversarial-networks", include_str!("../workloads/adversarial-networks.json")),
];

/// Names of the workloads that have statements for a size; `quota` and the adversarial ones have policies for it and are
/// measured on their own.
pub fn all() -> impl Iterator<Item = &'static str> {
    let names = FILES.iter().map(|(name, _)| *name);
    names.filter(|name| *name != "quota" && !name.starts_with(ADVERSARIAL))
}

/// Names of the adversarial workloads.
pub fn adversarial() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name).filter(|name| name.starts_with(ADVERSARIAL))
}

const ADVERSARIAL: &str = "adversarial-";

/// A workload by its name.
///
/// # Panics
///
/// If its file is not as described here.
pub fn find(name: &str) -> Option<Workload> {
    let (name, text) = FILES.iter().find(|(known, _)| *known == name)?;
    let read: Result<Workload, _> = serde_json::from_str(text);
    Some(Workload { name, ..read.unwrap_or_else(|error| panic!("workloads/{name}.json: {error}")) })
}

/// What instructions are counted for.
///
/// # Panics
///
/// If the file is not as described here.
pub fn counted() -> Vec<Counted> {
    let text = include_str!("../workloads/counted.json");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("workloads/counted.json: {error}"))
}

/// The names.
///
/// # Panics
///
/// On first use, if the file is not as described here.
pub fn names() -> &'static Names {
    static NAMES: LazyLock<Names> = LazyLock::new(|| {
        let text = include_str!("../workloads/names.json");
        serde_json::from_str(text).unwrap_or_else(|error| panic!("workloads/names.json: {error}"))
    });
    &NAMES
}
