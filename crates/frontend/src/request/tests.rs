//! Tests of requests.

use super::*;

const RESOURCE: &str = "qcs::cos:ap-beijing:uid/1:b-1/a";

fn code_of(text: &str) -> u16 {
    match parse(text) {
        Ok(_) => 0,
        Err(error) => error.code.0,
    }
}

/// A sound request with some members replaced or added.
fn with(members: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("principal", "\"qcs::cam::uin/1:uin/2\"".to_owned()),
        ("action", "\"cos:GetObject\"".to_owned()),
        ("resource", format!("[\"{RESOURCE}\"]")),
    ];
    for (name, value) in members {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = (*value).into(),
            None => all.push((name, (*value).into())),
        }
    }
    let members: Vec<String> = all
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn reads_every_member() {
    let text = with(&[
        ("id", "\"r1\""),
        ("context", r#"{"qcs:ip":"10.0.0.1","n":[1.50,"x",true],"empty":[]}"#),
        ("time", "\"2026-01-01T00:00:00Z\""),
        ("signed", "true"),
        ("session_policy", r#"{"version":"2.0", /* kept */ "statement":[],}"#),
        ("artifact_age_s", "7"),
    ]);
    let read = parse(&text).unwrap();
    assert_eq!(
        (read.id.as_deref(), &*read.principal, &*read.action),
        (Some("r1"), "qcs::cam::uin/1:uin/2", "cos:GetObject")
    );
    assert_eq!(read.resources, [RESOURCE]);
    let context: Vec<(&str, Vec<&str>)> =
        vec![("qcs:ip", vec!["10.0.0.1"]), ("n", vec!["1.50", "x", "true"]), ("empty", vec![])];
    let shown: Vec<(&str, Vec<&str>)> = read
        .context
        .iter()
        .map(|(key, values)| (&**key, values.iter().map(|value| &**value).collect()))
        .collect();
    assert_eq!(shown, context);
    assert_eq!(
        (read.time.as_deref(), read.signed, read.artifact_age_s),
        (Some("2026-01-01T00:00:00Z"), Some(true), Some(7))
    );
    assert_eq!(read.session_policy.as_deref(), Some(r#"{"version":"2.0", /* kept */ "statement":[],}"#));
    let read = parse(&with(&[("session_policy", r#"{"text":"{,}"}"#), ("resource", "\"*\"")])).unwrap();
    assert_eq!((read.session_policy.as_deref(), read.resources), (Some("{,}"), vec!["*".into()]));
}

#[test]
fn refuses_what_is_no_request() {
    for text in ["", "[]", "{", "{} {}", "\u{feff}{}", "{\"action\":\"a:b\",}", "{/**/}"] {
        assert_eq!(code_of(text), 600, "{text}");
    }
    for member in [
        ("extra", "1"),
        ("principal", ""),
        ("action", ""),
        ("action", "7"),
        ("resource", "7"),
        ("resource", "[7]"),
        ("context", "[]"),
        ("context", r#"{"a":"1","a":"2"}"#),
        ("time", "7"),
        ("signed", "\"true\""),
        ("session_policy", "\"p\""),
        ("session_policy", "null"),
        ("id", "1"),
        ("artifact_age_s", "-1"),
        ("artifact_age_s", "1.0"),
        ("artifact_age_s", "1e2"),
        ("artifact_age_s", "\"1\""),
        ("artifact_age_s", "99999999999999999999"),
    ] {
        assert_eq!(code_of(&with(&[member])), 600, "{member:?}");
    }
    assert_eq!(code_of(&with(&[("id", "\"a\",\"id\":\"b\"")])), 600);
}

#[test]
fn sizes_have_limits() {
    let list = |count: usize, entry: &str| format!("[{}]", vec![entry; count].join(","));
    let resource = format!("\"{RESOURCE}\"");
    for (count, code) in [(0, 604), (1, 0), (64, 0), (65, 604)] {
        assert_eq!(code_of(&with(&[("resource", &list(count, &resource))])), code);
    }
    assert_eq!(code_of(&with(&[("resource", "")])), 604);
    for (length, code) in [(4096, 0), (4097, 608)] {
        let text = format!("\"{}\"", "x".repeat(length));
        for context in [format!("{{\"k\":{text}}}"), format!("{{{text}:[]}}")] {
            assert_eq!(code_of(&with(&[("context", &context)])), code);
        }
        assert_eq!(code_of(&with(&[("id", &text)])), code);
        let escaped = format!("\"{}\"", "\\u0041".repeat(length));
        assert_eq!(code_of(&with(&[("id", &escaped)])), code, "bytes of the string, not of its spelling");
    }
    for (count, code) in [(256, 0), (257, 608)] {
        assert_eq!(code_of(&with(&[("context", &format!("{{\"k\":{}}}", list(count, "1")))])), code);
        let keys: Vec<String> = (0..count).map(|key| format!("\"{key}\":[]")).collect();
        assert_eq!(code_of(&with(&[("context", &format!("{{{}}}", keys.join(",")))])), code);
    }
    let session = format!(r#"{{"text":"{}"}}"#, " ".repeat(65_000));
    let text = with(&[("session_policy", &session)]);
    assert_eq!(code_of(&format!("{text}{}", " ".repeat(65_536 - text.len()))), 0);
    assert_eq!(code_of(&format!("{text}{}", " ".repeat(65_537 - text.len()))), 608);
}

#[test]
fn the_first_finding_in_order_is_the_result() {
    let many = ("resource", "[]");
    let value = ("context", r#"{"a":null}"#);
    for (members, code) in [
        (vec![many, value], 604),
        (vec![many, value, ("extra", "1")], 600),
        (vec![many, ("principal", "\"x\"")], 601),
        (vec![many, ("signed", "false"), ("action", "\"x\"")], 609),
        (vec![many, ("action", "\"x\"")], 602),
        (vec![many, ("principal", "\"qcs::cam::uin/1:saml-provider/x\"")], 601),
        (vec![value], 608),
        (vec![value, ("context", r#"{"a":[[1]]}"#)], 608),
        (vec![value, ("resource", "\"x\"")], 603),
        (vec![value, ("resource", "\"qcs::cos:::b-1/a\"")], 603),
        (vec![value, ("resource", "\"qcs::cvm:::x\"")], 608),
    ] {
        assert_eq!(code_of(&with(&members)), code, "{members:?}");
    }
    let error = parse(&with(&[("id", "\"r\""), value])).unwrap_err();
    assert_eq!((error.id.as_deref(), error.position.line), (Some("r"), 1));
    assert_eq!(error.to_string(), "CAM0608: `a` takes text, numbers and booleans, not null");
}

#[test]
fn the_default_principal_is_for_those_who_ask() {
    let text = with(&[("principal", "")]);
    let defaults = Defaults { principal: Some("qcs::cam::uin/1:root"), resource_policy_services: &[] };
    assert_eq!(parse_with(&text, defaults).unwrap().principal, "qcs::cam::uin/1:root");
    assert_eq!(parse_with(&with(&[("principal", "7")]), defaults).unwrap_err().code.0, 600);
}

#[test]
fn nesting_is_bounded() {
    // The request and its context are two levels.
    let nested = |levels: usize| {
        let deep = "[".repeat(levels - 2) + &"]".repeat(levels - 2);
        code_of(&with(&[("context", &format!("{{\"k\":{deep}}}"))]))
    };
    assert_eq!((nested(64), nested(65)), (608, 600));
}
