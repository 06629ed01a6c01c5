//! Signed bundles by command line: what is reported, what the setting of trusted keys refuses, what age means.

use crate::folder::Folder;
use crate::json::json;
use serde_json::Value;

const DEV: &str = "qcs::cam::uin/100000000001:uin/100000000011";
const FILE: &str = "qcs::cos:ap-beijing:uid/1250000000:data-1250000000/team/a.txt";
const SIGNER: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

fn signature(revision: u64, verified: bool) -> Value {
    serde_json::json!({ "signer": SIGNER, "revision": revision, "created_s": 1_767_225_600, "verified": verified })
}

#[test]
fn signatures_are_reported() {
    let folder = Folder::new();
    let built = json(&folder, &["build", "world", "-o", "plain.cam"], 0, "build.json");
    assert_eq!(built["signature"], Value::Null);
    let sign = |file: &str, more: &[&str]| {
        let args =
            ["sign", file, "--key", "keys/signing.pem", "--created-s", "1767225600", "--revision", "42"];
        json(&folder, &[&args[..], more].concat(), 0, "sign.json")
    };
    let signed = sign("plain.cam", &["-o", "signed.cam"]);
    assert_eq!((&signed["signature"], &signed["digest"]), (&signature(42, true), &built["digest"]));
    let trusted = ["--key", "keys/trusted.pem"];
    let verify = |more: &[&str]| json(&folder, &[&["verify", "signed.cam"], more].concat(), 0, "verify.json");
    assert_eq!(verify(&trusted)["signature"], signature(42, true));
    assert_eq!(verify(&[])["signature"], signature(42, false));
    let inspected = json(&folder, &["inspect", "signed.cam"], 0, "inspect.json");
    assert_eq!((&inspected["signature"], &inspected["bytes"]), (&signature(42, false), &built["bytes"]));
    // The bytes depend on nothing but key, bundle, revision and time.
    let first = std::fs::read(folder.path().join("signed.cam")).unwrap();
    sign("signed.cam", &[]);
    assert_eq!(std::fs::read(folder.path().join("signed.cam")).unwrap(), first);
    let at_once = ["build", "world", "-o", "built.cam", "--key", "keys/signing.pem", "--revision", "43"];
    let at_once = json(&folder, &at_once, 0, "build.json");
    assert_eq!(at_once["signature"]["revision"], 43);
    assert_eq!(at_once["digest"], built["digest"]);
}

/// One setting, for every command that asks a bundle.
#[test]
fn the_environment_can_refuse_unsigned_bundles() {
    let folder = Folder::new();
    json(&folder, &["build", "world", "-o", "plain.cam"], 0, "build.json");
    let sign = ["sign", "plain.cam", "--key", "keys/signing.pem", "--revision", "42", "-o", "signed.cam"];
    json(&folder, &sign, 0, "sign.json");
    let question = ["--principal", DEV, "--action", "cos:PutObject", "--resource", FILE];
    let ends = |args: &[&str], keys: &str| {
        folder.command(args).env("CAMSHAFT_TRUSTED_KEYS", keys).output().unwrap().status.code()
    };
    for (bundle, good) in [("plain.cam", false), ("signed.cam", true)] {
        let commands = [
            [&["decide", "-b", bundle][..], &question].concat(),
            [&["explain", "-b", bundle][..], &question].concat(),
            vec!["decide", "-b", bundle, "--requests", "/dev/null"],
            vec!["verify", bundle],
            vec!["test", "world/cases.jsonl", "-b", bundle],
            vec!["bench", "-b", bundle, "--requests", "world/cases.jsonl", "--rounds", "1"],
        ];
        for command in commands {
            let exit = ends(&command, "keys/trusted.pem");
            assert_eq!(exit, Some(if good { 0 } else { 4 }), "{command:?}");
            assert_eq!(ends(&command, "keys/other.pem"), Some(4), "{command:?}");
            // An empty setting is a mistake, not a way to trust everybody.
            assert_eq!(ends(&command, ""), Some(2), "{command:?}");
        }
    }
    // It is about bundles: policies and worlds at hand are read as ever.
    assert_eq!(
        ends(&["test", "cases.jsonl"], "keys/trusted.pem"),
        folder.run(&["test", "cases.jsonl"]).status.code()
    );
}

/// With a verified signature the age is known; a request that says another age is believed.
#[test]
fn a_signature_tells_the_age() {
    let folder = Folder::new();
    let world = folder.path().join("world/world.json");
    let text = std::fs::read_to_string(&world).unwrap();
    std::fs::write(&world, text.replacen('{', "{\"options\":{\"max_artifact_age_s\":1000000},", 1)).unwrap();
    let build = ["build", "world", "-o", "new.cam", "--key", "keys/signing.pem", "--revision", "1"];
    json(&folder, &build, 0, "build.json");
    let sign =
        ["sign", "new.cam", "--key", "keys/signing.pem", "--revision", "1", "--created-s", "1767225600"];
    json(&folder, &[&sign[..], &["-o", "old.cam"]].concat(), 0, "sign.json");
    let question = ["--principal", DEV, "--action", "cos:PutObject", "--resource", FILE];
    let ask = |command: &str, bundle: &str, more: &[&str]| {
        let args = [&[command, "-b", bundle, "--key", "keys/trusted.pem"][..], &question, more].concat();
        folder.run(&args).status.code()
    };
    for command in ["decide", "explain"] {
        assert_eq!(ask(command, "new.cam", &[]), Some(0));
        assert_eq!(ask(command, "old.cam", &[]), Some(5));
        assert_eq!(ask(command, "old.cam", &["--artifact-age-s", "10"]), Some(0));
    }
    let line = format!("{{\"principal\":\"{DEV}\",\"action\":\"cos:PutObject\",\"resource\":\"{FILE}\"}}\n");
    for (bundle, exit) in [("new.cam", 0), ("old.cam", 5)] {
        let args = ["decide", "-b", bundle, "--key", "keys/trusted.pem", "--requests", "-"];
        assert_eq!(folder.run_with(&args, line.as_bytes()).status.code(), Some(exit));
    }
}
