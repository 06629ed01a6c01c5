//! Every limit at its edge, hostile input, and the page that lists both (`docs/limits.md`).

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use camshaft_bundle::schema::{block, row};
use camshaft_bundle::{Bundle, write};
use camshaft_compiler::{Budget, Config, compile, prove};
use camshaft_frontend::json;
use camshaft_frontend::world::{NoFiles, Overrides, WorldInput, load};
use camshaft_tests::product::{Product, load_text};
use serde_json::{Value, json};

/// Measures the most memory that the present thread holds at a time.
struct Measuring;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn took(bytes: usize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call goes to the system allocator unchanged; the counters are plain thread-local cells
// that allocate nothing themselves.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Measuring {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get().saturating_sub(layout.size()));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Measuring = Measuring;

/// What a call comes to, the time it takes, and the memory beyond what was held before.
fn measured<T>(call: impl FnOnce() -> T) -> (T, Duration, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let begin = Instant::now();
    let result = call();
    (result, begin.elapsed(), PEAK.get() - before)
}

/// The codes of a world, once each.
fn codes(world: &str) -> BTreeSet<String> {
    let loaded = load_text(world);
    loaded.diagnostics.iter().map(|found| found.code.to_string()).collect()
}

/// A world in which one user holds a policy, as text.
fn holding(policy: &str) -> String {
    json!({ "accounts": [{ "uin": "1", "appid": "1250000000", "users": [{ "uin": "2", "policies": ["p"] }],
        "policies": { "p": { "text": policy } } }] })
    .to_string()
}

fn policy(statement: &Value) -> String {
    json!({ "version": "2.0", "statement": [statement] }).to_string()
}

/// Something within a limit and the same one past it; the code that the second has and the first has not.
fn edge(limit: &str, code: &str, within: &str, beyond: &str) {
    let (within, beyond) = (codes(within), codes(beyond));
    assert!(!within.contains(code), "{limit}: {within:?}");
    assert!(beyond.contains(code), "{limit}: {beyond:?}");
}

#[test]
fn every_limit_of_the_platform_has_its_edge() {
    // LIM-1, LIM-2: characters without blanks outside of strings.
    let long = |chars: usize| {
        let of = |path: usize| {
            policy(
                &json!({ "effect": "allow", "action": ["cvm:A"], "resource": [format!("qcs::cvm:::{}", "é".repeat(path))] }),
            )
        };
        let empty = of(0).chars().count();
        let text = of(chars - empty);
        assert_eq!(text.chars().count(), chars);
        holding(&format!(" {text}\n"))
    };
    edge("LIM-1", "CAM0440", &long(4_096), &long(4_097));
    edge("LIM-2", "CAM0441", &long(6_144), &long(6_145));

    let names = |count: usize, name: fn(usize) -> Value| (0..count).map(name).collect::<Vec<Value>>();
    let account = |members: Value| {
        let mut account = json!({ "uin": "1" });
        account.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        json!({ "accounts": [account] }).to_string()
    };
    let any =
        json!({ "version": "2.0", "statement": [{ "effect": "allow", "action": "*", "resource": "*" }] });
    let policies = |count: usize| {
        (0..count).map(|at| (format!("p{at}"), any.clone())).collect::<serde_json::Map<_, _>>()
    };
    let tied = |count: usize| {
        let names: Vec<Value> = (0..count).map(|at| json!(format!("p{at}"))).collect();
        account(json!({ "policies": policies(count), "users": [{ "uin": "2", "policies": names }] }))
    };
    edge("LIM-3", "CAM0442", &tied(200), &tied(201));
    let custom = |count: usize| account(json!({ "policies": policies(count) }));
    edge("LIM-4", "CAM0442", &custom(1_500), &custom(1_501));
    let groups = |count| account(json!({ "groups": names(count, |at| json!({ "name": format!("g{at}") })) }));
    edge("LIM-5", "CAM0442", &groups(300), &groups(301));
    let users =
        |count| account(json!({ "users": names(count, |at| json!({ "uin": (at + 2).to_string() })) }));
    edge("LIM-6", "CAM0442", &users(1_000), &users(1_001));
    let roles = |count| {
        let trust = json!({ "version": "2.0", "statement": [{ "effect": "allow", "principal": "*", "action": "sts:AssumeRole" }] });
        let of = |at: usize| json!({ "name": format!("r{at}"), "id": (at + 1).to_string(), "trust": trust });
        account(json!({ "roles": (0..count).map(of).collect::<Vec<_>>() }))
    };
    edge("LIM-7", "CAM0442", &roles(1_000), &roles(1_001));
    let member = |count| {
        let own: Vec<Value> = (0..count).map(|at| json!(format!("g{at}"))).collect();
        let groups = names(11, |at| json!({ "name": format!("g{at}") }));
        account(json!({ "groups": groups, "users": [{ "uin": "2", "groups": own }] }))
    };
    edge("LIM-8", "CAM0442", &member(10), &member(11));
    let members = |count| {
        let users = names(count, |at| json!({ "uin": (at + 2).to_string(), "groups": ["g"] }));
        account(json!({ "groups": [{ "name": "g" }], "users": users }))
    };
    edge("LIM-9", "CAM0442", &members(100), &members(101));
    // Octets make powers of 256: the edge is shown with a limit of its own.
    let networks = |limit: u64, values: &[String]| {
        let statement = json!({ "effect": "allow", "action": "*", "resource": "*",
            "condition": { "ip_equal": { "qcs:ip": values } } });
        let mut world: Value = serde_json::from_str(&holding(&policy(&statement))).expect("JSON");
        world["options"] = json!({ "limits": { "LIM-10": limit } });
        world.to_string()
    };
    let wide = ["10.*.5.0/24".to_owned()];
    edge("LIM-10", "CAM0409", &networks(256, &wide), &networks(255, &wide));
    edge("LIM-10", "CAM0409", &networks(1_024, &wide), &networks(1_024, &["10.*.*.7".to_owned()]));
    let many = |count: usize| (0..count).map(|at| format!("{at}.*.5.0/24")).collect::<Vec<_>>();
    edge("LIM-17", "CAM0409", &networks(1_024, &many(64)), &networks(1_024, &many(65)));
    let joins = |count: usize| {
        let account = |at: usize| json!({ "uin": (at + 1).to_string(), "users": [{ "uin": "99", "kind": "collaborator" }] });
        json!({ "accounts": (0..count).map(account).collect::<Vec<_>>() }).to_string()
    };
    edge("LIM-11", "CAM0442", &joins(10), &joins(11));
}

#[test]
fn every_limit_of_the_input_has_its_edge() {
    let sound = policy(&json!({ "effect": "allow", "action": ["cvm:A"], "resource": ["*"] }));
    let padded = |bytes: usize| holding(&format!("{sound}{}", " ".repeat(bytes - sound.len())));
    edge("LIM-12", "CAM0110", &padded(65_536), &padded(65_537));
    let nested = |levels: usize| holding(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    edge("LIM-13", "CAM0109", &nested(16), &nested(17));
    let stars = |stars: usize, at: usize| {
        let mut statement = json!({ "effect": "allow", "action": ["cvm:A"], "resource": ["qcs::cvm:::a"],
            "condition": { "string_like": { "k": ["a"] } } });
        let pattern = "a*".repeat(stars);
        match at {
            0 => statement["action"] = json!([format!("cvm:{pattern}")]),
            1 => statement["resource"] = json!([format!("qcs::cvm:::{pattern}")]),
            _ => statement["condition"]["string_like"]["k"] = json!([pattern]),
        }
        holding(&policy(&statement))
    };
    for at in 0..3 {
        edge("LIM-14", "CAM0443", &stars(32, at), &stars(33, at));
    }
    // A world, around whatever does not belong there: only its depth is of interest.
    let deep = |levels: usize| format!("{{\"x\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let depth_is_said =
        |text: &str| load_text(text).diagnostics.iter().any(|found| found.message.contains("nest"));
    assert!(!depth_is_said(&deep(64)) && depth_is_said(&deep(65)));
}

#[test]
fn every_limit_of_a_request_has_its_edge() {
    let mut product = Product::new(
        &load_text(&holding(&policy(&json!({ "effect": "allow", "action": "*", "resource": "*" })))),
        &Config::default(),
    );
    let mut edge = |limit: &str, code: &str, make: &dyn Fn(usize) -> String, most: usize| {
        let mut code_of = |text: &str| product.answer(text).code;
        assert_eq!(code_of(&make(most)), None, "{limit}: {}", make(most));
        assert_eq!(code_of(&make(most + 1)).as_deref(), Some(code), "{limit}");
    };
    let request = |resource: Value, context: Value| {
        json!({ "principal": "qcs::cam::uin/1:uin/2", "action": "cvm:A", "resource": resource, "context": context })
            .to_string()
    };
    let one = || json!("qcs::cvm:::a");
    edge("LIM-15", "CAM0604", &|count| request(json!(vec!["qcs::cvm:::a"; count]), json!({})), 64);
    edge(
        "LIM-16",
        "CAM0608",
        &|bytes| request(json!(format!("qcs::cvm:::{}", "a".repeat(bytes - 11))), json!({})),
        4_096,
    );
    edge(
        "LIM-16",
        "CAM0608",
        &|bytes| request(one(), json!({ "k": "é".repeat(bytes / 2) + &"a".repeat(bytes % 2) })),
        4_096,
    );
    let keys = |count| {
        let keys = (0..count).map(|key| (key.to_string(), json!([])));
        request(one(), Value::Object(keys.collect()))
    };
    edge("LIM-16", "CAM0608", &keys, 256);
    edge("LIM-16", "CAM0608", &|count| request(one(), json!({ "k": vec!["v"; count] })), 256);
    let padded = |bytes: usize| {
        let text = request(one(), json!({}));
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    edge("LIM-18", "CAM0608", &padded, 65_536);
    let deep = |levels: usize| {
        // Two levels are the request and its session policy, which is refused for what it holds, not for its depth.
        let text = format!("{{\"version\":{}{}}}", "[".repeat(levels - 2), "]".repeat(levels - 2));
        format!(
            "{{\"principal\":\"qcs::cam::uin/1:uin/2\",\"action\":\"cvm:A\",\"resource\":\"*\",\"session_policy\":{text}}}"
        )
    };
    assert_eq!(product.answer(&deep(64)).code.as_deref(), Some("CAM0606"));
    assert_eq!(product.answer(&deep(65)).code.as_deref(), Some("CAM0600"));
}

/// What parsers of JSON disagree about is refused wherever it stands.
#[test]
fn tricks_of_json_are_refused() {
    let statement = r#"{"effect":"allow","action":["cvm:A"],"resource":["*"]}"#;
    let tricks = [
        ("CAM0108", format!(r#"{{"version":"2.0","version":"2.0","statement":[{statement}]}}"#)),
        ("CAM0108", format!(r#"{{"version":"2.0","statement":[{{"effect":"deny",{}]}}"#, &statement[1..])),
        ("CAM0108", format!(r#"{{"version":"2.0","\u0076ersion":"2.0","statement":[{statement}]}}"#)),
        (
            "CAM0111",
            format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("cvm:A", r"\ud800")),
        ),
        (
            "CAM0111",
            format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("cvm:A", r"\udc00\ud800")),
        ),
        (
            "CAM0111",
            format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("cvm:A", "cvm:\u{0}A")),
        ),
        (
            "CAM0304",
            format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("cvm:A", r"cvm:\u0000A")),
        ),
        ("CAM0210", format!(r#"{{"version":2.0,"statement":[{statement}]}}"#)),
        ("CAM0105", format!(r#"{{"version":"2.0","statement":[{statement}],"#)),
        ("CAM0105", format!("{{\"version\":\"2.0\",\"statement\":[{statement}]\u{0}}}")),
        ("CAM0107", format!(r#"{{"version":"2.0","statement":[{statement}]}}{{}}"#)),
        (
            "CAM0105",
            format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("\"cvm:A\"", "NaN")),
        ),
        ("CAM0105", format!(r#"{{"version":"2.0","statement":[{}]}}"#, statement.replace("\"cvm:A\"", "01"))),
    ];
    for (code, text) in &tricks {
        let found = codes(&holding(text));
        assert!(
            found.contains(*code) || *code == "CAM0210" && found.contains("CAM0202"),
            "{code} is not among {found:?}\n{text}"
        );
    }
    // LIT-5: as many digits as are compared exactly, and not one more.
    let numbers = |value: &str| {
        let condition = format!(r#""condition":{{"numeric_equal":{{"k":{value}}}}},"resource""#);
        let statement = statement.replace(r#""resource""#, &condition);
        codes(&holding(&format!(r#"{{"version":"2.0","statement":[{statement}]}}"#)))
    };
    let digits = |count: usize| "9".repeat(count);
    for sound in [digits(38), format!("-{}.{}", digits(38), digits(38))] {
        assert!(!numbers(&sound).contains("CAM0414"), "{sound}");
    }
    let more = [
        digits(39),
        format!("0.{}", digits(39)),
        "1e1".into(),
        "1E400".into(),
        format!("-{}", digits(6_000)),
    ];
    for refused in more {
        assert!(numbers(&refused).contains("CAM0414"), "{:?} for {refused}", numbers(&refused));
    }

    let mut product = Product::new(
        &load_text(&holding(&policy(&json!({ "effect": "allow", "action": "*", "resource": "*" })))),
        &Config::default(),
    );
    let request =
        r#"{"principal":"qcs::cam::uin/1:uin/2","action":"cvm:A","resource":"*","context":{"k":"v"}}"#;
    assert_eq!(product.answer(request).decision, "allow");
    let million = "9".repeat(1_000_000);
    let requests = [
        ("CAM0600", request.replace(r#""resource""#, r#""action":"cvm:B","resource""#)),
        ("CAM0600", request.replace(r#""resource""#, r#""\u0061ction":"cvm:B","resource""#)),
        ("CAM0600", request.replace(r#""k":"v""#, r#""k":"v","k":"w""#)),
        ("CAM0600", request.replace(r#""v""#, r#""\ud800""#)),
        ("CAM0600", request.replace(r#""v""#, "\"\u{0}\"")),
        ("CAM0600", format!("{request}{request}")),
        ("CAM0600", format!("// no\n{request}")),
        ("CAM0600", request.replace("\"v\"}", "\"v\",}")),
        ("CAM0608", request.replace(r#""v""#, r#"{"v":1}"#)),
        ("CAM0608", request.replace(r#""v""#, &million)),
        ("CAM0608", request.replace(r#""v""#, &million[..5_000])),
        ("CAM0600", request.replace(r#""context""#, r#""artifact_age_s":18446744073709551616,"context""#)),
        ("CAM0600", request.replace(r#""context""#, r#""artifact_age_s":1e3,"context""#)),
        ("CAM0602", request.replace("cvm:A", "cvm:\\u0000A")),
        ("CAM0601", request.replace("uin/2", "uin/2\\u0000")),
    ];
    for (code, text) in requests {
        let found = product.answer(&text).code;
        assert_eq!(found.as_deref(), Some(code), "{}", &text[..text.len().min(300)]);
    }
    // NUL and numbers beyond any float are values like others.
    for value in [r#""\u0000""#, "1e999999999", "-0", "true"] {
        assert_eq!(product.answer(&request.replace("\"v\"", value)).decision, "allow", "{value}");
    }

    let worlds = [
        r#"{"accounts":[{"uin":"1"}],"accounts":[]}"#,
        r#"{"accounts":[{"uin":"1","uin":"1"}]}"#,
        r#"{"accounts":[{"uin":"1"}]}{}"#,
        "{\"accounts\":[{\"uin\":\"1\"}]}\u{0}",
        r#"{"accounts":[{"uin":"\ud800"}]}"#,
        r#"{"accounts":[{"uin":1}]}"#,
        r#"{"accounts":[{"uin":"1"}],"options":{"max_artifact_age_s":1e3}}"#,
        r#"{"accounts":[{"uin":"1"}],"options":{"max_artifact_age_s":18446744073709551616}}"#,
        "\u{feff}{\"accounts\":[{\"uin\":\"1\"}]}",
    ];
    for world in worlds {
        assert!(load_text(world).set.is_none(), "{world}");
    }
}

/// Memory that input may take: so many bytes for each of its own, and a floor.
const TIMES: usize = 256;
const FLOOR: usize = 8 << 20;
/// Generous on a machine that has other work; what grows with the square of its input takes minutes.
const PATIENCE: Duration = Duration::from_secs(30);

fn assert_bounded(what: &str, bytes: usize, time: Duration, memory: usize) {
    println!("{what}: {} KiB in {time:.1?}, {} KiB held at most", bytes >> 10, memory >> 10);
    assert!(time < PATIENCE, "{what}: {time:?}");
    assert!(memory < bytes * TIMES + FLOOR, "{what}: {memory} bytes for {bytes}");
}

/// Large and misshapen input is read in time and memory in proportion to its length, and said in few words.
#[test]
fn hostile_worlds_take_time_and_memory_in_proportion() {
    let list =
        |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let around = |inside: &str| format!(r#"{{"accounts":[{{"uin":"1"}}],{inside}}}"#);
    let worlds = [
        ("brackets", "[".repeat(16 << 20)),
        ("braces", "{\"a\":".repeat(1 << 20)),
        ("commas", format!("{{\"accounts\":[{}", ",".repeat(1 << 20))),
        ("comments", "/*".repeat(1 << 20)),
        (
            "a million members",
            around(&format!("\"parameters\":{{{}}}", list(1_000_000, &|at| format!("\"p{at}\":\"x\"")))),
        ),
        (
            "one member, often",
            around(&format!("\"parameters\":{{{}}}", list(300_000, &|_| "\"p\":\"x\"".into()))),
        ),
        ("members of no meaning", format!("{{{}}}", list(300_000, &|at| format!("\"p{at}\":1")))),
        ("empty accounts", format!("{{\"accounts\":[{}]}}", list(300_000, &|_| "{}".into()))),
        ("numbers", format!("{{\"accounts\":[{}]}}", "1,".repeat(1 << 20))),
        ("digits", around(&format!("\"options\":{{\"max_artifact_age_s\":{}}}", "9".repeat(1_000_000)))),
        ("a long uin", format!("{{\"accounts\":[{{\"uin\":\"{}\"}}]}}", "9".repeat(1_000_000))),
        ("a long name", format!("{{\"accounts\":[{{\"uin\":\"{}\"}}]}}", "a".repeat(8 << 20))),
        ("a long name, escaped", format!("{{\"accounts\":[{{\"uin\":\"{}\"}}]}}", "\\u0061".repeat(1 << 20))),
        (
            "users",
            format!(
                "{{\"options\":{{\"limits\":{{\"LIM-6\":1000000}}}},\"accounts\":[{{\"uin\":\"1\",\"users\":[{}]}}]}}",
                list(100_000, &|at| format!("{{\"uin\":\"{}\"}}", at + 2))
            ),
        ),
        (
            "sets of actions",
            around(&format!(
                "\"catalogue\":{{{}}}",
                list(100_000, &|at| format!("\"permid/{at}\":[\"cos:*a{at}\"]"))
            )),
        ),
    ];
    for (what, text) in worlds {
        let bytes = text.len();
        let (loaded, time, memory) =
            measured(|| load(WorldInput::text("world.json", text), &NoFiles, &Overrides::default()));
        assert_bounded(what, bytes, time, memory);
        let said: usize = loaded.diagnostics.iter().map(|found| found.message.len()).sum();
        assert!(
            loaded.diagnostics.len() <= 10_010 && said < 4 << 20,
            "{what}: {} findings",
            loaded.diagnostics.len()
        );
        assert!(loaded.diagnostics.iter().all(|found| found.message.len() <= 1_024), "{what}");
    }
}

/// One policy of 64 KiB, as hostile as it can be.
#[test]
fn hostile_policies_take_time_and_memory_in_proportion() {
    let fill = |unit: &str| unit.repeat(60_000 / unit.len());
    let list = |unit: &str| format!("[{}]", fill(unit).trim_end_matches(','));
    let with = |action: &str, resource: &str, condition: &str| {
        format!(
            r#"{{"version":"2.0","statement":[{{"effect":"deny","action":{action},"resource":{resource},"condition":{condition}}}]}}"#
        )
    };
    let numbered = |count: usize, item: &dyn Fn(usize) -> String| {
        format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(","))
    };
    let stars = |at: usize| format!("\"qcs::cos:::{}{at}\"", "a*".repeat(32));
    let policies = [
        ("brackets", "[".repeat(65_536)),
        ("quotes", "\"".repeat(65_536)),
        ("backslashes", format!("\"{}", "\\".repeat(65_000))),
        ("empty actions", with(&list("\"\","), "\"*\"", "{}")),
        ("wrong actions", with(&list("1,"), "\"*\"", "{}")),
        ("wrong objects", with(&list("{},"), "\"*\"", "{}")),
        ("equal actions", with(&list("\"cvm:A\","), "\"*\"", "{}")),
        ("different actions", with(&numbered(5_000, &|at| format!("\"cvm:{at}*\"")), "\"*\"", "{}")),
        ("infix actions", with(&numbered(5_000, &|at| format!("\"cvm:*{at}*\"")), "\"*\"", "{}")),
        ("placeholders", with("\"cvm:A\"", &list("\"qcs::cvm::uin/x:${\","), "{}")),
        ("resources of 32 stars", with("\"cos:*\"", &numbered(750, &stars), "{}")),
        ("colons", with("\"cvm:A\"", &format!("\"{}\"", ":".repeat(60_000)), "{}")),
        (
            "values",
            with(
                "\"*\"",
                "\"*\"",
                &format!("{{\"string_like\":{{\"k\":{}}}}}", numbered(4_000, &|at| format!("\"*{at}*a*\""))),
            ),
        ),
        (
            "networks",
            with(
                "\"*\"",
                "\"*\"",
                &format!("{{\"ip_equal\":{{\"k\":{}}}}}", numbered(64, &|at| format!("\"{at}.*.5.0/24\""))),
            ),
        ),
        (
            "addresses",
            with(
                "\"*\"",
                "\"*\"",
                &format!(
                    "{{\"ip_equal\":{{\"k\":{}}}}}",
                    numbered(3_500, &|at| format!("\"{}.{}.7.9\"", at % 251, at / 251))
                ),
            ),
        ),
        (
            "keys",
            with(
                "\"*\"",
                "\"*\"",
                &format!(
                    "{{\"string_equal\":{{{}}}}}",
                    (0..4_500).map(|at| format!("\"k{at}\":\"v\"")).collect::<Vec<_>>().join(",")
                ),
            ),
        ),
        (
            "statements",
            format!(
                r#"{{"version":"2.0","statement":{}}}"#,
                numbered(1_000, &|at| format!(
                    r#"{{"effect":"deny","action":"a:B","resource":"qcs::a:::*{at}*"}}"#
                ))
            ),
        ),
    ];
    let options = json!({ "limits": { "LIM-1": 1_000_000, "LIM-2": 1_000_000 } });
    for (what, text) in policies {
        let bytes = text.len();
        assert!(bytes <= 65_536, "{what}: {bytes}");
        let mut world: Value = serde_json::from_str(&holding(&text)).expect("JSON");
        world["options"] = options.clone();
        let world = world.to_string();
        let (loaded, time, memory) =
            measured(|| load(WorldInput::text("world.json", world), &NoFiles, &Overrides::default()));
        // A finding of some hundred bytes for every few of the policy is the worst.
        assert_bounded(what, bytes * 8, time, memory);
        let Some(set) = &loaded.set else { continue };
        let one = Config::default().threads(1);
        let (compiled, time, memory) = measured(|| compile(set, &one).expect("compiles"));
        assert_bounded(&format!("{what}, compiled"), bytes * 2, time, memory);
        // Networks from octet wildcards are as many as LIM-17 allows.
        assert!(compiled.bytes.len() < 64 * bytes + (2 << 20), "{what}: {} bytes", compiled.bytes.len());
        let bundle = Bundle::open(&compiled.bytes).expect("opens");
        let budget = Budget { threads: 1, ..Budget::default() };
        let (proof, time, memory) = measured(|| prove(&bundle, Some(set), &budget));
        assert_bounded(&format!("{what}, proven"), bytes * 16, time, memory);
        assert!(proof.faults.is_empty(), "{what}: {:#?}", proof.faults);
    }
}

/// The longest requests of all, on patterns made to be slow.
#[test]
fn hostile_requests_take_time_in_proportion() {
    let resources: Vec<String> = (0..700).map(|at| format!("qcs::cvm:::{}{at}", "a*".repeat(32))).collect();
    let like: Vec<String> = (0..20).map(|at| format!("{}{at}", "*a".repeat(32))).collect();
    let mut world: Value = serde_json::from_str(&holding(&policy(
        &json!({ "effect": "deny", "action": "cvm:*a*a*a*a", "resource": resources,
            "condition": { "string_like": { "k": like } } }),
    )))
    .expect("JSON");
    world["options"] = json!({ "limits": { "LIM-1": 1_000_000, "LIM-2": 1_000_000 } });
    let mut product = Product::new(&load_text(&world.to_string()), &Config::default());
    let long = "a".repeat(900);
    let context = json!({ "k": vec!["a".repeat(40); 100] });
    let request = json!({ "principal": "qcs::cam::uin/1:uin/2", "action": format!("cvm:{long}"), "context": context,
        "resource": (0..64).map(|at| format!("qcs::cvm:::{long}{at}")).collect::<Vec<_>>() });
    let text = request.to_string();
    assert!(text.len() < 65_536 && text.len() > 60_000, "{}", text.len());
    let (answer, time, memory) = measured(|| product.answer(&text));
    assert_eq!(answer.decision, "implicit_deny");
    assert_bounded("64 resources on 700 patterns of 32 stars", text.len(), time, memory);
}

/// Text that is not JSON, in every way that bytes can be: refused, and never a panic.
#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [
        &b"\xff\xfe{\x00}\x00"[..],
        b"\xed\xa0\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xc0\x80",
        &[0; 64],
        &[0xff; 1 << 16],
    ] {
        let (_, refused) = json::decode("bytes", 0, bytes.to_vec());
        assert!(refused.is_some() || load_text(core::str::from_utf8(bytes).expect("UTF-8")).set.is_none());
    }
}

/// A sound bundle over networks, and a budget that does not reach for them.
#[test]
fn a_proof_without_memberships_says_so() {
    let statement = json!({ "effect": "allow", "action": "*", "resource": "*",
        "condition": { "ip_equal": { "qcs:ip": ["10.0.0.0/8", "192.168.0.0/16"] } } });
    let loaded = load_text(&holding(&policy(&statement)));
    let set = loaded.set.as_ref().expect("accepted");
    let bundle = Bundle::open(&compile(set, &Config::default()).expect("compiles").bytes).expect("opens");
    assert!(prove(&bundle, Some(set), &Budget::default()).is_complete());
    let proof = prove(&bundle, Some(set), &Budget { memberships: 0, ..Budget::default() });
    assert!(proof.faults.is_empty() && !proof.is_complete() && !proof.not_proven.is_empty(), "{proof:#?}");
    assert_eq!(proof.not_proven[0].budget, 0, "{proof:#?}");
}

/// More differences than anybody reads: some are kept, all are counted.
#[test]
fn a_proof_keeps_a_hundred_differences() {
    let statements: Vec<Value> = (0..150)
        .map(|at| json!({ "effect": "allow", "action": "cvm:A", "resource": format!("qcs::cvm:::x/{at}") }))
        .collect();
    let text = json!({ "version": "2.0", "statement": statements }).to_string();
    let mut world: Value = serde_json::from_str(&holding(&text)).expect("JSON");
    world["options"] = json!({ "limits": { "LIM-1": 1_000_000, "LIM-2": 1_000_000 } });
    let loaded = load_text(&world.to_string());
    let set = loaded.set.as_ref().expect("accepted");
    let bundle = Bundle::open(&compile(set, &Config::default()).expect("compiles").bytes).expect("opens");
    let mut root = bundle.tables().to_root();
    root.rows.chunks_exact_mut(row::WORDS).for_each(|row| row[row::FLAGS] ^= row::flag::DENY);
    root.blocks.chunks_exact_mut(block::WORDS).for_each(|block| block[4] ^= block::DENIES);
    let forged = Bundle::open(&write(root).expect("its index is sound")).expect("opens");
    let proof = prove(&forged, Some(set), &Budget::default());
    assert_eq!((proof.faults.len(), proof.fault_count >= 150), (100, true), "{}", proof.fault_count);
}

// ------------------------------------------------------------------------------------------ the page

const PAGE: &str = include_str!("../../docs/limits.md");

/// The rows of the tables of the page, cell by cell.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let is_row = |line: &&str| line.starts_with("| ") && !line.ends_with("| shown by |");
    PAGE.lines().filter(is_row).map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// What a text names: `path.rs::item` between backticks.
fn named(text: &str) -> Vec<(&str, &str)> {
    let codes = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
    codes.filter(|(path, _)| path.ends_with(".rs")).collect()
}

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A figure of the page as the number it is.
fn figure(text: &str) -> Option<u64> {
    text.split(' ').next()?.replace(',', "").parse().ok()
}

#[test]
fn every_row_of_the_page_names_a_test() {
    let (mut rows_seen, mut tests) = (0, 0);
    for row in rows() {
        let shown = row.last().expect("a cell");
        let functions: Vec<_> = named(shown);
        assert!(!functions.is_empty(), "{row:?} names no test");
        for (path, function) in functions {
            let text = source(path);
            let head =
                text.find(&format!("fn {function}(")).unwrap_or_else(|| panic!("{path} has no {function}"));
            let attributes =
                text[..head].lines().rev().take_while(|line| !line.is_empty() && !line.starts_with('}'));
            assert!(attributes.clone().any(|line| line.trim() == "#[test]"), "{path}::{function} is no test");
            assert!(
                attributes.clone().all(|line| !line.contains("#[ignore")),
                "{path}::{function} is ignored"
            );
            tests += 1;
        }
        rows_seen += 1;
    }
    assert!(rows_seen > 50 && tests >= rows_seen, "{rows_seen} rows, {tests} tests");
}

/// The figures of the page are those of the code.
#[test]
fn every_figure_of_the_page_is_that_of_the_code() {
    let (mut constants, mut knobs) = (0, 0);
    let config = source("crates/compiler/src/config.rs");
    for row in rows() {
        let [name, figures] = row[..2] else { panic!("{row:?}") };
        for (path, constant) in named(name) {
            let text = source(path);
            let line = text.lines().find(|line| line.contains(&format!("const {constant}:")));
            let line = line.unwrap_or_else(|| panic!("{path} has no {constant}"));
            let value = line.split(" = ").nth(1).expect("a value").trim_end_matches(';').replace('_', "");
            let value = match value.split_once(" << ") {
                Some((one, shift)) => one
                    .trim_start_matches('(')
                    .parse::<u64>()
                    .ok()
                    .zip(shift.parse::<u32>().ok())
                    .map(|(one, shift)| one << shift),
                None => value.parse().ok(),
            };
            assert_eq!(figure(figures), value, "{row:?}, {line}");
            constants += 1;
        }
        if let Some(knob) = name.strip_prefix("knob `").and_then(|rest| rest.split('`').next()) {
            let line =
                config.lines().find(|line| line.trim_start().starts_with(&format!("{knob} get_{knob}:")));
            let line = line.unwrap_or_else(|| panic!("there is no knob {knob}"));
            let value = line.split(" = ").nth(1).expect("a default").trim_end_matches(';').replace('_', "");
            match value.parse::<u64>() {
                Ok(0) => assert_eq!(figures, "one a core", "{row:?}"),
                Ok(value) => assert_eq!(figure(figures), Some(value), "{row:?}"),
                Err(_) if value == "MOSTLISTED" => assert_eq!(figures, "128", "{row:?}"),
                Err(_) => assert_eq!(figures, "none", "{row:?}"),
            }
            knobs += 1;
        }
    }
    assert!(constants >= 19, "{constants}");
    // Switches have a paragraph of their own.
    let numbers = config
        .lines()
        .filter(|line| line.contains(" get_") && line.ends_with(';') && !line.contains(": bool = "));
    assert_eq!(knobs, numbers.count(), "knobs on the page");
    let budget = Budget::default();
    for (name, figure) in [("states", budget.states), ("memberships", budget.memberships)] {
        let row = rows().find(|row| row[0].starts_with(&format!("budget `{name}`"))).expect(name);
        assert_eq!(self::figure(row[1]), Some(figure as u64), "{row:?}");
    }
}

/// Every limit of the semantics has a row, with its figure and its code.
#[test]
fn every_limit_of_the_semantics_is_on_the_page() {
    let semantics = include_str!("../../docs/semantics.md");
    let mut limits = 0;
    for line in semantics.lines().filter(|line| line.starts_with("| LIM-")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, _, figures, _, result, ..] = cells[..] else { panic!("{line}") };
        let code = result.split(' ').next().expect("a code");
        let own: Vec<Vec<&str>> = rows().filter(|row| row[0].split(": ").next() == Some(rule)).collect();
        let mut found: Vec<&str> = own.iter().map(|row| row[1]).collect();
        found.dedup();
        assert_eq!(
            found.join("; ").split("; ").collect::<BTreeSet<_>>(),
            figures.split("; ").collect::<BTreeSet<_>>(),
            "{rule}"
        );
        assert!(own.iter().all(|row| row[2].starts_with(code)), "{rule}: {own:?}");
        limits += 1;
    }
    assert_eq!(limits, 18);
}
