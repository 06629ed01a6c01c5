//! Differences of generated worlds: every request that is shown is replayed by the engine and the reference on both
//! sides, and what is not reported is looked for with random requests.
//!
//! `CAMSHAFT_DIFF` sets how many pairs (default 150), `CAMSHAFT_SEED` where they begin.

use std::collections::BTreeSet;

use camshaft_compiler::Config;
use camshaft_compiler::analysis::{Asking, Budget, Diff, Kind, Witness, of_bundle, worlds};
use camshaft_tests::environment::{counted, number};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Answer, Product, load_text};
use camshaft_tests::reference::Reference;
use serde_json::{Value, json};

/// Where the documents of a world stand.
fn documents(value: &Value, path: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) if members.contains_key("statement") => into.push(path),
        Value::Object(members) => {
            for (name, member) in members {
                documents(member, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(all) => {
            for (number, one) in all.iter().enumerate() {
                documents(one, format!("{path}/{number}"), into);
            }
        }
        _ => {}
    }
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        *value = json!([value.take()]);
    }
    value.as_array_mut().unwrap()
}

/// Changes one thing of a world; what it becomes is valid or is not used.
fn change(world: &mut Value, r: &mut Random) {
    let mut places = Vec::new();
    documents(world, String::new(), &mut places);
    let accounts = world["accounts"].as_array().unwrap().len();
    match r.below(20) {
        0 => {
            let account = &mut world["accounts"][r.below(accounts)];
            let users = account["users"].as_array_mut().unwrap();
            let user = r.below(users.len());
            if users.len() > 1 && r.chance(50) {
                users.remove(user);
            } else {
                users[user].as_object_mut().unwrap().remove("boundary");
            }
        }
        1 => {
            let account = &mut world["accounts"][r.below(accounts)];
            let users = account["users"].as_array_mut().unwrap();
            let user = r.below(users.len());
            let policies = list(&mut users[user]["policies"]);
            if !policies.is_empty() {
                policies.remove(r.below(policies.len()));
            }
        }
        2 => {
            let account = &mut world["accounts"][r.below(accounts)];
            let roles = account["roles"].as_array_mut().map_or(0, |roles| roles.len());
            if roles > 0 {
                let role = r.below(roles);
                match r.below(3) {
                    0 => drop(account["roles"].as_array_mut().unwrap().remove(role)),
                    1 => account["roles"][role]["id"] = "99999".into(),
                    _ => drop(account["roles"][role].as_object_mut().unwrap().remove("boundary")),
                }
            }
        }
        3 => {
            if let Some(all) = world["organization"].as_array_mut().filter(|all| !all.is_empty()) {
                let at = r.below(all.len());
                let levels = all[at]["levels"].as_array_mut().unwrap();
                if levels.len() > 1 || r.chance(30) {
                    levels.pop();
                } else {
                    all.remove(at);
                }
            }
        }
        4 => match r.below(4) {
            0 => world["options"]["list_deny"] = "cam".into(),
            1 => drop(world["options"].as_object_mut().unwrap().remove("list_deny")),
            2 => world["options"]["cos_anyone_deny"] = "unsigned".into(),
            _ => drop(world["accounts"][r.below(accounts)].as_object_mut().unwrap().remove("appid")),
        },
        5 => {
            if let Some(all) = world["resource_policies"].as_array_mut().filter(|all| !all.is_empty()) {
                all.remove(r.below(all.len()));
            }
        }
        _ if places.is_empty() => {}
        _ => {
            let place = r.pick(&places).clone();
            let donor = r.pick(&places).clone();
            let donated = {
                let document = world.pointer_mut(&donor).unwrap();
                let statements = list(&mut document["statement"]);
                r.pick(statements).clone()
            };
            let document = world.pointer_mut(&place).unwrap();
            let statements = list(&mut document["statement"]);
            let at = r.below(statements.len());
            let members = statements[at].as_object().unwrap().clone();
            match r.below(8) {
                0 if statements.len() > 1 => drop(statements.remove(at)),
                1 => {
                    let effect = if members["effect"] == "allow" { "deny" } else { "allow" };
                    statements[at]["effect"] = effect.into();
                }
                2 => drop(statements[at].as_object_mut().unwrap().remove("condition")),
                3 => statements[at]["action"] = donated["action"].clone(),
                4 => statements[at]["resource"] = donated["resource"].clone(),
                5 => {
                    if let Some(condition) = donated.get("condition") {
                        statements[at]["condition"] = condition.clone();
                    }
                }
                6 => {
                    let actions = list(&mut statements[at]["action"]);
                    if actions.len() > 1 {
                        actions.pop();
                    } else {
                        actions.push("cos:GetObject".into());
                    }
                }
                _ => {
                    let resources = list(&mut statements[at]["resource"]);
                    if resources.len() > 1 {
                        resources.pop();
                    } else {
                        statements.push(donated);
                    }
                }
            }
        }
    }
}

fn request(witness: &Witness, principal: &str) -> Value {
    let mut request = json!({
        "principal": principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": witness.context,
    });
    if let Some(time) = &witness.time {
        request["time"] = time.as_str().into();
    }
    request
}

/// A role that one of the worlds does not know makes a request malformed there: it has no access, and what denies it
/// is not looked at.
fn decision(answer: &Answer) -> &'static str {
    match answer.code.as_deref() {
        Some("CAM0611") => "no_role",
        Some(_) => "error",
        None => answer.decision,
    }
}

fn kind(before: &str, after: &str) -> Option<Kind> {
    match (before, after) {
        ("error", _) | (_, "error") => None,
        (before, after) if before == after => None,
        ("no_role", after) if after != "allow" => None,
        (before, "no_role") if before != "allow" => None,
        (_, "allow") => Some(Kind::NewAccess),
        ("allow", _) => Some(Kind::LostAccess),
        (_, "explicit_deny") => Some(Kind::NewDeny),
        _ => Some(Kind::LostDeny),
    }
}

#[derive(Debug, Default)]
struct Counts {
    pairs: usize,
    bundles: usize,
    same: usize,
    differences: usize,
    unknown: usize,
    attacks: usize,
    hits: usize,
}

fn pair(seed: u64, counts: &mut Counts) {
    let features = Features::all();
    let mut r = Random::new(seed ^ 0xd1ff);
    let first = world(seed, features);
    let mut second = first.clone();
    for _ in 0..1 + r.below(3) {
        change(&mut second, &mut r);
    }
    let texts = [first.to_string(), second.to_string()];
    let loaded = texts.each_ref().map(|text| load_text(text));
    let [Some(a), Some(b)] = loaded.each_ref().map(|loaded| loaded.set.as_ref()) else { return };
    counts.pairs += 1;
    let diff: Diff = worlds(a, b, Asking::default());
    counts.unknown += diff.unknown.len();
    counts.same += usize::from(diff.is_same());
    // A bundle says what its world says.
    for (loaded, set) in loaded.iter().zip([a, b]) {
        let product = Product::new(loaded, &Config::default());
        let again = of_bundle(product.decider().engine().bundle()).expect("a bundle is read again");
        let diff = worlds(set, &again, Asking::default());
        assert!(diff.is_same(), "world {seed}: {diff:#?}");
        counts.bundles += 1;
    }
    let values = [&first, &second];
    let references = values.map(Reference::new);
    let mut products = loaded.each_ref().map(|loaded| Product::new(loaded, &Config::default()));
    let mut answers = |request: &Value| -> [Answer; 2] {
        let text = request.to_string();
        let mut side = 0;
        references.each_ref().map(|reference| {
            let answer = Answer::from(reference.decide(request));
            assert_eq!(products[side].answer(&text), answer, "world {seed}, side {side}\n{request}");
            side += 1;
            answer
        })
    };
    for change in &diff.changes {
        assert!(!change.differences.is_empty());
        for difference in &change.differences {
            counts.differences += 1;
            assert_eq!(difference.witness.principal, change.callers[0]);
            for caller in change.callers.iter().take(4) {
                let request = request(&difference.witness, caller);
                let own = answers(&request);
                let shown = || {
                    format!("world {seed}: {difference:#?}\n{request}\n{own:?}\n{}\n{}", texts[0], texts[1])
                };
                let decisions = own.each_ref().map(decision);
                for (own, said) in decisions.iter().zip([&difference.before, &difference.after]) {
                    let same = *own == said.decision || *own == "no_role" && said.decision != "allow";
                    assert!(same, "{}", shown());
                }
                let said = kind(difference.before.decision, difference.after.decision);
                assert_eq!(said, Some(difference.kind), "{}", shown());
                for (answer, decided) in own.iter().zip([&difference.before, &difference.after]) {
                    let named: BTreeSet<String> =
                        decided.statements.iter().map(|place| place.name.clone()).collect();
                    assert!(named == answer.reasons || decision(answer) == "no_role", "{}", shown());
                }
            }
        }
    }
    if !diff.unknown.is_empty() {
        return;
    }
    let known: BTreeSet<(&str, Kind)> = diff
        .changes
        .iter()
        .flat_map(|change| {
            let kinds = change.differences.iter().map(|difference| difference.kind);
            let kinds: Vec<Kind> = kinds.collect();
            change
                .callers
                .iter()
                .flat_map(move |caller| kinds.clone().into_iter().map(move |kind| (&**caller, kind)))
        })
        .collect();
    for maker in values.map(|value| Requests::new(value, features)) {
        for _ in 0..400 {
            let mut attack = maker.next(&mut r);
            attack.as_object_mut().unwrap().remove("session_policy");
            if let Some(resource) = attack["resource"].get(0).cloned() {
                attack["resource"] = resource;
            }
            counts.attacks += 1;
            let own = answers(&attack);
            let Some(kind) = kind(decision(&own[0]), decision(&own[1])) else { continue };
            counts.hits += 1;
            let principal = attack["principal"].as_str().unwrap();
            let known_caller = known.contains(&(principal, kind));
            // Other spellings and strangers are reported as others.
            let some = known.iter().any(|(caller, of)| *of == kind && !caller.is_empty());
            let below = principal.strip_prefix("qcs::cam::uin/").and_then(|rest| rest.split_once(':'));
            let spelled =
                below.is_some_and(|(_, name)| name.starts_with("uin/") || name.starts_with("roleName/"));
            let of_directory = values.iter().any(|value| {
                let (_, name) = principal.split_once(':').unwrap_or_default();
                let own = name.rsplit('/').next().unwrap_or_default();
                value["accounts"].as_array().unwrap().iter().any(|account| {
                    let holders = account["users"].as_array().into_iter().chain(account["roles"].as_array());
                    principal.contains(&format!("uin/{}:", account["uin"].as_str().unwrap()))
                        && holders.flatten().any(|holder| holder["uin"] == *own || holder["name"] == *own)
                })
            });
            let reported = if spelled && of_directory { known_caller } else { some };
            assert!(
                reported,
                "world {seed}: {kind:?} is not reported for\n{attack}\n{own:?}\n{known:?}\n{}\n{}",
                texts[0], texts[1]
            );
        }
    }
}

#[test]
fn differences_replay_and_nothing_is_missed() {
    let (first, pairs) = (number("CAMSHAFT_SEED", 1), number("CAMSHAFT_DIFF", 150));
    let counts: Vec<Counts> = counted(first..first + pairs, pair);
    println!("{counts:#?}");
    let sum = |of: fn(&Counts) -> usize| counts.iter().map(of).sum::<usize>();
    assert!(sum(|of| of.differences) > 0 && sum(|of| of.same) > 0 && sum(|of| of.hits) > 0);
    assert!(sum(|of| of.unknown) * 50 < sum(|of| of.differences), "{} stayed open", sum(|of| of.unknown));
}

/// The differences, without what else is said of them: exceptions may be left open.
fn found(diff: &Diff) -> Vec<String> {
    let differences = diff.changes.iter().flat_map(|change| &change.differences);
    differences
        .map(|one| format!("{:?} {:?} {:?} {:?}", one.kind, one.actions, one.resources, one.witness))
        .collect()
}

/// Whatever is left of the budget of a whole comparison: what differs is found, or something is unknown.
#[test]
fn a_comparison_over_its_budget_is_never_the_same() {
    let (mut whole, mut open) = (0, 0);
    for seed in 0..40 {
        let before = world(seed, Features::all());
        let mut after = before.clone();
        change(&mut after, &mut Random::new(seed));
        let [before, after] = [before, after].map(|world| load_text(&world.to_string()));
        let (Some(before), Some(after)) = (before.set, after.set) else { continue };
        let full = worlds(&before, &after, Asking::default());
        for total in [0, 100, 10_000] {
            let budget = Budget { total, ..Budget::default() };
            let diff = worlds(&before, &after, Asking { budget, ..Asking::default() });
            if diff.unknown.is_empty() {
                assert_eq!(found(&diff), found(&full), "world {seed}, {total} steps");
                whole += usize::from(!full.changes.is_empty());
            } else {
                open += 1;
            }
        }
    }
    assert!(whole > 5 && open > 20, "{whole} whole, {open} open");
}
