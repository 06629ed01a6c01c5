//! Worlds of real text: how long they take to build, how large they get, what is refused and why.
//!
//! Needs `CAMSHAFT_CORPUS`, the absolute path of a directory of real documents that is not part of the
//! repo. Without it the suite says that it is skipped; with `CI=true` that is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use camshaft_bundle::Bundle;
use camshaft_compiler::{Config, compile};
use camshaft_frontend::world::{Loaded, NoFiles, Overrides, WorldInput, load};
use camshaft_runtime::{Engine, Request};
use camshaft_tests::environment::corpus;
use serde_json::{Value, json};

/// Policies of one user, LIM-3.
const POLICIES_OF_USER: usize = 200;

/// A world in which users hold these documents, at most 200 each.
fn world_of(documents: &[(String, String)], limits: &Value) -> String {
    let users: Vec<Value> = documents
        .chunks(POLICIES_OF_USER)
        .enumerate()
        .map(|(at, chunk)| {
            let names: Vec<&String> = chunk.iter().map(|(name, _)| name).collect();
            json!({ "uin": (100_000_000_011u64 + at as u64).to_string(), "policies": names })
        })
        .collect();
    let policies: BTreeMap<&str, Value> =
        documents.iter().map(|(name, text)| (name.as_str(), json!({ "text": text }))).collect();
    json!({
        "options": { "limits": limits },
        "catalogue": { "permid/280655": ["cos:GetObject"] },
        "accounts": [{ "uin": "100000000001", "appid": "1250000000", "users": users, "policies": policies }]
    })
    .to_string()
}

fn load_world(text: String) -> Loaded {
    load(WorldInput::text("world.json", text), &NoFiles, &Overrides::default())
}

/// The documents that a world of them all is not refused for, and the codes of the others.
fn accepted(
    documents: Vec<(String, String)>,
    limits: &Value,
) -> (Vec<(String, String)>, BTreeMap<String, usize>) {
    let loaded = load_world(world_of(&documents, limits));
    let mut refused: BTreeMap<&str, String> = BTreeMap::new();
    for found in loaded.diagnostics.iter().filter(|found| found.is_error()) {
        // A document in place is a source of its own, named after its place.
        let source = loaded.sources[found.source as usize].name();
        let name = source.rsplit("policies.").next().unwrap_or(source);
        refused.entry(name).or_insert_with(|| found.code.to_string());
    }
    let mut codes = BTreeMap::new();
    for code in refused.values() {
        *codes.entry(code.clone()).or_insert(0) += 1;
    }
    let kept = documents.iter().filter(|(name, _)| !refused.contains_key(name.as_str())).cloned().collect();
    (kept, codes)
}

/// Builds a world, reports time and size, and asks one question of every user.
fn build(title: &str, text: String) {
    let length = text.len();
    let started = Instant::now();
    let loaded = load_world(text);
    let read = started.elapsed();
    let set = loaded.set.as_ref().unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics.first()));
    let started = Instant::now();
    let compiled = compile(set, &Config::default()).expect("compiles");
    let built = started.elapsed();
    let started = Instant::now();
    let engine = Engine::new(Bundle::open(&compiled.bytes).expect("opens"));
    let opened = started.elapsed();
    let mut scratch = engine.scratch();
    for user in &set.accounts[0].users {
        let principal = format!("qcs::cam::uin/100000000001:uin/{}", user.uin);
        let request = Request {
            principal: &principal,
            action: "cvm:RunInstances",
            resources: &["*"],
            ..Request::default()
        };
        let (hot, full) =
            (engine.decide(&request, &mut scratch), engine.reasons(&request, &mut scratch).decision);
        assert_eq!(std::mem::discriminant(&hot), std::mem::discriminant(&full));
    }
    let stats = &compiled.stats;
    println!(
        "{title}: {length} bytes of text, {} policies, {} statements, {} rows, {} blocks; read {read:?}, compiled {built:?}, \
         opened {opened:?}, bundle {} bytes ({} a statement), at most {} rows a decision, peak memory {}",
        stats.policies,
        stats.statements,
        stats.rows,
        stats.blocks,
        compiled.bytes.len(),
        compiled.bytes.len() / stats.statements.max(1),
        stats.certificate.rows,
        peak_memory().map_or_else(|| "unknown".into(), |kib| format!("{} MiB", kib / 1024)),
    );
    if let Some(kib) = peak_memory() {
        assert!(kib < 2 * 1024 * 1024, "{kib} KiB of memory");
    }
}

/// The most memory the process ever held, in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn published_identity_documents_are_one_world() {
    let Some(corpus) = corpus() else { return };
    let expected = fs::read_to_string(corpus.join("expected.tsv")).expect("expected.tsv");
    let rows = expected
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let documents: Vec<(String, String)> = rows
        .filter(|row| row[1] == "identity" && row[2] != "rejected")
        .map(|row| {
            let bytes = fs::read(corpus.join(row[0])).expect("a document");
            let name = row[0].rsplit('/').next().unwrap_or(row[0]).trim_end_matches(".json");
            let folder = if row[0].starts_with("cam/") { "" } else { "malformed-" };
            (format!("{folder}{name}"), String::from_utf8(bytes).expect("accepted documents are UTF-8"))
        })
        .collect();
    assert!(documents.len() > 500, "{} documents", documents.len());
    build("published identity documents", world_of(&documents, &json!({ "LIM-4": 10_000 })));
}

#[test]
fn a_large_provider_in_cam_syntax_is_one_world() {
    let Some(corpus) = corpus() else { return };
    let file = fs::File::open(corpus.join("aws-as-cam-all.ndjson.zst")).expect("the corpus has it");
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(file).expect("a zstd stream");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut decoder, &mut text).expect("UTF-8");
    let documents: Vec<(String, String)> = text
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("JSON");
            let name = format!(
                "{}-{}",
                value["name"].as_str().unwrap_or(""),
                value["version"].as_str().unwrap_or("")
            );
            (name, value["document"].to_string())
        })
        .collect();
    let limits = json!({ "LIM-1": 65_536, "LIM-2": 65_536, "LIM-4": 10_000 });
    let total = documents.len();
    let (kept, codes) = accepted(documents, &limits);
    println!("{} of {total} accepted; refused by their first error: {codes:?}", kept.len());
    assert!((5_800..5_950).contains(&kept.len()), "{} accepted", kept.len());
    build("provider's policies in CAM syntax", world_of(&kept, &limits));
}
