//! Worlds made of a [`Workload`]: plain structures that the product, the baselines and the requests are
//! all made from.

use std::collections::BTreeSet;

use crate::hostile;
use crate::product;
use crate::random::Random;
use crate::workload::{self, Buckets, Names, Quota, Service, Workload};

/// Statements of one document: a document of them stays below LIM-2.
const STATEMENTS_OF_POLICY: usize = 7;
/// Sub-accounts that share a group.
const USERS_OF_GROUP: usize = 10;

/// A world.
#[derive(Debug, Default)]
pub struct World {
    /// Root accounts, sorted by uin.
    pub accounts: Vec<Account>,
    /// Documents of accounts.
    pub policies: Vec<Policy>,
    /// Resource policies of buckets; documents that no account attaches.
    pub buckets: Vec<Bucket>,
    /// Statements in all.
    pub statements: usize,
}

/// A root account.
#[derive(Debug)]
pub struct Account {
    /// Its uin.
    pub uin: String,
    /// Its APPID.
    pub appid: String,
    /// Sub-accounts, sorted by uin.
    pub users: Vec<User>,
    /// Groups, sorted by name.
    pub groups: Vec<Group>,
    /// Roles, sorted by name; nobody asks as one.
    pub roles: Vec<Group>,
}

/// A sub-account.
#[derive(Debug)]
pub struct User {
    /// Its uin.
    pub uin: String,
    /// Indices of its own policies.
    pub policies: Vec<usize>,
    /// Indices of its groups, sorted.
    pub groups: Vec<usize>,
}

/// A group, or a role.
#[derive(Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Indices of its policies.
    pub policies: Vec<usize>,
}

/// A document.
#[derive(Debug)]
pub struct Policy {
    /// The account it belongs to.
    pub account: usize,
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A resource policy whose scope is a bucket.
#[derive(Debug)]
pub struct Bucket {
    /// The owner.
    pub account: usize,
    /// The bucket's name with the APPID.
    pub name: String,
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug)]
pub struct Statement {
    /// Whether it denies.
    pub deny: bool,
    /// Whom it binds; `None` outside resource policies, an empty list for everyone.
    pub principals: Option<Vec<UserId>>,
    /// Actions.
    pub actions: Vec<Action>,
    /// Resources.
    pub resources: Vec<Resource>,
    /// Requirements.
    pub terms: Vec<Term>,
}

/// A sub-account by account and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserId {
    /// Index of the account.
    pub account: usize,
    /// Index of the user in it.
    pub user: usize,
}

/// An action entry.
#[derive(Debug)]
pub struct Action {
    /// The service.
    pub service: &'static Service,
    /// The operation; a star only at its end.
    pub operation: String,
}

/// A resource entry.
#[derive(Debug, PartialEq)]
pub enum Resource {
    /// `*`.
    All,
    /// Six segments.
    Segments {
        /// The service.
        service: &'static Service,
        /// The region, `None` for any.
        region: Option<&'static str>,
        /// The owner.
        account: usize,
        /// The sixth segment.
        path: String,
    },
}

/// A requirement.
#[derive(Debug)]
pub enum Term {
    /// `ip_equal` on `qcs:ip`: networks of 24 bits.
    Networks(Vec<u32>),
    /// `string_equal` on `qcs:resource_tag`.
    Tags(Vec<&'static str>),
    /// `numeric_less_than_equal` on `cos:max-keys`.
    MaxKeys(u32),
    /// `date_greater_than` on `qcs:current_time`: the first of January of the year.
    After(u32),
}

impl Term {
    /// Operator and key.
    pub fn head(&self) -> (&'static str, &'static str) {
        match self {
            Self::Networks(_) => ("ip_equal", "qcs:ip"),
            Self::Tags(_) => ("string_equal", "qcs:resource_tag"),
            Self::MaxKeys(_) => ("numeric_less_than_equal", "cos:max-keys"),
            Self::After(_) => ("date_greater_than", "qcs:current_time"),
        }
    }

    /// Values as text.
    pub fn values(&self) -> Vec<String> {
        match self {
            Self::Networks(networks) => {
                networks.iter().map(|bits| format!("{}/24", core::net::Ipv4Addr::from_bits(*bits))).collect()
            }
            Self::Tags(tags) => tags.iter().map(ToString::to_string).collect(),
            Self::MaxKeys(most) => vec![most.to_string()],
            Self::After(year) => vec![format!("{year}-01-01T00:00:00Z")],
        }
    }
}

impl World {
    /// Makes the world of a workload with this many statements.
    pub fn new(workload: &Workload, size: usize) -> Self {
        if let Some(hostile) = &workload.hostile {
            return hostile::world(workload, hostile, size);
        }
        let random = Random::new(workload.seed.wrapping_mul(0x1_0000_0001) ^ size as u64);
        let mut making =
            Making { workload, names: workload::names(), random, world: Self::default(), broad: 0 };
        match workload.quota {
            Some(quota) => making.quota(quota, size),
            None => making.accounts(size),
        }
        making.world
    }

    /// The statements that hold for a sub-account by its own and its group's policies.
    pub fn of_user(&self, id: UserId) -> impl Iterator<Item = &Statement> {
        let user = &self.accounts[id.account].users[id.user];
        let groups = user.groups.iter().map(move |group| &self.accounts[id.account].groups[*group]);
        let policies = user.policies.iter().chain(groups.flat_map(|group| &group.policies));
        policies.flat_map(|policy| &self.policies[*policy].statements)
    }

    /// The account segment under which a service's resources of an account go.
    pub fn account_segment(&self, service: &str, account: usize) -> String {
        let account = &self.accounts[account];
        if service == "cos" { format!("uid/{}", account.appid) } else { format!("uin/{}", account.uin) }
    }
}

struct Making<'w> {
    workload: &'w Workload,
    names: &'static Names,
    random: Random,
    world: World,
    /// Broad allows of the present holder.
    broad: usize,
}

impl Making<'_> {
    fn accounts(&mut self, size: usize) {
        let (in_buckets, mut left) = match self.workload.buckets {
            None => (0, size),
            Some(buckets) if buckets.beside > 0 => (size, buckets.beside),
            Some(buckets) => (size * buckets.percent / 100, size - size * buckets.percent / 100),
        };
        self.world.statements = in_buckets + left;
        let foreign = self.workload.places.foreign_accounts;
        for _ in 0..foreign {
            self.account();
        }
        let principals = self.workload.principals;
        let of_user = if principals.statements == 0 { left } else { principals.statements };
        let users = left.div_ceil(of_user);
        let users_of_account = (2 * users.isqrt()).clamp(1, 500);
        while left > 0 {
            let account = self.account();
            let mut group = None;
            for user in 0..users_of_account {
                if left == 0 {
                    break;
                }
                let shared = of_user * principals.shared_percent / 100;
                if shared > 0 && user % USERS_OF_GROUP == 0 && left > shared {
                    let policies = self.policies(account, shared);
                    left -= shared;
                    let groups = &mut self.world.accounts[account].groups;
                    group = Some(groups.len());
                    groups.push(Group { name: format!("group{:04}", groups.len()), policies });
                }
                let own = (of_user - shared).min(left);
                let policies = self.policies(account, own);
                left -= own;
                let uin = format!("2{account:05}{user:06}");
                let groups = group.into_iter().collect();
                self.world.accounts[account].users.push(User { uin, policies, groups });
            }
        }
        if let Some(buckets) = self.workload.buckets {
            self.buckets(buckets, in_buckets);
        }
    }

    /// One root account with as many of everything as the quotas of the platform allow, or a part of that.
    fn quota(&mut self, quota: Quota, policies: usize) {
        let part = |whole: usize| (whole * policies).div_ceil(quota.policies);
        let attached = part(quota.attached);
        let account = self.account();
        for _ in 0..policies {
            let (mut statements, mut length) = (Vec::new(), 0);
            loop {
                let statement = self.statement(account);
                length += product::characters(&self.world, core::slice::from_ref(&statement));
                if length > quota.characters {
                    break;
                }
                statements.push(statement);
            }
            self.world.statements += statements.len();
            self.world.policies.push(Policy { account, statements });
        }
        let mut holders = |word: &str, count: usize| -> Vec<Group> {
            (0..count)
                .map(|number| {
                    let policies = some(&mut self.random, attached, policies);
                    Group { name: format!("{word}{number:04}"), policies }
                })
                .collect()
        };
        let groups = holders("group", part(quota.groups));
        let roles = holders("role", part(quota.roles));
        let mut members = vec![0; groups.len()];
        for number in 0..part(quota.users) {
            // The first has the fewest statements possible.
            let attached = if number == 0 { 1 } else { attached };
            let policies = some(&mut self.random, attached, policies);
            let mut of_user = BTreeSet::new();
            while number > 0 && of_user.len() < quota.groups_of_user.min(groups.len()) {
                let group = self.random.below(groups.len());
                if members[group] < quota.users_of_group && of_user.insert(group) {
                    members[group] += 1;
                }
            }
            let (uin, groups) = (format!("2{number:011}"), of_user.into_iter().collect());
            self.world.accounts[account].users.push(User { uin, policies, groups });
        }
        let account = &mut self.world.accounts[account];
        (account.groups, account.roles) = (groups, roles);
    }

    fn account(&mut self) -> usize {
        let number = self.world.accounts.len();
        let (uin, appid) = (format!("1{number:011}"), format!("125{number:07}"));
        self.world.accounts.push(Account {
            uin,
            appid,
            users: Vec::new(),
            groups: Vec::new(),
            roles: Vec::new(),
        });
        number
    }

    fn policies(&mut self, account: usize, statements: usize) -> Vec<usize> {
        let mut policies = Vec::new();
        self.broad = 0;
        for first in (0..statements).step_by(STATEMENTS_OF_POLICY) {
            let count = STATEMENTS_OF_POLICY.min(statements - first);
            let statements = (0..count).map(|_| self.statement(account)).collect();
            policies.push(self.world.policies.len());
            self.world.policies.push(Policy { account, statements });
        }
        policies
    }

    fn buckets(&mut self, buckets: Buckets, statements: usize) {
        let mut left = statements;
        let service = self.service("cos");
        while left > 0 {
            let account = self.random.below(self.world.accounts.len());
            let appid = &self.world.accounts[account].appid;
            let name = format!("shared-{}-{appid}", self.random.id(6));
            let mut of_bucket = buckets.statements.min(left);
            left -= of_bucket;
            while of_bucket > 0 {
                let count = STATEMENTS_OF_POLICY.min(of_bucket);
                of_bucket -= count;
                let statements = (0..count).map(|_| self.bucket_statement(service, account, &name)).collect();
                self.world.buckets.push(Bucket { account, name: name.clone(), statements });
            }
        }
    }

    fn bucket_statement(&mut self, service: &'static Service, account: usize, bucket: &str) -> Statement {
        let everyone = self.random.chance(15);
        let principals = if everyone { 0 } else { self.random.few(3) };
        let mut principals: Vec<UserId> = (0..principals).map(|_| self.user()).collect();
        principals.sort_unstable();
        principals.dedup();
        let word = self.random.pick(&self.names.words).clone();
        let path = match self.random.below(3) {
            0 => format!("{bucket}/{word}/{}*", self.random.id(2)),
            1 => format!("{bucket}/*/{}.csv", self.random.id(2)),
            _ => format!("{bucket}/{word}/*"),
        };
        Statement {
            deny: self.random.chance(self.workload.deny_percent),
            principals: Some(principals),
            actions: self.actions(service),
            resources: vec![Resource::Segments { service, region: None, account, path }],
            terms: self.terms(),
        }
    }

    /// A sub-account of the world.
    fn user(&mut self) -> UserId {
        loop {
            let account = self.random.below(self.world.accounts.len());
            let users = self.world.accounts[account].users.len();
            if users > 0 {
                return UserId { account, user: self.random.below(users) };
            }
        }
    }

    fn service(&self, name: &str) -> &'static Service {
        let found = self.names.services.iter().find(|service| service.name == name);
        found.unwrap_or(&self.names.services[0])
    }

    fn statement(&mut self, account: usize) -> Statement {
        let service = self.random.pick(&self.names.services);
        let deny = self.random.chance(self.workload.deny_percent);
        let actions = self.actions(service);
        let parameters = self.workload.resources;
        let all = self.random.chance(parameters.all_percent) && !deny;
        let mut resources = Vec::new();
        if all && self.broad < parameters.all_most {
            self.broad += 1;
            resources.push(Resource::All);
        } else {
            for _ in 0..self.random.few(parameters.most) {
                let resource = self.resource(service, account, deny);
                if !resources.contains(&resource) {
                    resources.push(resource);
                }
            }
        }
        Statement { deny, principals: None, actions, resources, terms: self.terms() }
    }

    fn actions(&mut self, service: &'static Service) -> Vec<Action> {
        let parameters = self.workload.actions;
        let draw = self.random.below(100);
        let operations: Vec<String> = if draw < parameters.exact_percent {
            let count = self.random.few(parameters.most);
            (0..count).map(|_| self.random.pick(&service.operations).clone()).collect()
        } else if draw < parameters.exact_percent + parameters.prefix_percent {
            vec![format!("{}*", verb(self.random.word(&service.operations)))]
        } else {
            vec!["*".into()]
        };
        let mut operations = operations;
        operations.sort_unstable();
        operations.dedup();
        operations.into_iter().map(|operation| Action { service, operation }).collect()
    }

    fn resource(&mut self, service: &'static Service, own: usize, deny: bool) -> Resource {
        let places = self.workload.places;
        let account = if self.random.chance(places.foreign_percent) {
            self.random.below(places.foreign_accounts)
        } else {
            own
        };
        let regions = places.regions.min(self.names.regions.len());
        let region = match regions {
            0 => None,
            regions => Some(self.names.regions[self.random.below(regions)].as_str()),
        };
        let appid = self.world.accounts[account].appid.clone();
        let (path, id) = path(&mut self.random, service, &appid);
        let path = self.pattern(&path, id, deny);
        Resource::Segments { service, region, account, path }
    }

    /// Puts stars into a path whose identifying part begins at `id`.
    fn pattern(&mut self, path: &str, id: usize, deny: bool) -> String {
        let parameters = self.workload.resources;
        let draw = self.random.below(100);
        if draw < parameters.prefix_percent {
            let whole = self.random.chance(parameters.whole_kind_percent);
            if whole && !deny && self.broad < parameters.all_most {
                self.broad += 1;
                let kind = path.find('/').map_or(path, |slash| &path[..=slash]);
                return format!("{kind}*");
            }
            return format!("{}*", &path[..id + 3 + self.random.below(4)]);
        }
        if draw < parameters.prefix_percent + parameters.infix_percent {
            let (head, tail) = (&path[..id], &path[path.len() - 3..]);
            return match self.random.below(4) {
                0 => format!("{head}*{}*{tail}", &path[id + 2..id + 4]),
                1 => format!("*{}*", &path[id..id + 4]),
                _ => format!("{head}*{tail}"),
            };
        }
        if draw < parameters.prefix_percent + parameters.infix_percent + parameters.suffix_percent {
            return format!("*{}", &path[id + 2..]);
        }
        path.to_owned()
    }

    fn terms(&mut self) -> Vec<Term> {
        if !self.random.chance(self.workload.conditions.percent) {
            return Vec::new();
        }
        let count = self.random.few(self.workload.conditions.most);
        let first = self.random.below(4);
        (first..first + count).map(|kind| self.term(kind % 4)).collect()
    }

    fn term(&mut self, kind: usize) -> Term {
        match kind {
            0 => {
                // Even third octets: no two networks ever join.
                let count = self.random.few(3);
                let network = |random: &mut Random| 0x0a00_0000 | (random.below(0x8000) << 9) as u32;
                let mut networks: Vec<u32> = (0..count).map(|_| network(&mut self.random)).collect();
                networks.sort_unstable();
                networks.dedup();
                Term::Networks(networks)
            }
            1 => {
                let count = self.random.few(3);
                let mut tags: Vec<&str> =
                    (0..count).map(|_| self.random.pick(&self.names.tags).as_str()).collect();
                tags.sort_unstable();
                tags.dedup();
                Term::Tags(tags)
            }
            2 => Term::MaxKeys(100 * (1 + self.random.below(10)) as u32),
            _ => Term::After(2021 + self.random.below(8) as u32),
        }
    }
}

/// That many different numbers below `limit`, sorted.
fn some(random: &mut Random, count: usize, limit: usize) -> Vec<usize> {
    let mut chosen = BTreeSet::new();
    while chosen.len() < count.min(limit) {
        chosen.insert(random.below(limit));
    }
    chosen.into_iter().collect()
}

/// The verb of an operation: up to its second capital.
fn verb(operation: &str) -> &str {
    let second = operation.bytes().skip(1).position(|byte| byte.is_ascii_uppercase());
    second.map_or(operation, |at| &operation[..=at])
}

/// A sixth segment, and where its last id begins.
pub(crate) fn path(random: &mut Random, service: &Service, appid: &str) -> (String, usize) {
    let template = random.pick(&service.resources);
    let (mut path, mut id) = (String::new(), 0);
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        match name {
            "id" => {
                id = path.len();
                path.push_str(&random.id(8));
            }
            "word" => path.push_str(random.word(&workload::names().words)),
            _ => path.push_str(appid),
        }
        rest = after;
    }
    path.push_str(rest);
    (path, id)
}
