//! Policies made to be hard to decide by, within the quotas of the platform, and what is asked about them.

use std::sync::LazyLock;

use crate::product;
use crate::random::Random;
use crate::workload::{self, Hostile, Service, Workload};
use crate::world::{Account, Action, Group, Policy, Resource, Statement, Term, User, World};

/// LIM-8: groups of a sub-account.
const GROUPS: usize = 10;
/// Letters of the longest texts: a resource of them stays below 256 bytes.
const LONGEST: usize = 200;

/// The world of a workload with this many policies, all of them held by one sub-account.
///
/// # Panics
///
/// If a sub-account cannot hold that many.
pub fn world(workload: &Workload, hostile: &Hostile, policies: usize) -> World {
    assert!(policies <= hostile.attached * (GROUPS + 1), "{policies} policies are more than one may hold");
    let random = Random::new(workload.seed.wrapping_mul(0x1_0000_0001) ^ policies as u64);
    let (uin, appid) = ("100000000001".to_owned(), "1250000000".to_owned());
    let mut making = Making { workload, hostile, bucket: bucket(&appid), random, nested: 0 };
    let mut world = World::default();
    world.accounts.push(Account { uin, appid, users: Vec::new(), groups: Vec::new(), roles: Vec::new() });
    for _ in 0..policies {
        let statements = making.policy(&world);
        world.statements += statements.len();
        world.policies.push(Policy { account: 0, statements });
    }
    let all: Vec<usize> = (0..policies).collect();
    let mut held = all.chunks(hostile.attached).map(<[usize]>::to_vec);
    let own = held.next().unwrap_or_default();
    let account = &mut world.accounts[0];
    account.groups = held
        .enumerate()
        .map(|(number, policies)| Group { name: format!("group{number:04}"), policies })
        .collect();
    let groups = (0..account.groups.len()).collect();
    account.users.push(User { uin: "200000000001".into(), policies: own, groups });
    world
}

fn bucket(appid: &str) -> String {
    format!("data-{appid}")
}

/// A sixth segment to ask for, where the workload names some.
pub(crate) fn asked(hostile: &Hostile, world: &World, random: &mut Random) -> Option<String> {
    let bucket = bucket(&world.accounts.first()?.appid);
    if hostile.asked.is_empty() {
        return None;
    }
    let template = random.word(&hostile.asked).to_owned();
    Some(fill(&template, &bucket, random, &mut 0))
}

struct Making<'w> {
    workload: &'w Workload,
    hostile: &'w Hostile,
    bucket: String,
    random: Random,
    /// Nested beginnings so far.
    nested: usize,
}

impl Making<'_> {
    /// As many statements as a document may hold.
    fn policy(&mut self, world: &World) -> Vec<Statement> {
        let (mut statements, mut length) = (Vec::new(), 0);
        loop {
            let statement = self.statement();
            length += product::characters(world, core::slice::from_ref(&statement));
            if length > self.hostile.characters {
                return statements;
            }
            statements.push(statement);
        }
    }

    fn statement(&mut self) -> Statement {
        let service = cos();
        let mut resources = Vec::new();
        for _ in 0..self.workload.resources.most {
            let resource = if self.hostile.paths.is_empty() {
                Resource::All
            } else {
                let template = self.random.word(&self.hostile.paths).to_owned();
                let path = fill(&template, &self.bucket, &mut self.random, &mut self.nested);
                Resource::Segments { service, region: None, account: 0, path }
            };
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        let mut terms = Vec::new();
        if self.hostile.networks > 0 {
            // Even third octets: no two networks ever join.
            let network = |random: &mut Random| 0x0a00_0000 | (random.below(0x8000) << 9) as u32;
            let mut all: Vec<u32> = (0..self.hostile.networks).map(|_| network(&mut self.random)).collect();
            all.sort_unstable();
            all.dedup();
            terms.push(Term::Networks(all));
        }
        if self.hostile.tags > 0 {
            let mut all: Vec<&str> = (0..self.hostile.tags).map(|_| self.random.word(&TAGS)).collect();
            all.sort_unstable();
            all.dedup();
            terms.push(Term::Tags(all));
        }
        Statement {
            deny: self.random.chance(self.workload.deny_percent),
            principals: None,
            actions: vec![Action { service, operation: "*".into() }],
            resources,
            terms,
        }
    }
}

/// Values of a tag: far more than any statement wants.
static TAGS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..100_000).map(|number| format!("id&{number:05}")).collect());

/// The one text whose beginnings are nested.
static ENDLESS: LazyLock<String> = LazyLock::new(|| Random::new(0).id(LONGEST));

fn cos() -> &'static Service {
    let services = &workload::names().services;
    services.iter().find(|service| service.name == "cos").unwrap_or(&services[0])
}

fn fill(template: &str, bucket: &str, random: &mut Random, nested: &mut usize) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        match name {
            "bucket" => filled.push_str(bucket),
            "nested" => {
                filled.push_str(&ENDLESS[..*nested % LONGEST + 1]);
                *nested += 1;
            }
            "endless" => filled.push_str(&ENDLESS),
            "word" => {
                let length = 1 + random.below(8);
                filled.push_str(&of_two_letters(random, length));
            }
            "words" => filled.push_str(&of_two_letters(random, LONGEST)),
            "letter" => filled.push_str(&random.id(1)),
            "letters" => filled.push_str(&random.id(LONGEST)),
            "long" => {
                filled.push_str("kkkkkkkkkkkkkkkkkkkk");
                filled.push_str(&random.id(8));
            }
            _ => panic!("no such part of a template: {name}"),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn of_two_letters(random: &mut Random, length: usize) -> String {
    (0..length).map(|_| *random.pick(&['a', 'b'])).collect()
}
