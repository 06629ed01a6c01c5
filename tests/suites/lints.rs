//! Lints: each on a document that raises it and on one that does not, and every claim attacked.
//!
//! Attacks are requests that nearly meet the policies, decided by the reference evaluator with the statement, entry or
//! condition that a claim is about and without it. `CAMSHAFT_LINTS` sets how many generated worlds are attacked (default
//! 120), `CAMSHAFT_SEED` the first; `CAMSHAFT_CORPUS` adds every published document.

use std::collections::{BTreeMap, BTreeSet};

use camshaft_compiler::lint::example::{EXAMPLES, Example, Shape};
use camshaft_compiler::lint::{Found, Input, KnownActions, Lints, Report};
use camshaft_frontend::diagnostic::{Code, code};
use camshaft_frontend::limits::Limits;
use camshaft_frontend::outline::Outline;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world::{NoFiles, Overrides, WorldInput, load};
use camshaft_frontend::{document, fix, normalize};
use camshaft_tests::environment::{corpus, number};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::reference::{Decision, Reference};
use serde_json::{Value, json};

/// What a policy that stands alone is read with.
struct Ground {
    parameters: Parameters,
    catalogue: Catalogue,
    limits: Limits,
}

impl Ground {
    fn new() -> Self {
        let catalogue = BTreeMap::from([("permid/280655".into(), vec!["cos:GetObject".into()])]);
        Self { parameters: Parameters::new(), catalogue, limits: Limits::default() }
    }

    fn setting(&self, kind: Kind) -> Setting<'_> {
        Setting {
            kind,
            preset: false,
            account: Some(Owner { uin: "100000000001", appid: Some("1250000000") }),
            parameters: &self.parameters,
            builtin_parameters: true,
            catalogue: &self.catalogue,
            legacy_project: false,
            strict: false,
            limits: &self.limits,
            scope: None,
            unknown_account: false,
        }
    }

    fn outline(&self, source: &Source, kind: Kind) -> Option<Outline> {
        document::parse_source(source, 0).outline(source, &self.setting(kind))
    }

    fn lint(&self, lints: &Lints, source: &Source, kind: Kind) -> Report {
        let outline = self.outline(source, kind);
        lints.run(&Input { set: None, outlines: outline.as_slice(), owned: false })
    }
}

fn codes(report: &Report) -> BTreeSet<Code> {
    report.found.iter().map(|found| found.diagnostic.code).collect()
}

/// What an example raises, and whether it is accepted.
fn raised(example: &Example, text: &str) -> BTreeSet<Code> {
    let lints =
        Lints { known: example.actions.map(|list| KnownActions::parse(list).unwrap()), ..Lints::default() };
    let text = example.document(text);
    match example.shape {
        Shape::Policy(kind) => {
            let (ground, source) = (Ground::new(), Source::new("p.json", text.as_str()));
            assert!(ground.outline(&source, kind).is_some(), "{}: refused\n{text}", example.code);
            codes(&ground.lint(&lints, &source, kind))
        }
        Shape::World => {
            let overrides = Overrides { outlines: true, ..Overrides::default() };
            let loaded = load(WorldInput::text("world.json", text.clone()), &NoFiles, &overrides);
            assert!(loaded.set.is_some(), "{}: {:?}\n{text}", example.code, loaded.diagnostics);
            let input = Input { set: loaded.set.as_ref(), outlines: &loaded.outlines, owned: true };
            let unattached = loaded.unattached.iter().map(|found| found.code);
            codes(&lints.run(&input)).into_iter().chain(unattached).collect()
        }
        // The command line reads these; its tests have them.
        Shape::Configuration => BTreeSet::new(),
    }
}

#[test]
fn every_lint_is_raised_and_mended() {
    for example in EXAMPLES.iter().filter(|example| example.shape != Shape::Configuration) {
        let (raises, mended) = (raised(example, example.raises), raised(example, example.mended));
        assert!(
            raises.contains(&example.code),
            "{} is not raised: {raises:?}\n{}",
            example.code,
            example.raises
        );
        assert!(!mended.contains(&example.code), "{} is raised\n{}", example.code, example.mended);
    }
}
// ------------------------------------------------------------------------------------------------- attacks

const USER: &str = "qcs::cam::uin/100000000001:uin/100000000011";

/// A statement that matches next to nothing, in the place of another.
fn idle(statement: &Value) -> Value {
    let mut idle = statement.clone();
    idle["action"] = json!(["zz:Never"]);
    idle["resource"] = json!(["qcs::zz:ap-beijing::never/0"]);
    idle.as_object_mut().expect("a statement").remove("condition");
    idle
}

/// One policy of one sub-account under attack.
struct Attacked<'d> {
    document: &'d Value,
    outline: Outline,
    requests: Vec<Value>,
    /// Statements that match each of the requests.
    matching: Vec<BTreeSet<usize>>,
}

fn alone(document: &Value) -> Value {
    json!({ "accounts": [{ "uin": "100000000001", "appid": "1250000000",
        "users": [{ "uin": "100000000011", "policies": ["P"] }], "policies": { "P": document } }] })
}

fn matching(document: &Value, requests: &[Value]) -> Vec<Option<BTreeSet<usize>>> {
    let reference = Reference::new(&alone(document));
    let index = |name: &String| name.rsplit_once('#').and_then(|(_, index)| index.parse().ok());
    requests
        .iter()
        .map(|request| reference.matching(request).map(|names| names.iter().filter_map(index).collect()))
        .collect()
}

impl<'d> Attacked<'d> {
    fn new(document: &'d Value, outline: Outline, random: &mut Random, count: usize) -> Self {
        let maker = Requests::new(&alone(document), Features::pipeline());
        let mut made: Vec<Value> = Vec::with_capacity(count);
        for _ in 0..count {
            let mut request = maker.next(random);
            request["principal"] = USER.into();
            request["resource"] = json!([request["resource"][0].clone()]);
            let members = request.as_object_mut().expect("a request");
            ["session_policy", "signed"].iter().for_each(|name| drop(members.remove(*name)));
            // The same with a key less, or with a list that is empty.
            for change in 0..2 {
                let keys: Vec<String> = request["context"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, _)| key.clone())
                    .collect();
                if keys.is_empty() {
                    break;
                }
                let (key, mut other) = (random.pick(&keys).clone(), request.clone());
                match change {
                    0 => drop(other["context"].as_object_mut().expect("a context").remove(&key)),
                    _ => other["context"][&key] = json!([]),
                }
                made.push(other);
            }
            made.push(request);
        }
        let (mut requests, mut kept) = (Vec::new(), Vec::new());
        let all = matching(document, &made);
        for (request, matching) in made.into_iter().zip(all) {
            let Some(matching) = matching else { continue };
            requests.push(request);
            kept.push(matching);
        }
        Self { document, outline, requests, matching: kept }
    }

    fn pairs(&self) -> impl Iterator<Item = (&Value, &BTreeSet<usize>)> {
        self.requests.iter().zip(&self.matching)
    }

    /// The statement whose effect stands somewhere.
    fn statement_at(&self, span: Span) -> Option<usize> {
        let found = self.outline.statements.iter().find(|stated| stated.effect_span == span)?;
        usize::try_from(found.meaning.index).ok()
    }

    /// A statement matches the same requests in another document.
    fn same(&self, other: &Value, at: Option<usize>, only: impl Fn(&Value) -> bool, claim: &str) {
        let kept: Vec<usize> = (0..self.requests.len()).filter(|n| only(&self.requests[*n])).collect();
        let requests: Vec<Value> = kept.iter().map(|n| self.requests[*n].clone()).collect();
        for (n, matching) in kept.into_iter().zip(matching(other, &requests)) {
            let Some(matching) = matching else { continue };
            let (before, after) = (&self.matching[n], &matching);
            let same = match at {
                Some(at) => before.contains(&at) == after.contains(&at),
                None => before == after,
            };
            assert!(same, "{claim}\n{}\n{}\n{other}\n{before:?} {after:?}", self.requests[n], self.document);
        }
    }

    /// A statement matches no request of some.
    fn never(&self, at: usize, only: impl Fn(&Value) -> bool, claim: &str) {
        for (request, matching) in self.pairs() {
            assert!(!(matching.contains(&at) && only(request)), "{claim}\n{request}\n{}", self.document);
        }
    }

    /// Every value can be read by the operators on its key.
    fn well_typed(&self, request: &Value) -> bool {
        use camshaft_value::operator::ValueType;
        let readable = |kind: ValueType, text: &str| match kind {
            ValueType::Number => camshaft_value::decimal::Decimal::parse(text).is_some(),
            ValueType::Date => camshaft_value::date::Instant::parse(text).is_some(),
            ValueType::Address => camshaft_value::address::Address::parse(text).is_some(),
            ValueType::Bool => matches!(text, "true" | "false"),
            ValueType::String | ValueType::Null => true,
        };
        self.outline.statements.iter().flat_map(|stated| &stated.terms).all(|term| {
            let kind = term.meaning.operator.base.value_type();
            let values = &request["context"][&*term.meaning.key];
            let values = values.as_array().map_or_else(|| vec![values], |values| values.iter().collect());
            values.into_iter().all(|value| match value {
                Value::String(text) => readable(kind, text),
                Value::Null => true,
                other => readable(kind, &other.to_string()),
            })
        })
    }

    /// Attacks a claim; whether there was anything to attack.
    fn attack(&self, found: &Found, source: &Source) -> bool {
        let claim = format!("{}: {}", found.diagnostic.code, found.diagnostic.message);
        if let Some(fix) = &found.diagnostic.fix
            && fix.applicability == camshaft_frontend::diagnostic::Applicability::Machine
            && found.diagnostic.code != code::REDUNDANT_STATEMENT
        {
            let (text, _) = fix::apply(source, std::slice::from_ref(&found.diagnostic)).expect("a fix");
            let mended: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{claim}: {error}\n{text}"));
            self.same(&mended, None, |_| true, &claim);
            return true;
        }
        let Some(at) = found.statement.and_then(|at| usize::try_from(at).ok()) else { return false };
        let stated = &self.outline.statements[at];
        let with = |change: &dyn Fn(&mut Value)| {
            let mut other = self.document.clone();
            change(&mut other["statement"][at]);
            other
        };
        let lacks = |request: &Value, key: &str| request["context"].get(key).is_none();
        let key_at = |span: Span| {
            let term = stated.terms.iter().find(|term| term.key_span == span);
            term.map(|term| term.meaning.key.to_string()).unwrap_or_default()
        };
        let without_condition =
            || with(&|statement| drop(statement.as_object_mut().unwrap().remove("condition")));
        match found.diagnostic.code {
            code::NEVER_MATCHES => self.never(at, |request| self.well_typed(request), &claim),
            code::REDUNDANT_STATEMENT => {
                let by = self.statement_at(found.diagnostic.related[0].0).expect("the other one");
                for (request, matching) in self.pairs().filter(|(request, _)| self.well_typed(request)) {
                    assert!(
                        !matching.contains(&at) || matching.contains(&by),
                        "{claim}\n{request}\n{}",
                        self.document
                    );
                }
            }
            code::SHADOWED_ALLOW => {
                let deny = |at: &usize| self.document["statement"][*at]["effect"] == "deny";
                for (request, matching) in self.pairs().filter(|(request, _)| self.well_typed(request)) {
                    assert!(
                        !matching.contains(&at) || matching.iter().any(deny),
                        "{claim}\n{request}\n{}",
                        self.document
                    );
                }
            }
            code::FULL_ACCESS => {
                assert!(
                    self.matching.iter().all(|matching| matching.contains(&at)),
                    "{claim}\n{}",
                    self.document
                );
            }
            code::EFFECTIVELY_EVERYTHING => {
                let wide = with(&|statement| statement["resource"] = json!(["*"]));
                self.same(&wide, Some(at), |_| true, &claim);
            }
            code::SERVICE_WIDE => {
                let text = source.slice(found.diagnostic.span);
                let service = text.trim_matches('"').trim_start_matches("name/").trim_end_matches(":*");
                let own: Vec<Value> = self
                    .requests
                    .iter()
                    .take(60)
                    .cloned()
                    .map(|mut request| {
                        request["action"] = format!("{service}:Anything").into();
                        request["resource"] =
                            json!([format!("qcs::{service}:ap-beijing:uin/100000000001:any/thing")]);
                        request
                    })
                    .collect();
                for (request, matching) in own.iter().zip(matching(self.document, &own)) {
                    assert!(
                        matching.is_none_or(|matching| matching.contains(&at)),
                        "{claim}\n{request}\n{}",
                        self.document
                    );
                }
            }
            code::PASS_ROLE_STAR if stated.terms.is_empty() => {
                let help = found.diagnostic.help.as_deref().unwrap_or_default();
                let named = stated.resources.iter().filter_map(|entry| entry.text.split(':').nth(4));
                let concrete = |account: &str| account.ends_with(|c: char| c.is_ascii_digit());
                let accounts: Vec<&str> =
                    named.filter(|account| concrete(account)).chain(["uin/100000000001"]).collect();
                for role in help.split('`').skip(1).step_by(2) {
                    let asked: Vec<Value> = accounts
                        .iter()
                        .map(|uin| {
                            json!({ "principal": USER, "action": "cam:PassRole",
                        "resource": [format!("qcs::cam::{uin}:{role}")] })
                        })
                        .collect();
                    let some = matching(self.document, &asked)
                        .into_iter()
                        .flatten()
                        .any(|matching| matching.contains(&at));
                    assert!(some, "{claim} {role}\n{}", self.document);
                }
            }
            code::BYPASSABLE_DENY => {
                let key = key_at(found.diagnostic.span);
                if !matches!(&*key, "qcs:uin" | "qcs:owner_uin") {
                    self.never(at, |request| lacks(request, &key), &claim);
                }
            }
            code::OPEN_WHEN_ABSENT => {
                let keys: Vec<&str> = stated.terms.iter().map(|term| &*term.meaning.key).collect();
                let open = |request: &Value| {
                    keys.iter().all(|key| {
                        lacks(request, key)
                            && !key.starts_with("qcs:current")
                            && !matches!(*key, "qcs:uin" | "qcs:owner_uin")
                    })
                };
                self.same(&without_condition(), Some(at), open, &claim);
            }
            code::FOR_ALL_EMPTY => {
                let key = key_at(found.diagnostic.span);
                let empty = |request: &Value| request["context"][&*key] == json!([]);
                if self.document["statement"][at]["effect"] == "allow" {
                    self.never(at, empty, &claim);
                }
            }
            code::CONSTANT_CONDITION => {
                let message = &found.diagnostic.message;
                let allow = self.document["statement"][at]["effect"] == "allow";
                if message.ends_with(if allow { "no context" } else { "every context" }) {
                    self.never(at, |request| self.well_typed(request), &claim);
                } else {
                    self.same(&without_condition(), Some(at), |request| self.well_typed(request), &claim);
                }
            }
            code::ESCALATION => {
                let quoted =
                    |text: &str| text.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
                let action = quoted(&found.diagnostic.message).last().cloned().expect("an action");
                let resource = quoted(found.diagnostic.help.as_deref().unwrap_or_default())
                    .last()
                    .cloned()
                    .expect("a resource");
                if self.outline.statements.iter().all(|stated| stated.terms.is_empty()) {
                    let request = json!({ "principal": USER, "action": action, "resource": [resource] });
                    let decided = Reference::new(&alone(self.document)).decide(&request).decision;
                    assert_eq!(decided, Decision::Allow, "{claim}\n{request}\n{}", self.document);
                }
            }
            code::MFA_BY_ABSENCE => {
                let key = key_at(found.diagnostic.span);
                if self.document["statement"][at]["effect"] == "deny" {
                    self.never(at, |request| lacks(request, &key), &claim);
                }
            }
            code::SELF_CONTRADICTION => {
                let deny = self.statement_at(found.diagnostic.related[0].0).expect("the deny");
                let allow = |matching: &BTreeSet<usize>| !matching.contains(&at) || matching.contains(&deny);
                assert!(self.matching.iter().all(allow), "{claim}\n{}", self.document);
            }
            code::EMPTY_WINDOW => self.never(at, |request| request.get("time").is_some(), &claim),
            _ => return false,
        }
        true
    }
}

/// Counts by code: claims, and how many of them an attack could meet.
type Tally = BTreeMap<Code, (usize, usize)>;

/// Lints a document as an identity policy of its own, and attacks what is claimed.
fn attack_document(document: &Value, random: &mut Random, count: usize, tally: &mut Tally) {
    let mut document = document.clone();
    if document["statement"].is_object() {
        document["statement"] = json!([document["statement"].take()]);
    }
    let document = &document;
    let ground = Ground::new();
    let source = Source::new("p.json", serde_json::to_string_pretty(document).expect("JSON"));
    let Some(outline) = ground.outline(&source, Kind::Identity) else { return };
    let outlines = [outline];
    let report = Lints::default().run(&Input { set: None, outlines: &outlines, owned: false });
    if report.found.is_empty() {
        return;
    }
    let [outline] = outlines;
    let attacked = Attacked::new(document, outline, random, count);
    for found in &report.found {
        let (claims, met) = tally.entry(found.diagnostic.code).or_default();
        *claims += 1;
        *met += usize::from(attacked.attack(found, &source));
    }
}

/// The canonical text of a published document without its principals: whom it binds does not matter to what it matches.
fn published(path: &std::path::Path, kind: Kind) -> Option<Value> {
    let text = String::from_utf8(std::fs::read(path).ok()?).ok()?;
    let source = Source::new("p.json", text);
    let ground = Ground::new();
    let document = document::parse_source(&source, 0);
    ground.outline(&source, kind)?;
    let canonical = normalize::canonical(&document, &source, &ground.setting(kind)).ok()?;
    // What stands in the catalogue is written out, the reference reads policies of one world only.
    let mut value: Value =
        serde_json::from_str(&canonical.text.replace("permid/280655", "cos:GetObject")).ok()?;
    for statement in value["statement"].as_array_mut()? {
        let statement = statement.as_object_mut()?;
        statement.remove("principal");
        statement.remove("sid");
    }
    Some(value)
}

fn print(title: &str, tally: &Tally) {
    println!("{title}");
    for (code, (claims, met)) in tally {
        println!("{code} {:24} {claims:6} claims, {met:6} attacked", code.title());
    }
}

#[test]
fn claims_about_published_documents_hold() {
    let Some(corpus) = corpus() else { return };
    let table = std::fs::read_to_string(corpus.join("expected.tsv")).expect("expected.tsv");
    let (mut random, mut tally) = (Random::new(number("CAMSHAFT_SEED", 1)), Tally::new());
    for line in table.lines().filter(|line| line.starts_with("cam")) {
        let [file, kind, ..] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let kind = match kind {
            "resource" => Kind::Resource,
            "trust" => Kind::Trust,
            _ => Kind::Identity,
        };
        if let Some(document) = published(&corpus.join(file), kind) {
            attack_document(&document, &mut random, 150, &mut tally);
        }
    }
    print("published documents", &tally);
    assert!(tally.values().map(|(_, met)| met).sum::<usize>() > 300);
}

/// Every policy of an account of a generated world.
fn policies(world: &Value) -> impl Iterator<Item = &Value> {
    let accounts = world["accounts"].as_array().into_iter().flatten();
    accounts
        .flat_map(|account| account["policies"].as_object().into_iter().flatten())
        .map(|(_, policy)| policy)
}

#[test]
fn claims_about_generated_policies_hold() {
    let (first, worlds) = (number("CAMSHAFT_SEED", 1), number("CAMSHAFT_LINTS", 120));
    let (mut random, mut tally) = (Random::new(first), Tally::new());
    for seed in first..first + worlds {
        let world = world(seed, Features { variables: false, ..Features::pipeline() });
        for policy in policies(&world) {
            // Statements of several policies at once, so that some have to do with each other.
            attack_document(policy, &mut random, 60, &mut tally);
        }
        let statements: Vec<Value> = policies(&world)
            .flat_map(|policy| policy["statement"].as_array().into_iter().flatten().cloned())
            .take(12)
            .collect();
        let mut twisted = json!({ "version": "2.0", "statement": statements });
        twist(&mut twisted, &mut random);
        attack_document(&twisted, &mut random, 120, &mut tally);
    }
    print("generated policies", &tally);
    assert!(tally.len() > 15 && tally.values().map(|(_, met)| met).sum::<usize>() > 200, "{tally:?}");
}

/// Makes statements that overlap: copies with the other effect, with an entry more, with wider patterns, with terms that
/// do not get along.
fn twist(document: &mut Value, random: &mut Random) {
    let Some(statements) = document["statement"].as_array_mut() else { return };
    let mut more = Vec::new();
    for statement in statements.iter_mut() {
        let mut copy = statement.clone();
        match random.below(7) {
            0 => copy["effect"] = if copy["effect"] == "allow" { "deny".into() } else { "allow".into() },
            1 => {
                if let Some(action) = copy["action"][0].as_str().and_then(|action| action.split_once(':')) {
                    copy["action"] = json!([format!("{}:*", action.0), copy["action"][0]]);
                }
            }
            2 => {
                let first = copy["resource"][0].as_str().unwrap_or("*").to_owned();
                copy["resource"] = json!([format!("{}*", first.trim_end_matches('*')), first]);
            }
            3 => {
                copy["condition"] =
                    json!({ "string_equal": { "k": ["a", "b"] }, "string_not_equal": { "k": ["a", "b"] } });
            }
            4 => {
                copy["condition"] = json!({ "numeric_less_than": { "n": ["5", "7"] }, "numeric_greater_than_if_exist": { "n": "7" } });
            }
            5 => {
                copy["condition"] = json!({ "date_less_than": { "qcs:current_time": "2020-01-01T00:00:00Z" },
                    "date_greater_than": { "qcs:current_time": "2024-01-01T00:00:00Z" } });
            }
            _ => drop(copy.as_object_mut().expect("a statement").remove("condition")),
        }
        if copy.get("resource").is_some() && copy["resource"].is_array() {
            more.push(copy);
        }
    }
    statements.extend(more);
}

/// The statement of a policy of a world.
fn statement_of<'w>(world: &'w mut Value, policy: &str, index: u32) -> Option<&'w mut Value> {
    let (uin, name) = policy.split_once('/').unwrap_or(("", policy));
    let accounts = world["accounts"].as_array_mut()?;
    let account = accounts.iter_mut().find(|account| {
        (uin.is_empty() || account["uin"] == uin) && account["policies"].get(name).is_some()
    })?;
    let statement = account["policies"].get_mut(name)?.get_mut("statement")?;
    if statement.is_array() {
        statement.get_mut(index as usize)
    } else {
        Some(statement).filter(|_| index == 0)
    }
}

/// Replays the request of CAM0513, if it needs no context.
fn is_public(world: &Value, reference: &Reference, found: &Found) -> bool {
    let help = found.diagnostic.help.as_deref().unwrap_or_default();
    let named: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
    let [action, resource] = named.as_slice() else { panic!("{help}") };
    let conditions = world["resource_policies"].to_string().to_lowercase().contains("\"condition\"");
    let request =
        json!({ "principal": "qcs::cam::anonymous:anonymous", "action": action, "resource": [resource] });
    let decided = reference.decide(&request);
    assert!(
        conditions || decided.decision == Decision::Allow,
        "{help}\n{decided:?}\n{}\n{world}",
        world["resource_policies"]
    );
    decided.decision == Decision::Allow
}

#[test]
fn claims_about_worlds_hold() {
    let (first, worlds) = (number("CAMSHAFT_SEED", 1), number("CAMSHAFT_LINTS", 120));
    let (mut random, mut tally) = (Random::new(first), Tally::new());
    for seed in first..first + worlds {
        let features = Features { sessions: false, ..Features::all() };
        let value = world(seed, features);
        let overrides = Overrides { outlines: true, ..Overrides::default() };
        let loaded = load(WorldInput::text("world.json", value.to_string()), &NoFiles, &overrides);
        let Some(set) = &loaded.set else { panic!("world {seed} refused") };
        let report = Lints::default().run(&Input { set: Some(set), outlines: &loaded.outlines, owned: true });
        let maker = Requests::new(&value, features);
        let requests: Vec<Value> = (0..400).map(|_| maker.next(&mut random)).collect();
        let reference = Reference::new(&value);
        for found in &report.found {
            let entry = tally.entry(found.diagnostic.code).or_default();
            entry.0 += 1;
            let Some(index) = found.statement else { continue };
            let name = format!("{}#{index}", found.policy);
            let claim =
                format!("world {seed}, {name}: {} {}", found.diagnostic.code, found.diagnostic.message);
            let mut without = value.clone();
            if found.diagnostic.code == code::PUBLIC {
                entry.1 += usize::from(is_public(&value, &reference, found));
                continue;
            }
            let Some(statement) = statement_of(&mut without, &found.policy, index) else { continue };
            *statement = idle(statement);
            let without = Reference::new(&without);
            let attacked = [
                code::NEVER_MATCHES,
                code::REDUNDANT_STATEMENT,
                code::SHADOWED_ALLOW,
                code::SELF_CONTRADICTION,
                code::IDLE_DENY,
            ];
            if !attacked.contains(&found.diagnostic.code) {
                continue;
            }
            entry.1 += 1;
            for request in &requests {
                let before = reference.decide(request);
                if before.decision == Decision::Error {
                    continue;
                }
                let binds = before.reasons.contains(&name);
                match found.diagnostic.code {
                    code::NEVER_MATCHES => {
                        assert!(
                            !binds,
                            "{claim}\n{request}\n{}\n{value}",
                            statement_of(&mut value.clone(), &found.policy, index).unwrap()
                        )
                    }
                    code::REDUNDANT_STATEMENT => {
                        let after = without.decide(request).decision;
                        assert_eq!(before.decision, after, "{claim}\n{request}\n{value}");
                    }
                    // Whether allows that a deny overrides match is not said: that it grants is.
                    code::SHADOWED_ALLOW | code::SELF_CONTRADICTION => {
                        assert!(
                            !(binds && before.decision == Decision::Allow),
                            "{claim}\n{request}\n{value}"
                        );
                    }
                    code::IDLE_DENY if binds => {
                        let after = without.decide(request).decision;
                        assert_ne!(after, Decision::Allow, "{claim}\n{request}\n{value}");
                    }
                    _ => break,
                }
            }
        }
    }
    print("worlds", &tally);
    assert!(tally.len() > 15, "{tally:?}");
}

// ------------------------------------------------------------------------------------------------ the page

#[test]
fn the_page_of_lints_lists_them_all() {
    let page = include_str!("../../docs/lints.md");
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| CAM")).collect();
    let rows = Code::all().filter(|code| (501..600).contains(&code.0)).map(|code| {
        let severity = format!("{:?}", code.severity()).to_lowercase();
        let cause = code.entry().map_or("", |entry| entry.cause);
        format!("| {code} | {severity} | `{}` | {cause} |", code.title())
    });
    assert_eq!(listed, rows.collect::<Vec<_>>());
}
