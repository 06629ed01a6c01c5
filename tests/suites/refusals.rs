//! Every way to refuse is shown by a test: each code of the catalogue, each error of the engine, of the compiler and of
//! bundles. Who adds one is told here that its test is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use camshaft_bundle::schema::Root;
use camshaft_bundle::{Bundle, Certificate, OpenErrorKind, WriteError, write};
use camshaft_compiler::{CompileErrorKind, Config, compile};
use camshaft_frontend::diagnostic::Code;
use camshaft_runtime::{Decision, Engine, ErrorCode, Request, Session};
use camshaft_tests::case::read_cases;
use camshaft_tests::product::load_text;

const CASES: &str = include_str!("../data/cases/cases.jsonl");
const FOUND: &str = include_str!("../data/cases/found.jsonl");

/// The codes in what command lines print: `error[CAM0319]` and `"code":"CAM0319"`; and those that have a snapshot.
fn printed() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cli");
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "console") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a console file");
        for line in text.lines().filter(|line| !line.starts_with(['$', '#'])) {
            let parts = line.split("[CAM").chain(line.split("\"code\":\"CAM")).chain(line.split("(CAM"));
            let reported =
                parts.filter_map(|part| part.get(..5).filter(|code| code.ends_with([']', '"', ')'])));
            codes.extend(reported.filter_map(|code| code.get(..4)).map(|digits| format!("CAM{digits}")));
        }
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/codes")).expect("the folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        codes.extend(name.strip_suffix(".txt").map(String::from));
    }
    codes
}

/// A case demands the code, or a command line prints it; both are held to it elsewhere.
#[test]
fn every_code_is_reported_by_a_test() {
    let mut tested = printed();
    tested.extend(read_cases(CASES).into_iter().chain(read_cases(FOUND)).flat_map(|case| case.diagnostics));
    let mut missing = Vec::new();
    for code in Code::all() {
        if !tested.contains(&code.to_string()) {
            missing.push(code.to_string());
        }
    }
    assert_eq!(missing, [""; 0], "codes that neither a case nor a console file nor a snapshot shows");
}

/// A request that is allowed; those below spoil one thing each.
const SOUND: Request<'static> = Request {
    principal: "qcs::cam::uin/100000000001:uin/100000000011",
    action: "cos:GetObject",
    resources: &["qcs::cos:ap-beijing:uid/1250000000:data-1250000000/a"],
    context: &[],
    time: None,
    signed: None,
    session: Session::None,
    artifact_age_s: Some(60),
};

/// An engine over a world whose bundles must be young.
fn engine() -> Engine {
    let loaded = load_text(
        r#"{"options":{"max_artifact_age_s":60},"accounts":[{"uin":"100000000001","appid":"1250000000",
            "users":[{"uin":"100000000011","policies":["FullQcloudAccess"]}]}]}"#,
    );
    let compiled = compile(loaded.set.as_ref().expect("accepted"), &Config::default()).expect("compiles");
    Engine::new(Bundle::open(&compiled.bytes).expect("opens"))
}

#[test]
fn every_error_of_the_engine_is_answered() {
    let long = "x".repeat(4_097);
    let long = long.as_str();
    let (many_texts, many_values) = (vec!["qcs::cvm:::x"; 65], vec!["1"; 257]);
    let keys: Vec<String> = (0..257).map(|key| key.to_string()).collect();
    let many_keys: Vec<(&str, &[&str])> = keys.iter().map(|key| (key.as_str(), &[][..])).collect();
    let filled = "y".repeat(4_096);
    let heavy = vec![filled.as_str(); 17];
    let assume = Request { action: "sts:AssumeRole", ..SOUND };
    let engine = engine();
    let mut scratch = engine.scratch();
    assert!(matches!(engine.decide(&SOUND, &mut scratch), Decision::Allow { .. }));
    let mut refused = |request: Request<'_>| {
        let decision = engine.decide(&request, &mut scratch);
        let Decision::Error { code } = decision else { panic!("{decision:?}, {request:?}") };
        assert_eq!(engine.reasons(&request, &mut scratch).decision, decision);
        assert_eq!(engine.explain(&request, &mut scratch).reasons.decision, decision);
        code
    };
    let answered = [
        (refused(Request { principal: "nobody", ..SOUND }), ErrorCode::Principal),
        (refused(Request { principal: "", ..SOUND }), ErrorCode::Principal),
        // A provider may only ask for the actions by which it hands out a role.
        (
            refused(Request { principal: "qcs::cam::uin/100000000001:saml-provider/x", ..SOUND }),
            ErrorCode::Principal,
        ),
        (refused(Request { action: "GetObject", ..SOUND }), ErrorCode::Action),
        (refused(Request { action: "cos:Get*", ..SOUND }), ErrorCode::Action),
        (refused(Request { resources: &["data-1250000000/a"], ..SOUND }), ErrorCode::Resource),
        (refused(Request { resources: &["qcs::cos:::data-1250000000/a"], ..SOUND }), ErrorCode::Resource),
        (refused(Request { resources: &[], ..SOUND }), ErrorCode::ResourceCount),
        (refused(Request { resources: &many_texts, ..SOUND }), ErrorCode::ResourceCount),
        (refused(Request { context: &[("qcs:uin", &["1"])], ..SOUND }), ErrorCode::DerivedKey),
        (refused(Request { context: &[("qcs:owner_uin", &[])], ..SOUND }), ErrorCode::DerivedKey),
        (
            refused(Request { context: &[("qcs:current_time", &["2026-01-01T00:00:00Z"])], ..SOUND }),
            ErrorCode::DerivedKey,
        ),
        (refused(Request { session: Session::Invalid, ..SOUND }), ErrorCode::Session),
        (refused(Request { artifact_age_s: Some(61), ..SOUND }), ErrorCode::Age),
        (refused(Request { artifact_age_s: None, ..SOUND }), ErrorCode::Age),
        (refused(Request { principal: long, ..SOUND }), ErrorCode::Size),
        (refused(Request { action: long, ..SOUND }), ErrorCode::Size),
        (refused(Request { time: Some(long), ..SOUND }), ErrorCode::Size),
        (refused(Request { resources: &[long], ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &[(long, &[])], ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &[("k", &[long])], ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &[("k", &many_values)], ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &many_keys, ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &[("k", &["1"]), ("k", &["2"])], ..SOUND }), ErrorCode::Size),
        (refused(Request { context: &[("k", &heavy)], ..SOUND }), ErrorCode::Size),
        (refused(Request { signed: Some(false), ..SOUND }), ErrorCode::Signed),
        (refused(Request { time: Some("2026-01-01"), ..SOUND }), ErrorCode::Time),
        (refused(Request { resources: &["*"], ..assume }), ErrorCode::Role),
        (
            refused(Request { resources: &["qcs::cam::uin/100000000001:roleName/gone"], ..assume }),
            ErrorCode::Role,
        ),
        (
            refused(Request { resources: &["qcs::cvm:gz:uin/100000000001:roleName/gone"], ..assume }),
            ErrorCode::Role,
        ),
    ];
    let mut shown = BTreeSet::new();
    for (at, (found, expected)) in answered.into_iter().enumerate() {
        assert_eq!(found, expected, "request {at}");
        assert!(found.to_string().starts_with(&format!("CAM{:04}: ", found.number())), "{found}");
        shown.insert(format!("{found:?}"));
    }
    // What a checked bundle cannot come to: the suite `corruption` holds forged ones to that.
    assert_eq!(ErrorCode::Bundle.to_string(), "the bundle is inconsistent; rebuild it");
    shown.insert(format!("{:?}", ErrorCode::Bundle));
    assert_eq!(shown, variants(include_str!("../../crates/runtime/src/decision.rs"), "ErrorCode"));
}

#[test]
fn every_error_of_the_compiler_is_shown() {
    let statement = |n: u32| {
        format!(
            r#"{{"effect":"allow","action":["cvm:*"],"resource":["*"],"condition":{{"string_equal":{{"k":["{n}"]}}}}}}"#
        )
    };
    let statements: Vec<String> = (0..9).map(statement).collect();
    let loaded = load_text(&format!(
        r#"{{"accounts":[{{"uin":"1","users":[{{"uin":"2","policies":["wide"]}}],
            "policies":{{"wide":{{"version":"2.0","statement":[{}]}}}}}}]}}"#,
        statements.join(",")
    ));
    let set = loaded.set.expect("accepted");
    assert!(compile(&set, &Config::default().max_candidates(9)).is_ok());
    let error = compile(&set, &Config::default().max_candidates(8)).expect_err("nine rows");
    let kind = error.kind();
    assert!(
        matches!(kind, CompileErrorKind::Cost { certificate: Certificate { rows: 9, of_value: 0, of_empty: 0 }, bound: 8, policy } if &**policy == "wide"),
        "{kind:?}"
    );
    let mut shown = BTreeSet::from([word(kind)]);
    // No input of a test brings the others about; what is printed of them the command line tests in `exit` and `refusals`.
    shown.extend(["Threads", "Write"].map(String::from));
    assert_eq!(shown, variants(include_str!("../../crates/compiler/src/error.rs"), "CompileErrorKind"));
}

#[test]
fn every_error_of_writing_a_bundle_is_shown() {
    let refused = write(Root::default()).expect_err("a bundle without anything, not even its scalars");
    assert!(
        matches!(&refused, WriteError::Refused(error) if matches!(error.kind(), OpenErrorKind::Table { table: "scalars", .. })),
        "{refused:?}"
    );
    assert_eq!(
        refused.to_string(),
        "the compiled tables are inconsistent: table `scalars`, record 0: scalars are missing"
    );
    // Zeroes that nobody looks at: the length alone decides, so this takes no memory to speak of.
    let large = Root { statement_text: vec![0; 1 << 31], ..Root::default() };
    let large = write(large).expect_err("more than 2 GiB");
    assert_eq!(large.to_string(), "the bundle would exceed 2 GiB; split the world");
    let shown = BTreeSet::from([word(&refused), word(&large)]);
    assert_eq!(shown, variants(include_str!("../../crates/bundle/src/write.rs"), "WriteError"));
}

/// The name of a variant.
fn word(value: &impl core::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text[..end].to_owned()
}

/// The variants of an enum, from its source: one that is added without a test is one too many.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let start = source.find(&format!("pub enum {name} {{\n")).expect("the enum");
    let body = source[start..].lines().skip(1).take_while(|line| *line != "}");
    let heads =
        body.filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase)));
    heads.map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}
