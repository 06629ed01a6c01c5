//! `camshaft watch` while bundles arrive.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::folder::Folder;
use crate::json::{conforms, json};

#[test]
fn events_are_told_as_they_happen() {
    let folder = Folder::new();
    let build = |out: &str, revision: &str| {
        let args = ["build", "world", "-o", out, "--key", "keys/signing.pem", "--revision", revision];
        json(&folder, &args, 0, "build.json")["digest"].clone()
    };
    fs::create_dir(folder.path().join("arrivals")).unwrap();
    let digest = build("arrivals/now.cam", "5");
    let mut child = folder
        .command(&[
            "watch",
            "-b",
            "arrivals",
            "--key",
            "keys/trusted.pem",
            "--poll-s",
            "1",
            "--format",
            "json",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        conforms(line.as_bytes(), "watch-event.json")
    };
    let loaded = next();
    assert_eq!(
        (&loaded["event"], &loaded["digest"], &loaded["revision"]),
        (&"loaded".into(), &digest, &5.into())
    );
    assert_eq!(loaded["publication"], 0);
    fs::copy(folder.path().join("world/world.json"), folder.path().join("arrivals/next.tmp")).unwrap();
    fs::rename(folder.path().join("arrivals/next.tmp"), folder.path().join("arrivals/next.cam")).unwrap();
    let refused = next();
    assert_eq!((&refused["event"], &refused["reason"]), (&"refused".into(), &"unsigned".into()));
    build("arrivals/next.cam", "6");
    let loaded = next();
    assert_eq!((&loaded["revision"], &loaded["publication"]), (&6.into(), &1.into()));
    build("arrivals/next.cam", "4");
    let refused = next();
    assert_eq!((&refused["bundle"], &refused["reason"]), (&"arrivals/next.cam".into(), &"revision".into()));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn one_look_is_told_line_by_line() {
    let folder = Folder::new();
    let sign = ["build", "world", "-o", "plain.cam"];
    json(&folder, &sign, 0, "build.json");
    let args = ["watch", "-b", "plain.cam", "--once", "--max-age-s", "60", "--format", "json"];
    let output = folder.run(&args);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<_> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| conforms(line, "watch-event.json")["event"].clone())
        .collect();
    assert_eq!(lines, ["loaded", "stale"]);
}
