//! A second engine, in another language and written from the documents, decides alike from the bytes of bundles.
//!
//! `tests/data/decide_bundle.py` reads hot tables as `FORMAT.md` describes them: what it needs and the document does not
//! say would show here.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use camshaft::decider::PreparedSession;
use camshaft_bundle::{Bundle, write};
use camshaft_compiler::Config;
use camshaft_frontend::case::{self as frontend_case, Expect};
use camshaft_frontend::request::{self, Request};
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, load};
use camshaft_runtime::Session;
use camshaft_tests::campaign::config_of;
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Answer, Product, load_text};
use serde_json::{Map, Value, json};

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("camshaft-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory takes a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Questions for the second engine, with the answers of the first.
struct Questions<'f> {
    folder: &'f Path,
    files: usize,
    lines: String,
    expected: Vec<(String, Value)>,
}

impl<'f> Questions<'f> {
    fn new(folder: &'f Path) -> Self {
        Self { folder, files: 0, lines: String::new(), expected: Vec::new() }
    }

    fn file(&mut self, bundle: &Bundle) -> String {
        let bytes = write(bundle.tables().to_root()).expect("it was one");
        let path = self.folder.join(format!("{}.cam", self.files));
        self.files += 1;
        fs::write(&path, bytes).expect("the folder takes a file");
        path.to_str().expect("the path is text").to_owned()
    }

    /// Asks all of them on one world.
    fn ask(&mut self, name: &str, loaded: &Loaded, config: &Config, requests: &[Request]) {
        let mut product = Product::new(loaded, config);
        let bundle = self.file(product.decider().engine().bundle());
        for request in requests {
            let session = self.session(&product.decider().session(request));
            let context = request.context.iter().map(|(key, values)| (key.clone(), json!(values)));
            let mut asked = json!({
                "principal": request.principal, "action": request.action, "resource": request.resources,
                "context": context.collect::<Map<_, _>>(),
            });
            if let Some(time) = &request.time {
                asked["time"] = json!(time);
            }
            if let Some(signed) = request.signed {
                asked["signed"] = json!(signed);
            }
            if let Some(age) = request.artifact_age_s {
                asked["artifact_age_s"] = json!(age);
            }
            let line = json!({ "bundle": bundle, "session": session, "request": asked });
            self.lines.push_str(&format!("{line}\n"));
            let Answer { decision, reasons, blocked_by, code } = product.answer_parsed(request).0;
            let mut answer = json!({ "decision": decision });
            match decision {
                "implicit_deny" => answer["blocked_by"] = json!(blocked_by),
                "error" => answer["code"] = json!(code),
                _ => answer["reason"] = json!(reasons),
            }
            self.expected.push((name.to_owned(), answer));
        }
    }

    fn session(&mut self, session: &PreparedSession) -> Value {
        match session.as_session() {
            Session::None => Value::Null,
            Session::Invalid => json!("invalid"),
            Session::Policy(policy) => self.file(policy.bundle()).into(),
        }
    }

    /// Compares the answers; `false` where the second engine cannot run.
    fn compare(self) -> bool {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/data/decide_bundle.py");
        let mut command = Command::new("python3");
        command.arg("-B").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            println!("skipped: there is no python3 here");
            return false;
        };
        let mut input = child.stdin.take().expect("piped");
        let lines = self.lines.clone();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output().expect("it runs");
        writer.join().expect("no panic").expect("it reads all of its input");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let mut answered = 0;
        for ((answer, asked), (name, expected)) in text.lines().zip(self.lines.lines()).zip(&self.expected) {
            let answer: Value = serde_json::from_str(answer).expect("JSON");
            assert_eq!(&answer, expected, "{name}\n{asked}");
            answered += 1;
        }
        assert_eq!(answered, self.expected.len());
        println!("{answered} requests on {} bundles decided alike", self.files);
        true
    }
}

#[test]
fn cases_are_decided_alike() {
    let folder = Folder::new("second-cases");
    let mut questions = Questions::new(&folder.0);
    for cases in [include_str!("../data/cases/cases.jsonl"), include_str!("../data/cases/found.jsonl")] {
        for (at, line) in cases.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let case = frontend_case::parse_line("cases.jsonl", line, at + 1).expect("a case");
            if case.expect == Expect::Reject {
                continue;
            }
            let loaded = load(case.world_input().expect("a world"), &NoFiles, &Overrides::default());
            let services = loaded.options.resource_policy_services.clone();
            // What is no request to the first engine never comes to a bundle.
            let Ok(request) = case.request(&services).expect("a request") else { continue };
            let name = case.id.clone().unwrap_or_default();
            let grouped = Config::default().path_anchors(false).action_anchors(false).dense_rows(0);
            for config in [Config::default(), grouped] {
                questions.ask(&name, &loaded, &config, std::slice::from_ref(&request));
            }
        }
    }
    assert!(questions.expected.len() > 800, "{}", questions.expected.len());
    questions.compare();
}

#[test]
fn generated_worlds_are_decided_alike() {
    let folder = Folder::new("second-worlds");
    let mut questions = Questions::new(&folder.0);
    for seed in 0..256 {
        let features = if seed % 8 == 3 { Features::crowded() } else { Features::all() };
        let value = world(seed, features);
        let loaded = load_text(&value.to_string());
        let (name, config) = config_of(seed);
        let mut random = Random::new(seed);
        let maker = Requests::new(&value, features).pooled_sessions(3, &mut random);
        let requests: Vec<Request> =
            (0..50).filter_map(|_| request::parse(&maker.next(&mut random).to_string()).ok()).collect();
        questions.ask(&format!("world {seed}, {name}"), &loaded, &config, &requests);
    }
    questions.compare();
}
