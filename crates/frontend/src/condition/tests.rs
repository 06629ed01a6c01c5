use camshaft_value::pattern::Variable;

use super::*;
use crate::{
    policy::{Kind, Pattern, Piece},
    setting::Setting,
    testing::{Fixture, codes_in, entry_codes, statement, with},
};

fn codes(condition: &str) -> String {
    entry_codes("\"cos:*\"", "\"*\"", condition)
}

fn terms(condition: &str, setting: &Setting<'_>) -> Vec<Term> {
    let text =
        with(&format!(r#""effect":"allow","action":["*"],"resource":["*"],"condition":{{{condition}}}"#));
    statement(&text, setting).condition
}

#[test]
fn judges_operators_and_keys() {
    for (condition, expected) in [
        (r#""string_equal":{"x:k":["a"]}"#, ""),
        (r#""string_equal":{"x:k":"a"}"#, "N216"),
        (r#""for_any_value:string_like_if_exist":{"x:k":["a"]}"#, ""),
        (r#""StringEquals":{"x:k":["a"]}"#, "E401"),
        (r#""for_some_value:string_equal":{"x:k":["a"]}"#, "E401"),
        (r#""string_equal ":{"x:k":["a"]}"#, "E402"),
        (r#""string_equal":{"x k":["a"]}"#, "E402"),
        (r#""null_equal_if_exist":{"x:k":["true"]}"#, "E403"),
        (r#""string_equal":{"qcs:ip":["a"]}"#, "E404"),
        (r#""ip_equal":{"qcs:current_time":["10.0.0.1"]}"#, "E404"),
        (r#""numeric_equal":{"qcs:resource_tag/a":["1"]}"#, "E404"),
        (r#""binary_equal":{"qcs:request_tag":["a&b"]}"#, "E404"),
        (r#""binary_equal":{"qcs:tag":["a&b"]}"#, ""),
        (r#""null_equal":{"qcs:ip":["true"]}"#, ""),
        (r#""string_equal":{}"#, "E405"),
        (r#""string_equal":{"x:k":[]}"#, "E405"),
        (r#""string_equal":["a"]"#, "E210"),
        (r#""string_equal":{"":["a"]}"#, "E420"),
        (r#""string_equal":{"${uin}":["a"]}"#, "E420"),
        (r#""string_equal":{"qcs:Resource_Tag":["a&b"]}"#, "W421"),
        (r#""string_equal":{"qcs:Tag/a":["b"]}"#, "W421"),
        (r#""string_equal":{"qcs:tag/a":["b"]}"#, ""),
    ] {
        assert_eq!(codes(condition), expected, "{condition}");
    }
}

#[test]
fn judges_values() {
    for (condition, expected) in [
        (r#""string_equal":{"x:k":[1]}"#, "E406"),
        (r#""numeric_equal":{"x:k":[1,-2.5,"3"]}"#, ""),
        (r#""numeric_equal":{"x:k":[1e3,"x",true]}"#, "E414 E414 E406"),
        (r#""bool_equal":{"x:k":[true,"false","True"]}"#, "E415"),
        (r#""null_equal":{"x:k":true}"#, "N216"),
        (r#""null_equal":{"x:k":["true","false"]}"#, "E416"),
        (r#""null_equal":{"x:k":["yes"]}"#, "E416"),
        (r#""ip_equal":{"qcs:ip":["10.0.0.1","::1/64","10.0.0.0/8"]}"#, "N410"),
        (r#""ip_equal":{"qcs:ip":["","a","10.0.0.0/33","::ffff:1.2.3.4/64"]}"#, "E407 E407 E407 E407"),
        (r#""ip_equal":{"qcs:ip":["10.*.*.10/24"]}"#, "W408"),
        (r#""ip_equal":{"qcs:ip":["*.*.5.0/24"]}"#, "E409"),
        (
            r#""ip_equal":{"qcs:ip":["10.0.0.1-10.0.0.9","1*.0.0.0","fe80::*","101.226.***.185"]}"#,
            "E411 E411 E411 E411",
        ),
        (r#""date_equal":{"x:k":["2022-05-31T00:00:00Z"]}"#, ""),
        (r#""date_equal":{"x:k":["2022-05-31 00:00:00","2022-05-31"]}"#, "W413 E412"),
        (r#""string_like":{"cos:prefix":["*a*","a*b"]}"#, "E417"),
        (r#""string_equal_ignore_case":{"x:k":["é"]}"#, "W418"),
        (r#""string_equal":{"qcs:tag":["a"]}"#, "W419"),
        (r#""string_like":{"qcs:tag":["a*"]}"#, ""),
        (r#""string_equal":{"x:k":["${uin}","${qcs:user}","${x","${Other}","${Name}"]}"#, "E430 E433 E434"),
        (r#""ip_equal":{"qcs:ip":["${uin}"]}"#, "E437"),
        (r#""numeric_equal":{"x:k":["${Name}"]}"#, "E414"),
        (r#""string_equal":{"x:k":["a","a"]}"#, "W224"),
    ] {
        assert_eq!(codes(condition), expected, "{condition}");
    }
    let stars = "a*".repeat(33);
    assert_eq!(codes(&format!(r#""string_like":{{"x:k":["{stars}"]}}"#)), "E443");
    assert_eq!(codes(&format!(r#""string_equal":{{"x:k":["{stars}"]}}"#)), "");
    // LIM-17: 64 values of 256 networks are the most.
    let wide = |n: usize| (0..n).map(|n| format!("\"10.*.{n}.0/24\"")).collect::<Vec<_>>().join(",");
    assert!(!codes(&format!(r#""ip_equal":{{"qcs:ip":[{}]}}"#, wide(64))).contains("E409"));
    assert!(codes(&format!(r#""ip_equal":{{"qcs:ip":[{}]}}"#, wide(65))).ends_with("E409"));
}

#[test]
fn reads_terms() {
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    let read =
        terms(r#""string_not_like":{"x:k":["a*${uin}","${Name}"]},"string_equal":{"x:s":["*"]}"#, &setting);
    assert_eq!(&*read[0].key, "x:s");
    let literal = |text: &str| Piece::Literal(text.into());
    assert_eq!(read[0].values, Values::Text(vec![Pattern(vec![literal("*")])]));
    let like = Pattern(vec![literal("a"), Piece::Star, Piece::Variable(Variable::Uin)]);
    assert_eq!(read[1].values, Values::Text(vec![like, Pattern(vec![literal("web")])]));
    let read = terms(r#""ip_equal":{"qcs:ip":["10.0.0.0/9","10.128.0.0/9","10.1.0.0/16"]}"#, &setting);
    let Values::Network(networks) = &read[0].values else { panic!("networks") };
    assert_eq!(networks.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8"]);
    let read = terms(r#""null_equal":{"x:k":[false]},"bool_equal":{"x:k":[true,"true"]}"#, &setting);
    assert_eq!((&read[0].values, &read[1].values), (&Values::Bool(vec![true]), &Values::Null(false)));
}

#[test]
fn marks_what_depends_on_an_unknown_account() {
    let fixture = Fixture::new();
    let setting = Setting { unknown_account: true, account: None, ..fixture.setting(Kind::Identity) };
    let read = terms(
        r#""numeric_equal":{"x:k":["${OwnerUin}","7"]},"string_equal":{"x:k":["a${OwnerUin}"]}"#,
        &setting,
    );
    assert!(read[1].unvalued && !read[0].unvalued);
    let pattern = Pattern(vec![Piece::Literal("a".into()), Piece::Variable(Variable::Unvalued)]);
    assert_eq!(read[0].values, Values::Text(vec![pattern]));
    let without = Setting { builtin_parameters: false, ..setting };
    let text = with(
        r#""effect":"allow","action":["*"],"resource":["*"],"condition":{"string_equal":{"x:k":["${OwnerUin}"]}}"#,
    );
    assert!(codes_in(&text, &without).starts_with("E434"));
}
