use super::*;
use crate::{
    policy::{Kind, Piece},
    testing::{Fixture, entry_codes},
};

fn codes(action: &str) -> String {
    entry_codes(&format!("\"{action}\""), "\"*\"", "")
}

fn entries(text: &str, setting: &Setting<'_>) -> Vec<ActionEntry> {
    let mut out = Vec::new();
    read(text, setting, &mut out).unwrap();
    out
}

fn operation(service: &str, pieces: &[Piece]) -> ActionEntry {
    ActionEntry::Operation { service: service.into(), operation: Pattern(pieces.to_vec()) }
}

fn literal(text: &str) -> Piece {
    Piece::Literal(text.into())
}

#[test]
fn judges_entries() {
    for (action, expected) in [
        ("*", ""),
        ("*:*", ""),
        ("name/*:*", ""),
        ("cos:Get*", ""),
        ("name/a_b-1:x.y/z-_*", ""),
        ("cos", "E301"),
        ("name/*", "E301"),
        (":x", "E301"),
        ("cos：Get", "E301"),
        ("c*:x", "E302"),
        ("*:x", "E302"),
        ("cos: x", "E303"),
        ("co s", "E303"),
        ("cos:\\u3000x", "E303"),
        ("cos:x?", "E304"),
        ("cos:", "E304"),
        ("cos:a:b", "E304"),
        ("-cos:a", "E304"),
        ("name/name/cos:a", "E304"),
        ("Cos:a", "E305"),
        ("permid/2", "E306"),
        ("actionName/x", "E306"),
        ("permid/1", ""),
        ("${uin}:a", "E431"),
        ("cos:${app_id}", "E431"),
        ("cos:${qcs:user}", "E430"),
        ("cos:${", "E433"),
        ("cos:${1}", "E433"),
        ("cos:${Other}", "E434"),
        ("cos:${Name}", ""),
        ("${Name}", "E301"),
    ] {
        assert_eq!(codes(action), expected, "{action}");
    }
    assert_eq!(codes(&format!("cos:{}", "a*".repeat(32))), "");
    assert_eq!(codes(&format!("cos:{}", "a*".repeat(33))), "E443");
}

#[test]
fn reads_entries() {
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    let star = Piece::Star;
    assert_eq!(entries("*:*", &setting), [ActionEntry::All]);
    assert_eq!(
        entries("name/cos:a**b", &setting),
        [operation("cos", &[literal("a"), star.clone(), literal("b")])]
    );
    assert_eq!(entries("cos:a${Name}*", &setting), [operation("cos", &[literal("aweb"), star.clone()])]);
    assert_eq!(entries("${Name}:x", &setting), [operation("web", &[literal("x")])]);
    let set = [operation("cos", &[literal("Get"), star]), operation("cvm", &[literal("RunInstances")])];
    assert_eq!(entries("permid/1", &setting), set);
}

#[test]
fn widens_what_depends_on_an_unknown_account() {
    let fixture = Fixture::new();
    let setting = Setting { unknown_account: true, account: None, ..fixture.setting(Kind::Identity) };
    assert_eq!(entries("cos:a${OwnerUin}", &setting), [operation("cos", &[literal("a"), Piece::Star])]);
    assert_eq!(entries("${OwnerUin}:a", &setting), [ActionEntry::All]);
    assert_eq!(entries("permid/${OwnerUin}", &setting), [ActionEntry::All]);
}

#[test]
fn checks_catalogues() {
    let catalogue = |set: &str, entries: &[&str]| {
        let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
        check_catalogue(&[(set.to_owned(), entries)].into())
    };
    assert_eq!(catalogue("permid/1", &["cos:Get*", "name/cvm:x"]), []);
    assert_eq!(catalogue("actionName/cos:x", &["cos:a"]).len(), 1);
    assert_eq!(catalogue("permid/x", &["cos:a"]).len(), 1);
    assert_eq!(catalogue("permid/1", &[]).len(), 1);
    let bad = ["*", "*:*", "name/*:*", "permid/2", "c*:x", "Cos:x", "cos: x", "cos:${Name}", "cos"];
    let faults = catalogue("permid/1", &bad);
    assert_eq!(
        faults.iter().map(|fault| fault.entry).collect::<Vec<_>>(),
        (0..bad.len()).map(Some).collect::<Vec<_>>()
    );
}

#[test]
fn offers_the_nearest_spelling() {
    let fixture = Fixture::new();
    let setting = fixture.setting(Kind::Identity);
    for (text, mended) in
        [("name/cdb: X", "name/cdb:X"), ("SMS:a", "sms:a"), ("cos.Get", "cos:Get"), ("cos：Get", "cos:Get")]
    {
        let found = read(text, &setting, &mut Vec::new()).unwrap_err().at(0, Default::default());
        assert_eq!(found.fix.unwrap().edits[0].text, format!("\"{mended}\""));
    }
}
