//! What a bundle says of its making: digests that name what changed, and nothing that hangs on how the input is laid out.

use camshaft_bundle::Bundle;
use camshaft_compiler::{Config, compile};
use camshaft_tests::product::load_text;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn policy(action: &str) -> Value {
    json!({ "version": "2.0", "statement": [{ "effect": "allow", "action": [action], "resource": ["*"] }] })
}

fn world() -> Value {
    json!({
        "accounts": [
            { "uin": "100000000001", "appid": "1250000000",
              "users": [
                { "uin": "100000000011", "groups": ["g"], "policies": ["a", "b"] },
                { "uin": "100000000012", "policies": ["b"], "boundary": "a" }
              ],
              "groups": [{ "name": "g", "id": "1", "policies": ["b"] }],
              "roles": [{ "name": "r", "id": "2", "policies": ["a"] }],
              "policies": { "a": policy("cos:GetObject"), "b": policy("cvm:DescribeInstances") } },
            { "uin": "100000000002", "users": [{ "uin": "100000000021", "policies": ["preset"] }] }
        ],
        "presets": { "preset": policy("cls:Get*") }
    })
}

/// The lines of the table.
fn provenance(world: &Value, config: &Config) -> BTreeMap<String, String> {
    let loaded = load_text(&world.to_string());
    let set = loaded.set.unwrap_or_else(|| panic!("refused: {:#?}", loaded.diagnostics));
    let bundle = Bundle::open(&compile(&set, config).expect("compiles").bytes).expect("opens");
    let text = bundle.tables().provenance.all().to_owned();
    let sources = bundle.tables().sources.records::<2>() as usize;
    let lines: BTreeMap<String, String> =
        text.lines().filter_map(|line| line.split_once('=')).map(|(n, v)| (n.into(), v.into())).collect();
    assert_eq!(lines.len(), text.lines().count(), "every name once: {text}");
    assert_eq!(lines.keys().filter(|name| name.starts_with("input.")).count(), sources);
    lines
}

/// The names of the lines that differ.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let before = provenance(&world(), &Config::default());
    let mut world = world();
    change(&mut world);
    let after = provenance(&world, &Config::default());
    after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn digests_name_what_changed() {
    assert_eq!(changed(|_| {}), [""; 0]);
    let first = |world: &mut Value| world["accounts"][0].take();
    let with = |world: &mut Value, account: Value| world["accounts"][0] = account;
    // A statement: its source and all statements, not the directory.
    let found = changed(|world| {
        let mut account = first(world);
        account["policies"]["a"] = policy("cos:PutObject");
        with(world, account);
    });
    assert_eq!(found, ["input.0", "statements"]);
    // Everything in the directory, one by one.
    let edits: [(&str, Value); 10] = [
        ("/appid", json!("1250000009")),
        ("/users/0/uin", json!("100000000013")),
        ("/users/0/groups", json!([])),
        ("/users/0/policies", json!(["b"])),
        ("/users/1/boundary", json!("b")),
        ("/groups/0/name", json!("h")),
        ("/groups/0/id", json!("9")),
        ("/groups/0/policies", json!(["a"])),
        ("/roles/0/name", json!("s")),
        ("/roles/0/id", json!("3")),
    ];
    for (pointer, value) in edits {
        let found = changed(|world| {
            let mut account = first(world);
            *account.pointer_mut(pointer).expect("a member") = value;
            if pointer == "/groups/0/name" {
                account["users"][0]["groups"] = json!(["h"]);
            }
            with(world, account);
        });
        // A boundary is a policy of another kind, which its digest says.
        let expected: &[&str] = match pointer {
            "/users/1/boundary" => &["directory", "input.0", "statements"],
            _ => &["directory"],
        };
        assert_eq!(found, expected, "{pointer}");
    }
}

#[test]
fn layout_and_order_change_nothing() {
    let reordered = |world: &mut Value| {
        let accounts = world["accounts"].as_array_mut().expect("a list");
        accounts.reverse();
        let users = accounts[1]["users"].as_array_mut().expect("a list");
        users.reverse();
        users[1]["policies"] = json!(["b", "a"]);
    };
    assert_eq!(changed(reordered), [""; 0]);
    let plain = provenance(&world(), &Config::default());
    assert_eq!(plain, provenance(&world(), &Config::default().threads(3)));
    assert_eq!(plain, provenance(&world(), &Config::default().max_candidates(100)));
}

#[test]
fn options_that_influence_the_bytes_are_recorded() {
    let options = |config: Config| provenance(&world(), &config)["options"].clone();
    assert_eq!(options(Config::default()), "default");
    assert_eq!(options(Config::default().threads(2).max_candidates(9)), "default");
    assert_eq!(options(Config::default().places(true).merge_rows(3)), "places=true merge_rows=3");
    assert_eq!(options(Config::default().places(false)), "default");
    let mut world = world();
    world["options"] = json!({ "cos_anyone_deny": "unsigned" });
    assert_eq!(provenance(&world, &Config::default())["options"], "cos_anyone_deny=unsigned");
}
