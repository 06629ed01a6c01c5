//! Requests for a [`World`]: about half match a statement, the others are such a match with one thing
//! changed.

use std::collections::HashSet;

use camshaft_runtime::Request;

use crate::hostile;
use crate::random::Random;
use crate::workload::{self, Callers, Service, Workload};
use crate::world::{Resource, Statement, Term, UserId, World, path};

/// The text of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The caller.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Keys with one value each.
    pub context: Vec<(String, String)>,
    /// The time.
    pub time: String,
}

/// Makes the distinct requests of a workload, at least as many as its parameters say: with more than
/// 250,000 statements, one for every sixteen.
pub fn make(workload: &Workload, world: &World) -> Vec<Text> {
    make_for(workload, world, Callers::All, None)
}

/// Those of some callers, or on one service.
pub fn make_for(workload: &Workload, world: &World, callers: Callers, service: Option<&str>) -> Vec<Text> {
    let random = Random::new(workload.seed ^ 0x5eed ^ world.statements as u64);
    let users = world.accounts.iter().enumerate();
    let mut users: Vec<UserId> = users
        .flat_map(|(account, known)| (0..known.users.len()).map(move |user| UserId { account, user }))
        .collect();
    if callers != Callers::All {
        let held = |user: &UserId| world.of_user(*user).count();
        let fewest = callers == Callers::Fewest;
        let found = if fewest {
            users.iter().min_by_key(|user| held(user))
        } else {
            users.iter().max_by_key(|user| held(user))
        };
        users = found.copied().into_iter().collect();
    }
    let mut asking = Asking { workload, world, users, random };
    let count = workload.requests.count.max(world.statements / 16).min(65_536);
    let (mut seen, mut made) = (HashSet::with_capacity(count), Vec::with_capacity(count));
    while made.len() < count {
        let request = asking.request();
        let of_service = |service: &str| request.action.split(':').next() == Some(service);
        if service.is_none_or(of_service) && seen.insert(request.clone()) {
            made.push(request);
        }
    }
    made
}

struct Asking<'w> {
    workload: &'w Workload,
    world: &'w World,
    users: Vec<UserId>,
    random: Random,
}

/// The parts of a request before they are put together.
struct Draft<'w> {
    user: UserId,
    service: &'static Service,
    operation: String,
    target: Option<(&'static Service, &'static str, usize, String)>,
    terms: &'w [Term],
    address: u32,
}

impl<'w> Asking<'w> {
    fn request(&mut self) -> Text {
        let mut draft = self.hit();
        if !self.random.chance(self.workload.requests.hit_percent) {
            self.miss(&mut draft);
        }
        if self.random.chance(self.workload.requests.star_percent) {
            draft.target = None;
        }
        self.write(draft)
    }

    /// A request that meets a statement.
    fn hit(&mut self) -> Draft<'w> {
        let world = self.world;
        let bucket = self.workload.buckets.filter(|_| !world.buckets.is_empty());
        let (user, statement) = if bucket.is_some_and(|bucket| self.random.chance(bucket.request_percent)) {
            let bucket = self.random.pick(&world.buckets);
            let statement = self.random.pick(&bucket.statements);
            let named = statement.principals.as_deref().unwrap_or(&[]);
            let named = named.get(self.random.below(named.len() + 1)).copied();
            (named.unwrap_or_else(|| self.user()), statement)
        } else {
            let user = self.user();
            let statements: usize = world.of_user(user).count();
            let statement = world.of_user(user).nth(self.random.below(statements));
            let Some(statement) = statement else { return self.hit() };
            (user, statement)
        };
        let mut draft = self.meet(user, statement);
        if let Some(hostile) = &self.workload.hostile
            && self.random.chance(50)
            && let Some((_, _, _, path)) = &mut draft.target
            && let Some(asked) = hostile::asked(hostile, world, &mut self.random)
        {
            *path = asked;
        }
        draft
    }

    fn user(&mut self) -> UserId {
        let number = if self.workload.requests.skewed {
            self.random.skewed(self.users.len())
        } else {
            self.random.below(self.users.len())
        };
        self.users[number]
    }

    fn meet(&mut self, user: UserId, statement: &'w Statement) -> Draft<'w> {
        let action = self.random.pick(&statement.actions);
        let service = action.service;
        let operation = match action.operation.strip_suffix('*') {
            None => action.operation.clone(),
            Some(prefix) => {
                let operations = service.operations.iter().filter(|known| known.starts_with(prefix));
                let operations: Vec<&String> = operations.collect();
                (*self.random.pick(&operations)).clone()
            }
        };
        let target = match self.random.pick(&statement.resources) {
            Resource::All => {
                let (path, _) = path(&mut self.random, service, &self.world.accounts[user.account].appid);
                (service, self.region(), user.account, path)
            }
            Resource::Segments { service, region, account, path } => {
                let region = region.unwrap_or_else(|| self.region());
                (*service, region, *account, self.fill(path))
            }
        };
        let address = 0x0a00_0000 | self.random.below(0x0100_0000) as u32;
        Draft { user, service, operation, target: Some(target), terms: &statement.terms, address }
    }

    fn region(&mut self) -> &'static str {
        self.random.word(&workload::names().regions)
    }

    /// Text for every star.
    fn fill(&mut self, pattern: &str) -> String {
        let mut filled = String::new();
        for (at, literal) in pattern.split('*').enumerate() {
            if at > 0 {
                let length = 1 + self.random.below(8);
                filled.push_str(&self.random.id(length));
            }
            filled.push_str(literal);
        }
        // A name of a bucket without a slash would be read as one with (CITE RES-24): not what is measured.
        match (filled.contains('/'), pattern.ends_with('*')) {
            (true, _) => filled,
            (false, true) => format!("{filled}/{}", self.random.id(4)),
            (false, false) => format!("{}/{filled}", self.random.id(4)),
        }
    }

    /// Changes one thing.
    fn miss(&mut self, draft: &mut Draft<'w>) {
        let kind = self.random.below(5);
        let Some((_, region, account, path)) = &mut draft.target else { return };
        match kind {
            0 => draft.operation.clone_from(self.random.pick(&draft.service.operations)),
            1 => *region = self.random.word(&workload::names().regions),
            2 if self.world.accounts.len() > 1 => *account = self.random.below(self.world.accounts.len()),
            3 => draft.terms = &[],
            _ => {
                // Another last, or another somewhere behind the slash.
                let slash = path.find('/').unwrap_or(0);
                let at = slash + 1 + self.random.below((path.len() - slash - 1).max(1));
                let at = at.min(path.len());
                let with = self.random.id(1);
                path.replace_range(at..(at + 1).min(path.len()), &with);
            }
        }
    }

    fn write(&mut self, draft: Draft<'w>) -> Text {
        let Draft { user, service, operation, target, terms, mut address } = draft;
        let account = &self.world.accounts[user.account];
        let names = workload::names();
        let mut tag = self
            .random
            .chance(self.workload.requests.tag_percent)
            .then(|| self.random.pick(&names.tags).as_str());
        let mut most = (service.name == "cos").then_some(500);
        let (mut year, month, second) = (2025, self.random.below(12), self.random.below(86_400));
        for term in terms {
            match term {
                Term::Networks(networks) => {
                    address = self.random.pick(networks) | self.random.below(256) as u32;
                }
                Term::Tags(tags) => tag = Some(*self.random.pick::<&str>(tags)),
                Term::MaxKeys(limit) => most = Some(*limit),
                Term::After(after) => year = year.max(*after),
            }
        }
        let mut context = vec![("qcs:ip".to_owned(), core::net::Ipv4Addr::from_bits(address).to_string())];
        context.extend(tag.map(|tag| ("qcs:resource_tag".to_owned(), tag.to_owned())));
        context.extend(most.map(|most| ("cos:max-keys".to_owned(), most.to_string())));
        let resource = match target {
            None => "*".to_owned(),
            Some((service, region, owner, path)) => {
                let owner = self.world.account_segment(&service.name, owner);
                format!("qcs::{}:{region}:{owner}:{path}", service.name)
            }
        };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Text {
            principal: format!("qcs::cam::uin/{}:uin/{}", account.uin, account.users[user.user].uin),
            action: format!("{}:{operation}", service.name),
            resource,
            context,
            time: format!("{year}-{:02}-15T{hour:02}:{minute:02}:{second:02}Z", month + 1),
        }
    }
}

/// Calls with the requests as the engine takes them.
pub fn with_requests<T>(texts: &[Text], call: impl FnOnce(&[Request<'_>]) -> T) -> T {
    let resources: Vec<[&str; 1]> = texts.iter().map(|text| [text.resource.as_str()]).collect();
    let values: Vec<[&str; 1]> =
        texts.iter().flat_map(|text| &text.context).map(|(_, value)| [value.as_str()]).collect();
    let mut entries: Vec<(&str, &[&str])> = Vec::with_capacity(values.len());
    let keys = texts.iter().flat_map(|text| &text.context).map(|(key, _)| key.as_str());
    entries.extend(keys.zip(&values).map(|(key, value)| (key, value.as_slice())));
    let mut rest = entries.as_slice();
    let mut requests = Vec::with_capacity(texts.len());
    for (text, resource) in texts.iter().zip(&resources) {
        let (context, others) = rest.split_at(text.context.len());
        rest = others;
        requests.push(Request {
            principal: &text.principal,
            action: &text.action,
            resources: resource,
            context,
            time: Some(&text.time),
            ..Request::default()
        });
    }
    call(&requests)
}

/// Reads every byte of a request, as a gateway has that just received it.
pub fn touch(request: &Request<'_>) -> u64 {
    let sum = |text: &str| text.bytes().map(u64::from).sum::<u64>();
    let mut total = sum(request.principal) + sum(request.action) + sum(request.time.unwrap_or(""));
    total += request.resources.iter().map(|text| sum(text)).sum::<u64>();
    for (key, values) in request.context {
        total += sum(key) + values.iter().map(|text| sum(text)).sum::<u64>();
    }
    total
}
