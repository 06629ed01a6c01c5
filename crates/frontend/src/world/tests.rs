//! Tests of loading: what the conformance cases do not reach.

use std::collections::HashMap;

use super::*;
use crate::diagnostic::Severity;
use crate::policy::{Kind, PolicyId, Values};

/// Files by path.
struct Folder(HashMap<&'static str, Result<&'static str, FileError>>);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, FileError> {
        self.0.get(path).cloned().unwrap_or(Err(FileError::Missing)).map(String::from)
    }
}

const ALLOW: &str =
    r#"{"version":"2.0","statement":[{"effect":"allow","action":["cos:*"],"resource":["*"]}]}"#;

fn loaded(text: &str) -> Loaded {
    load(WorldInput::text("world.json", text.into()), &NoFiles, &Overrides::default())
}

/// Findings as `CAM0340 line:column`.
fn found(loaded: &Loaded) -> Vec<String> {
    let show = |found: &Diagnostic| {
        let source = &loaded.sources[found.source as usize];
        let position = source.position(found.span.start);
        format!("{} {}:{}:{}", found.code, source.name(), position.line, position.column)
    };
    loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).map(show).collect()
}

fn sound(text: &str) -> PolicySet {
    let loaded = loaded(text);
    loaded.set.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn names(set: &PolicySet, ids: &[PolicyId]) -> Vec<String> {
    ids.iter().map(|id| set.policies[id.0 as usize].name.to_string()).collect()
}

#[test]
fn a_stream_is_the_same_world_in_any_order() {
    let account = |uin: &str| {
        format!(
            r#"{{"account":{{"uin":"{uin}","users":[{{"uin":"{uin}1","policies":["p","ro",{ALLOW}],"groups":["g"]}}],"groups":[{{"name":"g","id":"1","policies":["tpl"]}}],"policies":{{"p":{ALLOW}}}}}}}"#
        )
    };
    let templated = ALLOW.replace(r#"["*"]"#, r#"["qcs::cos::uin/${OwnerUin}:${Bucket}/*"]"#);
    let lines = [
        account("100"),
        account("200"),
        format!(r#"{{"preset":{{"name":"ro","policy":{ALLOW}}}}}"#),
        format!(r#"{{"preset":{{"name":"tpl","policy":{templated}}}}}"#),
        r#"{"general_policy":"tpl"}"#.into(),
        r#"{"organization":{"account":"200","levels":[["FullQcloudAccess"],["ro"]]}}"#.into(),
        format!(
            r#"{{"resource_policy":{{"name":"b","resource":"qcs::cos::uin/200:b-1/*","policy":{}}}}}"#,
            ALLOW.replace(r#""action""#, r#""principal":"*","action""#)
        ),
        r#"{"settings":{"parameters":{"Bucket":"b-1"},"options":{"legacy_project":true}}}"#.into(),
    ];
    let read = |order: &[usize]| {
        let text: Vec<&str> = order.iter().map(|at| lines[*at].as_str()).collect();
        let mut set = sound(&(text.join("\n\n") + "\r\n"));
        // Places follow the input.
        for statement in set.policies.iter_mut().flat_map(|policy| &mut policy.statements) {
            statement.position = Default::default();
        }
        set
    };
    let first = read(&[0, 1, 2, 3, 4, 5, 6, 7]);
    for order in [[7, 6, 5, 4, 3, 2, 1, 0], [3, 1, 7, 0, 6, 2, 5, 4]] {
        assert_eq!(format!("{:?}", read(&order)), format!("{first:?}"));
    }
    let [one, two] = first.accounts.as_slice() else { panic!("two accounts") };
    assert_eq!(names(&first, &one.users[0].policies), ["100/p", "inline:1001.2", "ro"]);
    assert_eq!(names(&first, &two.groups[0].policies), ["tpl"]);
    assert_ne!(one.groups[0].policies, two.groups[0].policies, "filled for each account");
    assert_eq!(one.groups[0].policies, one.general, "filled once for each account");
    assert_eq!(one.users[0].policies[2], two.users[0].policies[2], "no template: one policy");
    assert!(one.levels.is_none());
    let levels = two.levels.as_ref().expect("levels");
    assert_eq!([names(&first, &levels[0]), names(&first, &levels[1])], [["FullQcloudAccess"], ["ro"]]);
    assert_ne!(levels[1][0], two.users[0].policies[2], "another kind");
    assert_eq!(first.general_unknown.len(), 1);
    assert_ne!(first.general_unknown, one.general);
    assert_eq!((first.resource_policies[0].account, first.policies.len()), (1, 4 + 3 + 1 + 1 + 1 + 1));
}

#[test]
fn the_order_of_members_and_lists_does_not_matter() {
    let member = |name: &str, entries: Vec<String>, reverse: bool| {
        let entries = if reverse { entries.into_iter().rev().collect() } else { entries };
        format!("\"{name}\":[{}]", entries.join(","))
    };
    let world = |reverse: bool| {
        let user = |at: usize| {
            let groups = member("groups", vec!["\"a\"".into(), "\"b\"".into()], reverse);
            let policies = member("policies", vec!["\"p\"".into(), "\"q\"".into(), "\"p\"".into()], reverse);
            format!("{{\"uin\":\"{at}\",{groups},{policies}}}")
        };
        let named = |name: &str| format!("{{\"name\":\"{name}\",\"policies\":[\"q\"]}}");
        let account = |at: usize| {
            let members = [
                member("users", (20..30).map(user).collect(), reverse),
                member("groups", vec![named("b"), named("a")], reverse),
                member("roles", vec![named("s"), named("r")], reverse),
            ];
            format!("{{\"uin\":\"{at}\",{},\"policies\":{{\"p\":{ALLOW},\"q\":{ALLOW}}}}}", members.join(","))
        };
        let mut set = sound(&format!("{{{}}}", member("accounts", (1..5).map(account).collect(), reverse)));
        for statement in set.policies.iter_mut().flat_map(|policy| &mut policy.statements) {
            statement.position = Default::default();
        }
        set
    };
    let set = world(false);
    assert_eq!(format!("{set:?}"), format!("{:?}", world(true)));
    assert_eq!(set.accounts[0].users[0].groups, [0, 1]);
    assert_eq!((&*set.accounts[3].groups[0].name, &*set.accounts[3].roles[0].name), ("a", "r"));
    assert_eq!(set.policies.len(), 8);
    assert_eq!(names(&set, &set.accounts[1].users[9].policies), ["2/p", "2/q"]);
}

#[test]
fn a_preset_of_many_accounts_is_read_once() {
    let account = |at: usize| {
        format!(r#"{{"uin":"{}","users":[{{"uin":"{}","policies":["ro"]}}]}}"#, 1000 + at, 9000 + at)
    };
    let accounts: Vec<String> = (0..500).map(account).collect();
    let warned = ALLOW.replace(r#"["*"]"#, r#"["qcs::cos:nowhere::*"]"#);
    let text = format!(
        r#"{{"accounts":[{}],"presets":{{"ro":{warned}}},"general_policies":["ro"]}}"#,
        accounts.join(",")
    );
    let loaded = loaded(&text);
    let unknown = loaded.diagnostics.iter().filter(|found| found.code == code::REGION_UNKNOWN);
    assert_eq!(unknown.count(), 1, "reported once");
    assert_eq!((loaded.counts.statements, loaded.counts.documents), (1, 1));
    let set = loaded.set.expect("sound");
    assert_eq!(set.policies.len(), 1);
    assert!(set.accounts.iter().all(|account| account.users[0].policies == account.general));
}

#[test]
fn files_stay_in_the_folder() {
    let files = Folder(HashMap::from([
        ("a.json", Ok(ALLOW)),
        ("b/c.json", Ok("{\n  \"version\": \"2.0\"\n}")),
        ("latin.json", Err(FileError::NotUtf8)),
    ]));
    let world = |path: &str| {
        let text = format!(r#"{{"accounts":[{{"uin":"1","policies":{{"p":"{path}","q":"{path}"}}}}]}}"#);
        load(WorldInput::text("w", text), &files, &Overrides::default())
    };
    assert!(world("a.json").set.is_some());
    assert_eq!(world("a.json").counts.documents, 2);
    let at = |path| found(&world(path));
    assert_eq!(at("b/c.json"), ["CAM0207 b/c.json:1:1"], "read once, reported once");
    assert_eq!(at("latin.json"), ["CAM0101 w:1:41"]);
    for path in
        ["", "/a.json", "../a.json", "b/../../a.json", "b\\\\c.json", "C:a.json", "none.json", "a\\u0000"]
    {
        assert_eq!(at(path), ["CAM0706 w:1:41"], "{path}");
    }
}

#[test]
fn quotas_hold_at_their_figure_and_not_above() {
    let list = |count: usize, entry: fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(",");
    let world = |parts: [usize; 4]| {
        let [users, groups, roles, policies] = parts;
        loaded(&format!(
            r#"{{"accounts":[{{"uin":"7","users":[{}],"groups":[{}],"roles":[{}],"policies":{{{}}}}}]}}"#,
            list(users, |at| format!(r#"{{"uin":"{}"}}"#, 100 + at)),
            list(groups, |at| format!(r#"{{"name":"g{at}"}}"#)),
            list(roles, |at| format!(r#"{{"name":"r{at}"}}"#)),
            list(policies, |at| format!(r#""p{at}":{ALLOW}"#)),
        ))
    };
    assert!(world([1000, 300, 1000, 1500]).set.is_some());
    for over in [[1001, 0, 0, 0], [0, 301, 0, 0], [0, 0, 1001, 0], [0, 0, 0, 1501]] {
        assert_eq!(found(&world(over)), ["CAM0442 world.json:1:21"], "{over:?}");
    }
    let own = |users: String, groups: &str| {
        let text = format!(r#"{{"accounts":[{{"uin":"7","users":[{users}],"groups":[{groups}]}}]}}"#);
        found(&loaded(&text)).len()
    };
    let tied = |count: usize| format!(r#"{{"uin":"1","policies":[{}]}}"#, vec![ALLOW; count].join(","));
    assert_eq!((own(tied(200), ""), own(tied(201), "")), (0, 1));
    let members = |count: usize| {
        let user = |at| format!(r#"{{"uin":"{}","groups":["g","g"]}}"#, 100 + at);
        (0..count).map(user).collect::<Vec<_>>().join(",")
    };
    let group = r#"{"name":"g"}"#;
    assert_eq!((own(members(100), group), own(members(101), group)), (0, 1));
    let joins = |count: usize| {
        let account =
            |at| format!(r#"{{"uin":"{}","users":[{{"uin":"5","kind":"collaborator"}}]}}"#, 100 + at);
        let accounts: Vec<String> = (0..count).map(account).collect();
        found(&loaded(&format!(r#"{{"accounts":[{}]}}"#, accounts.join(",")))).len()
    };
    assert_eq!((joins(10), joins(11), joins(12)), (0, 1, 1));
}

#[test]
fn every_error_is_reported_in_its_place() {
    let text = r#"{ "accounts": [
 { "uin": "1", "users": [ { "uin": "11", "policies": ["Pollicy"], "groups": ["h"], "bondary": 1 } ],
   "groups": [ { "name": "g", "policies": [7] } ],
   "policies": { "Policy": { "version": "2.0", "statement": [ { "effect": "allow", "action": "cos:x", } ] },
                 "no/name": {"version":"3.0"}, "spare": {} } }, ],
 "organization": [ { "account": "2", "levels": [ [] ] } ],
 "resource_policies": [ { "resource": "qcs::cos::uin/9:*" } ] }"#;
    let loaded = loaded(text);
    let marked = |found: &Diagnostic| {
        let from = &loaded.sources[found.source as usize].text()[found.span.start..];
        format!("{} {}", &found.code.to_string()[3..], &from[..from.len().min(9)])
    };
    let errors = loaded.diagnostics.iter().filter(|found| found.is_error());
    assert_eq!(
        errors.map(marked).collect::<Vec<_>>(),
        [
            r#"0340 "Pollicy""#,
            r#"0340 "h"], "bo"#,
            r#"0702 "bondary""#,
            "0701 7] } ],\n ",
            r#"0215 { "effect"#,
            r#"0701 "no/name""#,
            r#"0207 {"version"#,
            r#"0203 "3.0"}, ""#,
            "0201 {} } }, ]",
            "0207 {} } }, ]",
            "0701 , ],\n \"or",
            r#"0340 "2", "lev"#,
            "0707 [] ] } ],",
            r#"0701 { "resour"#,
            r#"0335 "qcs::cos"#,
        ]
    );
    use crate::diagnostic::Code;
    let help = |code: Code| {
        let found = loaded.diagnostics.iter().find(|found| found.code == code).expect("reported");
        found.help.clone().unwrap_or_default()
    };
    assert_eq!(help(code::REFERENCE_UNKNOWN), "did you mean `Policy`?");
    assert_eq!(help(code::WORLD_MEMBER), "did you mean `boundary`?");
    let commas = loaded.diagnostics.iter().filter(|found| found.code == code::TRAILING_COMMA);
    assert_eq!(commas.count(), 1, "the one inside a policy is the policy's");
}

#[test]
fn streams_report_lines() {
    let text =
        "{\"account\":{\"uin\":\"1\"}}\n\n{\"acount\":{}}\n{\"settings\":{}}\n{\"settings\":{}}\n[]\n{";
    let loaded = loaded(text);
    let expected = ["CAM0702 w:3:2", "CAM0701 w:5:2", "CAM0701 w:6:1", "CAM0701 w:7:2"];
    assert_eq!(found(&loaded), expected.map(|place| place.replace(" w:", " world.json:")));
    assert_eq!(loaded.sources.len(), 4, "lines without findings are dropped");
    let broken =
        [Ok("{\"account\":{\"uin\":\"1\"}}\n".into()), Err(FileError::Unreadable("disk gone".into()))];
    let loaded = load(WorldInput::lines("w", broken.into_iter()), &NoFiles, &Overrides::default());
    assert_eq!(found(&loaded), ["CAM0706 w:2:1"]);
}

#[test]
fn streams_are_told_from_worlds() {
    for text in ["{\"account\":", " {\n\"organization\" : {", "{\"settings\":{}}"] {
        assert!(is_stream(text), "{text}");
    }
    for text in ["{\"accounts\":[", "{\"organization\":[", "", "[", "{}", "{\"version\":\"2.0\"}"] {
        assert!(!is_stream(text), "{text}");
    }
}

#[test]
fn the_caller_overrides_settings() {
    let policy = ALLOW.replace("cos:*", "${Service}:*").replace(r#"["*"]"#, r#""*""#);
    let text = format!(
        r#"{{"accounts":[{{"uin":"1","users":[{{"uin":"2","policies":["p"]}}],"policies":{{"p":{policy}}}}}],
            "parameters":{{"Service":"cvm"}},"options":{{"limits":{{"LIM-3":5}}}}}}"#
    );
    let read = |overrides: &Overrides| load(WorldInput::text("w", text.clone()), &NoFiles, overrides);
    let given = |name: &str, value: &str| Overrides {
        parameters: vec![(name.into(), value.into())],
        ..Overrides::default()
    };
    let service =
        |loaded: Loaded| format!("{:?}", loaded.set.expect("sound").policies[0].statements[0].actions);
    assert!(service(read(&Overrides::default())).contains("cvm"));
    assert!(service(read(&given("Service", "tke"))).contains("tke"));
    assert!(found(&read(&given("Service", "*"))).contains(&"CAM0435 command line:1:1".into()));
    assert_eq!(found(&read(&given("uin", "1"))), ["CAM0436 command line:1:1"]);
    let strict = Overrides { strict: Some(true), most_notes: 0, ..Overrides::default() };
    let loaded = read(&strict);
    assert!(loaded.options.strict && loaded.set.is_some(), "notes are no warnings");
    assert_eq!((loaded.diagnostics.len(), loaded.notes_left_off), (0, 1));
    let limits =
        Overrides { limits: vec![("LIM-13".into(), 3), ("LIM-3".into(), 1)], ..Overrides::default() };
    assert_eq!(found(&read(&limits)), ["CAM0708 command line:1:1"]);
}

#[test]
fn bare_policies_belong_to_the_implicit_user() {
    let bare = |name: &str, text: &str| BarePolicy {
        name: name.into(),
        path: format!("{name}.json"),
        text: text.into(),
    };
    let read = |policies| load(WorldInput::policies(policies), &NoFiles, &Overrides::default());
    let templated = ALLOW.replace(r#"["*"]"#, r#"["qcs::cos::uid/${OwnerAppid}:*"]"#);
    let set = read(vec![bare("b", ALLOW), bare("a", &templated)]).set.expect("sound");
    let [account] = set.accounts.as_slice() else { panic!("one account") };
    assert_eq!((&*account.uin, account.appid.as_deref()), (IMPLICIT_ACCOUNT, Some(IMPLICIT_APPID)));
    assert_eq!(
        (&*account.users[0].uin, names(&set, &account.users[0].policies)),
        (IMPLICIT_USER, vec!["a".into(), "b".into()])
    );
    assert_eq!(&*set.policies[0].source, "a.json");
    let refused = read(vec![bare("rp0", ALLOW), bare("a", ALLOW), bare("a", "{}"), bare("ä", ALLOW)]);
    let expected = [
        "CAM0703 rp0.json:1:1",
        "CAM0703 a.json:1:1",
        "CAM0201 a.json:1:1",
        "CAM0207 a.json:1:1",
        "CAM0701 ä.json:1:1",
    ];
    let mut found = found(&refused);
    found.sort();
    let mut expected = expected.map(String::from);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn texts_are_sources_of_their_own() {
    let policy = ALLOW.replace('"', "\\\"");
    let text = format!(
        r#"{{"accounts":[{{"uin":"1","roles":[{{"name":"r","trust":{{"text":"\n{{}}"}}}}],
            "users":[{{"uin":"2","boundary":{{"text":"{policy}"}}}}]}}]}}"#
    );
    let loaded = loaded(&text);
    let place = "world.json#accounts.1.roles.r.trust:2:1";
    assert_eq!(found(&loaded), [format!("CAM0201 {place}"), format!("CAM0207 {place}")]);
    let sound = sound(&text.replace(
        "\"\\n{}\"",
        &format!("\"{}\"", policy.replace("\\\"action", "\\\"principal\\\":\\\"*\\\",\\\"action")),
    ));
    let user = &sound.accounts[0].users[0];
    let boundary = &sound.policies[user.boundary.expect("a boundary").0 as usize];
    assert_eq!((&*boundary.name, boundary.kind), ("inline:2.boundary", Kind::Boundary));
    assert_eq!(&*boundary.source, "world.json#accounts.1.users.2.boundary");
}

#[test]
fn unattached_policies_are_read_and_listed() {
    let text = format!(
        r#"{{"accounts":[{{"uin":"1","policies":{{"p":{ALLOW},"q":{}}}}}],"presets":{{"s":{}}}}}"#,
        ALLOW.replace("allow", "alow"),
        ALLOW.replace(r#"["*"]"#, r#"["qcs::cos::uin/${OwnerUin}:*"]"#),
    );
    let loaded = loaded(&text);
    assert_eq!(found(&loaded).len(), 1);
    let listed: Vec<&str> = loaded.unattached.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert!(loaded.unattached.iter().all(|found| loaded.sources.get(found.source as usize).is_some()));
}

#[test]
fn general_policies_have_no_value_where_the_account_is_unknown() {
    let policy = r#"{"version":"2.0","statement":[{"effect":"deny","action":["*"],"resource":["*"],
        "condition":{"string_equal":{"k":["${OwnerUin}","x"]}}}]}"#;
    let set = sound(&format!(r#"{{"accounts":[{{"uin":"1"}}],"general_policies":[{policy}]}}"#));
    let term = |ids: &[PolicyId]| set.policies[ids[0].0 as usize].statements[0].condition[0].clone();
    let (known, unknown) = (term(&set.accounts[0].general), term(&set.general_unknown));
    let values = |values: &Values| match values {
        Values::Text(patterns) => patterns.len(),
        _ => 0,
    };
    assert_eq!((values(&known.values), known.unvalued), (2, false));
    assert!(unknown.unvalued || values(&unknown.values) == 2, "the value is there or marked as missing");
    assert_eq!(names(&set, &set.general_unknown), ["general.0"]);
}

/// Codes and messages of the errors of a world.
fn errors(text: &str) -> Vec<String> {
    let errors = loaded(text).diagnostics.into_iter().filter(Diagnostic::is_error);
    errors.map(|found| format!("{} {}", found.code, found.message)).collect()
}

#[test]
fn lines_of_a_stream_have_their_form() {
    let account = r#"{"account":{"uin":"1"}}"#;
    for (line, message) in [
        (r#"{"account":{"uin":"2"},"preset":{}}"#, "a line of a world is an object of one member"),
        ("{}", "a line of a world is an object of one member"),
        (r#"{"accuont":{}}"#, "a line of a world has no member `accuont`"),
        ("[]", "a line of a world must be an object, not an array"),
        (r#"{"preset":{"name":"a"}}"#, "a preset needs the member `policy`"),
        (r#"{"preset":{"policy":{}}}"#, "a preset needs the member `name`"),
        (r#"{"preset":[]}"#, "a preset must be an object, not an array"),
        (r#"{"resource_policy":{}}"#, "a resource policy needs the member `resource`"),
        (r#"{"organization":{"levels":[]}}"#, "an entry of `organization` needs the member `account`"),
        ("{\"settings\":{}}\n{\"settings\":{}}", "a world has one line of `settings`"),
        (r#"{"settings":{"accounts":[]}}"#, "`settings` has no member `accounts`"),
    ] {
        let found = errors(&format!("{account}\n{line}\n"));
        assert!(found.iter().any(|found| found.ends_with(message)), "{line}: {found:?}");
    }
    let lines = [Ok(account.into()), Err(FileError::Unreadable("the disk is gone".into()))];
    let broken = load(WorldInput::lines("w.ndjson", lines.into_iter()), &NoFiles, &Overrides::default());
    assert_eq!(found(&broken), ["CAM0706 w.ndjson:2:1"]);
    assert_eq!(broken.diagnostics[0].message, "line 2 of `w.ndjson` cannot be read: the disk is gone");
}

#[test]
fn settings_have_their_form() {
    for (members, expected) in [
        (r#""prerequisites":{"GetObject":[]}"#, "CAM0701 `GetObject` is not an action"),
        (
            r#""prerequisites":{"cos:GetObject":[{}]}"#,
            "CAM0701 an entry of a prerequisite needs the member `action`",
        ),
        (
            r#""prerequisites":{"cos:GetObject":[{"action":"cos:*","resource":"*"}]}"#,
            "CAM0701 `cos:*` is not an action",
        ),
        (
            r#""prerequisites":{"cos:GetObject":[{"action":"cos:GetBucket","resource":"b-1"}]}"#,
            "CAM0701 `b-1` is not a resource",
        ),
        (
            r#""prerequisites":{"cos:GetObject":[{"action":"cos:GetBucket","resource":"qcs::cos:::b-1/"}]}"#,
            "CAM0701 `qcs::cos:::b-1/` needs a region and an account",
        ),
        (
            r#""prerequisites":{"cos:GetObject":[],"name/cos:GetObject":[]}"#,
            "CAM0703 the prerequisite `cos:GetObject` is repeated",
        ),
        (r#""catalogue":{"permid/1":[]}"#, "CAM0701 the set `permid/1` has no entries"),
        (
            r#""catalogue":{"reading":["cos:GetObject"]}"#,
            "CAM0701 `reading` is not `permid/<number>` or `actionName/<name>`",
        ),
        (r#""catalogue":{"permid/1":["permid/2"]}"#, "CAM0701 `permid/2` is not an operation of one service"),
        (r#""parameters":{"Name":7}"#, "CAM0701 a parameter must be a string, not a number"),
    ] {
        let found = errors(&format!(r#"{{"accounts":[],{members}}}"#));
        assert_eq!(found.first().map(String::as_str), Some(expected), "{members}: {found:?}");
    }
}

#[test]
fn a_resource_policy_shares_no_name_with_a_preset() {
    let bound = ALLOW.replace("\"action\"", "\"principal\":\"*\",\"action\"");
    for (preset, name) in [("Read", "Read"), ("Other", "FullQcloudAccess")] {
        let found = errors(&format!(
            r#"{{"accounts":[{{"uin":"1","appid":"2"}}],"presets":{{"{preset}":{ALLOW}}},"resource_policies":[
                {{"name":"{name}","resource":"qcs::cos::uid/2:b-2/*","policy":{bound}}}]}}"#
        ));
        assert_eq!(found, [format!("CAM0703 a preset and a resource policy are called `{name}`")]);
    }
}

/// Quotas of the platform at their figure and one beyond it.
#[test]
fn quotas_begin_behind_their_figure() {
    let list =
        |entry: &dyn Fn(u32) -> String, count: u32| (0..count).map(entry).collect::<Vec<_>>().join(",");
    let policy = |n: u32| format!("\"p{n}\":{ALLOW}");
    let policies = |count| list(&policy, count);
    let names = |letter: &'static str, count| list(&move |n| format!("\"{letter}{n}\""), count);
    let groups = |count| list(&|n| format!(r#"{{"name":"g{n}"}}"#), count);
    let members = |count| list(&|n| format!(r#"{{"uin":"9{n}","groups":["g0"]}}"#), count);
    let account = |members: String| format!(r#"{{"uin":"1",{members}}}"#);
    type World<'a> = &'a dyn Fn(u32) -> String;
    let worlds: [(u32, &str, World<'_>); 11] = [
        (3, "user `9` has", &|n| {
            let user = format!(r#"{{"uin":"9","policies":[{}]}}"#, names("p", n));
            account(format!(r#""users":[{user}],"policies":{{{}}}"#, policies(n)))
        }),
        (3, "group `g0` has", &|n| {
            let group = format!(r#"{{"name":"g0","policies":[{}]}}"#, names("p", n));
            account(format!(r#""groups":[{group}],"policies":{{{}}}"#, policies(n)))
        }),
        (3, "role `r` has", &|n| {
            let role = format!(r#"{{"name":"r","policies":[{}]}}"#, names("p", n));
            account(format!(r#""roles":[{role}],"policies":{{{}}}"#, policies(n)))
        }),
        (4, "account `1` has", &|n| account(format!(r#""policies":{{{}}}"#, policies(n)))),
        (5, "account `1` has", &|n| account(format!(r#""groups":[{}]"#, groups(n)))),
        (6, "account `1` has", &|n| {
            account(format!(r#""users":[{}]"#, list(&|n| format!(r#"{{"uin":"9{n}"}}"#), n)))
        }),
        (7, "account `1` has", &|n| {
            account(format!(r#""roles":[{}]"#, list(&|n| format!(r#"{{"name":"r{n}"}}"#), n)))
        }),
        (8, "user `9` has", &|n| {
            let user = format!(r#"{{"uin":"9","groups":[{}]}}"#, names("g", n));
            account(format!(r#""users":[{user}],"groups":[{}]"#, groups(n)))
        }),
        (9, "group `g0` has", &|n| account(format!(r#""users":[{}],"groups":[{}]"#, members(n), groups(1)))),
        (10, "expand", &|n| {
            let address = if n == 2 { "10.0.0.0/8" } else { "10.*.1.0/24" };
            let condition =
                format!(r#""resource":["*"],"condition":{{"ip_equal":{{"qcs:ip":["{address}"]}}}}"#);
            account(format!(r#""policies":{{"p":{}}}"#, ALLOW.replace(r#""resource":["*"]"#, &condition)))
        }),
        (11, "the collaborator `9` has", &|n| {
            list(&|n| format!(r#"{{"uin":"10{n}","users":[{{"uin":"9","kind":"collaborator"}}]}}"#), n)
        }),
    ];
    for (limit, holder, accounts) in worlds {
        let world = |count| {
            format!(r#"{{"accounts":[{}],"options":{{"limits":{{"LIM-{limit}":2}}}}}}"#, accounts(count))
        };
        assert_eq!(errors(&world(2)), [""; 0], "LIM-{limit} at its figure");
        let beyond = errors(&world(3));
        let [found] = beyond.as_slice() else { panic!("LIM-{limit}: {beyond:?}") };
        match limit {
            10 => assert!(found.starts_with("CAM0409 "), "{found}"),
            _ => assert!(found.starts_with(&format!("CAM0442 {holder} 3 of 2 ")), "LIM-{limit}: {found}"),
        }
    }
}

#[test]
fn nesting_of_a_world_is_bounded() {
    // The world, the list of accounts and the account are three levels.
    let nested = |levels: usize| {
        let deep = "[".repeat(levels - 3) + &"]".repeat(levels - 3);
        errors(&format!(r#"{{"accounts":[{{"uin":"1","extra":{deep}}}]}}"#))
    };
    assert_eq!(nested(64), ["CAM0702 an account has no member `extra`"]);
    let beyond = nested(65);
    assert!(matches!(beyond.as_slice(), [found] if found.starts_with("CAM0701 ")), "{beyond:?}");
}

/// Documents of every kind with warnings, errors and texts that are no policies, more than a thread is started for.
fn messy_lines(dice: &mut crate::testing::Dice) -> Vec<String> {
    let mut lines =
        vec![r#"{"settings":{"parameters":{"Name":"n"},"catalogue":{"permid/1":["a:B"]}}}"#.to_owned()];
    for number in 0..120 {
        let uin = 1_000 + number;
        let mut document = |principal: bool| {
            match dice.below(40) {
            0 => r#"{"text":"{\"version\":"}"#.into(),
            1 => r#"{"version":"2.0","statement":[],/* none */}"#.into(),
            2 => r#"{"Statement":{"effect":"allow","action":"cos:Get*","resource":"*","more":1},"version":"2.0"}"#.into(),
            _ if principal => dice.document(),
            _ => dice.document().replace("qcs::cos:gz", "qcs::cos:").replace("\"principal\"", "\"Effect\""),
        }
        };
        let policies: Vec<String> = (0..20).map(|at| format!(r#""p{at}":{}"#, document(false))).collect();
        let (inline, trust, scoped) = (document(false), document(true), document(true));
        let odd = match dice.below(20) {
            0 => r#","groups":[{"version":"2.0","name":"g"}]"#,
            1 => r#","groups":[{"name":"g","statement":{"principal":{}}}]"#,
            _ => "",
        };
        lines.push(format!(
            r#"{{"account":{{"uin":"{uin}","appid":"12{uin}","users":[{{"uin":"{uin}1","policies":["p1","p2",{inline}],"boundary":"p2"}}],"roles":[{{"name":"r","policies":["p3"],"trust":{trust}}}],"policies":{{{}}}{odd}}}}}"#,
            policies.join(",")
        ));
        lines.push(format!(
            r#"{{"resource_policy":{{"name":"b{number}","resource":"qcs::cos::uin/{uin}:b-1/*","policy":{scoped}}}}}"#
        ));
    }
    lines
}

#[test]
fn threads_change_nothing() {
    let mut dice = crate::testing::Dice(17);
    let lines = messy_lines(&mut dice);
    assert!(lines.iter().map(String::len).sum::<usize>() > 1 << 20);
    let member = |name: &str, line: &str| line.strip_prefix(name)?.strip_suffix('}').map(String::from);
    let all = |name: &str| lines.iter().filter_map(|line| member(name, line)).collect::<Vec<_>>().join(",\n");
    let settings = all("{\"settings\":");
    let world = format!(
        "{{\"accounts\":[{}],\"resource_policies\":[{}],{}",
        all("{\"account\":"),
        all("{\"resource_policy\":"),
        settings.strip_prefix('{').unwrap_or_default()
    );
    let broken = r#"{"account":{"uin":"1","policies":{"p":{"version":"2.0",,}}}}"#;
    for text in [format!("{}\n{broken}", lines.join("\n")), world] {
        let read = |threads| {
            let overrides = Overrides { threads, ..Overrides::default() };
            let loaded = load(WorldInput::text("w", text.clone()), &NoFiles, &overrides);
            let sources: Vec<_> =
                loaded.sources.iter().map(|source| (source.name().to_owned(), source.position(0))).collect();
            (
                loaded.diagnostics,
                sources,
                loaded.unattached,
                loaded.counts,
                loaded.set.map(|set| set.policies),
            )
        };
        let one = read(1);
        assert!(one.0.len() > 1_000);
        assert_eq!(read(3), one);
    }
}

/// What is read over where no policy stands is found all the same.
#[test]
fn only_policies_are_read_over() {
    for (text, expected) in [
        (r#"{"accounts":[{"version":"2.0","uin":"1"}]}"#, "CAM0702 w:1:15"),
        (r#"{"accounts":[{"uin":"1","users":[{"Statement":[],"uin":"2"}]}]}"#, "CAM0702 w:1:35"),
        (r#"{"accounts":[],"options":{"limits":{"version":1}}}"#, "CAM0708 w:1:37"),
        (r#"{"accounts":[],"parameters":{"version":"x"}}"#, ""),
        (r#"{"version":1,"accounts":[]}"#, "CAM0702 w:1:2"),
    ] {
        let loaded = load(WorldInput::text("w", text.into()), &NoFiles, &Overrides::default());
        assert_eq!(found(&loaded).join(" "), expected, "{text}");
    }
}

/// A world with and without a memory is the same, whatever was edited since the memory was filled.
#[test]
fn a_memory_changes_nothing() {
    let mut dice = crate::testing::Dice(23);
    let statement = |dice: &mut crate::testing::Dice| {
        let resource = dice.pick(&["*", "qcs::cvm:::x", "qcs::cvm::uin/${OwnerUin}:y"]);
        format!(r#"{{"effect":"allow","action":["a:B{}"],"resource":["{resource}"]}}"#, dice.below(50))
    };
    let document = |dice: &mut crate::testing::Dice| {
        let statements: Vec<String> = (0..6).map(|_| statement(dice)).collect();
        format!(r#"{{"version":"2.0","statement":[{}]}}"#, statements.join(","))
    };
    let line = |dice: &mut crate::testing::Dice, uin: usize| {
        let policies: Vec<String> = (0..10).map(|at| format!(r#""p{at}":{}"#, document(dice))).collect();
        let (own, blank) = (document(dice), " ".repeat(dice.below(3)));
        format!(
            r#"{{"account":{{{blank}"uin":"{uin}","users":[{{"uin":"{uin}1","policies":["p0","p3","p4","p5","p6","p7","p8","p9",{own}],"boundary":"p1"}}],"roles":[{{"name":"r","policies":["p1","p2"]}}],"policies":{{{}}}}}}}"#,
            policies.join(",")
        )
    };
    let mut lines: Vec<String> = (0..150).map(|at| line(&mut dice, 1_000 + at)).collect();
    let mut memory = Memory::default();
    for round in 0..12 {
        match round % 4 {
            1 => lines.insert(dice.below(lines.len()), line(&mut dice, 5_000 + round)),
            2 => drop(lines.remove(dice.below(lines.len()))),
            // A document with a finding is read every time; what the load of a broken world knew is read again.
            3 => lines[0] = lines[0].replacen("a:B", if round == 3 { "name/a:B" } else { "a" }, 1),
            _ => lines[0] = line(&mut dice, 1_000),
        }
        let text = lines.join("\n");
        assert!(text.len() > 512 << 10);
        let overrides = Overrides {
            threads: 2,
            parameters: if round > 8 { vec![("Other".into(), "x".into())] } else { Vec::new() },
            ..Overrides::default()
        };
        let input = || WorldInput::text("w", text.clone());
        let plain = load(input(), &NoFiles, &overrides);
        let loaded = memory.load(input(), &NoFiles, &overrides);
        assert_eq!(loaded.diagnostics, plain.diagnostics, "round {round}");
        assert_eq!(loaded.counts, plain.counts);
        let (ours, theirs) = (loaded.set.map(|set| (format!("{set:?}"), set)), plain.set);
        assert_eq!(ours.as_ref().map(|(text, _)| text), theirs.map(|set| format!("{set:?}")).as_ref());
        let (known, read) = memory.counts();
        if round == 1 || round == 2 {
            assert!(known > 1_600 && read < 50, "{known} known, {read} read");
        }
        if let Some((_, set)) = ours {
            memory.keep(set);
        }
    }
}
