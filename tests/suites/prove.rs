//! Proof per bundle: every block of every world is proven.
//!
//! `CAMSHAFT_CORPUS`, the absolute path of a directory of real documents that is not part of the repo, adds worlds of
//! real text.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use camshaft_bundle::{Bundle, verify_full};
use camshaft_compiler::{Budget, Config, Proof, compile, prove};
use camshaft_frontend::case::{self as frontend_case, Expect};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::world::{FileError, Files, NoFiles, Overrides, WorldInput, load};
use camshaft_tests::environment::corpus;
use camshaft_tests::generate::{Features, Organization, Random, Size, world};
use camshaft_tests::product::load_text;
use serde_json::{Map, Value, json};

fn configs() -> impl Iterator<Item = (&'static str, Config)> {
    core::iter::once(("default", Config::default())).chain(Config::variants())
}

fn proof_of(set: &PolicySet, config: &Config) -> Proof {
    let bundle = Bundle::open(&compile(set, config).expect("compiles").bytes).expect("opens");
    prove(&bundle, Some(set), &Budget::default())
}

/// Every block is proven, with the world and without.
fn assert_proven(what: &str, set: &PolicySet, config: &Config) {
    let proof = proof_of(set, config);
    assert!(proof.is_complete(), "{what}: {proof:#?}");
    assert!(proof.blocks > 0 || set.policies.is_empty(), "{what}: no blocks");
}

#[test]
fn every_block_of_the_cases_is_proven() {
    for file in [include_str!("../data/cases/cases.jsonl"), include_str!("../data/cases/found.jsonl")] {
        for (at, line) in file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let case = frontend_case::parse_line("cases.jsonl", line, at + 1).expect("a case");
            let loaded = load(case.world_input().expect("a world"), &NoFiles, &Overrides::default());
            if case.expect == Expect::Reject {
                continue;
            }
            let set = loaded.set.as_ref().expect("accepted");
            let name = case.id.clone().unwrap_or_default();
            for (variant, config) in configs() {
                assert_proven(&format!("{name}, {variant}"), set, &config);
            }
        }
    }
}

#[test]
fn every_block_of_generated_worlds_is_proven() {
    for seed in 200..260 {
        let loaded = load_text(&world(seed, Features::all()).to_string());
        let set = loaded.set.as_ref().expect("accepted");
        for (variant, config) in configs() {
            assert_proven(&format!("world {seed}, {variant}"), set, &config);
        }
    }
}

/// What depends on an account that is not known is U, in canonical forms too.
#[test]
fn statements_without_an_account_are_proven() {
    let condition = json!({
        "null_equal": { "x:n": "${OwnerUin}" }, "bool_equal": { "x:b": "${OwnerUin}" },
        "ip_equal": { "x:i": ["${OwnerUin}", "10.0.0.0/8"] }, "string_like": { "x:s": "a${OwnerUin}*" },
    });
    let statement = json!({
        "effect": "deny", "action": ["cvm:${OwnerUin}", "cos:*"], "condition": condition,
        "resource": ["qcs::cvm:${OwnerUin}:uin/${OwnerUin}:a/${OwnerUin}", "qcs::${OwnerAppid}::uid/${OwnerAppid}:b"],
    });
    let policy = json!({ "version": "2.0", "statement": [statement] });
    let loaded = load_text(&json!({ "accounts": [], "general_policies": [policy] }).to_string());
    let set = loaded.set.as_ref().unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    for (variant, config) in configs() {
        assert_proven(variant, set, &config);
    }
}

struct Folder(std::path::PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, FileError> {
        Ok(std::fs::read_to_string(self.0.join(path)).expect("a file of the example"))
    }
}

#[test]
fn every_block_of_the_example_is_proven() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo");
    let text = std::fs::read_to_string(folder.join("world.json")).expect("the example");
    let loaded = load(WorldInput::text("world.json", text), &Folder(folder), &Overrides::default());
    let set = loaded.set.as_ref().expect("accepted");
    for (variant, config) in configs() {
        assert_proven(variant, set, &config);
    }
}

#[test]
fn every_block_of_an_organization_is_proven() {
    let size = Size { accounts: 100, identities: 50, resource_policies: 2_500 };
    let organization = Organization::new(1, size);
    let loaded = load_text(&organization.world.to_string());
    let set = loaded.set.as_ref().expect("accepted");
    let bytes = compile(set, &Config::default()).expect("compiles").bytes;
    let bundle = Bundle::open(&bytes).expect("opens");
    verify_full(&bundle).expect("verifies");
    let begin = Instant::now();
    let proof = prove(&bundle, Some(set), &Budget::default());
    println!("{} blocks, {} statements in {:?}", proof.blocks, proof.statements, begin.elapsed());
    assert!(proof.is_complete(), "{proof:#?}");
}

/// Statements of one document.
const STATEMENTS: usize = 7;
/// Policies of one user, LIM-3.
const POLICIES: usize = 200;

/// A world of so many statements, at most `each` of one user: exact paths, prefixes, suffixes, infixes of one and
/// several stars, actions of every shape, denies and conditions, over few buckets so that keys are crowded.
fn generated(seed: u64, statements: usize, each: usize, services: usize) -> Value {
    let mut random = Random::new(seed);
    let word = |random: &mut Random| {
        format!("{}{}", ["a", "log", "team", "x", "data"][random.below(5)], random.below(90))
    };
    let statement = |random: &mut Random| {
        let service = ["cos", "cvm", "cdb", "vpc", "cas"][random.below(services)];
        let (a, b) = (word(random), word(random));
        let path = match random.below(10) {
            0..4 => format!("b{}-1250000000/{a}/{b}", random.below(20)),
            4..7 => format!("b{}-1250000000/{a}/*", random.below(20)),
            7 => format!("*/{a}"),
            8 => format!("*{a}*"),
            _ => format!("*{a}*{b}*"),
        };
        let action = match random.below(4) {
            0 => format!("{service}:*"),
            1 => format!("{service}:Get*"),
            2 => format!("{service}:*Bucket{}", random.below(5)),
            _ => format!("{service}:Op{}", random.below(60)),
        };
        let region = ["", "ap-guangzhou", "ap-beijing"][random.below(3)];
        let owner = ["", "uin/100000000001", "*"][random.below(3)];
        let mut value = json!({
            "effect": if random.chance(15) { "deny" } else { "allow" },
            "action": [action], "resource": [format!("qcs::{service}:{region}:{owner}:{path}")],
        });
        match random.below(10) {
            0 => {
                value["condition"] =
                    json!({ "ip_equal": { "qcs:ip": format!("10.{}.0.0/16", random.below(200)) } })
            }
            1 => value["condition"] = json!({ "string_like": { "x:k": [format!("{a}*"), b] } }),
            2 => value["condition"] = json!({ "numeric_less_than": { "x:n": random.below(1000) } }),
            _ => {}
        }
        value
    };
    let (mut policies, mut users, mut left) = (Map::new(), Vec::new(), statements);
    while left > 0 {
        let (mut own, mut names) = (each.min(left), Vec::new());
        left -= own;
        while own > 0 && names.len() < each.div_ceil(STATEMENTS) {
            let count = STATEMENTS.min(own);
            own -= count;
            let of = (0..count).map(|_| statement(&mut random)).collect::<Vec<_>>();
            let name = format!("p{}", policies.len());
            policies.insert(name.clone(), json!({ "version": "2.0", "statement": of }));
            names.push(name);
        }
        users
            .push(json!({ "uin": (100_000_000_011u64 + users.len() as u64).to_string(), "policies": names }));
    }
    let limits = json!({ "LIM-3": 1_000_000, "LIM-4": 1_000_000, "LIM-6": 1_000_000 });
    json!({ "options": { "limits": limits },
        "accounts": [{ "uin": "100000000001", "appid": "1250000000", "users": users, "policies": policies }] })
}

/// Proves a world in seconds; how much of it is proven.
fn prove_large(title: &str, text: String, config: &Config) {
    let loaded = load(WorldInput::text("world.json", text), &NoFiles, &Overrides::default());
    let set = loaded.set.as_ref().unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics.first()));
    let compiled = compile(set, config).expect("compiles");
    let bundle = Bundle::open(&compiled.bytes).expect("opens");
    let begin = Instant::now();
    let proof = prove(&bundle, Some(set), &Budget::default());
    let time = begin.elapsed();
    println!(
        "{title}: {} statements, {} rows, {} blocks, {} groups, {} automata, {} filters; {} proven in {time:?}",
        proof.statements,
        compiled.stats.rows,
        proof.blocks,
        compiled.stats.groups,
        compiled.stats.automata,
        compiled.stats.literal_filters,
        proof.proven
    );
    assert!(proof.faults.is_empty(), "{title}: {:#?}", proof.faults);
    assert!(proof.not_proven.is_empty(), "{title}: {:#?}", proof.not_proven);
}

#[test]
fn every_block_of_large_worlds_is_proven() {
    for (statements, each, services) in
        [(1_000, 35, 5), (10_000, 35, 5), (10_000, 10_000, 1), (100_000, 35, 5)]
    {
        let title = format!("{statements} statements, {each} a user");
        prove_large(&title, generated(1, statements, each, services).to_string(), &Config::default());
    }
    prove_large("one user", generated(2, 30_000, 30_000, 5).to_string(), &Config::default());
    let grouped = Config::default().path_anchors(false).action_anchors(false).dense_rows(0);
    prove_large("everything in groups", generated(3, 20_000, 1_000, 5).to_string(), &grouped);
    prove_large("no anchors", generated(4, 2_000, 100, 5).to_string(), &Config::default().anchors(false));
}

/// A world in which users hold these documents, at most 200 each; documents that are refused are left out.
fn world_of(documents: Vec<(String, String)>) -> String {
    let build = |documents: &[(String, String)]| {
        let users: Vec<Value> = (0u64..)
            .zip(documents.chunks(POLICIES))
            .map(|(at, chunk)| {
                let names: Vec<&String> = chunk.iter().map(|(name, _)| name).collect();
                json!({ "uin": (100_000_000_011 + at).to_string(), "policies": names })
            })
            .collect();
        let policies: Map<String, Value> =
            documents.iter().map(|(name, text)| (name.clone(), json!({ "text": text }))).collect();
        json!({
            "options": { "limits": { "LIM-1": 65_536, "LIM-2": 65_536, "LIM-4": 10_000 } },
            "catalogue": { "permid/280655": ["cos:GetObject"] },
            "accounts": [{ "uin": "100000000001", "appid": "1250000000", "users": users, "policies": policies }]
        })
        .to_string()
    };
    let loaded = load(WorldInput::text("world.json", build(&documents)), &NoFiles, &Overrides::default());
    let errors = loaded.diagnostics.iter().filter(|found| found.is_error());
    let refused: BTreeSet<String> = errors
        .map(|found| loaded.sources[found.source as usize].name())
        .map(|name| name.rsplit("policies.").next().unwrap_or(name).to_owned())
        .collect();
    build(&documents.into_iter().filter(|(name, _)| !refused.contains(name)).collect::<Vec<_>>())
}

#[test]
fn every_block_of_real_text_is_proven() {
    let Some(corpus) = corpus() else { return };
    let expected = std::fs::read_to_string(corpus.join("expected.tsv")).expect("expected.tsv");
    let rows = expected.lines().filter(|line| !line.starts_with('#')).skip(1);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('\t').collect()).collect();
    let accepted = rows.iter().filter(|row| row[1] == "identity" && row[2] != "rejected");
    let documents = accepted.map(|row| {
        let name = row[0].trim_end_matches(".json").replace('/', "-");
        (name, std::fs::read_to_string(corpus.join(row[0])).expect("a document"))
    });
    let text = world_of(documents.collect());
    for (variant, config) in configs() {
        prove_large(&format!("published identity documents, {variant}"), text.clone(), &config);
    }
    let file = std::fs::File::open(corpus.join("aws-as-cam-all.ndjson.zst")).expect("the corpus has it");
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(file).expect("a zstd stream");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut decoder, &mut text).expect("UTF-8");
    let documents = text.lines().map(|line| {
        let value: Value = serde_json::from_str(line).expect("JSON");
        let part = |name: &str| value[name].as_str().unwrap_or("").to_owned();
        (format!("{}-{}", part("name"), part("version")), value["document"].to_string())
    });
    prove_large("a provider's policies in CAM syntax", world_of(documents.collect()), &Config::default());
}
