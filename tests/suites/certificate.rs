//! No request has more rows tested than the bundle's certificate says, whatever the compiler was allowed to do.
//!
//! The runtime counts the rows that it tests for one spelling of one resource, and no deny ends the count: a decision
//! may stop earlier and never tests more. A session policy is a bundle of its own, with a certificate of its own.

use camshaft::decider::with_request;
use camshaft_bundle::{Bundle, verify_full};
use camshaft_compiler::{Config, compile};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request;
use camshaft_runtime::{Engine, Request};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use serde_json::{Value, json};

/// The default and every switch.
fn configs() -> Vec<(&'static str, Config)> {
    let mut configs = Config::variants();
    configs.insert(0, ("default", Config::default()));
    configs
}

/// The bound for a request.
fn bound_of(bundle: &Bundle, request: &Request<'_>) -> u32 {
    let values: usize = request.context.iter().map(|(_, values)| values.len()).sum();
    let empty = request.context.iter().filter(|(_, values)| values.is_empty()).count();
    bundle.tables().certificate().with_context(values as u32, empty as u32)
}

#[test]
fn generated_requests_keep_to_the_certificate() {
    let (mut asked, mut reached, mut in_session) = (0, 0, 0);
    for seed in 0..150 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let maker = Requests::new(&value, Features::all());
        for (name, config) in configs() {
            let product = Product::new(&loaded, &config);
            let engine = product.decider().engine();
            let mut scratch = engine.scratch();
            let mut random = Random::new(seed);
            for _ in 0..60 {
                let text = maker.next(&mut random).to_string();
                let Ok(request) = request::parse(&text) else { continue };
                let session = product.decider().session(&request);
                with_request(&request, &session, |request| {
                    let [world, of_session] = engine.candidates(request, &mut scratch);
                    let bound = bound_of(engine.bundle(), request);
                    assert!(world <= bound, "world {seed}, {name}: {world} rows of {bound}\n{text}\n{value}");
                    asked += 1;
                    reached += usize::from(world == bound);
                    in_session += usize::from(of_session > 0);
                });
            }
        }
    }
    println!(
        "{asked} requests, {reached} as costly as their certificate, {in_session} with a session policy"
    );
    assert!(asked > 100_000 && reached > 0 && in_session > 0);
}

/// A sub-account that holds these statements, and the requests of it for paths of one bucket.
struct Hostile {
    what: &'static str,
    set: PolicySet,
    paths: Vec<String>,
}

const BUCKET: &str = "qcs::cos:ap-beijing:uid/1250000000:data-1250000000/";

/// The entries, each in a statement with a condition of its own that no request meets.
fn hostile(what: &'static str, entries: &[String], paths: Vec<String>) -> Hostile {
    Hostile { what, set: held(entries, ["deny", "allow", "allow"]), paths }
}

/// One sub-account with a statement for each entry, with these effects in turn.
fn held<const N: usize>(entries: &[String], effects: [&str; N]) -> PolicySet {
    let statements: Vec<Value> = entries
        .iter()
        .enumerate()
        .map(|(number, entry)| {
            json!({ "effect": effects[number % N], "action": ["cos:GetObject"], "resource": [entry],
                "condition": { "string_equal": { "qcs:resource_tag": [format!("id&{number}")] } } })
        })
        .collect();
    // A source holds 64 KiB.
    let policies: Vec<Value> = statements
        .chunks(100)
        .map(|statements| json!({ "version": "2.0", "statement": statements }))
        .collect();
    let world = json!({
        "options": { "limits": { "LIM-1": 1_000_000, "LIM-2": 1_000_000 } },
        "accounts": [{ "uin": "100000000001", "appid": "1250000000",
            "users": [{ "uin": "100000000011", "policies": policies }] }]
    });
    let loaded = load_text(&world.to_string());
    loaded.set.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics.first()))
}

/// All texts of these letters up to a length.
fn texts(letters: &str, longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|text| letters.chars().map(move |letter| format!("{text}{letter}")))
            .collect();
        all.extend_from_slice(&last);
    }
    all.split_off(1)
}

/// A text that has every text of `length` letters a and b inside: each next letter is the one that was longest not met.
fn every_text_of_two_letters(length: usize) -> String {
    let mut text = "a".repeat(length);
    let mut met = std::collections::HashSet::from([text.clone()]);
    loop {
        let tail = text[text.len() + 1 - length..].to_owned();
        let next = ["b", "a"].iter().map(|letter| format!("{tail}{letter}")).find(|next| !met.contains(next));
        let Some(next) = next else { return text };
        text.push_str(&next[length - 1..]);
        met.insert(next);
    }
}

fn hostile_worlds() -> Vec<Hostile> {
    let two = texts("ab", 7);
    let dense = every_text_of_two_letters(7);
    let mut random = Random::new(7);
    let random: String = (0..200).map(|_| ["a", "b"][random.below(2)]).collect();
    let paths = || vec![dense.clone(), random.clone(), "a".repeat(200), format!("{dense}/c"), "c".into()];
    let nested: Vec<String> = (1..200).map(|length| "a".repeat(length)).collect();
    type Shape = (&'static str, fn(&str) -> String);
    let in_bucket: [Shape; 6] = [
        ("exact", |text| format!("{BUCKET}{text}")),
        ("beginnings", |text| format!("{BUCKET}{text}*")),
        ("a live beginning", |text| format!("{BUCKET}*{text}*")),
        ("two literals", |text| format!("{BUCKET}x{text}*{text}*")),
        ("a literal between ends", |text| format!("{BUCKET}a*{text}*b")),
        ("ends", |text| format!("{BUCKET}*{text}")),
    ];
    // Nothing to tell the entries apart by but what is inside.
    let anywhere: [Shape; 4] = [
        ("literals anywhere", |text| format!("qcs::cos:::*{text}*")),
        ("two literals anywhere", |text| format!("qcs::cos:::*{text}*{text}*")),
        ("ends anywhere", |text| format!("qcs::cos:::*{text}")),
        ("beginnings or insides", |text| format!("qcs::cos:::{}{text}*", ["*", "data"][text.len() % 2])),
    ];
    let all = in_bucket.into_iter().chain(anywhere);
    all.flat_map(|(what, entry)| {
        [&two, &nested].map(|texts| {
            let entries: Vec<String> = texts.iter().map(|text| entry(text)).collect();
            hostile(what, &entries, paths())
        })
    })
    .collect()
}

#[test]
fn hostile_requests_keep_to_the_certificate() {
    for Hostile { what, set, paths } in hostile_worlds() {
        for (name, config) in configs() {
            let compiled = compile(&set, &config).expect("compiles");
            let engine = Engine::new(Bundle::open(&compiled.bytes).expect("opens"));
            let certificate = engine.bundle().tables().certificate();
            assert_eq!(certificate, compiled.stats.certificate, "{what}, {name}");
            let derived = verify_full(engine.bundle()).expect("verifies");
            assert_eq!(certificate, derived.certificate, "{what}, {name}");
            let mut scratch = engine.scratch();
            for path in &paths {
                for head in ["", "x", "a"] {
                    let resource = format!("{BUCKET}{head}{path}");
                    let request = Request {
                        principal: "qcs::cam::uin/100000000001:uin/100000000011",
                        action: "cos:GetObject",
                        resources: &[&resource],
                        ..Request::default()
                    };
                    let [rows, _] = engine.candidates(&request, &mut scratch);
                    let bound = bound_of(engine.bundle(), &request);
                    assert!(rows <= bound, "{what}, {name}: {rows} rows of {bound} for {resource}");
                }
            }
        }
    }
}

/// Tags of a list have sixteen bits: of 120 keys two share one now and then, and a request for either meets both.
#[test]
fn keys_that_share_a_tag_are_counted_together() {
    let mut shared = 0;
    for world in 0..60 {
        let entries: Vec<String> = (0..120).map(|folder| format!("{BUCKET}{world}-{folder}/*")).collect();
        let set = held(&entries, ["allow"]);
        let compiled = compile(&set, &Config::default()).expect("compiles");
        let engine = Engine::new(Bundle::open(&compiled.bytes).expect("opens"));
        assert_eq!(compiled.stats.certificate, verify_full(engine.bundle()).expect("verifies").certificate);
        let bound = compiled.stats.certificate.rows;
        let mut scratch = engine.scratch();
        let most = entries.iter().map(|entry| {
            let resource = entry.replace('*', "a");
            let request = Request {
                principal: "qcs::cam::uin/100000000001:uin/100000000011",
                action: "cos:GetObject",
                resources: &[&resource],
                ..Request::default()
            };
            engine.candidates(&request, &mut scratch)[0]
        });
        assert_eq!(most.max(), Some(bound), "world {world}");
        shared += usize::from(bound > 1);
    }
    assert!((1..60).contains(&shared), "{shared} worlds with a shared tag");
}

/// Of many policies, the one with most rows under the most crowded key.
#[test]
fn a_refusal_for_its_cost_names_the_policy() {
    let statement = |number: usize, resource: &str| {
        json!({ "effect": "allow", "action": ["cvm:*"], "resource": [resource],
            "condition": { "string_like": { "qcs:resource_tag": [format!("id&{number}*")] } } })
    };
    let spread: Vec<Value> =
        (0..50).map(|number| statement(number, &format!("qcs::cvm:::instance/ins-{number}"))).collect();
    let crowded: Vec<Value> = (0..50).map(|number| statement(number, "qcs::cvm:::instance/*")).collect();
    let world = json!({ "accounts": [{ "uin": "100000000001",
        "users": [{ "uin": "100000000011", "policies": ["crowded", "spread"] }],
        "policies": { "crowded": { "version": "2.0", "statement": crowded },
            "spread": { "version": "2.0", "statement": spread } } }],
        "options": { "limits": { "LIM-1": 65_536, "LIM-2": 65_536 } } });
    let set = load_text(&world.to_string()).set.expect("accepted");
    let most = compile(&set, &Config::default()).expect("compiles").stats.certificate.usual();
    assert!((50..60).contains(&most), "{most}");
    compile(&set, &Config::default().max_candidates(most)).expect("within the bound");
    let refused = compile(&set, &Config::default().max_candidates(most - 1)).expect_err("over the bound");
    let text = refused.to_string();
    assert!(text.contains("`crowded`") && text.contains(&most.to_string()), "{text}");
}
