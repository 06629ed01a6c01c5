use super::*;
use crate::testing::Dice;

fn read(text: &str) -> Parsed {
    let source = Source::new("test.json", text);
    parse(&source, 0, Span::new(0, text.len()), Bounds::POLICY)
}

/// Code and offset of every error.
fn errors(text: &str) -> Vec<(u16, usize)> {
    let parsed = read(text);
    assert_eq!(parsed.value.is_none(), !parsed.errors.is_empty(), "{text}");
    parsed.errors.iter().map(|found| (found.code.0, found.span.start)).collect()
}

fn tolerated(text: &str) -> Vec<(u16, usize)> {
    let parsed = read(text);
    assert_eq!(parsed.errors, [], "{text}");
    parsed.tolerated.iter().map(|found| (found.code.0, found.span.start)).collect()
}

#[test]
fn reads_json() {
    let parsed = read(r#" {"a": [1, -0.5e+3, true, false, null], "b\u00e9\ud83d\ude00": "\n/\/"} "#);
    let value = parsed.value.unwrap();
    let members = value.as_object().unwrap();
    assert_eq!((&*members[1].name, members[1].value.as_str()), ("bé😀", Some("\n//")));
    assert_eq!(value.member("a").unwrap().value.as_array().unwrap().len(), 5);
    assert_eq!((value.span, members[0].name_span), (Span::new(1, 71), Span::new(2, 5)));
    assert!(parsed.tolerated.is_empty());
}

#[test]
fn spans_are_places_in_the_source() {
    let text = "xx {\"a\":,} {\"b\":1} yy";
    let source = Source::new("test.json", text);
    let parsed = parse(&source, 3, Span::new(11, 18), Bounds::POLICY);
    assert_eq!(source.slice(parsed.value.unwrap().member("b").unwrap().value.span), "1");
    let parsed = parse(&source, 3, Span::new(3, 10), Bounds::POLICY);
    assert_eq!((parsed.errors[0].source, parsed.errors[0].span), (3, Span::new(8, 9)));
}

#[test]
fn tolerates_what_changes_nothing() {
    assert_eq!(tolerated("[1,]"), [(103, 2)]);
    assert_eq!(tolerated("{\"a\":1 , }"), [(103, 7)]);
    assert_eq!(tolerated("[1 /* , */, // x\n 2]"), [(104, 3), (104, 12)]);
    assert_eq!(tolerated("\u{feff}[]"), [(102, 0)]);
    assert_eq!(tolerated("[\"//\",\"/*\"]"), []);
}

#[test]
fn refuses_the_rest_where_it_stands() {
    for (text, code, at) in [
        ("", 105, 0),
        ("  ", 105, 2),
        ("[1", 105, 2),
        ("[1 2]", 105, 3),
        ("[,]", 105, 1),
        ("[1,,2]", 105, 3),
        ("{\"a\"}", 105, 4),
        ("{\"a\":}", 105, 5),
        ("{a:1}", 105, 1),
        ("[01]", 105, 1),
        ("[1.]", 105, 1),
        ("[+1]", 105, 1),
        ("[nul]", 105, 1),
        ("['a']", 105, 1),
        ("[1] x", 107, 4),
        ("[1] [2]", 107, 4),
        ("[/* x", 105, 1),
        ("[/ 1]", 105, 1),
        ("[\"a", 105, 3),
        ("[\"a\n\"]", 111, 3),
        ("[\"\\x\"]", 111, 2),
        ("[\"\\ud800\"]", 111, 2),
        ("[\"\\udc00\"]", 111, 2),
        ("[\"\\u12\"]", 111, 2),
        ("[\"\\ud800\\u0041\"]", 111, 2),
        ("[\"a\r\"]", 111, 3),
        ("[1\u{feff}]", 105, 2),
        ("[\u{7}1]", 105, 1),
    ] {
        assert_eq!(errors(text), [(code, at)], "{text:?}");
    }
}

#[test]
fn collects_errors_that_leave_the_structure_clear() {
    assert_eq!(errors("｛“a”：[1，2]｝"), [(106, 0), (106, 3), (106, 10), (106, 15), (106, 20)]);
    assert_eq!(errors("[\u{a0}\u{a0}1,\u{3000}2]"), [(106, 1), (106, 7)]);
    assert_eq!(errors("[\"\\x\", \"\t\"]"), [(111, 2), (111, 8)]);
    assert_eq!(errors("[\"\\ud800\\u12\"]"), [(111, 2), (111, 8)]);
    assert_eq!(
        errors("{\"a\":1\n\"b\":[2\n{},\n\"x\"\n[]]\n\"c\":3}"),
        [(105, 7), (105, 14), (105, 22), (105, 26)]
    );
    assert_eq!(errors("[1\n2 3]"), [(105, 3)]);
    // The first error decides the code.
    assert_eq!(errors("[1，2 3]"), [(106, 2)]);
    assert_eq!(errors("[\"\\x\" 1]"), [(111, 2)]);
    assert_eq!(errors("[“abc]"), [(106, 1)]);
}

#[test]
fn bounds_depth_and_size() {
    let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert_eq!(errors(&nested(16)), []);
    assert_eq!(errors(&nested(17)), [(109, 16)]);
    assert_eq!(errors(&nested(30_000)), [(109, 16)]);
    let long = format!("\"{}\"", "a".repeat(65_534));
    assert_eq!(errors(&long), []);
    assert_eq!(errors(&format!("{long} ")), [(110, 0)]);
}

#[test]
fn counts_what_counts() {
    assert_eq!(read("\u{feff}{ \"a é\" : 1, /* ü */ } // x\n").length_chars, "{\"a é\":1,}".chars().count());
}

#[test]
fn decodes_bytes() {
    assert_eq!(decode("f", 0, b"[1]".to_vec()).1, None);
    let (source, fault) = decode("f", 0, b"[\"\xc3\xa4\xff\"]".to_vec());
    let fault = fault.unwrap();
    assert_eq!((fault.code.0, source.position(fault.span.start).column), (101, 4));
}

#[test]
fn survives_any_text() {
    let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "1", "-", "true", " ", "\n", "//", "/*", "*/", "\\",
        "\\u", "“", "”", "，", "：", "｛", "］", "\u{a0}", "\u{feff}", "é", "\u{0}", "#",
    ];
    let mut dice = Dice(7);
    for _ in 0..200_000 {
        let text: String = (0..1 + dice.below(14)).map(|_| *dice.pick(&tokens)).collect();
        let parsed = read(&text);
        assert_eq!(parsed.value.is_some(), parsed.errors.is_empty(), "{text:?}");
        for found in parsed.errors.iter().chain(&parsed.tolerated) {
            assert!(text.get(found.span.start..found.span.end).is_some(), "{text:?}: {found:?}");
            let edits = found.fix.iter().flat_map(|fix| &fix.edits);
            assert!(edits.into_iter().all(|edit| text.get(edit.span.start..edit.span.end).is_some()));
        }
    }
}

#[test]
fn writes_strings_with_the_fewest_escapes() {
    let mut out = String::new();
    write_string(&mut out, "a\"\\\n\u{8}\u{1}/é\u{7f}");
    assert_eq!(out, "\"a\\\"\\\\\\n\\b\\u0001/é\u{7f}\"");
    assert_eq!(read(&out).value.unwrap().as_str(), Some("a\"\\\n\u{8}\u{1}/é\u{7f}"));
}
