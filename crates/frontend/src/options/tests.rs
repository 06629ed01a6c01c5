//! Tests of options.

use super::*;
use crate::source::Source;

fn read(text: &str) -> (WorldOptions, Vec<u16>) {
    let source = Source::new("options", text);
    let mut reader = Strict::new(&source, 0, crate::strict::WORLD);
    let value = reader.parse(&mut Vec::new()).expect("JSON");
    let options = WorldOptions::read(&mut reader, &value);
    (options, reader.diagnostics.iter().map(|found| found.code.0).collect())
}

#[test]
fn reads_every_option() {
    let text = r#"{"strict":true,"list_deny":"cam","cos_anyone_deny":"unsigned","resource_policy_services":["cvm","cas","cvm"],
        "legacy_project":true,"builtin_parameters":false,"max_artifact_age_s":60,"limits":{"LIM-1":1,"LIM-11":7}}"#;
    let (options, faults) = read(text);
    assert_eq!(faults, []);
    assert!(options.strict && options.legacy_project && !options.builtin_parameters);
    let compiled = policy::Options::from(&options);
    assert!(compiled.list_deny_cam && compiled.cos_anyone_deny_unsigned);
    assert_eq!(compiled.resource_policy_services, ["cas".into(), "cvm".into()]);
    assert_eq!((compiled.max_artifact_age_s, options.limits.document_soft_chars), (Some(60), Some(1)));
    assert_eq!((options.limits.accounts_of_collaborator, options.limits.groups_of_user), (7, 10));
    let defaults = r#"{"strict":false,"list_deny":"strict","cos_anyone_deny":"strict","resource_policy_services":["cos","cas"],
        "legacy_project":false,"builtin_parameters":true,"limits":"tencent"}"#;
    assert_eq!(read(defaults), (WorldOptions::default(), vec![]));
}

#[test]
fn refuses_what_is_outside_the_table() {
    for text in [
        r#"{"stirct":true}"#,
        r#"{"strict":1}"#,
        r#"{"list_deny":"aws"}"#,
        r#"{"list_deny":"unsigned"}"#,
        r#"{"cos_anyone_deny":null}"#,
        r#"{"resource_policy_services":"cos"}"#,
        r#"{"resource_policy_services":["COS"]}"#,
        r#"{"max_artifact_age_s":-1}"#,
        r#"{"max_artifact_age_s":1.5}"#,
        r#"{"limits":"aws"}"#,
        r#"{"limits":{"LIM-12":5}}"#,
        r#"{"limits":{"LIM-3":0}}"#,
        r#"{"limits":{"LIM-3":"5"}}"#,
    ] {
        let (options, faults) = read(text);
        assert_eq!((options, faults), (WorldOptions::default(), vec![708]), "{text}");
    }
    assert_eq!(read("[]").1, [701]);
    assert_eq!(read(r#"{"strict":true,"strict":true}"#).1, [701]);
    assert_eq!(read(r#"{"limits":{"LIM-3":1,"LIM-3":2}}"#).1, [701]);
}
