//! `--format json` against docs/schema, streams, and how commands end.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::folder::Folder;
use serde_json::Value;

const DEV: &str = "qcs::cam::uin/100000000001:uin/100000000011";
const FILE: &str = "qcs::cos:ap-beijing:uid/1250000000:data-1250000000/team/a.txt";

/// A schema of docs/schema, with those that it refers to.
fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a schema is JSON")
}

/// Checks a value against a schema: the keywords that docs/schema uses, and no other.
fn check(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    const KNOWN: [&str; 17] = [
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "oneOf",
        "minimum",
        "pattern",
        "default",
    ];
    for keyword in schema.as_object().expect("a schema").keys() {
        assert!(KNOWN.contains(&keyword.as_str()), "keyword {keyword} is not checked");
    }
    let fail = |why: String| Err(format!("{at}: {why}, found {value}"));
    if let Some(target) = schema["$ref"].as_str() {
        return match target.strip_prefix("#/$defs/") {
            Some(name) => check(value, &root["$defs"][name], root, at),
            None => {
                let other = self::schema(target);
                check(value, &other, &other, at)
            }
        };
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let faults: Vec<String> =
            options.iter().filter_map(|option| check(value, option, root, at).err()).collect();
        return if faults.len() + 1 == options.len() {
            Ok(())
        } else {
            fail(format!("none or several fit: {faults:?}"))
        };
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    };
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is(name)) {
        return fail(format!("not a {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|options| !options.contains(value))
        || schema.get("const").is_some_and(|only| only != value)
    {
        return fail("not one of the values".into());
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let text = value.as_str().unwrap_or("");
        let good = match pattern {
            "^CAM[0-9]{4}$" => text.len() == 7 && text.starts_with("CAM"),
            "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()),
            other => panic!("pattern {other}"),
        };
        if !good {
            return fail("not of the pattern".into());
        }
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                return fail(format!("`{name}` is missing"));
            }
        }
        for (name, member) in members {
            let at = format!("{at}.{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(schema), _) => check(member, schema, root, &at)?,
                (None, Value::Bool(false)) => return fail(format!("`{name}` is not described")),
                (None, other) if other.is_object() => check(member, other, root, &at)?,
                _ => {}
            }
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (number, item) in items.iter().enumerate() {
            check(item, schema, root, &format!("{at}[{number}]"))?;
        }
    }
    Ok(())
}

pub(crate) fn conforms(text: &[u8], name: &str) -> Value {
    let value: Value = serde_json::from_slice(text)
        .unwrap_or_else(|error| panic!("{name}: {error} in {}", String::from_utf8_lossy(text)));
    let schema = schema(name);
    check(&value, &schema, &schema, "").unwrap_or_else(|fault| panic!("{name}: {fault}"));
    value
}

/// Runs a command for its JSON; the exit code must be the given one.
pub(crate) fn json(folder: &Folder, args: &[&str], exit: i32, name: &str) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    let Output { status, stdout, stderr } = folder.run(&args);
    assert_eq!(status.code(), Some(exit), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    if name == "error.json" {
        assert!(stdout.is_empty(), "{args:?}");
        return conforms(&stderr, name);
    }
    assert!(stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    conforms(&stdout, name)
}

fn built() -> Folder {
    let folder = Folder::new();
    json(&folder, &["build", "world", "-o", "world.cam"], 0, "build.json");
    folder
}

#[test]
fn every_command_has_its_schema() {
    let folder = built();
    let run = |args: &[&str], exit, name| json(&folder, args, exit, name);
    let found = run(&["check", "world", "loose", "slips.json", "trust.json"], 1, "check.json");
    assert_eq!(found["files"].as_array().map(Vec::len), Some(5));
    assert_eq!(found["files"][4]["fits"][0], "--kind trust");
    assert_eq!(run(&["check", "world"], 0, "check.json")["errors"], 0);
    assert_eq!(run(&["fmt", "loose/ops.json"], 0, "fmt.json")["changed"], 1);
    assert_eq!(run(&["fmt", "--check", "slips.json"], 1, "fmt.json")["files"][0]["comments_lost"], 1);
    assert_eq!(run(&["build", "slips.json", "-o", "slips.cam"], 3, "error.json")["error"]["exit"], 3);
    let question = ["--principal", DEV, "--action", "cos:PutObject", "--resource", FILE];
    let with = |command: &'static str| [&[command, "-b", "world.cam"][..], &question].concat();
    assert_eq!(run(&with("decide"), 0, "decision.json")["reason"][0], "Dev#0");
    let story = run(&with("explain"), 0, "explain.json");
    assert_eq!(story["prerequisites"][0]["decision"], "implicit_deny");
    assert_eq!(run(&["test", "cases.jsonl"], 1, "test.json")["failed"], 5);
    let inspected = run(&["inspect", "world.cam"], 0, "inspect.json");
    assert_eq!(
        inspected["certificate"],
        run(&["build", "world", "-o", "again.cam"], 0, "build.json")["certificate"]
    );
    assert_eq!(run(&["verify", "again.cam"], 0, "verify.json")["digest"], inspected["digest"]);
    assert_eq!(
        (&inspected["signature"], &inspected["provenance"]["semantics"]),
        (&Value::Null, &"CAM policy syntax 2.0".into())
    );
    let sources =
        inspected["inputs"].as_array().unwrap().iter().map(|input| input["source"].as_str().unwrap());
    let expected =
        ["world.json", "policies/dev.json", "policies/edge.json", "policies/ops.json", "trust/monitor.json"];
    assert_eq!(sources.collect::<Vec<_>>(), expected);
    run(&["help", "CAM0319"], 0, "diagnostic-page.json");
    run(&["help", "CAM0523"], 0, "diagnostic-page.json");
    run(&["help", "lints"], 0, "lints.json");
    let listed = run(&["world", "list", "org"], 0, "world-list.json");
    assert_eq!(listed["policies"].as_array().map(Vec::len), Some(5));
    let dev = "100000000001/100000000011";
    assert_eq!(run(&["world", "show", "org", dev], 0, "world-show.json")["identity"]["kind"], "user");
    assert_eq!(
        run(&["world", "revoke", "org", "--principal", dev], 0, "world-change.json")["written"],
        false
    );
}

/// Every kind of file at once: findings with and without fixes, related places, suppressions.
#[test]
fn code_scanning_gets_what_the_standard_asks_for() {
    let folder = built();
    let args = [
        "check",
        "world",
        "loose",
        "slips.json",
        "lints",
        "--config",
        "lints/camshaft.toml",
        "--format",
        "sarif",
    ];
    let output = folder.run(&args);
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let schema = schema("sarif.json");
    check(&log, &schema, &schema, "$").unwrap_or_else(|why| panic!("{why}"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 10 && rules.len() > 5, "{} results of {} rules", results.len(), rules.len());
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().expect("an index") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let place = |line: &str, column: &str| (region[line].as_u64(), region[column].as_u64());
        assert!(place("startLine", "startColumn") <= place("endLine", "endColumn"), "{region}");
    }
    assert!(results.iter().any(|result| result.get("suppressions").is_some()));
    assert!(results.iter().any(|result| result.get("fixes").is_some()));
}

/// What the cases reach and what they would miss; every case that is proposed passes now and fails on the changed world.
#[test]
fn tests_measure_and_propose() {
    let folder = built();
    let report = json(&folder, &["test", "world", "--coverage", "--mutate"], 0, "test.json");
    let total = &report["coverage"]["shares"]["total"];
    let points = |statement: &Value| -> u64 {
        let some = |list: &Value, name: &str| {
            list.as_array().unwrap().iter().filter(|one| one[name].as_u64() > Some(0)).count() as u64
        };
        let (entries, terms) = (&statement["entries"], &statement["conditions"]);
        u64::from(statement["matched"].as_u64() > Some(0))
            + some(entries, "matched")
            + some(terms, "held")
            + some(terms, "failed")
    };
    let statements = report["coverage"]["worlds"][0]["statements"].as_array().unwrap();
    assert_eq!(total["reached"].as_u64().unwrap(), statements.iter().map(points).sum::<u64>());
    let mutation = &report["mutation"];
    let survivors = mutation["survivors"].as_array().unwrap();
    assert_eq!(mutation["survived"].as_u64(), Some(survivors.len() as u64));
    let proposed: Vec<String> = survivors
        .iter()
        .enumerate()
        .filter_map(|(number, survivor)| {
            let mut case = survivor.get("case")?.clone();
            case["id"] = format!("{number}").into();
            Some(case.to_string())
        })
        .collect();
    assert!(proposed.len() > 10, "{mutation}");
    fs::write(folder.path().join("world/more.jsonl"), proposed.join("\n")).unwrap();
    let more = json(&folder, &["test", "world", "--mutate", "--min-score", "90"], 0, "test.json");
    assert_eq!(more["passed"].as_u64(), Some(3 + proposed.len() as u64));
    let left = more["mutation"]["survivors"].as_array().unwrap();
    assert!(left.iter().all(|survivor| survivor.get("case").is_none()), "{left:?}");
    json(&folder, &["test", "lone", "--coverage"], 3, "error.json");
    json(&folder, &["test", "world", "--coverage", "--min-coverage", "80"], 0, "test.json");
    let bounds = ["test", "world/cases.jsonl", "--coverage", "--min-coverage", "50"];
    json(&folder, &bounds, 1, "test.json");
}

/// What is lacking, what would allow it, and what that opens.
#[test]
fn denials_say_what_would_allow_them() {
    let folder = built();
    let ask = |from: [&str; 2], action: &str, resource: &str| {
        let args =
            ["explain", from[0], from[1], "--principal", DEV, "--action", action, "--resource", resource];
        json(&folder, &args, 1, "explain.json")
    };
    let world = ["--world", "world"];
    let other = FILE.replace("team", "teams");
    let denied = ask(world, "cos:PutObject", &other);
    let (resource, remedy) = (&denied["resources"][0], &denied["remedy"]);
    assert_eq!(resource["lacking"], serde_json::json!([{ "part": "identity" }]));
    let nearest = &resource["parts"][1]["statements"][0];
    assert_eq!((&nearest["name"], &nearest["source"]), (&"Dev#0".into(), &"world/policies/dev.json".into()));
    assert_eq!(nearest["misses"][0]["diverges_at"], 20);
    let statement =
        serde_json::json!({ "effect": "allow", "action": ["cos:PutObject"], "resource": [other] });
    assert_eq!(remedy["grants"][0]["statement"], statement);
    let opened = serde_json::json!([
        { "callers": [DEV], "caller_count": 1, "actions": ["cos:PutObject"], "resources": [other] }
    ]);
    assert_eq!(remedy["opened"], opened);
    // A bundle does not know what else there is, and where its statements stood.
    let bundle = ask(["-b", "world.cam"], "cos:PutObject", &other);
    assert_eq!(bundle["remedy"]["grants"], remedy["grants"]);
    assert!(bundle["remedy"].get("opened").is_none() && nearest["line"].is_u64());
    assert!(bundle["resources"][0]["parts"][1]["statements"][0].get("line").is_none());
    let secret = ask(world, "cos:PutObject", &FILE.replace("team/", "team/secret/"));
    assert_eq!(
        (&secret["remedy"]["denies"][0], &secret["remedy"]["grants"]),
        (&"Dev#1".into(), &serde_json::json!([]))
    );
    let foreign = ask(world, "cvm:StopInstances", "qcs::cvm:ap-beijing:uin/100000000002:instance/ins-1");
    assert_eq!(foreign["remedy"]["obstacle"], "no_resource_policies");
    let context = ask(world, "cos:GetObject", FILE);
    assert_eq!(context["remedy"]["contexts"][0]["statement"], "ReadAll#0");
    let question = ["explain", "-p", "asked/office.json", "--action", "cos:GetObject", "--resource", FILE];
    let doubted = json(&folder, &question, 1, "explain.json");
    let statements = doubted["resources"][0]["parts"][0]["statements"].as_array().unwrap();
    assert!(statements.iter().any(|one| one["doubts"][0]["unknown"] == true), "{doubted}");
    let ends = ["explain", "-p", "loose/ops.json", "--action", "cvm:A", "--resource"];
    let ends = [&ends[..], &["qcs::cvm:ap-beijing:uin/100000000001:instance/ins-1"]].concat();
    let ends = json(&folder, &ends, 1, "explain.json");
    let missed = &ends["resources"][0]["parts"][0]["statements"][0]["misses"][0];
    assert_eq!(missed["lacks_at_end"], "-test");
}

/// Tags that are closed in order, attributes in quotes, no bare `&` or `<`.
fn well_formed(text: &str) -> Result<(), String> {
    let (mut open, mut rest) = (Vec::new(), text);
    let sound = |text: &str| {
        text.match_indices('&').all(|(at, _)| {
            let entity = text[at..].split_once(';').map_or("", |(entity, _)| entity);
            ["&lt", "&gt", "&amp", "&quot", "&apos", "&#9", "&#10", "&#13"].contains(&entity)
        })
    };
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').ok_or("a tag is open at the end")?;
        if !sound(before) || before.contains('>') {
            return Err(format!("bare text {before}"));
        }
        rest = behind;
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes another"));
            }
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        while !attributes.is_empty() {
            let (_, value) = attributes.split_once("=\"").ok_or("an attribute without value")?;
            let (value, others) = value.split_once('"').ok_or("an attribute without end")?;
            if !sound(value) {
                return Err(format!("bare value {value}"));
            }
            attributes = others.trim_start();
        }
        if !closed {
            open.push(name);
        }
    }
    if open.is_empty() && rest.trim().is_empty() { Ok(()) } else { Err(format!("{open:?} {rest}")) }
}

#[test]
fn junit_is_well_formed() {
    let folder = Folder::new();
    let odd = r#"{"id":"<&\"'\u0007\n]]>","policies":[],"request":{"action":"a:<&\"","resource":"*"},"expect":"allow"}"#;
    fs::write(folder.path().join("odd <&>.jsonl"), odd).unwrap();
    for args in [&["test", "cases.jsonl", "odd <&>.jsonl"][..], &["test", "world", "--coverage", "--mutate"]]
    {
        let output = folder.run(&[args, &["--format", "junit"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        well_formed(&text).unwrap_or_else(|fault| panic!("{fault} in {text}"));
        assert!(text.contains("<testcase ") && String::from_utf8_lossy(&output.stderr).contains(" passed, "));
    }
    assert!(well_formed("<a><b></a></b>").is_err() && well_formed("<a b=\"&\"/>").is_err());
}

#[test]
fn imports_have_their_schema() {
    let folder = Folder::new();
    let run = |args: &[&str], exit| {
        let args = [&["import", "terraform"], args].concat();
        json(&folder, &args, exit, "import.json")
    };
    let state = run(&["terraform/state.json", "-o", "imported.json"], 0);
    assert_eq!((&state["written"], &state["world"]), (&true.into(), &Value::Null));
    assert_eq!(state["not_mapped"].as_array().map(Vec::len), Some(3));
    let strict = run(&["terraform/state.json", "-o", "strict.json", "--strict"], 3);
    assert_eq!((&strict["written"], &strict["not_mapped"]), (&false.into(), &state["not_mapped"]));
    assert!(!folder.path().join("strict.json").exists());
    // Without `-o` the world is in the report, and the same.
    let plan = run(&["terraform/plan.json"], 0);
    assert_eq!(
        (&plan["source"], &plan["world"]["accounts"][0]["uin"]),
        (&"plan".into(), &"100000000001".into())
    );
    let inline = run(&["terraform/state.json"], 0);
    let file = fs::read(folder.path().join("imported.json")).unwrap();
    assert_eq!(inline["world"], serde_json::from_slice::<Value>(&file).unwrap());
    // Secrets of the state stay in it.
    assert!(!inline.to_string().contains("secret"));
    json(&folder, &["import", "terraform", "terraform/raw.tfstate"], 2, "error.json");
    json(&folder, &["import", "terraform", "terraform/cut.json"], 3, "error.json");
}

/// The figures are of this machine; that they are there, and add up, is not.
#[test]
fn a_bench_checks_its_answers_and_measures() {
    let folder = built();
    let bench = |args: &[&str], exit| {
        let args = [&["bench", "-b", "world.cam", "--rounds", "1"], args].concat();
        json(&folder, &args, exit, "bench.json")
    };
    // Two lines are no requests, two are refused by the engine, and nothing says that they should be.
    let plain = bench(&["--requests", "requests.jsonl"], 5);
    let counts = |report: &Value| ["requests", "unreadable", "compared"].map(|name| report[name].clone());
    assert_eq!(counts(&plain), [7, 2, 0].map(Value::from));
    assert_eq!(
        plain["certificate"],
        json(&folder, &["inspect", "world.cam"], 0, "inspect.json")["certificate"]
    );
    let outcomes = &plain["measured"]["outcomes"];
    let of = |kind: &str| outcomes[kind]["requests"].clone();
    let kinds = ["allow", "explicit_deny", "implicit_deny", "error"].map(of);
    assert_eq!(kinds, [1, 1, 1, 2].map(Value::from));
    for latency in outcomes.as_object().unwrap().values().map(|outcome| &outcome["latency_ns"]) {
        let of = |name: &str| latency[name].as_u64().unwrap();
        let ranks = ["p50", "p90", "p99", "p99_9", "max"].map(of);
        assert!(ranks.is_sorted() && ranks[4] > 0, "{latency}");
    }
    assert!(plain["measured"]["decisions_per_second"].as_f64().unwrap() > 0.0);
    // What `decide` says is what `bench` expects, by as many threads as one likes.
    let answers = folder.run(&["decide", "-b", "world.cam", "--requests", "requests.jsonl"]).stdout;
    fs::write(folder.path().join("answers.jsonl"), &answers).unwrap();
    let with = ["--requests", "requests.jsonl", "--answers", "answers.jsonl"];
    let same = bench(&[&with[..], &["--threads", "2"]].concat(), 0);
    assert_eq!(counts(&same), [7, 2, 7].map(Value::from));
    assert_eq!(
        same["measured"]["decisions"].as_u64(),
        plain["measured"]["decisions"].as_u64().map(|made| 2 * made)
    );
    // Each part of an answer counts, and where one differs nothing is measured.
    let text = String::from_utf8(answers).unwrap();
    for (part, from, to) in [
        ("id", r#""id":"2""#, r#""id":"two""#),
        ("decision", r#""decision":"explicit_deny""#, r#""decision":"allow""#),
        ("reason", r#""reason":[""#, r#""reason":["Other#0",""#),
        ("diagnostic", "CAM0606", "CAM0605"),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(folder.path().join("answers.jsonl"), text.replacen(from, to, 1)).unwrap();
        let differs = bench(&with, 1);
        assert_eq!(
            (&differs["measured"], &differs["differences"][0]["differences"][0]["what"]),
            (&Value::Null, &part.into())
        );
        assert_eq!(differs["differences"].as_array().map(Vec::len), Some(1));
    }
    // Cases say themselves what they expect.
    assert_eq!(counts(&bench(&["--requests", "world/cases.jsonl"], 0)), [3, 0, 3].map(Value::from));
    fs::write(folder.path().join("empty.jsonl"), "\n").unwrap();
    let error = |args: &[&str], exit| {
        json(&folder, &[&["bench", "-b", "world.cam"], args].concat(), exit, "error.json");
    };
    error(&["--requests", "empty.jsonl"], 2);
    error(&["--requests", "cases.jsonl"], 2);
    error(&["--requests", "requests.jsonl", "--answers", "empty.jsonl"], 2);
    error(&["--requests", "requests.jsonl", "--answers", "requests.jsonl"], 2);
    error(&["--requests", "nowhere.jsonl"], 74);
    json(&folder, &["bench", "-b", "slips.json", "--requests", "requests.jsonl"], 4, "error.json");
}

#[test]
fn inspect_and_build_agree() {
    let folder = built();
    let built = json(&folder, &["build", "world", "-o", "world.cam"], 0, "build.json");
    let inspected = json(&folder, &["inspect", "world.cam"], 0, "inspect.json");
    for member in
        ["digest", "bytes", "accounts", "policies", "statements", "rows", "blocks", "sections", "strategies"]
    {
        assert_eq!(built[member], inspected[member], "{member}");
    }
    let of = |section: &str| {
        let tables = inspected["tables"].as_array().unwrap().iter();
        tables
            .filter(|table| table["section"] == section)
            .filter_map(|table| table["bytes"].as_u64())
            .sum::<u64>()
    };
    assert_eq!(inspected["sections"]["hot"], of("hot"));
}

#[test]
fn every_exit_code_is_reached() {
    let folder = built();
    let ends = |args: &[&str], exit: u64| {
        let error = json(&folder, args, i32::try_from(exit).unwrap(), "error.json");
        assert_eq!(error["error"]["exit"], exit, "{args:?}");
    };
    let ask = ["decide", "-b", "world.cam", "--principal", DEV, "--resource", FILE, "--action"];
    let ask = |action: &'static str| [&ask[..], &[action]].concat();
    json(&folder, &ask("cos:PutObject"), 0, "decision.json");
    json(&folder, &ask("cos:DeleteObject"), 1, "decision.json");
    ends(&["decide", "-b", "world.cam"], 2);
    ends(&["build", "world"], 2);
    ends(&["build", "--frobnicate"], 2);
    ends(&["build", "placeholder.json", "-o", "x.cam"], 3);
    ends(&["test", "bad-cases.jsonl"], 3);
    ends(&["inspect", "slips.json"], 4);
    ends(&ask("PutObject"), 5);
    ends(&["build", "world", "-o", "x.cam", "--max-cost", "1"], 6);
    ends(&["build", "world", "-o", "nowhere/x.cam"], 74);
    ends(&["check", "nowhere.json"], 74);
    ends(&["verify", "world.cam", "--output", "nowhere/x"], 74);
    assert!(!folder.path().join("x.cam").exists());
}

#[test]
fn every_line_of_a_stream_gets_its_answer() {
    let folder = built();
    let long = format!("{{\"id\":\"{}\"}}\n", "x".repeat(70_000));
    let good = |id: &str| {
        format!(
            "{{\"id\":\"{id}\",\"principal\":\"{DEV}\",\"action\":\"cos:PutObject\",\"resource\":\"{FILE}\"}}\n"
        )
    };
    let input =
        [good("a").as_bytes(), long.as_bytes(), b"\xff\n\n", good("b").trim_end().as_bytes()].concat();
    let output = folder.run_with(&["decide", "-b", "world.cam", "--requests", "-"], &input);
    assert_eq!(output.status.code(), Some(5));
    let answers: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| conforms(line, "decision.json"))
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!((&answers[0]["id"], &answers[3]["id"]), (&"a".into(), &"b".into()));
    assert_eq!((&answers[1]["error"]["code"], &answers[1]["error"]["line"]), (&"CAM0608".into(), &2.into()));
    assert_eq!((&answers[2]["error"]["code"], &answers[2]["error"]["line"]), (&"CAM0600".into(), &3.into()));
}

/// Whoever asks line by line over a pipe gets each answer before the next question.
#[test]
fn a_stream_can_be_a_conversation() {
    let folder = built();
    let mut child = folder
        .command(&["decide", "-b", "world.cam", "--requests", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for id in ["1", "2", "3"] {
        writeln!(
            stdin,
            "{{\"id\":\"{id}\",\"principal\":\"{DEV}\",\"action\":\"cos:PutObject\",\"resource\":\"{FILE}\"}}"
        )
        .unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(conforms(line.as_bytes(), "decision.json")["id"], id);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = built();
    let line = format!("{{\"principal\":\"{DEV}\",\"action\":\"cos:PutObject\",\"resource\":\"{FILE}\"}}\n");
    fs::write(folder.path().join("many.jsonl"), line.repeat(20_000)).unwrap();
    let mut child = folder
        .command(&["decide", "-b", "world.cam", "--requests", "many.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let folder = Folder::new();
    let colored = |args: &[&str]| folder.run(args).stdout.contains(&b'\x1b');
    assert!(!colored(&["check", "slips.json"]));
    assert!(colored(&["check", "slips.json", "--color", "always"]));
    assert!(!colored(&["check", "slips.json", "--color=never"]));
    assert!(colored(&["help", "build", "--color", "always"]));
    let mut command = folder.command(&["check", "slips.json"]);
    assert!(
        !command.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0").output().unwrap().stdout.contains(&b'\x1b')
    );
}

#[test]
fn bundles_do_not_depend_on_where_the_world_stands() {
    let folder = built();
    let build = |paths: &[&str]| {
        let args = [&["build"][..], paths, &["-o", "x.cam"]].concat();
        json(&folder, &args, 0, "build.json")["digest"].clone()
    };
    let digest = build(&["world"]);
    assert_eq!(digest, build(&["./world/world.json"]));
    assert_eq!(digest, build(&[folder.path().join("world").to_str().unwrap()]));
    assert_eq!(digest, build(&["world", "--threads", "1"]));
    assert_eq!(build(&["loose/ops.json"]), build(&["world/policies/ops.json"]));
}

#[cfg(unix)]
#[test]
fn a_world_reads_no_files_outside_its_folder() {
    let folder = Folder::new();
    let policy = folder.path().join("world/policies/dev.json");
    fs::remove_file(&policy).unwrap();
    std::os::unix::fs::symlink(folder.path().join("trust.json"), &policy).unwrap();
    let error = json(&folder, &["build", "world", "-o", "x.cam"], 3, "error.json");
    assert_eq!(error["error"]["diagnostics"][0]["code"], "CAM0706");
    // A link that stays inside is followed.
    fs::remove_file(&policy).unwrap();
    std::os::unix::fs::symlink("ops.json", &policy).unwrap();
    json(&folder, &["build", "world", "-o", "x.cam"], 0, "build.json");
}

#[test]
fn completions_are_made_for_every_shell() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = folder.run(&["completions", shell]);
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("inspect"),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_an_example() {
    let folder = Folder::new();
    for command in [
        "check",
        "fmt",
        "build",
        "decide",
        "explain",
        "diff",
        "test",
        "inspect",
        "verify",
        "bench",
        "import",
        "world",
        "completions",
        "help",
    ] {
        let output = folder.run(&["help", command]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("Examples:\n  camshaft {command}")), "{text}");
    }
}

#[test]
fn differences_are_reported_and_end_as_they_should() {
    let folder = Folder::new();
    let diff = |args: &[&str], code: i32| {
        let args: Vec<&str> = ["diff"].iter().chain(args).copied().collect();
        json(&folder, &args, code, "diff.json")
    };
    let found = diff(&["diff/old.json", "diff/new.json"], 1);
    assert_eq!((&found["new_access"], &found["same"]), (&true.into(), &false.into()));
    let difference = &found["changes"][0]["differences"][0];
    assert_eq!(difference["actions"], serde_json::json!(["cos:PutObject"]));
    assert_eq!(difference["exceptions"][0]["name"], "new#1");
    assert_eq!(difference["after"]["statements"][0]["line"], 4);
    assert_eq!(diff(&["diff/new.json", "diff/old.json"], 1)["counts"]["lost_access"], 1);
    diff(&["diff/new.json", "diff/old.json", "--no-new-access"], 0);
    diff(&["diff/old.json", "diff/new.json", "--no-new-access"], 1);
    assert_eq!(diff(&["diff/old.json", "diff/same.json"], 0)["same"], true);
    let open = diff(&["diff/old.json", "diff/new.json", "--budget", "10"], 6);
    assert!(open["unknown"].as_array().is_some_and(|open| !open.is_empty()) && open["same"] == false);
    // What is shown is so: the request is replayed by the engine of either side.
    let worlds = diff(&["world", "diff/world"], 1);
    let mut replayed = 0;
    for change in worlds["changes"].as_array().unwrap() {
        for difference in change["differences"].as_array().unwrap() {
            for (world, side) in [("world", "before"), ("diff/world", "after")] {
                folder.run(&["build", world, "-o", "replayed.cam"]);
                fs::write(folder.path().join("replay.jsonl"), difference["request"].to_string()).unwrap();
                let output = folder.run(&["decide", "-b", "replayed.cam", "--requests", "replay.jsonl"]);
                let line: Value = serde_json::from_slice(&output.stdout).expect("a decision");
                assert_eq!(line["decision"], difference[side]["decision"], "{difference}");
                replayed += 1;
            }
        }
    }
    assert!(replayed > 0);
    folder.run(&["build", "world", "-o", "before.cam"]);
    assert_eq!(diff(&["before.cam", "world"], 0)["same"], true);
    assert_eq!(diff(&["before.cam", "diff/world"], 1)["counts"], worlds["counts"]);
    let log = folder.run(&["diff", "world", "diff/world", "--format", "sarif", "--no-new-access"]);
    let log: Value = serde_json::from_slice(&log.stdout).expect("SARIF is JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    assert!(
        results.iter().any(|result| result["ruleId"] == "new-access" && result["level"] == "error"),
        "{log}"
    );
}

#[test]
fn bundles_are_proven_or_refused() {
    use camshaft_bundle::schema::row;
    let folder = Folder::new();
    let built = json(&folder, &["build", "world", "-o", "world.cam", "--prove"], 0, "build.json");
    let verified = json(&folder, &["verify", "world.cam", "--prove"], 0, "verify.json");
    for report in [&built, &verified] {
        let proof = &report["proof"];
        assert_eq!((&proof["complete"], &proof["proven"]), (&true.into(), &report["blocks"]), "{proof}");
        assert!(proof["statements"].as_u64().is_some_and(|statements| statements > 0), "{proof}");
    }
    // Whoever proves nothing says nothing of proofs.
    assert!(json(&folder, &["verify", "world.cam"], 0, "verify.json")["proof"].is_null());
    let output = folder.run(&["verify", "world.cam", "--prove"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("every request is answered as the statements say")
    );

    // What the statements do not say is refused, with a request that shows it.
    let path = folder.path().join("world.cam");
    let bundle = camshaft_bundle::Bundle::open(&fs::read(&path).unwrap()).unwrap();
    let mut root = bundle.tables().to_root();
    let guarded = root.rows.chunks_exact_mut(row::WORDS).find(|row| row[row::GUARD] > 0);
    guarded.expect("a statement has a condition")[row::GUARD] = 0;
    fs::write(folder.path().join("forged.cam"), camshaft_bundle::write(root).unwrap()).unwrap();
    json(&folder, &["verify", "forged.cam"], 0, "verify.json");
    let report = json(&folder, &["verify", "forged.cam", "--prove"], 4, "verify.json");
    let fault = &report["proof"]["faults"][0];
    assert!(
        fault["difference"].as_str().is_some_and(|text| text.contains("the condition of row")),
        "{report}"
    );
    assert!(fault["request"]["action"].is_string() && fault["statement"].is_string(), "{report}");

    // A watcher that proves serves neither.
    let watched = |bundle: &str, budget: &str, code: i32| {
        let args = ["watch", "-b", bundle, "--once", "--prove", "--prove-budget", budget];
        json(&folder, &args, code, "watch-event.json")
    };
    assert_eq!(watched("forged.cam", "1000000", 4)["reason"], "not_proven");

    // Over its budget a block is named, and nothing is written.
    fs::write(folder.path().join("crowded.json"), crowded().to_string()).unwrap();
    let question = ["build", "crowded.json", "-o", "crowded.cam"];
    json(&folder, &question, 0, "build.json");
    let asked = ["verify", "crowded.cam", "--prove", "--prove-budget", "2"];
    let report = json(&folder, &asked, 1, "verify.json");
    let left = &report["proof"]["not_proven"][0];
    assert_eq!((&left["budget"], &left["policies"][0]), (&2.into(), &"Crowd".into()), "{report}");
    assert_eq!(watched("crowded.cam", "2", 4)["reason"], "not_proven");
    assert_eq!(watched("crowded.cam", "1000000", 0)["event"], "loaded");
    fs::remove_file(folder.path().join("crowded.cam")).unwrap();
    let error =
        json(&folder, &[&question[..], &["--prove", "--prove-budget", "2"]].concat(), 1, "error.json");
    assert!(error["error"]["message"].as_str().is_some_and(|text| text.contains("Crowd")), "{error}");
    assert!(!folder.path().join("crowded.cam").exists());
    json(&folder, &[&question[..], &["--prove"]].concat(), 0, "build.json");
}

/// A world with many patterns under one key.
fn crowded() -> Value {
    let entries: Vec<String> = (0..40).map(|n| format!("qcs::cvm:::*a{n}*b{n}*")).collect();
    let statement = serde_json::json!({ "effect": "allow", "action": "cvm:*", "resource": entries });
    let policy = serde_json::json!({ "version": "2.0", "statement": [statement] });
    serde_json::json!({ "accounts": [{
        "uin": "100000000001",
        "users": [{ "uin": "100000000011", "policies": ["Crowd"] }],
        "policies": { "Crowd": policy },
    }] })
}

/// The conformance cases are case files like any other.
#[test]
fn every_conformance_case_passes() {
    let folder = Folder::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/cases/cases.jsonl");
    let report = json(&folder, &["test", cases.to_str().unwrap()], 0, "test.json");
    assert!(report["passed"].as_u64().is_some_and(|passed| passed >= 577), "{report}");
}
