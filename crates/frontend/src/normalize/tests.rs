use super::*;
use crate::{
    document,
    json::Bounds,
    limits::Limits,
    source::Span,
    testing::{Dice, Fixture, read, with},
};

fn form(text: &str, setting: &Setting<'_>) -> Canonical {
    let source = Source::new("test.json", text);
    let document = document::parse_within(&source, 0, Span::new(0, text.len()), Bounds::CANONICAL);
    canonical(&document, &source, setting)
        .unwrap_or_else(|reading| panic!("{text}: {:?}", reading.diagnostics))
}

fn one(text: &str, kind: Kind) -> String {
    let fixture = Fixture::new();
    let form = form(text, &fixture.setting(kind)).text;
    form.strip_prefix("{\"version\":\"2.0\",\"statement\":[").unwrap().strip_suffix("]}").unwrap().to_owned()
}

#[test]
fn writes_members_in_order_and_lists_sorted() {
    let text = r#" { "statement" : {"resource":"*","action":["name/b:C","*:*","b:C","a:B"],"effect":"allow","condition":{}},
        // a comment
        "version":"2.0", } "#;
    let expected = r#"{"effect":"allow","action":["*","a:B","b:C"],"resource":["*"]}"#;
    assert_eq!(one(text, Kind::Identity), expected);
}

#[test]
fn rewrites_entries() {
    let resource = |text: &str| {
        let text = with(&format!(r#""effect":"allow","action":["a:B"],"resource":["{text}"]"#));
        let form = one(&text, Kind::Identity);
        form.split_once("\"resource\":[\"").unwrap().1.strip_suffix("\"]}").unwrap().to_owned()
    };
    for (text, expected) in [
        ("qcs::*:*:uin/*:x", "qcs::::*:x"),
        ("qcs::cos:gz:uid/1:b-1", "qcs::cos:ap-guangzhou:uid/1:b-1/"),
        ("qcs::cvm:::${uin}:${Other}", "qcs::cvm:::${uin}:${Other}"),
        ("qcs::cos::uin/${OwnerUin}:${Other}", "qcs::cos::uin/${OwnerUin}:${Other}"),
    ] {
        assert_eq!(resource(text), expected);
    }
    let values = |operator: &str, values: &str| {
        let text = with(&format!(
            r#""effect":"allow","action":["a:B"],"resource":["*"],"condition":{{"{operator}":{{"x:k":{values}}}}}"#
        ));
        let form = one(&text, Kind::Identity);
        form.split_once("\"x:k\":").unwrap().1.strip_suffix("}}}").unwrap().to_owned()
    };
    for (operator, written, expected) in [
        ("numeric_equal", "[1.50,\"01.5\",\"${Other}\"]", r#"["${Other}","1.5"]"#),
        ("date_equal", "\"2022-05-31 00:00:00\"", r#"["2022-05-31T00:00:00.000Z"]"#),
        ("bool_equal", "[true,\"false\"]", r#"["false","true"]"#),
        ("null_equal", "false", r#"["false"]"#),
        (
            "ip_equal",
            r#"["10.0.0.1/9","10.128.0.0/9","::1","${Other}"]"#,
            r#"["${Other}","10.0.0.0/8","::1/128"]"#,
        ),
        ("string_equal", r#""\u0061\u0007\/""#, "[\"a\\u0007/\"]"),
    ] {
        assert_eq!(values(operator, written), expected, "{written}");
    }
}

#[test]
fn moves_principals() {
    let top = r#"{"version":"2.0","Principal":{"QCS":"*","service":["b.c","a.b"]},"statement":[{"effect":"Deny","action":"a:B","resource":"*"}]}"#;
    let expected = r#"{"effect":"deny","principal":{"qcs":["*"],"service":["a.b","b.c"]},"action":["a:B"],"resource":["*"]}"#;
    assert_eq!(one(top, Kind::Resource), expected);
    let vacuous = with(r#""effect":"allow","principal":"*","action":["a:B"],"resource":["*"]"#);
    assert!(!one(&vacuous, Kind::Session).contains("principal"));
    let trust = with(r#""effect":"allow","principal":"*","action":["a:B"]"#);
    assert!(one(&trust, Kind::Trust).ends_with(r#""principal":"*","action":["a:B"],"resource":["*"]}"#));
}

#[test]
fn keeps_equal_statements_once() {
    let body = r#""effect":"allow","principal":"*","action":["a:B"],"resource":["*"]"#;
    let text = with(&format!(
        "{body},\"sid\":\"z\"}},{{{body},\"sid\":\"b\"}},{{{},\"sid\":\"b\"",
        body.replace("allow", "deny")
    ));
    let fixture = Fixture::new();
    let form = form(&text, &fixture.setting(Kind::Resource));
    assert_eq!(form.sources, [vec![0, 1], vec![2]]);
    assert!(form.text.contains(r#"{"sid":"b","effect":"allow""#) && !form.text.contains("\"z\""));
}

#[test]
fn merges_one_dimension_at_a_time() {
    let statement = |action: &str, resource: &str| {
        format!(r#"{{"effect":"allow","action":["{action}"],"resource":["{resource}"]}}"#)
    };
    let text =
        |statements: &[String]| format!("{{\"version\":\"2.0\",\"statement\":[{}]}}", statements.join(","));
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    let merged = |statements: &[String]| {
        let source = Source::new("test.json", text(statements));
        merged(&document::parse_source(&source, 0), &source, &setting).unwrap()
    };
    let (x, y) = ("qcs::cvm:::x", "qcs::cvm:::y");
    let square = [statement("a:A", x), statement("a:B", x), statement("a:A", y), statement("a:B", y)];
    assert_eq!(merged(&square).sources, [vec![0, 1, 2, 3]]);
    let corner = [statement("a:A", x), statement("a:B", x), statement("a:A", y)];
    assert_eq!(merged(&corner).sources.len(), 2);
}

#[test]
fn refuses_refused_documents() {
    let fixture = Fixture::new();
    for text in ["{", "[]", "{}", &with(r#""effect":"allow","action":["cos"],"resource":["*"]"#)] {
        let source = Source::new("test.json", text);
        let document = document::parse_source(&source, 0);
        assert!(canonical(&document, &source, &fixture.setting(Kind::Identity)).is_err(), "{text}");
    }
}

#[test]
fn generated_documents_keep_their_meaning() {
    let fixture = Fixture {
        limits: Limits { document_soft_chars: None, document_hard_chars: None, ..Limits::default() },
        ..Fixture::new()
    };
    let setting = fixture.setting(Kind::Resource);
    let meaning = |text: &str| {
        let reading = read(text, &setting);
        let statements = reading.statements.unwrap_or_else(|| panic!("{text}: {:?}", reading.diagnostics));
        let mut texts: Vec<String> = statements.iter().map(statement_text).collect();
        texts.sort();
        texts.dedup();
        texts
    };
    let mut dice = Dice(11);
    for _ in 0..3_000 {
        let text = dice.document();
        let first = form(&text, &setting);
        assert_eq!(form(&first.text, &setting).text, first.text, "{text}");
        assert_eq!(meaning(&first.text), meaning(&text), "{text}");
        let laid_out = pretty(&first.text);
        assert_eq!(form(&laid_out, &setting).text, first.text);
        // The form of a statement is a statement with that form.
        for statement in meaning(&text) {
            let document = format!("{{\"version\":\"2.0\",\"statement\":[{statement}]}}");
            assert_eq!(meaning(&document), [statement]);
        }
    }
}

#[test]
fn lays_out_for_people() {
    assert_eq!(
        pretty(r#"{"a":["x,\"]",[]],"b":{}}"#),
        "{\n  \"a\": [\n    \"x,\\\"]\",\n    []\n  ],\n  \"b\": {}\n}\n"
    );
}
