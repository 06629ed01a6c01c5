//! Questions about all requests, on generated worlds: a request that is found is replayed by the reference evaluator,
//! and an answer that there is none is attacked with near misses.
//!
//! `CAMSHAFT_ANALYSIS` sets how many worlds (default 150), `CAMSHAFT_SEED` where they begin.

use std::collections::BTreeMap;

use camshaft_compiler::analysis::{
    Answer, Budget, Caller, Contexts, Directory, Formula, Member, Set, Standing, Witness,
};
use camshaft_frontend::policy::{Account, PolicySet, Statement};
use camshaft_tests::environment::{counted, number};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::load_text;
use camshaft_tests::reference::Reference;
use serde_json::{Value, json};

/// What an identity holds, by the names of reasons.
fn held(set: &PolicySet, policies: impl IntoIterator<Item = u32>) -> BTreeMap<String, &Statement> {
    let mut held = BTreeMap::new();
    for policy in policies {
        let policy = &set.policies[policy as usize];
        held.extend(
            policy
                .statements
                .iter()
                .map(|statement| (format!("{}#{}", policy.name, statement.index), statement)),
        );
    }
    held
}

fn identities<'s>(
    set: &'s PolicySet,
    account: &'s Account,
) -> Vec<(Caller, BTreeMap<String, &'s Statement>)> {
    let mut all = Vec::new();
    let root = account.uin.to_string();
    let appid = account.appid.as_deref().map(String::from);
    for user in &account.users {
        let groups = user.groups.iter().flat_map(|group| &account.groups[*group as usize].policies);
        let caller = Caller {
            principal: format!("qcs::cam::uin/{root}:uin/{}", user.uin),
            account: Some(root.clone()),
            appid: appid.clone(),
            uin: Some(user.uin.to_string()),
        };
        all.push((caller, held(set, user.policies.iter().chain(groups).map(|policy| policy.0))));
    }
    for role in &account.roles {
        let caller = Caller {
            principal: format!("qcs::cam::uin/{root}:roleName/{}", role.name),
            account: Some(root.clone()),
            appid: appid.clone(),
            uin: None,
        };
        all.push((caller, held(set, role.policies.iter().map(|policy| policy.0))));
    }
    all
}

fn request(witness: &Witness) -> Value {
    let mut request = json!({
        "principal": witness.principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": witness.context,
    });
    if let Some(time) = &witness.time {
        request["time"] = time.as_str().into();
    }
    request
}

/// A question, as a formula and as what it says of the names of matching statements.
#[derive(Clone, Debug)]
enum Asked {
    Binds(String),
    Not(Box<Asked>),
    All(Vec<Asked>),
    Any(Vec<Asked>),
}

impl Asked {
    fn random(r: &mut Random, names: &[String], depth: usize) -> Self {
        let some = |r: &mut Random| (0..=1 + r.below(2)).map(|_| Self::random(r, names, depth - 1)).collect();
        match if depth == 0 { 0 } else { r.below(5) } {
            0 | 1 => Self::Binds(r.pick(names).clone()),
            2 => Self::Not(Box::new(Self::random(r, names, depth - 1))),
            3 => Self::All(some(r)),
            _ => Self::Any(some(r)),
        }
    }

    fn formula(&self, set: &mut Set<'_>, members: &BTreeMap<String, Member>) -> Formula {
        match self {
            Self::Binds(name) => set.binds(members[name]),
            Self::Not(part) => !part.formula(set, members),
            Self::All(parts) => {
                Formula::all(parts.iter().map(|part| part.formula(set, members)).collect::<Vec<_>>())
            }
            Self::Any(parts) => {
                Formula::any(parts.iter().map(|part| part.formula(set, members)).collect::<Vec<_>>())
            }
        }
    }

    fn holds(&self, matching: &std::collections::BTreeSet<String>) -> bool {
        match self {
            Self::Binds(name) => matching.contains(name),
            Self::Not(part) => !part.holds(matching),
            Self::All(parts) => parts.iter().all(|part| part.holds(matching)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(matching)),
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    found: usize,
    none: usize,
    unknown: usize,
    attacks: usize,
}

fn ask(seed: u64, counts: &mut Counts) {
    let features = Features::all();
    let value = world(seed, features);
    let text = value.to_string();
    let loaded = load_text(&text);
    let set = loaded.set.as_ref().unwrap_or_else(|| panic!("world {seed} refused"));
    let reference = Reference::new(&value);
    let maker = Requests::new(&value, features);
    let mut random = Random::new(seed ^ 0xa5a5);
    let attacks: Vec<Value> = (0..150)
        .map(|_| {
            let mut request = maker.next(&mut random);
            request.as_object_mut().unwrap().remove("session_policy");
            request
        })
        .collect();
    for account in &set.accounts {
        for (caller, held) in identities(set, account) {
            if held.is_empty() {
                continue;
            }
            let mut questions = Set::new(caller.clone(), Directory::of(set));
            let members: BTreeMap<String, Member> = held
                .iter()
                .map(|(name, statement)| (name.clone(), questions.add(statement, Standing::Caller)))
                .collect();
            let names: Vec<String> = held.keys().cloned().collect();
            let mut asked: Vec<Asked> = names.iter().map(|name| Asked::Binds(name.clone())).collect();
            for name in &names {
                // Covered by another, or by all others: mostly nothing is found.
                let others: Vec<Asked> = names
                    .iter()
                    .filter(|other| *other != name)
                    .map(|other| Asked::Binds(other.clone()))
                    .collect();
                asked.push(Asked::All(vec![
                    Asked::Binds(name.clone()),
                    Asked::Not(Box::new(Asked::Any(others))),
                ]));
            }
            asked.extend((0..6).map(|_| Asked::random(&mut random, &names, 2)));
            let mut met: Vec<(Witness, std::collections::BTreeSet<String>)> = Vec::new();
            let mut refuted: Vec<&Asked> = Vec::new();
            for asked in &asked {
                let formula = asked.formula(&mut questions, &members);
                match questions.find(&formula, Contexts::All, Budget::default()) {
                    Answer::Found(witness) => {
                        counts.found += 1;
                        let request = request(&witness);
                        let matching = reference.matching(&request);
                        let holds = matching.as_ref().is_some_and(|matching| asked.holds(matching));
                        assert!(holds, "world {seed}: {asked:?}\n{request}\nmatches {matching:?}\n{text}");
                        met.extend(matching.map(|matching| (witness, matching)));
                    }
                    Answer::None => {
                        counts.none += 1;
                        refuted.push(asked);
                    }
                    Answer::Unknown { .. } => counts.unknown += 1,
                }
            }
            // Requests of others, as this caller; and parts of requests that were found, put together anew.
            let mut tried: Vec<Value> = attacks
                .iter()
                .map(|attack| {
                    let mut attack = attack.clone();
                    attack["principal"] = caller.principal.as_str().into();
                    attack["signed"] = true.into();
                    if let Some(first) = attack["resource"].get(0).cloned() {
                        attack["resource"] = first;
                    }
                    attack
                })
                .collect();
            for _ in 0..200 {
                if met.is_empty() {
                    break;
                }
                let (a, b, c) = (random.pick(&met), random.pick(&met), random.pick(&met));
                let mut context = a.0.context.clone();
                context.extend(b.0.context.clone());
                let mixed = Witness {
                    resource: b.0.resource.clone(),
                    context,
                    time: c.0.time.clone(),
                    ..a.0.clone()
                };
                tried.push(request(&mixed));
            }
            for attack in tried {
                let Some(matching) = reference.matching(&attack) else { continue };
                counts.attacks += 1;
                for asked in &refuted {
                    assert!(
                        !asked.holds(&matching),
                        "world {seed}: no request was found for {asked:?}\n{attack}\nmatches {matching:?}\n{text}"
                    );
                }
            }
        }
    }
}

#[test]
fn answers_hold_in_the_reference() {
    let (first, worlds) = (number("CAMSHAFT_SEED", 1), number("CAMSHAFT_ANALYSIS", 150));
    let counts: Vec<Counts> = counted(first..first + worlds, ask);
    let sum = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    let (found, none, unknown) = (sum(|of| of.found), sum(|of| of.none), sum(|of| of.unknown));
    println!("{found} found, {none} none, {unknown} unknown, {} attacks", sum(|of| of.attacks));
    assert!(found > 0 && none > 0 && sum(|of| of.attacks) > 0);
    assert!(unknown * 100 < found + none, "{unknown} of {} stayed open", found + none);
}
