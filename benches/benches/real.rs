//! Real policies and a real log of requests, another provider's, both put into CAM syntax by one rule.
//!
//! `CAMSHAFT_CORPUS=… cargo bench -p camshaft-benches --bench real`: the variable is the absolute path of a directory of
//! real documents that is not part of the repo; without it this says that it is skipped. Each sub-account holds 200 of
//! the policies, and every line of the log is asked for every sub-account. Answers are compared with the reference
//! evaluator on a sample.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use camshaft_benches::product;
use camshaft_benches::request::{Text, with_requests};
use camshaft_benches::timing::{Contestant, race};
use camshaft_frontend::world::{NoFiles, Overrides, WorldInput, load};
use camshaft_runtime::{Decision, Engine, Request};
use camshaft_tests::reference::{self, Reference};
use serde_json::{Value, json};

/// Policies of one sub-account, LIM-3.
const POLICIES_OF_USER: usize = 200;
/// The root account of the log, which is that of the world.
const ACCOUNT: &str = "123837392027";
/// Requests between two that the reference decides as well.
const SAMPLE: usize = 97;

fn main() {
    let Some(corpus) = std::env::var_os("CAMSHAFT_CORPUS") else {
        println!("skipped: CAMSHAFT_CORPUS is not set");
        return;
    };
    let corpus = Path::new(&corpus);
    let documents = accepted(lines(&corpus.join("aws-as-cam-all.ndjson.zst")));
    let text = world_as_text(&documents);
    let bytes = text.len();
    let (read, loaded) = timed(|| load_world(text));
    let Some(set) = loaded.set else { panic!("{:?}", loaded.diagnostics.first()) };
    let users = set.accounts[0].users.len();
    let (compile, compiled) = timed(|| product::compiled(&set, 2));
    let (open, bundle) = timed(|| product::open(&compiled.bytes));
    let stats = &compiled.stats;
    println!(
        "{} policies of {users} sub-accounts, {} statements, {} rows, {bytes} bytes of text; read {read:.2?}, compiled \
         {compile:.2?}, opened {open:.2?}, {} bytes, at most {} rows a decision",
        stats.policies,
        stats.statements,
        stats.rows,
        compiled.bytes.len(),
        stats.certificate.usual()
    );
    let engine = Engine::new(bundle);
    let (texts, refused) = requests(&lines(&corpus.join("requests-cloudtrail.ndjson.zst")), users);
    println!("{} distinct requests; lines of the log that could not be mapped: {refused:?}", texts.len());
    check(&engine, &Reference::new(&world_of(&documents)), &texts);
    with_requests(&texts, |requests| measure(&engine, requests, stats.certificate.usual()));
}

fn lines(path: &Path) -> Vec<Value> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = ruzstd::decoding::StreamingDecoder::new(file)
        .map(|mut decoder| std::io::Read::read_to_string(&mut decoder, &mut text));
    assert!(matches!(read, Ok(Ok(_))), "{} is not compressed text", path.display());
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn limits() -> Value {
    json!({ "LIM-1": 65_536, "LIM-2": 65_536, "LIM-4": 10_000 })
}

/// The documents by name that a world of them all is not refused for.
fn accepted(lines: Vec<Value>) -> BTreeMap<String, Value> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut documents: BTreeMap<String, Value> = lines
        .into_iter()
        .map(|line| {
            let name = format!("{}-{}", text(&line["name"]), text(&line["version"]));
            (name, line["document"].clone())
        })
        .collect();
    let total = documents.len();
    let loaded = load_world(world_as_text(&documents));
    let source = |found: u32| loaded.sources.get(found as usize).map_or("", |source| source.name());
    for found in loaded.diagnostics.iter().filter(|found| found.is_error()) {
        // A document in place is a source of its own, named after its place.
        documents.remove(source(found.source).rsplit("policies.").next().unwrap_or(""));
    }
    println!("{} of {total} policies are accepted", documents.len());
    documents
}

fn world_of(documents: &BTreeMap<String, Value>) -> Value {
    let names: Vec<&String> = documents.keys().collect();
    let users = names.chunks(POLICIES_OF_USER).enumerate();
    let users: Vec<Value> =
        users.map(|(number, names)| json!({ "uin": uin(number), "policies": names })).collect();
    json!({
        "options": { "limits": limits() },
        "accounts": [{ "uin": ACCOUNT, "users": users, "policies": documents }]
    })
}

/// The same with each document as a text, which makes it a source of its own with a size and findings of its own.
fn world_as_text(documents: &BTreeMap<String, Value>) -> String {
    let text = |document: &Value| json!({ "text": document.to_string() });
    let texts = documents.iter().map(|(name, document)| (name.clone(), text(document)));
    world_of(&texts.collect()).to_string()
}

fn uin(user: usize) -> String {
    (200_000_000_000 + user as u64).to_string()
}

fn load_world(text: String) -> camshaft_frontend::world::Loaded {
    load(WorldInput::text("world.json", text), &NoFiles, &Overrides::default())
}

/// The log's lines as requests of every sub-account; and how many lines are none, by what is in the way.
fn requests(lines: &[Value], users: usize) -> (Vec<Text>, BTreeMap<&'static str, usize>) {
    let (mut seen, mut texts, mut refused) = (HashSet::new(), Vec::new(), BTreeMap::new());
    for line in lines {
        match map(line) {
            Ok(request) => {
                for user in 0..users {
                    let principal = format!("qcs::cam::uin/{ACCOUNT}:uin/{}", uin(user));
                    let request = Text { principal, ..request.clone() };
                    if seen.insert(request.clone()) {
                        texts.push(request);
                    }
                }
            }
            Err(why) => *refused.entry(why).or_insert(0) += 1,
        }
    }
    (texts, refused)
}

/// One line; whoever asked is left open. A line without a resource asks for `*`, one of several for the first.
fn map(line: &Value) -> Result<Text, &'static str> {
    let caller = line["principal"].as_str().unwrap_or("");
    if !caller.contains(":user/") && !caller.contains(":assumed-role/") {
        return Err("the caller is neither a user nor a role");
    }
    let action = line["action"].as_str().ok_or("no action")?;
    if action.starts_with("sts:AssumeRole") {
        // CITE EVA-18
        return Err("the action takes a role that the world has");
    }
    let resource = match line["resources"].get(0).and_then(Value::as_str) {
        None => "*".to_owned(),
        Some(name) => resource(name).ok_or("the resource has no CAM form")?,
    };
    let ip = line["ip"].as_str().filter(|ip| ip.parse::<core::net::IpAddr>().is_ok());
    let context = ip.map(|ip| ("qcs:ip".to_owned(), ip.to_owned())).into_iter().collect();
    let time = line["time"].as_str().ok_or("no time")?.to_owned();
    Ok(Text { principal: String::new(), action: action.into(), resource, context, time })
}

/// The rule by which the policies were made: `arn:p:service:region:account:rest` is
/// `qcs::service:region:uin/account:rest`, without `uin/` where there is no account.
fn resource(name: &str) -> Option<String> {
    let segments: Vec<&str> = name.splitn(6, ':').collect();
    let ["arn", _, service, region, account, rest] = segments[..] else { return None };
    let account = if account.is_empty() { String::new() } else { format!("uin/{account}") };
    Some(format!("qcs::{service}:{region}:{account}:{rest}"))
}

/// Compares a sample with the reference evaluator.
fn check(engine: &Engine, reference: &Reference, texts: &[Text]) {
    let sample: Vec<Text> = texts.iter().step_by(SAMPLE).cloned().collect();
    let mut tally = [0; 3];
    with_requests(&sample, |requests| {
        let mut scratch = engine.scratch();
        for (text, request) in sample.iter().zip(requests) {
            let context: BTreeMap<&String, &String> =
                text.context.iter().map(|(key, value)| (key, value)).collect();
            let asked = json!({ "principal": text.principal, "action": text.action, "resource": text.resource,
                "context": context, "time": text.time });
            let (decision, expected) =
                (engine.decide(request, &mut scratch), reference.decide(&asked).decision);
            let place = match (decision, expected) {
                (Decision::Allow { .. }, reference::Decision::Allow) => 0,
                (Decision::ExplicitDeny { .. }, reference::Decision::ExplicitDeny) => 1,
                (Decision::ImplicitDeny { .. }, reference::Decision::ImplicitDeny) => 2,
                _ => panic!("the engine says {decision:?}, the reference {expected:?} to {asked}"),
            };
            tally[place] += 1;
        }
    });
    let [allowed, denied, nothing] = tally;
    println!(
        "the reference agrees on {} of them: {allowed} allowed, {denied} denied, {nothing} not granted",
        sample.len()
    );
}

fn measure(engine: &Engine, requests: &[Request<'_>], bound: u32) {
    let mut scratch = engine.scratch();
    let rows = requests.iter().map(|request| engine.candidates(request, &mut scratch)[0]);
    let most = rows.max().unwrap_or(0);
    assert!(most <= bound, "{most} rows were tested where the certificate says {bound}");
    let mut contestants = [Contestant::new(|request| {
        u64::from(matches!(engine.decide(request, &mut scratch), Decision::Allow { .. }))
    })];
    race(&mut contestants, requests, 5, Duration::from_secs(2));
    let [figures] = contestants.each_ref().map(Contestant::figures);
    println!("{figures:?} ns a decision; at most {most} rows tested");
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let made = run();
    (begin.elapsed(), made)
}
