//! What must not creep in: crate edges that the design does not name.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Every allowed edge between crates of the workspace, development dependencies included.
const EDGES: &[(&str, &[&str])] = &[
    ("camshaft-value", &[]),
    ("camshaft-frontend", &["camshaft-value"]),
    ("camshaft-bundle", &[]),
    ("camshaft-compiler", &["camshaft-bundle", "camshaft-frontend", "camshaft-value"]),
    ("camshaft-runtime", &["camshaft-bundle", "camshaft-value"]),
    ("camshaft", &["camshaft-bundle", "camshaft-compiler", "camshaft-frontend", "camshaft-runtime"]),
];

/// Crates that may use everything: suites and benchmarks.
const FREE: &[&str] = &["camshaft-tests", "camshaft-benches"];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--no-deps"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("metadata is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[test]
fn crates_depend_on_each_other_as_designed() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().map(|package| text(&package["name"])).collect();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = text(&package["name"]);
        if FREE.contains(&name) {
            continue;
        }
        let edges = allowed.get(name).unwrap_or_else(|| panic!("crate {name} is not in the design"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let target = text(&dependency["name"]);
            if ours.contains(target) && !edges.contains(&target) {
                wrong.push(format!("{name} -> {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the design does not have: {wrong:?}");
}

#[test]
fn the_shared_grammar_depends_on_nothing() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let value =
        packages.iter().find(|package| text(&package["name"]) == "camshaft-value").expect("the crate");
    assert_eq!(value["dependencies"].as_array().map(Vec::len), Some(0));
}
