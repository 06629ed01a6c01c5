//! What `camshaft world` writes, byte by byte, and that it means the same.

use std::fs;

use crate::folder::Folder;
use crate::json::json;

const WORLD: &str = "org/world.json";
const OPS: &str = "100000000001/100000000012";

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("the file")
}

fn digest(folder: &Folder) -> serde_json::Value {
    let output = folder.run(&["build", "org", "-o", "org.cam", "--format", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a summary");
    summary["digest"].clone()
}

#[test]
fn a_written_world_is_canonical_and_means_the_same() {
    let folder = Folder::new();
    let before = digest(&folder);
    let untouched = read(&folder, WORLD);
    let attach = ["world", "attach", "org", "--to", OPS, "ReadOnly"];
    let write = |args: &[&str]| json(&folder, &[args, &["--write"]].concat(), 0, "world-change.json");
    assert_eq!(json(&folder, &attach, 0, "world-change.json")["written"], false);
    assert_eq!(read(&folder, WORLD), untouched);

    let report = write(&attach);
    assert_eq!((&report["written"], &report["canonical"]), (&true.into(), &false.into()));
    let written = read(&folder, WORLD);
    let expected = r#"        {
          "uin": "100000000012",
          "name": "ops",
          "policies": [
            "ReadOnly"
          ]
        }
"#;
    assert!(written.contains(expected), "{written}");
    // Documents keep what they say: comments of one in place, every byte of one given as text, paths.
    let comment = "\"Write\": {\n          // Reviewed by the storage team.\n          \"version\": \"2.0\",";
    let text = r#""text": "{\n  /* the outer edge */\n  \"version\": \"2.0\", \"statement\""#;
    for kept in [comment, text, r#""Spare": "policies/read.json""#] {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert_ne!(digest(&folder), before);

    let report = write(&["world", "detach", "org", "--from", OPS, "ReadOnly"]);
    assert_eq!((&report["written"], &report["canonical"]), (&true.into(), &true.into()));
    assert_eq!(digest(&folder), before, "the canonical form compiles to the same bundle");
    let accounts: Vec<usize> =
        ["\"uin\": \"100000000001\"", "\"uin\": \"100000000002\"", "\"presets\"", "\"resource_policies\""]
            .map(|part| read(&folder, WORLD).find(part).expect(part))
            .to_vec();
    assert!(accounts.is_sorted());
    assert!(fs::read_dir(folder.path().join("org")).unwrap().count() == 2, "nothing is left beside it");
}

#[test]
fn a_stream_is_written_line_by_line() {
    let folder = Folder::new();
    let before = read(&folder, "world.ndjson");
    let user = "100000000001/100000000011";
    let write = |args: &[&str]| json(&folder, &[args, &["--write"]].concat(), 0, "world-change.json");
    write(&["world", "attach", "world.ndjson", "--to", user, "FullQcloudAccess"]);
    let after = before.replace(r#""policies":["Dev"]"#, r#""policies":["Dev","FullQcloudAccess"]"#);
    assert_eq!(read(&folder, "world.ndjson"), after);
    write(&["world", "detach", "world.ndjson", "--from", user, "FullQcloudAccess"]);
    assert_eq!(read(&folder, "world.ndjson"), before);
}

#[test]
fn a_change_may_mend_a_world() {
    let folder = Folder::new();
    let broken = read(&folder, WORLD).replace(r#""policies": []"#, r#""policies": ["Gone"]"#);
    fs::write(folder.path().join(WORLD), &broken).unwrap();
    let gone = |args: &[&str], exit, schema| json(&folder, args, exit, schema);
    gone(&["world", "show", "org", OPS], 3, "error.json");
    gone(&["world", "attach", "org", "--to", OPS, "ReadOnly", "--write"], 3, "error.json");
    assert_eq!(read(&folder, WORLD), broken);
    gone(&["world", "detach", "org", "--from", OPS, "Gone", "--write"], 0, "world-change.json");
    gone(&["world", "show", "org", OPS], 0, "world-show.json");
}

#[test]
fn comments_outside_policies_are_not_lost() {
    let folder = Folder::new();
    let commented = read(&folder, WORLD).replacen('{', "{ // mine\n", 1);
    fs::write(folder.path().join(WORLD), &commented).unwrap();
    json(&folder, &["world", "attach", "org", "--to", OPS, "ReadOnly", "--write"], 3, "error.json");
    assert_eq!(read(&folder, WORLD), commented);
}
