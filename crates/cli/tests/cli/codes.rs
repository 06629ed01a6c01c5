//! Every code of the catalogue as a user meets it, on a terminal and as JSON: `tests/data/codes/CAM0319.txt`.
//!
//! What raises a code is the shortest conformance case that does, or the example of the lint; a few have an input of
//! their own below. `UPDATE=1 cargo test -p camshaft --test cli codes` writes what does not agree anew. A code without a
//! snapshot fails, and so does a snapshot without a code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use camshaft_compiler::lint::example::{Example, Shape};
use camshaft_frontend::diagnostic::Code;
use camshaft_frontend::policy::Kind;
use serde_json::Value;

use crate::folder::Folder;

const CASES: [&str; 2] = [
    include_str!("../../../../tests/data/cases/cases.jsonl"),
    include_str!("../../../../tests/data/cases/found.jsonl"),
];

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/codes")
}

/// Files to write, and a command to run.
#[derive(Debug, Default)]
struct Input {
    files: Vec<(String, Vec<u8>)>,
    /// Before the command, unseen.
    before: Option<Vec<String>>,
    command: Vec<String>,
}

impl Input {
    fn new(files: Vec<(&str, Vec<u8>)>, command: &[&str]) -> Self {
        let files = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        Self { files, before: None, command: command.iter().map(|word| (*word).to_owned()).collect() }
    }

    fn size(&self) -> usize {
        self.files.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn run(&self, folder: &Folder, json: bool) -> String {
        for (name, bytes) in &self.files {
            fs::write(folder.path().join(name), bytes).expect("a file is written");
        }
        if let Some(before) = &self.before {
            folder.run(&before.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let mut words: Vec<&str> = self.command.iter().map(String::as_str).collect();
        if json {
            words.extend(["--format", "json"]);
        }
        let output = folder.run(&words);
        let mut text = format!("$ camshaft {}\n", words.join(" "));
        for (mark, bytes) in [("", &output.stdout), ("! ", &output.stderr)] {
            for line in String::from_utf8_lossy(bytes).lines() {
                text.push_str(format!("{mark}{line}").trim_end());
                text.push('\n');
            }
        }
        if let Some(code) = output.status.code().filter(|code| *code != 0) {
            text.push_str(&format!("? {code}\n"));
        }
        // What changes with the content of a bundle only.
        let digest = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split('"')
            .map(|word| if digest(word) { "[digest]" } else { word })
            .collect::<Vec<_>>()
            .join("\"")
    }

    fn shown(&self) -> String {
        let mut text = String::new();
        for (name, bytes) in &self.files {
            let content = String::from_utf8_lossy(bytes);
            let content = match content.chars().count() {
                0..=4_000 => content.trim_end().to_owned(),
                some => format!("({some} characters)"),
            };
            text.push_str(&format!("# {name}\n{content}\n\n"));
        }
        text
    }
}

/// The text of a policy or world of a case.
fn text(value: &Value) -> Vec<u8> {
    match value.get("text").and_then(Value::as_str) {
        Some(text) => text.as_bytes().to_vec(),
        None => format!("{}\n", serde_json::to_string_pretty(value).expect("JSON")).into_bytes(),
    }
}

/// Inputs that a case makes.
fn of_case(case: &Value) -> Vec<Input> {
    let mut inputs = Vec::new();
    let request = || {
        let mut request = case["request"].clone();
        if let Some(members) = request.as_object_mut() {
            let caller = camshaft_frontend::world::IMPLICIT_PRINCIPAL;
            members.entry("principal").or_insert_with(|| caller.into());
        }
        ("requests.jsonl", format!("{request}\n").into_bytes())
    };
    let stock = [serde_json::from_str(STATEMENT).expect("a policy")];
    if let Some(world) = case.get("world") {
        inputs.push(Input::new(vec![("world.json", text(world))], &["check", "world.json"]));
        let mut decide = Input::new(
            vec![("world.json", text(world)), request()],
            &["decide", "-b", "out.cam", "--requests", "requests.jsonl"],
        );
        decide.before = Some(["build", "world.json", "-o", "out.cam"].map(String::from).to_vec());
        inputs.push(decide);
    }
    let mut options: Vec<String> = Vec::new();
    for (name, value) in case["parameters"].as_object().into_iter().flatten() {
        options.extend(["--param".to_owned(), format!("{name}={}", value.as_str().unwrap_or_default())]);
    }
    for (name, figure) in case["options"]["limits"].as_object().into_iter().flatten() {
        options.extend(["--limit".to_owned(), format!("{name}={figure}")]);
    }
    let policies = case["policies"].as_array().map(|policies| match policies.as_slice() {
        [] => &stock[..],
        some => some,
    });
    for policy in policies.into_iter().flatten() {
        let mut check = Input::new(vec![("policy.json", text(policy))], &["check", "policy.json"]);
        check.command.extend(options.clone());
        inputs.push(check);
        let mut decide = Input::new(
            vec![("policy.json", text(policy)), request()],
            &["decide", "-b", "out.cam", "--requests", "requests.jsonl"],
        );
        decide.before = Some(["build", "policy.json", "-o", "out.cam"].map(String::from).to_vec());
        inputs.push(decide);
    }
    inputs
}

/// Inputs of lints and of codes that no case asks for.
fn of_code(code: Code) -> Vec<Input> {
    if let Some(example) = Example::of(code) {
        let document = example.document(example.raises).into_bytes();
        let mut input = match example.shape {
            Shape::Policy(kind) => {
                let kind = match kind {
                    Kind::Trust => "trust",
                    Kind::Resource => "resource",
                    _ => "identity",
                };
                Input::new(vec![("policy.json", document)], &["check", "policy.json", "--kind", kind])
            }
            Shape::World => Input::new(vec![("world.json", document)], &["check", "world.json"]),
            Shape::Configuration => Input::new(
                vec![("policy.json", STATEMENT.into()), ("camshaft.toml", document)],
                &["check", "policy.json"],
            ),
        };
        if let Some(actions) = example.actions {
            input.files.push(("actions.txt".into(), actions.into()));
            input.command.extend(["--actions", "actions.txt"].map(String::from));
        }
        return vec![input];
    }
    let policy = |bytes: Vec<u8>, options: &[&str]| {
        vec![Input::new(vec![("policy.json", bytes)], &[&["check", "policy.json"], options].concat())]
    };
    match code.0 {
        101 => policy([b"{ \"version\": \"2.0\xff\" }\n".as_slice()].concat(), &[]),
        110 => policy(format!("{{ \"version\": \"2.0\",{} }}\n", " ".repeat(70_000)).into(), &[]),
        226 => policy(LABELS.into(), &["--kind", "resource"]),
        222 => policy(LABELS.replace(r#""sid": "read", "#, "").into(), &["--kind", "session"]),
        607 => vec![aged()],
        313 => policy(STATEMENT.replace("cvm:::", "c*m:::").into(), &[]),
        _ => Vec::new(),
    }
}

/// A world whose bundles must be young, and a request that does not say how old its bundle is.
fn aged() -> Input {
    let world = r#"{ "options": { "max_artifact_age_s": 60 },
  "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": ["FullQcloudAccess"] }] }] }
"#;
    let request = r#"{ "principal": "qcs::cam::uin/100000000001:uin/100000000011", "action": "cvm:RunInstances", "resource": "*" }
"#;
    let files = vec![("world.json", world.into()), ("requests.jsonl", request.into())];
    let mut input = Input::new(files, &["decide", "-b", "out.cam", "--requests", "requests.jsonl"]);
    input.before = Some(["build", "world.json", "-o", "out.cam"].map(String::from).to_vec());
    input
}

const STATEMENT: &str = r#"{ "version": "2.0", "statement": [
  { "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] } ] }
"#;

const LABELS: &str = r#"{ "version": "2.0", "statement": [
  { "sid": "read", "effect": "deny", "principal": "*", "action": ["cos:GetObject"], "resource": ["*"] },
  { "sid": "read", "effect": "deny", "principal": "*", "action": ["cos:PutObject"], "resource": ["*"] } ] }
"#;

/// What a user sees of a code; `None` if nothing here raises it.
fn shown(code: Code, cases: &[Value]) -> Option<String> {
    let name = code.to_string();
    let asked = |case: &&Value| {
        case["diagnostic"].as_array().is_some_and(|codes| codes.iter().any(|other| *other == name.as_str()))
    };
    let mut inputs = of_code(code);
    if inputs.is_empty() {
        inputs = cases.iter().filter(asked).flat_map(of_case).collect();
        inputs.sort_by_key(Input::size);
    }
    inputs.iter().find_map(|input| {
        let folder = Folder::new();
        let terminal = input.run(&folder, false);
        let reports = |text: &str| text.lines().any(|line| !line.starts_with('$') && line.contains(&name));
        if !reports(&terminal) {
            return None;
        }
        // Streams of answers are JSON on a terminal too.
        let json =
            if input.before.is_some() { String::new() } else { format!("\n{}", input.run(&folder, true)) };
        assert!(json.is_empty() || reports(&json), "{name}: {json}");
        Some(format!("{}{terminal}{json}", input.shown()))
    })
}

#[test]
fn every_code_looks_as_its_snapshot_says() {
    let cases: Vec<Value> = CASES
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    let folder = snapshots();
    let (mut faults, mut names) = (Vec::new(), BTreeSet::new());
    for code in Code::all() {
        let path = folder.join(format!("{code}.txt"));
        names.insert(format!("{code}.txt"));
        let Some(shown) = shown(code, &cases) else {
            faults.push(format!("{code}: nothing raises it"));
            continue;
        };
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected == shown {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).expect("the folder");
            fs::write(&path, &shown).expect("the snapshot is written");
        }
        faults.push(format!("{code} looks otherwise:\n{shown}"));
    }
    for entry in fs::read_dir(&folder).expect("the snapshots") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if !names.contains(&name) {
            faults.push(format!("{name} is of no code"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
