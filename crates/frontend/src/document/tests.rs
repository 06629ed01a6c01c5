//! The shape of documents; entries are tested where they are read.

use crate::{
    document,
    policy::{Kind, PrincipalEntry, ResourceEntry},
    testing::{Fixture, codes, codes_in, read, statement, with},
};

const BODY: &str = r#""effect":"allow","action":["a:B"],"resource":["*"]"#;
const BOUND: &str = r#""effect":"allow","principal":"*","action":["a:B"],"resource":["*"]"#;

#[test]
fn reads_a_plain_document() {
    let fixture = Fixture::new();
    let read = statement(&with(BODY), &fixture.setting(Kind::Identity));
    assert_eq!((read.index, read.position.column, read.principals), (0, 31, None));
    assert_eq!(codes(&with(BODY), Kind::Identity), "");
}

#[test]
fn wants_version_and_statement() {
    for (text, expected) in [
        ("[]", "E112@1:1"),
        ("{}", "E201@1:1 E207@1:1"),
        (r#"{"version":"2.0"}"#, "E207@1:1"),
        (r#"{"version":2.0,"statement":[]}"#, "E210@1:12 E209@1:28"),
        (r#"{"version":"3.0","statement":{}}"#, "E203@1:12 W208@1:30 E211@1:30 E214@1:30 E215@1:30"),
        (r#"{"version":"2.0","statement":"x"}"#, "E210@1:30"),
        (r#"{"version":"2.0","statement":[1]}"#, "E210@1:31"),
        (r#"{"version":"2.0","statment":[]}"#, "E207@1:1 E204@1:18"),
        (r#"{"version":"2.0","version":"2.0"}"#, "E207@1:1 E108@1:18"),
    ] {
        assert_eq!(codes(text, Kind::Identity), expected, "{text}");
    }
}

#[test]
fn reads_effects_and_keywords_by_kind() {
    let capital =
        with(r#""Effect":"Deny","Principal":{"QCS":["*"]},"Action":["a:B"],"Resource":["*"],"Sid":"s""#);
    assert_eq!(
        codes(&capital, Kind::Resource),
        "W206@1:32 W213@1:41 W206@1:48 W206@1:61 W206@1:74 W206@1:91 W206@1:108 W225@1:108"
    );
    let trust = "E205@1:32 E212@1:41 E205@1:48 E205@1:61 E205@1:74 E205@1:91 E204@1:108";
    assert_eq!(codes(&capital, Kind::Trust), trust);
    for (effect, expected) in [("\"DENY\"", "E212@1:41"), ("\" allow\"", "E212@1:41"), ("1", "E210@1:41")] {
        let text = with(&format!(r#""effect":{effect},"principal":"*","action":["a:B"],"resource":["*"]"#));
        assert_eq!(codes(&text, Kind::Resource), expected);
    }
    let folded =
        with(r#""effect":"allow","Effect":"deny","principal":"*","action":["a:B"],"resource":["*"]"#);
    assert_eq!(codes(&folded, Kind::Resource), "W206@1:49 E108@1:49");
    let odd = with(r#""eFFECT":"allow","principal":{"Service":"x.y"},"action":["a:B"],"resource":["*"]"#);
    assert_eq!(codes(&odd, Kind::Resource), "E205@1:32 E205@1:62 N216@1:72");
}

#[test]
fn reads_lists() {
    for (action, expected) in [
        (r#""a:B""#, "N216@1:58"),
        (r#"[]"#, "E209@1:58"),
        (r#"[""]"#, "E223@1:59"),
        (r#"[1,null]"#, "E210@1:59 E210@1:61"),
        (r#"{"a":1}"#, "E210@1:58"),
        (r#"["a:B","a:B","c:D","a:B"]"#, "W224@1:65 W224@1:77"),
        (r#"["a:1","a:2","a:3","a:4","a:5","a:6","a:7","a:8","a:9","a:1"]"#, "W224@1:113"),
    ] {
        let text = with(&format!(r#""effect":"allow","action":{action},"resource":["*"]"#));
        assert_eq!(codes(&text, Kind::Identity), expected, "{action}");
    }
}

#[test]
fn places_principals() {
    let kind_codes = |text: &str| [Kind::Identity, Kind::Session, Kind::Trust].map(|kind| codes(text, kind));
    assert_eq!(kind_codes(&with(BOUND)), ["E220@1:49", "W222@1:49", ""]);
    assert_eq!(kind_codes(&with(BODY)), ["", "", "E221@1:31"]);
    let top = format!(r#"{{"version":"2.0","principal":{{"qcs":["*"]}},"statement":[{{{BODY}}}]}}"#);
    assert_eq!(kind_codes(&top), ["E220@1:18", "W222@1:18", "W219@1:18"]);
    let both = top.replace("\"action\"", "\"principal\":\"*\",\"action\"");
    assert_eq!(codes(&both, Kind::Trust), "W219@1:18 E218@1:18");
    let other = with(&BOUND.replace("\"*\",\"action\"", "{\"qcs\":[\"qcs::cam::uin/1:root\"]},\"action\""));
    assert_eq!(codes(&other, Kind::Session), "E220@1:49");
    for (principal, expected) in [
        (r#"{"qcs":"*"}"#, "W222@1:49 N216@1:68"),
        (r#"{"qcs":7}"#, "E220@1:49"),
        (r#"{"qcs":["*","*"]}"#, "E220@1:49"),
        (r#"{"service":["*"]}"#, "E220@1:49"),
    ] {
        let text = with(&BOUND.replace("\"principal\":\"*\"", &format!("\"principal\":{principal}")));
        assert_eq!(codes(&text, Kind::Session), expected, "{principal}");
    }
    let fixture = Fixture::new();
    let read = statement(&top, &fixture.setting(Kind::Trust));
    assert_eq!(read.principals, Some(vec![PrincipalEntry::Everyone]));
    for (principal, expected) in
        [("{}", "E209"), ("[]", "E210"), ("\"\"", "E223"), ("\"x\"", "E330"), (r#"{"user":["*"]}"#, "E331")]
    {
        let text = with(&BOUND.replace("\"principal\":\"*\"", &format!("\"principal\":{principal}")));
        assert!(codes(&text, Kind::Trust).starts_with(expected), "{principal}");
    }
}

#[test]
fn lets_trust_policies_leave_out_the_resource() {
    let text = with(r#""effect":"allow","principal":"*","action":["a:B"]"#);
    let fixture = Fixture::new();
    assert_eq!(statement(&text, &fixture.setting(Kind::Trust)).resources, [ResourceEntry::All]);
    assert_eq!(codes(&text, Kind::Resource), "E215@1:31");
}

#[test]
fn keeps_labels_of_resource_policies() {
    let labelled = with(&format!("{BOUND},\"sid\":\"one\"}},{{{BOUND},\"sid\":\"one\""));
    assert_eq!(codes(&labelled, Kind::Resource), "W225@1:99 W225@1:180 W226@1:186");
    assert_eq!(codes(&with(&format!("{BOUND},\"sid\":\"\"")), Kind::Resource), "E223@1:105");
    assert_eq!(codes(&with(&format!("{BOUND},\"sid\":7")), Kind::Resource), "E210@1:105");
    assert!(codes(&labelled, Kind::Trust).starts_with("E204"));
}

#[test]
fn reads_empty_conditions_as_none() {
    for condition in ["{}", "[]"] {
        let text = with(&format!("{BODY},\"condition\":{condition}"));
        assert_eq!(codes(&text, Kind::Identity), "W217@1:95");
    }
    assert_eq!(codes(&with(&format!("{BODY},\"condition\":[1]")), Kind::Identity), "E210@1:95");
}

#[test]
fn strict_refuses_warnings_and_keeps_notes() {
    let fixture = Fixture::new();
    let setting = crate::setting::Setting { strict: true, ..fixture.setting(Kind::Identity) };
    let text = with(r#""effect":"allow","action":"a:B","resource":["*",]"#);
    assert_eq!(codes_in(&text, &setting), "N216@1:58 E103@1:79");
    assert!(read(&text, &setting).statements.is_none());
}

#[test]
fn says_nothing_after_a_syntax_error() {
    assert_eq!(codes(r#"{"version":"1.0" "statement":[]}"#, Kind::Identity), "E105@1:18");
    assert_eq!(codes(r#"{“version”:"2.0","statement":[]}"#, Kind::Identity), "E106@1:2");
}

#[test]
fn limits_the_length() {
    let text =
        |n: usize| with(&format!(r#""effect":"allow","action":["a:{}"],"resource":["*"]"#, "b".repeat(n)));
    let plain = text(0).len();
    assert_eq!(codes(&text(4_096 - plain), Kind::Identity), "");
    assert_eq!(codes(&text(4_097 - plain), Kind::Identity), "W440@1:1");
    assert_eq!(codes(&text(6_144 - plain), Kind::Identity), "W440@1:1");
    assert_eq!(codes(&text(6_145 - plain), Kind::Identity), "E441@1:1");
}

#[test]
fn loads_bytes() {
    let fixture = Fixture::new();
    let (source, document) = document::load("f", 4, b"{\xff}".to_vec());
    let reading = document.read(&source, &fixture.setting(Kind::Identity));
    assert_eq!(
        reading.diagnostics.iter().map(|found| (found.code.0, found.source)).collect::<Vec<_>>(),
        [(101, 4)]
    );
    assert!(reading.statements.is_none() && !document.is_sound() && !document.uses_template());
    let (_, document) = document::load("f", 0, br#"{"a":["${OwnerAppid}"]}"#.to_vec());
    assert!(document.uses_template());
}
