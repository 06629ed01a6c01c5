use super::*;
use crate::{
    policy::Piece,
    scope::read_scope,
    source::Span,
    testing::{Fixture, codes_in, entry_codes, with},
};

fn codes(resource: &str) -> String {
    entry_codes("\"cos:*\"", &format!("\"{resource}\""), "")
}

fn segments(text: &str, setting: &Setting<'_>) -> ResourcePattern {
    match read(text, setting, false, &mut Vec::new()) {
        Ok(ResourceEntry::Segments(pattern)) => pattern,
        other => panic!("{text}: {other:?}"),
    }
}

fn literal(text: &str) -> Piece {
    Piece::Literal(text.into())
}

#[test]
fn judges_entries() {
    for (resource, expected) in [
        ("*", ""),
        ("qcs::cvm:ap-guangzhou:uin/1:instance/*", ""),
        ("qcs::cos::uid/1:b-1/a:b", ""),
        ("qcs::cvm:::x", ""),
        ("qcs::cvm::uin/1", "E310"),
        ("qcs", "E311"),
        ("arn:a:b:c:d:e", "E311"),
        ("QCS::cvm:::x", "E311"),
        ("qcs:id/0:cvm:::x", "E312"),
        ("qcs:*:cvm:::x", "E312"),
        ("qcs::c*:::x", "E313"),
        ("qcs::Cvm:::x", "E305"),
        ("qcs::::uin/1:x", "W314"),
        ("qcs::*::uin/1:x", "W314"),
        ("qcs::cvm:ap-*::x", "E315"),
        ("qcs::cvm:AP::x", "E315"),
        ("qcs::cvm:*::x", "W316"),
        ("qcs::cvm:ap-mars::x", "W317"),
        ("qcs::cvm:gz::x", "N318"),
        ("qcs::cvm::1:x", "E319"),
        ("qcs::cvm::uin/65xxx763:x", "E319"),
        ("qcs::cvm::uin/01:x", "E319"),
        ("qcs::cvm::uin/:x", "E319"),
        ("qcs::cvm::*:x", "W320"),
        ("qcs::cvm::uin/*:x", "W320"),
        ("qcs::cos::uid/*:x/", "W320"),
        ("qcs::cvm::uid/1:x", "W321"),
        ("qcs::cas::uid/1:x", ""),
        ("qcs::cvm::uin/-1:x", "E322"),
        ("qcs::cvm:::", "E323"),
        (" qcs::cvm:::x", "E324"),
        ("qcs::cvm:::x ", "E324"),
        ("qcs:: cvm:::x", "E324"),
        ("qcs::cvm:::a b", "E324"),
        ("qcs::cos:::b-1/a\\tb", "E324"),
        ("qcs::cos::: b-1/a", "E324"),
        ("qcs::cvm:::x?", "W325"),
        ("qcs::cos::uid/1:prefix//1/b/k", "W326"),
        ("qcs::cvm:::$instanceId", "W327"),
        ("qcs::cvm:::<INSTANCE_ID>", "W327"),
        ("qcs::cvm:::x/[ID]", "W327"),
        ("qcs::cvm:::x/$1[a]<b>", ""),
        ("qcs::cos:::b-1/a b", "W328"),
        ("qcs::cos:::b-1", "N329"),
        ("qcs::cos:::b-1/", ""),
        ("qcs::cos:::b-*", ""),
        ("qcs::cvm::uin/${OwnerUin}:x/${Name}", ""),
        ("qcs::cvm:::x/${uin}", ""),
        ("qcs::cvm::uin/${uin}:x", "E431"),
        ("qcs::cvm::uin/${owner_uin}:${Other}", "E431"),
        ("qcs::cos:::b-1/${uin}", "E432"),
        ("qcs:::::${uin}", "W314 E432"),
        ("qcs::cvm:::${", "E433"),
        ("qcs::cvm:::${Other}", "E434"),
        ("qcs::cvm:::${qcs:user}", "E430"),
    ] {
        assert_eq!(codes(resource), expected, "{resource}");
    }
    assert_eq!(codes(&format!("qcs::cvm:::{}", "a*".repeat(33))), "E443");
}

#[test]
fn reads_segments() {
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    let read = segments("qcs::cos:gz:uid/7:b-${Name}", &setting);
    assert_eq!(
        (read.service.as_deref(), read.region.as_deref(), &read.account),
        (Some("cos"), Some("ap-guangzhou"), &AccountPattern::AppId("7".into()))
    );
    assert_eq!(read.path.0, [literal("b-web/")]);
    let read = segments("qcs::cvm::uin/${OwnerUin}:a*:${uin}", &setting);
    assert_eq!(read.account, AccountPattern::Uin("100000000001".into()));
    assert_eq!(read.path.0, [literal("a"), Piece::Star, literal(":"), Piece::Variable(Variable::Uin)]);
    // A value brings neither colons nor stars of its own.
    assert_eq!(segments("qcs:::::x", &setting).path.0, [literal("x")]);
}

#[test]
fn reads_presets_projects_and_denies() {
    let fixture = Fixture::new();
    let preset = Setting { preset: true, ..fixture.setting(Kind::Identity) };
    assert_eq!(segments("qcs::cvm::uin/-1:x", &preset).account, AccountPattern::Own);
    let legacy = Setting { legacy_project: true, ..fixture.setting(Kind::Identity) };
    for (project, expected) in [
        ("", ProjectPattern::Any),
        ("*", ProjectPattern::Any),
        ("id/*", ProjectPattern::Any),
        ("id/0", ProjectPattern::Default),
        ("id/12", ProjectPattern::Id("12".into())),
    ] {
        assert_eq!(segments(&format!("qcs:{project}:cvm:::x"), &legacy).project, expected);
    }
    for project in ["id/", "id/x", "id/1*", "12"] {
        let text = format!(r#""effect":"allow","action":["cvm:*"],"resource":["qcs:{project}:cvm:::x"]"#);
        assert_eq!(codes_in(&with(&text), &legacy), "E312@1:80", "{project}");
    }
    let text = with(r#""effect":"deny","action":["cos:*"],"resource":["qcs::cos::uid/1:prefix//1/b/k"]"#);
    assert_eq!(codes_in(&text, &legacy), "E326@1:79");
}

#[test]
fn marks_what_depends_on_an_unknown_account() {
    let fixture = Fixture::new();
    let setting = Setting { unknown_account: true, account: None, ..fixture.setting(Kind::Identity) };
    let read = segments("qcs::a${OwnerUin}:b${OwnerUin}:uin/${OwnerUin}:c${OwnerAppid}", &setting);
    assert_eq!((read.service, read.region, read.account), (None, None, AccountPattern::Unvalued));
    assert_eq!(read.path.0, [literal("c"), Piece::Variable(Variable::Unvalued)]);
}

#[test]
fn warns_outside_the_scope() {
    let fixture = Fixture::new();
    let scope = read_scope(
        "qcs::cos:ap-beijing:uid/1250000000:b-1250000000/*",
        0,
        Span::default(),
        &fixture.parameters,
        false,
    );
    let scope = scope.pattern.unwrap();
    let setting = Setting { scope: Some(&scope), ..fixture.setting(Kind::Resource) };
    let outside = |text: &str| {
        let mut remarks = Vec::new();
        read(text, &setting, false, &mut remarks).unwrap();
        remarks.iter().any(|remark| remark.code == code::SCOPE_OUTSIDE)
    };
    for inside in [
        "*",
        "qcs::cos:::*",
        "qcs::cos:bj::b-*",
        "qcs::cos::uin/100000000001:b-1250000000/a",
        "qcs::cos:::*/a",
        "qcs:::::b-1250000000",
        "qcs::cos:::b-1250000000",
    ] {
        assert!(!outside(inside), "{inside}");
    }
    for other in [
        "qcs::cas:::*",
        "qcs::cos:ap-guangzhou::*",
        "qcs::cos::uid/7:*",
        "qcs::cos::uin/7:*",
        "qcs::cos:::c-1250000000/*",
        "qcs::cos:::b-125000000",
    ] {
        assert!(outside(other), "{other}");
    }
}

#[test]
fn reads_scopes() {
    let fixture = Fixture::new();
    let read = |text: &str| read_scope(text, 0, Span::default(), &fixture.parameters, false);
    let codes = |text: &str| read(text).diagnostics.iter().map(|found| found.code.0).collect::<Vec<_>>();
    assert_eq!(codes("qcs::cos:gz:uid/1:b-1"), [318, 329]);
    assert_eq!(read("qcs::cos:gz:uid/1:b-1").pattern.unwrap().path.0, [literal("b-1/")]);
    assert_eq!(read("qcs::cvm::uin/1:${Name}").pattern.unwrap().path.0, [literal("web")]);
    for (text, code) in [
        ("*", 335),
        ("", 335),
        ("qcs::cos:::*", 335),
        ("qcs::cos::uin/*:*", 335),
        ("qcs::*::uin/1:*", 335),
        ("qcs::cvm::uin/1:${uin}", 335),
        ("qcs::cos::1:*", 319),
        ("qcs::cos::uid/${OwnerAppid}:*", 434),
        ("qcs::cos::uid/1:prefix//1/b/k", 326),
        ("cos", 311),
    ] {
        assert_eq!((codes(text), read(text).pattern), (vec![code], None), "{text}");
    }
}

#[test]
fn offers_what_was_meant() {
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    let fix = |text: &str| {
        let mut remarks = Vec::new();
        let finding = read(text, &setting, false, &mut remarks).err().or(remarks.pop()).unwrap();
        finding.at(0, Span::default()).fix.unwrap().edits.remove(0).text
    };
    for (text, mended) in [
        ("qcs::cos:uin/1:*", "qcs::cos::uin/1:*"),
        ("Qcs::cvm:::x", "qcs::cvm:::x"),
        ("qcs:id/1:cvm:::x", "qcs::cvm:::x"),
        ("qcs::cvm:gz::x", "qcs::cvm:ap-guangzhou::x"),
        ("qcs::cvm:ap-guangzou::x", "qcs::cvm:ap-guangzhou::x"),
        ("qcs::cvm::uin/-1:x", "qcs::cvm:::x"),
        ("qcs::cvm::uin/${owner_uin}:x", "qcs::cvm::uin/${OwnerUin}:x"),
        ("qcs::cos::uid/7:prefix//7/b/k/*", "qcs::cos::uid/7:b-7/k/*"),
        ("qcs::cos:::b-1", "qcs::cos:::b-1/"),
    ] {
        assert_eq!(fix(text), format!("\"{mended}\""));
    }
}
