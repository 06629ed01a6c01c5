//! Replays everything that fuzzing found, and a few inputs to show that the targets work.

use std::fs;
use std::path::Path;

use camshaft_tests::fuzz;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fuzz").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    for file in &files {
        println!("{}", file.display());
        run(&fs::read(file).expect("a file"));
    }
    assert!(!files.is_empty(), "{} holds at least a seed", folder.display());
}

#[test]
fn parse() {
    replay("parse", fuzz::parse);
}

#[test]
fn normalize() {
    replay("normalize", fuzz::normalize);
}

#[test]
fn open_bundle() {
    replay("open_bundle", fuzz::open_bundle);
}

#[test]
fn differential() {
    replay("differential", fuzz::differential);
}

#[test]
fn build_world() {
    replay("build_world", fuzz::build_world);
}

#[test]
fn open_file() {
    replay("open_file", fuzz::open_file);
}

#[test]
fn prove() {
    replay("prove", fuzz::prove);
}

#[test]
fn decide() {
    replay("decide", fuzz::decide);
}
