//! The page of the threat model against the tests that it names.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/threat-model.md");

/// The tests that a text names: `path.rs::function` between backticks.
fn named(text: &str) -> Vec<(&str, &str)> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once("::"))
        .filter(|(path, _)| path.ends_with(".rs"))
        .collect()
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tests = named(PAGE);
    assert!(tests.len() > 50, "{}", tests.len());
    for (path, function) in tests {
        let text = fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let head =
            text.find(&format!("fn {function}(")).unwrap_or_else(|| panic!("{path} has no {function}"));
        let attributes =
            text[..head].lines().rev().take_while(|line| !line.is_empty() && !line.starts_with('}'));
        let is_test = attributes.clone().any(|line| line.trim() == "#[test]");
        assert!(is_test && attributes.clone().all(|line| !line.contains("#[ignore")), "{path}::{function}");
    }
}

#[test]
fn every_promise_names_a_test() {
    let promised =
        PAGE.split("## What may be fed").nth(1).and_then(|rest| rest.split("## What is not").next());
    let rows: Vec<&str> = promised
        .expect("the chapter")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| promise |"))
        .collect();
    assert!(rows.len() > 25, "{}", rows.len());
    for row in rows {
        assert!(!named(row).is_empty(), "{row}");
    }
}
