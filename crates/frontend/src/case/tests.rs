//! Tests of cases.

use super::*;
use crate::diagnostic::Severity;
use crate::world::{FileError, Files, Loaded, NoFiles, Overrides, load};

const POLICY: &str =
    r#"{"version":"2.0","statement":[{"effect":"allow","action":["cos:*"],"resource":["*"]}]}"#;

fn case(text: &str) -> Case {
    parse_line("c.jsonl", text, 3).unwrap_or_else(|error| panic!("{:?}", error.diagnostics))
}

fn refused(text: &str) -> Vec<u16> {
    match parse_line("c.jsonl", text, 3) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.diagnostics.iter().map(|found| found.code.0).collect(),
    }
}

fn world(case: &Case, files: &dyn Files) -> Loaded {
    load(case.world_input().expect("a world"), files, &Overrides::default())
}

#[test]
fn reads_a_short_case() {
    let text = format!(
        r#"{{"id":"a","rule":["EVA-4"],"grade":"der","source":"x","policies":[{POLICY},{{"text":"{}"}}],"presets":{{"q":{POLICY}}},"general_policies":["q"],"options":{{"list_deny":"cam"}},"request":{{"action":"cos:GetObject","resource":"*"}},"expect":"implicit_deny","diagnostic":["CAM0216"],"reason":[],"blocked_by":"boundary"}}"#,
        POLICY.replace('"', "\\\"")
    );
    let case = case(&text);
    assert_eq!(
        (case.id.as_deref(), case.grade, case.expect),
        (Some("a"), Some(Grade::Derived), Expect::ImplicitDeny)
    );
    assert_eq!((case.rules.len(), case.diagnostics.as_slice()), (1, [Code(216)].as_slice()));
    assert_eq!((case.reason.as_deref(), case.blocked_by), (Some([].as_slice()), Some(Layer::Boundary)));
    let request = case.request(&[]).expect("a request").expect("a sound one");
    assert_eq!(request.principal, IMPLICIT_PRINCIPAL);
    let set = world(&case, &NoFiles).set.expect("sound");
    assert!(set.options.list_deny_cam);
    let names: Vec<&str> = set.policies.iter().map(|policy| &*policy.name).collect();
    assert_eq!(names, ["p0", "p1", "q"]);
    assert_eq!(set.policies[0].statements[0].position.line, 3, "the line of the file");
    assert_eq!(
        (&*set.policies[1].source, set.policies[1].statements[0].position.line),
        ("c.jsonl#policies.1", 1)
    );
}

#[test]
fn refuses_what_is_no_case() {
    let request = r#""request":{"action":"a:b","resource":"*"}"#;
    for (members, codes) in [
        (r#""expect":"allow""#.to_owned(), vec![701]),
        (format!(r#""expect":"maybe",{request}"#), vec![701]),
        (request.into(), vec![701]),
        (format!(r#""expect":"allow",{request},"expected":1"#), vec![702]),
        (format!(r#""expect":"allow",{request},{request}"#), vec![701]),
        (format!(r#""expect":"allow",{request},"policies":[],"world":{{}}"#), vec![701]),
        (format!(r#""expect":"allow",{request},"presets":{{}}"#), vec![701]),
        (format!(r#""expect":"allow",{request},"world":{{}},"presets":{{}}"#), vec![701]),
        (format!(r#""expect":"allow",{request},"diagnostic":["CAM9999",7]"#), vec![701, 701]),
        (format!(r#""expect":"allow",{request},"blocked_by":"scp""#), vec![701]),
        (format!(r#""expect":"implicit_deny",{request},"blocked_by":"sky""#), vec![701]),
        (format!(r#""expect":"allow",{request},"#), vec![701]),
    ] {
        assert_eq!(refused(&format!("{{{members}}}")), codes, "{members}");
    }
    assert_eq!(refused("[]"), [701]);
    assert_eq!(refused("{"), [701]);
    assert!(case(r#"{"expect":"reject","policies":[]}"#).request(&[]).is_none());
    assert!(case(&format!(r#"{{"expect":"allow",{request}}}"#)).world_input().is_none());
}

#[test]
fn departures_from_json_belong_where_they_stand() {
    let loose = POLICY.replace("]}]}", "],}]}");
    let request = |more: &str| format!(r#"{{"action":"a:b","resource":"*"{more}}}"#);
    let text = |world: &str, request: &str| format!(r#"{{"expect":"allow",{world},"request":{request}}}"#);
    let warned =
        case(&text(&format!(r#""policies":[{loose}]"#), &request(&format!(r#","session_policy":{loose}"#))));
    let loaded = world(&warned, &NoFiles);
    assert_eq!(loaded.diagnostics.iter().filter(|found| found.code == code::TRAILING_COMMA).count(), 1);
    assert!(loaded.set.is_some() && warned.request(&[]).expect("a request").is_ok());
    let between = case(&text(&format!(r#""policies":[{POLICY},]"#), &request(",")));
    let errors: Vec<u16> = world(&between, &NoFiles)
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.code.0)
        .collect();
    assert_eq!(errors, [701]);
    assert_eq!(between.request(&[]).expect("a request").unwrap_err().code.0, 600);
}

struct Folder;

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, FileError> {
        match path {
            "w/world.json" => Ok(r#"{"accounts":[{"uin":"1","users":[{"uin":"2","policies":["p"]}],"policies":{"p":"p.json"}}]}"#.into()),
            "w/lines.ndjson" => Ok("{\"account\":{\"uin\":\"1\",\"policies\":{\"p\":\"p.json\"}}}\n".into()),
            "w/p.json" => Ok(POLICY.into()),
            _ => Err(FileError::Missing),
        }
    }
}

#[test]
fn worlds_may_be_files_and_texts() {
    let load = |member: &str| world(&case(&format!(r#"{{"expect":"reject","world":{member}}}"#)), &Folder);
    let set = load(r#""w/world.json""#).set.expect("sound");
    assert_eq!((set.policies.len(), &*set.policies[0].source), (1, "p.json"));
    assert!(load(r#""w/lines.ndjson""#).set.is_some());
    for path in ["none.json", "../w/world.json", "/w/world.json"] {
        let codes: Vec<u16> =
            load(&format!("\"{path}\"")).diagnostics.iter().map(|found| found.code.0).collect();
        assert_eq!(codes, [706], "{path}");
    }
    let loaded = load(r#"{"text":"{\"accounts\":[],}"}"#);
    assert_eq!(loaded.sources[0].name(), "c.jsonl:3#world");
    assert!(loaded.set.is_none());
    assert!(load("7").set.is_none());
}

#[test]
fn the_request_of_a_case_has_its_own_limit() {
    let sized = |bytes: usize| {
        let request = r#"{"action":"a:b","resource":"*","context":{}}"#;
        let request = request.replace("{}", &format!("{{{}}}", " ".repeat(bytes - request.len())));
        assert_eq!(request.len(), bytes);
        case(&format!(r#"{{"policies":[{POLICY}],"expect":"deny","request":{request}}}"#))
            .request(&[])
            .expect("a request")
            .map(drop)
    };
    assert_eq!(sized(65_536), Ok(()));
    assert_eq!(sized(65_537).unwrap_err().to_string(), "CAM0608: the request has 65537 of 65536 bytes");
}
