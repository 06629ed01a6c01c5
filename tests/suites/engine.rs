//! Properties of the engine that no single case shows: no allocation, reproducible bytes, bounded work.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;

use camshaft::decider::with_request;
use camshaft_bundle::Bundle;
use camshaft_compiler::{Config, compile};
use camshaft_frontend::policy::{PolicyId, PolicySet};
use camshaft_frontend::request;
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, WorldInput, load};
use camshaft_runtime::{Decision, Engine, ErrorCode, Request, Scratch};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use serde_json::{Value, json};

/// Counts the allocations of the present thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system allocator unchanged; the counter is a plain thread-local cell
// that allocates nothing itself.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A decision for a caller and an action that this or another engine has prepared.
fn prepared(by: &Engine, engine: &Engine, request: &Request<'_>, scratch: &mut Scratch) -> Decision {
    let anonymous = Request { principal: "", action: "", ..*request };
    match (by.principal(request.principal), by.action(request.action)) {
        (Ok(principal), Ok(action)) => engine.decide_prepared(&principal, &action, &anonymous, scratch),
        // What cannot be prepared is what the request would be refused for, unless something else comes first.
        (Err(code), _) | (_, Err(code)) => {
            let decision = engine.decide(request, scratch);
            let refused = matches!(decision, Decision::Error { .. });
            assert!(refused, "{code}: {decision:?}");
            decision
        }
    }
}

#[test]
fn decide_allocates_nothing() {
    let mut decided = 0;
    let others: Vec<Product> = (900..903)
        .map(|seed| Product::new(&load_text(&world(seed, Features::all()).to_string()), &Config::default()))
        .collect();
    for seed in 0..150 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let product = Product::new(&loaded, &Config::default());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        let mut scratch = product.decider().engine().scratch();
        for _ in 0..100 {
            let text = maker.next(&mut random).to_string();
            let Ok(request) = request::parse(&text) else { continue };
            let session = product.decider().session(&request);
            with_request(&request, &session, |request| {
                let engine = product.decider().engine();
                let before = ALLOCATIONS.with(Cell::get);
                let decision = engine.decide(request, &mut scratch);
                assert_eq!(ALLOCATIONS.with(Cell::get), before, "world {seed}, {text}, {decision:?}");
                // The other ways to ask answer the same, and allocate as little.
                let mut many = [Decision::Error { code: ErrorCode::Bundle }; 11];
                engine.decide_many(&[*request; 11], &mut many, &mut scratch);
                assert_eq!(many, [decision; 11], "world {seed}, {text}");
                assert_eq!(prepared(engine, engine, request, &mut scratch), decision, "world {seed}, {text}");
                let other = others[decided % others.len()].decider().engine();
                assert_eq!(prepared(other, engine, request, &mut scratch), decision, "world {seed}, {text}");
                assert_eq!(ALLOCATIONS.with(Cell::get), before, "world {seed}, {text}");
            });
            decided += 1;
        }
    }
    assert!(decided > 10_000, "{decided}");
}

fn bytes(value: &Value, threads: usize) -> Vec<u8> {
    let loaded = load_text(&value.to_string());
    let set = loaded.set.unwrap_or_else(|| panic!("refused: {:#?}", loaded.diagnostics));
    compile(&set, &Config::default().threads(threads)).expect("compiles").bytes
}

/// Shuffles what has no order: members of objects, accounts, users, groups, roles, named
/// policies, references, and the entries of lists of strings.
fn shuffle(value: &Value, random: &mut Random, name: &str) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            permute(&mut members, random);
            Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.clone(), shuffle(value, random, name)))
                    .collect(),
            )
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| shuffle(item, random, name)).collect();
            // Statements, documents in place and levels have places that reasons name.
            let free = ["accounts", "users", "groups", "roles", "organization"].contains(&name)
                || items.iter().all(Value::is_string) && !["levels"].contains(&name);
            if free && items.iter().all(|item| item.is_string() || item.is_object()) {
                permute(&mut items, random);
            }
            Value::Array(items)
        }
        other => other.clone(),
    }
}

fn permute<T>(items: &mut [T], random: &mut Random) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}

#[test]
fn bytes_are_reproducible() {
    for seed in 0..60 {
        let value = world(seed, Features::all());
        let first = bytes(&value, 1);
        assert_eq!(first, bytes(&value, 1), "world {seed} twice");
        assert_eq!(first, bytes(&value, 2), "world {seed} with two threads");
        let mut random = Random::new(seed);
        // References to documents in place mixed into a list make its order part of their names.
        let shuffled = shuffle(&value, &mut random, "");
        assert!(first == bytes(&shuffled, 2), "world {seed} shuffled\n{value}\n{shuffled}");
    }
}

/// Many worlds side by side, their accounts told apart.
fn side_by_side(worlds: impl Iterator<Item = Value>) -> PolicySet {
    let mut all = PolicySet::default();
    for (number, value) in worlds.enumerate() {
        let Some(set) = load_text(&value.to_string()).set else { panic!("refused: {value}") };
        let (policies, accounts) = (all.policies.len() as u32, all.accounts.len() as u32);
        let shift = |id: &mut PolicyId| id.0 += policies;
        for mut account in set.accounts {
            account.uin = format!("1{number:04}{}", account.uin).into();
            account.appid = account.appid.map(|appid| format!("1{number:04}{appid}").into());
            account.general.iter_mut().for_each(shift);
            account.levels.iter_mut().flatten().flatten().for_each(shift);
            account.groups.iter_mut().flat_map(|group| &mut group.policies).for_each(shift);
            for user in &mut account.users {
                user.policies.iter_mut().chain(&mut user.boundary).for_each(shift);
            }
            for role in &mut account.roles {
                let own = role.policies.iter_mut().chain(&mut role.boundary).chain(&mut role.trust);
                own.for_each(shift);
            }
            all.accounts.push(account);
        }
        for mut policy in set.resource_policies {
            shift(&mut policy.policy);
            policy.account += accounts;
            all.resource_policies.push(policy);
        }
        all.general_unknown.extend(set.general_unknown.into_iter().map(|id| PolicyId(id.0 + policies)));
        all.policies.extend(set.policies);
    }
    all
}

/// Enough statements for several drafts, which many threads make and one puts together.
#[test]
fn threads_change_no_byte_of_a_large_world() {
    let set = side_by_side((0..1_000).map(|seed| world(seed, Features::all())));
    for config in [Config::default(), Config::default().network_tries(false).places(true)] {
        let one = compile(&set, &config.clone().threads(1)).expect("compiles");
        assert!(one.stats.statements > 15_000, "{}", one.stats.statements);
        let three = compile(&set, &config.threads(3)).expect("compiles");
        assert!(one.bytes == three.bytes && one.stats == three.stats);
    }
}

/// A world of one sub-account with one policy of these statements.
fn one_user(statements: Vec<Value>, limits: Value) -> Loaded {
    let value = json!({
        "options": { "limits": limits },
        "accounts": [{ "uin": "100000000001", "appid": "1250000000",
            "users": [{ "uin": "100000000011", "policies": ["p"] }],
            "policies": { "p": { "version": "2.0", "statement": statements } } }]
    });
    load_text(&value.to_string())
}

fn raised() -> Value {
    json!({ "LIM-1": 10_000_000, "LIM-2": 10_000_000 })
}

/// Decides each path and checks it against a plain matcher of the patterns.
fn check_patterns(patterns: &[String], paths: &[String], config: &Config) -> u32 {
    let entries: Vec<String> = patterns.iter().map(|pattern| format!("qcs::cvm:::{pattern}")).collect();
    // A document holds 64 KiB, so the patterns are spread over several statements of several policies.
    let documents: Vec<Value> = entries
        .chunks(40)
        .map(|entries| {
            json!({ "version": "2.0", "statement": [{ "effect": "allow", "action": ["cvm:*"], "resource": entries }] })
        })
        .collect();
    let policies: serde_json::Map<String, Value> =
        documents.into_iter().enumerate().map(|(at, document)| (format!("p{at}"), document)).collect();
    let names: Vec<String> = policies.keys().cloned().collect();
    let value = json!({
        "options": { "limits": raised() },
        "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": names }], "policies": policies }]
    });
    let loaded = load_text(&value.to_string());
    let set = loaded.set.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics.first()));
    let started = Instant::now();
    let compiled = compile(&set, config).expect("compiles");
    assert!(started.elapsed().as_secs() < 20, "compiled in {:?}", started.elapsed());
    let engine = Engine::new(Bundle::open(&compiled.bytes).expect("opens"));
    let mut scratch = engine.scratch();
    for path in paths {
        let resource = format!("qcs::cvm:ap-beijing:uin/100000000001:{path}");
        let started = Instant::now();
        let decision = engine.decide(
            &camshaft_runtime::Request {
                principal: "qcs::cam::uin/100000000001:uin/100000000011",
                action: "cvm:RunInstances",
                resources: &[&resource],
                ..Default::default()
            },
            &mut scratch,
        );
        assert!(started.elapsed().as_millis() < 200, "{path} took {:?}", started.elapsed());
        let expected = patterns.iter().any(|pattern| camshaft_value::pattern::matches_glob(pattern, path));
        assert_eq!(matches!(decision, Decision::Allow { .. }), expected, "{path}");
    }
    compiled.stats.certificate.rows
}

#[test]
fn hostile_wildcards_stay_bounded() {
    let a = |n: usize| "a".repeat(n);
    let paths =
        vec![a(4_000), format!("{}b", a(4_000)), format!("{}b", a(10)), "x".into(), "ab".repeat(2_000)];
    let stars = |n: usize| format!("{}b", "*a".repeat(n));
    for config in [Config::default(), Config::default().dense_rows(0), Config::default().automata(false)] {
        check_patterns(&["*a*a*a*b".into()], &paths, &config);
        check_patterns(&[stars(31)], &paths, &config);
        // Every two-star pattern over two letters, all on one key: over any state budget.
        let many: Vec<String> = (0..1_500usize).map(|n| format!("*{:b}*{:b}*", n, n * 7 + 1)).collect();
        let bits: Vec<String> = ["0101110", "111000111", &"10".repeat(2_000)].map(String::from).to_vec();
        check_patterns(&many, &bits, &config);
        // Thousands of patterns on one prefix, nested prefixes, suffixes.
        let prefix: Vec<String> = (0..3_000).map(|n| format!("instance/ins-{n}-*x")).collect();
        check_patterns(&prefix, &["instance/ins-1-yx".into(), "instance/ins-2999-".into()], &config);
        let nested: Vec<String> = (1..1_000).map(|n| format!("{}*", a(n))).collect();
        check_patterns(&nested, &[a(1_200), "b".into(), a(3)], &config);
        let suffixes: Vec<String> = (0..1_000).map(|n| format!("*{n}.log")).collect();
        check_patterns(&suffixes, &["x/999.log".into(), "1.txt".into()], &config);
    }
}

#[test]
fn more_stars_than_allowed_are_refused_unless_raised() {
    let pattern = "*a".repeat(33);
    let statement =
        json!({ "effect": "allow", "action": ["cvm:*"], "resource": [format!("qcs::cvm:::{pattern}")] });
    let loaded = one_user(vec![statement], json!({}));
    assert!(loaded.set.is_none());
    assert!(loaded.diagnostics.iter().any(|found| found.code.to_string() == "CAM0443"));
}

#[test]
fn a_bound_on_the_cost_names_the_policy() {
    let statements = (0..40)
        .map(|n| {
            json!({ "effect": "allow", "action": ["cvm:*"], "resource": ["*"],
            "condition": { "string_like": { "k": [format!("{n}*")] } } })
        })
        .collect();
    let loaded = one_user(statements, raised());
    let set = loaded.set.expect("accepted");
    let error = compile(&set, &Config::default().max_candidates(10)).expect_err("40 rows under one key");
    assert!(error.to_string().contains("40") && error.to_string().contains("`p`"), "{error}");
}

#[test]
fn worlds_may_be_streams() {
    let lines = [
        r#"{"account":{"uin":"100000000001","users":[{"uin":"100000000011","policies":["all"]}]}}"#,
        r#"{"preset":{"name":"all","policy":{"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]}}}"#,
    ];
    let input = WorldInput::lines("world.ndjson", lines.iter().map(|line| Ok((*line).to_string())));
    let loaded = load(input, &NoFiles, &Overrides::default());
    let mut product = Product::new(&loaded, &Config::default());
    let request =
        r#"{"principal":"qcs::cam::uin/100000000001:uin/100000000011","action":"cvm:X","resource":"*"}"#;
    assert_eq!(product.answer(request).decision, "allow");
}

/// Places that do not fit the requests could keep an answer of before.
#[test]
fn many_requests_need_as_many_places() {
    let loaded = one_user(vec![json!({ "effect": "allow", "action": ["*"], "resource": ["*"] })], raised());
    let product = Product::new(&loaded, &Config::default());
    let mut scratch = product.decider().engine().scratch();
    let mut places = [Decision::Allow { witness: None }; 2];
    product.decider().engine().decide_many(&[Request::default(); 3], &mut places, &mut scratch);
    assert_eq!(places, [Decision::Error { code: ErrorCode::Size }; 2]);
}

/// A session policy with a larger literal filter than the world's: its marks must not outlive a decision.
#[test]
fn a_session_is_asked_anew_every_time() {
    let config = || Config::default().path_anchors(false).action_anchors(false).dense_rows(0).state_budget(1);
    let allow = json!({ "effect": "allow", "action": ["cvm:*"], "resource": ["*"] });
    let other =
        json!({ "effect": "allow", "action": ["cdb:*"], "resource": ["qcs::cdb:::*q*", "qcs::cdb:::*r*"] });
    let loaded = one_user(vec![allow, other], raised());
    let product = Product::new(&loaded, &config());
    let needles: Vec<String> =
        (0..40).map(|n| format!("qcs::cvm:::*{n}-long-needle*")).chain(["qcs::cvm:::*z*".into()]).collect();
    let session = json!({ "version": "2.0", "statement": [
        { "effect": "allow", "action": ["*"], "resource": ["*"] },
        { "effect": "deny", "action": ["cvm:*"], "resource": needles } ] });
    let request = json!({ "principal": "qcs::cam::uin/100000000001:uin/100000000011", "action": "cvm:X",
        "resource": "qcs::cvm:ap-beijing:uin/100000000001:instance/z", "session_policy": session });
    let request = request::parse(&request.to_string()).expect("well-formed");
    let session = product.decider().session(&request);
    let mut scratch = product.decider().engine().scratch();
    for _ in 0..3 {
        let decision = with_request(&request, &session, |request| {
            product.decider().engine().decide(request, &mut scratch)
        });
        assert!(matches!(decision, Decision::ExplicitDeny { .. }), "{decision:?}");
    }
}

/// A row is never copied under every key that its actions make: the index stays linear in the policies.
#[test]
fn many_actions_on_many_resources_do_not_multiply() {
    let actions: Vec<String> = (0..340).map(|n| format!("a{n}:*")).collect();
    for effect in ["allow", "deny"] {
        let resources: Vec<String> = (0..110).map(|n| format!("qcs::cvm:gz:uin/1:*{n}*")).collect();
        let statement = json!({ "effect": effect, "action": actions, "resource": resources });
        let text = statement.to_string().len();
        let loaded = one_user(vec![statement], raised());
        let bytes =
            compile(&loaded.set.expect("accepted"), &Config::default()).expect("compiles").bytes.len();
        assert!(bytes < 20 * text, "{bytes} bytes of {text} bytes of policy");
    }
}
